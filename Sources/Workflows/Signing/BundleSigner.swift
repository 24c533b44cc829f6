// SPDX-License-Identifier: Apache-2.0
// One signature from beginning to end: made, countersigned by services, and verified before it is
// returned.

package import Keys
internal import Primitives
package import Signing

/// A finished bundle that verifies, and who signed it.
package struct FinishedSignature: Sendable {
    package let bundleBytes: [UInt8]
    package let signer: VerifiedSigner
    package let checks: [VerificationCheck]

    /// For sentences: "with the key …", "as … from …".
    package var signedBy: String {
        switch signer {
        case .key(let trusted): "with the key \(trusted.key.fingerprint)"
        case .certificate: "as \(signer.shown)"
        }
    }
}

/// Signs as the options say.
package struct BundleSigner: Sendable {
    package enum Means: Sendable {
        case key(any Signer)
        case identity(IdentityToken, KeylessSigner)
    }

    private let means: Means
    private let material: SigningMaterial
    private let client: ServiceClient?
    private let random: RandomBytes
    private let approve: UploadConsent

    /// - Parameters:
    ///   - client: reaches the services; nil if none takes part.
    ///   - random: for ephemeral keys and nonces.
    ///   - approve: called before anything is uploaded.
    package init(
        means: Means, material: SigningMaterial, client: ServiceClient?,
        random: @escaping RandomBytes, approve: @escaping UploadConsent
    ) {
        self.means = means
        self.material = material
        self.client = client
        self.random = random
        self.approve = approve
    }

    /// The key, when it signs and nobody else takes part.
    package var loneKey: (any Signer)? {
        guard case .key(let signer) = means, material.services == .none else { return nil }
        return signer
    }

    /// Whether a file must be held in memory for it: keys elsewhere are sent the message.
    package var needsContent: Bool {
        if case .key(let signer) = means { !signer.signsDigests } else { false }
    }

    /// A signature over a file.
    package func sign(_ artifact: SignedArtifact) async throws -> FinishedSignature {
        switch means {
        case .key(let signer):
            let parts = try await messageParts(artifact, by: signer)
            return try verified(
                try await bundle(of: parts), by: .key(signer.publicKey), about: artifact, type: nil)
        case .identity(let token, let keyless):
            guard let hash = artifact.digests[.sha256] else { throw unknownHash(.sha256) }
            let digest = try Digest(parsing: "sha256:\(hexText(hash))")
            let finished = try await keyless.sign(.message(digest), as: token, approve: approve)
            return try verified(
                finished.bundleBytes, by: try signer(of: finished), about: artifact, type: nil)
        }
    }

    /// A signed statement of that type about a file or image.
    package func attest(
        _ statement: [UInt8], of type: PredicateType, about artifact: SignedArtifact
    ) async throws -> FinishedSignature {
        switch means {
        case .key(let signer):
            let envelope = try await Envelope.signed(
                statement, as: inTotoPayloadType, by: signer)
            let parts = try SignedParts(.envelope(envelope), by: .key(signer.publicKey))
            return try verified(
                try await bundle(of: parts), by: .key(signer.publicKey), about: artifact,
                type: type)
        case .identity(let token, let keyless):
            let finished = try await keyless.sign(
                .payload(statement, type: inTotoPayloadType), as: token, approve: approve)
            return try verified(
                finished.bundleBytes, by: try signer(of: finished), about: artifact, type: type)
        }
    }

    private func bundle(of parts: SignedParts) async throws -> [UInt8] {
        guard let client, material.services != .none else {
            return try BundleBuilder(parts).bundleBytes()
        }
        let countersigner = Countersigner(
            services: material.services, client: client, trust: material.root, random: random)
        return try await countersigner.bundle(of: parts, approve: approve).bundleBytes
    }

    /// An Ed25519 key signs messages with Ed25519ph, the form that logs accept.
    ///
    /// Spec: sigstore/architecture-docs algorithm-registry.md; rekor-tiles CLIENTS.md.
    private func messageParts(
        _ artifact: SignedArtifact, by signer: any Signer
    ) async throws -> SignedParts {
        let hash = signer.publicKey.loggedHash
        guard let bytes = artifact.digests[hash],
            let digest = Digest(algorithm: hash, bytes: bytes)
        else { throw unknownHash(hash) }
        let signature: [UInt8]
        if signer.signsDigests {
            signature = try await signer.sign(loggedDigest: digest)
        } else {
            guard let content = artifact.content else {
                throw Failure(
                    .overLimit, "cannot sign the file with a key that is elsewhere",
                    because: "it needs the file itself, of at most "
                        + "\(Limits.remoteMessageBytes) bytes")
            }
            signature = try await signer.sign(content)
        }
        return try .message(digest: bytes, signature: signature, by: .key(signer.publicKey))
    }

    /// Who a verifier must be told. That the subject is the token's was checked when the certificate
    /// came; the issuer is the one that the authority names, which for federated identities is not
    /// the token's own.
    private func signer(of finished: FinishedBundle) throws(Failure) -> TrustedSigner {
        guard let certificate = finished.certificate, let issuer = certificate.leaf.claims.issuer
        else {
            throw Failure(
                .rejected, "will not use the certificate that was issued",
                because: "it names no issuer, so nobody could verify whose it is")
        }
        return .certificates([
            CertificateIdentity(
                subjects: [.exact(certificate.identity)], issuers: [.exact(issuer)])
        ])
    }

    /// As the reader will, against the same trusted root.
    private func verified(
        _ bundleBytes: [UInt8], by signer: TrustedSigner, about artifact: SignedArtifact,
        type: PredicateType?
    ) throws -> FinishedSignature {
        let verifier = try SignatureVerifier(
            requirements: material.requirements(on: signer), root: material.root)
        let finding = verifier.verify(
            try SignatureBundle(parsing: bundleBytes), about: artifact, type: type)
        guard let found = finding.signer else {
            throw Failure(
                .rejected, "will not hand out the signature",
                because: finding.problem.map { "\($0.code.rawValue): \($0.why)" }
                    ?? "it does not verify")
        }
        return FinishedSignature(bundleBytes: bundleBytes, signer: found, checks: finding.checks)
    }

    private func unknownHash(_ hash: HashAlgorithm) -> Failure {
        Failure(
            .usage, "cannot sign the digest",
            because: "the key signs with \(hash.title), and only another hash is known",
            next: "give the file itself")
    }
}

/// The services of one signature, and the trusted root that their responses are verified with.
package struct SigningMaterial: Sendable {
    package let services: ServiceSelection
    package let root: TrustedRoot

    package init(services: ServiceSelection, root: TrustedRoot) {
        self.services = services
        self.root = root
    }

    /// What a signature made with these services must show.
    package func requirements(on signer: TrustedSigner) -> VerificationRequirements {
        let isCertified = if case .certificates = signer { true } else { false }
        let logs = LogRequirements(proof: .inclusionProof, threshold: 1, witnesses: .none)
        return VerificationRequirements(
            signer: signer, transparency: services.logs.isEmpty ? .ignored : .logged(logs),
            signedTimestampThreshold: services.timestampAuthorities.count,
            sctThreshold: isCertified && !root.certificateTransparencyLogs.isEmpty ? 1 : 0,
            time: .signed, acceptsChains: false)
    }
}
