// SPDX-License-Identifier: Apache-2.0
// Verifies bundles about files: a signature over the file, or a statement with the file as subject.
// Spec: sigstore client-spec §4.5, "Signature Verification"; sigstore_bundle.proto.

internal import Keys
package import Primitives

/// The file that a bundle must be about: its digests and, if available, its content.
package struct SignedArtifact: Hashable, Sendable {
    package let digests: [HashAlgorithm: [UInt8]]
    /// The content; nil if only the digest is known, so that pure Ed25519 cannot be verified.
    package let content: [UInt8]?

    /// Creates an artifact from its content, with all digests.
    package init(content: [UInt8]) {
        self.content = content
        var digests: [HashAlgorithm: [UInt8]] = [:]
        for hash in HashAlgorithm.allCases { digests[hash] = hash.hash(of: content) }
        self.digests = digests
    }

    /// Creates an artifact of which only one digest is known.
    package init(_ digest: Digest) { self.init(digests: [digest.algorithm: digest.bytes]) }

    /// Creates an artifact from its digests.
    ///
    /// - Parameter content: the content, if available; it must have these digests.
    package init(digests: [HashAlgorithm: [UInt8]], content: [UInt8]? = nil) {
        self.digests = digests
        self.content = content
    }

    /// Whether a subject of a statement is this artifact: they share a digest, and no digest
    /// differs.
    package func isNamed(by subject: Statement.Subject) -> Bool {
        var found = false
        for (hash, bytes) in digests {
            guard let hex = subject.digests[hash.rawValue] else { continue }
            guard hex == hexText(bytes) else { return false }
            found = true
        }
        return found
    }

    /// Whether the subject has only digests in other algorithms, which only the content could
    /// match.
    func cannotTell(_ subject: Statement.Subject) -> Bool {
        let named = HashAlgorithm.allCases.filter { subject.digests[$0.rawValue] != nil }
        return !digests.isEmpty && !named.isEmpty && named.allSatisfy { digests[$0] == nil }
    }

    var message: SignedMessage { content.map(SignedMessage.bytes) ?? .digests(digests) }

    /// The digest for messages: "sha256:…".
    package var shown: String {
        let known = HashAlgorithm.allCases.first { digests[$0] != nil }
        return known.flatMap { hash in digests[hash].map { "\(hash.rawValue):\(hexText($0))" } }
            ?? "nothing"
    }
}

/// The result of verifying one bundle about one file.
package struct ArtifactVerificationResult: Sendable {
    /// The verified signer; nil unless all checks passed.
    package let signer: VerifiedSigner?
    /// The verified statement; nil for a signature over the file itself.
    package let statement: Statement?
    /// All checks, in order.
    package let checks: [VerificationCheck]

    /// The first failed check's problem; nil if all passed.
    package var problem: VerificationError? { checks.problem }

    /// Creates the result for malformed evidence.
    package init(unreadable problem: VerificationError) {
        self.init(
            signer: nil, statement: nil, checks: [VerificationCheck(.format, .failed(problem))])
    }

    fileprivate init(
        signer: VerifiedSigner?, statement: Statement?, checks: [VerificationCheck]
    ) {
        self.signer = checks.problem == nil ? signer : nil
        self.statement = self.signer == nil ? nil : statement
        self.checks = checks
    }
}

extension SignatureVerifier {
    /// Verifies that `bundle` is a signature over `artifact`, or a statement about it.
    ///
    /// - Parameter type: the required predicate type of a statement; nil for any.
    package func verify(
        _ bundle: SignatureBundle, about artifact: SignedArtifact, type: PredicateType?
    ) -> ArtifactVerificationResult {
        switch bundle.content {
        case .messageSignature(let claimed, let signature):
            return verifyMessage(bundle, signature, claimed: claimed, artifact)
        case .envelope(let envelope):
            return verifyStatement(bundle, envelope, artifact, type: type)
        }
    }

    /// Verifies that a legacy signature is over `artifact`.
    package func verify(
        _ signature: [UInt8], with legacyAnnotations: LegacyAnnotations,
        about artifact: SignedArtifact
    ) -> ArtifactVerificationResult {
        do throws(VerificationError) {
            let result = verify(
                try VerificationMaterial(
                    signature: signature, message: artifact.message,
                    legacyAnnotations: legacyAnnotations))
            return ArtifactVerificationResult(
                signer: result.signer, statement: nil,
                checks: result.checks + [VerificationCheck(.subject, .passed(artifact.shown))])
        } catch {
            return ArtifactVerificationResult(unreadable: error)
        }
    }

    private func verifyMessage(
        _ bundle: SignatureBundle, _ signature: [UInt8], claimed: SignatureBundle.MessageDigest?,
        _ artifact: SignedArtifact
    ) -> ArtifactVerificationResult {
        let result = verify(
            VerificationMaterial(bundle: bundle, signature: signature, message: artifact.message))
        var checks = result.checks
        // Spec: sigstore_common.proto: the digest is a hint and not used for verification; but a
        // bundle with another file's digest is not about this file.
        if let claimed, let known = artifact.digests[claimed.algorithm], known != claimed.bytes {
            let problem = VerificationError(
                .messageDigestMismatch,
                "it names the digest \(claimed.algorithm.rawValue):\(hexText(claimed.bytes)), not "
                    + artifact.shown)
            checks.insert(VerificationCheck(.subject, .failed(problem)), at: 0)
        } else {
            checks.append(VerificationCheck(.subject, .passed(artifact.shown)))
        }
        return ArtifactVerificationResult(signer: result.signer, statement: nil, checks: checks)
    }

    private func verifyStatement(
        _ bundle: SignatureBundle, _ envelope: Envelope, _ artifact: SignedArtifact,
        type: PredicateType?
    ) -> ArtifactVerificationResult {
        let result = verifyAny(
            envelope.signatures.map {
                VerificationMaterial(
                    bundle: bundle, signature: $0.bytes, message: .envelope(envelope))
            })
        var collector = CheckCollector(result.checks)
        guard result.signer != nil else {
            return ArtifactVerificationResult(signer: nil, statement: nil, checks: collector.checks)
        }
        let statement = collector.check(.type) { () throws(VerificationError) in
            let statement = try signedStatement(in: envelope)
            guard type == nil || statement.predicateType == type else {
                throw VerificationError(
                    .otherType,
                    "its type is \(plain(statement.predicateType.description)), not "
                        + "\(type?.description ?? "any")")
            }
            return (statement, says: plain(statement.predicateType.description))
        }
        if let statement {
            collector.verify(.subject) { () throws(VerificationError) in
                guard statement.subjects.contains(where: artifact.isNamed) else {
                    if statement.subjects.contains(where: artifact.cannotTell) {
                        throw VerificationError(
                            .bytesNeeded,
                            "it names its subject by another hash, and only \(artifact.shown) was "
                                + "given")
                    }
                    throw VerificationError(
                        .subjectMismatch,
                        "it is about \(shownSubjects(statement)), not \(artifact.shown)")
                }
                return artifact.shown
            }
        }
        return ArtifactVerificationResult(
            signer: result.signer, statement: statement, checks: collector.checks)
    }
}
