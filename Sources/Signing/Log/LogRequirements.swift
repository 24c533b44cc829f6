// SPDX-License-Identifier: Apache-2.0
// Requirements on log entries. They come from the policy, never from the evidence.

/// The requirements of a verifier on log entries.
///
/// The unsigned version of a bundle does not change them.
package struct LogRequirements: Hashable, Sendable {
    /// The required proof of one entry.
    package enum Proof: Hashable, Sendable {
        /// An inclusion proof with a signed checkpoint.
        case inclusionProof
        /// An inclusion proof, or a signed entry timestamp (SET), the log's promise to include the
        /// entry. Bundles of version 0.1 and legacy annotations have only a SET; Rekor v2 has none.
        case inclusionProofOrSET
    }

    /// The required proof of each entry.
    package let proof: Proof
    /// The number of distinct log operators that must have logged the signature. With 0 no entry is
    /// required, and invalid entries are still rejected.
    package let threshold: Int
    /// The required witnesses of checkpoints.
    package let witnesses: WitnessRequirements

    package init(proof: Proof, threshold: Int, witnesses: WitnessRequirements) {
        self.proof = proof
        self.threshold = threshold
        self.witnesses = witnesses
    }
}
