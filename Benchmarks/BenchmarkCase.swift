// SPDX-License-Identifier: Apache-2.0
// Bundles to verify: those of a conformance suite, and those of the stand-ins.

internal import FoundationEssentials
internal import Keys
internal import Primitives
internal import Signing
internal import StandIns

/// A bundle, what it is about, and whom to believe.
struct BenchmarkCase: Sendable {
    let name: String
    let bundle: [UInt8]
    let artifact: [UInt8]
    /// A trusted root's JSON; nil where a key alone is trusted.
    let root: [UInt8]?
    let requirements: VerificationRequirements
    /// Subject and issuer, for programs that are told them as texts.
    let identity: (subject: String, issuer: String)?

    func verifier() throws -> SignatureVerifier {
        try SignatureVerifier(requirements: requirements, root: try root.map(TrustedRoot.init(parsing:)))
    }

    /// From bytes to a verdict, which must be "yes".
    func verify(with verifier: SignatureVerifier) throws {
        let finding = verifier.verify(
            try SignatureBundle(parsing: bundle), about: SignedArtifact(content: artifact),
            type: nil)
        guard finding.signer != nil else {
            throw Failure(
                .rejected, "cannot measure \(name)",
                because: "it does not verify: \(finding.problem?.why ?? "no reason was given")")
        }
    }

    static func keyless(subject: String, issuer: String) -> VerificationRequirements {
        .sigstore(
            .certificates([
                CertificateIdentity(subjects: [.exact(subject)], issuers: [.exact(issuer)])
            ]))
    }
}

// MARK: The conformance suite

extension BenchmarkCase {
    /// Cases of sigstore-conformance's `bundle-verify` folder that stand for what people verify.
    static func suite(_ directory: URL) throws -> [BenchmarkCase] {
        try suiteCases.map { title, name in
            try BenchmarkCase(title, directory.appending(path: name))
        }
    }

    private init(_ title: String, _ directory: URL) throws {
        name = title
        bundle = try read(directory, "bundle.sigstore.json") ?? []
        artifact = try read(directory, "artifact") ?? read(directory, "../a.txt") ?? []
        root = try read(directory, "trusted_root.json") ?? Array(PublicGoodInstance.trustedRoot.utf8)
        if let key = try read(directory, "key.pub") {
            let text = String(decoding: key, as: UTF8.self)
            requirements = VerificationRequirements(
                signer: .key(try PublicKey(pem: text)), transparency: .oneLog, signedTimestampThreshold: 0,
                sctThreshold: 0, time: .signed, acceptsChains: false)
            identity = nil
        } else {
            requirements = BenchmarkCase.keyless(subject: suiteSubject, issuer: suiteIssuer)
            identity = (suiteSubject, suiteIssuer)
        }
    }
}

/// Titles and folders.
private let suiteCases = [
    ("keyless file, Rekor v1", "happy-path-v0.3"),
    ("keyless attestation, Rekor v1", "happy-path-intoto-in-dsse-v3"),
    ("keyless file, Rekor v2, timestamp", "rekor2-happy-path"),
    ("keyless attestation, Rekor v2, timestamp", "rekor2-dsse-happy-path"),
    ("key and log, Rekor v1", "managed-key-happy-path"),
]

private let suiteSubject =
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/"
    + ".github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
private let suiteIssuer = "https://token.actions.githubusercontent.com"

private func read(_ directory: URL, _ file: String) throws -> [UInt8]? {
    let path = directory.appending(path: file)
    guard FileManager.default.fileExists(atPath: path.path) else { return nil }
    return [UInt8](try Data(contentsOf: path))
}

// MARK: Stand-ins

/// A Sigstore in memory, and cases made by it.
struct BenchmarkWorld {
    private let sigstore: StandInSigstore
    private let root: [UInt8]
    private let key: StandInKey

    init() throws {
        sigstore = try StandInSigstore(at: Timestamp(seconds: 1_700_000_000))
        root = sigstore.trustedRoot().compactBytes
        key = try StandInKey(.p256)
    }

    /// The same kinds as the suite's, and a key without any log.
    func cases() throws -> [BenchmarkCase] {
        let file = Array("an artifact".utf8)
        let statement = BenchmarkWorld.statement(about: file)
        return [
            try keyless("keyless file, Rekor v1 (stand-in)", .artifact(file)) { _ in },
            try keyless("keyless attestation, Rekor v2, timestamp (stand-in)", statement) {
                $0.log = .rekor2
            },
            try signedByKey(file),
        ]
    }

    /// `count` attestations about as many files, each with a certificate of its own.
    func keylessStatements(_ count: Int) throws -> [BenchmarkCase] {
        try (0..<count).map { number in
            let file = Array("artifact \(number)".utf8)
            return try keyless("statement \(number)", BenchmarkWorld.statement(about: file)) {
                $0.isTimestamped = false
            }
        }
    }

    /// `count` attestations about as many files by one key.
    func keyStatements(_ count: Int) throws -> [BenchmarkCase] {
        try (0..<count).map { try signedByKey(Array("artifact \($0)".utf8)) }
    }

    private func signedByKey(_ file: [UInt8]) throws -> BenchmarkCase {
        let recipe = StandInRecipe(BenchmarkWorld.statement(about: file)).with {
            $0.signer = .key(key)
            $0.log = .none
            $0.isTimestamped = false
        }
        return BenchmarkCase(
            name: "key alone, attestation (stand-in)", bundle: try sigstore.bundle(recipe),
            artifact: file, root: nil, requirements: .key(.key(try key.publicKey)), identity: nil)
    }

    private func keyless(
        _ name: String, _ content: StandInRecipe.Content, _ change: (inout StandInRecipe) -> Void
    ) throws -> BenchmarkCase {
        let recipe = StandInRecipe(content).with {
            $0.signer = .identity(.workflow)
            change(&$0)
        }
        let made = try sigstore.make(recipe)
        guard case .certificate(let leaf) = made.signer else {
            throw Failure(.bug, "cannot make \(name)", because: "no certificate signed it")
        }
        let certificate = try Certificate(derBytes: leaf)
        let subject = certificate.subjectAlternativeNames.first?.identity ?? ""
        let issuer = certificate.claims.issuer ?? ""
        return BenchmarkCase(
            name: name, bundle: made.bytes, artifact: BenchmarkWorld.file(of: content),
            root: root, requirements: BenchmarkCase.keyless(subject: subject, issuer: issuer),
            identity: (subject, issuer))
    }

    private static func statement(about file: [UInt8]) -> StandInRecipe.Content {
        let statement: JSONValue = [
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [
                [
                    "name": .string(String(decoding: file, as: UTF8.self)),
                    "digest": ["sha256": .string(hexText(HashAlgorithm.sha256.hash(of: file)))],
                ]
            ],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": ["buildDefinition": ["buildType": "https://stand-in.example/build"]],
        ]
        return .statement(statement.compactBytes)
    }

    private static func file(of content: StandInRecipe.Content) -> [UInt8] {
        switch content {
        case .artifact(let bytes): bytes
        case .statement(let bytes):
            // The subject's name is the whole file here.
            Array(
                ((try? JSONValue(parsing: bytes, named: "the statement"))?["subject"]?.array?
                    .first?[
                        "name"]?.string ?? "").utf8)
        }
    }
}
