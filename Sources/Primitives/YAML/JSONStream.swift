// SPDX-License-Identifier: Apache-2.0
// JSON objects one after another, each value with its line and column.
// Spec: k8s.io/apimachinery v0.32, util/yaml/decoder.go (`GuessJSONStream`); RFC 8259.

/// Reads the JSON objects that a file begins with.
///
/// kubectl reads a file whose first character is `{` as JSON, and as YAML only where it is not
/// JSON. The two differ: JSON has no merge keys, and YAML folds some characters inside a string.
struct JSONStream {
    let name: String
    let text: [UInt8]
    private(set) var offset = 0
    private var line = 1
    private var column = 1
    private var nodesLeft: Int

    init(_ text: [UInt8], named name: String, nodes: Int) {
        self.text = text
        self.name = name
        nodesLeft = nodes
    }

    /// The number of lines that have been read, for the YAML reader that continues.
    var linesRead: Int { line - 1 }
    var isAtEnd: Bool { offset >= text.count }

    /// The next object; nil where the text continues with something else, or is not JSON.
    mutating func object() throws(Failure) -> YAMLNode? {
        skip(isSpace)
        guard let value = try parsed()?.value else { return nil }
        let node = try node(value)
        skip(isSpace)
        return node
    }

    /// The next object without the places of what is in it; nil where `object` is nil.
    mutating func document() throws(Failure) -> ManifestDocument? {
        skip(isSpace)
        guard let (value, end, count) = try parsed() else { return nil }
        guard count < nodesLeft else {
            // Finds the value that is one too many.
            return try object().map(ManifestDocument.init)
        }
        let document = ManifestDocument(json: value, place: place)
        nodesLeft -= count
        advance(to: end)
        skip(isSpace)
        return document
    }

    /// The object that begins here, where it ends, and how many values it has.
    private func parsed() throws(Failure) -> (value: JSONValue, end: Int, count: Int)? {
        guard byte == UInt8(ascii: "{") else { return nil }
        var parser = JSONParser(name: name, offset: offset, values: Limits.jsonValues)
        do throws(JSONFault) {
            let value = try parser.value(text.span, depth: 0)
            return (value, parser.offset, parser.valuesRead)
        } catch {
            if parser.reason.kind != .malformed { try refuseLargeObject() }
            return nil
        }
    }

    /// Throws if the text that begins here, up to the end of the object, is past a limit.
    private func refuseLargeObject() throws(Failure) {
        guard let end = endOfObject() else { return }
        do {
            _ = try JSONValue(parsing: text[offset..<end], named: name)
        } catch {
            if error.kind != .malformed { throw error }
        }
    }

    /// Throws unless the objects are followed by nothing, a comment, or documents in YAML.
    func refuseRest() throws(Failure) {
        let rest = text[offset...]
        if isAtEnd || rest.starts(with: "---".utf8) || [UInt8(ascii: "#")].contains(byte) { return }
        throw Failure(
            .malformed, "cannot read \(name)", at: place,
            because: "only another object or --- may follow a JSON object")
    }

    private mutating func node(_ value: JSONValue) throws(Failure) -> YAMLNode {
        skip(isFilling)
        let place = place
        nodesLeft -= 1
        guard nodesLeft > 0 else {
            throw Failure(
                .overLimit, "cannot read \(name)", at: place, because: "it has too many values")
        }
        switch value {
        case .object(let object):
            var members: [YAMLNode.Member] = []
            advance()
            for member in object {
                skip(isFilling)
                let place = self.place
                skipString()
                members.append(
                    YAMLNode.Member(
                        name: member.name, value: try node(member.value), place: place))
            }
            skip(isFilling)
            advance()
            return YAMLNode(content: .mapping(members), place: place)
        case .array(let values):
            var items: [YAMLNode] = []
            advance()
            for item in values { items.append(try node(item)) }
            skip(isFilling)
            advance()
            return YAMLNode(content: .sequence(items), place: place)
        case .string: skipString()
        default: while let byte, !endsWord(byte) { advance() }
        }
        return YAMLNode(content: .scalar(value), place: place)
    }

    /// Where the object that begins here ends, by its braces.
    private func endOfObject() -> Int? {
        var depth = 0
        var isInString = false
        var index = offset
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\\") where isInString: index += 1
            case UInt8(ascii: "\""): isInString.toggle()
            case UInt8(ascii: "{") where !isInString: depth += 1
            case UInt8(ascii: "}") where !isInString:
                depth -= 1
                if depth == 0 { return index + 1 }
            default: break
            }
            index += 1
        }
        return nil
    }

    private var byte: UInt8? { offset < text.count ? text[offset] : nil }

    private var place: Place { .file(name, line: line, column: column) }

    private mutating func advance() {
        guard let byte else { return }
        offset += 1
        if byte == UInt8(ascii: "\n") {
            (line, column) = (line + 1, 1)
        } else if byte & 0xC0 != 0x80 {
            column += 1
        }
    }

    /// Moves on to a byte of this line or of a later one.
    private mutating func advance(to end: Int) {
        let lines = count(in: offset..<end) { $0 == UInt8(ascii: "\n") }
        if lines > 0, let last = text[offset..<end].lastIndex(of: UInt8(ascii: "\n")) {
            (line, column) = (line + lines, 1)
            offset = last + 1
        }
        column += count(in: offset..<end) { $0 & 0xC0 != 0x80 }
        offset = end
    }

    @inline(__always)
    private func count(in range: Range<Int>, _ isCounted: (UInt8) -> Bool) -> Int {
        let bytes = text.span.extracting(range)
        var count = 0
        for index in bytes.indices { count &+= isCounted(bytes[index]) ? 1 : 0 }
        return count
    }

    @inline(__always)
    private mutating func skip(_ isSkipped: (UInt8) -> Bool) {
        while let byte, isSkipped(byte) { advance() }
    }

    private mutating func skipString() {
        advance()
        while let byte, byte != UInt8(ascii: "\"") {
            if byte == UInt8(ascii: "\\") { advance() }
            advance()
        }
        advance()
    }

    private func endsWord(_ byte: UInt8) -> Bool {
        isFilling(byte) || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
    }
}

private func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
}

/// What is between values.
private func isFilling(_ byte: UInt8) -> Bool {
    isSpace(byte) || byte == UInt8(ascii: ",") || byte == UInt8(ascii: ":")
}
