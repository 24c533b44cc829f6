// SPDX-License-Identifier: Apache-2.0
// The operators of conditions. Spec: reference kyverno.md §1.8, "Operators".

import Primitives

/// How an observed value is compared with the policy's.
///
/// Deviation: only the policy's value is a pattern. Kyverno's AnyIn family takes the observed value
/// for a pattern too, so that a predicate that says `*` would be in every list. And `AllIn` needs at
/// least one observed value: an empty list is no proof. Nor is it one that an object or a list
/// differs from a plain value: membership is decided between plain values only, and `NotEquals`
/// between values of the same shape; everything else is not met.
enum ConditionOperator: String, Sendable, CaseIterable {
    case equals = "Equals"
    case notEquals = "NotEquals"
    case anyIn = "AnyIn"
    case allIn = "AllIn"
    case anyNotIn = "AnyNotIn"
    case allNotIn = "AllNotIn"
    case greaterThan = "GreaterThan"
    case greaterThanOrEquals = "GreaterThanOrEquals"
    case lessThan = "LessThan"
    case lessThanOrEquals = "LessThanOrEquals"

    init(reading node: YAMLNode) throws(Failure) {
        let text = try node.string()
        if let known = ConditionOperator(rawValue: text) ?? olderNames[text] {
            self = known
        } else if text.hasPrefix("Duration") {
            throw Failure(
                .unsupported, "cannot use the operator \(quoted(text))", at: node.place,
                because: "Kyverno has replaced it",
                next: "write \(text.dropFirst("Duration".count)), which reads durations")
        } else {
            throw node.broken(
                "\(quoted(text)) is none of "
                    + ConditionOperator.allCases.map(\.rawValue).joined(separator: ", "))
        }
    }

    var isMembership: Bool { [.anyIn, .allIn, .anyNotIn, .allNotIn].contains(self) }

    var isOrdering: Bool {
        [.greaterThan, .greaterThanOrEquals, .lessThan, .lessThanOrEquals].contains(self)
    }

    /// Whether `observed` meets the demand.
    func holds(_ observed: JSONValue, against wanted: JSONValue) throws(Failure) -> Bool {
        switch self {
        case .equals: return try isEqual(observed, wanted)
        case .notEquals:
            // A list is never equal to a word; that says nothing about what is in the list.
            guard observed.isComparable(with: wanted) else { return false }
            return try !isEqual(observed, wanted)
        case .anyIn, .allIn, .anyNotIn, .allNotIn:
            return try holdsMembership(observed.array ?? [observed], in: wanted.array ?? [wanted])
        case .greaterThan, .greaterThanOrEquals, .lessThan, .lessThanOrEquals:
            guard let left = Magnitude(observed), let right = Magnitude(wanted) else {
                return false
            }
            return isOrdered(left, right)
        }
    }

    private func holdsMembership(
        _ observed: [JSONValue], in list: [JSONValue]
    ) throws(Failure) -> Bool {
        guard observed.allSatisfy({ $0.memberText != nil }) else { return false }
        var inside = 0
        for item in observed {
            for wanted in list where try isMember(item, wanted) {
                inside += 1
                break
            }
        }
        return switch self {
        case .anyIn: inside > 0
        case .allIn: inside == observed.count && !observed.isEmpty
        case .anyNotIn: inside < observed.count
        default: inside == 0
        }
    }

    /// Why a value could not be compared at all; nil when it could.
    func incomparable(_ observed: JSONValue, with wanted: JSONValue) -> String? {
        if isMembership {
            let items = observed.array ?? [observed]
            return items.allSatisfy { $0.memberText != nil }
                ? nil : "only plain values can be looked up in a list"
        }
        guard self == .notEquals, !observed.isComparable(with: wanted) else { return nil }
        return "\(observed.kindName) cannot be compared with \(wanted.kindName)"
    }

    private func isOrdered(_ left: Magnitude, _ right: Magnitude) -> Bool {
        switch self {
        case .greaterThan: left > right
        case .greaterThanOrEquals: left >= right
        case .lessThan: left < right
        default: left <= right
        }
    }
}

/// Spec: §1.8: "Equals on strings tries duration, then quantity, then wildcard".
private func isEqual(_ observed: JSONValue, _ wanted: JSONValue) throws(Failure) -> Bool {
    switch (observed, wanted) {
    case (.string(let left), .string(let right)):
        if let left = Magnitude(duration: left), let right = Magnitude(duration: right) {
            return left == right
        }
        if let left = Magnitude(quantity: left), let right = Magnitude(quantity: right) {
            return left == right
        }
        return try Wildcard(right).matches(left)
    case (.number, .number), (.number, .string):
        guard let left = Magnitude(observed), let right = Magnitude(wanted) else {
            return observed == wanted
        }
        return left == right
    default: return observed == wanted
    }
}

/// Members are compared as text, as Kyverno does.
private func isMember(_ observed: JSONValue, _ wanted: JSONValue) throws(Failure) -> Bool {
    switch (observed.memberText, wanted.memberText) {
    case (let left?, let right?): try Wildcard(right).matches(left)
    default: observed == wanted
    }
}

extension JSONValue {
    /// Two plain values, two lists, or two objects.
    fileprivate func isComparable(with other: JSONValue) -> Bool {
        switch (self, other) {
        case (.array, .array), (.object, .object): true
        case (.array, _), (.object, _), (_, .array), (_, .object): false
        default: true
        }
    }

    fileprivate var memberText: String? {
        switch self {
        case .string(let text): text
        case .number(let number): number.description
        case .bool(let value): value ? "true" : "false"
        default: nil
        }
    }
}

/// Spec: §1.8: deprecated spellings. `In` and `NotIn` of a list mean all of its items.
private let olderNames: [String: ConditionOperator] = [
    "Equal": .equals, "NotEqual": .notEquals, "In": .allIn, "NotIn": .allNotIn,
]
