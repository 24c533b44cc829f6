// SPDX-License-Identifier: Apache-2.0
// Policies ready to evaluate: everything that can be checked before a request has been checked.
// Spec: docs/kyverno.md, "Policy and rule", "Refused policies", "Autogen".

import OCI
package import Primitives
import Signing

/// The name of a policy, and where it was read.
package struct PolicyIdentity: Hashable, Sendable {
    package let name: String
    /// The namespace of a `Policy`; nil for a `ClusterPolicy`.
    package let namespace: String?
    /// SHA-256 of the file it was read from.
    package let digest: Digest
    /// The file it was read from.
    package let source: String
}

/// A policy whose fields, patterns, keys and counts were all checked.
package struct CompiledPolicy: Sendable {
    package let identity: PolicyIdentity
    /// What is legal and probably not meant.
    package let warnings: [PolicyWarning]
    /// Those that are written and those generated for pod controllers.
    let rules: [CompiledRule]
    let action: FailureAction
    let overrides: [FailureActionOverride]
    let stopsAfterFirstRule: Bool
    /// `policies.kyverno.io/scored: "false"`: a fail is told as a warning.
    let isScored: Bool

    package var name: String { identity.name }

    /// Rules counted as Kyverno counts them, generated ones included.
    package var ruleCount: Int { rules.count }

    /// - Throws: `Failure` with the file and line of what cannot be compiled.
    init(
        _ document: PolicyDocument, material: KeyMaterial, digest: Digest, source: String
    ) throws(Failure) {
        identity = PolicyIdentity(
            name: document.name, namespace: document.namespace, digest: digest, source: source)
        action = document.action
        overrides = document.overrides
        stopsAfterFirstRule = document.stopsAfterFirstRule
        isScored = document.annotations["policies.kyverno.io/scored"] != "false"
        var warnings: [PolicyWarning] = []
        var rules: [CompiledRule] = []
        for (index, rule) in document.rules.enumerated() {
            rules.append(
                try CompiledRule(
                    rule, index: index, of: document, material: material, warnings: &warnings))
        }
        let generated = try Autogen(document)?.rules(from: rules) ?? []
        let names = (rules + generated).map(\.name)
        guard Set(names).count == names.count else {
            throw Failure(
                .malformed, "cannot use the policy", at: document.place,
                because: "a rule has the name of one that is generated for pod controllers")
        }
        self.rules = rules + generated
        self.warnings = warnings
    }
}

/// Something about a policy that a careful author wants to know.
package struct PolicyWarning: Hashable, Sendable, CustomStringConvertible {
    package let place: Place
    package let text: String

    package var description: String { "\(place): \(text)" }
}

/// One rule, written or generated.
struct CompiledRule: Sendable {
    var name: String
    var scope: MatchExclude
    /// The entries of verifyImages.
    let images: [ImageRequirement]
    /// Values the rule gives names to, in its order.
    let variables: [ContextVariable]
    /// What the rule's conditions may ask for.
    let scopeOfConditions: ConditionScope
    /// Whether anything is asked of a statement.
    let hasConditions: Bool
    /// Whether it was made for pod controllers, out of one for pods.
    var isGenerated = false

    init(
        _ rule: PolicyRuleDeclaration, index: Int, of document: PolicyDocument,
        material: KeyMaterial, warnings: inout [PolicyWarning]
    ) throws(Failure) {
        name = rule.name
        scope = rule.scope
        variables = rule.context.variables
        scopeOfConditions = rule.context.scope
        var compiler = AttestorCompiler(material: material, context: rule.context.keys)
        var images: [ImageRequirement] = []
        for (entry, verification) in rule.verifications.enumerated() {
            images.append(
                try ImageRequirement(
                    verification, index: entry,
                    pointer: "/spec/rules/\(index)/verifyImages/\(entry)",
                    policyAction: document.action, compiler: &compiler,
                    warnings: &warnings))
        }
        self.images = images
        hasConditions = images.contains { $0.statements.contains { !$0.conditions.isEmpty } }
        warnings += compiler.warnings
        for kind in rule.scope.match.filters.flatMap({ $0.resources?.kinds ?? [] })
        where podSpecPaths[kind.kind] == nil && !Wildcard(kind.kind).isPattern {
            warnings.append(
                PolicyWarning(
                    place: rule.place,
                    text: "the rule \(quoted(rule.name)) matches \(quoted(kind.description)), and "
                        + "Assay knows no images in that kind"))
        }
    }

    /// Enforce if any entry says so, otherwise the first one written; nil if none is.
    ///
    /// Spec: docs/kyverno.md, "Effective action".
    var action: FailureAction? {
        let written = images.compactMap(\.action)
        return written.contains(.enforce) ? .enforce : written.first
    }
}
