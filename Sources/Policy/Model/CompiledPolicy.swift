// SPDX-License-Identifier: Apache-2.0
// Policies ready to evaluate: everything that can be checked before a request has been checked.
// Spec: docs/kyverno.md, "Policy and rule", "Refused policies", "Autogen".

import OCI
package import Primitives
import Signing

/// A policy whose fields, patterns, keys and counts were all checked.
package struct CompiledPolicy: Sendable {
    package let name: String
    /// The namespace of a `Policy`; nil for a `ClusterPolicy`.
    package let namespace: String?
    /// SHA-256 of the file it was read from.
    package let digest: Digest
    /// The file it was read from.
    package let source: String
    /// What is legal and probably not meant.
    package let warnings: [PolicyWarning]
    /// Those that are written and those generated for pod controllers.
    let rules: [CompiledRule]
    let action: FailureAction
    let overrides: [FailureActionOverride]
    let stopsAfterFirstRule: Bool
    /// `policies.kyverno.io/scored: "false"`: a fail is told as a warning.
    let isScored: Bool

    /// Rules counted as Kyverno counts them, generated ones included.
    package var ruleCount: Int { rules.count }

    /// - Throws: `Failure` with the file and line of what cannot be compiled.
    init(
        _ document: PolicyDocument, material: KeyMaterial, digest: Digest, source: String
    ) throws(Failure) {
        name = document.name
        namespace = document.namespace
        self.digest = digest
        self.source = source
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
    var scope: RuleScope
    let verifications: [CompiledVerification]
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
        var verifications: [CompiledVerification] = []
        for (place, verification) in rule.verifications.enumerated() {
            verifications.append(
                try CompiledVerification(
                    verification, index: place,
                    pointer: "/spec/rules/\(index)/verifyImages/\(place)",
                    policyAction: document.action, compiler: &compiler,
                    warnings: &warnings))
        }
        self.verifications = verifications
        hasConditions = verifications.contains {
            $0.attestations.contains { !$0.conditions.isEmpty }
        }
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
        let written = verifications.compactMap(\.action)
        return written.contains(.enforce) ? .enforce : written.first
    }
}

/// One entry of verifyImages, ready to judge.
struct CompiledVerification: Sendable {
    /// Its place in the list, for check names.
    let index: Int
    /// Its place in the policy's file, for edits (RFC 6901).
    let pointer: String
    let references: [ImagePattern]
    let skipped: [ImagePattern]
    let action: FailureAction?
    let attestorSets: [AttestorSet]
    let attestations: [CompiledAttestation]
    let mutateDigest: Bool
    let verifyDigest: Bool
    let required: Bool

    init(
        _ written: ImageVerificationDeclaration, index: Int, pointer: String,
        policyAction: FailureAction, compiler: inout AttestorCompiler,
        warnings: inout [PolicyWarning]
    ) throws(Failure) {
        self.index = index
        self.pointer = pointer
        warnings += written.warnings
        references = written.references
        skipped = written.skipped
        action = written.action
        attestorSets = try compiler.sets(written.attestors, under: pointer)
        var attestations: [CompiledAttestation] = []
        for (place, attestation) in written.attestations.enumerated() {
            let root = attestation.sharesAttestors ? pointer : "\(pointer)/attestations/\(place)"
            attestations.append(
                CompiledAttestation(
                    name: attestation.name, type: attestation.type,
                    attestorSets: try compiler.sets(attestation.attestors, under: root),
                    conditions: attestation.conditions))
        }
        self.attestations = attestations
        verifyDigest = written.verifyDigest
        required = written.required
        mutateDigest = try mayMutate(written, policyAction, warnings: &warnings)
        if required, attestorSets.isEmpty, attestations.isEmpty {
            warnings.append(
                PolicyWarning(
                    place: written.place,
                    text: "required is true and no attestors are named, so every image fails"))
        } else if demandsNothing {
            warnings.append(
                PolicyWarning(
                    place: written.place,
                    text: "the entry demands nothing, so its images stay unmatched"))
        } else if !needsEvidence, !required {
            warnings.append(
                PolicyWarning(
                    place: written.place,
                    text: "the entry only pins and verifies nothing, so its images stay unmatched"))
        }
    }

    /// Whether anything must be fetched to judge an image.
    func needsFacts(for name: PolicyImageName) -> Bool {
        needsEvidence || (mutateDigest && name.name.digest == nil)
    }

    var needsEvidence: Bool { !attestorSets.isEmpty || !attestations.isEmpty }

    /// An entry that asks for nothing speaks about no image: it must not look like a pass.
    var demandsNothing: Bool { !needsEvidence && !required && !verifyDigest && !mutateDigest }
}

/// A statement that must be there, ready to judge.
struct CompiledAttestation: Sendable {
    let name: String?
    let type: PredicateType
    let attestorSets: [AttestorSet]
    let conditions: [ConditionGroup]
}

/// `mutateDigest: true` is refused if the action is Audit.
///
/// Spec: docs/kyverno.md, "Refused policies".
///
/// Deviation: Kyverno refuses its own default here. Assay refuses the field if it is written. If it
/// is left out, it is false under Audit, with a warning: a policy that only reports changes
/// nothing.
private func mayMutate(
    _ written: ImageVerificationDeclaration, _ policyAction: FailureAction,
    warnings: inout [PolicyWarning]
) throws(Failure) -> Bool {
    guard (written.action ?? policyAction) == .audit else { return written.mutateDigest ?? true }
    switch written.mutateDigest {
    case true?:
        throw Failure(
            .malformed, "cannot use the policy", at: written.place,
            because: "mutateDigest must be set to false for 'Audit' failure action")
    case false?: return false
    case nil:
        warnings.append(
            PolicyWarning(
                place: written.place,
                text: "mutateDigest is taken as false because the action is Audit; write it out"))
        return false
    }
}
