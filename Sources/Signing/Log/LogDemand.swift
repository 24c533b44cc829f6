// SPDX-License-Identifier: Apache-2.0
// What must be shown of the logs. It comes from policy and trust root, never from the evidence.

/// How much transparency a verifier asks for.
///
/// A bundle's own version is unsigned and changes nothing here.
package struct LogDemand: Hashable, Sendable {
    /// What one entry needs.
    package enum Proof: Hashable, Sendable {
        /// An inclusion proof up to a signed checkpoint.
        case inclusionProof
        /// That, or a signed entry timestamp: the log's promise to include the entry. It is all that
        /// bundles of version 0.1 and old annotations have. Rekor v2 never promises.
        case inclusionProofOrPromise
    }

    package let proof: Proof
    /// How many distinct parties must have logged the signature; 0 asks for none, and still refuses
    /// entries that are wrong.
    package let parties: Int
    package let witnesses: WitnessDemand

    package init(proof: Proof, parties: Int, witnesses: WitnessDemand) {
        self.proof = proof
        self.parties = parties
        self.witnesses = witnesses
    }
}
