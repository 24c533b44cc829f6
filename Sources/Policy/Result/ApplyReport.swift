// SPDX-License-Identifier: Apache-2.0
// What `policy apply` reports. Spec: docs/kyverno.md, "Results", "Messages".

package import Primitives

/// Policies applied to resources: Kyverno's lines and exit code, and ours about every image.
package struct ApplyReport: Sendable {
    /// Counts of rule results, as Kyverno counts them: one for each rule and resource it matched.
    package struct Counts: Hashable, Sendable {
        package var pass = 0
        package var fail = 0
        package var warn = 0
        package var error = 0
        package var skip = 0
    }

    package let policies: [CompiledPolicy]
    package let evaluations: [Evaluation]
    /// Resources that could not be read as what they claim to be; each counts as an error.
    package let failures: [Failure]
    /// Resources that name images that were not judged.
    package let unevaluated: [UnevaluatedResource]
    /// Documents that are not Kubernetes objects.
    package let others: [ManifestFile.OtherDocument]
    /// Whether a fail under Audit counts as a warning (`--audit-warn`).
    package let auditWarn: Bool

    package init(
        policies: [CompiledPolicy], evaluations: [Evaluation], failures: [Failure],
        unevaluated: [UnevaluatedResource] = [], others: [ManifestFile.OtherDocument] = [],
        auditWarn: Bool
    ) {
        self.policies = policies
        self.evaluations = evaluations
        self.failures = failures
        self.unevaluated = unevaluated
        self.others = others
        self.auditWarn = auditWarn
    }

    package var counts: Counts {
        var counts = Counts()
        counts.error = failures.count
        for outcome in evaluations.flatMap(\.results) {
            switch status(outcome) {
            case .pass: counts.pass += 1
            case .fail: counts.fail += 1
            case .warn: counts.warn += 1
            case .error: counts.error += 1
            case .skip: counts.skip += 1
            }
        }
        return counts
    }

    /// 1 on any fail or error, else 0. Spec: docs/kyverno.md, "Results".
    package var exitCode: Int { counts.fail > 0 || counts.error > 0 ? 1 : 0 }

    /// Kyverno's first line.
    package var header: String {
        "Applying \(policies.reduce(0) { $0 + $1.ruleCount }) policy rule(s) to "
            + "\(evaluations.count + failures.count) resource(s)..."
    }

    /// Kyverno's last line; the space at its end is theirs.
    package var summaryLine: String {
        let counts = counts
        return "pass: \(counts.pass), fail: \(counts.fail), warn: \(counts.warn), "
            + "error: \(counts.error), skip: \(counts.skip) "
    }

    /// Ours: how many images ended in which of the five results, which Kyverno's counts of rules do
    /// not tell.
    package var imagesLine: String {
        let images = evaluations.flatMap(\.images)
        let counts = ImageResult.allCases.map { result in
            "\(result.rawValue) \(images.count { $0.result == result })"
        }
        return "images: " + counts.joined(separator: ", ")
    }

    /// Whether an image has no verdict: no rule matches it, or Assay does not evaluate its
    /// resource.
    package var holdsUnjudgedImages: Bool {
        !unevaluated.isEmpty
            || evaluations.contains { $0.images.contains { $0.result == .unmatched } }
    }

    /// The whole report; no newline at its end.
    package var text: String {
        var blocks = [header]
        for evaluation in evaluations { blocks += violations(in: evaluation) }
        for failure in failures { blocks.append(failure.description) }
        blocks += evaluations.flatMap(\.decisions).map(\.summaryText)
        blocks += unevaluated.map(\.summaryText)
        if !others.isEmpty {
            blocks.append(
                (["no Kubernetes object, nothing judged: \(others.count)"]
                    + others.map { "  \($0.description)" }).joined(separator: "\n"))
        }
        blocks.append(imagesLine)
        if !unevaluated.isEmpty {
            blocks.append("not evaluated: \(unevaluated.count) resource(s)")
        }
        blocks.append(summaryLine)
        return blocks.joined(separator: "\n\n")
    }

    /// The whole report as data, in a form with a version.
    package var json: JSONValue {
        let counts = counts
        return [
            "format": "assay/apply-report/v1",
            "summary": [
                "pass": .number(JSONNumber(counts.pass)), "fail": .number(JSONNumber(counts.fail)),
                "warn": .number(JSONNumber(counts.warn)),
                "error": .number(JSONNumber(counts.error)),
                "skip": .number(JSONNumber(counts.skip)),
            ],
            "images": imageCounts,
            "notEvaluated": .array(unevaluated.map(\.json)),
            "notKubernetes": .array(
                others.map {
                    [
                        "place": .string($0.place.description), "why": .string($0.why),
                    ]
                }),
            "rules": .array(
                evaluations.flatMap { evaluation in evaluation.results.map { json($0, evaluation) }
                }),
            "decisions": .array(evaluations.flatMap(\.decisions).map(\.json)),
            "failures": .array(failures.map { .string($0.description) }),
            "warnings": .array(policies.flatMap(\.warnings).map { .string($0.description) }),
        ]
    }

    /// How many images ended in which of the five results.
    private var imageCounts: JSONValue {
        var object = JSONObject()
        let images = evaluations.flatMap(\.images)
        for result in ImageResult.allCases {
            object[result.rawValue] = .number(JSONNumber(images.count { $0.result == result }))
        }
        return .object(object)
    }

    private func json(_ outcome: RuleResult, _ evaluation: Evaluation) -> JSONValue {
        [
            "policy": .string(outcome.policy.name), "rule": .string(outcome.rule),
            "resource": .string(evaluation.resource.description),
            "result": .string(status(outcome).rawValue),
            "action": .string(outcome.action.rawValue), "message": .string(outcome.message),
        ]
    }

    private func status(_ outcome: RuleResult) -> RuleResult.Status {
        let softened = !outcome.isScored || (auditWarn && outcome.action == .audit)
        guard outcome.status == .fail, softened else { return outcome.status }
        // The fail becomes a warning; what could not be found out beside it stays an error.
        return outcome.isUndecided ? .error : .warn
    }

    private func violations(in evaluation: Evaluation) -> [String] {
        let bad = evaluation.results.filter { [.fail, .error].contains($0.status) }
        return bad.map(\.policy.name).inOrderOnce.map { policy in
            let rules = bad.filter { $0.policy.name == policy }
            let isSoft = rules.allSatisfy { status($0) == .warn }
            let lines = rules.enumerated().map {
                "\($0 + 1) - \(plain($1.rule)) \(plain($1.message, atMost: messageLength))"
            }
            return "policy \(plain(policy)) -> resource \(plain(evaluation.resource.description)) "
                + (isSoft ? "failed as audit warning:" : "failed:") + "\n"
                + lines.joined(separator: "\n")
        }
    }
}

/// Characters of one rule's message: those of all its images stand in it.
private let messageLength = 4_000
