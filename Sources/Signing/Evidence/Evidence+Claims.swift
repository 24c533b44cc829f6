// SPDX-License-Identifier: Apache-2.0
// Unverified claims of evidence about its signer, for use without a trusted root.
// Missing evidence, evidence that does not verify, and unreadable evidence are different results.
// Spec: docs/exit-codes-and-reasons.md, "Exit codes".

internal import Keys
internal import OCI
package import Primitives

/// A candidate whose signature is valid and whose claimed signer is the required one. It is not
/// verified: the trust in its certificate, log entry and time was not checked.
package struct EvidenceClaim: Sendable {
    package let candidate: SignedEntity
    /// The annotations of the signature.
    package let annotations: JSONObject
}

/// The candidates that could verify with the right trusted root, and the rejections of the others.
package struct ClaimReport: Sendable {
    package let claims: [EvidenceClaim]
    package let rejections: [RejectedCandidate]
    /// Why some candidates were not examined; nil if all were.
    package let limit: Failure?
}

extension Evidence {
    /// Separates the candidates that no trusted root could verify from the others.
    ///
    /// A candidate is rejected if it is of another type or about another digest, if its signature
    /// is not by its own key, or if that key or certificate is not the required one.
    package func claims(of type: PredicateType, by signer: TrustedSigner) -> ClaimReport {
        var claims: [EvidenceClaim] = []
        var rejections: [RejectedCandidate] = []
        var work = VerificationWork()
        var limit: Failure?
        for candidate in candidates {
            guard work.spend(on: candidate, by: signer) else {
                limit = limit ?? workLimit(of: subject)
                continue
            }
            do throws(VerificationError) {
                claims.append(
                    EvidenceClaim(
                        candidate: candidate,
                        annotations: try claimedAnnotations(candidate, type, signer)))
            } catch {
                if error.code == .overLimit { limit = limit ?? notJudged(candidate, error) }
                rejections.append(
                    RejectedCandidate(candidate: candidate, problem: error, checks: []))
            }
        }
        return ClaimReport(claims: claims, rejections: rejections, limit: limit)
    }

    private func claimedAnnotations(
        _ candidate: SignedEntity, _ type: PredicateType, _ signer: TrustedSigner
    ) throws(VerificationError) -> JSONObject {
        if type == .signature, case .simpleSigning(let old) = candidate.form {
            var message = HashedMessage(old.payload)
            try VerificationMaterial(
                signature: old.signature, message: .bytes(old.payload),
                legacyAnnotations: old.legacyAnnotations
            ).requireClaim(by: signer, over: &message)
            return try annotations(of: old)
        }
        let (envelope, materials) = try materials(in: candidate, wanting: type)
        var message = HashedMessage(envelope.signedBytes)
        var mostSpecific: VerificationError?
        for material in materials {
            do throws(VerificationError) {
                try material.requireClaim(by: signer, over: &message)
                let statement = try statement(in: envelope, of: type)
                return statement.subjects.first { $0.names(subject) }?.annotations ?? [:]
            } catch {
                if mostSpecific.map({ $0 < error }) ?? true { mostSpecific = error }
            }
        }
        throw candidate.unsigned(mostSpecific, wanting: type)
    }
}

extension VerificationMaterial {
    /// Checks that the signature is by its own key, and that this is the required one.
    fileprivate func requireClaim(
        by wanted: TrustedSigner, over message: inout HashedMessage
    ) throws(VerificationError) {
        switch (wanted, signer) {
        case (.certificates(let identities), .certificate(let chain)):
            try requireClaim(by: identities, chain: chain, over: &message)
        case (.keys(let keys), _):
            // Without logs, timestamps and validity periods, a key needs no trusted root.
            let keys = keys.map { TrustedKey(key: $0.key, name: $0.name, hash: $0.hash) }
            let result = SignatureVerifier.keys(keys).verify(self, over: &message)
            if let problem = result.checks.problem { throw problem }
        case (.certificates, .publicKey):
            throw VerificationError(
                .otherSignerKind, "a key signed it, and a certificate is expected")
        }
    }

    private func requireClaim(
        by identities: [CertificateIdentity], chain: [[UInt8]], over message: inout HashedMessage
    ) throws(VerificationError) {
        guard let bytes = chain.first else {
            throw VerificationError(.certificateMalformed, "it brings no certificate")
        }
        let leaf: Certificate
        do {
            leaf = try Certificate(derBytes: bytes)
        } catch {
            throw VerificationError(.certificateMalformed, error).at("certificate 1")
        }
        guard try isSigned(byCertificate: leaf.publicKey, over: &message) else {
            throw VerificationError(
                .signatureInvalid,
                "the signature is not over these bytes by the key of its certificate")
        }
        var mostSpecific: VerificationError?
        for identity in identities {
            do throws(VerificationError) {
                _ = try identity.signer(of: leaf)
                return
            } catch {
                if mostSpecific.map({ $0 < error }) ?? true { mostSpecific = error }
            }
        }
        throw mostSpecific ?? VerificationError(.identityMismatch, "no identity is trusted")
    }
}
