// SPDX-License-Identifier: Apache-2.0
// Texts as others compare them: byte for byte. Spec: Unicode UAX #15, "Stream-Safe Text Format".

/// A text that equals another when its bytes do: the key of everything that outside text looks up.
///
/// Swift compares strings by what they look like. A Kelvin sign then equals a K, which no other
/// reader of the same document believes; and a long run of combining marks is put in order first, in
/// time that grows with the square of its length.
package struct ByteString: Hashable, Sendable, Comparable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func == (left: ByteString, right: ByteString) -> Bool {
        isSame(left.text, right.text)
    }

    package static func < (left: ByteString, right: ByteString) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        // So that ("ab", "c") and ("a", "bc") differ in a structure of several texts.
        hasher.combine(0xFF as UInt8)
    }
}

/// Whether two texts are the same bytes.
package func isSame(_ left: String, _ right: String) -> Bool {
    let (left, right) = (left.utf8.span, right.utf8.span)
    guard left.count == right.count else { return false }
    for index in left.indices where left[index] != right[index] { return false }
    return true
}

/// How many combining marks follow one another at the most. Outside text with more than
/// `Limits.combiningMarks` is refused where it is read: somewhere it would be compared.
package func longestMarkRun(in text: some StringProtocol) -> Int {
    // The first combining mark is U+0300, CC 80 in UTF-8.
    guard text.utf8.contains(where: { $0 >= 0xCC }) else { return 0 }
    var (longest, run) = (0, 0)
    for scalar in text.unicodeScalars {
        let isMark =
            scalar.value >= 0x300 && scalar.properties.canonicalCombiningClass != .notReordered
        run = isMark ? run + 1 : 0
        longest = max(longest, run)
    }
    return longest
}
