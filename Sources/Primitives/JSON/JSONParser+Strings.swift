// SPDX-License-Identifier: Apache-2.0
// Strings of the JSON reader: escapes, UTF-8, and the run of combining marks.
// Spec: RFC 8259, section 7.

extension JSONParser {
    /// Reads the string whose opening quote is at `offset`.
    mutating func string(_ text: Span<UInt8>) throws(JSONFault) -> String {
        offset += 1
        let start = offset
        let isASCII = skipPlain(text)
        guard next(text) == UInt8(ascii: "\"") else {
            return try escapedString(text, from: start)
        }
        let string =
            isASCII ? asciiText(text, start..<offset) : try validated(text, start..<offset)
        offset += 1
        return string
    }

    /// Advances to the next quote, backslash or control character. False where a byte on the way is
    /// not ASCII.
    @inline(__always)
    mutating func skipPlain(_ text: Span<UInt8>) -> Bool {
        var index = offset
        var seen: UInt64 = 0
        while text.count - index >= 8 {
            let word = eightBytes(text, at: index)
            let ends = endsOfPlainText(word)
            guard ends == 0 else {
                let bits = UInt64(ends.trailingZeroBitCount & ~7)
                offset = index + Int(bits / 8)
                return (seen | word & ((1 << bits) &- 1)) & highBits == 0
            }
            seen |= word
            index += 8
        }
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            seen |= UInt64(byte)
            index += 1
        }
        offset = index
        return seen & highBits == 0
    }

    private mutating func escapedString(
        _ text: Span<UInt8>, from start: Int
    ) throws(JSONFault) -> String {
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
            _ = skipPlain(text)
        }
        throw broken("a string has no end")
    }

    /// The text of these bytes, if they are valid UTF-8 without a long run of combining marks.
    mutating func validated(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(JSONFault) -> String {
        let content: UTF8Span
        do {
            content = try UTF8Span(validating: bytes.extracting(range))
        } catch {
            throw broken("a string is not valid UTF-8")
        }
        let text = String(copying: content)
        // A combining mark has two bytes or more.
        guard
            content.count <= 2 * Limits.combiningMarks || content.isKnownASCII
                || longestMarkRun(in: text) <= Limits.combiningMarks
        else {
            throw overLimit(
                "a string has more than \(Limits.combiningMarks) combining marks in a row")
        }
        return text
    }

    private mutating func escape(_ text: Span<UInt8>) throws(JSONFault) -> Unicode.Scalar {
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
    private mutating func unicodeEscape(_ text: Span<UInt8>) throws(JSONFault) -> Unicode.Scalar {
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

    private mutating func hexUnit(_ text: Span<UInt8>) throws(JSONFault) -> UInt16 {
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

/// The text of bytes that are known to be ASCII.
@inline(__always)
func asciiText(_ text: Span<UInt8>, _ range: Range<Int>) -> String {
    // ASCII is valid UTF-8.
    unsafe String(copying: UTF8Span(unchecked: text.extracting(range), isKnownASCII: true))
}

/// Has the high bit of the first byte of the word that is a quote, a backslash or a control
/// character; bits above the lowest may be wrong. 0 where there is no such byte.
@inline(__always)
private func endsOfPlainText(_ word: UInt64) -> UInt64 {
    let backslash = word ^ 0x5C5C_5C5C_5C5C_5C5C
    // A quote becomes 0x20 and space 0x22; control characters stay below 0x20.
    let control = word ^ 0x0202_0202_0202_0202
    return ((backslash &- 0x0101_0101_0101_0101) | (control &- 0x2121_2121_2121_2121)) & ~word
        & highBits
}

private let highBits: UInt64 = 0x8080_8080_8080_8080
