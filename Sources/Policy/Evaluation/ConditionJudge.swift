// SPDX-License-Identifier: Apache-2.0
// What the conditions of a policy say of one statement. Spec: reference kyverno.md §1.4.

import Primitives
import Signing

/// Conditions on one verified statement.
struct ConditionJudge {
    let attestation: CompiledAttestation
    let image: String
    let root: String

    func judge(_ proof: VerifiedStatement) throws(Failure) -> DemandFinding {
        var findings: [DemandFinding] = []
        for (index, group) in attestation.conditions.enumerated() {
            let id = "\(root).conditions[\(index)]"
            for (place, condition) in group.all.enumerated() {
                findings.append(try judge(condition, proof, id: "\(id).all[\(place)]"))
            }
            guard !group.any.isEmpty else { continue }
            var choices: [DemandFinding] = []
            for (place, condition) in group.any.enumerated() {
                choices.append(try judge(condition, proof, id: "\(id).any[\(place)]"))
            }
            findings.append(.atLeast(1, of: choices))
        }
        return .all(findings)
    }

    private func judge(
        _ condition: AttestationCondition, _ proof: VerifiedStatement, id: String
    ) throws(Failure) -> DemandFinding {
        let holds = try condition.holds(for: proof.predicate)
        let observed = condition.observed(in: proof.predicate).map { value in
            let why = condition.comparison.incomparable(value, with: condition.value)
            return plain(value.compactText) + (why.map { " (\($0))" } ?? "")
        }
        let wanted = "\(condition.comparison.rawValue) \(plain(condition.value.compactText))"
        let said =
            condition.message
            ?? "\(condition.keyText) is \(observed ?? "absent"), expected \(wanted)"
        var remedies: [Remedy] = []
        if !holds, case .expression(let expression) = condition.key {
            remedies = [
                .correct(
                    attestation.type, pointer: expression.pointer, observed: observed,
                    expected: condition.comparison == .equals
                        ? plain(condition.value.compactText) : wanted)
            ]
        }
        return DemandFinding(
            DecisionCheck(
                id: id, what: "condition \(plain(condition.keyText))", expected: wanted,
                observed: observed ?? "absent", outcome: holds ? .met : .refused,
                reason: holds ? nil : .attestationPolicyFailed, evidence: [proof.evidenceDigest]),
            remedies: remedies,
            cause:
                "attestation checks failed for \(image) and predicate \(attestation.type): "
                + plain(said)
        )
    }
}
