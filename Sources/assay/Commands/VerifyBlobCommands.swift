// SPDX-License-Identifier: Apache-2.0
// assay verify-blob, assay verify-blob-attestation.

import ArgumentParser
import Files
import Host
import Keys
import Primitives
import Signing
import Workflows

struct VerifyBlobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-blob",
        abstract: "Is this file signed by that key or identity?",
        discussion: """
            The bundle is --bundle, else FILE.sigstore.json, FILE.sigstore or FILE.sigstore.jsonl. \
            cosign's older bundles are read too, and bare signatures with --signature. Exit codes: \
            0 signed, 10 the bundle holds no signature, 12 what it holds does not verify, 2 could \
            not look.
            """)

    @Argument(help: "The file, - for stdin, or sha256:HEX for a file that is elsewhere.")
    var file: BlobLocation

    @Option(help: "The bundle; a .jsonl file holds one on each line.")
    var bundle: String?

    @Option(help: "A signature without a bundle, base64 or raw: a file, or - for stdin.")
    var signature: String?

    @Option(help: "The certificate of --signature: PEM, or base64 of it.")
    var certificate: String?

    @Option(help: "The required format: bundle or legacy. Default: both.")
    var format: EvidenceFormat?

    @OptionGroup(title: "Signer") var signer: SignerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard bundle == nil || signature == nil else {
            throw ValidationError("--bundle and --signature cannot stand together")
        }
        guard certificate == nil || signature != nil else {
            throw ValidationError("--certificate belongs to --signature; a bundle brings its own")
        }
        guard signature != "-" || !file.isStandardInput else {
            throw ValidationError("stdin is the file or the signature, not both")
        }
    }

    func run() async throws {
        let (verifier, trust) = try await signer.judge()
        let question = BlobQuestion(
            file: file, verifier: verifier, trust: trust, wanted: .signature)
        try question.answer(output.output) {
            guard let signature else {
                return try BlobCandidates(of: file, at: bundle).checked(for: format)
            }
            return try BlobCandidates(
                place: signature,
                list: [
                    .success(
                        .signature(
                            try readSignature(signature),
                            LegacyAnnotations(
                                certificate: try certificate.map(readCertificate), chain: nil,
                                logEntry: nil, timestamp: nil)))
                ]
            ).checked(for: format)
        }
    }
}

struct VerifyBlobAttestationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-blob-attestation",
        abstract: "Does this file have an attestation of that type by that key or identity?",
        discussion: """
            With --output json the predicates of all that verified are printed. The bundle is \
            found as in assay verify-blob. Exit codes: 0 attested, 10 nothing of that type is there, \
            12 something is there and does not verify, 2 could not look.
            """)

    @Argument(help: "The file, - for stdin, or sha256:HEX for a file that is elsewhere.")
    var file: BlobLocation

    @Option(
        help: "The predicate type: a URI, or a short name such as slsaprovenance1 or cyclonedx.")
    var type: String = "custom"

    @Option(help: "The bundle; a .jsonl file holds one on each line.")
    var bundle: String?

    @Option(help: "The required format: bundle or legacy. Default: both.")
    var format: EvidenceFormat?

    @OptionGroup(title: "Signer") var signer: SignerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let type = try PredicateType(named: type)
        guard type != .signature else {
            throw Failure(
                .usage, "cannot look for attestations of type \(type)",
                because: "that type is a signature, and a signature is no attestation",
                next: "use assay verify-blob")
        }
        let (verifier, trust) = try await signer.judge()
        let question = BlobQuestion(
            file: file, verifier: verifier, trust: trust, wanted: .attestation(type))
        try question.answer(output.output) {
            try BlobCandidates(of: file, at: bundle).checked(for: format)
        }
    }
}

/// The evidence that was found, and where.
struct BlobCandidates {
    let place: String
    let list: [Result<BlobEvidence, VerificationError>]

    init(place: String, list: [Result<BlobEvidence, VerificationError>]) {
        self.place = place
        self.list = list
    }

    /// What is in the bundle file, or in the one beside the file.
    init(of file: BlobLocation, at path: String?) throws {
        place = try path ?? file.foundBundlePath()
        let content = try readFile(
            at: place, atMost: Limits.evidenceBytes, named: "the bundle")
        list = try BlobEvidence.list(parsing: content, isLines: place.utf8.hasSuffix(".jsonl"))
    }

    /// The same candidates; throws if one that can be read has the other format.
    func checked(for format: EvidenceFormat?) throws(Failure) -> BlobCandidates {
        guard let format else { return self }
        for case .success(let evidence) in list {
            let isBundle = if case .bundle = evidence { true } else { false }
            guard isBundle == (format == .bundle) else {
                throw Failure(
                    .usage, "cannot use the evidence", at: .named(place),
                    because: "it is in the \(isBundle ? "bundle" : "legacy") format, and --format "
                        + "asks for the other",
                    next: "leave out --format")
            }
        }
        return self
    }
}

/// "Does the evidence beside this file vouch for it?"
struct BlobQuestion {
    enum Wanted {
        case signature
        case attestation(PredicateType)

        var type: PredicateType? {
            if case .attestation(let type) = self { type } else { nil }
        }

        var noun: String { type.map { "attestation of type \($0)" } ?? "signature" }
    }

    let file: BlobLocation
    let verifier: SignatureVerifier
    let trust: TrustedMaterial?
    let wanted: Wanted

    /// Looks, judges, tells, and ends the command with its exit code. With `json` a file that cannot
    /// be read is an answer too: result `unknown`.
    func answer(_ form: OutputFormat, _ candidates: () throws -> BlobCandidates) throws {
        let view: BlobView
        do {
            view = try judged(try candidates())
        } catch let failure as Failure where form == .json && ExitStatus(failure) == .unknown {
            StandardOutput.print([
                "file": .string(file.description), "result": "unknown", "failure": failure.json,
            ])
            throw failure
        }
        try view.show(as: form)
    }

    private func judged(_ candidates: BlobCandidates) throws -> BlobView {
        let isAttestation = wanted.type != nil
        let relevant = candidates.list.filter { candidate in
            guard case .success(let evidence) = candidate else { return true }
            return evidence.isAttestation == isAttestation
        }
        let artifact = try file.artifact(
            keepingAtMost: relevant.contains(where: needsContent) ? Limits.wholeMessageBytes : 0)
        let findings = relevant.map { candidate in
            switch candidate {
            case .success(let evidence):
                verifier.verify(evidence, about: artifact, type: wanted.type)
            case .failure(let problem): ArtifactVerificationResult(unreadable: problem)
            }
        }
        if let unable = findings.unable {
            throw Failure(
                .unavailable, "cannot tell whether \(plain(file.description)) is signed",
                at: .named(candidates.place), because: unable.why,
                next: "name the file itself in place of its digest")
        }
        return BlobView(
            file: file, artifact: artifact, wanted: wanted, signer: verifier.requirements.signer,
            trust: trust, place: candidates.place, findings: findings)
    }

    /// Whether the file itself is needed: pure Ed25519 signs it, and not its hash.
    private func needsContent(_ candidate: Result<BlobEvidence, VerificationError>) -> Bool {
        guard case .success(let evidence) = candidate, !evidence.isAttestation else { return false }
        switch (verifier.requirements.signer, evidence) {
        case (.keys(let keys), _): return keys.contains { $0.key.algorithm == .ed25519 }
        case (.certificates, .signature): return true
        case (.certificates, .bundle(let bundle)):
            guard case .certificate(let chain) = bundle.signer, let bytes = chain.first,
                let leaf = try? Certificate(derBytes: bytes)
            else { return false }
            return leaf.publicKey.algorithm == .ed25519
        }
    }
}

extension [ArtifactVerificationResult] {
    /// Why nobody can tell, where nothing is proven and something could not be judged.
    fileprivate var unable: VerificationError? {
        guard allSatisfy({ $0.signer == nil }) else { return nil }
        return compactMap(\.problem).first { $0.code == .bytesNeeded }
    }
}

/// A signature as text or as it is.
func readSignature(_ path: String) throws -> [UInt8] {
    let content =
        path == "-"
        ? try readStandardInput(atMost: Limits.keyFileBytes, named: "the signature")
        : try readFile(at: path, atMost: Limits.keyFileBytes, named: "the signature")
    return decoded(content) ?? content
}

/// cosign writes base64 around the PEM; people give the PEM.
private func readCertificate(_ path: String) throws -> String {
    let content = try readFile(
        at: path, atMost: Limits.certificateFileBytes, named: "the certificate")
    let bytes = PEMBlock.isPEM(content) ? content : decoded(content)
    guard let text = String(validating: bytes ?? content, as: UTF8.self) else {
        throw Failure(
            .malformed, "cannot read the certificate", at: .named(path),
            because: "it is neither PEM nor base64 of it")
    }
    return text
}

private func decoded(_ content: [UInt8]) -> [UInt8]? {
    guard let text = String(validating: content, as: UTF8.self) else { return nil }
    let base64 = String(decoding: text.utf8.filter { !isWhitespaceByte($0) }, as: UTF8.self)
    return base64.isEmpty ? nil : bytes(fromBase64: base64)
}
