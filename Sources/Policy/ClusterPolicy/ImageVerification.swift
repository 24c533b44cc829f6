// SPDX-License-Identifier: Apache-2.0
// One entry of verifyImages as a policy writes it.
// Spec: docs/kyverno.md, "verifyImages", "Attestations".

import Primitives
import Signing

/// What must be true of the images that some patterns cover.
struct ImageVerificationDeclaration: Sendable {
    let references: [ImagePattern]
    let skipped: [ImagePattern]
    let action: FailureAction?
    let attestors: [AttestorSetDeclaration]
    let attestations: [AttestationDeclaration]
    /// nil when the policy does not say; Kyverno's default is true.
    let mutateDigest: Bool?
    let verifyDigest: Bool
    let required: Bool
    let place: Place
    /// Warnings about patterns that match no image.
    let warnings: [PolicyWarning]

    init(reading node: YAMLNode, in scope: ConditionScope) throws(Failure) {
        try node.refuseFields(otherThan: knownFields, unsupported: unsupportedFields)
        var warnings: [PolicyWarning] = []
        let list = try node.required("imageReferences")
        references = try patterns(list, &warnings)
        guard !references.isEmpty else {
            throw list.broken("it is an empty list, and would cover no image")
        }
        skipped = try patterns(try node.optional("skipImageReferences"), &warnings)
        self.warnings = warnings
        action = try node.optional("failureAction").map { (part) throws(Failure) in
            try FailureAction(reading: part)
        }
        attestors = try AttestorSetDeclaration.list(try node.optional("attestors"))
        var attestations: [AttestationDeclaration] = []
        for item in try node.optional("attestations")?.items() ?? [] {
            attestations.append(
                try AttestationDeclaration(reading: item, besides: attestors, in: scope))
        }
        self.attestations = attestations
        mutateDigest = try node.optional("mutateDigest")?.boolean()
        verifyDigest = try node.flag("verifyDigest", default: true)
        required = try node.flag("required", default: true)
        place = try node.optional("mutateDigest")?.place ?? node.place
        try checkStorage(node)
    }

    /// Fields about where and how to look. Assay reads every carrier, so they change nothing, and
    /// are still read strictly.
    private func checkStorage(_ node: YAMLNode) throws(Failure) {
        _ = try node.flag("useCache", default: true)
        _ = try node.flag("cosignOCI11", default: false)
        guard let type = try node.optional("type") else { return }
        guard try type.word(of: ["Cosign", "SigstoreBundle", "Notary"]) != "Notary" else {
            throw Failure(
                .unsupported, "cannot use the policy", at: type.place,
                because: "Notary signatures are not supported",
                next: "sign with assay sign or cosign, and leave type out")
        }
    }
}

/// A statement that must be there, by whom, and what it must say.
struct AttestationDeclaration: Sendable {
    let name: String?
    let type: PredicateType
    let attestors: [AttestorSetDeclaration]
    /// Whether these are the rule's own, because the attestation names none.
    let sharesAttestors: Bool
    let conditions: [ConditionGroup]

    /// Spec: docs/kyverno.md, "Attestations".
    ///
    /// Deviation: Kyverno reads the statements of an attestation without attestors without
    /// verifying them. An unsigned statement proves nothing: here the attestors of the rule must
    /// have signed it, and the attestation is refused if the rule has none.
    init(
        reading node: YAMLNode, besides own: [AttestorSetDeclaration], in scope: ConditionScope
    ) throws(Failure) {
        try node.refuseFields(otherThan: [
            "name", "type", "predicateType", "attestors", "conditions",
        ])
        name = try node.optional("name")?.string()
        type = try predicateType(node)
        let written = try AttestorSetDeclaration.list(try node.optional("attestors"))
        attestors = written.isEmpty ? own : written
        sharesAttestors = written.isEmpty
        guard !attestors.isEmpty else {
            throw Failure(
                .malformed, "cannot use the policy", at: node.place,
                because: "the attestation names no attestors and neither does its rule; "
                    + "unsigned statements prove nothing",
                next: "add attestors with the key that signs this statement")
        }
        for set in attestors { try refuseAnnotations(set) }
        var conditions: [ConditionGroup] = []
        for item in try node.optional("conditions")?.items() ?? [] {
            conditions.append(try ConditionGroup(reading: item, in: scope))
        }
        self.conditions = conditions
    }
}

private func predicateType(_ node: YAMLNode) throws(Failure) -> PredicateType {
    let type = try node.optional("type")
    let older = try node.optional("predicateType")
    guard let field = type ?? older else { throw node.broken("the field \"type\" is missing") }
    if let type, let older, try type.string() != older.string() {
        throw older.broken("type and predicateType name two different types; write type only")
    }
    let found: PredicateType
    do {
        found = try PredicateType(uri: try field.string())
    } catch {
        throw error.during("cannot use the policy", at: field.place)
    }
    guard found != .signature else {
        throw field.broken("that type is a signature; name the signer under attestors instead")
    }
    return found
}

/// Statements carry no simple-signing annotations that an attestor could ask for.
private func refuseAnnotations(_ set: AttestorSetDeclaration) throws(Failure) {
    for entry in set.entries {
        guard entry.annotations.isEmpty else {
            throw Failure(
                .unsupported, "cannot use the policy", at: entry.place,
                because: "annotations are checked on signatures, not on attestations",
                next: "give the attestation attestors of its own, and conditions")
        }
        if case .nested(let inner) = entry.trust { try refuseAnnotations(inner) }
    }
}

private func patterns(
    _ node: YAMLNode?, _ warnings: inout [PolicyWarning]
) throws(Failure) -> [ImagePattern] {
    var found: [ImagePattern] = []
    for item in try node?.items() ?? [] {
        let pattern = try ImagePattern(reading: item)
        if let why = pattern.misfit {
            warnings.append(
                PolicyWarning(
                    place: item.place,
                    text: "the pattern \(quoted(pattern.description)) matches no image: \(why)"))
        }
        found.append(pattern)
    }
    return found
}

private let knownFields: Set<String> = [
    "imageReferences", "skipImageReferences", "type", "failureAction", "attestors", "attestations",
    "cosignOCI11", "mutateDigest", "verifyDigest", "required", "useCache",
]

private let unsupportedFields: [String: String] = [
    "validate": "write the conditions under attestations",
    "repository": "keep signatures beside the image, as assay sign does",
    "imageRegistryCredentials": "log in with docker login; Assay reads its configuration",
    "image": "write imageReferences", "key": "write attestors with keys",
    "roots": "write attestors with keyless", "subject": "write attestors with keyless",
    "issuer": "write attestors with keyless", "annotations": "write them in the attestor's entry",
    "additionalExtensions": "write attestors with keyless",
]
