// SPDX-License-Identifier: Apache-2.0
// The protocol of sigstore-conformance: verify-bundle and sign-bundle.
// Spec: sigstore-conformance docs/cli_protocol.md.

import Files
import Foundation
import Host
import Keys
import Primitives
import Signing
import Workflows

/// One call of the suite. Whatever comes of it is one line of JSON on standard output; the suite
/// looks at the exit status alone, and our own tests at both.
struct SigstoreCommand {
    enum Verb: String {
        case verify = "verify-bundle"
        case sign = "sign-bundle"
    }

    private let verb: Verb
    private let arguments: [String]

    /// Nil when the arguments are not of this protocol.
    init?(_ arguments: [String]) {
        guard let verb = arguments.first.flatMap(Verb.init(rawValue:)) else { return nil }
        self.verb = verb
        self.arguments = Array(arguments.dropFirst())
    }

    /// 0 when the bundle is verified or made, else 1.
    func run() async -> Int32 {
        do {
            let options = try SigstoreOptions(arguments)
            let answer =
                switch verb {
                case .verify: try BundleVerification(options).answer()
                case .sign: try await BundleSigning(options).answer()
                }
            print(answer.line)
            return answer.isGood ? 0 : 1
        } catch let failure as Failure {
            print(ConformanceAnswer(verb.done, undecided: failure).line)
        } catch {
            print(ConformanceAnswer(verb.done, undecided: unknown(error)).line)
        }
        return 1
    }

    private func unknown(_ error: any Error) -> Failure {
        Failure(.unavailable, "cannot go on", because: "\(error)")
    }
}

extension SigstoreCommand.Verb {
    /// The field of the answer that says whether it was done.
    fileprivate var done: String { self == .verify ? "verified" : "signed" }
}

/// What one call came to: `{"verified":false,"reason":"signature-invalid",…}`.
struct ConformanceAnswer {
    let isGood: Bool
    private let json: JSONObject

    /// - Parameter details: further fields, for people.
    init(_ done: String, good details: JSONObject) {
        isGood = true
        var json: JSONObject = [:]
        json[done] = true
        json["reason"] = "accepted"
        for member in details { json[member.name] = member.value }
        self.json = json
    }

    /// The bundle was read, and does not prove what was asked.
    init(_ done: String, refused problem: VerificationError) {
        isGood = false
        var json: JSONObject = [:]
        json[done] = false
        json["reason"] = .string(problem.code.rawValue)
        json["why"] = .string(problem.why)
        if let place = problem.place { json["where"] = .string(place) }
        self.json = json
    }

    /// The bundle, or what it was to be judged by, could not be read or had.
    init(_ done: String, undecided failure: Failure) {
        isGood = false
        var json: JSONObject = [:]
        json[done] = false
        json["undecided"] = true
        json["reason"] = .string(failure.kind.rawValue)
        json["why"] = .string("\(failure.what): \(failure.why)")
        if let place = failure.place { json["where"] = .string(place.description) }
        self.json = json
    }

    var line: String { JSONValue.object(json).compactText }
}

/// The flags of the protocol and its one word.
struct SigstoreOptions {
    private var values: [String: String] = [:]
    let isForStaging: Bool
    let isStatement: Bool
    /// FILE, or FILE_OR_DIGEST.
    let subject: String

    init(_ arguments: [String]) throws(Failure) {
        var flags: Set<String> = []
        var words: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--staging" || argument == "--in-toto" {
                flags.insert(argument)
            } else if argument.utf8.hasPrefix("--") {
                guard known.contains(argument), let value = rest.popFirst(),
                    values.updateValue(value, forKey: argument) == nil
                else {
                    throw wrongCall("\(quoted(argument)) is unknown, twice, or without a value")
                }
            } else {
                words.append(argument)
            }
        }
        guard let subject = words.first, words.count == 1 else {
            throw wrongCall("one file is named at the end, and there are \(words.count)")
        }
        self.subject = subject
        isForStaging = flags.contains("--staging")  // Own text: names of flags.
        isStatement = flags.contains("--in-toto")  // Own text: names of flags.
        guard !isForStaging || values["--trusted-root"] != nil else {
            throw wrongCall(
                "--staging needs --trusted-root: this client knows the public instance only")
        }
    }

    subscript(name: String) -> String? { values[name] }

    func required(_ name: String) throws(Failure) -> String {
        guard let value = values[name] else { throw wrongCall("\(name) is missing") }
        return value
    }

    /// The trusted root that is named, else the public instance's.
    func trustedRoot() throws(Failure) -> TrustedRoot {
        guard let path = values["--trusted-root"] else { return try .publicGood() }
        return try TrustedRoot(
            parsing: readFile(
                at: path, atMost: Limits.trustedRootBytes, named: "the trusted root"))
    }
}

/// verify-bundle.
struct BundleVerification {
    private let options: SigstoreOptions

    init(_ options: SigstoreOptions) { self.options = options }

    func answer() throws(Failure) -> ConformanceAnswer {
        let requirements = try requirements()
        let verifier = try SignatureVerifier(
            requirements: requirements, root: try options.trustedRoot())
        let bundle = try SignatureBundle(
            parsing: readFile(
                at: try options.required("--bundle"), atMost: Limits.evidenceBytes,
                named: "the bundle"))
        let finding = verifier.verify(bundle, about: try artifact(), type: nil)
        if let problem = finding.problem { return ConformanceAnswer("verified", refused: problem) }
        guard let signer = finding.signer else {
            throw Failure(
                .bug, "cannot verify", because: "every check held, and nobody is named as signer")
        }
        return ConformanceAnswer("verified", good: ["signer": signer.json])
    }

    /// What the suite expects of a client: one log, one signed time, one certificate log; a managed
    /// key needs the log as well.
    private func requirements() throws(Failure) -> VerificationRequirements {
        guard let path = options["--key"] else { return .sigstore(.certificates([try identity()])) }
        let text = try readFile(at: path, atMost: Limits.keyFileBytes, named: "the public key")
        return VerificationRequirements(
            signer: .key(try PublicKey(pem: String(decoding: text, as: UTF8.self))),
            transparency: .oneLog, signedTimestampThreshold: 0, sctThreshold: 0, time: .signed,
            acceptsChains: false)
    }

    private func identity() throws(Failure) -> CertificateIdentity {
        CertificateIdentity(
            subjects: [.exact(try options.required("--certificate-identity"))],
            issuers: [.exact(try options.required("--certificate-oidc-issuer"))])
    }

    /// Spec: cli_protocol.md: a digest starts with `sha256:`, has the right length, and is no path
    /// on disk; anything else is a path.
    private func artifact() throws(Failure) -> SignedArtifact {
        let word = options.subject
        if word.utf8.hasPrefix("sha256:"), !FileManager.default.fileExists(atPath: word),
            let digest = try? Digest(parsing: word), let hash = bytes(fromHex: digest.hex)
        {
            return SignedArtifact(digests: [.sha256: hash])
        }
        return SignedArtifact(
            content: try readFile(
                at: word, atMost: Limits.evidenceBytes, named: "the signed file"))
    }
}

/// sign-bundle.
struct BundleSigning {
    private let options: SigstoreOptions

    init(_ options: SigstoreOptions) { self.options = options }

    func answer() async throws -> ConformanceAnswer {
        let trust = try options.trustedRoot()
        let token = try IdentityToken(parsing: try options.required("--identity-token"))
        let path = try options.required("--bundle")
        let content = try content()
        let services = try configuration().selection(at: SystemClock().now())
        let finished = try await withTransport { transport in
            let client = ServiceClient(
                transport: transport, clock: SystemClock(), userAgent: "assay-conformance")
            let signer = try KeylessSigner(
                services: services, client: client, trust: trust,
                random: KeyGenerator.randomBytes)
            // The suite has agreed that its artifacts are published.
            return try await signer.sign(content, as: token) { _ in }
        }
        try check(finished, by: trust)
        try writeFile(finished.bundleBytes, at: path, permissions: 0o644)
        return ConformanceAnswer("signed", good: ["bundle": .string(path)])
    }

    private func content() throws(Failure) -> ContentToSign {
        let file = try readFile(
            at: options.subject, atMost: Limits.evidenceBytes, named: "the file to sign")
        guard options.isStatement else { return .message(Digest(of: file, by: .sha256)) }
        _ = try Statement(parsing: file)
        return .payload(file, type: inTotoPayloadType)
    }

    private func configuration() throws(Failure) -> SigningConfiguration {
        guard let path = options["--signing-config"] else {
            guard options["--trusted-root"] == nil else {
                throw wrongCall("--trusted-root without --signing-config names nobody who signs")
            }
            return try SigningConfiguration(
                parsing: Array(PublicGoodInstance.signingConfiguration.utf8))
        }
        return try SigningConfiguration(
            parsing: readFile(
                at: path, atMost: Limits.trustedRootBytes, named: "the signing configuration"))
    }

    /// The bundle is read back and verified as a reader will, whoever the signer is.
    private func check(_ finished: FinishedBundle, by trust: TrustedRoot) throws(Failure) {
        let anybody = try IdentityPattern.wholeExpression(".+")
        let verifier = try SignatureVerifier(
            requirements: .sigstore(
                .certificates([CertificateIdentity(subjects: [anybody], issuers: [anybody])])),
            root: trust)
        let bundle = try SignatureBundle(parsing: finished.bundleBytes)
        let material = VerificationMaterial(
            bundle: bundle, signature: finished.parts.signature, message: try message(bundle))
        if let problem = verifier.verify(material).checks.problem {
            throw Failure(
                .rejected, "will not write the bundle",
                because: "it does not verify: \(problem.why)")
        }
    }

    private func message(_ bundle: SignatureBundle) throws(Failure) -> SignedMessage {
        if case .envelope(let envelope) = bundle.content { return .envelope(envelope) }
        return .bytes(
            try readFile(
                at: options.subject, atMost: Limits.evidenceBytes, named: "the file to sign"))
    }
}

private let known: Set = [
    "--bundle", "--certificate-identity", "--certificate-oidc-issuer", "--key", "--trusted-root",
    "--identity-token", "--signing-config",
]

private func wrongCall(_ why: String) -> Failure {
    Failure(.usage, "cannot do what the suite asks", because: why)
}
