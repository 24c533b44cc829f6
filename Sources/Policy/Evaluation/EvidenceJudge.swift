// SPDX-License-Identifier: Apache-2.0
// Attestors and attestations of one rule against the evidence of one digest.
// Spec: reference kyverno.md §1.2, §1.4, §1.6.

import OCI
import Primitives
import Signing

/// Judges evidence; asks nobody.
struct EvidenceJudge: Sendable {
    let digest: Digest
    let lookup: EvidenceLookup
    /// The image as it is told in messages.
    let image: String

    /// Everything one entry of verifyImages asks of the evidence.
    func judge(_ verification: CompiledVerification) throws(Failure) -> DemandFinding {
        let root = "verifyImages[\(verification.index)]"
        var findings: [DemandFinding] = []
        for set in verification.attestorSets {
            findings.append(try judge(set, root: root, asking: .signature))
        }
        for (index, attestation) in verification.attestations.enumerated() {
            for set in attestation.attestorSets {
                findings.append(
                    try judge(
                        set, root: "\(root).attestations[\(index)]", asking: .statement(attestation)
                    ))
            }
        }
        return .all(findings)
    }

    private enum Question {
        case signature
        case statement(CompiledAttestation)

        var remedy: Remedy {
            switch self {
            case .signature: .sign
            case .statement(let attestation): .attest(attestation.type)
            }
        }
    }

    private func judge(
        _ set: AttestorSet, root: String, asking question: Question
    ) throws(Failure) -> DemandFinding {
        var findings: [DemandFinding] = []
        for attestor in set.attestors {
            findings.append(try judge(attestor, root: root, asking: question))
        }
        var finding =
            set.needsDifferentKeys
            ? DemandFinding.atLeast(
                set.required, bySignersOf: findings, id: "\(root).\(set.path)",
                remedy: question.remedy)
            : .all(findings)
        if case .statement(let attestation) = question, finding.outcome == .refused,
            finding.reason != .attestationPolicyFailed, finding.reason != .attestationMissing
        {
            let met = findings.count { $0.outcome == .met }
            finding.cause =
                "image attestations verification failed, verifiedCount: \(met), requiredCount: "
                + "\(set.required), error: \(finding.cause) (\(attestation.type))"
        }
        return finding
    }

    private func judge(
        _ attestor: Attestor, root: String, asking question: Question
    ) throws(Failure) -> DemandFinding {
        let path = "\(root).\(attestor.path)"
        switch attestor.demand {
        case .set(let set): return try judge(set, root: root, asking: question)
        case .keyless(let identity):
            return missingTrust(
                path, expected: identity.shown,
                observed: "certificates are not verified by this version of Assay",
                remedy: .useKey(pointer: attestor.pointer))
        case .missingKey(let why):
            return missingTrust(
                path, expected: "a public key", observed: why,
                remedy: .giveKey(pointer: attestor.pointer, why))
        case .key(let key, let log):
            guard case .looked(let evidence) = lookup else { return couldNotLook(path, key) }
            var finding: DemandFinding
            switch question {
            case .signature:
                finding = signature(by: key, attestor: attestor, in: evidence, path: path)
            case .statement(let attestation):
                finding = try statement(attestation, by: key, in: evidence, path: path, root: root)
            }
            if finding.outcome == .met { finding.signers = [key.fingerprint] }
            guard finding.outcome == .met, case .log(let address) = log else { return finding }
            return missingLog(address, after: finding, attestor: attestor, path: path)
        }
    }

    // MARK: Signatures

    private func signature(
        by key: PublicKey, attestor: Attestor, in evidence: Evidence, path: String
    ) -> DemandFinding {
        let report = evidence.signatures(by: .key(key))
        let proofs = report.proofs.filter { $0.annotations.holds(attestor.annotations) }
        let expected = signatureDemand(key, attestor.annotations)
        if !proofs.isEmpty {
            return DemandFinding(
                DecisionCheck(
                    id: path, what: "signature", expected: expected,
                    observed: "signed by \(key.fingerprint), found through "
                        + carriers(proofs.map(\.carrier)),
                    outcome: .met, evidence: proofs.map(\.evidenceDigest).inOrderOnce),
                remedies: [], cause: "")
        }
        let (reason, observed) =
            report.proofs.isEmpty
            ? refusal(report.mostTelling, evidence, absent: .unsigned)
            : (.signerMismatch, "signed by \(key.fingerprint) without the annotations")
        return DemandFinding(
            DecisionCheck(
                id: path, what: "signature", expected: expected, observed: observed,
                outcome: .refused, reason: reason, evidence: report.rejections.digests),
            remedies: [.sign],
            cause: "failed to verify image \(image): .\(attestor.path): \(observed)")
    }

    // MARK: Statements

    /// Spec: §1.4: statements of the type exist, and every one satisfies the conditions. Only those
    /// that verified are looked at.
    private func statement(
        _ attestation: CompiledAttestation, by key: PublicKey, in evidence: Evidence, path: String,
        root: String
    ) throws(Failure) -> DemandFinding {
        let report = evidence.attestations(of: attestation.type, by: .key(key))
        let expected = "a statement of type \(attestation.type) by \(key.fingerprint)"
        guard !report.proofs.isEmpty else {
            let (reason, observed) = refusal(
                report.mostTelling, evidence, absent: .attestationMissing)
            let cause =
                reason == .attestationMissing
                ? "attestations not found for predicate type \(attestation.type)"
                : ".\(path): \(observed)"
            return DemandFinding(
                DecisionCheck(
                    id: path, what: "attestation", expected: expected, observed: observed,
                    outcome: .refused, reason: reason, evidence: report.rejections.digests),
                remedies: [.attest(attestation.type)], cause: cause)
        }
        var findings = [
            DemandFinding(
                DecisionCheck(
                    id: path, what: "attestation", expected: expected,
                    observed: "\(count(report.proofs.count, "statement")) by \(key.fingerprint), "
                        + "found through " + carriers(report.proofs.map(\.carrier)),
                    outcome: .met, evidence: report.proofs.map(\.evidenceDigest).inOrderOnce),
                remedies: [], cause: "")
        ]
        let judge = ConditionJudge(attestation: attestation, image: image, root: root)
        for proof in report.proofs { findings.append(try judge.judge(proof)) }
        return .all(findings)
    }

    // MARK: What is not known

    private func couldNotLook(_ path: String, _ key: PublicKey) -> DemandFinding {
        guard case .couldNotLook(let obstacle) = lookup else { return .met }
        return DemandFinding(
            DecisionCheck(
                id: path, what: "evidence", expected: "evidence by \(key.fingerprint)",
                observed: obstacle.line, outcome: obstacle.lookupOutcome,
                reason: obstacle.lookupReason),
            remedies: [.mendRegistry(obstacle)], cause: obstacle.line)
    }

    private func missingTrust(
        _ path: String, expected: String, observed: String, remedy: Remedy
    ) -> DemandFinding {
        DemandFinding(
            DecisionCheck(
                id: path, what: "signer", expected: expected, observed: observed,
                outcome: .undetermined, reason: .trustMaterialMissing),
            remedies: [remedy], cause: "\(path): \(observed)")
    }

    private func missingLog(
        _ address: String, after finding: DemandFinding, attestor: Attestor, path: String
    ) -> DemandFinding {
        let check = DecisionCheck(
            id: "\(path).rekor", what: "transparency log",
            expected: "an entry in \(plain(address))",
            observed: "log entries are not verified by this version of Assay",
            outcome: .undetermined, reason: .trustMaterialMissing)
        return .all([
            finding,
            DemandFinding(
                check, remedies: [.nameTheLog(pointer: attestor.pointer)],
                cause: "\(path): the policy demands a transparency log entry"),
        ])
    }

    /// Why there is no proof. Evidence that is about something else is no evidence here.
    private func refusal(
        _ rejected: RejectedCandidate?, _ evidence: Evidence, absent: ReasonCode
    ) -> (ReasonCode, String) {
        guard let rejected, let reason = rejected.reason.code else {
            return (absent, absence(evidence))
        }
        return (reason, "\(rejected.candidate.digest): \(rejected.why)")
    }
}

/// Conditions on one verified statement.
private struct ConditionJudge {
    let attestation: CompiledAttestation
    let image: String
    let root: String

    func judge(_ proof: VerifiedStatement) throws(Failure) -> DemandFinding {
        var findings: [DemandFinding] = []
        for (index, group) in attestation.conditions.enumerated() {
            let id = "\(root).conditions[\(index)]"
            for (place, condition) in group.all.enumerated() {
                findings.append(try judge(condition, proof, id: "\(id).all[\(place)]"))
            }
            guard !group.any.isEmpty else { continue }
            var choices: [DemandFinding] = []
            for (place, condition) in group.any.enumerated() {
                choices.append(try judge(condition, proof, id: "\(id).any[\(place)]"))
            }
            findings.append(.atLeast(1, of: choices))
        }
        return .all(findings)
    }

    private func judge(
        _ condition: AttestationCondition, _ proof: VerifiedStatement, id: String
    ) throws(Failure) -> DemandFinding {
        let holds = try condition.holds(for: proof.predicate)
        let observed = condition.observed(in: proof.predicate).map { value in
            let why = condition.comparison.incomparable(value, with: condition.value)
            return plain(value.compactText) + (why.map { " (\($0))" } ?? "")
        }
        let wanted = "\(condition.comparison.rawValue) \(plain(condition.value.compactText))"
        let said =
            condition.message
            ?? "\(condition.keyText) is \(observed ?? "absent"), expected \(wanted)"
        var remedies: [Remedy] = []
        if !holds, case .expression(let expression) = condition.key {
            remedies = [
                .correct(
                    attestation.type, pointer: expression.pointer, observed: observed,
                    expected: condition.comparison == .equals
                        ? plain(condition.value.compactText) : wanted)
            ]
        }
        return DemandFinding(
            DecisionCheck(
                id: id, what: "condition \(plain(condition.keyText))", expected: wanted,
                observed: observed ?? "absent", outcome: holds ? .met : .refused,
                reason: holds ? nil : .attestationPolicyFailed, evidence: [proof.evidenceDigest]),
            remedies: remedies,
            cause:
                "attestation checks failed for \(image) and predicate \(attestation.type): "
                + plain(said)
        )
    }
}

extension RejectedCandidate.Reason {
    /// nil when the candidate is simply about something else.
    package var code: ReasonCode? {
        switch self {
        case .otherType: nil
        case .malformed: .malformed
        case .certificateSigner, .signerMismatch: .signerMismatch
        case .subjectMismatch: .subjectMismatch
        case .signatureInvalid: .signatureInvalid
        }
    }
}

extension [RejectedCandidate] {
    /// The evidence that was looked at and proves nothing.
    fileprivate var digests: [Digest] {
        filter { $0.reason != .otherType }.map(\.candidate.digest).inOrderOnce
    }
}

extension JSONObject {
    fileprivate func holds(_ pairs: [String: String]) -> Bool {
        pairs.allSatisfy { self[$0.key]?.string == $0.value }
    }
}

private func signatureDemand(_ key: PublicKey, _ annotations: [String: String]) -> String {
    guard !annotations.isEmpty else { return "a signature by \(key.fingerprint)" }
    let pairs = annotations.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return "a signature by \(key.fingerprint) with \(plain(pairs.joined(separator: ", ")))"
}

private func carriers(_ carriers: [EvidenceCarrier]) -> String {
    carriers.map(\.rawValue).inOrderOnce.joined(separator: ", ")
}

private func absence(_ evidence: Evidence) -> String {
    let doors = evidence.searches.map { "\($0.carrier.rawValue) (\($0.found))" }
    return doors.isEmpty
        ? "none" : "none; looked in \(doors.joined(separator: ", "))"
}

private func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
}
