// SPDX-License-Identifier: Apache-2.0
// Marks for nested variables in an expression. Spec: kyverno.io, "Variables": "Nested lookups".

package import Primitives

/// A character that replaces a nested variable while its expression is compiled.
///
/// Deviation: Kyverno writes the value of a nested variable into the text of the expression and
/// compiles the result, so a value can contain operators and functions. Assay compiles the
/// expression first, and a value is always a name, a part of a string, or a JSON value.
enum VariableMark {
    /// The mark in a name, a raw string or a string of a literal.
    static func inText(_ position: Int) -> Unicode.Scalar? {
        Unicode.Scalar(textStart + UInt32(position))
    }

    /// The mark for a whole value of a literal.
    static func inLiteral(_ position: Int) -> Unicode.Scalar? {
        Unicode.Scalar(literalStart + UInt32(position))
    }

    static func isMark(_ scalar: Unicode.Scalar) -> Bool { scalar.value >= textStart }

    /// The number of the variable whose mark is the whole string of a literal.
    static func literalPlace(_ text: String) -> Int? {
        guard let scalar = text.unicodeScalars.first, scalar.value >= literalStart,
            text.unicodeScalars.count == 1
        else { return nil }
        return Int(scalar.value - literalStart)
    }

    static func position(_ scalar: Unicode.Scalar) -> Int {
        Int(scalar.value - (scalar.value >= literalStart ? literalStart : textStart))
    }

    /// The expression for people, with `…` for each nested variable.
    static func shown(_ expression: String) -> String {
        guard expression.unicodeScalars.contains(where: isMark) else { return expression }
        var shown = ""
        for scalar in expression.unicodeScalars {
            shown.unicodeScalars.append(isMark(scalar) ? "…" : scalar)
        }
        return shown
    }

    /// The first characters of the marks, in planes 15 and 16, which are for private use.
    private static let textStart: UInt32 = 0xF0000
    private static let literalStart: UInt32 = 0x100000
}

extension VariableText {
    /// The text of an expression with a mark for each nested variable.
    func marked() throws(EvaluationError) -> String {
        var expression = MarkedExpression()
        for piece in pieces {
            switch piece {
            case .variable: expression.appendVariable()
            case .text(let part):
                // A character of private use would be mistaken for a mark.
                guard !hasVariables || !part.unicodeScalars.contains(where: VariableMark.isMark)
                else {
                    throw EvaluationError(
                        .syntax, "characters of private use cannot occur beside nested variables")
                }
                expression.append(part)
            }
        }
        return expression.text
    }
}

/// Builds an expression from its text and the marks for its nested variables.
private struct MarkedExpression {
    private(set) var text = ""
    private var quote: UInt8?
    /// Inside a JSON string of a literal.
    private var isInString = false
    private var isEscaped = false
    private var count = 0

    /// Text as the author wrote it.
    mutating func append(_ part: String) {
        text += part
        for byte in part.utf8 { follow(byte) }
    }

    /// The next nested variable.
    mutating func appendVariable() {
        let isLiteral = quote == UInt8(ascii: "`") && !isInString
        let mark = isLiteral ? VariableMark.inLiteral(count) : VariableMark.inText(count)
        count += 1
        guard let mark else { return }
        // Outside quotes it is a name, in a literal a value: both are written with quotes.
        text += quote == nil || isLiteral ? "\"\(mark)\"" : "\(mark)"
    }

    /// Tracks the start and end of quotes, as the lexer does.
    private mutating func follow(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\"), quote != nil {
            isEscaped = true
        } else if let open = quote {
            if byte == open {
                quote = nil
                isInString = false
            } else if open == UInt8(ascii: "`"), byte == UInt8(ascii: "\"") {
                isInString.toggle()
            }
        } else if [UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`")].contains(byte) {
            quote = byte
        }
    }
}

extension SyntaxNode {
    /// The tree with the marks replaced by the values of the nested variables.
    func filled(with values: [JSONValue]) throws(EvaluationError) -> SyntaxNode {
        switch self {
        case .current, .index, .slice: return self
        case .field(let name, let offset):
            return .field(try filledText(name, values), at: offset)
        case .literal(let value): return .literal(try filledLiteral(value, values))
        case .chain(let nodes): return .chain(try filledNodes(nodes, values))
        case .pipe(let nodes): return .pipe(try filledNodes(nodes, values))
        case .or(let nodes): return .or(try filledNodes(nodes, values))
        case .and(let nodes): return .and(try filledNodes(nodes, values))
        case .not(let node): return .not(try node.filled(with: values))
        case .comparison(let sign, let left, let right):
            return .comparison(
                sign, try left.filled(with: values), try right.filled(with: values))
        case .listProjection(let left, let right):
            return .listProjection(try left.filled(with: values), try right.filled(with: values))
        case .objectProjection(let left, let right):
            return .objectProjection(try left.filled(with: values), try right.filled(with: values))
        case .filter(let left, let test, let right):
            return .filter(
                try left.filled(with: values), try test.filled(with: values),
                try right.filled(with: values))
        case .flatten(let node): return .flatten(try node.filled(with: values))
        case .multiSelectList(let nodes): return .multiSelectList(try filledNodes(nodes, values))
        case .multiSelectHash(let members):
            return .multiSelectHash(
                try members.map { (member) throws(EvaluationError) in
                    HashMember(
                        name: try filledText(member.name, values),
                        value: try member.value.filled(with: values))
                })
        case .reference(let node): return .reference(try node.filled(with: values))
        case .call(let function, let arguments, let offset):
            return .call(function, try filledNodes(arguments, values), at: offset)
        }
    }
}

private func filledNodes(_ nodes: [SyntaxNode], _ values: [JSONValue]) throws(EvaluationError)
    -> [SyntaxNode]
{
    try nodes.map { (node) throws(EvaluationError) in try node.filled(with: values) }
}

private func filledText(_ text: String, _ values: [JSONValue]) throws(EvaluationError) -> String {
    guard text.unicodeScalars.contains(where: VariableMark.isMark) else { return text }
    var filled = ""
    for scalar in text.unicodeScalars {
        guard VariableMark.isMark(scalar), values.indices.contains(VariableMark.position(scalar))
        else {
            filled.unicodeScalars.append(scalar)
            continue
        }
        filled += values[VariableMark.position(scalar)].substitutedText
        guard filled.utf8.count <= Limits.jmespathOutputBytes else {
            throw EvaluationError(
                .overLimit, "the text has more than \(Limits.jmespathOutputBytes) bytes")
        }
    }
    return filled
}

private func filledLiteral(_ value: JSONValue, _ values: [JSONValue]) throws(EvaluationError)
    -> JSONValue
{
    switch value {
    case .string(let text):
        guard let position = VariableMark.literalPlace(text), values.indices.contains(position)
        else {
            return .string(try filledText(text, values))
        }
        guard case .string(let written) = values[position] else { return values[position] }
        // A string without quotes in a literal is JSON: `{{ count }}` with the value "3" is 3.
        do throws(Failure) {
            return try JSONValue(parsing: Array(written.utf8), named: "literal")
        } catch {
            throw EvaluationError(.invalidValue, "the literal is not JSON: \(error.why)")
        }
    case .array(let items):
        return .array(
            try items.map { (item) throws(EvaluationError) in try filledLiteral(item, values) })
    case .object(let object):
        var filled = JSONObject()
        for member in object {
            filled[try filledText(member.name, values)] = try filledLiteral(member.value, values)
        }
        return .object(filled)
    case .null, .bool, .number: return value
    }
}

extension JSONValue {
    /// The value as a part of a string: a string as it is, other values as JSON.
    ///
    /// Deviation: numbers of up to 21 characters keep their digits. Kyverno rounds them to doubles,
    /// so that two identifiers above 2^53 can become equal.
    package var substitutedText: String {
        if case .string(let text) = self { text } else { goJSON(self, isExact: true) }
    }
}
