// SPDX-License-Identifier: Apache-2.0
// The result of a requirement, before it is part of a decision.

import OCI
import Primitives
import Signing

/// The outcome of a requirement, with everything that is reported about it.
struct RequirementResult: Sendable {
    var outcome: CheckOutcome
    /// nil when it was met.
    var reason: ReasonCode?
    var checks: [DecisionCheck]
    /// What to mend, in the order to do it.
    var fixes: [RemediationAction]
    /// The sentence of a message, in Kyverno's words.
    var cause: String
    /// Whose evidence met it: keys and identities.
    var signers: Set<String> = []

    /// The result while a fact is missing. Nothing is reported of it: the evaluation asks first.
    static let waiting = RequirementResult(
        outcome: .undetermined, reason: nil, checks: [], fixes: [], cause: "")

    /// A result of exactly one check.
    init(_ check: DecisionCheck, fixes: [RemediationAction], cause: String) {
        self.init(
            outcome: check.outcome, reason: check.reason, checks: [check], fixes: fixes,
            cause: cause)
    }

    private init(
        outcome: CheckOutcome, reason: ReasonCode?, checks: [DecisionCheck],
        fixes: [RemediationAction],
        cause: String, signers: Set<String> = []
    ) {
        self.signers = signers
        self.outcome = outcome
        self.reason = reason
        self.checks = checks
        self.fixes = fixes
        self.cause = cause
    }

    /// All must be met: a refusal settles it, then what is undetermined.
    static func all(_ results: [RequirementResult]) -> RequirementResult {
        guard
            let leading = results.first(where: { $0.outcome == .refused })
                ?? results.first(where: { $0.outcome == .undetermined })
        else {
            return RequirementResult(
                outcome: .met, reason: nil, checks: results.flatMap(\.checks), fixes: [],
                cause: "", signers: signers(of: results))
        }
        return RequirementResult(
            outcome: leading.outcome, reason: leading.reason, checks: results.flatMap(\.checks),
            fixes: results.flatMap(\.fixes).inOrderOnce, cause: leading.cause)
    }

    /// `required` of them must be met; what is undetermined may still be.
    static func atLeast(_ required: Int, of results: [RequirementResult]) -> RequirementResult {
        atLeast(required, of: results, met: results.count { $0.outcome == .met })
    }

    /// `required` of them must be met, and by as many different signers.
    ///
    /// The rule: of the requirements that were met, `required` must each be paired with a signer of
    /// its own, out of those whose evidence met it. A nested set brings the signers that met it. So
    /// one signer counts once, however often and however deep it is written; a requirement that is
    /// undetermined may still bring a signer of its own.
    static func atLeast(
        _ required: Int, bySignersOf results: [RequirementResult], id: String,
        fix: RemediationAction
    ) -> RequirementResult {
        let met = results.filter { $0.outcome == .met }
        let different = differentSigners(met.map { Array($0.signers) })
        var result = atLeast(required, of: results, met: different)
        guard result.outcome != .met, met.count > different else { return result }
        let check = DecisionCheck(
            id: "\(id).count", what: "different signers", expected: "\(required) different signers",
            observed: "\(met.count) demands met by \(different) different signers",
            outcome: result.outcome,
            reason: result.outcome == .refused ? .signerMismatch : result.reason)
        // It decides only where nothing else does: every other refusal says more.
        result.checks.insert(check, at: result.reason == nil ? 0 : result.checks.endIndex)
        result.reason = result.reason ?? check.reason
        if result.fixes.isEmpty { result.fixes = [fix] }
        if result.cause.isEmpty { result.cause = ".\(id): \(check.observed)" }
        return result
    }

    private static func atLeast(
        _ required: Int, of results: [RequirementResult], met: Int
    ) -> RequirementResult {
        let open = results.filter { $0.outcome == .undetermined }
        let checks = results.flatMap(\.checks)
        if met >= required {
            return RequirementResult(
                outcome: .met, reason: nil, checks: checks, fixes: [], cause: "",
                signers: signers(of: results))
        }
        let refused = results.filter { $0.outcome == .refused }
        let isOpen = met + open.count >= required
        let candidates = isOpen ? open : refused
        let leading = candidates.max { $0.rank < $1.rank }
        // The shortest way to green mends as many as are missing, and no more.
        let mended = (isOpen ? open : refused + open).prefix(required - met)
        return RequirementResult(
            outcome: isOpen ? .undetermined : .refused, reason: leading?.reason, checks: checks,
            fixes: mended.flatMap(\.fixes).inOrderOnce, cause: leading?.cause ?? "")
    }

    /// The same result with a check before the others that explains it better.
    func explained(by check: DecisionCheck, fix: RemediationAction) -> RequirementResult {
        var result = self
        result.reason = check.reason
        result.checks.insert(check, at: 0)
        result.fixes = [fix]
        return result
    }

    private static func signers(of results: [RequirementResult]) -> Set<String> {
        results.filter { $0.outcome == .met }.reduce(into: []) { $0.formUnion($1.signers) }
    }

    private var rank: Int { reason?.specificityRank ?? 0 }
}

/// How many of the requirements can be given a signer each that no other of them is given.
///
/// Spec: the largest matching of a bipartite graph, by augmenting paths.
private func differentSigners(_ candidates: [[String]]) -> Int {
    var demandOfSigner: [String: Int] = [:]
    func gives(_ demand: Int, _ tried: inout Set<String>) -> Bool {
        for signer in candidates[demand] where tried.insert(signer).inserted {
            if let holder = demandOfSigner[signer], !gives(holder, &tried) { continue }
            demandOfSigner[signer] = demand
            return true
        }
        return false
    }
    return candidates.indices.count { demand in
        var tried: Set<String> = []
        return gives(demand, &tried)
    }
}

extension Array where Element: Hashable {
    /// Every element once, where it stood first.
    var inOrderOnce: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
