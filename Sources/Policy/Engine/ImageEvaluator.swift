// SPDX-License-Identifier: Apache-2.0
// One image against the entries of one rule that match it.
// Spec: docs/kyverno.md, "verifyImages", "Order of evaluation".

import OCI
import Primitives
import Signing

/// From facts to a result. The digest whose evidence is verified is the digest that is reported and
/// pinned.
struct ImageEvaluator: Sendable {
    let name: PolicyImageName
    let query: ImageQuery
    /// Those of the rule that match the image.
    let requirements: [ImageRequirement]
    /// What conditions on statements see.
    let names: ConditionContext

    /// The result, and the digest that it is about. It says nothing if a fact was missing.
    func result(reading facts: inout FactReader) -> (RequirementResult, Digest?) {
        let isNeeded = requirements.contains { $0.needsFacts(for: name) }
        guard let known = isNeeded ? facts.image(query) : facts.known(query) else {
            guard !isNeeded else { return (.waiting, nil) }
            return (.all(digestResults(name.name.digest) + requiredResults), name.name.digest)
        }
        switch resolution(known) {
        case .failed(let failed): return (.all([failed] + digestResults(nil)), nil)
        case .digest(let digest):
            var results: [RequirementResult] = []
            if needsEvidence { results.append(evidenceResult(known, digest, reading: &facts)) }
            return (.all(results + digestResults(digest) + requiredResults), digest)
        }
    }

    /// What Kyverno says of an image that passed.
    var passMessage: String {
        if requirements.contains(where: { !$0.statements.isEmpty }) {
            return "verified image attestations for \(name)"
        }
        return "verified image signatures for \(name)"
    }

    /// The finding for an image whose digest is in order and that needs no evidence; nil otherwise.
    ///
    /// A pass means that evidence verified. Entries that only require a digest (`required: false`,
    /// no attestors) require no evidence: the result of their images is `unmatched`, not `pass`.
    /// The patch is still made, and a missing digest still fails (`DIGEST_REQUIRED`).
    ///
    /// Spec: docs/exit-codes-and-reasons.md, "Five results of a check".
    var unverified: RequirementResult? {
        guard !needsEvidence, let first = requirements.first else { return nil }
        return RequirementResult(
            DecisionCheck(
                id: "verifyImages[\(first.index)].attestors", what: "verification",
                expected: "attestors or attestations that verify the image",
                observed: "the rule asks for a digest and for no evidence",
                outcome: .undetermined, reason: .unmatched),
            fixes: [.nameSigners(pointer: first.pointer)],
            cause: "no evidence is asked for about image \(name)")
    }

    /// The pinned reference, when the policy asks for it and the image passed.
    func patch(at image: ImageUse, digest: Digest?, after finding: RequirementResult) -> Decision
        .Patch?
    {
        guard finding.outcome == .met, name.name.digest == nil, let digest,
            requirements.contains(where: \.mutateDigest)
        else { return nil }
        return Decision.Patch(pointer: image.pointer, value: "\(image.written)@\(digest)")
    }

    private var needsEvidence: Bool { requirements.contains(where: \.needsEvidence) }

    // MARK: The digest

    private enum Resolution {
        case digest(Digest)
        case failed(RequirementResult)
    }

    /// A digest in the name is what is meant, whatever a tag beside it points at.
    private func resolution(_ facts: ImageFacts) -> Resolution {
        let written = name.name.digest
        switch facts.resolution {
        case .resolved(let descriptor):
            guard let written, written != descriptor.digest else {
                return .digest(descriptor.digest)
            }
            let check = DecisionCheck(
                id: "digest", what: "resolution", expected: "\(written)",
                observed: "\(descriptor.digest)", outcome: .refused, reason: .subjectMismatch)
            return .failed(
                RequirementResult(
                    check, fixes: [],
                    cause: "failed to verify image \(name): the registry gave "
                        + "\(descriptor.digest)"))
        case .unresolved(let failure):
            // Evidence is found by digest, and the digest is known.
            if let written, failure.lookupOutcome != .refused { return .digest(written) }
            return .failed(unresolved(failure))
        }
    }

    private func unresolved(_ failure: Failure) -> RequirementResult {
        let isAbsent = failure.kind == .notFound
        let check = DecisionCheck(
            id: "digest", what: "resolution",
            expected: isAbsent
                ? "the image \(name) in \(name.name.repository)" : "the digest of \(name)",
            observed: isAbsent
                ? "the registry answered, and the image is not there: \(failure.line)"
                : failure.line,
            outcome: failure.lookupOutcome, reason: failure.lookupReason)
        return RequirementResult(check, fixes: [.fixRegistry(failure)], cause: failure.line)
    }

    /// The entries with `verifyDigest` require a digest in the image's reference. With
    /// `mutateDigest` the patch adds it.
    ///
    /// Spec: docs/kyverno.md, "verifyImages".
    private func digestResults(_ digest: Digest?) -> [RequirementResult] {
        requirements.filter(\.verifyDigest).map { requirement in
            let id = "verifyImages[\(requirement.index)].verifyDigest"
            let expected = "a digest in the reference"
            guard name.name.digest == nil else {
                return RequirementResult(
                    DecisionCheck(
                        id: id, what: "digest", expected: expected, observed: "\(name)",
                        outcome: .met),
                    fixes: [], cause: "")
            }
            guard !requirement.mutateDigest else {
                return RequirementResult(
                    DecisionCheck(
                        id: id, what: "digest", expected: expected,
                        observed: "\(name), which is pinned on the way in", outcome: .met),
                    fixes: [], cause: "")
            }
            return RequirementResult(
                DecisionCheck(
                    id: id, what: "digest", expected: expected, observed: "\(name)",
                    outcome: .refused, reason: .digestRequired),
                fixes: digest.map { [.writeDigest($0)] } ?? [],
                cause: "missing digest for \(name)")
        }
    }

    /// `required` means that the image must be verified, which is impossible without attestors.
    /// Kyverno asks whether it was marked as verified before: docs/kyverno.md, "verifyImages".
    private var requiredResults: [RequirementResult] {
        requirements.filter { $0.required && !$0.needsEvidence }.map { requirement in
            RequirementResult(
                DecisionCheck(
                    id: "verifyImages[\(requirement.index)].required", what: "verification",
                    expected: "attestors or attestations that verify the image",
                    observed: "the policy names none", outcome: .refused, reason: .policyError),
                fixes: [.nameSigners(pointer: requirement.pointer)],
                cause: "unverified image \(name)")
        }
    }

    // MARK: Evidence

    private func evidenceResult(
        _ facts: ImageFacts, _ digest: Digest, reading reader: inout FactReader
    ) -> RequirementResult {
        let result = result(of: facts.evidence, .current, about: digest, reading: &reader)
        guard result.outcome == .refused else { return result }
        return missingAtMirror(facts, digest, result, reading: &reader)
            ?? tagMoved(facts, digest, result, reading: &reader) ?? result
    }

    private func result(
        of lookup: EvidenceLookup, _ locator: EvidenceLocator, about digest: Digest,
        reading facts: inout FactReader
    ) -> RequirementResult {
        // Evidence is verified against its own subject, so that must be the digest in question.
        if case .looked(let evidence) = lookup, evidence.subject != digest {
            let check = DecisionCheck(
                id: "evidence", what: "evidence", expected: "evidence about \(digest)",
                observed: "evidence about \(evidence.subject)", outcome: .refused,
                reason: .subjectMismatch)
            return RequirementResult(
                check, fixes: [],
                cause: "failed to verify image \(name): the evidence is about \(evidence.subject)")
        }
        let evaluator = RequirementEvaluator(
            query: query, locator: locator, lookup: lookup, image: name.description, names: names)
        var results: [RequirementResult] = []
        for requirement in requirements.compactMap(\.evidence) {
            results.append(evaluator.result(of: requirement, reading: &facts))
        }
        return .all(results)
    }

    private func missingAtMirror(
        _ facts: ImageFacts, _ digest: Digest, _ result: RequirementResult,
        reading reader: inout FactReader
    ) -> RequirementResult? {
        guard let origin = facts.origin, origin.digest == digest,
            result.reason == .unsigned || result.reason == .attestationMissing
        else { return nil }
        let there = self.result(
            of: .looked(origin.evidence), .origin, about: digest, reading: &reader)
        // If the origin does not answer, it stays open whether the evidence was lost.
        if there.outcome == .undetermined, !origin.evidence.isComplete { return there }
        guard there.outcome == .met else { return nil }
        let check = DecisionCheck(
            id: "mirror", what: "evidence at the origin",
            expected: "the evidence that \(origin.repository) has",
            observed: "it is not at \(name.name.repository)", outcome: .refused,
            reason: .evidenceMissingAtMirror, evidence: there.checks.flatMap(\.evidence).inOrderOnce
        )
        return result.explained(
            by: check, fix: .copyEvidence(from: origin.repository, digest))
    }

    /// A tag that meant a signed digest, and now means another one that does not verify.
    private func tagMoved(
        _ facts: ImageFacts, _ digest: Digest, _ result: RequirementResult,
        reading reader: inout FactReader
    ) -> RequirementResult? {
        guard name.name.digest == nil, let remembered = facts.remembered,
            remembered.digest != digest, remembered.repository == name.name.repository
        else { return nil }
        let before = self.result(
            of: .looked(remembered.evidence), .remembered, about: remembered.digest,
            reading: &reader)
        guard before.outcome == .met else { return nil }
        let check = DecisionCheck(
            id: "tag", what: "what the tag means",
            expected: "\(remembered.digest), which is signed", observed: "\(digest)",
            outcome: .refused, reason: .tagMoved,
            evidence: before.checks.flatMap(\.evidence).inOrderOnce)
        return result.explained(
            by: check, fix: .useDigest(remembered.digest, in: remembered.repository))
    }
}
