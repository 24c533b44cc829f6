// SPDX-License-Identifier: Apache-2.0
// One rule against the images of one resource.
// Spec: docs/kyverno.md, "Effective action", "Order of evaluation", "Messages".

import OCI
import Primitives
import Signing

/// What a rule said: a decision for each image it spoke about, and the sum of them.
struct RuleVerdict: Sendable {
    let decisions: [Decision]
    let outcome: RuleOutcome
}

/// Judges images by one rule.
struct RuleJudge: Sendable {
    let policy: CompiledPolicy
    let rule: CompiledRule
    let input: EvaluationInput

    /// nil when the rule does not speak about the resource.
    func judge(_ images: [ImageUse]) -> RuleVerdict? {
        do {
            switch try rule.scope.answer(input) {
            case .no: return nil
            case .undecided(let why):
                return broken(images, reason: .policyError, why: why)
            case .yes: return try verdict(images)
            }
        } catch {
            return broken(images, reason: error.policyReason, why: "\(error.what): \(error.why)")
        }
    }

    private func verdict(_ images: [ImageUse]) throws(Failure) -> RuleVerdict {
        let action = try effectiveAction()
        let names = ConditionContext(input, images, for: rule)
        var decisions: [Decision] = []
        for image in images {
            if let decision = try decision(on: image, names, action: action) {
                decisions.append(decision)
            }
        }
        return RuleVerdict(decisions: decisions, outcome: outcome(decisions, action: action))
    }

    /// The action of this rule for this resource. If the labels of a namespace decide about an
    /// override and are not known, the action is Enforce, so that a policy never becomes weaker.
    ///
    /// Spec: docs/kyverno.md, "Effective action".
    private func effectiveAction() throws(Failure) -> FailureAction {
        if let own = rule.action { return own }
        for override in policy.overrides {
            switch try override.answer(input) {
            case .yes: return override.action
            case .no: continue
            case .undecided: return .enforce
            }
        }
        return policy.action
    }

    private func outcome(_ decisions: [Decision], action: FailureAction) -> RuleOutcome {
        let status: RuleOutcome.Status =
            if decisions.contains(where: { $0.result == .fail }) {
                .fail
            } else if decisions.contains(where: { $0.result == .unknown }) {
                .error
            } else {
                decisions.contains { $0.result == .pass } ? .pass : .skip
            }
        let told = decisions.filter { status == .pass || $0.result != .pass }
        return RuleOutcome(
            policy: policy.name, rule: rule.name, action: action, status: status,
            message: told.isEmpty
                ? "no image of the resource is covered"
                : told.map(\.message).inOrderOnce.joined(separator: "; "),
            isScored: policy.isScored,
            isUndecided: decisions.contains { $0.result == .unknown })
    }

    // MARK: One image

    private func decision(
        on image: ImageUse, _ names: ConditionContext, action: FailureAction
    ) throws(Failure) -> Decision? {
        let name: PolicyImageName
        do {
            name = try PolicyImageName(parsing: image.written)
        } catch {
            return unreadable(image, error, action: action)
        }
        var covering: [CompiledVerification] = []
        for verification in rule.verifications {
            if case .covered = try verification.coverage(of: name) { covering.append(verification) }
        }
        guard !covering.isEmpty else { return nil }
        let judge = ImageJudge(
            name: name, facts: input.facts[image.written], verifications: covering,
            trust: input.trust,
            names: names.judging(name))
        let (finding, digest) = try judge.judge()
        let context = RemedyContext(
            image: image, name: name, digest: digest, file: input.resource.file,
            policy: policy.source)
        let unverified = finding.outcome == .met ? judge.unverified : nil
        let told = unverified ?? finding
        return Decision(
            rule: reference(action), request: Decision.Request(input),
            image: Decision.Image(use: image, normalized: name.description, digest: digest),
            result: unverified == nil ? finding.outcome.result : .unmatched, reason: told.reason,
            checks: finding.checks + (unverified?.checks ?? []),
            patch: judge.patch(at: image, digest: digest, after: finding),
            remediation: context.remediation(told.remedies),
            message: told.outcome == .met ? judge.passMessage : told.cause)
    }

    /// An image that is no name: no pattern can speak about it, so every rule of the resource does.
    private func unreadable(_ image: ImageUse, _ failure: Failure, action: FailureAction)
        -> Decision
    {
        let check = DecisionCheck(
            id: "image", what: "image name", expected: "a name such as ghcr.io/acme/api:1.0",
            observed: failure.why, outcome: .refused, reason: .malformed)
        let context = RemedyContext(
            image: image, name: nil, digest: nil, file: input.resource.file, policy: policy.source)
        return Decision(
            rule: reference(action), request: Decision.Request(input),
            image: Decision.Image(use: image, normalized: nil, digest: nil), result: .fail,
            reason: .malformed, checks: [check], patch: nil,
            remediation: context.remediation([.correctImageName]),
            message: "\(failure.what): \(failure.why)")
    }

    private func reference(_ action: FailureAction) -> Decision.Rule {
        Decision.Rule(
            policy: policy.name, namespace: policy.namespace, name: rule.name,
            digest: policy.digest, source: policy.source, action: action)
    }

    // MARK: Rules that cannot be evaluated

    private func broken(_ images: [ImageUse], reason: ReasonCode, why: String) -> RuleVerdict {
        let action = rule.action ?? policy.action
        let decisions = images.map { image in
            let name = try? PolicyImageName(parsing: image.written)
            let context = RemedyContext(
                image: image, name: name, digest: nil, file: input.resource.file,
                policy: policy.source)
            return Decision(
                rule: reference(action), request: Decision.Request(input),
                image: Decision.Image(use: image, normalized: name?.description, digest: nil),
                result: .unknown, reason: reason,
                checks: [
                    DecisionCheck(
                        id: "rule", what: "evaluation of the rule",
                        expected: "everything the rule asks about", observed: why,
                        outcome: .undetermined, reason: reason)
                ], patch: nil, remediation: context.remediation([.mendPolicy(why)]),
                message: "rule cannot be evaluated: \(why)")
        }
        return RuleVerdict(
            decisions: decisions,
            outcome: RuleOutcome(
                policy: policy.name, rule: rule.name, action: action, status: .error,
                message: "rule cannot be evaluated: \(why)", isScored: policy.isScored,
                isUndecided: true))
    }
}

extension CheckOutcome {
    fileprivate var result: ImageResult {
        switch self {
        case .met: .pass
        case .refused: .fail
        case .undetermined: .unknown
        }
    }
}
