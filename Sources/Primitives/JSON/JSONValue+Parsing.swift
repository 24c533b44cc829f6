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
        do throws(JSONFault) {
            self = try parser.document(bytes.span)
        } catch {
            throw parser.reason
        }
    }
}

/// Thrown inside the reader; the reason is `JSONParser.reason`. A `Failure` is large, and a
/// function that can throw one makes room for it in each call.
struct JSONFault: Error {}

/// A position in the text and what is left of the limits. The text itself is passed to each
/// function, so that it is borrowed and never copied.
struct JSONParser {
    let name: String
    var offset: Int
    private var failure: Failure?
    private let values: Int
    private var valuesLeft: Int
    private var names = JSONNameCache()

    init(name: String, offset: Int = 0, values: Int) {
        self.name = name
        self.offset = offset
        self.values = values
        valuesLeft = values
    }

    /// How many values were read.
    var valuesRead: Int { values - valuesLeft }

    /// Why the last function that threw did so.
    var reason: Failure {
        failure ?? Failure(.bug, "cannot read \(name)", because: "the reader gave no reason")
    }

    mutating func document(_ text: Span<UInt8>) throws(JSONFault) -> JSONValue {
        skipSpace(text)
        let value = try value(text, depth: 0)
        skipSpace(text)
        guard offset == text.count else {
            throw broken("\(text.count - offset) bytes follow the end of the document")
        }
        return value
    }

    /// Reads the value that begins at `offset`.
    mutating func value(_ text: Span<UInt8>, depth: Int) throws(JSONFault) -> JSONValue {
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

    private mutating func object(_ text: Span<UInt8>, depth: Int) throws(JSONFault) -> JSONObject {
        offset += 1
        skipSpace(text)
        if take("}", text) { return JSONObject() }
        var members: [JSONObject.Member] = []
        members.reserveCapacity(2)
        var known = JSONKnownNames()
        while true {
            skipSpace(text)
            guard next(text) == UInt8(ascii: "\"") else {
                throw broken("a member name must be a string")
            }
            let name = try memberName(text, after: members, &known)
            skipSpace(text)
            guard take(":", text) else {
                throw broken("a colon must follow the name \(quoted(name))")
            }
            skipSpace(text)
            let value = try value(text, depth: depth + 1)
            members.append(JSONObject.Member(name: name, value: value))
            skipSpace(text)
            if take("}", text) { return JSONObject(members, known.index) }
            guard take(",", text) else { throw broken("a comma or } must follow a member") }
        }
    }

    /// Reads a name and refuses one that the object has already.
    private mutating func memberName(
        _ text: Span<UInt8>, after members: [JSONObject.Member], _ known: inout JSONKnownNames
    ) throws(JSONFault) -> String {
        let start = offset
        let (name, key) = try name(text)
        guard known.insert(name, key, after: members) else {
            offset = start
            throw broken("the name \(quoted(name)) occurs twice in one object")
        }
        return name
    }

    /// Reads the name whose opening quote is at `offset`.
    private mutating func name(
        _ text: Span<UInt8>
    ) throws(JSONFault) -> (text: String, key: JSONNameKey) {
        let start = offset
        offset += 1
        guard skipPlain(text), next(text) == UInt8(ascii: "\"") else {
            offset = start
            let name = try string(text)
            return (name, JSONNameKey(name.utf8.span, 0..<name.utf8.count))
        }
        let content = start + 1..<offset
        offset += 1
        let key = JSONNameKey(text, content)
        return (names.name(key, text, content), key)
    }

    private mutating func array(_ text: Span<UInt8>, depth: Int) throws(JSONFault) -> [JSONValue] {
        offset += 1
        skipSpace(text)
        if take("]", text) { return [] }
        var items: [JSONValue] = []
        while true {
            skipSpace(text)
            items.append(try value(text, depth: depth + 1))
            skipSpace(text)
            if take("]", text) { return items }
            guard take(",", text) else { throw broken("a comma or ] must follow an item") }
        }
    }

    private mutating func number(_ text: Span<UInt8>) throws(JSONFault) -> JSONValue {
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
        return .number(JSONNumber(spelling: asciiText(text, start..<offset)))
    }

    private mutating func word(
        _ word: String, _ value: JSONValue, _ text: Span<UInt8>
    ) throws(JSONFault) -> JSONValue {
        let start = offset
        for byte in word.utf8 {
            guard next(text) == byte else {
                offset = start
                throw broken("a value cannot start with \(shown(text[offset]))")
            }
            offset += 1
        }
        return value
    }

    @inline(__always)
    func next(_ text: Span<UInt8>) -> UInt8? { offset < text.count ? text[offset] : nil }

    @inline(__always)
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

    @inline(__always)
    private mutating func skipSpace(_ text: Span<UInt8>) {
        if offset < text.count, text[offset] <= 0x20 { skipSpaces(text) }
    }

    private mutating func skipSpaces(_ text: Span<UInt8>) {
        var index = offset
        while index < text.count {
            switch text[index] {
            case 0x20:
                index += 1
                while text.count - index >= 8, eightBytes(text, at: index) == spaces { index += 8 }
            case 0x0A, 0x0D, 0x09: index += 1
            default:
                offset = index
                return
            }
        }
        offset = index
    }

    @inline(never)
    mutating func broken(_ why: String) -> JSONFault {
        failure = Failure(
            .malformed, "cannot read \(name) as JSON", at: .bytes(of: name, offset: offset),
            because: why)
        return JSONFault()
    }

    @inline(never)
    mutating func overLimit(_ why: String) -> JSONFault {
        failure = Failure(
            .overLimit, "cannot read \(name)", at: .bytes(of: name, offset: offset), because: why)
        return JSONFault()
    }

    func shown(_ byte: UInt8) -> String {
        byte < 0x80 ? quoted(String(Unicode.Scalar(byte))) : "byte \(byte)"
    }
}

private let spaces: UInt64 = 0x2020_2020_2020_2020

@inline(__always)
private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
