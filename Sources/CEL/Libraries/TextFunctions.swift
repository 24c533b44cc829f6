// SPDX-License-Identifier: Apache-2.0
// String functions, which count in code points. Spec: cel-go, ext/strings, version 2 and `reverse`
// of version 3.

internal import Primitives

extension CELLibrary {
    /// `charAt`, `indexOf`, `join`, `lastIndexOf`, `lowerAscii`, `replace`, `split`, `substring`,
    /// `trim`, `upperAscii`, `reverse`, `strings.quote`, `format`.
    package static let strings = CELLibrary(
        Content(
            overloads: searchOverloads + partOverloads + changeOverloads + joinOverloads
                + formatOverloads))
}

/// A string as code points. ASCII strings are stored as bytes.
private func points(_ value: CELValue) throws(EvaluationInterruption) -> [Unicode.Scalar] {
    Array(try value.string().unicodeScalars)
}

private func text(_ points: some Sequence<Unicode.Scalar>) -> CELValue {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: points)
    return .string(String(view))
}

private func outOfRange(_ index: Int64) -> EvaluationInterruption {
    .failed(.invalidArgument, "index out of range: \(index)")
}

/// Checks an index from 0 to `count`, both included.
private func position(_ value: CELValue, upTo count: Int) throws(EvaluationInterruption) -> Int {
    let index = try value.int()
    guard index >= 0, index <= Int64(count) else { throw outOfRange(index) }
    return Int(index)
}

// MARK: - Searching

private let searchOverloads: [Overload] = [
    .method("indexOf", on: .string, .string, .int) { text, part, _ throws(EvaluationInterruption) in
        try index(of: part, in: text, from: .int(0))
    },
    .method("indexOf", [.string, .string, .int], .int) { values, _ throws(EvaluationInterruption) in
        try index(of: values[1], in: values[0], from: values[2])
    },
    .method("lastIndexOf", on: .string, .string, .int) {
        text, part, _ throws(EvaluationInterruption) in
        try lastIndex(of: part, in: text, upTo: nil)
    },
    .method("lastIndexOf", [.string, .string, .int], .int) {
        values, _ throws(EvaluationInterruption) in
        try lastIndex(of: values[1], in: values[0], upTo: values[2])
    },
]

private func index(
    of part: CELValue, in text: CELValue, from start: CELValue
) throws(EvaluationInterruption) -> CELValue {
    let text = try points(text)
    let part = try points(part)
    let start = try start.int()
    // Spec: cel-go, ext/strings: the empty string is found at the start of the search.
    if part.isEmpty { return .int(start) }
    guard start >= 0, start <= Int64(text.count) else { throw outOfRange(start) }
    return .int(TextSearch(part).first(in: text, from: Int(start)).map { Int64($0) } ?? -1)
}

private func lastIndex(
    of part: CELValue, in text: CELValue, upTo end: CELValue?
) throws(EvaluationInterruption) -> CELValue {
    let text = try points(text)
    let part = try points(part)
    let end = try end?.int()
    if part.isEmpty { return .int(end ?? Int64(text.count)) }
    if let end, end < 0 || end > Int64(text.count) { throw outOfRange(end) }
    // Spec: cel-go, ext/strings: the index after the last one is valid, and the result is -1.
    if let end, end == Int64(text.count) { return .int(-1) }
    // The search is from the end; a match that begins after `end` does not count.
    let tail = end.map { text.count - min(text.count, Int($0) + part.count) } ?? 0
    let found = TextSearch(part.reversed()).first(in: text.reversed(), from: tail)
    return .int(found.map { Int64(text.count - part.count - $0) } ?? -1)
}

// MARK: - Parts

private let partOverloads: [Overload] = [
    .method("charAt", on: .string, .int, .string) {
        value, index, _ throws(EvaluationInterruption) in
        let points = try points(value)
        let position = try position(index, upTo: points.count)
        return text(points[position...].prefix(1))
    },
    .method("substring", on: .string, .int, .string) {
        value, start, _ throws(EvaluationInterruption) in
        let points = try points(value)
        return text(points[try position(start, upTo: points.count)...])
    },
    .method("substring", [.string, .int, .int], .string) {
        values, _ throws(EvaluationInterruption) in
        let points = try points(values[0])
        let (start, end) = (try values[1].int(), try values[2].int())
        guard start <= end else {
            throw .failed(
                .invalidArgument, "invalid substring range. start: \(start), end: \(end)")
        }
        let from = try position(values[1], upTo: points.count)
        return text(points[from..<(try position(values[2], upTo: points.count))])
    },
    .method("split", on: .string, .string, .list(.string)) {
        value, separator, meter throws(EvaluationInterruption) in
        try split(value, separator, limit: -1, &meter)
    },
    .method("split", [.string, .string, .int], .list(.string)) {
        values, meter throws(EvaluationInterruption) in
        try split(values[0], values[1], limit: try values[2].int(), &meter)
    },
    .method("trim", on: .string, .string) { value, _ throws(EvaluationInterruption) in
        var points = try points(value)[...]
        points = points.drop { $0.properties.isWhitespace }
        while let last = points.last, last.properties.isWhitespace { points = points.dropLast() }
        return text(points)
    },
]

/// Spec: cel-go, ext/strings: a limit of 0 gives an empty list, a negative one no limit; an empty
/// separator splits after each code point.
private func split(
    _ value: CELValue, _ separator: CELValue, limit: Int64, _ meter: inout CostMeter
) throws(EvaluationInterruption) -> CELValue {
    if limit == 0 { return .list([]) }
    let text = try value.string()
    if limit == 1 { return .list([value]) }
    let most = limit < 0 ? Int.max : Int(limit)
    let part = TextSearch(try separator.string().utf8)
    var found: [CELValue] = []
    if part.count == 0 {
        try meter.chargeItems(text.utf8.count)
        var rest = text.unicodeScalars[...]
        while let first = rest.first, found.count < most - 1 {
            found.append(.string(String(first)))
            rest = rest.dropFirst()
        }
        if !rest.isEmpty { found.append(.string(String(rest))) }
        return .list(found)
    }
    let bytes = Array(text.utf8)
    var start = 0
    while found.count < most - 1, let position = part.first(in: bytes, from: start) {
        try meter.charge(1)
        found.append(.string(String(decoding: bytes[start..<position], as: UTF8.self)))
        start = position + part.count
    }
    found.append(.string(String(decoding: bytes[start...], as: UTF8.self)))
    return .list(found)
}

// MARK: - Changes

private let changeOverloads: [Overload] = [
    .method("lowerAscii", on: .string, .string) { value, _ throws(EvaluationInterruption) in
        let bytes = try value.string().utf8.map {
            $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 + 32 : $0
        }
        return .string(String(decoding: bytes, as: UTF8.self))
    },
    .method("upperAscii", on: .string, .string) { value, _ throws(EvaluationInterruption) in
        let bytes = try value.string().utf8.map {
            $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") ? $0 - 32 : $0
        }
        return .string(String(decoding: bytes, as: UTF8.self))
    },
    .method("reverse", on: .string, .string) { value, _ throws(EvaluationInterruption) in
        text(try points(value).reversed())
    },
    .method("replace", [.string, .string, .string], .string) {
        values, meter throws(EvaluationInterruption) in
        try replace(values, limit: -1, &meter)
    },
    .method("replace", [.string, .string, .string, .int], .string) {
        values, meter throws(EvaluationInterruption) in
        try replace(values, limit: try values[3].int(), &meter)
    },
    .global("strings.quote", .string, .string) { value, _ throws(EvaluationInterruption) in
        .string(quotedLiteral(try value.string()))
    },
]

/// Spec: cel-go, ext/strings: the empty string occurs before each code point and at the end.
private func replace(
    _ values: [CELValue], limit: Int64, _ meter: inout CostMeter
) throws(EvaluationInterruption) -> CELValue {
    let bytes = Array(try values[0].string().utf8)
    let old = TextSearch(try values[1].string().utf8)
    let new = Array(try values[2].string().utf8)
    var left = limit < 0 ? Int64.max : limit
    var result: [UInt8] = []
    var start = 0
    while left > 0, let position = old.first(in: bytes, from: start) {
        try meter.charge(1 + new.count / 10)
        result.append(contentsOf: bytes[start..<position])
        result.append(contentsOf: new)
        start = position + old.count
        left -= 1
        if old.count == 0 {
            guard start < bytes.count else { break }
            repeat {
                result.append(bytes[start])
                start += 1
            } while start < bytes.count && bytes[start] & 0xC0 == 0x80
        }
    }
    result.append(contentsOf: bytes[start...])
    return .string(String(decoding: result, as: UTF8.self))
}

/// Spec: cel-go, ext/strings, `strings.quote`: Go's escapes; other characters stay.
private func quotedLiteral(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar.value {
        case 7: result += "\\a"
        case 8: result += "\\b"
        case 9: result += "\\t"
        case 10: result += "\\n"
        case 11: result += "\\v"
        case 12: result += "\\f"
        case 13: result += "\\r"
        case 34: result += "\\\""
        case 92: result += "\\\\"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}

// MARK: - Joining

private let joinOverloads: [Overload] = [
    .method("join", on: .list(.string), .string) { list, meter throws(EvaluationInterruption) in
        try join(list, "", &meter)
    },
    .method("join", on: .list(.string), .string, .string) {
        list, separator, meter throws(EvaluationInterruption) in
        try join(list, try separator.string(), &meter)
    },
]

private func join(
    _ list: CELValue, _ separator: String, _ meter: inout CostMeter
) throws(EvaluationInterruption) -> CELValue {
    var result = ""
    for (number, item) in try list.items().enumerated() {
        let text = try item.string()
        try meter.chargeText(text.utf8.count + separator.utf8.count)
        if number > 0 { result += separator }
        result += text
    }
    return .string(result)
}
