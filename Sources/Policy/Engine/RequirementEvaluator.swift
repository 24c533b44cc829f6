// SPDX-License-Identifier: Apache-2.0
// Requirements on the evidence of one digest.
// Spec: docs/kyverno.md, "Attestors", "Attestations", "Keyless".

import OCI
import Primitives
import Signing

/// Evaluates requirements with what the evidence was found to prove.
struct RequirementEvaluator: Sendable {
    let query: ImageQuery
    /// Which evidence of the image.
    let locator: EvidenceLocator
    let lookup: EvidenceLookup
    /// The image's name in messages.
    let image: String
    /// What conditions on statements see.
    let names: ConditionContext

    func result(
        of requirement: Requirement, reading facts: inout FactReader
    ) -> RequirementResult {
        switch requirement {
        case .all(let members):
            var results: [RequirementResult] = []
            for member in members { results.append(result(of: member, reading: &facts)) }
            return .all(results)
        case .attestors(let set): return result(of: set, reading: &facts)
        case .attestor(let attestor):
            var seen: Set<AttestorRequirement> = []
            return .all(results(of: attestor, besides: &seen, reading: &facts))
        }
    }

    private func result(of set: AttestorSet, reading facts: inout FactReader) -> RequirementResult {
        var results: [RequirementResult] = []
        var seen: Set<AttestorRequirement> = []
        for member in set.members {
            guard case .attestor(let attestor) = member else {
                results.append(result(of: member, reading: &facts))
                continue
            }
            results += self.results(of: attestor, besides: &seen, reading: &facts)
        }
        var result: RequirementResult =
            if let count = set.count {
                count <= results.count
                    ? .atLeast(
                        count, bySignersOf: results, id: set.id,
                        fix: set.subject.fix(by: set.anySigner))
                    : tooFew(set, count, results)
            } else {
                .all(results)
            }
        if case .statement(let statement) = set.subject, result.outcome == .refused,
            result.reason != .attestationPolicyFailed, result.reason != .attestationMissing
        {
            let met = results.count { $0.outcome == .met }
            result.cause =
                "image attestations verification failed, verifiedCount: \(met), requiredCount: "
                + "\(set.count ?? results.count), error: \(result.cause) (\(statement.type))"
        }
        return result
    }

    /// The keys of a Secret or ConfigMap turned out to be fewer than the count.
    private func tooFew(
        _ set: AttestorSet, _ count: Int, _ results: [RequirementResult]
    ) -> RequirementResult {
        let why = "the count is \(count), and there are \(results.count) different entries"
        let check = DecisionCheck(
            id: "\(set.id).count", what: "different signers",
            expected: "\(count) different signers", observed: why, outcome: .undetermined,
            reason: .policyError)
        return RequirementResult(check, fixes: [.fixPolicy(why)], cause: ".\(set.id): \(why)")
    }

    /// One result for each key of an attestor. Keys that another attestor of the set names too are
    /// left out.
    private func results(
        of attestor: Attestor, besides seen: inout Set<AttestorRequirement>,
        reading facts: inout FactReader
    ) -> [RequirementResult] {
        let attestors: [(Attestor, SignerQuery)]
        switch attestor.source {
        case .signer(let signer): attestors = [(attestor, signer)]
        case .stored(let key, let hash, let trust):
            switch facts.keys(key) {
            case nil: return [.waiting]
            case .missing(let why)?: return [attestor.withoutKeys(because: why)]
            case .found(let keys)?:
                // No attestor is met by nobody.
                guard !keys.isEmpty else {
                    return [attestor.withoutKeys(because: "\(key) holds no public key")]
                }
                attestors = keys.enumerated().map { index, key in
                    let signer = SignerQuery(.keys([TrustedKey(key: key, hash: hash)]), trust)
                    return (attestor.with(signer, index: keys.count > 1 ? index : nil), signer)
                }
            }
        }
        var results: [RequirementResult] = []
        for (attestor, signer) in attestors
        where seen.insert(
            AttestorRequirement(source: attestor.source, annotations: attestor.annotations)
        ).inserted {
            results.append(result(of: attestor, signer, reading: &facts))
        }
        return results
    }

    private func result(
        of attestor: Attestor, _ signer: SignerQuery, reading facts: inout FactReader
    ) -> RequirementResult {
        let evidence: Evidence
        switch lookup {
        case .looked(let found): evidence = found
        case .couldNotLook(let failure):
            return attestor.couldNotLook(
                for: signer.signer, because: failure, outcome: failure.lookupOutcome)
        }
        let question = VerificationQuery(
            image: query, evidence: locator, type: attestor.subject.type, signer: signer)
        let judge = AttestorEvaluator(
            attestor: attestor, signer: signer.signer, evidence: evidence, image: image)
        switch attestor.subject {
        case .signature:
            switch facts.signatures(question) {
            case nil: return .waiting
            case .verified(let report)?: return judge.signature(report)
            case .untrusted(let failure, let report)?:
                return judge.untrusted(report, because: failure)
            }
        case .statement(let statement):
            switch facts.statements(question) {
            case nil: return .waiting
            case .verified(let report)?:
                return judge.statement(statement, report, names)
            case .untrusted(let failure, let report)?:
                return judge.untrusted(report, because: failure)
            }
        }
    }
}

extension AttestorSet {
    /// Who could add the signature that is missing: the holder of a key, if a key is required.
    fileprivate var anySigner: RemediationSigner {
        var identity: RemediationSigner?
        for member in members {
            switch member {
            case .attestor(let attestor):
                guard case .signer(let query) = attestor.source else { return .key }
                let found = RemediationSigner(query.signer)
                if found == .key { return .key }
                identity = identity ?? found
            case .attestors(let inner):
                if inner.anySigner == .key { return .key }
                identity = identity ?? inner.anySigner
            case .all: continue
            }
        }
        return identity ?? .key
    }
}

extension EvidenceSubject {
    func fix(by signer: RemediationSigner) -> RemediationAction {
        switch self {
        case .signature: .sign(by: signer)
        case .statement(let statement): .attest(statement.type, by: signer)
        }
    }
}
