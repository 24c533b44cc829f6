// SPDX-License-Identifier: Apache-2.0
// One image against the entries of one rule that match it.
// Spec: docs/kyverno.md, "verifyImages", "Order of evaluation".

import OCI
import Primitives
import Signing

/// From facts to a finding. The digest that is judged is the digest that is reported and pinned.
struct ImageJudge: Sendable {
    let name: PolicyImageName
    let facts: ImageFacts?
    let verifications: [CompiledVerification]
    /// Whom to believe where the policy names nobody itself.
    let trust: TrustedRoot?
    /// What conditions on statements see.
    let names: ConditionContext

    func judge() throws(Failure) -> (DemandFinding, Digest?) {
        let resolution = resolve()
        guard resolution.finding.outcome == .met else {
            return (.all([resolution.finding] + digestFindings(nil)), nil)
        }
        var findings: [DemandFinding] = [resolution.finding]
        if needsEvidence {
            guard let digest = resolution.digest, let facts else { return (noFacts, nil) }
            findings.append(try evidenceFinding(facts, digest))
        }
        findings += digestFindings(resolution.digest) + requirementFindings
        return (.all(findings), resolution.digest)
    }

    /// What Kyverno says of an image that passed.
    var passMessage: String {
        if verifications.contains(where: { !$0.attestations.isEmpty }) {
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
    var unverified: DemandFinding? {
        guard !needsEvidence, let first = verifications.first else { return nil }
        return DemandFinding(
            DecisionCheck(
                id: "verifyImages[\(first.index)].attestors", what: "verification",
                expected: "attestors or attestations that verify the image",
                observed: "the rule asks for a digest and for no evidence",
                outcome: .undetermined, reason: .unmatched),
            remedies: [.nameSigners(pointer: first.pointer)],
            cause: "no evidence is asked for about image \(name)")
    }

    /// The pinned reference, when the policy asks for it and the image passed.
    func patch(at image: ImageUse, digest: Digest?, after finding: DemandFinding) -> Decision.Patch?
    {
        guard finding.outcome == .met, name.name.digest == nil, let digest,
            verifications.contains(where: \.mutateDigest)
        else { return nil }
        return Decision.Patch(pointer: image.pointer, value: "\(image.written)@\(digest)")
    }

    private var needsEvidence: Bool { verifications.contains(where: \.needsEvidence) }

    /// The evaluator asks for facts before it judges; should it ever not, nothing passes.
    private var noFacts: DemandFinding {
        DemandFinding(
            DecisionCheck(
                id: "facts", what: "facts about the image", expected: "what \(name) means",
                observed: "nothing was found out", outcome: .undetermined, reason: .policyError),
            remedies: [], cause: "nothing is known about \(name)")
    }

    // MARK: The digest

    /// A digest in the name is what is meant, whatever a tag beside it points at.
    private func resolve() -> (digest: Digest?, finding: DemandFinding) {
        let written = name.name.digest
        switch facts?.resolution {
        case nil: return (written, .met)
        case .resolved(let descriptor)?:
            guard let written, written != descriptor.digest else {
                return (descriptor.digest, .met)
            }
            return (
                nil,
                DemandFinding(
                    DecisionCheck(
                        id: "digest", what: "resolution", expected: "\(written)",
                        observed: "\(descriptor.digest)", outcome: .refused,
                        reason: .subjectMismatch),
                    remedies: [],
                    cause:
                        "failed to verify image \(name): the registry gave \(descriptor.digest)"
                )
            )
        case .unresolved(let obstacle)?:
            // Evidence hangs on the digest, and the digest is known.
            if let written, obstacle.lookupOutcome != .refused { return (written, .met) }
            return (
                nil,
                DemandFinding(
                    DecisionCheck(
                        id: "digest", what: "resolution",
                        expected: obstacle.kind == .notFound
                            ? "the image \(name) in \(name.name.repository)"
                            : "the digest of \(name)",
                        observed: obstacle.kind == .notFound
                            ? "the registry answered, and the image is not there: \(obstacle.line)"
                            : obstacle.line,
                        outcome: obstacle.lookupOutcome,
                        reason: obstacle.lookupReason),
                    remedies: [.mendRegistry(obstacle)], cause: obstacle.line)
            )
        }
    }

    /// The entries with `verifyDigest` require a digest in the image's reference. With
    /// `mutateDigest` the patch adds it.
    ///
    /// Spec: docs/kyverno.md, "verifyImages".
    private func digestFindings(_ digest: Digest?) -> [DemandFinding] {
        verifications.filter(\.verifyDigest).map { verification in
            let id = "verifyImages[\(verification.index)].verifyDigest"
            let expected = "a digest in the reference"
            guard name.name.digest == nil else {
                return DemandFinding(
                    DecisionCheck(
                        id: id, what: "digest", expected: expected, observed: "\(name)",
                        outcome: .met),
                    remedies: [], cause: "")
            }
            guard !verification.mutateDigest else {
                return DemandFinding(
                    DecisionCheck(
                        id: id, what: "digest", expected: expected,
                        observed: "\(name), which is pinned on the way in", outcome: .met),
                    remedies: [], cause: "")
            }
            return DemandFinding(
                DecisionCheck(
                    id: id, what: "digest", expected: expected, observed: "\(name)",
                    outcome: .refused, reason: .digestRequired),
                remedies: digest.map { [.writeDigest($0)] } ?? [],
                cause: "missing digest for \(name)")
        }
    }

    /// `required` means that the image must be verified, which is impossible without attestors.
    /// Kyverno asks whether it was marked as verified before: docs/kyverno.md, "verifyImages".
    private var requirementFindings: [DemandFinding] {
        verifications.filter { $0.required && !$0.needsEvidence }.map { verification in
            DemandFinding(
                DecisionCheck(
                    id: "verifyImages[\(verification.index)].required", what: "verification",
                    expected: "attestors or attestations that verify the image",
                    observed: "the policy names none", outcome: .refused, reason: .policyError),
                remedies: [.nameSigners(pointer: verification.pointer)],
                cause: "unverified image \(name)")
        }
    }

    // MARK: Evidence

    private func evidenceFinding(_ facts: ImageFacts, _ digest: Digest) throws(Failure)
        -> DemandFinding
    {
        let finding = try judged(digest, facts.evidence)
        guard finding.outcome == .refused else { return finding }
        if let lost = try lostOnTheWay(facts, digest, finding) { return lost }
        return try tagMoved(facts, digest, finding) ?? finding
    }

    private func judged(_ digest: Digest, _ lookup: EvidenceLookup) throws(Failure) -> DemandFinding
    {
        // Evidence is verified against its own subject, so that must be the digest in question.
        if case .looked(let evidence) = lookup, evidence.subject != digest {
            return DemandFinding(
                DecisionCheck(
                    id: "evidence", what: "evidence", expected: "evidence about \(digest)",
                    observed: "evidence about \(evidence.subject)", outcome: .refused,
                    reason: .subjectMismatch),
                remedies: [],
                cause: "failed to verify image \(name): the evidence is about \(evidence.subject)")
        }
        let judge = EvidenceJudge(
            digest: digest, lookup: lookup, image: name.description, trust: trust, names: names)
        var findings: [DemandFinding] = []
        for verification in verifications where verification.needsEvidence {
            findings.append(try judge.judge(verification))
        }
        return .all(findings)
    }

    private func lostOnTheWay(
        _ facts: ImageFacts, _ digest: Digest, _ finding: DemandFinding
    ) throws(Failure) -> DemandFinding? {
        guard let origin = facts.origin, origin.digest == digest,
            finding.reason == .unsigned || finding.reason == .attestationMissing
        else { return nil }
        let there = try judged(digest, .looked(origin.evidence))
        // If the origin does not answer, it stays open whether the evidence was lost.
        if there.outcome == .undetermined, !origin.evidence.isComplete { return there }
        guard there.outcome == .met else { return nil }
        return explained(
            finding,
            by: DecisionCheck(
                id: "mirror", what: "evidence at the origin",
                expected: "the evidence that \(origin.repository) has",
                observed: "it is not at \(name.name.repository)", outcome: .refused,
                reason: .evidenceLostAtMirror,
                evidence: there.checks.flatMap(\.evidence).inOrderOnce),
            remedy: .copyEvidence(from: origin.repository, digest))
    }

    /// A tag that meant a signed digest, and now means something else that does not verify.
    private func tagMoved(
        _ facts: ImageFacts, _ digest: Digest, _ finding: DemandFinding
    ) throws(Failure) -> DemandFinding? {
        guard name.name.digest == nil, let remembered = facts.remembered,
            remembered.digest != digest, remembered.repository == name.name.repository
        else { return nil }
        let before = try judged(remembered.digest, .looked(remembered.evidence))
        guard before.outcome == .met else { return nil }
        return explained(
            finding,
            by: DecisionCheck(
                id: "tag", what: "what the tag means",
                expected: "\(remembered.digest), which is signed",
                observed: "\(digest)", outcome: .refused, reason: .tagMoved,
                evidence: before.checks.flatMap(\.evidence).inOrderOnce),
            remedy: .useDigest(remembered.digest, in: remembered.repository))
    }

    private func explained(
        _ finding: DemandFinding, by check: DecisionCheck, remedy: Remedy
    ) -> DemandFinding {
        var finding = finding
        finding.reason = check.reason
        finding.checks.insert(check, at: 0)
        finding.remedies = [remedy]
        return finding
    }
}
