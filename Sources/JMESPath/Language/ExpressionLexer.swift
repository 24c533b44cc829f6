// SPDX-License-Identifier: Apache-2.0
// Splits an expression into tokens. Spec: JMESPath, "Grammar": unquoted-string, quoted-string,
// raw-string, literal, number.

import Primitives

struct ExpressionToken: Sendable {
    enum Kind: Sendable, Equatable {
        case identifier(String)
        case quotedIdentifier(String)
        case literal(JSONValue)
        case number(Int)
        case comparator(Comparator)
        case punctuation(Punctuation)
        case end
    }

    let kind: Kind
    let offset: Int

    var punctuation: Punctuation? {
        if case .punctuation(let punctuation) = kind { punctuation } else { nil }
    }
}

/// Punctuation and operators other than comparators.
enum Punctuation: String, Sendable {
    case dot = "."
    case leftBracket = "["
    case rightBracket = "]"
    case leftBrace = "{"
    case rightBrace = "}"
    case leftParenthesis = "("
    case rightParenthesis = ")"
    case comma = ","
    case colon = ":"
    case star = "*"
    case current = "@"
    case reference = "&"
    case not = "!"
    case pipe = "|"
    case flatten = "[]"
    case filter = "[?"
    case and = "&&"
    case or = "||"
}

/// Splits a whole expression into tokens before it is parsed.
struct ExpressionLexer {
    private let bytes: [UInt8]
    private var offset = 0

    static func tokens(of expression: String) throws(EvaluationError) -> [ExpressionToken] {
        guard expression.utf8.count <= Limits.jmespathBytes else {
            throw EvaluationError(
                .overLimit,
                "it has \(expression.utf8.count) bytes, the limit is \(Limits.jmespathBytes)", at: 0
            )
        }
        var lexer = ExpressionLexer(bytes: Array(expression.utf8))
        var tokens: [ExpressionToken] = []
        tokens.reserveCapacity(expression.utf8.count / 3 + 2)
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if case .end = token.kind { return tokens }
        }
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func next() throws(EvaluationError) -> ExpressionToken {
        while let byte = peek(), byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            offset += 1
        }
        let start = offset
        return ExpressionToken(kind: try kind(), offset: start)
    }

    private mutating func kind() throws(EvaluationError) -> ExpressionToken.Kind {
        guard let byte = peek() else { return .end }
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "_"):
            return .identifier(word())
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): return try number()
        case UInt8(ascii: "\""): return .quotedIdentifier(try quotedText())
        case UInt8(ascii: "'"): return .literal(.string(try rawText()))
        case UInt8(ascii: "`"): return .literal(try literal())
        default: return try punctuation()
        }
    }

    private mutating func word() -> String {
        let start = offset
        while let byte = peek(), isWordByte(byte) { offset += 1 }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private mutating func number() throws(EvaluationError) -> ExpressionToken.Kind {
        let start = offset
        if peek() == UInt8(ascii: "-") { offset += 1 }
        let digits = offset
        while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            offset += 1
        }
        guard offset > digits else {
            throw EvaluationError(.syntax, "a digit must follow \"-\"", at: start)
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        guard let value = Int(text) else {
            throw EvaluationError(
                .syntax, "the index \(quoted(text)) does not fit 64 bits", at: start)
        }
        return .number(value)
    }

    /// Spec: JMESPath, "quoted-string": the content of a JSON string.
    private mutating func quotedText() throws(EvaluationError) -> String {
        let start = offset
        let content = try delimited(by: UInt8(ascii: "\""), what: "a quoted identifier")
        let json = [UInt8(ascii: "\"")] + content + [UInt8(ascii: "\"")]
        do throws(Failure) {
            guard let text = try JSONValue(parsing: json, named: "identifier").string else {
                throw Failure(.malformed, "", because: "it is not a string")
            }
            return text
        } catch {
            throw EvaluationError(
                .syntax, "the quoted identifier is not a JSON string: \(error.why)", at: start)
        }
    }

    /// Spec: JMESPath, "raw-string": only `\'` is an escape.
    /// Deviation: Kyverno's fork cannot parse `'\\'`; Assay follows the specification.
    private mutating func rawText() throws(EvaluationError) -> String {
        let content = try delimited(by: UInt8(ascii: "'"), what: "a raw string")
        return String(
            decoding: unescaped(content, UInt8(ascii: "'")), as: UTF8.self)
    }

    private mutating func literal() throws(EvaluationError) -> JSONValue {
        let start = offset
        let content = try delimited(by: UInt8(ascii: "`"), what: "a literal")
        do throws(Failure) {
            return try JSONValue(parsing: unescaped(content, UInt8(ascii: "`")), named: "literal")
        } catch {
            let kind: JMESPathProblem.Kind = error.kind == .overLimit ? .overLimit : .syntax
            throw EvaluationError(kind, "the literal is not JSON: \(error.why)", at: start)
        }
    }

    /// The bytes between two delimiters; a backslash escapes the delimiter after it.
    private mutating func delimited(by mark: UInt8, what: String)
        throws(EvaluationError) -> [UInt8]
    {
        let start = offset
        offset += 1
        while let byte = peek() {
            if byte == mark {
                offset += 1
                return Array(bytes[(start + 1)..<(offset - 1)])
            }
            offset += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        throw EvaluationError(.syntax, "\(what) is not terminated", at: start)
    }

    private mutating func punctuation() throws(EvaluationError) -> ExpressionToken.Kind {
        let start = offset
        if offset + 1 < bytes.count, let kind = longPunctuation(bytes[offset], bytes[offset + 1]) {
            offset += 2
            return kind
        }
        if let kind = shortPunctuation(bytes[offset]) {
            offset += 1
            return kind
        }
        let rest = String(decoding: bytes[start...].prefix(4), as: UTF8.self)
        let shown = rest.unicodeScalars.first.map { quoted(String($0)) } ?? "it"
        let hint = rest.utf8.hasPrefix("=") ? "; did you mean ==?" : ""
        throw EvaluationError(.syntax, "\(shown) is not valid here\(hint)", at: start)
    }

    private func peek() -> UInt8? { offset < bytes.count ? bytes[offset] : nil }
}

/// The text with escaped delimiters replaced; other backslashes stay.
private func unescaped(_ content: [UInt8], _ mark: UInt8) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(content.count)
    var position = 0
    while position < content.count {
        if content[position] == UInt8(ascii: "\\"), position + 1 < content.count {
            if content[position + 1] != mark { result.append(content[position]) }
            result.append(content[position + 1])
            position += 2
        } else {
            result.append(content[position])
            position += 1
        }
    }
    return result
}

private func longPunctuation(_ first: UInt8, _ second: UInt8) -> ExpressionToken.Kind? {
    switch (first, second) {
    case (UInt8(ascii: "["), UInt8(ascii: "]")): .punctuation(.flatten)
    case (UInt8(ascii: "["), UInt8(ascii: "?")): .punctuation(.filter)
    case (UInt8(ascii: "&"), UInt8(ascii: "&")): .punctuation(.and)
    case (UInt8(ascii: "|"), UInt8(ascii: "|")): .punctuation(.or)
    case (UInt8(ascii: "="), UInt8(ascii: "=")): .comparator(.equal)
    case (UInt8(ascii: "!"), UInt8(ascii: "=")): .comparator(.notEqual)
    case (UInt8(ascii: "<"), UInt8(ascii: "=")): .comparator(.lessOrEqual)
    case (UInt8(ascii: ">"), UInt8(ascii: "=")): .comparator(.greaterOrEqual)
    default: nil
    }
}

private func shortPunctuation(_ byte: UInt8) -> ExpressionToken.Kind? {
    switch byte {
    case UInt8(ascii: "."): .punctuation(.dot)
    case UInt8(ascii: "["): .punctuation(.leftBracket)
    case UInt8(ascii: "]"): .punctuation(.rightBracket)
    case UInt8(ascii: "{"): .punctuation(.leftBrace)
    case UInt8(ascii: "}"): .punctuation(.rightBrace)
    case UInt8(ascii: "("): .punctuation(.leftParenthesis)
    case UInt8(ascii: ")"): .punctuation(.rightParenthesis)
    case UInt8(ascii: ","): .punctuation(.comma)
    case UInt8(ascii: ":"): .punctuation(.colon)
    case UInt8(ascii: "*"): .punctuation(.star)
    case UInt8(ascii: "@"): .punctuation(.current)
    case UInt8(ascii: "&"): .punctuation(.reference)
    case UInt8(ascii: "!"): .punctuation(.not)
    case UInt8(ascii: "|"): .punctuation(.pipe)
    case UInt8(ascii: "<"): .comparator(.less)
    case UInt8(ascii: ">"): .comparator(.greater)
    default: nil
    }
}
