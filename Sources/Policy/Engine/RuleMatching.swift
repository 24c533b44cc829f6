// SPDX-License-Identifier: Apache-2.0
// The rules that match a request, and the images that each of them is about. Matching happens once.
// Spec: docs/kyverno.md, "Matching", "verifyImages", "Effective action".

import Primitives

/// An image of the object, with its name read once.
struct RequestImage: Sendable {
    let use: ImageUse
    let name: Result<PolicyImageName, Failure>

    init(_ use: ImageUse) {
        self.use = use
        do throws(Failure) {
            name = .success(try PolicyImageName(parsing: use.written))
        } catch {
            name = .failure(error)
        }
    }
}

/// A rule that matches the request.
struct MatchedRule: Sendable {
    enum Selection: Sendable {
        case images([MatchedImage])
        /// The rule cannot be evaluated.
        case broken(ReasonCode, why: String)
    }

    let policy: CompiledPolicy
    let rule: CompiledRule
    /// The action of the rule for this object.
    let action: FailureAction
    let selection: Selection
}

/// An image that a rule is about.
struct MatchedImage: Sendable {
    enum Match: Sendable {
        /// The text is no image reference. No pattern can match it, so every rule that matches the
        /// object is about it.
        case unreadable(Failure)
        case matched(PolicyImageName, [ImageRequirement])
    }

    let use: ImageUse
    let match: Match
}

/// Every rule that matches, in the order of the policies.
func matchedRules(
    _ request: AdmissionRequest, _ images: [RequestImage], _ policies: [CompiledPolicy]
) -> [MatchedRule] {
    var matched: [MatchedRule] = []
    for policy in policies where policy.matchesNamespace(of: request.object) {
        for rule in policy.rules {
            guard let found = match(rule, of: policy, request, images) else { continue }
            matched.append(found)
            // Spec: docs/kyverno.md, "Policy and rule" (applyRules: One).
            if policy.stopsAfterFirstRule, found.hasImages(of: images) { break }
        }
    }
    return matched
}

/// nil if the rule does not match the request.
private func match(
    _ rule: CompiledRule, of policy: CompiledPolicy, _ request: AdmissionRequest,
    _ images: [RequestImage]
) -> MatchedRule? {
    func broken(_ reason: ReasonCode, _ why: String) -> MatchedRule {
        MatchedRule(
            policy: policy, rule: rule, action: rule.action ?? policy.action,
            selection: .broken(reason, why: why))
    }
    do throws(Failure) {
        switch try rule.scope.answer(request) {
        case .no: return nil
        case .undecided(let why): return broken(.policyError, why)
        case .yes: break
        }
        return MatchedRule(
            policy: policy, rule: rule, action: try effectiveAction(of: rule, in: policy, request),
            selection: .images(try matchedImages(images, by: rule)))
    } catch {
        return broken(error.policyReason, "\(error.what): \(error.why)")
    }
}

private func matchedImages(
    _ images: [RequestImage], by rule: CompiledRule
) throws(Failure) -> [MatchedImage] {
    var matched: [MatchedImage] = []
    for image in images {
        switch image.name {
        case .failure(let failure):
            matched.append(MatchedImage(use: image.use, match: .unreadable(failure)))
        case .success(let name):
            var requirements: [ImageRequirement] = []
            for requirement in rule.images {
                if case .matched = try requirement.match(name) { requirements.append(requirement) }
            }
            guard !requirements.isEmpty else { continue }
            matched.append(MatchedImage(use: image.use, match: .matched(name, requirements)))
        }
    }
    return matched
}

/// The action of a rule for the object. If the labels of a namespace decide about an override and
/// are not known, the action is Enforce, so that a policy never becomes weaker.
///
/// Spec: docs/kyverno.md, "Effective action".
private func effectiveAction(
    of rule: CompiledRule, in policy: CompiledPolicy, _ request: AdmissionRequest
) throws(Failure) -> FailureAction {
    if let own = rule.action { return own }
    for override in policy.overrides {
        switch try override.answer(request) {
        case .yes: return override.action
        case .no: continue
        case .undecided: return .enforce
        }
    }
    return policy.action
}

extension MatchedRule {
    fileprivate func hasImages(of request: [RequestImage]) -> Bool {
        switch selection {
        case .images(let images): !images.isEmpty
        case .broken: !request.isEmpty
        }
    }
}

extension CompiledPolicy {
    /// A `Policy` is about its own namespace only.
    fileprivate func matchesNamespace(of object: ResourceManifest) -> Bool {
        identity.namespace.map { isSame($0, object.identity.namespace) } ?? true
    }
}
