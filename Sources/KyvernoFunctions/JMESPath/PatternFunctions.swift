// SPDX-License-Identifier: Apache-2.0
// Functions with regular expressions and wildcards; the pattern is the first argument. Spec: RE2
// syntax; Go Regexp.ReplaceAllString.

import JMESPath
import Primitives

let patternFunctions: [FunctionDefinition] = [
    FunctionDefinition("regex_match", [.string, subject], "boolean", "whether it occurs anywhere") {
        call, evaluator throws(EvaluationError) in
        let expression = try compiled(call, &evaluator)
        return .bool(expression.matches(try subjectText(call, 1)))
    },
    FunctionDefinition(
        "regex_replace_all", [.string, subject, subject], "string",
        "every match replaced; $1 and ${name} are groups"
    ) { call, evaluator throws(EvaluationError) in
        let replacement = try subjectText(call, 2)
        return try replacingMatches(call, &evaluator) { expression, text, spans in
            expanded(replacement, expression, text, spans)
        }
    },
    FunctionDefinition(
        "regex_replace_all_literal", [.string, subject, subject], "string",
        "every match replaced by the text as it is"
    ) { call, evaluator throws(EvaluationError) in
        let replacement = Array(try subjectText(call, 2).utf8)
        return try replacingMatches(call, &evaluator) { _, _, _ in replacement }
    },
    FunctionDefinition(
        "pattern_match", [.string, subject], "boolean", "whether the wildcard fits the whole text"
    ) { call, evaluator throws(EvaluationError) in
        let text = try subjectText(call, 1)
        let pattern = try call.string(0)
        try evaluator.spend(text.utf8.count + pattern.utf8.count)
        do throws(Failure) {
            return .bool(try Wildcard(pattern).matches(text))
        } catch {
            throw call.invalid(error.why, .overLimit)
        }
    },
]

private let subject: ValueKinds = [.string, .number]

/// Deviation kept from Kyverno: a number becomes text as float32, so 16777217 is "16777216".
private func subjectText(_ call: FunctionCall, _ position: Int) throws(EvaluationError) -> String {
    guard case .number = try call.value(position) else { return try call.string(position) }
    return goText(singlePrecision: try call.number(position).double)
}

/// Compiles a pattern and charges for it: it costs far more than a step, and a projection can
/// repeat it a thousand times.
private func compiled(_ call: FunctionCall, _ evaluator: inout Evaluator)
    throws(EvaluationError) -> RegularExpression
{
    let pattern = try call.string(0)
    let effort = RegularExpression.effort(of: pattern)
    try evaluator.spend(350 + 4 * effort)
    if case .string(let text) = try call.value(1) {
        try evaluator.spend((text.utf8.count / 16 + 1) * (effort / 4 + 1))
    }
    do throws(Failure) {
        return try RegularExpression(pattern)
    } catch {
        throw call.invalid(error.why, error.kind == .overLimit ? .overLimit : .invalidValue)
    }
}

/// Spec: Go Regexp.ReplaceAllString: leftmost, never overlapping; an empty match right after
/// another match does not count.
private func replacingMatches(
    _ call: FunctionCall, _ evaluator: inout Evaluator,
    _ replacement: (RegularExpression, [UInt8], [Range<Int>?]) -> [UInt8]
) throws(EvaluationError) -> JSONValue {
    let expression = try compiled(call, &evaluator)
    let subject = try subjectText(call, 1)
    let bytes = Array(subject.utf8)
    var result: [UInt8] = []
    var (start, lastEnd) = (0, 0)
    while start <= bytes.count {
        // Each search can read the rest of the text, so each match can cost the whole text.
        try evaluator.spend(8 + (bytes.count - start) / 256 * (expression.effort / 4 + 1))
        guard
            let spans = expression.firstMatch(
                in: subject, from: start, groups: expression.groupCount),
            let match = spans[0]
        else { break }
        result += bytes[lastEnd..<match.lowerBound]
        if match.upperBound > lastEnd || match.lowerBound == 0 {
            let text = replacement(expression, bytes, spans)
            try evaluator.produce(bytes: text.count)
            result += text
        }
        lastEnd = match.upperBound
        if match.upperBound > start {
            start = match.upperBound
        } else {
            start += 1
            while start < bytes.count, bytes[start] & 0xC0 == 0x80 { start += 1 }
        }
    }
    result += bytes[lastEnd...]
    try evaluator.produce(bytes: bytes.count)
    return .string(String(decoding: result, as: UTF8.self))
}

/// Spec: Go Regexp.Expand: `$name`, `${name}`, `$1`; the longest name is used, `$$` is a dollar
/// sign, and an unknown group is empty.
private func expanded(
    _ template: String, _ expression: RegularExpression, _ text: [UInt8], _ spans: [Range<Int>?]
) -> [UInt8] {
    var rest = Array(template.utf8)[...]
    var result: [UInt8] = []
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "$") else {
            result.append(byte)
            continue
        }
        if rest.first == UInt8(ascii: "$") {
            rest = rest.dropFirst()
            result.append(byte)
        } else if let name = groupName(&rest) {
            let number = Int(name) ?? expression.group(named: name) ?? -1
            if spans.indices.contains(number), let span = spans[number] { result += text[span] }
        } else {
            result.append(byte)
        }
    }
    return result
}

private func groupName(_ rest: inout ArraySlice<UInt8>) -> String? {
    let isBraced = rest.first == UInt8(ascii: "{")
    let name = (isBraced ? rest.dropFirst() : rest).prefix(while: isWordByte)
    guard !name.isEmpty else { return nil }
    let after = rest.dropFirst(name.count + (isBraced ? 1 : 0))
    if isBraced, after.first != UInt8(ascii: "}") { return nil }
    rest = isBraced ? after.dropFirst() : after
    return String(decoding: name, as: UTF8.self)
}
