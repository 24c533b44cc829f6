// SPDX-License-Identifier: Apache-2.0
// What each step of one verification costs by itself.

internal import Keys
internal import Primitives
internal import Signing

/// The parts of a keyless bundle, taken out so that each can be worked on alone.
struct BundleSteps {
    private let example: BenchmarkCase
    private let root: TrustedRoot
    private let bundle: SignatureBundle
    private let leafBytes: [UInt8]
    private let leaf: Certificate
    private let path: CertificatePath

    init(_ example: BenchmarkCase) throws {
        self.example = example
        root = try TrustedRoot(parsing: example.root ?? [])
        bundle = try SignatureBundle(parsing: example.bundle)
        guard case .certificate(let chain) = bundle.signer, let first = chain.first else {
            throw missing("certificate")
        }
        leafBytes = first
        leaf = try Certificate(derBytes: first)
        // The leaf's first second: what a chain costs does not hang on the moment.
        path = try CertificateChains.path(
            from: leaf, helpedBy: [], to: root.certificateAuthorities, at: leaf.validity.start,
            for: .codeSigning)
    }

    /// The steps in the order of the verifier, by name. Each fails when it does not hold.
    func all() throws -> [(name: String, work: () throws -> Void)] {
        var steps: [(name: String, work: () throws -> Void)] = [
            ("read JSON", { _ = try JSONValue(parsing: example.bundle, named: "the bundle") }),
            ("read bundle, JSON included", { _ = try SignatureBundle(parsing: example.bundle) }),
            ("hash artifact three ways", { _ = SignedArtifact(content: example.artifact) }),
            ("read leaf certificate", { _ = try Certificate(derBytes: leafBytes) }),
            ("signature", try signature()),
        ]
        if let response = bundle.timestamps.first { steps.append(contentsOf: timestamp(response)) }
        if let entry = bundle.logEntries.first { steps.append(contentsOf: try log(entry)) }
        steps.append(("certificate chain", chain))
        steps.append(("certificate transparency", transparency))
        steps.append(("identity", try identity()))
        return steps
    }

    private func signature() throws -> () throws -> Void {
        let (signature, message) =
            switch bundle.content {
            case .messageSignature(_, let bytes): (bytes, example.artifact)
            case .envelope(let envelope):
                (envelope.signatures.first?.bytes ?? [], envelope.signedBytes)
            }
        return { try require(leaf.publicKey.isValid(signature, over: message), "signature") }
    }

    private func timestamp(_ response: [UInt8]) -> [(name: String, work: () throws -> Void)] {
        var signed: [UInt8] = []
        switch bundle.content {
        case .messageSignature(_, let bytes): signed = bytes
        case .envelope(let envelope): signed = envelope.signatures.first?.bytes ?? []
        }
        return [
            ("read timestamp", { _ = try TimestampToken(response: response) }),
            (
                "timestamp, reading included",
                {
                    _ = try TimestampToken(response: response).verified(
                        over: signed, by: root.timestampAuthorities, nonce: nil)
                }
            ),
        ]
    }

    private func log(
        _ entry: TransparencyLogEntry
    ) throws -> [(name: String, work: () throws -> Void)] {
        guard let log = root.logs.first(where: { $0.keyID == entry.logID }),
            let inclusion = entry.proofs.inclusion, let text = inclusion.checkpoint
        else { throw missing("log entry with its proof") }
        var steps: [(name: String, work: () throws -> Void)] = [
            ("read log entry's body", { _ = try LogEntryBody(parsing: entry.body, as: entry.kind) })
        ]
        if let promise = entry.proofs.signedEntryTimestamp {
            steps.append(
                (
                    "log's promise (SET)",
                    {
                        let message = try entry.promisedBytes()
                        try require(log.publicKey.isValid(promise, over: message), "promise")
                    }
                ))
        }
        let hints: Set<[UInt8]> = [Array((log.checkpointKeyID ?? log.keyID).prefix(4))]
        steps.append(
            (
                "checkpoint",
                {
                    let note = try Checkpoint(parsing: text).note
                    let isSigned = note.isSigned(
                        names: note.signatures.map(\.name), hints: hints, key: log.publicKey)
                    try require(isSigned, "checkpoint")
                }
            ))
        let checkpoint = try Checkpoint(parsing: text)
        let proof = InclusionProof(
            leafIndex: entry.generation == .version2 ? entry.logIndex : inclusion.logIndex,
            treeSize: checkpoint.size, inclusionPath: inclusion.hashes)
        steps.append(
            (
                "inclusion (\(inclusion.hashes.count) hashes)",
                {
                    let leaf = HashAlgorithm.sha256.hash(of: [0] + entry.body)
                    try proof.verify(leaf: leaf, root: checkpoint.rootHash)
                }
            ))
        return steps
    }

    private func chain() throws {
        _ = try CertificateChains.path(
            from: leaf, helpedBy: [], to: root.certificateAuthorities, at: leaf.validity.start,
            for: .codeSigning)
    }

    private func transparency() throws {
        _ = try CertificateTransparency.verify(
            leaf, issuer: path.issuer, detached: [], by: root.certificateTransparencyLogs,
            threshold: 1)
    }

    private func identity() throws -> () throws -> Void {
        guard let wanted = example.identity else { throw missing("identity") }
        let (subject, issuer) = (IdentityPattern.exact(wanted.subject), wanted.issuer)
        return {
            let names = leaf.subjectAlternativeNames.compactMap(\.identity)
            try require(try names.contains { try subject.matches($0) }, "subject")
            try require(leaf.claims.issuer == issuer, "issuer")
        }
    }
}

private func require(_ holds: Bool, _ what: String) throws {
    if !holds { throw missing("\(what) that holds") }
}

private func missing(_ what: String) -> Failure {
    Failure(.bug, "cannot measure the steps", because: "the bundle has no \(what)")
}
