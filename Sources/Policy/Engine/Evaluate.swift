// SPDX-License-Identifier: Apache-2.0
// Policies on a request: matched once, then evaluated with the facts that are known. No clock, no
// network and no files: the same arguments give the same result.
// Spec: docs/kyverno.md, "Order of evaluation".

import OCI
package import Primitives
import Signing

/// Either the results, or the questions that must be answered first.
package enum EvaluationStep: Sendable {
    case needs(MissingFacts)
    case done(Evaluation)
}

/// Evaluates every image of the request, or says which facts are missing.
///
/// A rule that cannot be evaluated makes its images `unknown`; no image is left out. Call it again
/// with the facts that it asked for, until it is done: every call asks for something new, and the
/// questions end.
///
/// - Parameter time: the time that conditions see; nil if they have none.
/// - Throws: `Failure` of kind `malformed` if the images of the object cannot be read.
package func evaluate(
    _ request: AdmissionRequest, by policies: [CompiledPolicy], facts: Facts, at time: Timestamp?
) throws(Failure) -> EvaluationStep {
    guard request.operation != .delete else { return .done(Evaluation(request, [], [])) }
    let images = try request.object.images().map { RequestImage($0) }
    let rules = matchedRules(request, images, policies)
    let queries = ImageQueries(rules)
    var reader = FactReader(facts)
    let results = rules.map { matched in
        RuleEvaluator(
            matched: matched, request: request, images: images, queries: queries, time: time
        ).result(reading: &reader)
    }
    guard reader.missing.isEmpty else { return .needs(reader.missing) }
    let matched = Set(results.flatMap { $0.images.map(\.image.use) })
    let others = images.filter { !matched.contains($0.use) }
    return .done(
        Evaluation(
            request, results.withoutIdlePins, others.map { unmatched($0, near: rules) }))
}

/// The image queries of one evaluation. An image is asked about once, with all the types of
/// evidence that the rules need together.
struct ImageQueries {
    private var types: [ByteString: Set<PredicateType>] = [:]

    init(_ rules: [MatchedRule]) {
        for case .images(let images) in rules.map(\.selection) {
            for image in images {
                guard case .matched(let name, let requirements) = image.match else { continue }
                for requirement in requirements where requirement.needsFacts(for: name) {
                    types[ByteString(image.use.written), default: []]
                        .formUnion(requirement.types)
                }
            }
        }
    }

    func query(for image: ImageUse, named name: PolicyImageName) -> ImageQuery {
        ImageQuery(
            written: image.written, name: name.name, types: types[ByteString(image.written)] ?? [])
    }
}

/// The result for an image that no rule matches: never a pass that nobody asked for.
private func unmatched(_ image: RequestImage, near rules: [MatchedRule]) -> ImageEvaluation {
    let name = try? image.name.get()
    let skipped = name.flatMap { name in rules.lazy.compactMap { $0.skipNote(for: name) }.first }
    let first = rules.first
    let check = DecisionCheck(
        id: "match", what: "a rule for the image",
        expected: "an imageReferences pattern that covers it",
        observed: skipped
            ?? "\(rules.count) rules match the resource, and none covers the image",
        outcome: .undetermined, reason: .unmatched)
    let fix = RemediationAction.coverImage(
        policy: first?.policy.identity.source, pointer: first?.rule.images.first?.pointer)
    return ImageEvaluation(
        image: Decision.Image(use: image.use, normalized: name?.description, digest: nil),
        result: .unmatched, reason: .unmatched, checks: [check], patch: nil,
        fixes: skipped == nil ? [fix] : [],
        message: "no rule matches image \(name?.description ?? image.use.written)")
}

extension MatchedRule {
    /// Why the image is skipped, if it is.
    fileprivate func skipNote(for name: PolicyImageName) -> String? {
        for requirement in rule.images {
            guard case .skipped(let pattern)? = try? requirement.match(name) else { continue }
            return "skipImageReferences \(pattern) of \(policy.name)/\(rule.name) frees it"
        }
        return nil
    }
}

extension [RuleResult] {
    /// Without the `unmatched` of a rule that only pins, where another rule evaluated the same
    /// image. Its patch moves to a result that passed.
    fileprivate var withoutIdlePins: [RuleResult] {
        let all = flatMap(\.images)
        let evaluated = Set(all.filter { $0.result != .unmatched }.map(\.image.use))
        let idle = all.filter { $0.isIdle(besides: evaluated) }
        guard !idle.isEmpty else { return self }
        var pins: [ImageUse: Decision.Patch] = [:]
        for image in idle { pins[image.image.use] = pins[image.image.use] ?? image.patch }
        return map { rule in
            var rule = rule
            rule.images = rule.images.filter { !$0.isIdle(besides: evaluated) }.map { image in
                var image = image
                if image.result == .pass { image.patch = image.patch ?? pins[image.image.use] }
                return image
            }
            return rule
        }
    }
}

extension ImageEvaluation {
    fileprivate func isIdle(besides evaluated: Set<ImageUse>) -> Bool {
        result == .unmatched && evaluated.contains(image.use)
    }
}
