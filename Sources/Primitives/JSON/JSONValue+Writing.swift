// SPDX-License-Identifier: Apache-2.0
// Writing JSON: the same value gives the same bytes, always.

extension JSONValue {
    /// One line, members in their own order.
    package var compactText: String { String(decoding: compactBytes, as: UTF8.self) }

    /// One line, members in their own order, UTF-8.
    package var compactBytes: [UInt8] {
        var writer = JSONWriter(indented: false)
        writer.write(self, depth: 0)
        return writer.bytes
    }

    /// Two spaces a level, members in their own order, no newline at the end.
    package var prettyText: String {
        var writer = JSONWriter(indented: true)
        writer.write(self, depth: 0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The value for output to people: control and invisible characters are written as `\uXXXX`.
    /// Not for bytes that are signed or hashed.
    package func shownText(indented: Bool) -> String {
        var writer = JSONWriter(indented: indented, escapesInvisible: true)
        writer.write(self, depth: 0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

private struct JSONWriter {
    let indented: Bool
    let escapesInvisible: Bool
    var bytes: [UInt8] = []

    init(indented: Bool, escapesInvisible: Bool = false) {
        self.indented = indented
        self.escapesInvisible = escapesInvisible
    }

    mutating func write(_ value: JSONValue, depth: Int) {
        switch value {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .number(let number): bytes += number.description.utf8
        case .string(let text): writeString(text)
        case .array(let items):
            writeList("[", "]", count: items.count, depth: depth) { writer, place in
                writer.write(items[place], depth: depth + 1)
            }
        case .object(let object):
            writeList("{", "}", count: object.count, depth: depth) { writer, place in
                writer.writeString(object.members[place].name)
                writer.bytes += (writer.indented ? ": " : ":").utf8
                writer.write(object.members[place].value, depth: depth + 1)
            }
        }
    }

    private mutating func writeList(
        _ opening: String, _ closing: String, count: Int, depth: Int,
        _ item: (inout JSONWriter, Int) -> Void
    ) {
        bytes += opening.utf8
        for index in 0..<count {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            breakLine(depth + 1)
            item(&self, index)
        }
        if count > 0 { breakLine(depth) }
        bytes += closing.utf8
    }

    private mutating func breakLine(_ depth: Int) {
        guard indented else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes += [UInt8](repeating: UInt8(ascii: " "), count: 2 * depth)
    }

    private mutating func writeString(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        if escapesInvisible, text.utf8.contains(where: { $0 >= 0x7F }) {
            for scalar in text.unicodeScalars {
                if scalar.value >= 0x7F, scalar.isInvisible {
                    for unit in UTF16.encode(scalar) ?? .init() { writeEscape(unit) }
                } else {
                    for byte in UTF8.encode(scalar) ?? .init() { writeByte(byte) }
                }
            }
        } else {
            for byte in text.utf8 { writeByte(byte) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func writeByte(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): bytes += "\\\"".utf8
        case UInt8(ascii: "\\"): bytes += "\\\\".utf8
        case UInt8(ascii: "\n"): bytes += "\\n".utf8
        case UInt8(ascii: "\r"): bytes += "\\r".utf8
        case UInt8(ascii: "\t"): bytes += "\\t".utf8
        case 0..<0x20: writeEscape(UInt16(byte))
        default: bytes.append(byte)
        }
    }

    private mutating func writeEscape(_ unit: UInt16) {
        bytes += "\\u\(hexText([UInt8(unit >> 8), UInt8(unit & 0xFF)]))".utf8
    }
}
