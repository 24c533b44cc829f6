// SPDX-License-Identifier: Apache-2.0
// The operators of conditions. Spec: docs/kyverno.md, "Condition operators".

import JMESPath
import KyvernoFunctions
import Primitives

/// How an observed value is compared with the policy's.
///
/// Deviation: only the policy's value is a pattern. Kyverno's AnyIn family takes the observed value
/// for a pattern too, so that a predicate that says `*` would be in every list. Here it counts as
/// one only where being in the list refuses. And `AllIn` needs at least one observed value: an
/// empty list is no proof. Nor is it one that an object or a list differs from a plain value:
/// membership is decided between plain values only, and `NotEquals` between values of the same
/// shape; everything else is not met. The older `NotIn` of a list means that none of its items is in
/// it; in Kyverno one item outside is enough.
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
    case durationGreaterThan = "DurationGreaterThan"
    case durationGreaterThanOrEquals = "DurationGreaterThanOrEquals"
    case durationLessThan = "DurationLessThan"
    case durationLessThanOrEquals = "DurationLessThanOrEquals"

    /// Capitals in the name do not matter. Spec: docs/kyverno.md, "Condition operators".
    init(reading node: YAMLNode) throws(Failure) {
        let text = try node.string()
        guard text.utf8.allSatisfy({ $0 < 0x80 }),
            let known = operatorNames[text.utf8.lowercased()]
        else {
            throw node.broken(
                "\(quoted(text)) is none of "
                    + ConditionOperator.allCases.map(\.rawValue).joined(separator: ", "))
        }
        self = known
    }

    var isMembership: Bool { [.anyIn, .allIn, .anyNotIn, .allNotIn].contains(self) }

    /// Whether being in the list refuses.
    private var excludes: Bool { [.anyNotIn, .allNotIn].contains(self) }

    var isOrdering: Bool { ordering != nil }

    /// The older operators that know durations and seconds only.
    var isAboutDurations: Bool { rawValue.utf8.hasPrefix("Duration") }

    /// The signs of a comparison that meet the demand; nil when it is about no order.
    private var ordering: Set<Int>? {
        switch self {
        case .greaterThan, .durationGreaterThan: [1]
        case .greaterThanOrEquals, .durationGreaterThanOrEquals: [0, 1]
        case .lessThan, .durationLessThan: [-1]
        case .lessThanOrEquals, .durationLessThanOrEquals: [-1, 0]
        default: nil
        }
    }

    /// Whether `observed` meets the demand.
    func holds(_ observed: JSONValue, against wanted: ExpectedValue) throws(Failure) -> Bool {
        guard incomparable(observed, with: wanted) == nil else { return false }
        switch self {
        case .equals: return try isEqual(observed, wanted.whole)
        case .notEquals:
            if try isEqual(observed, wanted.whole) { return false }
            return try !looksEqual(observed, wanted.whole)
        case .anyIn, .allIn, .anyNotIn, .allNotIn:
            return try holdsMembership(observed.array ?? [observed], in: wanted)
        default:
            guard let ordering, let order = order(observed, wanted.json) else { return false }
            return ordering.contains(order)
        }
    }

    private func holdsMembership(_ observed: [JSONValue], in wanted: ExpectedValue) throws(Failure)
        -> Bool
    {
        var inside = 0
        var budget = ComparisonBudget()
        for item in observed where try isMember(item, of: wanted, &budget) { inside += 1 }
        return switch self {
        case .anyIn: inside > 0
        case .allIn: inside == observed.count && !observed.isEmpty
        case .anyNotIn: inside < observed.count
        default: inside == 0
        }
    }

    /// Members are compared as text, as Kyverno does.
    private func isMember(
        _ observed: JSONValue, of wanted: ExpectedValue, _ budget: inout ComparisonBudget
    ) throws(Failure) -> Bool {
        if let range = wanted.range { return range.holds(observed) ?? false }
        guard let text = observed.memberText else { return false }
        try budget.spend(text, patternBytes: 0)
        if wanted.plainTexts.contains(ByteString(text)) { return true }
        for item in wanted.patterns {
            try budget.spend(text, patternBytes: item.patternBytes)
            if try excludes ? item.mightMatch(text) : item.matches(text) { return true }
        }
        let asPattern = Wildcard(text)
        guard excludes, asPattern.isPattern else { return false }
        for item in wanted.items {
            guard let other = item.text else { continue }
            try budget.spend(other, patternBytes: text.utf8.count)
            if try asPattern.matches(other) { return true }
        }
        return false
    }

    /// Why two values could not be compared at all; nil when they could.
    ///
    /// Deviation: then nothing is met. Kyverno takes some of these for a difference, so that a value
    /// of the wrong type would meet NotEquals and AnyNotIn.
    func incomparable(_ observed: JSONValue, with wanted: ExpectedValue) -> String? {
        if isMembership { return incomparableMembers(observed.array ?? [observed], wanted) }
        if isOrdering {
            guard order(observed, wanted.json) == nil else { return nil }
            return isAboutDurations
                ? "only durations and numbers of seconds have an order here"
                : "only two amounts, or two versions, have an order"
        }
        guard self == .notEquals else { return nil }
        if wanted.json.isNull { return "nothing can be told from null" }
        if observed.isUnreadableAmount {
            return "it is an amount with more digits than are compared"
        }
        guard !observed.isComparable(with: wanted.json) else { return nil }
        // A list is never equal to a word; that says nothing about what is in the list.
        return "\(observed.kindName) cannot be compared with \(wanted.json.kindName)"
    }

    private func incomparableMembers(_ observed: [JSONValue], _ wanted: ExpectedValue) -> String? {
        if let range = wanted.range {
            return observed.allSatisfy { range.holds($0) != nil }
                ? nil : "only amounts of the range's kind can be inside it"
        }
        guard observed.allSatisfy({ $0.memberText != nil }),
            wanted.items.allSatisfy({ $0.pattern != nil })
        else { return "only plain values can be looked up in a list" }
        if excludes, observed.contains(where: \.isUnreadableAmount) {
            return "it is an amount with more digits than are compared"
        }
        return nil
    }

    /// -1, 0 or 1; nil when the two have no order.
    ///
    /// Tries durations, quantities and numbers, then versions, if both are texts.
    /// Spec: docs/kyverno.md, "Condition operators".
    private func order(_ observed: JSONValue, _ wanted: JSONValue) -> Int? {
        if let left = ConditionAmount(observed), let right = ConditionAmount(wanted) {
            return isAboutDurations
                ? left.comparedAsDuration(to: right) : left.compared(to: right)
        }
        guard !isAboutDurations, let left = observed.string, let right = wanted.string else {
            return nil
        }
        return ConditionVersion.compare(left, right)
    }

    /// Whether a policy's value can be in an order at all.
    func canOrder(_ wanted: JSONValue) -> Bool {
        guard let amount = ConditionAmount(wanted) else {
            return !isAboutDurations
                && wanted.string.map { ConditionVersion.isVersion($0) } ?? false
        }
        return !isAboutDurations || amount.isDuration
    }
}

/// What looking up many values in a long list may cost: both may be a statement's.
private struct ComparisonBudget {
    private var left = Limits.conditionSteps

    /// The most steps that one match can take, and reading the text.
    mutating func spend(_ text: String, patternBytes: Int) throws(Failure) {
        let (steps, overflow) = text.utf8.count.multipliedReportingOverflow(by: patternBytes)
        left -= overflow ? Limits.wildcardSteps : min(steps, Limits.wildcardSteps)
        left -= text.utf8.count + 16
        guard left >= 0 else {
            throw Failure(
                .overLimit, "cannot compare",
                because: "the lists are so long that it may take more than "
                    + "\(Limits.conditionSteps) steps")
        }
    }
}

/// `Equals`: amounts by their value, then texts by the value as a wildcard, then deep equality. A
/// number as the value equals a text only if the text is a duration in seconds.
/// Spec: docs/kyverno.md, "Condition operators".
private func isEqual(_ observed: JSONValue, _ wanted: ExpectedItem) throws(Failure) -> Bool {
    let amounts = (ConditionAmount(observed), ConditionAmount(wanted.json))
    let order = amounts.1.flatMap { amounts.0?.compared(to: $0) }
    switch (observed, wanted.json) {
    case (.string(let text), .string):
        if let order { return order == 0 }
        return try wanted.matches(text)
    case (.number, .number), (.number, .string):
        return order.map { $0 == 0 } ?? isSame(observed, wanted.json)
    case (.string, .number): return amounts.0?.isWrittenDuration == true && order == 0
    default: return isSame(observed, wanted.json)
    }
}

/// Whether two values read alike, whatever the types of their plain parts are.
///
/// Deviation: such a pair does not meet NotEquals. Kyverno takes the text "3" and the number 3 for
/// different, so that a predicate could write a forbidden value in another type.
private func looksEqual(_ observed: JSONValue, _ wanted: ExpectedItem) throws(Failure) -> Bool {
    if let text = observed.memberText, try wanted.mightMatch(text) { return true }
    return looksSame(observed, wanted.json)
}

private func looksSame(_ left: JSONValue, _ right: JSONValue) -> Bool {
    switch (left, right) {
    case (.array(let first), .array(let second)):
        return first.count == second.count && zip(first, second).allSatisfy { looksSame($0, $1) }
    case (.object(let first), .object(let second)):
        return first.count == second.count
            && first.allSatisfy { member in
                second[member.name].map { looksSame(member.value, $0) } ?? false
            }
    default:
        if let one = ConditionAmount(left), let other = ConditionAmount(right) {
            return one.compared(to: other) == 0
        }
        guard let one = left.memberText, let other = right.memberText else {
            return isSame(left, right)
        }
        return isSame(.string(one), .string(other))
    }
}

/// Deep equality: numbers by value, texts by their code points.
/// Spec: docs/kyverno.md, "Condition operators".
private func isSame(_ left: JSONValue, _ right: JSONValue) -> Bool {
    switch (left, right) {
    case (.null, .null): return true
    case (.bool(let first), .bool(let second)): return first == second
    case (.number(let first), .number(let second)):
        guard let one = ConditionAmount(left), let other = ConditionAmount(right) else {
            return first.description == second.description
        }
        return one.compared(to: other) == 0
    case (.string(let first), .string(let second)): return Primitives.isSame(first, second)
    case (.array(let first), .array(let second)):
        return first.count == second.count && zip(first, second).allSatisfy { isSame($0, $1) }
    case (.object(let first), .object(let second)):
        return first.count == second.count
            && first.allSatisfy { member in
                second[member.name].map { isSame(member.value, $0) } ?? false
            }
    default: return false
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
}

/// The operators by their names in lower case, deprecated ones included. `In` and `NotIn` of a list
/// mean all of its items. Spec: docs/kyverno.md, "Condition operators".
private let operatorNames: [String: ConditionOperator] = {
    var names: [String: ConditionOperator] = [
        "equal": .equals, "notequal": .notEquals, "in": .allIn, "notin": .allNotIn,
    ]
    for known in ConditionOperator.allCases { names[known.rawValue.utf8.lowercased()] = known }
    return names
}()
