// SPDX-License-Identifier: Apache-2.0
// Rules of the strict JSON reader and writer.

import Primitives
import Testing

@Suite("JSON")
struct JSONTests {
    private func parse(_ text: String) throws(Failure) -> JSONValue {
        try JSONValue(parsing: Array(text.utf8), named: "test")
    }

    static let kept = [
        "null", "true", "[]", "{}", #"{"b":1,"a":2}"#, "[1.50,1e3,-0,100000000000000000000]",
        #"["\"\\/","é","\#u{1F600}"]"#, #"{"a":{"b":[{"c":null}]}}"#,
    ]

    @Test("a value that is shown escapes what a terminal obeys or hides, and stays the same value")
    func shown() throws {
        let hidden = [
            "\u{7F}", "\u{85}", "\u{9B}", "\u{AD}", "\u{200B}", "\u{200E}", "\u{202E}", "\u{2028}",
            "\u{2029}", "\u{2066}", "\u{3164}", "\u{FEFF}", "\u{FE0F}", "\u{E000}", "\u{E0041}",
            "\u{E0100}", "\u{F0000}",
        ]
        for text in hidden {
            let value: JSONValue = [text: .string("a\(text)é\(text)")]
            for indented in [false, true] {
                let shown = value.shownText(indented: indented)
                #expect(shown.unicodeScalars.allSatisfy { !$0.isInvisible || $0 == "\n" })
                #expect(shown.contains("é"))
                #expect(try JSONValue(parsing: Array(shown.utf8), named: "shown") == value)
            }
            #expect(quoted(text).hasPrefix("\"\\u{"))
        }
        let plain: JSONValue = ["name": "Ünïcödé 日本 🎉 \"\n"]
        #expect(plain.shownText(indented: true) == plain.prettyText)
        #expect(plain.shownText(indented: false) == plain.compactText)
        #expect(
            JSONValue.string("\u{E0041}").shownText(indented: false)
                == #""\uDB40\uDC41""#.lowercased())
        #expect(JSONValue.string("\u{9B}").compactText == "\"\u{9B}\"")
    }

    @Test("order, number spelling and text come back as they were", arguments: kept)
    func keptAsWritten(text: String) throws {
        #expect(try parse(text).compactText == text)
    }

    static let refused = [
        ("a name twice", #"{"a":1,"a":2}"#), ("a name twice by escape", #"{"a":1,"\u0061":2}"#),
        ("trailing bytes", "{} x"), ("two documents", "{}{}"), ("a byte order mark", "\u{FEFF}{}"),
        ("a lone surrogate", #"["\ud800"]"#), ("a low surrogate first", #"["\udc00\ud800"]"#),
        ("a half pair", #"["\ud800A"]"#), ("a raw newline", "[\"a\nb\"]"),
        ("a leading zero", "[01]"),
        ("a bare point", "[1.]"), ("a point first", "[.5]"), ("a plus", "[+1]"), ("NaN", "[NaN]"),
        ("a trailing comma", "[1,]"), ("a comma in an object", #"{"a":1,}"#),
        ("single quotes", "['a']"),
        ("a comment", "[1/*x*/]"), ("an unknown escape", #"["\x41"]"#),
        ("a short escape", #"["\u12"]"#),
        ("a signed escape", #"["\u+123"]"#), ("no end", "[1"), ("no string end", "[\"a"),
        ("nothing", ""),
        ("space only", "  "), ("a bare word", "hello"), ("an empty exponent", "[1e]"),
        ("a number name", "{1:2}"), ("no colon", #"{"a" 1}"#), ("a tab in a string", "[\"\t\"]"),
    ]

    @Test("what two readers could read differently is refused, with its place", arguments: refused)
    func refusedWithPlace(_ name: String, _ text: String) {
        let failure = #expect(throws: Failure.self) { try parse(text) }
        #expect(failure?.kind == .malformed)
        #expect(failure?.place != nil)
    }

    @Test("a name that only looks like another is another name, as in every other reader")
    func lookAlikes() throws {
        // U+212A, the Kelvin sign, equals K in Swift's strings and in no other reader.
        let value = try parse("{\"publicKey\":1}".replacing("K", with: "\u{212A}"))
        #expect(value["publicKey"] == nil)
        #expect(value["public\u{212A}ey"]?.integer == 1)
        #expect(try parse("{\"K\":1,\"\u{212A}\":2}").object?.names == ["K", "\u{212A}"])
        #expect(throws: Failure.self) { try parse("{\"\u{212A}\":1,\"\u{212A}\":2}") }
    }

    @Test("broken UTF-8 is refused")
    func brokenText() {
        for bytes: [UInt8] in [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
        ] {
            #expect(throws: Failure.self) { try JSONValue(parsing: bytes, named: "test") }
        }
    }

    @Test("nesting stops at the limit, in the parser and not on the stack")
    func nesting() throws {
        let deep = { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }
        _ = try parse(deep(64))
        for depth in [66, 1_000, 200_000] {
            let failure = #expect(throws: Failure.self) { try parse(deep(depth)) }
            #expect(failure?.kind == .overLimit)
        }
    }

    @Test("escapes and surrogate pairs become the text they name")
    func escapes() throws {
        #expect(try parse(#""\ud83d\ude00\n\t\u0041""#).string == "\u{1F600}\n\tA")
        #expect(JSONValue.string("a\u{1}\n\"\\").compactText == #""a\u0001\n\"\\""#)
    }

    @Test("a missing field, a wrong kind and an unknown field are told with their pointer")
    func pointers() throws {
        let reader = JSONReader(try parse(#"{"a":{"b/c":[1,"x"]}}"#), document: "doc")
        let list = try reader.required("a").required("b/c")
        let second = try list.items(atMost: 2)[1]
        #expect(second.pointer == "/a/b~1c/1")
        #expect(throws: Failure.self) { try second.integer() }
        #expect(throws: Failure.self) { try reader.required("z") }
        #expect(throws: Failure.self) { try reader.refuseFields(otherThan: ["z"]) }
        let failure = #expect(throws: Failure.self) { try list.items(atMost: 1) }
        #expect(failure?.kind == .overLimit)
    }
}

@Suite("texts that look alike, and texts that cost")
struct ByteStringTests {
    private static let pairs = [("K", "\u{212A}"), ("é", "e\u{301}"), (";", "\u{37E}")]

    @Test("texts that look alike are two texts, two names and two values", arguments: pairs)
    func alike(one: String, other: String) throws {
        // Swift itself takes them for one.
        #expect(one == other)
        #expect(ByteString(one) != ByteString(other))
        #expect(Set([ByteString(one), ByteString(other)]).count == 2)
        #expect(ByteString(one) < ByteString(other) || ByteString(other) < ByteString(one))
        #expect(JSONValue.string(one) != .string(other))
        #expect(Set([JSONValue.string(one), .string(other)]).count == 2)
        let document = try JSONValue(
            parsing: Array(#"{"public\#(one)ey": 1, "public\#(other)ey": 2}"#.utf8), named: "it")
        #expect(document["public\(one)ey"] == 1)
        #expect(document["public\(other)ey"] == 2)
        var object: JSONObject = ["a": 1]
        object[one] = 2
        #expect(object[other] == nil)
        object[other] = 3
        #expect(object.count == 3 && object[one] == 2)
        object[one] = nil
        #expect(object.names == ["a", other])
    }

    @Test("equal objects have equal hashes, whatever their order")
    func hashes() {
        let one: JSONValue = ["a": 1, "b": ["c": "é"]]
        let other: JSONValue = ["b": ["c": "é"], "a": 1]
        #expect(one == other && Set([one, other]).count == 1)
        #expect(JSONValue.array(["ab", "c"]) != .array(["a", "bc"]))
    }

    @Test("a run of combining marks past the limit is refused where text is read")
    func runs() throws {
        let marks = { (count: Int) in String(repeating: "\u{301}\u{327}", count: count / 2) }
        let limit = Limits.combiningMarks
        #expect(longestMarkRun(in: "plain") == 0)
        #expect(longestMarkRun(in: "a\(marks(4))b\(marks(6))c") == 6)
        for text in [marks(limit), String(repeating: "a" + marks(limit), count: 20_000)] {
            _ = try JSONValue(parsing: Array("[\"\(text)\"]".utf8), named: "it")
        }
        let long = marks(limit + 2)
        let escaped = String(repeating: #"\u0301"#, count: limit + 1)
        for document in ["{\"a\(long)\":1}", "[\"\(long)\"]", "[\"\(escaped)\"]"] {
            let failure = #expect(throws: Failure.self) {
                try JSONValue(parsing: Array(document.utf8), named: "it")
            }
            #expect(failure?.kind == .overLimit)
        }
        let failure = #expect(throws: Failure.self) {
            try YAMLNode.documents(parsing: Array("a\(long): 1".utf8), named: "it")
        }
        #expect(failure?.kind == .overLimit)
    }
}
