// SPDX-License-Identifier: Apache-2.0
// What an evaluation found: results of rules, and of their images inside.
// Spec: docs/kyverno.md, "Results", "Messages".

import Primitives

/// The results of one request.
package struct Evaluation: Sendable {
    package let request: Decision.Request
    /// One for each rule that matched, in the order of the policies.
    package let results: [RuleResult]
    /// The images that no rule matched.
    package let unmatched: [ImageEvaluation]

    package var resource: ResourceIdentity { request.resource }

    init(
        _ request: AdmissionRequest, _ results: [RuleResult], _ unmatched: [ImageEvaluation]
    ) {
        self.request = Decision.Request(request)
        self.results = results
        self.unmatched = unmatched
    }
}

/// What one rule found about one object, all images together: Kyverno's unit of counting.
package struct RuleResult: Sendable {
    package enum Status: String, Hashable, Sendable {
        case pass, fail, warn, error, skip
    }

    package let policy: PolicyIdentity
    /// A generated rule has its generated name.
    package let rule: String
    package let action: FailureAction
    package let status: Status
    package let message: String
    /// False if the policy says that its fails are warnings.
    package let isScored: Bool
    package internal(set) var images: [ImageEvaluation]

    /// Whether the result of an image is unknown: that is never reduced to a warning.
    package let isUndecided: Bool

    init(
        policy: PolicyIdentity, rule: String, action: FailureAction, status: Status,
        message: String, isScored: Bool, images: [ImageEvaluation]
    ) {
        self.policy = policy
        self.rule = rule
        self.action = action
        self.status = status
        self.message = message
        self.isScored = isScored
        self.images = images
        isUndecided = status == .error || images.contains { $0.result == .unknown }
    }
}

/// What one rule found about one image.
package struct ImageEvaluation: Sendable {
    package let image: Decision.Image
    package let result: ImageResult
    /// nil exactly if the result is `pass`.
    package let reason: ReasonCode?
    package let checks: [DecisionCheck]
    package internal(set) var patch: Decision.Patch?
    /// What must be done before it passes, in the order to do it.
    package let fixes: [RemediationAction]
    /// The sentence in Kyverno's words.
    package let message: String
}

extension Evaluation {
    /// How each image was decided: those of rules first, then those that no rule matched.
    package var decisions: [Decision] {
        results.flatMap { rule in
            rule.images.map { Decision($0, by: rule, on: request) }
        } + unmatched.map { Decision($0, by: nil, on: request) }
    }

    /// Every image result, without the parts of a decision that only a reader needs.
    package var images: [ImageEvaluation] { results.flatMap(\.images) + unmatched }
}

extension Decision {
    init(_ found: ImageEvaluation, by rule: RuleResult?, on request: Request) {
        let context = RemediationContext(
            image: found.image, file: request.file, policy: rule?.policy.source)
        self.init(
            rule: rule.map {
                Rule(
                    policy: $0.policy.name, namespace: $0.policy.namespace, name: $0.rule,
                    digest: $0.policy.digest, source: $0.policy.source, action: $0.action)
            },
            request: request, image: found.image, result: found.result, reason: found.reason,
            checks: found.checks, patch: found.patch,
            remediation: context.remediation(found.fixes), message: found.message)
    }
}

extension Decision.Request {
    init(_ request: AdmissionRequest) {
        self.init(
            resource: request.object.identity, operation: request.operation,
            subresource: request.subresource, digest: request.object.digest,
            file: request.object.file)
    }
}
