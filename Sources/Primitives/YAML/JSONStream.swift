// SPDX-License-Identifier: Apache-2.0
// JSON objects one after another, each value with its line and column.
// Spec: k8s.io/apimachinery v0.32, util/yaml/decoder.go (`GuessJSONStream`); RFC 8259.

/// Reads the JSON objects that a file begins with.
///
/// kubectl reads a file whose first character is `{` as JSON, and as YAML only where it is not
/// JSON. The two differ: JSON has no merge keys, and YAML folds some characters inside a string.
struct JSONStream {
    let name: String
    private let text: [UInt8]
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
        skip(spaces)
        guard byte == UInt8(ascii: "{"), let end = endOfObject() else { return nil }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: text[offset..<end], named: name)
        } catch {
            guard error.kind == .malformed else { throw error }
            return nil
        }
        let node = try node(value)
        skip(spaces)
        return node
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
        skip(filling)
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
                skip(filling)
                let place = self.place
                skipString()
                members.append(
                    YAMLNode.Member(
                        name: member.name, value: try node(member.value), place: place))
            }
            skip(filling)
            advance()
            return YAMLNode(content: .mapping(members), place: place)
        case .array(let values):
            var items: [YAMLNode] = []
            advance()
            for item in values { items.append(try node(item)) }
            skip(filling)
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

    private mutating func skip(_ bytes: [UInt8]) {
        while let byte, bytes.contains(byte) { advance() }
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
        filling.contains(byte) || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
    }
}

private let spaces = Array(" \n\r\t".utf8)
private let filling = Array(" \n\r\t,:".utf8)
