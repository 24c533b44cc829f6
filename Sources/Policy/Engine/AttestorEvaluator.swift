// SPDX-License-Identifier: Apache-2.0
// One attestor: what the verified evidence means for it.
// Spec: docs/kyverno.md, "Attestors", "Attestations", "Messages".

import OCI
import Primitives
import Signing

/// Turns a verification report into the result of one attestor.
struct AttestorEvaluator: Sendable {
    let attestor: Attestor
    let signer: TrustedSigner
    let evidence: Evidence
    /// The image's name in messages.
    let image: String

    private var fix: RemediationAction { attestor.subject.fix(by: RemediationSigner(signer)) }

    private var expected: String {
        switch attestor.subject {
        case .signature: requiredSignature(signer, attestor.annotations)
        case .statement(let statement): "a statement of type \(statement.type) by \(signer.shown)"
        }
    }

    /// One signature by the signer, with the annotations, is enough.
    func signature(_ report: VerificationReport<VerifiedSignature>) -> RequirementResult {
        let proofs = report.proofs.filter { $0.annotations.holds(attestor.annotations) }
        guard proofs.isEmpty else {
            var result = RequirementResult(
                DecisionCheck(
                    id: attestor.id, what: "signature", expected: expected,
                    observed: "signed by \(signers(proofs.map(\.signer))), found through "
                        + locations(proofs.map(\.location)),
                    outcome: .met, evidence: proofs.map(\.evidenceDigest).inOrderOnce),
                fixes: [], cause: "")
            result.signers = Set(proofs.map(\.signer.party))
            return result
        }
        if let unknown = evidence.obstacle(to: .signature) ?? report.limit {
            return attestor.couldNotLook(for: signer, because: unknown)
        }
        guard report.proofs.isEmpty else {
            return refused(
                .signerMismatch,
                "signed by \(signers(report.proofs.map(\.signer))) without the annotations",
                report.rejections)
        }
        return refused(report.rejections)
    }

    /// Statements of the type must exist, and every one must satisfy the conditions. Only
    /// statements that verified count. If a location or a statement could not be read, it might not
    /// satisfy them: the result is then a fail, if one that was read fails, and otherwise unknown.
    ///
    /// Spec: docs/kyverno.md, "Attestations".
    func statement(
        _ statement: RequiredStatement, _ report: VerificationReport<VerifiedStatement>,
        _ names: ConditionContext
    ) -> RequirementResult {
        let unknown = evidence.obstacle(to: statement.type) ?? report.limit
        guard !report.proofs.isEmpty else {
            if let unknown { return attestor.couldNotLook(for: signer, because: unknown) }
            return refused(report.rejections)
        }
        var found = RequirementResult(
            DecisionCheck(
                id: attestor.id, what: "attestation", expected: expected,
                observed: "\(count(report.proofs.count, "statement")) by "
                    + "\(signers(report.proofs.map(\.signer))), found through "
                    + locations(report.proofs.map(\.location)),
                outcome: .met, evidence: report.proofs.map(\.evidenceDigest).inOrderOnce),
            fixes: [], cause: "")
        found.signers = Set(report.proofs.map(\.signer.party))
        let conditions = ConditionEvaluator(
            statement: statement, image: image, root: attestor.root, names: names)
        var results = [found] + report.proofs.map { conditions.result(on: $0) }
        if let unknown = unknown ?? report.unreadStatement ?? evidence.unreadEntries.first,
            !statement.conditions.isEmpty
        {
            results.append(attestor.couldNotLook(for: signer, because: unknown))
        }
        return .all(results)
    }

    /// What is certain without trusted material. Evidence that is absent, or that contradicts the
    /// requirement by itself, is a fail whatever is trusted. Only what might be proof leaves the
    /// question open.
    func untrusted(_ report: ClaimReport, because failure: Failure) -> RequirementResult {
        let unknown = evidence.obstacle(to: attestor.subject.type) ?? report.limit
        if report.claims.isEmpty, let unknown {
            return attestor.couldNotLook(for: signer, because: unknown)
        }
        guard !report.claims.isEmpty else { return refused(report.rejections) }
        if case .signature = attestor.subject, unknown == nil,
            !report.claims.contains(where: { $0.annotations.holds(attestor.annotations) })
        {
            return refused(.signerMismatch, "signed without the annotations", report.rejections)
        }
        return attestor.withoutTrust(
            expected: expected, observed: failure.line, fix: trustFix(failure))
    }

    /// A key may do without a log; an identity never does without trusted material.
    private func trustFix(_ failure: Failure) -> RemediationAction {
        switch signer {
        case .keys:
            .nameTheTrust(
                pointer: attestor.pointer,
                "name a trusted root that knows the log (--trusted-root), write its key into "
                    + "rekor.pubkey, or set rekor.ignoreTlog: true if the key alone is enough")
        case .certificates:
            .nameTheTrust(pointer: nil, failure.next ?? "name a trusted root (--trusted-root)")
        }
    }

    // MARK: Refusals

    /// Why there is no proof. Evidence that is about something else is no evidence here.
    private func refused(_ rejections: [RejectedCandidate]) -> RequirementResult {
        let leading = rejections.filter { $0.problem.code.reason != nil }
            .max { $0.problem < $1.problem }
        guard let leading, let reason = leading.problem.code.reason else {
            let absent: ReasonCode =
                if case .signature = attestor.subject { .unsigned } else { .attestationMissing }
            return refused(absent, absence(evidence), rejections)
        }
        return refused(reason, "\(leading.candidate.digest): \(leading.why)", rejections)
    }

    private func refused(
        _ reason: ReasonCode, _ observed: String, _ rejections: [RejectedCandidate]
    ) -> RequirementResult {
        let (what, cause) =
            switch attestor.subject {
            case .signature:
                ("signature", "failed to verify image \(image): .\(attestor.path): \(observed)")
            case .statement(let statement):
                (
                    "attestation",
                    reason == .attestationMissing
                        ? "attestations not found for predicate type \(statement.type)"
                        : ".\(attestor.id): \(observed)"
                )
            }
        return RequirementResult(
            DecisionCheck(
                id: attestor.id, what: what, expected: expected, observed: observed,
                outcome: .refused, reason: reason, evidence: rejections.digests),
            fixes: [fix(for: reason)], cause: cause)
    }

    /// A key signed, and no log has the entry: either may be what the policy's author wants.
    private func fix(for reason: ReasonCode) -> RemediationAction {
        guard reason == .notInLog, case .keys = signer else { return fix }
        return .nameTheTrust(
            pointer: attestor.pointer,
            "sign it again with an entry in the log that the policy names, or set "
                + "rekor.ignoreTlog: true if the key alone is enough")
    }
}

extension Attestor {
    /// Its name in checks, as Kyverno writes it: `verifyImages[0].attestors[0].entries[1].keys`.
    var id: String { "\(root).\(path)" }

    /// The result if evidence could not be read.
    func couldNotLook(
        for signer: TrustedSigner, because failure: Failure, outcome: CheckOutcome = .undetermined
    ) -> RequirementResult {
        RequirementResult(
            DecisionCheck(
                id: id, what: "evidence", expected: "evidence by \(signer.shown)",
                observed: failure.line, outcome: outcome, reason: failure.lookupReason),
            fixes: [.fixRegistry(failure)], cause: failure.line)
    }

    /// The result if the keys that the policy names are not there.
    func withoutKeys(because why: String) -> RequirementResult {
        withoutTrust(
            expected: "a public key", observed: why, fix: .giveKey(pointer: pointer, why))
    }

    /// The result if there is nothing to verify evidence with.
    func withoutTrust(expected: String, observed: String, fix: RemediationAction)
        -> RequirementResult
    {
        RequirementResult(
            DecisionCheck(
                id: id, what: "signer", expected: expected, observed: observed,
                outcome: .undetermined, reason: .trustMaterialMissing),
            fixes: [fix], cause: "\(id): \(observed)")
    }
}

extension [RejectedCandidate] {
    /// The evidence that was looked at and proves nothing.
    fileprivate var digests: [Digest] {
        filter { $0.problem.code != .otherType }.map(\.candidate.digest).inOrderOnce
    }
}

extension JSONObject {
    fileprivate func holds(_ pairs: ByteStringMap<String>) -> Bool {
        pairs.allSatisfy { self[$0.key] == .string($0.value) }
    }
}

private func requiredSignature(
    _ wanted: TrustedSigner, _ annotations: ByteStringMap<String>
) -> String {
    let signer = wanted.shown
    guard !annotations.isEmpty else { return "a signature by \(signer)" }
    let pairs = annotations.map { "\($0.key)=\($0.value)" }
    return "a signature by \(signer) with \(plain(pairs.joined(separator: ", ")))"
}

private func signers(_ signers: [VerifiedSigner]) -> String {
    signers.map(\.shown).inOrderOnce.joined(separator: ", ")
}

private func locations(_ locations: [EvidenceLocation]) -> String {
    locations.map(\.rawValue).inOrderOnce.joined(separator: ", ")
}

private func absence(_ evidence: Evidence) -> String {
    let places = evidence.searches.filter { $0.failure == nil }
        .map { "\($0.location.rawValue) (\($0.found))" }
    return places.isEmpty
        ? "none" : "none; looked in \(places.joined(separator: ", "))"
}

private func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
}
