// SPDX-License-Identifier: Apache-2.0
// Answers to questions about evidence: pure, so that a caller may answer them in any order, at the
// same time, and once for all requests that ask.

package import Signing

extension VerificationQuery {
    /// The signatures by the signer that the evidence holds.
    ///
    /// - Parameter trust: the logs and authorities for what the policy does not name itself; nil if
    ///   there are none.
    package func signatures(
        in evidence: Evidence, trust: TrustedRoot?
    ) -> VerificationFact<VerifiedSignature> {
        answer(in: evidence, trust: trust) { evidence.signatures(by: $0) }
    }

    /// The statements of the type, by the signer, that the evidence holds.
    ///
    /// - Parameter trust: the logs and authorities for what the policy does not name itself; nil if
    ///   there are none.
    package func statements(
        in evidence: Evidence, trust: TrustedRoot?
    ) -> VerificationFact<VerifiedStatement> {
        answer(in: evidence, trust: trust) { evidence.attestations(of: type, by: $0) }
    }

    private func answer<Proof: Sendable>(
        in evidence: Evidence, trust: TrustedRoot?,
        _ verify: (SignatureVerifier) -> VerificationReport<Proof>
    ) -> VerificationFact<Proof> {
        do {
            let (requirements, root) = try signer.trust.requirements(of: signer.signer, with: trust)
            return .verified(verify(try SignatureVerifier(requirements: requirements, root: root)))
        } catch {
            return .untrusted(error, evidence.claims(of: type, by: signer.signer))
        }
    }
}
