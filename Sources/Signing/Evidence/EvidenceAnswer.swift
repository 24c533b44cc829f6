// SPDX-License-Identifier: Apache-2.0
// The answer to "who signed this?", in which no two kinds of no are one.

package import Primitives

/// The result for every candidate: a proof, or the reason why it is not one.
package struct VerificationReport<Proof: Sendable>: Sendable {
    package private(set) var proofs: [Proof]
    /// Verified, but excluded by the predicate of `keeping`.
    package private(set) var unmet: [Proof]
    package private(set) var rejections: [RejectedCandidate]
    /// Why some candidates were not verified; nil when all were.
    package private(set) var limit: Failure?

    init(
        proofs: [Proof], unmet: [Proof], rejections: [RejectedCandidate], limit: Failure?
    ) {
        self.proofs = proofs
        self.unmet = unmet
        self.rejections = rejections
        self.limit = limit
    }

    /// A report on no candidate.
    package init() { self.init(proofs: [], unmet: [], rejections: [], limit: nil) }

    /// Adds the report on further candidates.
    package mutating func add(_ other: VerificationReport<Proof>) {
        proofs += other.proofs
        unmet += other.unmet
        rejections += other.rejections
        limit = limit ?? other.limit
    }

    /// The most specific rejection; nil when nothing was found.
    package var mostTelling: RejectedCandidate? { rejections.mostTelling }
}

extension [RejectedCandidate] {
    var mostTelling: RejectedCandidate? { self.max { $0.problem < $1.problem } }
}

/// A candidate that proves nothing, and why.
package struct RejectedCandidate: Sendable {
    package let candidate: EvidenceCandidate
    /// The most basic check that it fails.
    package let problem: EvidenceProblem
    /// Everything that was checked about it, as far as it came.
    package let checks: [VerificationCheck]

    /// The sentence for people: found against expected.
    package var why: String { problem.why }
}

/// What evidence says about one question. "Could not look" is not among the cases: it throws.
package enum EvidenceAnswer<Proof: Sendable>: Sendable {
    /// At least one piece of evidence verified.
    case proven([Proof])
    /// The signer made these, and none meets the further demand, such as an annotation.
    case demandUnmet([Proof])
    /// Every carrier was asked and none holds anything of the kind.
    case unsigned
    /// There is evidence of the kind, and none of it verifies; the most telling one comes first.
    case notProven([RejectedCandidate])
    /// Nothing here, and proof at the place the image was copied from.
    case lostAtMirror(origin: String, [Proof])
}

extension EvidenceAnswer {
    /// Whether the evidence may have been lost on the way here: nothing is there, or only names of
    /// what is gone.
    package var mayBeLost: Bool {
        switch self {
        case .unsigned: true
        case .notProven(let rejected): rejected.allSatisfy(\.isGone)
        case .proven, .demandUnmet, .lostAtMirror: false
        }
    }
}

extension RejectedCandidate {
    /// Whether a list names it and the place does not have it.
    package var isGone: Bool {
        if case .unreadable(let failure) = candidate.form {
            failure.kind == .notFound
        } else {
            false
        }
    }
}

extension VerificationReport {
    /// The answer the report gives. Evidence of another kind is no evidence: an attested image may
    /// still be unsigned.
    package var answer: EvidenceAnswer<Proof> {
        if !proofs.isEmpty { return .proven(proofs) }
        if !unmet.isEmpty { return .demandUnmet(unmet) }
        let relevant = rejections.filter { $0.problem.code != .otherType }
        guard let first = relevant.mostTelling else { return .unsigned }
        let others = relevant.filter { $0.candidate.identity != first.candidate.identity }
        return .notProven([first] + others)
    }

    /// The answer. `obstacle` says why evidence may have been missed; nil if none was.
    ///
    /// - Throws: the obstacle, or the limit that ended the verification, when there is no proof:
    ///   what was not read could be one, so "no" would be a guess.
    package func answer(unless obstacle: Failure?) throws(Failure) -> EvidenceAnswer<Proof> {
        if proofs.isEmpty, let unknown = obstacle ?? limit { throw unknown }
        return answer
    }

    /// Why a statement that the signer signed cannot be evaluated; nil if there is no such
    /// statement. Only the signer can make one, and another reader may accept it.
    package var unreadStatement: Failure? {
        rejections.first { $0.problem.code == .statementMalformed }.map {
            Failure(
                .malformed, "cannot judge \($0.candidate.digest)", because: $0.problem.why,
                next: "let its signer write the statement again")
        }
    }

    /// The same report, where proofs that do not meet a further demand are set apart.
    package func keeping(_ demand: (Proof) -> Bool) -> VerificationReport {
        VerificationReport(
            proofs: proofs.filter(demand), unmet: unmet + proofs.filter { !demand($0) },
            rejections: rejections, limit: limit)
    }
}
