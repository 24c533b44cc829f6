// SPDX-License-Identifier: Apache-2.0
// Facts in, verdicts out: no clock, no network and no files inside.
// Spec: docs/kyverno.md, "Order of evaluation".

package import Primitives
import Signing

/// What became of one resource.
package struct Evaluation: Sendable {
    package let resource: ResourceIdentity
    /// One for each image and rule that spoke about it, and one for each image nobody spoke about.
    package let decisions: [Decision]
    /// One for each rule that matched the resource.
    package let outcomes: [RuleOutcome]
}

/// What one rule said about one resource, all images together: Kyverno's unit of counting.
package struct RuleOutcome: Hashable, Sendable {
    package enum Status: String, Hashable, Sendable {
        case pass, fail, warn, error, skip
    }

    package let policy: String
    package let rule: String
    package let action: FailureAction
    package let status: Status
    package let message: String
    /// False when the policy says that its fails are warnings.
    package let isScored: Bool
    /// Whether an image of it could not be decided: that is never softened to a warning.
    package let isUndecided: Bool
}

/// Either the verdicts, or the images that must be looked at first.
package enum EvaluationAnswer: Sendable {
    case needs([NeededImage])
    case decided(Evaluation)
}

/// Judges resources by policies. The same arguments give the same answer, everywhere.
package struct PolicyEvaluator: Sendable {
    package let policies: [CompiledPolicy]

    package init(policies: [CompiledPolicy]) { self.policies = policies }

    /// The images whose facts an evaluation will ask for, each name once, in the resource's order.
    ///
    /// - Throws: `Failure` of kind `malformed` when the resource's images cannot be read.
    package func neededImages(_ input: EvaluationInput) throws(Failure) -> [NeededImage] {
        guard input.operation != .delete else { return [] }
        var needed: [NeededImage] = []
        var seen: Set<ExactText> = []
        for image in try input.resource.images()
        where seen.insert(ExactText(image.written)).inserted {
            guard let name = try? PolicyImageName(parsing: image.written) else { continue }
            var wishes: Set<EvidenceCollector.Wish> = []
            var isNeeded = false
            for rule in policies.filter({ $0.speaks(of: input.resource) }).flatMap(\.rules)
            where (try? rule.scope.answer(input)) == .yes {
                for verification in rule.verifications where verification.needsFacts(for: name) {
                    guard case .covered? = try? verification.coverage(of: name) else { continue }
                    isNeeded = true
                    wishes.formUnion(verification.wishes)
                }
            }
            if isNeeded {
                needed.append(NeededImage(written: image.written, name: name.name, wishes: wishes))
            }
        }
        return needed
    }

    /// Judges every image, or says which facts are missing.
    ///
    /// A rule that cannot be evaluated makes its images `unknown`; nothing is passed over.
    ///
    /// - Throws: `Failure` of kind `malformed` when the resource's images cannot be read.
    package func evaluate(_ input: EvaluationInput) throws(Failure) -> EvaluationAnswer {
        let missing = try neededImages(input).filter { input.facts[$0.written] == nil }
        guard missing.isEmpty else { return .needs(missing) }
        guard input.operation != .delete else { return .decided(Evaluation(input, [], [])) }
        let images = try input.resource.images()
        var decisions: [Decision] = []
        var outcomes: [RuleOutcome] = []
        for policy in policies where policy.speaks(of: input.resource) {
            for rule in policy.rules {
                let judge = RuleJudge(policy: policy, rule: rule, input: input)
                guard let verdict = judge.judge(images) else { continue }
                decisions += verdict.decisions
                outcomes.append(verdict.outcome)
                // Spec: docs/kyverno.md, "Policy and rule" (applyRules: One).
                if policy.stopsAfterFirstRule, !verdict.decisions.isEmpty { break }
            }
        }
        let spoken = Set(decisions.map(\.image.use))
        for image in images where !spoken.contains(image) {
            decisions.append(unmatched(image, input))
        }
        return .decided(Evaluation(input, decisions.withoutIdlePins, outcomes))
    }

    /// No rule spoke: never a silent pass.
    private func unmatched(_ image: ImageUse, _ input: EvaluationInput) -> Decision {
        let name = try? PolicyImageName(parsing: image.written)
        let near = policies.filter { $0.speaks(of: input.resource) }.flatMap { policy in
            policy.rules.filter { (try? $0.scope.answer(input)) == .yes }.map { (policy, $0) }
        }
        let freed = name.flatMap { name in
            near.lazy.compactMap { freedBy($0, $1, name) }.first
        }
        let check = DecisionCheck(
            id: "match", what: "a rule for the image",
            expected: "an imageReferences pattern that covers it",
            observed: freed ?? "\(near.count) rules match the resource, and none covers the image",
            outcome: .undetermined, reason: .unmatched)
        let context = RemedyContext(
            image: image, name: name, digest: nil, file: input.resource.file,
            policy: near.first?.0.source)
        let pointer = near.first?.1.verifications.first?.pointer
        return Decision(
            rule: nil, request: Decision.Request(input),
            image: Decision.Image(use: image, normalized: name?.description, digest: nil),
            result: .unmatched, reason: .unmatched, checks: [check], patch: nil,
            remediation: freed == nil ? context.remediation([.coverImage(pointer: pointer)]) : nil,
            message: "no rule matches image \(name?.description ?? image.written)")
    }
}

private func freedBy(
    _ policy: CompiledPolicy, _ rule: CompiledRule, _ name: PolicyImageName
) -> String? {
    for verification in rule.verifications {
        guard case .freed(let pattern)? = try? verification.coverage(of: name) else { continue }
        return "skipImageReferences \(pattern) of \(policy.name)/\(rule.name) frees it"
    }
    return nil
}

extension Evaluation {
    fileprivate init(_ input: EvaluationInput, _ decisions: [Decision], _ outcomes: [RuleOutcome]) {
        self.init(resource: input.resource.identity, decisions: decisions, outcomes: outcomes)
    }
}

extension Decision.Request {
    init(_ input: EvaluationInput) {
        self.init(
            resource: input.resource.identity, operation: input.operation,
            subresource: input.subresource, digest: input.resource.digest, file: input.resource.file
        )
    }
}

extension [Decision] {
    /// Without the `unmatched` of a rule that only pins, where another rule judged the same image:
    /// then somebody did speak. The pin stays, on a verdict that passed.
    fileprivate var withoutIdlePins: [Decision] {
        let judged = Set(filter { $0.result != .unmatched }.map(\.image.use))
        let idle = filter { $0.result == .unmatched && judged.contains($0.image.use) }
        guard !idle.isEmpty else { return self }
        var pins: [ImageUse: Decision.Patch] = [:]
        for decision in idle {
            pins[decision.image.use] = pins[decision.image.use] ?? decision.patch
        }
        return filter { !idle.contains($0) }.map { decision in
            guard decision.result == .pass, decision.patch == nil,
                let pin = pins[decision.image.use]
            else { return decision }
            return Decision(
                rule: decision.rule, request: decision.request, image: decision.image,
                result: decision.result, reason: decision.reason, checks: decision.checks,
                patch: pin, remediation: decision.remediation, message: decision.message)
        }
    }
}

extension CompiledPolicy {
    /// A `Policy` speaks in its own namespace only.
    fileprivate func speaks(of resource: ResourceManifest) -> Bool {
        namespace.map { isSame($0, resource.identity.namespace) } ?? true
    }
}

/// Whether an entry of verifyImages speaks about an image.
enum ImageCoverage: Sendable {
    case silent
    case freed(ImagePattern)
    case covered
}

extension CompiledVerification {
    /// `skipImageReferences` is asked after `imageReferences`.
    ///
    /// Spec: docs/kyverno.md, "verifyImages".
    func coverage(of name: PolicyImageName) throws(Failure) -> ImageCoverage {
        guard !demandsNothing else { return .silent }
        var isCovered = false
        for pattern in references where try name.isCovered(by: pattern) {
            isCovered = true
            break
        }
        guard isCovered else { return .silent }
        for pattern in skipped where try name.isFreed(by: pattern) { return .freed(pattern) }
        return .covered
    }

    /// What must be looked for beside an image.
    fileprivate var wishes: Set<EvidenceCollector.Wish> {
        var wishes = Set(attestations.map { EvidenceCollector.Wish.only($0.type) })
        if !attestorSets.isEmpty { wishes.insert(.only(.signature)) }
        return wishes
    }
}
