// SPDX-License-Identifier: Apache-2.0
// Rules of the YAML reader: Kubernetes' meaning, with places.

import Primitives
import Testing

@Suite("YAML")
struct YAMLTests {
    private func parse(_ text: String) throws -> [YAMLNode] {
        try YAMLNode.documents(parsing: Array(text.utf8), named: "test.yaml")
    }

    static let scalars: [(String, JSONValue)] = [
        ("yes", true), ("off", false), ("True", true), ("~", .null), ("", .null), ("null", .null),
        ("12", 12), ("-3", -3), ("0x1F", 31), ("010", 8), ("0o10", 8), ("0b11", 3), ("1_000", 1000),
        ("'12'", "12"), ("\"yes\"", "yes"), ("!!str 12", "12"), ("!!int '12'", 12),
        ("v1.2", "v1.2"),
        ("1.2.3", "1.2.3"),
        ("sha256:00", "sha256:00"), ("y", true), ("N", false), ("08", 8), ("+", "+"),
        ("1e3", 1000), ("1.0", 1), ("-0", 0), ("+12", 12), ("1_", 1), ("0b-1", -1), ("0X1f", 31),
        ("-0o10", -8), ("00", 0), ("0x", "0x"), ("1:30", "1:30"), ("1e999", "1e999"), ("_1", "_1"),
        ("9223372036854775807", 9_223_372_036_854_775_807), ("!!binary aGk=", "hi"),
        ("!!binary |\n  aG\n  k=", "hi"), ("! 12", "12"), ("!!bool 'n'", false),
        ("-9223372036854775808", .number(JSONNumber(Int.min))), ("!!float 1", 1),
        ("2024-01-01", "2024-01-01"), ("192.168.0.1", "192.168.0.1"),
    ]

    @Test(
        "fractions and numbers past 64 bits are the same numbers",
        arguments: [
            (".5", 0.5), ("+.5", 0.5), ("1.", 1.0), ("-1.5e-3", -0.0015), ("1_0.2_5", 10.25),
            ("18446744073709551615", 1.8446744073709552e19), ("1e400", nil),
            ("123456789012345678901234567890", 1.2345678901234568e29),
        ] as [(String, Double?)])
    func fractions(_ text: String, _ expected: Double?) throws {
        #expect(try parse("a: \(text)\n").first?.json["a"]?.double == expected)
    }

    @Test(
        "names that are no strings become strings as Kubernetes writes them",
        arguments: [
            ("1", "1"), ("0x10", "16"), ("010", "8"), ("on", "true"), ("n", "false"),
            ("1.5", "1.5"),
            ("1.0", "1"), ("2024-01-01", "2024-01-01"), ("'on'", "on"), ("!!str 0x10", "0x10"),
        ])
    func names(_ text: String, _ name: String) throws {
        #expect(try parse("\(text): x\n").first?.json == [name: "x"])
    }

    @Test("scalars mean what Kubernetes readers take them for", arguments: scalars)
    func scalar(_ text: String, _ expected: JSONValue) throws {
        #expect(try parse("a: \(text)\n").first?.json["a"] == expected)
    }

    @Test("an unquoted letter is a boolean, and itself where only a string can be meant")
    func letters() throws {
        let document = try #require(try parse("a: n\nb: [Y, x]\nc: no\n").first)
        #expect(document.json == ["a": false, "b": [true, "x"], "c": false])
        #expect(try document.required("a").string() == "n")
        #expect(try document.required("b").strings() == ["Y", "x"])
        #expect(throws: Failure.self) { try document.required("c").string() }
    }

    @Test("several documents, and empty ones between them")
    func documents() throws {
        #expect(try parse("---\na: 1\n---\n---\nb: 2\n").map(\.json) == [["a": 1], ["b": 2]])
    }

    static let refused = [
        ("a name twice", "x: 0\ny:\n  a: 1\n  b: 2\n  a: 3\n", 3), ("a tab", "a:\n\t- b\n", 2),
        ("no end of a quote", "a: \"b\n", 2), ("a mapping as a name", "? {a: b}\n: c\n", 1),
        ("an unknown alias", "a: *b\n", 1), ("no base64", "a: !!binary a\n", 1),
        ("no UTF-8", "a: !!binary gA==\n", 1), ("no number", "a: .inf\n", 1),
        ("another type", "a: !!int x\n", 1), ("null as a name", "a: 1\n~: x\n", 2),
        ("no name", "a: 1\n: x\n", 2), ("one name in two spellings", "1: a\n'1': b\n", 1),
        ("a large fraction as a name", "1234567.5: a\n", 1),
        ("a tag of somebody's", "a: 1\nb: !secret x\n", 2), ("a set", "a: !!set {b, c}\n", 1),
    ]

    @Test("what is wrong is told with file and line", arguments: refused)
    func refusedWithLine(_ name: String, _ text: String, _ line: Int) {
        let failure = #expect(throws: Failure.self) { try parse(text) }
        guard case .file("test.yaml", line, _) = failure?.place else {
            Issue.record("\(name): \(failure.map(String.init(describing:)) ?? "no failure")")
            return
        }
    }

    @Test("anchors and merge keys work, and earlier names win over merged ones")
    func mergeKeys() throws {
        let text = "base: &b {x: 1, z: 2}\nuse:\n  <<: *b\n  z: 3\n"
        #expect(try parse(text).first?.json["use"] == ["x": 1, "z": 3])
    }

    @Test("a billion laughs end at a limit")
    func bomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let alias = "*a\(level - 1)"
            text +=
                "a\(level): &a\(level) ["
                + [String](repeating: alias, count: 10).joined(separator: ", ") + "]\n"
        }
        let failure = #expect(throws: Failure.self) { try parse(text) }
        #expect(failure?.kind == .overLimit)
    }

    @Test(
        "a tag on a name is refused, because it makes another name of it",
        arguments: [
            #"a: {!!binary "aW1hZ2U=": x}"#, #"!!binary "Y29udGFpbmVycw==": x"#,
            #"a: {!!merge "<<": {b: c}}"#, "a: {!!merge <<: {b: c}}", "!!int 1: x", "!!null ~: x",
            "!mine b: x", "!!bool yes: x", "a: {!!str <<: {b: c}}", #"a: {! "<<": {b: c}}"#,
            #"a: {"<<": {b: c}}"#, "a: {&x <<: {b: c}}", "a: {!<tag:yaml.org,2002:str> <<: {b: c}}",
        ])
    func taggedNames(_ text: String) {
        let failure = #expect(throws: Failure.self) { try parse("# first\n" + text + "\n") }
        #expect(failure?.kind == .unsupported)
        guard case .file("test.yaml", 2, _) = failure?.place else {
            Issue.record("no line: \(String(describing: failure))")
            return
        }
    }

    @Test(
        "tags that change nothing may stand on names, and a merge may stand after anything",
        arguments: ["! a: 1", "!!str a: 1", "é: &b {a: 1}\r\nc: {d: ü, <<: *b}"])
    func harmlessTags(_ text: String) throws {
        let root = try #require(try parse(text).first?.json)
        #expect(root["a"] == 1 || root["c"]?["a"] == 1)
    }

    @Test(
        "a name that costs without end is refused before it is composed",
        arguments: [
            "? *a11\n: 1", "{*a11 : 1}", "? [*a11]\n: 1", "- [*a11] : 1", "{[*a11]: 1}", "*a11 : 1",
            "? - *a11\n: 1", "{? *a11 : 1}", "[? *a11 : 1]", "x\r? *a11\r: 1", "{{a: *a11}: 1}",
            "&n [*a11] : 1",
        ])
    func costlyNames(_ last: String) {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...11 {
            let aliases = [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        let clock = ContinuousClock()
        let took = clock.measure { #expect(throws: Failure.self) { try parse(text + last + "\n") } }
        #expect(took < .seconds(5))
    }

    @Test("names inside names of a large file end at a limit")
    func nestedNames() {
        let text =
            String(repeating: "? ", count: 900) + "["
            + [String](repeating: "x", count: 300_000).joined(separator: ",") + "]\n"
        let failure = #expect(throws: Failure.self) { try parse(text) }
        #expect(failure?.kind == .overLimit)
    }

    @Test("text that only looks like a costly name is no harm without aliases")
    func harmlessNames() throws {
        let text = "a: really ? yes\nb: '[x] : y'\nc: http://[::1]:50/?q\nd: '*.x'\ne: \"? z\"\n"
        #expect(try parse(text).first?.json["c"] == "http://[::1]:50/?q")
    }

    @Test("nodes carry the line and column they stand at")
    func places() throws {
        let root = try #require(try parse("a:\n  b:\n    - c: d\n").first)
        let node = try root.required("a").required("b").items()[0].required("c")
        #expect(node.place == .file("test.yaml", line: 3, column: 10))
    }
}

extension JSONValue {
    fileprivate var double: Double? {
        if case .number(let number) = self { number.double } else { nil }
    }
}
