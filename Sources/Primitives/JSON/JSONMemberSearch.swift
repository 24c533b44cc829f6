// SPDX-License-Identifier: Apache-2.0
// One member of a large document, found without building the document.

/// The text of a member of the outermost object; nil when there is none, when it is no string, and
/// when a reader that ignores the case of names could take another member for it.
///
/// A hint about a document that nobody has verified: the rest of it is skipped, not checked. It costs
/// one pass and the memory of that member, however many values the document has.
///
/// - Parameter budget: how many bytes may be read; what is read is taken from it. Nothing is found in a
///   document that has more, because the member may occur again.
package func topLevelText(
    of name: String, in document: [UInt8], spending budget: inout Int
) -> String? {
    let wanted = name.utf8.lowercased()
    let text = document.span.extracting(first: max(budget, 0))
    let isWhole = text.count == document.count
    var search = JSONMemberSearch()
    defer { budget -= search.offset }
    var found: Range<Int>?
    var isExact = false
    guard search.open(text) else { return nil }
    while let member = search.next(text) {
        // Quotes included; an escape is longer than what it stands for.
        guard member.name.count == wanted.utf8.count + 2 || member.isEscaped,
            let key = decodedString(text, member.name), isSame(key.utf8.lowercased(), wanted)
        else { continue }
        guard found == nil else { return nil }
        (found, isExact) = (member.value, isSame(key, name))
    }
    guard isWhole, isExact, let found else { return nil }
    return decodedString(text, found)
}

/// The string whose JSON spelling, quotes included, stands in that range; nil for anything else.
private func decodedString(_ text: Span<UInt8>, _ range: Range<Int>) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    for index in range { bytes.append(text[index]) }
    return (try? JSONValue(parsing: bytes, named: "a member"))?.string
}

/// Walks over the members of one object. Positions are offsets in bytes.
private struct JSONMemberSearch {
    private(set) var offset = 0

    mutating func open(_ text: Span<UInt8>) -> Bool {
        skipSpace(text)
        guard byte(text) == UInt8(ascii: "{") else { return false }
        offset += 1
        return true
    }

    /// The next member; nil at the end of the object, or where the text is no object.
    mutating func next(
        _ text: Span<UInt8>
    ) -> (name: Range<Int>, isEscaped: Bool, value: Range<Int>)? {
        skipSpace(text)
        if byte(text) == UInt8(ascii: ",") { offset += 1 }
        skipSpace(text)
        guard byte(text) == UInt8(ascii: "\"") else { return nil }
        let name = string(text)
        let isEscaped = name.contains { text[$0] == UInt8(ascii: "\\") }
        skipSpace(text)
        guard byte(text) == UInt8(ascii: ":") else { return nil }
        offset += 1
        skipSpace(text)
        let start = offset
        skipValue(text)
        return (name, isEscaped, start..<offset)
    }

    private mutating func skipValue(_ text: Span<UInt8>) {
        var depth = 0
        while let byte = byte(text) {
            switch byte {
            case UInt8(ascii: "\""): _ = string(text)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                offset += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { return }
                depth -= 1
                offset += 1
            case UInt8(ascii: ",") where depth == 0: return
            default: offset += 1
            }
        }
    }

    /// Moves behind the string that starts here; its range holds both quotes.
    private mutating func string(_ text: Span<UInt8>) -> Range<Int> {
        let start = offset
        offset += 1
        while let byte = byte(text), byte != UInt8(ascii: "\"") {
            offset += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        offset = min(offset + 1, text.count)
        return start..<offset
    }

    private mutating func skipSpace(_ text: Span<UInt8>) {
        while let byte = byte(text), byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            offset += 1
        }
    }

    private func byte(_ text: Span<UInt8>) -> UInt8? {
        offset < text.count ? text[offset] : nil
    }
}
