// SPDX-License-Identifier: Apache-2.0
// Rules for Pods, applied to the controllers that create Pods.
// Spec: docs/kyverno.md, "Autogen".

import Primitives

/// The pod controllers a policy's rules are generated for.
struct Autogen: Sendable {
    private let controllers: [String]

    /// nil when nothing is generated: switched off by annotation, or a filter asks for what a
    /// controller cannot answer for its pods, or for pods together with other kinds.
    init?(_ document: PolicyDocument) throws(Failure) {
        controllers = try chosenControllers(document)
        guard !controllers.isEmpty else { return nil }
        for description in document.rules.flatMap(\.scope.descriptions) {
            let hasPod = description.kinds.contains(where: \.isPod)
            guard !description.hasPodOnlyParts, !hasPod || description.kinds.count == 1 else {
                return nil
            }
        }
    }

    /// The generated rules, `autogen-` ones before `autogen-cronjob-` ones of the same rule.
    func rules(from rules: [CompiledRule]) -> [CompiledRule] {
        rules.filter(\.speaksOfPods).flatMap { rule in
            [
                generated(rule, prefix: "autogen-", for: controllers.filter { $0 != "CronJob" }),
                generated(
                    rule, prefix: "autogen-cronjob-", for: controllers.filter { $0 == "CronJob" }),
            ].compactMap(\.self)
        }
    }

    private func generated(
        _ rule: CompiledRule, prefix: String, for kinds: [String]
    ) -> CompiledRule? {
        guard !kinds.isEmpty else { return nil }
        var copy = rule
        copy.name = String((prefix + rule.name).prefix(maximumNameLength))
        copy.isGenerated = true
        copy.scope = rule.scope.speaking(of: kinds.compactMap { KindSelector($0) })
        return copy
    }
}

extension CompiledRule {
    fileprivate var speaksOfPods: Bool {
        scope.match.filters.contains { $0.resources?.kinds.contains(where: \.isPod) == true }
    }
}

private func chosenControllers(_ document: PolicyDocument) throws(Failure) -> [String] {
    guard let text = document.annotations[annotation], text != "all" else { return allControllers }
    guard text != "none" else { return [] }
    var chosen: [String] = []
    for name in text.utf8.split(separator: ",") {
        let name = String(decoding: name.utf8.filter { !isWhitespaceByte($0) }, as: UTF8.self)
        guard allControllers.contains(name) else {
            throw Failure(
                .malformed, "cannot use the policy", at: document.place,
                because: "\(annotation) names \(quoted(name)), which is not one of "
                    + allControllers.joined(separator: ", ") + ", all, none")
        }
        chosen.append(name)
    }
    return chosen
}

private let annotation = "pod-policies.kyverno.io/autogen-controllers"

private let allControllers = [
    "DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet",
    "CronJob",
]
