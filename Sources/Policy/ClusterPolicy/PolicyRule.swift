// SPDX-License-Identifier: Apache-2.0
// One rule as a policy writes it.
// Spec: docs/kyverno.md, "Policy and rule", "Matching".

import Primitives

/// A name, a scope, and what must be true of the images in it.
struct PolicyRuleDeclaration: Sendable {
    let name: String
    let scope: MatchExclude
    let verifications: [ImageVerificationDeclaration]
    let context: RuleContext
    let place: Place

    init(reading node: YAMLNode) throws(Failure) {
        try refuseOtherRuleTypes(node)
        try node.refuseFields(
            otherThan: [
                "name", "match", "exclude", "verifyImages", "context", "reportProperties",
                "skipBackgroundRequests",
            ], unsupported: unsupportedFields)
        let nameNode = try node.required("name")
        name = try nameNode.string()
        guard !name.isEmpty, name.utf8.count <= maximumNameLength else {
            throw nameNode.broken("a rule's name has 1 to \(maximumNameLength) characters")
        }
        scope = try MatchExclude(
            match: try node.required("match"), exclude: try node.optional("exclude"))
        context = try RuleContext(reading: try node.optional("context"))
        _ = try node.optional("reportProperties")?.stringMap()
        _ = try node.optional("skipBackgroundRequests")?.boolean()
        let list = try node.required("verifyImages")
        var verifications: [ImageVerificationDeclaration] = []
        for item in try list.items() {
            verifications.append(try ImageVerificationDeclaration(reading: item, in: context.scope))
        }
        guard !verifications.isEmpty else { throw list.broken("it is an empty list") }
        self.verifications = verifications
        place = nameNode.place
    }
}

/// The longest name Kubernetes takes for a label's value, and so for a rule.
let maximumNameLength = 63

private func refuseOtherRuleTypes(_ node: YAMLNode) throws(Failure) {
    for member in try node.members() where otherRuleTypes.contains(member.name) {
        throw Failure(
            .unsupported, "cannot use the policy", at: member.place,
            because:
                "\(quoted(member.name)) is not about images, and Assay reads only verifyImages",
            next: "keep image rules in a policy of their own")
    }
}

private let otherRuleTypes: Set<String> = ["validate", "mutate", "generate"]

private let unsupportedFields: [String: String] = [
    "preconditions": "narrow the rule with match and exclude",
    "celPreconditions": "narrow the rule with match and exclude",
    "imageExtractors": "only pods and the resources that make pods are read",
]
