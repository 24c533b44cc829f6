// SPDX-License-Identifier: Apache-2.0
// Who must have signed, and what must prove it, as one caller asks for it.

package import Primitives
package import Signing

/// The requirements of one caller. What belongs only to keys or only to certificates is part of that
/// choice, so requirements that contradict each other cannot be written down.
package struct SignerRequirements: Sendable {
    package enum Signer: Sendable {
        case keys([TrustedKey])
        case certificate(CertificateIdentity, CertificateProof)
    }

    /// What must prove that a certificate was issued in public.
    package enum CertificateProof: Sendable {
        case ignored
        /// The promise (SCT) of a certificate transparency log: in the certificate, or one of these,
        /// in TLS or JSON form.
        case required(detached: [[UInt8]])
    }

    package let signer: Signer
    package let transparency: VerificationRequirements.Transparency
    /// Whether a timestamp (RFC 3161) is required.
    package let isTimed: Bool
    /// Whether a bundle in version 0.3 may bring intermediate certificates.
    package let acceptsChains: Bool
    /// The moment that counts as the time of signing where nothing that is required proves another
    /// one; nil where a proof is always required.
    package let unprovenTime: Timestamp?

    package init(
        signer: Signer, transparency: VerificationRequirements.Transparency, isTimed: Bool,
        acceptsChains: Bool, unprovenTime: Timestamp?
    ) {
        self.signer = signer
        self.transparency = transparency
        self.isTimed = isTimed
        self.acceptsChains = acceptsChains
        self.unprovenTime = unprovenTime
    }

    package var requirements: VerificationRequirements {
        let (trusted, sctThreshold): (TrustedSigner, Int) =
            switch signer {
            case .keys(let keys): (.keys(keys), 0)
            case .certificate(let identity, .ignored): (.certificates([identity]), 0)
            case .certificate(let identity, .required): (.certificates([identity]), 1)
            }
        var time = VerificationRequirements.SigningTime.signed
        if let unprovenTime, transparency == .ignored, !isTimed {
            time = .signedOrNow(unprovenTime)
        }
        return VerificationRequirements(
            signer: trusted, transparency: transparency, signedTimestampThreshold: isTimed ? 1 : 0,
            sctThreshold: sctThreshold, time: time, acceptsChains: acceptsChains)
    }

    /// - Parameter root: the logs and authorities that are trusted; nil where none is needed.
    package func verifier(trusting root: TrustedRoot?) throws -> SignatureVerifier {
        var detached: [[UInt8]] = []
        if case .certificate(_, .required(let promises)) = signer { detached = promises }
        return try SignatureVerifier(
            requirements: requirements, root: root, detachedTimestamps: detached)
    }
}
