// SPDX-License-Identifier: Apache-2.0
// Kyverno's ClusterPolicy and Policy.
// Spec: docs/kyverno.md, "Policy and rule", "Refused policies".

import Primitives

/// A policy as it is written: every field read, nothing resolved.
struct PolicyDocument: Sendable {
    let name: String
    /// The namespace of a `Policy`; nil for a `ClusterPolicy`.
    let namespace: String?
    let annotations: ByteStringMap<String>
    let action: FailureAction
    let overrides: [FailureActionOverride]
    /// `applyRules: One`: the first rule that applies is the last.
    let stopsAfterFirstRule: Bool
    let rules: [PolicyRuleDeclaration]
    let place: Place

    static let kinds: Set<String> = ["ClusterPolicy", "Policy"]

    init(reading node: YAMLNode) throws(Failure) {
        try node.refuseFields(otherThan: ["apiVersion", "kind", "metadata", "spec", "status"])
        let version = try node.required("apiVersion")
        guard servedVersions.contains(try version.string()) else {
            throw Failure(
                .unsupported, "cannot use the policy", at: version.place,
                because: "\(quoted(try version.string())) is none of "
                    + servedVersions.joined(separator: ", "))
        }
        let isCluster = try node.required("kind").string() == "ClusterPolicy"
        let metadata = try node.required("metadata")
        try metadata.refuseFields(otherThan: metadataFields)
        name = try metadata.required("name").string()
        let namespace = try metadata.optional("namespace")?.string()
        self.namespace = isCluster ? nil : namespace ?? "default"
        annotations = try metadata.optional("annotations")?.stringMap() ?? [:]
        let spec = try node.required("spec")
        try spec.refuseFields(otherThan: specificationFields)
        action =
            try spec.optional("validationFailureAction").map { (part) throws(Failure) in
                try FailureAction(reading: part)
            } ?? .audit
        overrides = try readOverrides(spec, isCluster: isCluster)
        stopsAfterFirstRule =
            try spec.optional("applyRules")?.word(of: ["All", "One"]) == "One"
        try checkSettings(spec)
        rules = try readRules(try spec.required("rules"))
        place = node.place
    }
}

private func readOverrides(
    _ spec: YAMLNode, isCluster: Bool
) throws(Failure) -> [FailureActionOverride] {
    guard let list = try spec.optional("validationFailureActionOverrides") else { return [] }
    guard isCluster else {
        throw list.broken("a Policy has one namespace; overrides belong to a ClusterPolicy")
    }
    var overrides: [FailureActionOverride] = []
    for item in try list.items() { overrides.append(try FailureActionOverride(reading: item)) }
    return overrides
}

private func readRules(_ list: YAMLNode) throws(Failure) -> [PolicyRuleDeclaration] {
    var rules: [PolicyRuleDeclaration] = []
    var names: Set<String> = []
    for item in try list.items() {
        let rule = try PolicyRuleDeclaration(reading: item)
        guard names.insert(rule.name).inserted else {
            throw Failure(
                .malformed, "cannot use the policy", at: rule.place,
                because: "two rules have the name \(quoted(rule.name))")
        }
        rules.append(rule)
    }
    guard !rules.isEmpty else { throw list.broken("a policy needs a rule") }
    return rules
}

/// Settings of the cluster's webhook. They do not change a verdict; they are read so that a policy
/// that Kyverno would refuse is refused here too.
private func checkSettings(_ spec: YAMLNode) throws(Failure) {
    for name in [
        "emitWarning", "schemaValidation", "useServerSideApply", "generateExisting",
        "generateExistingOnPolicyUpdate", "mutateExistingOnPolicyUpdate",
    ] { _ = try spec.optional(name)?.boolean() }
    _ = try spec.optional("background")?.boolean()
    if let admission = try spec.optional("admission"), try !admission.boolean() {
        throw admission.broken("image rules run at admission, and it is switched off")
    }
    try checkFailurePolicy(spec, timeout: "webhookTimeoutSeconds")
    guard let webhook = try spec.optional("webhookConfiguration") else { return }
    try webhook.refuseFields(
        otherThan: ["failurePolicy", "timeoutSeconds"],
        unsupported: ["matchConditions": "narrow the rules with match and exclude"])
    try checkFailurePolicy(webhook, timeout: "timeoutSeconds")
}

private func checkFailurePolicy(_ node: YAMLNode, timeout: String) throws(Failure) {
    _ = try node.optional("failurePolicy")?.word(of: ["Fail", "Ignore"])
    guard let seconds = try node.optional(timeout) else { return }
    guard (1...30).contains(try seconds.integer()) else {
        throw seconds.broken("a webhook waits 1 to 30 seconds")
    }
}

private let servedVersions = ["kyverno.io/v1", "kyverno.io/v2beta1"]

private let specificationFields: Set<String> = [
    "applyRules", "validationFailureAction", "validationFailureActionOverrides", "failurePolicy",
    "webhookTimeoutSeconds", "webhookConfiguration", "emitWarning", "admission", "background",
    "schemaValidation", "useServerSideApply", "generateExisting", "generateExistingOnPolicyUpdate",
    "mutateExistingOnPolicyUpdate", "rules",
]

/// Spec: Kubernetes ObjectMeta (v1).
private let metadataFields: Set<String> = [
    "name", "generateName", "namespace", "labels", "annotations", "uid", "resourceVersion",
    "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
    "ownerReferences", "finalizers", "managedFields", "selfLink",
]
