// SPDX-License-Identifier: Apache-2.0
// Strings of the JSON reader: escapes, UTF-8, and the run of combining marks.
// Spec: RFC 8259, section 7.

extension JSONParser {
    /// Reads the string whose opening quote is at `offset`.
    mutating func string(_ text: Span<UInt8>) throws(Failure) -> String {
        offset += 1
        let start = offset
        skipPlain(text)
        guard next(text) != UInt8(ascii: "\"") else {
            defer { offset += 1 }
            return try validated(text, start..<offset)
        }
        return try escapedString(text, from: start)
    }

    /// Advances to the next quote, backslash or control character.
    private mutating func skipPlain(_ text: Span<UInt8>) {
        var index = offset
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            index += 1
        }
        offset = index
    }

    private mutating func escapedString(
        _ text: Span<UInt8>, from start: Int
    ) throws(Failure) -> String {
        var content: [UInt8] = []
        var plainStart = start
        while let byte = next(text) {
            for index in plainStart..<offset { content.append(text[index]) }
            switch byte {
            case UInt8(ascii: "\""):
                let result = try validated(content.span, 0..<content.count)
                offset += 1
                return result
            case UInt8(ascii: "\\"):
                offset += 1
                content.append(contentsOf: Unicode.UTF8.encode(try escape(text)) ?? .init())
            default:
                throw broken("the control character \(shown(byte)) is in a string unescaped")
            }
            plainStart = offset
            skipPlain(text)
        }
        throw broken("a string has no end")
    }

    /// The text of these bytes, if they are valid UTF-8 without a long run of combining marks.
    func validated(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(Failure) -> String {
        let content: UTF8Span
        do {
            content = try UTF8Span(validating: bytes.extracting(range))
        } catch {
            throw broken("a string is not valid UTF-8")
        }
        let text = String(copying: content)
        guard content.isKnownASCII || longestMarkRun(in: text) <= Limits.combiningMarks else {
            throw overLimit(
                "a string has more than \(Limits.combiningMarks) combining marks in a row")
        }
        return text
    }

    private mutating func escape(_ text: Span<UInt8>) throws(Failure) -> Unicode.Scalar {
        guard let byte = next(text) else { throw broken("a string ends inside an escape") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape(text)
        default: throw broken("\\\(shown(byte)) is not an escape of JSON")
        }
    }

    /// The scalar of `\uXXXX`, or of two of them that form a surrogate pair.
    private mutating func unicodeEscape(_ text: Span<UInt8>) throws(Failure) -> Unicode.Scalar {
        let first = try hexUnit(text)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), take("\\", text), take("u", text) else {
            throw broken("an escape names half of a surrogate pair")
        }
        let second = try hexUnit(text)
        guard (0xDC00..<0xE000).contains(second) else {
            throw broken("an escape names half of a surrogate pair")
        }
        let code = 0x10000 + ((UInt32(first) - 0xD800) << 10) + (UInt32(second) - 0xDC00)
        guard let scalar = Unicode.Scalar(code) else {
            throw broken("an escape does not name a character")
        }
        return scalar
    }

    private mutating func hexUnit(_ text: Span<UInt8>) throws(Failure) -> UInt16 {
        guard text.count - offset >= 4 else { throw broken("\\u needs four hex digits") }
        var unit: UInt16 = 0
        for index in offset..<offset + 4 {
            guard let digit = hexDigit(text[index]) else {
                throw broken("\\u needs four hex digits")
            }
            unit = unit << 4 | digit
        }
        offset += 4
        return unit
    }
}

private func hexDigit(_ byte: UInt8) -> UInt16? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
}
