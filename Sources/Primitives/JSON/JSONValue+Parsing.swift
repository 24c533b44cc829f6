// SPDX-License-Identifier: Apache-2.0
// The strict JSON reader. Two readers of one signed document must not see two documents, so what
// RFC 8259 leaves open is closed here: duplicate names, lone surrogates and broken UTF-8 are refused.

extension JSONValue {
    /// Reads one JSON text that fills `bytes` to the end.
    ///
    /// Spec: RFC 8259. Stricter where it says "SHOULD": a name that stands twice in one object, a
    /// byte order mark, a lone surrogate escape and invalid UTF-8 are failures. Nesting stops at
    /// `Limits.documentDepth`, the number of values at `Limits.jsonValues`.
    ///
    /// - Parameter name: what the document is called in a failure's place.
    package init(parsing bytes: some Collection<UInt8>, named name: String) throws(Failure) {
        var parser = JSONParser(bytes: Array(bytes), name: name)
        self = try parser.document()
    }
}

private struct JSONParser {
    private let bytes: [UInt8]
    private let name: String
    private var offset = 0
    private var valuesLeft = Limits.jsonValues

    init(bytes: [UInt8], name: String) {
        self.bytes = bytes
        self.name = name
    }

    mutating func document() throws(Failure) -> JSONValue {
        skipSpace()
        let value = try value(depth: 0)
        skipSpace()
        guard offset == bytes.count else {
            throw broken("\(bytes.count - offset) bytes follow the end of the document")
        }
        return value
    }

    private mutating func value(depth: Int) throws(Failure) -> JSONValue {
        guard depth <= Limits.documentDepth else {
            throw overLimit("it is nested deeper than \(Limits.documentDepth) levels")
        }
        guard valuesLeft > 0 else {
            throw overLimit("it has more than \(Limits.jsonValues) values")
        }
        valuesLeft -= 1
        guard let byte = peek() else { throw broken("the document ends where a value should be") }
        switch byte {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw broken("a value cannot start with \(shown(byte))")
        }
    }

    private mutating func object(depth: Int) throws(Failure) -> JSONObject {
        offset += 1
        var object = JSONObject()
        skipSpace()
        if take("}") { return object }
        while true {
            skipSpace()
            guard peek() == UInt8(ascii: "\"") else {
                throw broken("a member name must be a string")
            }
            let start = offset
            let memberName = try string()
            guard !object.holds(memberName) else {
                offset = start
                throw broken("the name \(quoted(memberName)) stands twice in one object")
            }
            skipSpace()
            guard take(":") else {
                throw broken("a colon must follow the name \(quoted(memberName))")
            }
            skipSpace()
            object[memberName] = try value(depth: depth + 1)
            skipSpace()
            if take("}") { return object }
            guard take(",") else { throw broken("a comma or } must follow a member") }
        }
    }

    private mutating func array(depth: Int) throws(Failure) -> [JSONValue] {
        offset += 1
        var items: [JSONValue] = []
        skipSpace()
        if take("]") { return items }
        while true {
            skipSpace()
            items.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return items }
            guard take(",") else { throw broken("a comma or ] must follow an item") }
        }
    }

    private mutating func string() throws(Failure) -> String {
        offset += 1
        let start = offset
        while let byte = peek(), byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"),
            byte >= 0x20
        {
            offset += 1
        }
        guard peek() != UInt8(ascii: "\"") else {
            defer { offset += 1 }
            return try text(bytes[start..<offset])
        }
        var content = Array(bytes[start..<offset])
        while let byte = peek() {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return try text(content[...])
            case UInt8(ascii: "\\"): content += Array(String(try escape()).utf8)
            case 0..<0x20:
                offset -= 1
                throw broken("the control character \(shown(byte)) stands in a string unescaped")
            default: content.append(byte)
            }
        }
        throw broken("a string has no end")
    }

    private func text(_ content: ArraySlice<UInt8>) throws(Failure) -> String {
        guard let text = String(validating: content, as: UTF8.self) else {
            throw broken("a string is not valid UTF-8")
        }
        guard longestMarkRun(in: text) <= Limits.combiningMarks else {
            throw overLimit(
                "a string has more than \(Limits.combiningMarks) combining marks in a row")
        }
        return text
    }

    private mutating func escape() throws(Failure) -> Unicode.Scalar {
        guard let byte = peek() else { throw broken("a string ends inside an escape") }
        offset += 1
        if let plain = simpleEscapes[byte] { return plain }
        guard byte == UInt8(ascii: "u") else {
            throw broken("\\\(shown(byte)) is no escape of JSON")
        }
        let first = try hexUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), take("\\"), take("u") else {
            throw broken("an escape names half of a surrogate pair")
        }
        let second = try hexUnit()
        guard (0xDC00..<0xE000).contains(second) else {
            throw broken("an escape names half of a surrogate pair")
        }
        let code = 0x10000 + ((UInt32(first) - 0xD800) << 10) + (UInt32(second) - 0xDC00)
        guard let scalar = Unicode.Scalar(code) else {
            throw broken("an escape names no character")
        }
        return scalar
    }

    private mutating func hexUnit() throws(Failure) -> UInt16 {
        guard bytes.count - offset >= 4,
            let unit = UInt16(
                String(decoding: bytes[offset..<offset + 4], as: UTF8.self), radix: 16),
            bytes[offset] != UInt8(ascii: "+"), bytes[offset] != UInt8(ascii: "-")
        else { throw broken("\\u needs four hex digits") }
        offset += 4
        return unit
    }

    private mutating func number() throws(Failure) -> JSONValue {
        let start = offset
        _ = take("-")
        if !take("0") {
            guard takeDigits() > 0 else { throw broken("a number needs a digit") }
        }
        if take(".") {
            guard takeDigits() > 0 else { throw broken("a digit must follow the decimal point") }
        }
        if take("e") || take("E") {
            _ = take("+") || take("-")
            guard takeDigits() > 0 else { throw broken("a digit must follow the exponent") }
        }
        if let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            throw broken("a number cannot start with 0 and go on")
        }
        return .number(JSONNumber(spelling: String(decoding: bytes[start..<offset], as: UTF8.self)))
    }

    private mutating func word(_ text: String, _ value: JSONValue) throws(Failure) -> JSONValue {
        guard bytes[offset...].starts(with: text.utf8) else {
            throw broken("a value cannot start with \(shown(bytes[offset]))")
        }
        offset += text.utf8.count
        return value
    }

    private func peek() -> UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private mutating func takeDigits() -> Int {
        let start = offset
        while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            offset += 1
        }
        return offset - start
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            offset += 1
        }
    }

    private func broken(_ why: String) -> Failure {
        Failure(
            .malformed, "cannot read \(name) as JSON", at: .bytes(of: name, offset: offset),
            because: why)
    }

    private func overLimit(_ why: String) -> Failure {
        Failure(
            .overLimit, "cannot read \(name)", at: .bytes(of: name, offset: offset), because: why)
    }

    private func shown(_ byte: UInt8) -> String {
        byte < 0x80 ? quoted(String(Unicode.Scalar(byte))) : "byte \(byte)"
    }
}

private let simpleEscapes: [UInt8: Unicode.Scalar] = [
    UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/",
    UInt8(ascii: "b"): "\u{8}", UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "n"): "\n",
    UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
]
