// SPDX-License-Identifier: Apache-2.0
// String functions. Spec: kyverno.io, "JMESPath": String functions; Go package strings.

import FoundationEssentials
import JMESPath
import Primitives

let textFunctions: [FunctionDefinition] = [
    // Deviation from the specification, as in Kyverno: JSON as Go writes it, with sorted names.
    FunctionDefinition("to_string", [.any], "string", "a text as it is, other values as JSON") {
        call, evaluator throws(EvaluationError) in
        let value = try call.value(0)
        if case .string = value { return value }
        try evaluator.produce(value)
        return .string(goJSON(value))
    },
    // Deviation: Kyverno's result is a Go int, which its JMESPath does not compare, so
    // `compare(a, b) == `0`` is always false. Assay's result is a number.
    FunctionDefinition("compare", [.string, .string], "number", "-1, 0 or 1 by byte order") {
        call, _ throws(EvaluationError) in
        let (left, right) = (Array(try call.string(0).utf8), Array(try call.string(1).utf8))
        if left == right { return 0 }
        return left.lexicographicallyPrecedes(right) ? -1 : 1
    },
    FunctionDefinition(
        "equal_fold", [.string, .string], "boolean", "equal but for letter case",
        price: .characters
    ) {
        call, evaluator throws(EvaluationError) in
        try .bool(isSame(folded(call.string(0), &evaluator), folded(call.string(1), &evaluator)))
    },
    FunctionDefinition(
        "replace", [.string, .string, .string, .number], "string",
        "the first n occurrences replaced; all for a negative n"
    ) { call, evaluator throws(EvaluationError) in
        try replaced(call, atMost: call.integer(3), &evaluator)
    },
    FunctionDefinition(
        "replace_all", [.string, .string, .string], "string", "every occurrence replaced"
    ) { call, evaluator throws(EvaluationError) in
        try replaced(call, atMost: -1, &evaluator)
    },
    FunctionDefinition(
        "to_upper", [.string], "string", "in upper case",
        price: .characters
    ) {
        call, evaluator throws(EvaluationError) in
        let text = try mapped(call.string(0)) { scalar in
            let upper = scalar.properties.uppercaseMapping
            // Spec: Go: `ᾳ` becomes `ᾼ`, one character, and not the two of the full mapping.
            return upper.unicodeScalars.count == 1 ? upper : scalar.properties.titlecaseMapping
        }
        return try made(text, &evaluator)
    },
    FunctionDefinition(
        "to_lower", [.string], "string", "in lower case",
        price: .characters
    ) {
        call, evaluator throws(EvaluationError) in
        let text = try mapped(call.string(0)) { scalar in
            scalar == "\u{130}" ? "i" : scalar.properties.lowercaseMapping
        }
        return try made(text, &evaluator)
    },
    FunctionDefinition(
        "trim", [.string, .string], "string", "without these characters at the ends",
        price: .characters
    ) { call, _ throws(EvaluationError) in
        let unwanted = Set(try call.string(1).unicodeScalars)
        let scalars = Array(try call.string(0).unicodeScalars)
        guard let first = scalars.firstIndex(where: { !unwanted.contains($0) }),
            let last = scalars.lastIndex(where: { !unwanted.contains($0) })
        else { return "" }
        return .string(text(of: scalars[first...last]))
    },
    FunctionDefinition("trim_prefix", [.string, .string], "string", "without this beginning") {
        call, _ throws(EvaluationError) in
        let (text, prefix) = (try call.string(0), try call.string(1))
        guard text.utf8.starts(with: prefix.utf8) else { return .string(text) }
        return .string(
            String(decoding: Array(text.utf8).dropFirst(prefix.utf8.count), as: UTF8.self))
    },
    FunctionDefinition("split", [.string, .string], "array[string]", "the parts between") {
        call, evaluator throws(EvaluationError) in
        try split(call.string(0), call.string(1), &evaluator)
    },
    FunctionDefinition(
        "truncate", [.string, .number], "string", "the first n characters",
        price: .characters
    ) {
        call, _ throws(EvaluationError) in
        let count = try call.number(1).double
        let wanted = count < 0 ? 0 : Int(exactly: count.rounded(.down)) ?? Int.max
        return .string(text(of: try call.string(0).unicodeScalars.prefix(wanted)))
    },
    FunctionDefinition(
        "to_boolean", [.string], "boolean", "the text true or false, in any case",
        price: .reader
    ) {
        call, _ throws(EvaluationError) in
        let text = try call.string(0)
        switch text.utf8.lowercased() {
        case "true": return true
        case "false": return false
        default: throw call.invalid("\(quoted(text)) is not true or false")
        }
    },
    FunctionDefinition(
        "path_canonicalize", [.string], "string", "a path without . and ..",
        price: .reader
    ) {
        call, _ throws(EvaluationError) in
        .string(canonicalPath(try call.string(0)))
    },
]

/// Charges for a string and returns it.
func made(_ text: String, _ evaluator: inout Evaluator) throws(EvaluationError) -> JSONValue {
    try evaluator.produce(bytes: text.utf8.count)
    return .string(text)
}

func text(of scalars: some Sequence<Unicode.Scalar>) -> String {
    var text = ""
    text.unicodeScalars.append(contentsOf: scalars)
    return text
}

/// Go maps one character to one: `ß` stays; Unicode's full mapping gives `SS`.
private func mapped(_ text: String, _ mapping: (Unicode.Scalar) -> String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        let image = mapping(scalar).unicodeScalars
        result.unicodeScalars.append(image.count == 1 ? image.first ?? scalar : scalar)
    }
    return result
}

/// Spec: Go strings.EqualFold: simple folding, one character to one.
private func folded(_ text: String, _ evaluator: inout Evaluator) throws(EvaluationError) -> String
{
    try evaluator.spend(text.utf8.count / 16)
    // The dotless i becomes an I in upper case, and simple folding does not change it.
    let upper = mapped(text) { $0 == "\u{131}" ? "\u{131}" : $0.properties.uppercaseMapping }
    return mapped(upper) { $0.properties.lowercaseMapping }
}

/// Spec: Go strings.Replace: an empty string matches before each character and at the end.
private func replaced(_ call: FunctionCall, atMost limit: Int, _ evaluator: inout Evaluator)
    throws(EvaluationError) -> JSONValue
{
    let (text, old, new) = (try call.string(0), Array(try call.string(1).utf8), try call.string(2))
    try evaluator.spend(text.utf8.count / 16)
    var rest = Array(text.utf8)[...]
    var result: [UInt8] = []
    var count = 0
    while limit < 0 || count < limit {
        guard let range = nextPlace(of: old, in: rest, isFirst: count == 0) else { break }
        result += rest[..<range.lowerBound]
        result += new.utf8
        try evaluator.produce(bytes: new.utf8.count + range.lowerBound - rest.startIndex)
        rest = rest[range.upperBound...]
        count += 1
    }
    result += rest
    try evaluator.produce(bytes: rest.count)
    return .string(String(decoding: result, as: UTF8.self))
}

/// The next occurrence. After an empty match, the search continues one character later.
private func nextPlace(of part: [UInt8], in text: ArraySlice<UInt8>, isFirst: Bool)
    -> Range<Int>?
{
    guard part.isEmpty else { return firstRange(of: part, in: text) }
    if isFirst { return text.startIndex..<text.startIndex }
    guard !text.isEmpty else { return nil }
    let next = text.dropFirst().firstIndex { $0 & 0xC0 != 0x80 } ?? text.endIndex
    return next..<next
}

/// Spec: Go strings.Split: an empty separator splits into characters.
private func split(_ text: String, _ separator: String, _ evaluator: inout Evaluator)
    throws(EvaluationError) -> JSONValue
{
    try evaluator.produce(bytes: text.utf8.count)
    guard !separator.isEmpty else {
        try evaluator.produce(bytes: text.utf8.count * bytesPerEntry)
        return .array(text.unicodeScalars.map { .string(String($0)) })
    }
    let separator = Array(separator.utf8)
    var rest = Array(text.utf8)[...]
    var parts: [JSONValue] = []
    while let range = firstRange(of: separator, in: rest) {
        parts.append(.string(String(decoding: rest[..<range.lowerBound], as: UTF8.self)))
        rest = rest[range.upperBound...]
        try evaluator.spend(2)
        try evaluator.produce(bytes: bytesPerEntry)
    }
    return .array(parts + [.string(String(decoding: rest, as: UTF8.self))])
}

/// Spec: Go path/filepath.Join with one element: Clean, and empty stays empty.
private func canonicalPath(_ path: String) -> String {
    guard !path.isEmpty else { return "" }
    let isRooted = path.utf8.first == UInt8(ascii: "/")
    var kept: [Substring] = []
    for part in path.utf8.split(separator: "/") {
        switch part {
        case ".": continue
        case "..":
            if let last = kept.last, last != ".." {
                kept.removeLast()
            } else if !isRooted {
                kept.append(part)
            }
        default: kept.append(part)
        }
    }
    let text = (isRooted ? "/" : "") + kept.joined(separator: "/")
    return text.isEmpty ? "." : text
}
