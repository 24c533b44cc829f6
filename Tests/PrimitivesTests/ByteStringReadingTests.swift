// SPDX-License-Identifier: Apache-2.0
// Readers and maps find names by their bytes, not by what they look like.

import Primitives
import Testing

@Suite("Names are read by their bytes")
struct ByteStringReadingTests {
    /// The Kelvin sign in place of the K: equal for `String`, another name for everybody else.
    private static let kelvin = "public\u{212A}ey"
    private static let composed = "caf\u{E9}"
    private static let decomposed = "cafe\u{301}"

    private func yaml(_ text: String) throws -> YAMLNode {
        try #require(YAMLNode.documents(parsing: Array(text.utf8), named: "test.yaml").first)
    }

    private func json(_ text: String) throws -> JSONReader {
        try JSONReader(parsing: Array(text.utf8), named: "test.json")
    }

    @Test("a member whose name only looks like the wanted one is absent")
    func optionalMembers() throws {
        #expect(Self.kelvin == "publicKey", "the reason for this test")
        #expect(try yaml("\(Self.kelvin): 1").optional("publicKey") == nil)
        #expect(try json(#"{"\#(Self.kelvin)": 1}"#).optional("publicKey") == nil)
    }

    @Test("a member whose name only looks like a known one is an unknown field")
    func unknownFields() throws {
        let (yaml, json) = (try yaml("\(Self.kelvin): 1"), try json(#"{"\#(Self.kelvin)": 1}"#))
        #expect(throws: Failure.self) { try yaml.refuseFields(otherThan: ["publicKey"]) }
        #expect(throws: Failure.self) { try json.refuseFields(otherThan: ["publicKey"]) }
    }

    @Test("two keys that look alike are two entries of a map")
    func stringMaps() throws {
        // In YAML the parser below the reader refuses such a pair.
        let map = try json(
            #"{"\#(Self.composed)": "a", "\#(Self.decomposed)": "b"}"#
        ).stringMap()
        #expect(map.count == 2)
        #expect(map[Self.composed] == "a")
        #expect(map[Self.decomposed] == "b")
        let one = try yaml("\(Self.composed): a").stringMap()
        #expect(one[Self.decomposed] == nil && one[Self.composed] == "a")
    }

    @Test("a merge key does not hide a member behind one that looks like it")
    func mergedMembers() throws {
        let node = try yaml(
            "base: &base {\(Self.composed): a}\nall: {<<: *base, \(Self.decomposed): b}\n")
        #expect(try node.required("all").members().count == 2)
    }

    @Test("a map gives its pairs by the bytes of their keys, and the last of two equal keys")
    func mapOrder() {
        let map: ByteStringMap<Int> = ["b": 1, "a": 2, "\u{212A}": 3, "K": 4, "a": 5]
        #expect(
            map.keys.map { Array($0.utf8) } == ["K", "a", "b", "\u{212A}"].map { Array($0.utf8) })
        #expect(map.map(\.value) == [4, 5, 1, 3])
        #expect(map["k"] == nil && map["k", default: 7] == 7)
    }

    @Test(
        "only ASCII digits and one sign make a number",
        arguments: [
            "1\u{FF11}", "\u{FF11}", "+-5", "--5", "0x-5", "0x+5", "5\u{301}", "1_\u{301}0",
        ])
    func plainScalars(text: String) throws {
        #expect(try yaml("a: \(text)").required("a").string() == text)
    }

    @Test("underscores, signs and prefixes of YAML 1.1 numbers are read as before")
    func numbers() throws {
        for (text, value) in [("1_000", 1_000), ("-0x1F", -31), ("+7", 7), ("017", 15), ("0", 0)] {
            #expect(try yaml("a: \(text)").required("a").integer() == value)
        }
    }
}
