// SPDX-License-Identifier: Apache-2.0
// Names that are no plain words, found before a parser composes (and hashes) them.
// Spec: YAML 1.2, 7.4 "Flow Collection Styles", 8.2.2 "Block Mappings", 7.1 "Alias Nodes".

/// Refuses documents whose names could cost without end.
///
/// The parser under us hashes every name of a mapping as it composes, aliases expanded, so a name
/// that is a list of aliases of lists of aliases never ends. Names that are collections or aliases
/// are refused anyway, but only after composing. So this looks at the text first, line by line and
/// without knowing about quotes: it may see such a name in a quoted text or a comment, never the
/// other way round. What it sees is refused only in a file that has both anchors and aliases, or
/// where file size and number of names exceed `Limits.yamlNameBytes`.
func refuseCostlyNames(_ text: [UInt8], named name: String) throws(Failure) {
    var scan = NameScan()
    var line = 1
    var start = text.startIndex
    while start < text.endIndex {
        let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.endIndex
        scan.read(text[start..<end], line: line)
        line += 1
        start = end < text.endIndex ? end + 1 : end
    }
    let what = "cannot read \(name) as YAML"
    if scan.hasAnchor, scan.hasAlias, let found = scan.firstName {
        throw Failure(
            .malformed, what, at: .file(name, line: found.line, column: found.column),
            because: "a name in a mapping must be a plain value, where a file has aliases")
    }
    guard scan.questions == 0 || text.count <= Limits.yamlNameBytes / scan.questions else {
        throw Failure(
            .overLimit, what,
            because: "it has \(scan.questions) names written with ? in \(text.count) bytes, and "
                + "their product may be \(Limits.yamlNameBytes)")
    }
}

private struct NameScan {
    var hasAnchor = false
    var hasAlias = false
    /// Names that begin with `?`: only these may span lines, and hold much.
    var questions = 0
    var firstName: (line: Int, column: Int)?

    mutating func read(_ line: ArraySlice<UInt8>, line number: Int) {
        for index in line.indices {
            switch line[index] {
            case UInt8(ascii: "&") where beginsProperty(line, at: index): hasAnchor = true
            case UInt8(ascii: "*") where beginsProperty(line, at: index):
                hasAlias = true
                if aliasIsName(line, at: index) { found(number, index, line) }
            case UInt8(ascii: "?") where beginsName(line, at: index):
                questions += 1
                found(number, index, line)
            case UInt8(ascii: ":") where endsCollection(line, before: index):
                found(number, index, line)
            default: break
            }
        }
    }

    private mutating func found(_ number: Int, _ index: Int, _ line: ArraySlice<UInt8>) {
        firstName = firstName ?? (number, index - line.startIndex + 1)
    }
}

/// `&x` or `*x` where a node may begin.
private func beginsProperty(_ line: ArraySlice<UInt8>, at index: Int) -> Bool {
    guard index + 1 < line.endIndex, isAnchorByte(line[index + 1]) else { return false }
    return index == line.startIndex || !isAnchorByte(line[index - 1])
}

/// `*x :`
private func aliasIsName(_ line: ArraySlice<UInt8>, at index: Int) -> Bool {
    line[(index + 1)...].drop(while: isAnchorByte).drop(while: isBlank).first == UInt8(ascii: ":")
}

/// `?` where a name may begin: first in its line, or after an indicator.
private func beginsName(_ line: ArraySlice<UInt8>, at index: Int) -> Bool {
    let before = line[..<index].last { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
    guard let before else { return true }
    switch before {
    case UInt8(ascii: "-"), UInt8(ascii: "?"), UInt8(ascii: ":"), UInt8(ascii: ","),
        UInt8(ascii: "["), UInt8(ascii: "{"):
        return true
    // YAML 1.1 has line breaks that are no newline: CR, and NEL, LS and PS beyond ASCII.
    case 0x0D, 0x80...0xFF: return true
    default: return false
    }
}

/// `] :` or `} :`
private func endsCollection(_ line: ArraySlice<UInt8>, before index: Int) -> Bool {
    guard let before = line[..<index].last(where: { !isBlank($0) }) else { return false }
    return before == UInt8(ascii: "]") || before == UInt8(ascii: "}")
}

/// Blanks, and the carriage return that other systems end lines with.
private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

/// Spec: libyaml: letters, digits, _ and -; other bytes of UTF-8 are taken too, to be careful.
private func isAnchorByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), 0x80...0xFF:
        true
    default: false
    }
}
