// SPDX-License-Identifier: Apache-2.0
// base64, and regular expressions beyond `matches`. Spec: cel-go, ext/encoders and ext/regex;
// Kubernetes, library/regex.

internal import FoundationEssentials
internal import Primitives

extension CELLibrary {
    /// `base64.encode`, `base64.decode`.
    package static let encoders = CELLibrary(Content(overloads: encoderOverloads))
    /// `regex.replace`, `regex.extract`, `regex.extractAll`.
    package static let regex = CELLibrary(Content(overloads: regexOverloads))
    /// `find`, `findAll`.
    package static let kubernetesRegex = CELLibrary(Content(overloads: findOverloads))
}

private let encoderOverloads: [Overload] = [
    .global("base64.encode", .bytes, .string) { bytes, _ throws(EvaluationInterruption) in
        .string(base64Text(try bytes.octets()))
    },
    .global("base64.decode", .string, .bytes) { text, _ throws(EvaluationInterruption) in
        // Spec: the padding may be missing.
        var text = try text.string()
        if !text.utf8.hasSuffix("=") {
            while !text.utf8.count.isMultiple(of: 4) { text += "=" }
        }
        guard let data = Data(base64Encoded: text) else {
            throw .failed(.conversion, "the text is not base64")
        }
        return .bytes(Array(data))
    },
]

// MARK: - Regular expressions

/// One match: byte ranges of the whole and of the groups.
private typealias Match = [Range<Int>?]

/// The matches from left to right; each is charged to the budget.
private func matches(
    of pattern: RegularExpression, in text: String, atMost limit: Int, _ meter: inout CostMeter
) throws(EvaluationInterruption) -> [Match] {
    let bytes = Array(text.utf8)
    var found: [Match] = []
    var start = 0
    var previousEnd = -1
    while start <= bytes.count, found.count < limit {
        // RE2 reads from here to the match at most.
        guard let match = pattern.firstMatch(in: text, from: start, groups: pattern.groupCount),
            let whole = match.first.flatMap({ $0 })
        else {
            try meter.charge(matchCost(bytes.count - start, pattern))
            break
        }
        try meter.charge(matchCost(whole.upperBound - start, pattern))
        // Spec: Go: an empty match right behind a match does not count.
        if !(whole.isEmpty && whole.lowerBound == previousEnd) { found.append(match) }
        previousEnd = whole.upperBound
        start = whole.upperBound
        if whole.isEmpty {
            repeat { start += 1 } while start < bytes.count && bytes[start] & 0xC0 == 0x80
        }
    }
    return found
}

private func compiled(
    _ pattern: CELValue, _ meter: inout CostMeter
) throws(EvaluationInterruption) -> RegularExpression {
    let pattern = try pattern.string()
    return try compiled(pattern, &meter)
}

private func slice(_ range: Range<Int>, of text: String) -> String {
    String(decoding: Array(text.utf8)[range], as: UTF8.self)
}

private let findOverloads: [Overload] = [
    .method("find", on: .string, .string, .string) {
        text, pattern, meter throws(EvaluationInterruption) in
        let text = try text.string()
        let pattern = try compiled(pattern, &meter)
        let match = try matches(of: pattern, in: text, atMost: 1, &meter).first?.first
        return .string(match.flatMap { $0.map { slice($0, of: text) } } ?? "")
    },
    .method("findAll", on: .string, .string, .list(.string)) {
        text, pattern, meter throws(EvaluationInterruption) in
        try findAll(text, pattern, limit: -1, &meter)
    },
    .method("findAll", [.string, .string, .int], .list(.string)) {
        values, meter throws(EvaluationInterruption) in
        try findAll(values[0], values[1], limit: try values[2].int(), &meter)
    },
]

private func findAll(
    _ text: CELValue, _ pattern: CELValue, limit: Int64, _ meter: inout CostMeter
) throws(EvaluationInterruption) -> CELValue {
    let text = try text.string()
    let pattern = try compiled(pattern, &meter)
    let most = limit < 0 ? Int.max : Int(limit)
    let found = try matches(of: pattern, in: text, atMost: most, &meter)
    return .list(found.compactMap { $0[0].map { .string(slice($0, of: text)) } })
}

private let regexOverloads: [Overload] = [
    .global("regex.extract", .string, .string, .optional(.string)) {
        text, pattern, meter throws(EvaluationInterruption) in
        let text = try text.string()
        let pattern = try singleGroup(pattern, &meter)
        guard let match = try matches(of: pattern, in: text, atMost: 1, &meter).first,
            let range = match[pattern.groupCount], pattern.groupCount == 0 || !range.isEmpty
        else { return .none }
        return .of(.string(slice(range, of: text)))
    },
    .global("regex.extractAll", .string, .string, .list(.string)) {
        text, pattern, meter throws(EvaluationInterruption) in
        let text = try text.string()
        let pattern = try singleGroup(pattern, &meter)
        let found = try matches(of: pattern, in: text, atMost: .max, &meter)
        let ranges = found.compactMap { $0[pattern.groupCount] }
        return .list(
            ranges.filter { pattern.groupCount == 0 || !$0.isEmpty }
                .map { .string(slice($0, of: text)) })
    },
    .global("regex.replace", [.string, .string, .string], .string) {
        values, meter throws(EvaluationInterruption) in
        try replace(values, limit: -1, &meter)
    },
    .global("regex.replace", [.string, .string, .string, .int], .string) {
        values, meter throws(EvaluationInterruption) in
        try replace(values, limit: try values[3].int(), &meter)
    },
]

/// The extracted range. Spec: cel-go, ext/regex: the group of a pattern with one group, if it
/// matched; the whole match of a pattern without groups. More groups are an error.
private func singleGroup(
    _ pattern: CELValue, _ meter: inout CostMeter
) throws(EvaluationInterruption) -> RegularExpression {
    let pattern = try compiled(pattern, &meter)
    guard pattern.groupCount <= 1 else {
        throw .failed(
            .invalidArgument,
            "regular expression has more than one capturing group: \(quoted(pattern.pattern))")
    }
    return pattern
}

private func replace(
    _ values: [CELValue], limit: Int64, _ meter: inout CostMeter
) throws(EvaluationInterruption) -> CELValue {
    if limit == 0 { return values[0] }
    let text = try values[0].string()
    let pattern = try compiled(values[1], &meter)
    let replacement = try Replacement(try values[2].string(), groups: pattern.groupCount)
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var start = 0
    let most = limit < 0 ? Int.max : Int(limit)
    for match in try matches(of: pattern, in: text, atMost: most, &meter) {
        guard let whole = match[0] else { continue }
        result.append(contentsOf: bytes[start..<whole.lowerBound])
        for part in replacement.parts {
            switch part {
            case .text(let text): result.append(contentsOf: text)
            case .group(let number):
                result.append(contentsOf: match[number].map { bytes[$0] } ?? [])
            }
        }
        try meter.chargeText(result.count / 10 + 1)
        start = whole.upperBound
    }
    result.append(contentsOf: bytes[start...])
    return .string(String(decoding: result, as: UTF8.self))
}

/// A replacement text, in which `\1` is a group and `\\` a backslash.
private struct Replacement {
    enum Part {
        case text([UInt8])
        case group(Int)
    }

    private(set) var parts: [Part] = []

    init(_ text: String, groups: Int) throws(EvaluationInterruption) {
        var plain: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                plain.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "\\"): plain.append(byte)
            case .some(let digit) where isDigitByte(digit):
                let number = Int(digit - UInt8(ascii: "0"))
                guard number <= groups else {
                    throw .failed(
                        .invalidArgument,
                        "replacement string references group \(number) but regex has only "
                            + "\(groups) group(s)"
                    )
                }
                parts.append(.text(plain))
                parts.append(.group(number))
                plain = []
            default:
                throw .failed(
                    .invalidArgument,
                    "invalid replacement string: \\ must be followed by a digit or \\")
            }
        }
        parts.append(.text(plain))
    }
}
