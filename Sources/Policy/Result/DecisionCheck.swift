// SPDX-License-Identifier: Apache-2.0
// One thing that was checked, with what was expected and what was there.

package import Primitives

/// How one check ended.
package enum CheckOutcome: String, Hashable, Sendable, CaseIterable {
    case met, refused, undetermined
}

/// A step of a decision, told so that it can be done again.
package struct DecisionCheck: Hashable, Sendable {
    /// Where the policy asks for it: `verifyImages[0].attestors[0].entries[1].keys`.
    package let id: String
    /// What was asked.
    package let what: String
    package let expected: String
    package let observed: String
    package let outcome: CheckOutcome
    package let reason: ReasonCode?
    /// The evidence that was used, by digest.
    package let evidence: [Digest]

    init(
        id: String, what: String, expected: String, observed: String, outcome: CheckOutcome,
        reason: ReasonCode? = nil, evidence: [Digest] = []
    ) {
        self.id = id
        self.what = what
        self.expected = expected
        self.observed = observed
        self.outcome = outcome
        self.reason = reason
        self.evidence = evidence
    }
}
