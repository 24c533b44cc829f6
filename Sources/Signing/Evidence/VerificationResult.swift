// SPDX-License-Identifier: Apache-2.0
// The results of verifying all evidence about a digest.

package import Primitives

/// The results of all candidates: verified evidence, or the reason for each rejection.
package struct VerificationReport<Proof: Sendable>: Sendable {
    package private(set) var proofs: [Proof]
    /// Verified, but excluded by the predicate of `keeping`.
    package private(set) var unmet: [Proof]
    package private(set) var rejections: [RejectedCandidate]
    /// Why some candidates were not verified; nil if all were.
    package private(set) var limit: Failure?

    init(
        proofs: [Proof], unmet: [Proof], rejections: [RejectedCandidate], limit: Failure?
    ) {
        self.proofs = proofs
        self.unmet = unmet
        self.rejections = rejections
        self.limit = limit
    }

    /// An empty report.
    package init() { self.init(proofs: [], unmet: [], rejections: [], limit: nil) }

    /// Adds the report on further candidates.
    package mutating func add(_ other: VerificationReport<Proof>) {
        proofs += other.proofs
        unmet += other.unmet
        rejections += other.rejections
        limit = limit ?? other.limit
    }

    /// The most specific rejection; nil if nothing was found.
    package var mostSpecific: RejectedCandidate? { rejections.mostSpecific }
}

extension [RejectedCandidate] {
    var mostSpecific: RejectedCandidate? { self.max { $0.problem < $1.problem } }
}

/// A candidate that does not verify, and the reason.
package struct RejectedCandidate: Sendable {
    package let candidate: SignedEntity
    /// The problem of the first failed check.
    package let problem: VerificationError
    /// The checks up to the failure.
    package let checks: [VerificationCheck]

    /// A message with what was found and what was expected.
    package var why: String { problem.why }
}

/// The result of verifying the evidence about one digest. If evidence cannot be read, a `Failure`
/// is thrown instead.
package enum VerificationResult<Proof: Sendable>: Sendable {
    /// At least one piece of evidence verified.
    case verified([Proof])
    /// The signer made these, and none meets the other requirements, such as an annotation.
    case requirementsNotMet([Proof])
    /// All locations were read, and none has evidence of the type.
    case unsigned
    /// There is evidence of the type, and none of it verifies; the most specific rejection is
    /// first.
    case failed([RejectedCandidate])
    /// The mirror has no evidence, and the origin has verified evidence.
    case missingAtMirror(origin: String, [Proof])
}

extension VerificationResult {
    /// Whether evidence may be missing at a mirror: there is none, or only listed items that are
    /// not found.
    package var mayBeLost: Bool {
        switch self {
        case .unsigned: true
        case .failed(let rejected): rejected.allSatisfy(\.isGone)
        case .verified, .requirementsNotMet, .missingAtMirror: false
        }
    }
}

extension RejectedCandidate {
    /// Whether it is listed and not found.
    package var isGone: Bool {
        if case .unreadable(let failure) = candidate.form {
            failure.kind == .notFound
        } else {
            false
        }
    }
}

extension VerificationReport {
    /// The result of the report. Evidence of another type does not count: an attested image can be
    /// unsigned.
    package var answer: VerificationResult<Proof> {
        if !proofs.isEmpty { return .verified(proofs) }
        if !unmet.isEmpty { return .requirementsNotMet(unmet) }
        let relevant = rejections.filter { $0.problem.code != .otherType }
        guard let first = relevant.mostSpecific else { return .unsigned }
        let others = relevant.filter { $0.candidate.identity != first.candidate.identity }
        return .failed([first] + others)
    }

    /// The result of the report.
    ///
    /// - Parameter obstacle: why evidence may be missing; nil if all locations were read.
    /// - Throws: the obstacle, or the limit that ended the verification, if no evidence verifies:
    ///   the unread evidence could verify.
    package func answer(unless obstacle: Failure?) throws(Failure) -> VerificationResult<Proof> {
        if proofs.isEmpty, let unknown = obstacle ?? limit { throw unknown }
        return answer
    }

    /// Why a statement that may be the signer's cannot be evaluated; nil if there is no such
    /// statement: one that the signer signed and that has no readable shape, which another reader may
    /// accept, or one that a list names and that is not there.
    package var unreadStatement: Failure? {
        rejections.lazy.compactMap { rejection -> Failure? in
            guard !rejection.isGone else {
                return Failure(
                    .unavailable, "cannot judge \(rejection.candidate.digest)",
                    because: "it is listed and not there: \(rejection.problem.why)",
                    next: "push it again, or remove it from the list")
            }
            guard rejection.problem.code == .statementMalformed else { return nil }
            return Failure(
                .malformed, "cannot judge \(rejection.candidate.digest)",
                because: rejection.problem.why, next: "let its signer write the statement again")
        }.first
    }

    /// The same report, with verified evidence that does not meet other requirements in `unmet`.
    package func keeping(_ requirements: (Proof) -> Bool) -> VerificationReport {
        VerificationReport(
            proofs: proofs.filter(requirements), unmet: unmet + proofs.filter { !requirements($0) },
            rejections: rejections, limit: limit)
    }
}
