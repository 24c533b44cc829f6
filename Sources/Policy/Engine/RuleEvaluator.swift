// SPDX-License-Identifier: Apache-2.0
// One rule that matches, on the images that it is about.
// Spec: docs/kyverno.md, "Order of evaluation", "Messages".

import OCI
import Primitives

/// Evaluates the images of one rule.
struct RuleEvaluator: Sendable {
    let matched: MatchedRule
    let request: AdmissionRequest
    /// All images of the object; conditions see them.
    let images: [RequestImage]
    let queries: ImageQueries
    let time: Timestamp?

    /// The result of the rule. It says nothing if a fact was missing.
    func result(reading facts: inout FactReader) -> RuleResult {
        switch matched.selection {
        case .broken(let reason, let why):
            return ruleResult(
                images.map { broken($0, reason: reason, why: why) }, status: .error,
                message: "rule cannot be evaluated: \(why)")
        case .images(let selected):
            let names = ConditionContext(request, images, for: matched.rule, at: time)
            let evaluated = selected.map { image in
                switch image.match {
                case .unreadable(let failure): unreadable(image.use, failure)
                case .matched(let name, let requirements):
                    evaluate(image.use, name, requirements, names, reading: &facts)
                }
            }
            let status = status(of: evaluated)
            return ruleResult(evaluated, status: status, message: message(evaluated, status))
        }
    }

    private func ruleResult(
        _ images: [ImageEvaluation], status: RuleResult.Status, message: String
    ) -> RuleResult {
        RuleResult(
            policy: matched.policy.identity, rule: matched.rule.name, action: matched.action,
            status: status, message: message, isScored: matched.policy.isScored, images: images)
    }

    private func status(of images: [ImageEvaluation]) -> RuleResult.Status {
        if images.contains(where: { $0.result == .fail }) { return .fail }
        if images.contains(where: { $0.result == .unknown }) { return .error }
        return images.contains { $0.result == .pass } ? .pass : .skip
    }

    private func message(_ images: [ImageEvaluation], _ status: RuleResult.Status) -> String {
        let reported = images.filter { status == .pass || $0.result != .pass }
        guard !reported.isEmpty else { return "no image of the resource is covered" }
        return reported.map(\.message).inOrderOnce.joined(separator: "; ")
    }

    // MARK: One image

    private func evaluate(
        _ image: ImageUse, _ name: PolicyImageName, _ requirements: [ImageRequirement],
        _ names: ConditionContext, reading facts: inout FactReader
    ) -> ImageEvaluation {
        let evaluator = ImageEvaluator(
            name: name, query: queries.query(for: image, named: name), requirements: requirements,
            names: names.judging(name))
        let (found, digest) = evaluator.result(reading: &facts)
        let unverified = found.outcome == .met ? evaluator.unverified : nil
        let leading = unverified ?? found
        return ImageEvaluation(
            image: Decision.Image(use: image, normalized: name.description, digest: digest),
            result: unverified == nil ? found.outcome.result : .unmatched, reason: leading.reason,
            checks: found.checks + (unverified?.checks ?? []),
            patch: evaluator.patch(at: image, digest: digest, after: found),
            fixes: leading.fixes,
            message: leading.outcome == .met ? evaluator.passMessage : leading.cause)
    }

    private func unreadable(_ image: ImageUse, _ failure: Failure) -> ImageEvaluation {
        let check = DecisionCheck(
            id: "image", what: "image name", expected: "a name such as ghcr.io/acme/api:1.0",
            observed: failure.why, outcome: .refused, reason: .malformed)
        return ImageEvaluation(
            image: Decision.Image(use: image, normalized: nil, digest: nil), result: .fail,
            reason: .malformed, checks: [check], patch: nil, fixes: [.correctImageName],
            message: "\(failure.what): \(failure.why)")
    }

    private func broken(
        _ image: RequestImage, reason: ReasonCode, why: String
    ) -> ImageEvaluation {
        let name = try? image.name.get()
        let check = DecisionCheck(
            id: "rule", what: "evaluation of the rule",
            expected: "everything the rule asks about", observed: why, outcome: .undetermined,
            reason: reason)
        return ImageEvaluation(
            image: Decision.Image(use: image.use, normalized: name?.description, digest: nil),
            result: .unknown, reason: reason, checks: [check], patch: nil,
            fixes: [.fixPolicy(why)], message: "rule cannot be evaluated: \(why)")
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
