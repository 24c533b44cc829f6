// SPDX-License-Identifier: Apache-2.0
// One entry of verifyImages, compiled. Spec: docs/kyverno.md, "verifyImages".

import OCI
import Primitives
import Signing

/// What a rule requires of the images that some patterns match.
struct ImageRequirement: Sendable {
    /// Its index in the list, for the names of checks.
    let index: Int
    /// Its place in the policy's file, for edits (RFC 6901).
    let pointer: String
    let references: [ImagePattern]
    let skipped: [ImagePattern]
    let action: FailureAction?
    /// nil if no evidence is required.
    let evidence: Requirement?
    /// The predicate types of that evidence.
    let types: Set<PredicateType>
    /// The statements that must exist.
    let statements: [RequiredStatement]
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
        let id = "verifyImages[\(index)]"
        var requirements = try compiler.requirements(
            written.attestors, of: .signature, id: id, pointer: pointer)
        var types: Set<PredicateType> = requirements.isEmpty ? [] : [.signature]
        var statements: [RequiredStatement] = []
        for (position, attestation) in written.attestations.enumerated() {
            let statement = RequiredStatement(
                type: attestation.type, conditions: attestation.conditions)
            statements.append(statement)
            types.insert(statement.type)
            requirements += try compiler.requirements(
                attestation.attestors, of: .statement(statement),
                id: "\(id).attestations[\(position)]",
                pointer: attestation.sharesAttestors
                    ? pointer : "\(pointer)/attestations/\(position)")
        }
        evidence = requirements.isEmpty ? nil : .all(requirements)
        self.types = types
        self.statements = statements
        verifyDigest = written.verifyDigest
        required = written.required
        mutateDigest = try mayMutate(written, policyAction, warnings: &warnings)
        if let text = idleWarning {
            warnings.append(PolicyWarning(place: written.place, text: text))
        }
    }

    /// Why the entry does not do what its author may think; nil if it does.
    private var idleWarning: String? {
        if needsEvidence { return nil }
        if required { return "required is true and no attestors are named, so every image fails" }
        return requiresNothing
            ? "the entry demands nothing, so its images stay unmatched"
            : "the entry only pins and verifies nothing, so its images stay unmatched"
    }

    /// Whether anything must be fetched to evaluate an image.
    func needsFacts(for name: PolicyImageName) -> Bool {
        needsEvidence || (mutateDigest && name.name.digest == nil)
    }

    var needsEvidence: Bool { evidence != nil }

    /// An entry that requires nothing matches no image: its result must not look like a pass.
    var requiresNothing: Bool { !needsEvidence && !required && !verifyDigest && !mutateDigest }
}

/// Whether an entry of verifyImages matches an image.
enum ImageMatch: Sendable {
    case none
    /// It matches, but for this pattern of `skipImageReferences`.
    case skipped(ImagePattern)
    case matched
}

extension ImageRequirement {
    /// `skipImageReferences` is read after `imageReferences`.
    ///
    /// Spec: docs/kyverno.md, "verifyImages".
    func match(_ name: PolicyImageName) throws(Failure) -> ImageMatch {
        guard !requiresNothing else { return .none }
        var isMatched = false
        for pattern in references where try name.isCovered(by: pattern) {
            isMatched = true
            break
        }
        guard isMatched else { return .none }
        for pattern in skipped where try name.isFreed(by: pattern) { return .skipped(pattern) }
        return .matched
    }
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
