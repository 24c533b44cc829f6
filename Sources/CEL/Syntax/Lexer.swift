// SPDX-License-Identifier: Apache-2.0
// Splits text into tokens. Spec: cel-spec, langdef.md, "Syntax".

internal import Primitives

/// Splits a source into tokens in one pass.
struct Lexer {
    private let bytes: [UInt8]
    private let source: String
    private var position = 0

    init(_ source: String) {
        self.source = source
        bytes = Array(source.utf8)
    }

    /// All tokens; the last one is `end`.
    static func tokens(of source: String) throws(CELProblem) -> [Token] {
        var lexer = Lexer(source)
        var tokens: [Token] = []
        tokens.reserveCapacity(source.utf8.count / 4 + 4)
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private mutating func next() throws(CELProblem) -> Token {
        skipSpace()
        let start = position
        guard let byte = peek() else { return Token(kind: .end, position: start) }
        let kind: Token.Kind
        if isDigitByte(byte) || (byte == UInt8(ascii: ".") && peek(1).map(isDigitByte) == true) {
            kind = try number()
        } else if let quote = stringStart() {
            kind = try string(quote)
        } else if isNameStart(byte) {
            kind = name()
        } else if byte == UInt8(ascii: "`") {
            kind = try quotedName()
        } else {
            kind = .symbol(try symbol())
        }
        return Token(kind: kind, position: start)
    }

    private func peek(_ ahead: Int = 0) -> UInt8? {
        position + ahead < bytes.count ? bytes[position + ahead] : nil
    }

    private func problem(_ message: String, at offset: Int) -> CELProblem {
        CELProblem(.syntax, message, at: offset, in: source)
    }

    private mutating func skipSpace() {
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"),
                0x0C:
                position += 1
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"):
                while let byte = peek(), byte != UInt8(ascii: "\n") { position += 1 }
            default: return
            }
        }
    }

    private mutating func take(while belongs: (UInt8) -> Bool) -> String {
        let start = position
        while let byte = peek(), belongs(byte) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    // MARK: Names and symbols

    private mutating func name() -> Token.Kind {
        let text = take { isNameStart($0) || isDigitByte($0) }
        return text == "in" ? .symbol(.in) : .identifier(text)
    }

    /// Spec: cel-spec, "ESC_IDENTIFIER": letters, digits, `_`, `.`, `-`, `/` and blanks.
    private mutating func quotedName() throws(CELProblem) -> Token.Kind {
        let start = position
        position += 1
        let text = take { byte in
            isNameStart(byte) || isDigitByte(byte) || ".-/ ".utf8.contains(byte)
        }
        guard peek() == UInt8(ascii: "`"), !text.isEmpty else {
            throw problem(
                "a quoted name holds letters, digits and any of _.-/ and blanks", at: start)
        }
        position += 1
        return .quotedIdentifier(text)
    }

    private mutating func symbol() throws(CELProblem) -> Token.Symbol {
        for length in [2, 1] where position + length <= bytes.count {
            let text = String(decoding: bytes[position..<position + length], as: UTF8.self)
            if let symbol = Token.Symbol(rawValue: text) {
                position += length
                return symbol
            }
        }
        let rest = String(decoding: bytes[position...].prefix(4), as: UTF8.self)
        let character = rest.unicodeScalars.first.map { String($0) } ?? ""
        let hint = "=&|".contains(character) ? "; did you mean '\(character)\(character)'?" : ""
        throw problem("the character '\(plain(character))' is not valid here\(hint)", at: position)
    }

    // MARK: Numbers

    private mutating func number() throws(CELProblem) -> Token.Kind {
        let start = position
        if peek() == UInt8(ascii: "0"), let x = peek(1), x == UInt8(ascii: "x"),
            peek(2).map(isHexDigit) == true
        {
            position += 2
            let digits = take(while: isHexDigit)
            return try whole(digits, radix: 16, at: start)
        }
        let digits = take(while: isDigitByte)
        var isWhole = true
        if peek() == UInt8(ascii: "."), peek(1).map(isDigitByte) == true {
            isWhole = false
            position += 1
            _ = take(while: isDigitByte)
        }
        if let e = peek(), e | 0x20 == UInt8(ascii: "e"), exponentFollows() {
            isWhole = false
            position += peek(1).map(isDigitByte) == true ? 1 : 2
            _ = take(while: isDigitByte)
        }
        if isWhole { return try whole(digits, radix: 10, at: start) }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Double(text.utf8.hasPrefix(".") ? "0" + text : text), value.isFinite
        else {
            throw problem("the number \(text.prefix(40)) does not fit a double", at: start)
        }
        return .double(value)
    }

    private func exponentFollows() -> Bool {
        guard let next = peek(1) else { return false }
        if isDigitByte(next) { return true }
        return (next == UInt8(ascii: "+") || next == UInt8(ascii: "-"))
            && peek(2).map(isDigitByte) == true
    }

    private mutating func whole(
        _ digits: String, radix: Int, at start: Int
    ) throws(CELProblem) -> Token.Kind {
        guard let suffix = peek(), suffix | 0x20 == UInt8(ascii: "u") else {
            return .int(digits: digits, radix: radix)
        }
        position += 1
        guard let value = UInt64(digits, radix: radix) else {
            throw problem("the number \(digits.prefix(40)) does not fit a uint", at: start)
        }
        return .uint(value)
    }

    // MARK: Strings

    private struct Quote {
        let isBytes: Bool
        let isRaw: Bool
        let mark: UInt8
        let isTriple: Bool
        /// The number of bytes before the content.
        let length: Int
    }

    /// Spec: `[bB]? [rR]?` and one or three quotation marks.
    private func stringStart() -> Quote? {
        var length = 0
        var isBytes = false
        var isRaw = false
        if let byte = peek(length), byte | 0x20 == UInt8(ascii: "b") {
            isBytes = true
            length += 1
        }
        if let byte = peek(length), byte | 0x20 == UInt8(ascii: "r") {
            isRaw = true
            length += 1
        }
        guard let mark = peek(length), mark == UInt8(ascii: "\"") || mark == UInt8(ascii: "'")
        else {
            return nil
        }
        let isTriple = peek(length + 1) == mark && peek(length + 2) == mark
        return Quote(
            isBytes: isBytes, isRaw: isRaw, mark: mark, isTriple: isTriple,
            length: length + (isTriple ? 3 : 1))
    }

    private mutating func string(_ quote: Quote) throws(CELProblem) -> Token.Kind {
        let start = position
        position += quote.length
        var content = LiteralContent(isBytes: quote.isBytes)
        while let byte = peek() {
            if endsHere(quote) {
                position += quote.isTriple ? 3 : 1
                if quote.isBytes { return .bytes(content.bytes) }
                return .string(String(decoding: content.bytes, as: UTF8.self))
            }
            if byte == UInt8(ascii: "\\"), !quote.isRaw {
                try escape(into: &content)
            } else if !quote.isTriple, byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                throw problem("a string in single marks ends on its line", at: start)
            } else {
                content.bytes.append(byte)
                position += 1
            }
        }
        throw problem("the string is not terminated", at: start)
    }

    private func endsHere(_ quote: Quote) -> Bool {
        guard peek() == quote.mark else { return false }
        return !quote.isTriple || (peek(1) == quote.mark && peek(2) == quote.mark)
    }

    private mutating func escape(into content: inout LiteralContent) throws(CELProblem) {
        let start = position
        position += 1
        guard let letter = peek() else { throw problem("the string is not terminated", at: start) }
        position += 1
        if let plain = simpleEscapes[letter] {
            content.bytes.append(plain)
            return
        }
        let value: UInt32?
        switch letter {
        case UInt8(ascii: "x"), UInt8(ascii: "X"): value = digits(2, radix: 16)
        case UInt8(ascii: "u") where !content.isBytes: value = try unicodeEscape(at: start)
        case UInt8(ascii: "U") where !content.isBytes: value = digits(8, radix: 16)
        case UInt8(ascii: "0")...UInt8(ascii: "3"):
            position -= 1
            value = digits(3, radix: 8)
        default: value = nil
        }
        guard let value, content.append(value) else {
            throw problem("the escape after \\ is not an escape of CEL", at: start)
        }
    }

    /// Four digits, or two surrogates of four digits each.
    private mutating func unicodeEscape(at start: Int) throws(CELProblem) -> UInt32? {
        guard let first = digits(4, radix: 16) else { return nil }
        guard (0xD800...0xDBFF).contains(first) else { return first }
        guard peek() == UInt8(ascii: "\\"), peek(1) == UInt8(ascii: "u") else { return nil }
        position += 2
        guard let second = digits(4, radix: 16), (0xDC00...0xDFFF).contains(second) else {
            return nil
        }
        return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }

    private mutating func digits(_ count: Int, radix: Int) -> UInt32? {
        guard position + count <= bytes.count else { return nil }
        let digits = bytes[position..<position + count]
        guard digits.allSatisfy(radix == 8 ? isOctalDigit : isHexDigit) else { return nil }
        position += count
        return UInt32(String(decoding: digits, as: UTF8.self), radix: radix)
    }
}

/// The bytes of a literal. In strings an escape is a code point, in bytes an octet.
private struct LiteralContent {
    let isBytes: Bool
    var bytes: [UInt8] = []

    mutating func append(_ value: UInt32) -> Bool {
        if isBytes {
            guard let octet = UInt8(exactly: value) else { return false }
            bytes.append(octet)
            return true
        }
        guard let scalar = Unicode.Scalar(value) else { return false }
        bytes.append(contentsOf: String(scalar).utf8)
        return true
    }
}

private func isNameStart(_ byte: UInt8) -> Bool {
    (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
        || byte == UInt8(ascii: "_")
}

private func isHexDigit(_ byte: UInt8) -> Bool {
    isDigitByte(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "f"))
}

private func isOctalDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "7")
}

private let simpleEscapes: [UInt8: UInt8] = [
    UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10,
    UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11,
    UInt8(ascii: "\\"): UInt8(ascii: "\\"), UInt8(ascii: "?"): UInt8(ascii: "?"),
    UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "'"): UInt8(ascii: "'"),
    UInt8(ascii: "`"): UInt8(ascii: "`"),
]
