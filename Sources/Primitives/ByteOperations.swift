// SPDX-License-Identifier: Apache-2.0
// Byte-string operations on the UTF-8 of a text. Spec: docs/decisions/0018-texts-are-bytes.md.

/// Searches, splits and changes outside text by its bytes: `text.utf8.hasPrefix("oci:")`.
///
/// The methods of `String` with the same names work on grapheme clusters and compare by canonical
/// equivalence. U+0600 before a slash then hides the slash, and U+212A (Kelvin sign) equals `K`; no
/// other reader of the same text sees it so. UTF-8 is self-synchronizing: a part that is itself UTF-8
/// is found at the boundaries of code points only, so every `Substring` below is whole text.
///
/// Parts and separators are usually short literals; a search takes the product of both lengths.
extension BidirectionalCollection<UInt8>
where Index == String.Index, SubSequence == Substring.UTF8View {
    package func hasPrefix(_ prefix: String) -> Bool { starts(with: prefix.utf8) }

    package func hasSuffix(_ suffix: String) -> Bool {
        self.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }

    /// Whether the bytes of `part` occur, one after another. An empty part always does.
    package func contains(_ part: String) -> Bool { firstRange(of: part) != nil }

    /// Where the first occurrence of `part` begins. The next byte is at `utf8.index(after:)`.
    package func firstIndex(of part: String) -> String.Index? { firstRange(of: part)?.lowerBound }

    /// Where the last occurrence of `part` begins.
    package func lastIndex(of part: String) -> String.Index? { lastRange(of: part)?.lowerBound }

    /// The text after `prefix`; nil if the text does not start with it.
    package func removingPrefix(_ prefix: String) -> Substring? {
        hasPrefix(prefix) ? Substring(dropFirst(prefix.utf8.count)) : nil
    }

    /// The text before `suffix`; nil if the text does not end with it.
    package func removingSuffix(_ suffix: String) -> Substring? {
        hasSuffix(suffix) ? Substring(dropLast(suffix.utf8.count)) : nil
    }

    /// The text before the first `separator`, or the whole text if there is none.
    package func prefix(before separator: String) -> Substring {
        Substring(self[..<(firstIndex(of: separator) ?? endIndex)])
    }

    /// The text before the first byte that is one of those in `ends`, which are ASCII.
    package func prefix(beforeAny ends: String) -> Substring {
        Substring(prefix { !ends.utf8.contains($0) })
    }

    /// The texts before and after the first `separator`; nil if there is none.
    package func split(atFirst separator: String) -> (before: Substring, after: Substring)? {
        firstRange(of: separator).map(sides)
    }

    /// The texts before and after the last `separator`; nil if there is none.
    package func split(atLast separator: String) -> (before: Substring, after: Substring)? {
        lastRange(of: separator).map(sides)
    }

    /// The texts between the separators, as `Collection.split` gives them. An empty separator
    /// separates nothing.
    package func split(
        separator: String, maxSplits: Int = .max, omittingEmptySubsequences: Bool = true
    ) -> [Substring] {
        var parts: [Substring] = []
        var rest = self[...]
        while !separator.isEmpty, parts.count < maxSplits,
            let range = rest.firstRange(of: separator)
        {
            if !omittingEmptySubsequences || range.lowerBound > rest.startIndex {
                parts.append(Substring(rest[..<range.lowerBound]))
            }
            rest = rest[range.upperBound...]
        }
        if !omittingEmptySubsequences || !rest.isEmpty { parts.append(Substring(rest)) }
        return parts
    }

    /// The text with the ASCII letters A to Z in lower case, and every other byte as it is.
    package func lowercased() -> String {
        String(decoding: map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    /// The text with the ASCII letters a to z in upper case, and every other byte as it is.
    package func uppercased() -> String {
        String(decoding: map { (0x61...0x7A).contains($0) ? $0 & ~0x20 : $0 }, as: UTF8.self)
    }

    /// The text without the ASCII white space at both ends.
    package func trimmed() -> Substring {
        let start = drop(while: isWhitespaceByte)
        let end = start.lastIndex { !isWhitespaceByte($0) }
        return Substring(end.map { start[...$0] } ?? start)
    }

    private func sides(of range: Range<String.Index>) -> (before: Substring, after: Substring) {
        (Substring(self[..<range.lowerBound]), Substring(self[range.upperBound...]))
    }

    private func firstRange(of part: String) -> Range<String.Index>? {
        guard let head = part.utf8.first else { return startIndex..<startIndex }
        var rest = self[...]
        while let start = rest.firstIndex(of: head) {
            rest = rest[start...]
            if rest.starts(with: part.utf8) {
                return start..<rest.index(start, offsetBy: part.utf8.count)
            }
            rest = rest.dropFirst()
        }
        return nil
    }

    private func lastRange(of part: String) -> Range<String.Index>? {
        guard let tail = part.utf8.last else { return endIndex..<endIndex }
        var rest = self[...]
        while let last = rest.lastIndex(of: tail) {
            rest = rest[...last]
            if rest.suffix(part.utf8.count).elementsEqual(part.utf8) {
                return rest.index(rest.endIndex, offsetBy: -part.utf8.count)..<rest.endIndex
            }
            rest = rest.dropLast()
        }
        return nil
    }
}

/// Space, and the ASCII control characters from tab to carriage return.
package func isWhitespaceByte(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
}

/// The ASCII digits.
package func isDigitByte(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

/// The ASCII letters of both cases.
package func isLetterByte(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

/// The ASCII digits, and the letters A to F of both cases.
package func isHexByte(_ byte: UInt8) -> Bool {
    isDigitByte(byte) || (0x61...0x66).contains(byte | 0x20)
}

/// The ASCII letters of both cases, the digits and `_`.
package func isWordByte(_ byte: UInt8) -> Bool {
    isLetterByte(byte) || isDigitByte(byte) || byte == UInt8(ascii: "_")
}
