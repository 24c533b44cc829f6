// SPDX-License-Identifier: Apache-2.0
// The requirements on signatures. They come from a policy or a command, never from the evidence.

package import Primitives

/// The requirements of a verifier. No requirement has a default, so a caller states each check that
/// it omits.
package struct VerificationRequirements: Hashable, Sendable {
    /// The requirement on transparency log entries.
    package enum Transparency: Hashable, Sendable {
        /// Entries are ignored, also as a source of the signing time.
        case ignored
        /// The signature must be logged.
        case logged(LogRequirements)

        /// One log; an old bundle can have a signed entry timestamp (SET) in place of an inclusion
        /// proof.
        package static let oneLog = Transparency.logged(
            LogRequirements(proof: .inclusionProofOrSET, threshold: 1, witnesses: .none))
    }

    /// The accepted sources of the signing time.
    package enum SigningTime: Hashable, Sendable {
        /// A log or a timestamp authority.
        case signed
        /// A log or a timestamp authority or, if there is neither, the given time: for long-lived
        /// certificates, whose revocation another system checks.
        case signedOrNow(Timestamp)
    }

    /// The required signer.
    package let signer: TrustedSigner
    /// The requirement on transparency log entries.
    package let transparency: Transparency
    /// The number of distinct timestamp authorities that must have timestamped the signature.
    package let signedTimestampThreshold: Int
    /// The number of distinct certificate transparency logs with an SCT for the certificate.
    package let sctThreshold: Int
    /// The accepted sources of the signing time.
    package let time: SigningTime
    /// Whether a bundle of version 0.3 may contain intermediate certificates.
    package let acceptsChains: Bool

    package init(
        signer: TrustedSigner, transparency: Transparency, signedTimestampThreshold: Int,
        sctThreshold: Int,
        time: SigningTime, acceptsChains: Bool
    ) {
        self.signer = signer
        self.transparency = transparency
        self.signedTimestampThreshold = signedTimestampThreshold
        self.sctThreshold = sctThreshold
        self.time = time
        self.acceptsChains = acceptsChains
    }

    /// The requirements for the caller's keys: no logs and no timestamps.
    package static func key(_ signer: TrustedSigner) -> VerificationRequirements {
        VerificationRequirements(
            signer: signer, transparency: .ignored, signedTimestampThreshold: 0, sctThreshold: 0,
            time: .signed,
            acceptsChains: false)
    }

    /// The requirements for the public Sigstore instance: one log, one SCT, and a signed time.
    package static func sigstore(_ signer: TrustedSigner) -> VerificationRequirements {
        VerificationRequirements(
            signer: signer, transparency: .oneLog, signedTimestampThreshold: 0,
            sctThreshold: 1, time: .signed, acceptsChains: false)
    }

    /// Checks that `root` has the authorities and logs that the requirements need. Without them no
    /// signature could verify.
    ///
    /// - Throws: `notFound` if some are missing.
    package func check(against root: TrustedRoot?) throws(Failure) {
        var missing: [String] = []
        if case .certificates = signer, root?.certificateAuthorities.isEmpty ?? true {
            missing.append("certificate authorities")
        }
        if case .logged(let logs) = transparency, parties(root?.logs) < logs.threshold {
            missing.append(
                logs.threshold == 1 ? "transparency log" : "\(logs.threshold) transparency logs")
        }
        if case .certificates = signer, parties(root?.certificateTransparencyLogs) < sctThreshold {
            missing.append("certificate transparency log")
        }
        if (root?.timestampAuthorities.count ?? 0) < signedTimestampThreshold {
            missing.append("\(signedTimestampThreshold) timestamp authorities")
        }
        guard !missing.isEmpty else { return }
        throw Failure(
            .notFound, "cannot verify with this trust material",
            because: "the trusted root has no \(missing.joined(separator: ", no ")), and they are "
                + "demanded",
            next: "name another with --trusted-root, or assay trust update")
    }

    private func parties(_ logs: [TransparencyLog]?) -> Int { Set((logs ?? []).map(\.party)).count }
}
