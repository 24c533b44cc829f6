// SPDX-License-Identifier: Apache-2.0
// What is asked of a signature, besides being one. It comes from a policy or a command, never from
// the evidence.

package import Primitives

/// Everything a verifier insists on. Nothing has a default: who leaves a check out says so.
package struct VerificationDemand: Hashable, Sendable {
    /// What a transparency log must have seen.
    package enum Transparency: Hashable, Sendable {
        /// Entries are not looked at, so they prove no time either.
        case ignored
        case logged(LogDemand)

        /// One log; an old bundle may show the log's promise (SET) in place of a proof.
        package static let oneLog = Transparency.logged(
            LogDemand(proof: .inclusionProofOrPromise, parties: 1, witnesses: .none))
    }

    /// Which moments count as the time of signing.
    package enum SigningTime: Hashable, Sendable {
        /// Only those that a log or a timestamp authority signed.
        case signed
        /// Those, and where there is none the moment of asking: for certificates that live long and
        /// whose revocation is somebody else's duty.
        case signedOrNow(Timestamp)
    }

    package let signer: TrustedSigner
    package let transparency: Transparency
    /// Different timestamp authorities that must have stamped it.
    package let timestamps: Int
    /// Different certificate transparency logs that must have seen the certificate.
    package let certificateLogs: Int
    package let time: SigningTime
    /// Whether a bundle in version 0.3 may bring intermediate certificates.
    package let acceptsChains: Bool

    package init(
        signer: TrustedSigner, transparency: Transparency, timestamps: Int, certificateLogs: Int,
        time: SigningTime, acceptsChains: Bool
    ) {
        self.signer = signer
        self.transparency = transparency
        self.timestamps = timestamps
        self.certificateLogs = certificateLogs
        self.time = time
        self.acceptsChains = acceptsChains
    }

    /// A plain key, no log, no timestamps: what a signature by a key of one's own needs.
    package static func key(_ signer: TrustedSigner) -> VerificationDemand {
        VerificationDemand(
            signer: signer, transparency: .ignored, timestamps: 0, certificateLogs: 0,
            time: .signed,
            acceptsChains: false)
    }

    /// What the public Sigstore instance promises: one log, one certificate log, a signed time.
    package static func sigstore(_ signer: TrustedSigner) -> VerificationDemand {
        VerificationDemand(
            signer: signer, transparency: .oneLog, timestamps: 0,
            certificateLogs: 1, time: .signed, acceptsChains: false)
    }

    /// Whether `root` holds what these demands need at all; when not, the answer would be "no" for
    /// everything, and the truth is that nobody can tell.
    package func check(against root: TrustedRoot?) throws(Failure) {
        var missing: [String] = []
        if case .certificates = signer, root?.certificateAuthorities.isEmpty ?? true {
            missing.append("certificate authorities")
        }
        if case .logged(let logs) = transparency, parties(root?.logs) < logs.parties {
            missing.append(
                logs.parties == 1 ? "transparency log" : "\(logs.parties) transparency logs")
        }
        if case .certificates = signer, parties(root?.certificateTransparencyLogs) < certificateLogs
        {
            missing.append("certificate transparency log")
        }
        if (root?.timestampAuthorities.count ?? 0) < timestamps {
            missing.append("\(timestamps) timestamp authorities")
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
