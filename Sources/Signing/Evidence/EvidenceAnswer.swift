// SPDX-License-Identifier: Apache-2.0
// The answer to "who signed this?", in which no two kinds of no are one.

internal import Primitives

/// What evidence says about one question. "Could not look" is not among the cases: it throws.
package enum EvidenceAnswer<Proof: Sendable>: Sendable {
    /// At least one piece of evidence verified.
    case proven([Proof])
    /// Every carrier was asked and none holds anything of the kind.
    case unsigned
    /// There is evidence of the kind, and none of it verifies; the most telling one comes first.
    case notProven([RejectedCandidate])
    /// Nothing here, and proof at the place the image was copied from.
    case lostAtMirror(origin: String, [Proof])
}

extension VerificationReport {
    /// The answer the report gives. Evidence of another kind is no evidence: an attested image may
    /// still be unsigned.
    package var answer: EvidenceAnswer<Proof> {
        if !proofs.isEmpty { return .proven(proofs) }
        let relevant = rejections.filter { $0.reason != .otherType }
        guard let first = VerificationReport(proofs: [], rejections: relevant).mostTelling else {
            return .unsigned
        }
        let others = relevant.filter { $0.candidate.identity != first.candidate.identity }
        return .notProven([first] + others)
    }

    /// The same report with only the proofs that also meet a further demand.
    package func keeping(_ demand: (Proof) -> Bool) -> VerificationReport {
        VerificationReport(proofs: proofs.filter(demand), rejections: rejections)
    }
}
