// SPDX-License-Identifier: Apache-2.0
// The strict JSON reader. Two readers of one signed document must not see two documents, so it
// closes what RFC 8259 leaves open: duplicate names, lone surrogates and invalid UTF-8 are refused.

extension JSONValue {
    /// Reads one JSON text that fills `bytes` to the end.
    ///
    /// Spec: RFC 8259. Stricter where it says "SHOULD": a name that occurs twice in one object, a
    /// byte order mark, a lone surrogate escape and invalid UTF-8 are failures. Nesting stops at
    /// `Limits.documentDepth`, the number of values at `values`.
    ///
    /// - Parameters:
    ///   - name: what the document is called in a failure's place.
    ///   - values: the most values it may have, lists and objects counted too.
    package init(
        parsing bytes: some Collection<UInt8>, named name: String,
        values: Int = Limits.jsonValues
    ) throws(Failure) {
        let bytes = (bytes as? [UInt8]) ?? Array(bytes)
        var parser = JSONParser(name: name, values: values)
        self = try parser.document(bytes.span)
    }
}

/// A position in the text and what is left of the limits. The text itself is passed to each
/// function, so that it is borrowed and never copied.
struct JSONParser {
    let name: String
    var offset = 0
    private let values: Int
    private var valuesLeft: Int

    init(name: String, values: Int) {
        self.name = name
        self.values = values
        valuesLeft = values
    }

    mutating func document(_ text: Span<UInt8>) throws(Failure) -> JSONValue {
        skipSpace(text)
        let value = try value(text, depth: 0)
        skipSpace(text)
        guard offset == text.count else {
            throw broken("\(text.count - offset) bytes follow the end of the document")
        }
        return value
    }

    private mutating func value(_ text: Span<UInt8>, depth: Int) throws(Failure) -> JSONValue {
        guard depth <= Limits.documentDepth else {
            throw overLimit("it is nested deeper than \(Limits.documentDepth) levels")
        }
        guard valuesLeft > 0 else {
            throw overLimit("it has more than \(values) values")
        }
        valuesLeft -= 1
        guard offset < text.count else {
            throw broken("the document ends where a value should be")
        }
        switch text[offset] {
        case UInt8(ascii: "{"): return .object(try object(text, depth: depth))
        case UInt8(ascii: "["): return .array(try array(text, depth: depth))
        case UInt8(ascii: "\""): return .string(try string(text))
        case UInt8(ascii: "t"): return try word("true", .bool(true), text)
        case UInt8(ascii: "f"): return try word("false", .bool(false), text)
        case UInt8(ascii: "n"): return try word("null", .null, text)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(text)
        default: throw broken("a value cannot start with \(shown(text[offset]))")
        }
    }

    private mutating func object(_ text: Span<UInt8>, depth: Int) throws(Failure) -> JSONObject {
        offset += 1
        var members = JSONMembers()
        skipSpace(text)
        if take("}", text) { return JSONObject() }
        while true {
            skipSpace(text)
            guard next(text) == UInt8(ascii: "\"") else {
                throw broken("a member name must be a string")
            }
            let start = offset
            let name = try string(text)
            guard members.reserve(name) else {
                offset = start
                throw broken("the name \(quoted(name)) occurs twice in one object")
            }
            skipSpace(text)
            guard take(":", text) else {
                throw broken("a colon must follow the name \(quoted(name))")
            }
            skipSpace(text)
            members.add(name, try value(text, depth: depth + 1))
            skipSpace(text)
            if take("}", text) { return JSONObject(members) }
            guard take(",", text) else { throw broken("a comma or } must follow a member") }
        }
    }

    private mutating func array(_ text: Span<UInt8>, depth: Int) throws(Failure) -> [JSONValue] {
        offset += 1
        var items: [JSONValue] = []
        skipSpace(text)
        if take("]", text) { return items }
        while true {
            skipSpace(text)
            items.append(try value(text, depth: depth + 1))
            skipSpace(text)
            if take("]", text) { return items }
            guard take(",", text) else { throw broken("a comma or ] must follow an item") }
        }
    }

    private mutating func number(_ text: Span<UInt8>) throws(Failure) -> JSONValue {
        let start = offset
        _ = take("-", text)
        if !take("0", text) {
            guard takeDigits(text) > 0 else { throw broken("a number needs a digit") }
        }
        if take(".", text) {
            guard takeDigits(text) > 0 else {
                throw broken("a digit must follow the decimal point")
            }
        }
        if take("e", text) || take("E", text) {
            _ = take("+", text) || take("-", text)
            guard takeDigits(text) > 0 else { throw broken("a digit must follow the exponent") }
        }
        if let byte = next(text), isDigit(byte) {
            throw broken("a number cannot start with 0 and go on")
        }
        return .number(JSONNumber(spelling: try validated(text, start..<offset)))
    }

    private mutating func word(
        _ word: StaticString, _ value: JSONValue, _ text: Span<UInt8>
    ) throws(Failure) -> JSONValue {
        let start = offset
        for byte in "\(word)".utf8 {
            guard next(text) == byte else {
                offset = start
                throw broken("a value cannot start with \(shown(text[offset]))")
            }
            offset += 1
        }
        return value
    }

    func next(_ text: Span<UInt8>) -> UInt8? { offset < text.count ? text[offset] : nil }

    mutating func take(_ character: Unicode.Scalar, _ text: Span<UInt8>) -> Bool {
        guard next(text) == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private mutating func takeDigits(_ text: Span<UInt8>) -> Int {
        let start = offset
        while offset < text.count, isDigit(text[offset]) { offset += 1 }
        return offset - start
    }

    private mutating func skipSpace(_ text: Span<UInt8>) {
        while offset < text.count {
            switch text[offset] {
            case 0x20, 0x0A, 0x0D, 0x09: offset += 1
            default: return
            }
        }
    }

    func broken(_ why: String) -> Failure {
        Failure(
            .malformed, "cannot read \(name) as JSON", at: .bytes(of: name, offset: offset),
            because: why)
    }

    func overLimit(_ why: String) -> Failure {
        Failure(
            .overLimit, "cannot read \(name)", at: .bytes(of: name, offset: offset), because: why)
    }

    func shown(_ byte: UInt8) -> String {
        byte < 0x80 ? quoted(String(Unicode.Scalar(byte))) : "byte \(byte)"
    }
}

private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
