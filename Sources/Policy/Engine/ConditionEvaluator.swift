// SPDX-License-Identifier: Apache-2.0
// The conditions of a policy on one statement.
// Spec: docs/kyverno.md, "Attestations", "Condition operators".

import Primitives
import Signing

/// Conditions on one verified statement.
struct ConditionEvaluator {
    let statement: RequiredStatement
    let image: String
    let root: String
    let names: ConditionContext

    func result(on proof: VerifiedStatement) -> RequirementResult {
        let context = names.about(proof.predicate)
        var results: [RequirementResult] = []
        for (index, group) in statement.conditions.enumerated() {
            let id = "\(root).conditions[\(index)]"
            for (position, condition) in group.all.enumerated() {
                results.append(
                    result(of: condition, context, proof, id: "\(id).all[\(position)]"))
            }
            guard !group.any.isEmpty else { continue }
            var choices: [RequirementResult] = []
            for (position, condition) in group.any.enumerated() {
                choices.append(
                    result(of: condition, context, proof, id: "\(id).any[\(position)]"))
            }
            results.append(.atLeast(1, of: choices))
        }
        return .all(results)
    }

    private func result(
        of condition: AttestationCondition, _ context: StatementContext,
        _ proof: VerifiedStatement, id: String
    ) -> RequirementResult {
        let found = condition.judged(in: context)
        let unread = condition.roots.intersection(context.shadowed).sorted()
        let note =
            unread.isEmpty
            ? ""
            : "; the statement's own \(unread.map { quoted($0) }.joined(separator: ", ")) is not read"
        let said =
            found.outcome == .met
            ? nil : condition.message(in: context)
        return RequirementResult(
            DecisionCheck(
                id: id, what: "condition \(plain(condition.keyText))", expected: found.wanted,
                observed: found.observed + note, outcome: found.outcome, reason: found.reason,
                evidence: [proof.evidenceDigest]),
            fixes: found.outcome == .met ? [] : [fix(condition, found)],
            cause:
                "attestation checks failed for \(image) and predicate \(statement.type): "
                + plain(
                    said
                        ?? "\(condition.keyText) is \(found.observed), expected \(found.wanted)")
        )
    }

    /// What is wrong in the statement is mended in the build; anything else in the policy, or in
    /// what it asks about.
    private func fix(
        _ condition: AttestationCondition, _ found: ConditionResult
    ) -> RemediationAction {
        guard let place = condition.keyPlace(besides: names.scope) else {
            return .fixPolicy(
                "the condition \(plain(condition.keyText)) is not about the statement; mend the "
                    + "workload, or the policy")
        }
        return .correct(
            statement.type, place: place, observed: found.value,
            expected: condition.comparison == .equals
                ? String(found.wanted.dropFirst(condition.comparison.rawValue.count + 1))
                : found.wanted)
    }
}
