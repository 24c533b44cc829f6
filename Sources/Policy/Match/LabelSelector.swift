// SPDX-License-Identifier: Apache-2.0
// Label selectors with Kyverno's wildcards.
// Spec: Kubernetes LabelSelector (meta/v1); docs/kyverno.md, "Matching", "Wildcards".

import Primitives

/// What labels must look like; an empty selector fits everything, as in Kubernetes.
struct LabelSelector: Hashable, Sendable {
    enum Operator: String, Sendable {
        case isIn = "In"
        case isNotIn = "NotIn"
        case exists = "Exists"
        case doesNotExist = "DoesNotExist"
    }

    struct Expression: Hashable, Sendable {
        let key: String
        let comparison: Operator
        let values: [String]
    }

    let labels: ByteStringMap<String>
    let expressions: [Expression]

    init(reading node: YAMLNode) throws(Failure) {
        try node.refuseFields(otherThan: ["matchLabels", "matchExpressions"])
        labels = try node.optional("matchLabels")?.stringMap() ?? [:]
        var expressions: [Expression] = []
        for item in try node.optional("matchExpressions")?.items() ?? [] {
            expressions.append(try Expression(reading: item))
        }
        self.expressions = expressions
    }

    func matches(_ found: ByteStringMap<String>) throws(Failure) -> Bool {
        guard try allPatterns(labels, matchIn: found) else { return false }
        for expression in expressions where !expression.matches(found) { return false }
        return true
    }
}

extension LabelSelector.Expression {
    init(reading node: YAMLNode) throws(Failure) {
        try node.refuseFields(otherThan: ["key", "operator", "values"])
        let name = try node.required("operator")
        guard let comparison = LabelSelector.Operator(rawValue: try name.string()) else {
            throw name.broken("it is none of In, NotIn, Exists, DoesNotExist")
        }
        let values = try node.optional("values")?.strings() ?? []
        // Spec: Kubernetes: values must be non-empty for In and NotIn, and empty for the others.
        guard values.isEmpty == [.exists, .doesNotExist].contains(comparison) else {
            throw node.broken(
                values.isEmpty
                    ? "\(comparison.rawValue) needs values"
                    : "\(comparison.rawValue) takes no values")
        }
        self.init(key: try node.required("key").string(), comparison: comparison, values: values)
    }

    fileprivate func matches(_ found: ByteStringMap<String>) -> Bool {
        switch comparison {
        case .isIn: found[key].map(isListed) ?? false
        case .isNotIn: found[key].map { !isListed($0) } ?? true
        case .exists: found[key] != nil
        case .doesNotExist: found[key] == nil
        }
    }

    private func isListed(_ text: String) -> Bool { values.contains { isSame($0, text) } }
}

/// Whether each wanted pair (patterns on both sides) is met by one of the pairs there.
func allPatterns(
    _ wanted: ByteStringMap<String>, matchIn found: ByteStringMap<String>
) throws(Failure) -> Bool {
    for (key, value) in wanted {
        var isMet = false
        let (keyPattern, valuePattern) = (Wildcard(key), Wildcard(value))
        for (name, text) in found where try keyPattern.matches(name) {
            isMet = try valuePattern.matches(text)
            if isMet { break }
        }
        guard isMet else { return false }
    }
    return true
}
