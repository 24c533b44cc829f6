// SPDX-License-Identifier: Apache-2.0
// What a condition compares with, when all its variables have values.
// Spec: docs/kyverno.md, "Condition operators".

import JMESPath
import KyvernoFunctions
import Primitives

/// A policy's value, read as its operator reads it.
///
/// Deviation: only the policy's own words are patterns, lists in a text, or ranges. What came into a
/// value through a variable means itself, or a predicate that says `*` would be anything it likes.
/// Where a match refuses (`NotEquals`, `AnyNotIn`, `AllNotIn`) it counts as a pattern too, so that
/// neither reading is a way around.
struct ExpectedValue: Sendable {
    let whole: ExpectedItem
    /// The value itself, or the members of its list.
    let items: [ExpectedItem]
    /// `1-10`, where an operator looks into a list.
    let range: AmountRange?
    private let lookup: MemberLookup

    /// The policy's own words.
    init(own value: JSONValue, for comparison: ConditionOperator, at place: Place? = nil)
        throws(Failure)
    {
        whole = ExpectedItem(own: value)
        guard comparison.isMembership else {
            (items, range, lookup) = ([whole], nil, MemberLookup([]))
            return
        }
        // Ranges and lists in a text. Spec: docs/kyverno.md, "Condition operators".
        range = try value.string.flatMap { (text) throws(Failure) in
            try rangeInText(text, at: place)
        }
        let list = try value.string.flatMap { (text) throws(Failure) in
            try listInText(text, at: place)
        }
        items = (list ?? value.array ?? [value]).map { ExpectedItem(own: $0) }
        lookup = MemberLookup(items)
    }

    /// A value that a variable brought.
    init(data value: JSONValue, for comparison: ConditionOperator) throws(Failure) {
        whole = ExpectedItem(data: value)
        range = nil
        guard comparison.isMembership else {
            (items, lookup) = ([whole], MemberLookup([]))
            return
        }
        try refuseHiddenList(value)
        items = (value.array ?? [value]).map { ExpectedItem(data: $0) }
        lookup = MemberLookup(items)
    }

    /// A text with variables in it.
    init(parts: [VariableTemplate.Part], for comparison: ConditionOperator) throws(Failure) {
        whole = ExpectedItem(parts: parts)
        (items, range) = ([whole], nil)
        lookup = MemberLookup(items)
        if comparison.isMembership { try refuseHiddenList(whole.json) }
    }

    /// A list whose items were made one by one.
    init(list: [ExpectedValue]) {
        items = list.map(\.whole)
        whole = ExpectedItem(data: .array(items.map(\.json)))
        range = nil
        lookup = MemberLookup(items)
    }

    var json: JSONValue { whole.json }

    /// The members that are patterns in some reading.
    var patterns: [ExpectedItem] { lookup.patterns }
    /// The texts of the others: found without looking at each.
    var plainTexts: Set<ByteString> { lookup.plainTexts }
}

/// The members of a list, sorted by how they are found.
private struct MemberLookup: Sendable {
    let patterns: [ExpectedItem]
    let plainTexts: Set<ByteString>

    init(_ items: [ExpectedItem]) {
        patterns = items.filter { $0.patternBytes > 0 }
        plainTexts = Set(
            items.filter { $0.patternBytes == 0 }.compactMap { $0.text.map(ByteString.init) })
    }
}

/// One value, and the patterns that its text is.
struct ExpectedItem: Sendable {
    let json: JSONValue
    /// What is compared; nil for what is no plain value.
    let text: String?
    /// As the policy's author meant it.
    let pattern: Wildcard?
    /// With every star as a pattern; nil when that is the same.
    let widestPattern: Wildcard?
    /// Bytes of the text when it is a pattern in some reading, otherwise 0.
    let patternBytes: Int

    init(own value: JSONValue) {
        json = value
        text = value.memberText
        pattern = text.map { Wildcard($0) }
        widestPattern = nil
        patternBytes = pattern.map(bytesOfPattern) ?? 0
    }

    init(data value: JSONValue) {
        json = value
        text = value.memberText
        pattern = text.map { Wildcard([($0, isPattern: false)]) }
        let widest = text.map { Wildcard($0) }
        widestPattern = widest?.isPattern == true ? widest : nil
        patternBytes = widest.map(bytesOfPattern) ?? 0
    }

    init(parts: [VariableTemplate.Part]) {
        let exact = Wildcard(parts.map { ($0.text, isPattern: $0.isWritten) })
        let widest = Wildcard(exact.description)
        json = .string(exact.description)
        text = exact.description
        pattern = exact
        widestPattern = widest == exact ? nil : widest
        patternBytes = bytesOfPattern(widest)
    }

    func matches(_ text: String) throws(Failure) -> Bool { try pattern?.matches(text) ?? false }

    /// Whether any reading of the value fits.
    func mightMatch(_ text: String) throws(Failure) -> Bool {
        if try matches(text) { return true }
        return try widestPattern?.matches(text) ?? false
    }
}

private func bytesOfPattern(_ pattern: Wildcard) -> Int {
    pattern.isPattern ? pattern.description.utf8.count : 0
}

/// `low-high`, both ends inside.
struct AmountRange: Sendable {
    private let low: ConditionAmount
    private let high: ConditionAmount

    /// nil for a text that is no range.
    ///
    /// Deviation: `10-1`, which nothing is inside of, is refused; in Kyverno it is a condition that
    /// never holds, or always. So is `1!-10`: it is a range in validate.pattern, and here a text.
    init?(_ text: String, at place: Place? = nil) throws(Failure) {
        guard text.utf8.count <= longestRange else { return nil }
        for dash in text.utf8.indices.dropFirst() where text.utf8[dash] == UInt8(ascii: "-") {
            let written = text[..<dash]
            let inverse = written.utf8.removingSuffix("!")
            guard let low = ConditionAmount(.string(String(inverse ?? written))),
                let high = ConditionAmount(.string(String(text[text.utf8.index(after: dash)...])))
            else { continue }
            guard let order = low.compared(to: high), order <= 0 else {
                throw Failure(
                    .malformed, "cannot use the range \(quoted(text))", at: place,
                    because: "its start is not below its end")
            }
            guard inverse == nil else {
                throw Failure(
                    .malformed, "cannot use the range \(quoted(text))", at: place,
                    because: "Kyverno takes it for a text in conditions, which no amount equals",
                    next: "leave out the ! and write the opposite operator")
            }
            (self.low, self.high) = (low, high)
            return
        }
        return nil
    }

    /// nil when the value is no amount of the range's kind: then nothing can be said.
    func holds(_ value: JSONValue) -> Bool? {
        guard let amount = ConditionAmount(value), let fromLow = amount.compared(to: low),
            let fromHigh = amount.compared(to: high)
        else { return nil }
        return fromLow >= 0 && fromHigh <= 0
    }
}

/// Bytes of a range's text: two amounts.
private let longestRange = 200

/// The range of a text; nil for other texts.
private func rangeInText(_ text: String, at place: Place?) throws(Failure) -> AmountRange? {
    if let range = try AmountRange(text, at: place) { return range }
    guard try AmountRange(withoutSpaces(text), at: place) != nil else { return nil }
    throw Failure(
        .malformed, "cannot use the range \(quoted(text))", at: place,
        because: "a range has no spaces in it", next: "write \(withoutSpaces(text))")
}

/// The list of a text such as `["a", "b"]`; nil for other texts.
private func listInText(_ text: String, at place: Place?) throws(Failure) -> [JSONValue]? {
    guard beginsList(text) else { return nil }
    do {
        return try JSONValue(parsing: Array(text.utf8), named: "the value").array
    } catch {
        throw Failure(
            .malformed, "cannot use the value \(quoted(text))", at: place,
            because: "it starts like a JSON list and is none: \(error.why)")
    }
}

/// JSON may begin with blanks. Spec: RFC 8259 §2.
private func beginsList(_ text: String) -> Bool {
    text.utf8.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "[")
}

private func withoutSpaces(_ text: String) -> String {
    guard text.utf8.count <= longestRange else { return text }
    var kept = String.UnicodeScalarView()
    kept.append(contentsOf: text.unicodeScalars.filter { !$0.properties.isWhitespace })
    return String(kept)
}

/// A text from a variable that Kyverno would open: taken as itself, nobody would be in it.
private func refuseHiddenList(_ value: JSONValue) throws(Failure) {
    guard let text = value.string else { return }
    // A range that nothing can be inside of says so itself.
    let range = try AmountRange(withoutSpaces(text))
    guard beginsList(text) || range != nil else { return }
    throw Failure(
        .malformed, "cannot compare",
        because: "a variable's text \(quoted(text)) is not opened as a list or a range",
        next: "write parse_json(…) around it")
}

extension JSONValue {
    /// A plain value as text; numbers have one spelling, so that 3.0 is 3. Nil for numbers with more
    /// digits than are compared.
    var memberText: String? {
        switch self {
        case .string(let text): text
        case .bool(let value): value ? "true" : "false"
        case .number(let number): number.exactText
        default: nil
        }
    }

    /// Whether it is written like an amount and has more digits than are compared.
    var isUnreadableAmount: Bool {
        switch self {
        case .string(let text): isWrittenLikeAmount(text) && ConditionAmount(self) == nil
        case .number(let number): number.exactText == nil
        default: false
        }
    }
}
