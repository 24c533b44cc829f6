// SPDX-License-Identifier: Apache-2.0
// Debian control files, stanza by stanza. Spec: deb822(5).

import Primitives

/// One stanza: the fields that were asked for, names in lower case.
struct ControlStanza {
    /// Counted from 1, where the stanza starts.
    let line: Int
    fileprivate(set) var fields: [String: String] = [:]
    /// Why the stanza cannot be trusted, when it cannot.
    var problem: String?

    subscript(name: String) -> String? { fields[name].flatMap { $0.isEmpty ? nil : $0 } }
}

/// Splits a control file; only fields in `wanted` (lower case) are kept, folded lines joined by a
/// space.
func controlStanzas(_ bytes: [UInt8], wanted: Set<String>) -> [ControlStanza] {
    var stanzas: [ControlStanza] = []
    var current: ControlStanza?
    var field: String?
    var number = 0
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
        number += 1
        let isFolded = line.first == UInt8(ascii: " ") || line.first == UInt8(ascii: "\t")
        if line.allSatisfy(isBlank) || line.first == endOfFile {
            if let stanza = current { stanzas.append(stanza) }
            (current, field) = (nil, nil)
            let rest = line.drop { $0 == endOfFile || isBlank($0) }
            guard !rest.isEmpty else { continue }
            var stanza = ControlStanza(line: number)
            field = stanza.take(rest, wanted)
            current = stanza
        } else if isFolded {
            guard let name = field else { continue }
            current?.fields[name, default: ""] += " " + trimmed(line)
        } else {
            var stanza = current ?? ControlStanza(line: number)
            field = stanza.take(line, wanted)
            current = stanza
        }
    }
    if let stanza = current { stanzas.append(stanza) }
    return stanzas
}

extension ControlStanza {
    /// Takes in a line that starts a field; gives back its name when it is wanted.
    fileprivate mutating func take(_ line: ArraySlice<UInt8>, _ wanted: Set<String>) -> String? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else {
            problem = "a line of it is no field"
            return nil
        }
        guard line[..<colon].allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            problem = "the name of a field has a control character"
            return nil
        }
        // Only ASCII is made lower case: the Kelvin sign would become a k, and one field another.
        guard line[..<colon].allSatisfy({ $0 < 0x80 }) else { return nil }
        let name = String(decoding: line[..<colon], as: UTF8.self).utf8.lowercased()
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

/// Ends a stanza where a field could begin, and is skipped between stanzas.
/// Spec: dpkg 1.21, lib/dpkg/parse.c, `MSDOS_EOF_CHAR`.
private let endOfFile: UInt8 = 0x1A

private func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
}

private func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
    let start = bytes.drop(while: isBlank)
    let end = start.lastIndex { !isBlank($0) }.map { start.index(after: $0) } ?? start.startIndex
    return String(decoding: start[..<end], as: UTF8.self)
}
