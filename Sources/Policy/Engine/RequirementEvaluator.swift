// SPDX-License-Identifier: Apache-2.0
// Attestors and attestations of one rule against the evidence of one digest.
// Spec: docs/kyverno.md, "Attestors", "Attestations", "Keyless".

internal import Keys
import OCI
import Primitives
import Signing

/// Judges evidence; asks nobody.
struct EvidenceJudge: Sendable {
    let digest: Digest
    let lookup: EvidenceLookup
    /// The image as it is told in messages.
    let image: String
    /// Whom to believe where the policy names nobody itself; nil when nothing was given.
    let trust: TrustedRoot?
    /// What conditions on statements see.
    let names: ConditionContext

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

        var type: PredicateType {
            switch self {
            case .signature: .signature
            case .statement(let attestation): attestation.type
            }
        }

        func remedy(by signer: RemedySigner) -> Remedy {
            switch self {
            case .signature: .sign(by: signer)
            case .statement(let attestation): .attest(attestation.type, by: signer)
            }
        }
    }

    /// One attestor who is asked for, and where the policy asks.
    private struct Seat {
        let attestor: Attestor
        let signer: TrustedSigner
        let question: Question
        let path: String
        let root: String

        var remedy: Remedy { question.remedy(by: RemedySigner(signer)) }

        var expected: String {
            switch question {
            case .signature: signatureDemand(signer, attestor.annotations)
            case .statement(let attestation):
                "a statement of type \(attestation.type) by \(signer.shown)"
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
            set.needsDifferentSigners
            ? DemandFinding.atLeast(
                set.required, bySignersOf: findings, id: "\(root).\(set.path)",
                remedy: question.remedy(by: set.anySigner))
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
        case .missingKey(let why):
            return missingTrust(
                path, expected: "a public key", observed: why,
                remedy: .giveKey(pointer: attestor.pointer, why))
        case .signer(let signer, let declared):
            let evidence: Evidence
            switch lookup {
            case .looked(let found): evidence = found
            case .couldNotLook(let obstacle):
                return couldNotLook(
                    path, signer, because: obstacle, outcome: obstacle.lookupOutcome)
            }
            let seat = Seat(
                attestor: attestor, signer: signer, question: question, path: path, root: root)
            let verifier: SignatureVerifier
            do {
                let (demand, believed) = try declared.demand(of: signer, with: trust)
                verifier = try SignatureVerifier(demand: demand, root: believed)
            } catch {
                return withoutTrust(seat, in: evidence, because: error)
            }
            switch question {
            case .signature: return signature(by: verifier, for: seat, in: evidence)
            case .statement(let attestation):
                return try statement(attestation, by: verifier, for: seat, in: evidence)
            }
        }
    }

    // MARK: Signatures

    private func signature(
        by verifier: SignatureVerifier, for seat: Seat, in evidence: Evidence
    ) -> DemandFinding {
        let report = evidence.signatures(by: verifier)
        let proofs = report.proofs.filter { $0.annotations.holds(seat.attestor.annotations) }
        guard proofs.isEmpty else {
            var finding = DemandFinding(
                DecisionCheck(
                    id: seat.path, what: "signature", expected: seat.expected,
                    observed: "signed by \(signers(proofs.map(\.signer))), found through "
                        + carriers(proofs.map(\.carrier)),
                    outcome: .met, evidence: proofs.map(\.evidenceDigest).inOrderOnce),
                remedies: [], cause: "")
            finding.signers = Set(proofs.map(\.signer.party))
            return finding
        }
        if let unknown = evidence.obstacle(to: .signature) ?? report.limit {
            return couldNotLook(seat.path, seat.signer, because: unknown)
        }
        guard report.proofs.isEmpty else {
            return refused(
                seat, .signerMismatch,
                "signed by \(signers(report.proofs.map(\.signer))) without the annotations",
                report.rejections)
        }
        return refused(seat, report.rejections, in: evidence)
    }

    // MARK: Refusals

    /// Why there is no proof. Evidence that is about something else is no evidence here.
    private func refused(
        _ seat: Seat, _ rejections: [RejectedCandidate], in evidence: Evidence
    ) -> DemandFinding {
        let told = rejections.filter { $0.problem.code.reason != nil }
            .max { $0.problem < $1.problem }
        guard let told, let reason = told.problem.code.reason else {
            let absent: ReasonCode =
                if case .signature = seat.question { .unsigned } else { .attestationMissing }
            return refused(seat, absent, absence(evidence), rejections)
        }
        return refused(seat, reason, "\(told.candidate.digest): \(told.why)", rejections)
    }

    private func refused(
        _ seat: Seat, _ reason: ReasonCode, _ observed: String, _ rejections: [RejectedCandidate]
    ) -> DemandFinding {
        let (what, cause) =
            switch seat.question {
            case .signature:
                (
                    "signature",
                    "failed to verify image \(image): .\(seat.attestor.path): \(observed)"
                )
            case .statement(let attestation):
                (
                    "attestation",
                    reason == .attestationMissing
                        ? "attestations not found for predicate type \(attestation.type)"
                        : ".\(seat.path): \(observed)"
                )
            }
        return DemandFinding(
            DecisionCheck(
                id: seat.path, what: what, expected: seat.expected, observed: observed,
                outcome: .refused, reason: reason, evidence: rejections.digests),
            remedies: [remedy(for: reason, at: seat)], cause: cause)
    }

    /// A key of one's own that signed, and no log that knows: either may be what is meant.
    private func remedy(for reason: ReasonCode, at seat: Seat) -> Remedy {
        guard reason == .notInLog, case .keys = seat.signer else { return seat.remedy }
        return .nameTheTrust(
            pointer: seat.attestor.pointer,
            "sign it again with an entry in the log that the policy names, or set "
                + "rekor.ignoreTlog: true if the key alone is enough")
    }

    // MARK: Statements

    /// Statements of the type must exist, and every one must satisfy the conditions. Only
    /// statements that verified count. If a location or a statement could not be read, it might not
    /// satisfy them: the result is then a fail, if one that was read fails, and otherwise unknown.
    ///
    /// Spec: docs/kyverno.md, "Attestations".
    private func statement(
        _ attestation: CompiledAttestation, by verifier: SignatureVerifier, for seat: Seat,
        in evidence: Evidence
    ) throws(Failure) -> DemandFinding {
        let report = evidence.attestations(of: attestation.type, by: verifier)
        let unknown = evidence.obstacle(to: attestation.type) ?? report.limit
        guard !report.proofs.isEmpty else {
            if let unknown { return couldNotLook(seat.path, seat.signer, because: unknown) }
            return refused(seat, report.rejections, in: evidence)
        }
        var found = DemandFinding(
            DecisionCheck(
                id: seat.path, what: "attestation", expected: seat.expected,
                observed: "\(count(report.proofs.count, "statement")) by "
                    + "\(signers(report.proofs.map(\.signer))), found through "
                    + carriers(report.proofs.map(\.carrier)),
                outcome: .met, evidence: report.proofs.map(\.evidenceDigest).inOrderOnce),
            remedies: [], cause: "")
        found.signers = Set(report.proofs.map(\.signer.party))
        var findings = [found]
        let judge = ConditionJudge(
            attestation: attestation, image: image, root: seat.root, names: names)
        findings += report.proofs.map { judge.judge($0) }
        if let unknown = unknown ?? report.unreadStatement,
            !attestation.conditions.isEmpty
        {
            findings.append(couldNotLook(seat.path, seat.signer, because: unknown))
        }
        return .all(findings)
    }

    // MARK: What is not known

    /// What can be said although it is not known whom to believe. Nobody's trust mends evidence that
    /// is absent, or that contradicts the demand by itself: that is a plain no. Only what might be
    /// proof leaves the question open.
    private func withoutTrust(
        _ seat: Seat, in evidence: Evidence, because obstacle: Failure
    ) -> DemandFinding {
        let report = evidence.claims(of: seat.question.type, by: seat.signer)
        let unknown = evidence.obstacle(to: seat.question.type) ?? report.limit
        if report.claims.isEmpty, let unknown {
            return couldNotLook(seat.path, seat.signer, because: unknown)
        }
        guard !report.claims.isEmpty else { return refused(seat, report.rejections, in: evidence) }
        if case .signature = seat.question, unknown == nil,
            !report.claims.contains(where: {
                $0.annotations.holds(seat.attestor.annotations)
            })
        {
            return refused(
                seat, .signerMismatch, "signed without the annotations", report.rejections)
        }
        return missingTrust(
            seat.path, expected: seat.expected, observed: obstacle.line,
            remedy: trustRemedy(seat.signer, obstacle, pointer: seat.attestor.pointer))
    }

    private func couldNotLook(
        _ path: String, _ signer: TrustedSigner, because obstacle: Failure,
        outcome: CheckOutcome = .undetermined
    ) -> DemandFinding {
        DemandFinding(
            DecisionCheck(
                id: path, what: "evidence", expected: "evidence by \(signer.shown)",
                observed: obstacle.line, outcome: outcome, reason: obstacle.lookupReason),
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

    /// A key of one's own may do without a log; an identity never does without trust material.
    private func trustRemedy(
        _ signer: TrustedSigner, _ obstacle: Failure, pointer: String
    ) -> Remedy {
        switch signer {
        case .keys:
            .nameTheTrust(
                pointer: pointer,
                "name a trusted root that knows the log (--trusted-root), write its key into "
                    + "rekor.pubkey, or set rekor.ignoreTlog: true if the key alone is enough")
        case .certificates:
            .nameTheTrust(pointer: nil, obstacle.next ?? "name a trusted root (--trusted-root)")
        }
    }
}

extension AttestorSet {
    /// Who could add the signature that is missing: somebody with a key, where one is asked for.
    fileprivate var anySigner: RemedySigner {
        var identity: RemedySigner?
        for attestor in attestors {
            switch attestor.demand {
            case .signer(let signer, _):
                let found = RemedySigner(signer)
                if found == .key { return .key }
                identity = identity ?? found
            case .set(let inner):
                if inner.anySigner == .key { return .key }
                identity = identity ?? inner.anySigner
            case .missingKey: return .key
            }
        }
        return identity ?? .key
    }
}

extension [RejectedCandidate] {
    /// The evidence that was looked at and proves nothing.
    fileprivate var digests: [Digest] {
        filter { $0.problem.code != .otherType }.map(\.candidate.digest).inOrderOnce
    }
}

extension JSONObject {
    fileprivate func holds(_ pairs: ExactTextMap<String>) -> Bool {
        pairs.allSatisfy { self[$0.key] == .string($0.value) }
    }
}

private func signatureDemand(
    _ wanted: TrustedSigner, _ annotations: ExactTextMap<String>
) -> String {
    let signer = wanted.shown
    guard !annotations.isEmpty else { return "a signature by \(signer)" }
    let pairs = annotations.map { "\($0.key)=\($0.value)" }
    return "a signature by \(signer) with \(plain(pairs.joined(separator: ", ")))"
}

private func signers(_ signers: [VerifiedSigner]) -> String {
    signers.map(\.shown).inOrderOnce.joined(separator: ", ")
}

private func carriers(_ carriers: [EvidenceCarrier]) -> String {
    carriers.map(\.rawValue).inOrderOnce.joined(separator: ", ")
}

private func absence(_ evidence: Evidence) -> String {
    let places = evidence.searches.filter { $0.failure == nil }
        .map { "\($0.carrier.rawValue) (\($0.found))" }
    return places.isEmpty
        ? "none" : "none; looked in \(places.joined(separator: ", "))"
}

private func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
}
