// SPDX-License-Identifier: Apache-2.0
// The conditions of a policy, evaluated on one statement.
// Spec: docs/kyverno.md, "Attestations", "Condition operators".

import Primitives
import Signing

/// Conditions on one verified statement.
struct ConditionJudge {
    let attestation: CompiledAttestation
    let image: String
    let root: String
    let names: ConditionContext

    func judge(_ proof: VerifiedStatement) -> DemandFinding {
        let statement = names.about(proof.predicate)
        var findings: [DemandFinding] = []
        for (index, group) in attestation.conditions.enumerated() {
            let id = "\(root).conditions[\(index)]"
            for (place, condition) in group.all.enumerated() {
                findings.append(judge(condition, statement, proof, id: "\(id).all[\(place)]"))
            }
            guard !group.any.isEmpty else { continue }
            var choices: [DemandFinding] = []
            for (place, condition) in group.any.enumerated() {
                choices.append(judge(condition, statement, proof, id: "\(id).any[\(place)]"))
            }
            findings.append(.atLeast(1, of: choices))
        }
        return .all(findings)
    }

    private func judge(
        _ condition: AttestationCondition, _ statement: StatementContext,
        _ proof: VerifiedStatement, id: String
    ) -> DemandFinding {
        let found = condition.judged(in: statement)
        let unread = condition.roots.intersection(statement.shadowed).sorted()
        let note =
            unread.isEmpty
            ? ""
            : "; the statement's own \(unread.map { quoted($0) }.joined(separator: ", ")) is not read"
        let said =
            found.outcome == .met
            ? nil : condition.message(in: statement)
        return DemandFinding(
            DecisionCheck(
                id: id, what: "condition \(plain(condition.keyText))", expected: found.wanted,
                observed: found.observed + note, outcome: found.outcome, reason: found.reason,
                evidence: [proof.evidenceDigest]),
            remedies: found.outcome == .met ? [] : [remedy(condition, found, statement)],
            cause:
                "attestation checks failed for \(image) and predicate \(attestation.type): "
                + plain(
                    said
                        ?? "\(condition.keyText) is \(found.observed), expected \(found.wanted)")
        )
    }

    /// What is wrong in the statement is mended in the build; anything else in the policy, or in
    /// what it asks about.
    private func remedy(
        _ condition: AttestationCondition, _ found: ConditionFinding,
        _ statement: StatementContext
    ) -> Remedy {
        guard let place = condition.keyPlace(besides: names.scope) else {
            return .mendPolicy(
                "the condition \(plain(condition.keyText)) is not about the statement; mend the "
                    + "workload, or the policy")
        }
        return .correct(
            attestation.type, place: place, observed: found.value,
            expected: condition.comparison == .equals
                ? String(found.wanted.dropFirst(condition.comparison.rawValue.count + 1))
                : found.wanted)
    }
}
