// SPDX-License-Identifier: Apache-2.0
// What a fail means for the request. Spec: docs/kyverno.md, "Effective action".

import Primitives

/// Audit reports, Enforce denies. It never changes the verdict, only what follows from it.
package enum FailureAction: String, Sendable, CaseIterable {
    case audit = "Audit"
    case enforce = "Enforce"

    init(reading node: YAMLNode) throws(Failure) {
        switch try node.string() {
        case "Audit", "audit": self = .audit
        case "Enforce", "enforce": self = .enforce
        case let text: throw node.broken("\(quoted(text)) is neither Audit nor Enforce")
        }
    }
}

/// Another action for some namespaces.
struct FailureActionOverride: Sendable {
    let action: FailureAction
    let namespaces: [String]
    let selector: LabelSelector?

    init(reading node: YAMLNode) throws(Failure) {
        try node.refuseFields(otherThan: ["action", "namespaces", "namespaceSelector"])
        action = try FailureAction(reading: try node.required("action"))
        namespaces = try node.optional("namespaces")?.strings() ?? []
        if let part = try node.optional("namespaceSelector") {
            selector = try LabelSelector(reading: part)
        } else {
            selector = nil
        }
        guard !namespaces.isEmpty || selector != nil else {
            throw node.broken("it names no namespaces; write namespaces or namespaceSelector")
        }
    }

    /// Whether it speaks about the resource's namespace; both parts must, when both are there.
    func answer(_ request: AdmissionRequest) throws(Failure) -> MatchResult {
        let namespace = request.object.identity.namespace
        if !namespaces.isEmpty, try !anyWildcard(of: namespaces, matches: namespace) { return .no }
        guard let selector else { return .yes }
        return try selector.answer(request)
    }
}

extension LabelSelector {
    /// Whether the labels of the resource's namespace match.
    func answer(_ request: AdmissionRequest) throws(Failure) -> MatchResult {
        switch request.namespaceLabels {
        case .known(let labels): return try matches(labels) ? .yes : .no
        case .unknown(let why):
            return .undecided(
                "namespaceSelector: the labels of the namespace "
                    + "\(quoted(request.object.identity.namespace)) are not known: \(why)")
        }
    }
}
