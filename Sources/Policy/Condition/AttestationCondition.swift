// SPDX-License-Identifier: Apache-2.0
// Conditions on what a verified statement says. Spec: reference kyverno.md §1.4.

import Primitives

/// One comparison.
struct AttestationCondition: Hashable, Sendable {
    enum Key: Hashable, Sendable {
        case literal(JSONValue)
        case expression(ConditionExpression)
    }

    let key: Key
    let comparison: ConditionOperator
    let value: JSONValue
    let message: String?

    init(reading node: YAMLNode) throws(Failure) {
        try node.refuseFields(otherThan: ["key", "operator", "value", "message"])
        key = try conditionKey(try node.required("key"))
        comparison = try ConditionOperator(reading: try node.required("operator"))
        value = try conditionValue(try node.required("value"), for: comparison)
        message = try node.optional("message")?.string()
        if let message, message.contains("{{") {
            throw Failure(
                .unsupported, "cannot use the message", at: try node.required("message").place,
                because: "variables in messages are not read yet")
        }
    }

    /// What the predicate holds at the key; nil when there is nothing.
    func observed(in predicate: JSONValue) -> JSONValue? {
        switch key {
        case .literal(let value): value
        case .expression(let expression): expression.value(in: predicate)
        }
    }

    /// A path that leads nowhere meets no condition, not even NotEquals: absence is no proof.
    func holds(for predicate: JSONValue) throws(Failure) -> Bool {
        guard let observed = observed(in: predicate) else { return false }
        return try comparison.holds(observed, against: value)
    }

    /// The key as a person wrote it.
    var keyText: String {
        switch key {
        case .literal(let value): value.compactText
        case .expression(let expression): expression.description
        }
    }
}

/// One item of `conditions`: all of `all`, and one of `any` when `any` is there.
struct ConditionGroup: Hashable, Sendable {
    let all: [AttestationCondition]
    let any: [AttestationCondition]

    init(reading node: YAMLNode) throws(Failure) {
        try node.refuseFields(otherThan: ["all", "any"])
        all = try conditions(node, "all")
        any = try conditions(node, "any")
        guard !all.isEmpty || !any.isEmpty else {
            throw node.broken("it holds no condition; write any or all with at least one")
        }
    }
}

private func conditions(
    _ node: YAMLNode, _ name: String
) throws(Failure) -> [AttestationCondition] {
    var found: [AttestationCondition] = []
    for item in try node.optional(name)?.items() ?? [] {
        found.append(try AttestationCondition(reading: item))
    }
    return found
}

private func conditionKey(_ node: YAMLNode) throws(Failure) -> AttestationCondition.Key {
    guard case .scalar(.string(let text)) = node.content else { return .literal(node.json) }
    let trimmed = trimmedSpaces(text)
    guard text.contains("{{") || text.contains("$(") else { return .literal(.string(text)) }
    let inner = trimmed.dropFirst(2).dropLast(2)
    guard trimmed.hasPrefix("{{"), trimmed.hasSuffix("}}"), trimmed.count > 4,
        !inner.contains("{{"), !inner.contains("}}")
    else {
        throw Failure(
            .unsupported, "cannot use the expression \(quoted(text))", at: node.place,
            because: "only one {{ path }} and nothing beside it can stand here")
    }
    return .expression(
        try ConditionExpression(parsing: trimmedSpaces(String(inner)), at: node))
}

private func trimmedSpaces(_ text: String) -> String {
    let start = text.drop(while: \.isWhitespace)
    return String(start.prefix(start.count - start.reversed().prefix(while: \.isWhitespace).count))
}

private func conditionValue(
    _ node: YAMLNode, for comparison: ConditionOperator
) throws(Failure) -> JSONValue {
    let value = node.json
    guard !value.texts.contains(where: { $0.contains("{{") || $0.contains("$(") }) else {
        throw Failure(
            .unsupported, "cannot use the value", at: node.place,
            because: "variables in values are not read yet")
    }
    if comparison.isOrdering, Magnitude(value) == nil {
        throw node.broken(
            "\(comparison.rawValue) needs a number, or an amount such as 168h or 1Gi"
        )
    }
    guard comparison.isMembership else { return value }
    if case .array = value { return value }
    guard let text = value.string else { return value }
    // Spec: §1.8: AnyIn reads JSON-array strings and ranges (`1-10`, inverse `1!-10`).
    if text.hasPrefix("[") {
        do {
            return try JSONValue(parsing: Array(text.utf8), named: "the value")
        } catch {
            throw node.broken("it starts like a JSON list and is none: \(error.why)")
        }
    }
    guard !isRange(text) else {
        throw Failure(
            .unsupported, "cannot use the value \(quoted(text))", at: node.place,
            because: "Kyverno reads it as a range, and ranges are not read yet",
            next: "write two conditions with GreaterThanOrEquals and LessThanOrEquals")
    }
    return value
}

private func isRange(_ text: String) -> Bool {
    guard let dash = text.dropFirst().firstIndex(of: "-") else { return false }
    var low = text[..<dash]
    if low.hasSuffix("!") { low = low.dropLast() }
    return Magnitude(.string(String(low))) != nil
        && Magnitude(.string(String(text[text.index(after: dash)...]))) != nil
}

extension JSONValue {
    /// Every text inside the value.
    fileprivate var texts: [String] {
        switch self {
        case .string(let text): [text]
        case .array(let items): items.flatMap(\.texts)
        case .object(let object): object.flatMap { [$0.name] + $0.value.texts }
        default: []
        }
    }
}
