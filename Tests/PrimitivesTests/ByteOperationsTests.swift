// SPDX-License-Identifier: Apache-2.0
// Byte-string operations: what graphemes and canonical equivalence hide or make equal.

import Primitives
import Testing

@Suite("Byte strings")
struct ByteOperationsTests {
    /// Code points that join with the character after them into one grapheme.
    private static let prepended = ["\u{600}", "\u{D4E}", "\u{110BD}"]

    @Test("a prepended code point hides neither a suffix nor a separator", arguments: prepended)
    func prependedCodePoints(mark: String) {
        let text = "x\(mark).yaml"
        #expect(!text.hasSuffix(".yaml"), "the reason for these operations")
        #expect(text.utf8.hasSuffix(".yaml"))
        #expect(text.utf8.removingSuffix(".yaml").map(String.init) == "x\(mark)")
        #expect("a\(mark)/b".utf8.contains("/"))
        #expect("a\(mark)/b".utf8.split(separator: "/") == ["a\(mark)", "b"])
        #expect("a\(mark)/b".utf8.prefix(before: "/") == "a\(mark)")
        #expect("a\(mark)/b\(mark)/c".utf8.split(atLast: "/")?.after == "c")
    }

    @Test("a combining mark after a part hides it neither")
    func combiningMarks() {
        #expect("oci:\u{301}x".utf8.hasPrefix("oci:"))
        #expect("oci:\u{301}x".utf8.removingPrefix("oci:")?.utf8.count == 3)
        #expect("a=\u{301}b".utf8.split(atFirst: "=")?.after.utf8.count == 3)
    }

    @Test("texts that look alike are not the same")
    func canonicalEquivalents() {
        #expect("\u{212A}ey".hasPrefix("K"), "the reason for these operations")
        #expect(!"\u{212A}ey".utf8.hasPrefix("K"))
        #expect(!"a\u{37E}b".utf8.contains(";"))
        #expect(!"caf\u{E9}".utf8.contains("e\u{301}"))
        #expect("\u{212A}AZ".utf8.lowercased().utf8.elementsEqual("\u{212A}az".utf8))
        #expect("\u{131}az".utf8.uppercased().utf8.elementsEqual("\u{131}AZ".utf8))
    }

    @Test("parts are found at the start, at the end, repeated, overlapping, and empty")
    func search() {
        #expect("ab".utf8.hasPrefix("") && "ab".utf8.hasSuffix("") && "".utf8.contains(""))
        #expect(!"b".utf8.hasSuffix("ab") && !"b".utf8.hasPrefix("bb"))
        #expect("aab".utf8.contains("ab") && !"aab".utf8.contains("abb"))
        let text = "a::b::c"
        #expect(text.utf8.split(atFirst: "::")?.before == "a")
        #expect(text.utf8.split(atLast: "::")?.before == "a::b")
        #expect(text.utf8.split(atFirst: "=") == nil)
        #expect(text[...].utf8.firstIndex(of: "b").map { text[$0...] } == "b::c")
        #expect(text.utf8.lastIndex(of: ":").map { text[$0...] } == ":c")
        #expect("aaa".utf8.split(atLast: "aa")?.before == "a")
    }

    @Test("a text is split as Collection.split splits")
    func splitting() {
        #expect("a,,b,".utf8.split(separator: ",") == ["a", "b"])
        #expect(
            "a,,b,".utf8.split(separator: ",", omittingEmptySubsequences: false)
                == ["a", "", "b", ""])
        #expect("a,b,c".utf8.split(separator: ",", maxSplits: 1) == ["a", "b,c"])
        #expect("".utf8.split(separator: ",").isEmpty)
        #expect("".utf8.split(separator: ",", omittingEmptySubsequences: false) == [""])
        #expect("a||b".utf8.split(separator: "||") == ["a", "b"])
        #expect("ab".utf8.split(separator: "") == ["ab"])
        #expect("a/b?c".utf8.prefix(beforeAny: "?#") == "a/b")
    }

    @Test("only ASCII white space is trimmed")
    func trimming() {
        #expect(" \t a b\r\n".utf8.trimmed() == "a b")
        #expect(" \n ".utf8.trimmed().isEmpty)
        #expect("\u{A0}a".utf8.trimmed() == "\u{A0}a")
    }
}
