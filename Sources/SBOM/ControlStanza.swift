// SPDX-License-Identifier: Apache-2.0
// The stanzas of dpkg's database. Spec: deb822(5); dpkg 1.22, lib/dpkg/parse.c, `parse_stanza`.

import Primitives

/// One stanza with the wanted fields; their names are in lower case.
struct ControlStanza {
    /// The line on which the stanza starts, from 1.
    let line: Int
    var fields: [String: String] = [:]
    /// Why the stanza is invalid; nil for a valid stanza.
    var problem: String?

    subscript(name: String) -> String? { fields[name].flatMap { $0.isEmpty ? nil : $0 } }
}

/// Splits a control file as dpkg does. Only fields in `wanted` (lower case) are kept, and folded
/// lines are joined by a space.
///
/// An empty line ends a stanza. A line that starts with white space continues the field above, also
/// if the line has no other content.
func controlStanzas(_ bytes: [UInt8], wanted: Set<String>) -> [ControlStanza] {
    var stanzas: [ControlStanza] = []
    var current: ControlStanza?
    var field: String?
    for (number, (line, end)) in controlLines(bytes).enumerated() {
        guard let first = line.first else {
            if let stanza = current { stanzas.append(stanza) }
            (current, field) = (nil, nil)
            continue
        }
        let isNew = current == nil
        var stanza = current ?? ControlStanza(line: number + 1)
        // The stanza has one owner, so that a value of many lines is not copied for each of them.
        current = nil
        if !isBlank(first) {
            field = stanza.take(line, wanted)
        } else if isNew {
            stanza.problem = "it starts with white space"
        } else if let field {
            let value = trimmed(line)
            if !value.isEmpty { stanza.fields[field, default: ""] += " " + value }
        }
        if end == endOfFile, field != nil {
            stanza.problem = "a value of it ends with the byte 0x1A"
        }
        current = stanza
    }
    if let stanza = current { stanzas.append(stanza) }
    return stanzas
}

/// The lines, each with the byte that ends it; the last line can have none.
private func controlLines(_ bytes: [UInt8]) -> [(line: ArraySlice<UInt8>, end: UInt8?)] {
    var lines: [(line: ArraySlice<UInt8>, end: UInt8?)] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        let line = rest.prefix { $0 != UInt8(ascii: "\n") && $0 != endOfFile }
        lines.append((line, rest.dropFirst(line.count).first))
        rest = rest.dropFirst(line.count + 1)
    }
    return lines
}

extension ControlStanza {
    /// Parses a line that starts a field; returns the name if the field is wanted.
    fileprivate mutating func take(_ line: ArraySlice<UInt8>, _ wanted: Set<String>) -> String? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else {
            problem = "a line of it is not a field"
            return nil
        }
        // White space is allowed only between the name and the colon.
        let end = line[..<colon].lastIndex { !isBlank($0) } ?? line.startIndex
        let written = line[...end]
        guard !written.contains(where: isBlank) else {
            problem = "a line of it is not a field"
            return nil
        }
        guard written.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            problem = "the name of a field has a control character"
            return nil
        }
        // Only ASCII letters are lowercased: the Kelvin sign would become a k, which is another
        // field.
        guard written.allSatisfy({ $0 < 0x80 }) else { return nil }
        let name = String(decoding: written, as: UTF8.self).utf8.lowercased()
        guard wanted.contains(name) else { return nil }
        guard fields[name] == nil else {
            problem = "it has the field \(name) twice"
            return nil
        }
        let value = trimmed(line[(colon + 1)...])
        guard longestMarkRun(in: value) <= Limits.combiningMarks else {
            problem =
                "its field \(name) has more than \(Limits.combiningMarks) combining marks in a row"
            return nil
        }
        fields[name] = value
        return name
    }
}

/// A byte that ends a line too, and is a part of the value before it.
/// Spec: dpkg 1.22, lib/dpkg/parse.c, `MSDOS_EOF_CHAR`.
private let endOfFile: UInt8 = 0x1A

/// Spec: dpkg 1.22, lib/dpkg/c-ctype.c, `C_CTYPE_SPACE`.
private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

private func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
    let start = bytes.drop(while: isBlank)
    let end = start.lastIndex { !isBlank($0) }.map { start.index(after: $0) } ?? start.startIndex
    return String(decoding: start[..<end], as: UTF8.self)
}
