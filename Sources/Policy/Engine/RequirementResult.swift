// SPDX-License-Identifier: Apache-2.0
// What became of one demand, before it is part of a decision.

import OCI
import Primitives
import Signing

/// The outcome of a demand with everything that must be told about it.
struct DemandFinding: Sendable {
    var outcome: CheckOutcome
    /// nil when it was met.
    var reason: ReasonCode?
    var checks: [DecisionCheck]
    /// What to mend, in the order to do it.
    var remedies: [Remedy]
    /// The sentence of a message, in Kyverno's words.
    var cause: String
    /// Whose evidence met it: keys and identities.
    var signers: Set<String> = []

    static let met = DemandFinding(outcome: .met, reason: nil, checks: [], remedies: [], cause: "")

    /// A finding about exactly one check.
    init(_ check: DecisionCheck, remedies: [Remedy], cause: String) {
        self.init(
            outcome: check.outcome, reason: check.reason, checks: [check], remedies: remedies,
            cause: cause)
    }

    private init(
        outcome: CheckOutcome, reason: ReasonCode?, checks: [DecisionCheck], remedies: [Remedy],
        cause: String, signers: Set<String> = []
    ) {
        self.signers = signers
        self.outcome = outcome
        self.reason = reason
        self.checks = checks
        self.remedies = remedies
        self.cause = cause
    }

    /// All must be met: a refusal settles it, then what is undetermined.
    static func all(_ findings: [DemandFinding]) -> DemandFinding {
        guard
            let leading = findings.first(where: { $0.outcome == .refused })
                ?? findings.first(where: { $0.outcome == .undetermined })
        else {
            return DemandFinding(
                outcome: .met, reason: nil, checks: findings.flatMap(\.checks), remedies: [],
                cause: "", signers: signers(of: findings))
        }
        return DemandFinding(
            outcome: leading.outcome, reason: leading.reason, checks: findings.flatMap(\.checks),
            remedies: findings.flatMap(\.remedies).inOrderOnce, cause: leading.cause)
    }

    /// `required` of them must be met; what is undetermined may still be.
    static func atLeast(_ required: Int, of findings: [DemandFinding]) -> DemandFinding {
        atLeast(required, of: findings, met: findings.count { $0.outcome == .met })
    }

    /// `required` of them must be met, and by as many different signers.
    ///
    /// The rule: the demands that were met must let `required` of them be paired each with a
    /// signer of its own, out of those whose evidence met it. A nested set brings the signers that
    /// met it. So one signer counts once, however often and however deep it is written; a demand
    /// that is undetermined may still bring one of its own.
    static func atLeast(
        _ required: Int, bySignersOf findings: [DemandFinding], id: String, remedy: Remedy
    ) -> DemandFinding {
        let met = findings.filter { $0.outcome == .met }
        let different = differentSigners(met.map { Array($0.signers) })
        var finding = atLeast(required, of: findings, met: different)
        guard finding.outcome != .met, met.count > different else { return finding }
        let check = DecisionCheck(
            id: "\(id).count", what: "different signers", expected: "\(required) different signers",
            observed: "\(met.count) demands met by \(different) different signers",
            outcome: finding.outcome,
            reason: finding.outcome == .refused ? .signerMismatch : finding.reason)
        // It decides only where nothing else does: every other refusal says more.
        finding.checks.insert(check, at: finding.reason == nil ? 0 : finding.checks.endIndex)
        finding.reason = finding.reason ?? check.reason
        if finding.remedies.isEmpty { finding.remedies = [remedy] }
        if finding.cause.isEmpty { finding.cause = ".\(id): \(check.observed)" }
        return finding
    }

    private static func atLeast(
        _ required: Int, of findings: [DemandFinding], met: Int
    ) -> DemandFinding {
        let open = findings.filter { $0.outcome == .undetermined }
        let checks = findings.flatMap(\.checks)
        if met >= required {
            return DemandFinding(
                outcome: .met, reason: nil, checks: checks, remedies: [], cause: "",
                signers: signers(of: findings))
        }
        let refused = findings.filter { $0.outcome == .refused }
        let isOpen = met + open.count >= required
        let candidates = isOpen ? open : refused
        let leading = candidates.max { $0.rank < $1.rank }
        // The shortest way to green mends as many as are missing, and no more.
        let mended = (isOpen ? open : refused + open).prefix(required - met)
        return DemandFinding(
            outcome: isOpen ? .undetermined : .refused, reason: leading?.reason, checks: checks,
            remedies: mended.flatMap(\.remedies).inOrderOnce, cause: leading?.cause ?? "")
    }

    private static func signers(of findings: [DemandFinding]) -> Set<String> {
        findings.filter { $0.outcome == .met }.reduce(into: []) { $0.formUnion($1.signers) }
    }

    private var rank: Int { reason?.tellingRank ?? 0 }
}

/// How many of the demands can be given a signer each that no other of them is given.
///
/// Spec: the largest matching of a bipartite graph, by augmenting paths.
private func differentSigners(_ candidates: [[String]]) -> Int {
    var demandOfSigner: [String: Int] = [:]
    func gives(_ demand: Int, _ tried: inout Set<String>) -> Bool {
        for signer in candidates[demand] where tried.insert(signer).inserted {
            if let holder = demandOfSigner[signer], !gives(holder, &tried) { continue }
            demandOfSigner[signer] = demand
            return true
        }
        return false
    }
    return candidates.indices.count { demand in
        var tried: Set<String> = []
        return gives(demand, &tried)
    }
}

/// Who has to do it.
enum RemedySigner: Hashable, Sendable {
    case key
    /// An identity nobody has a file of, as a person reads it.
    case identity(String)

    init(_ signer: TrustedSigner) {
        switch signer {
        case .keys: self = .key
        case .certificates: self = .identity(signer.shown)
        }
    }
}

/// Something that must be done before a demand can be met; `Remediation` puts it into commands.
enum Remedy: Hashable, Sendable {
    case sign(by: RemedySigner)
    case attest(PredicateType, by: RemedySigner)
    /// The predicate holds the wrong thing at this pointer, or by this expression.
    case correct(PredicateType, place: String, observed: String?, expected: String)
    case writeDigest(Digest)
    case useDigest(Digest, in: Repository)
    case copyEvidence(from: Repository, Digest)
    case mendRegistry(Failure)
    /// The entry's place in the policy; nil where no edit of it would help.
    case nameTheTrust(pointer: String?, String)
    case giveKey(pointer: String, String)
    case nameSigners(pointer: String)
    case correctImageName
    /// A list of `imageReferences` that would cover the image; nil when no rule is near.
    case coverImage(pointer: String?)
    case mendPolicy(String)
}

extension Array where Element: Hashable {
    /// Every element once, where it stood first.
    var inOrderOnce: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
