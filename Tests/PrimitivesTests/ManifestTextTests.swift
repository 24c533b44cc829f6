// SPDX-License-Identifier: Apache-2.0
// Texts that two YAML readers could take for two documents: read as kubectl reads them, or refused.

import Primitives
import Testing

@Suite("texts of manifests")
struct ManifestTextTests {
    private func read(_ text: String) throws -> [JSONValue] {
        try YAMLNode.documents(parsing: Array(text.utf8), named: "test.yaml").map(\.json)
    }

    @Test(
        "a merge of a name that is written before it is refused with its line",
        arguments: [
            "a: &b {image: evil}\nspec:\n  image: good\n  <<: *b\n",
            "a: 1\nspec:\n  image: good\n  <<: {image: evil}\n",
            "a: 1\nspec:\n  image: good\n  <<: [{x: 1}, {image: evil}]\n",
            "a: 1\nkind: ConfigMap\nb: 2\n<<: {kind: Pod, spec: {}}\n",
            "a: 1\nb: 2\nspec: {containers: [{image: good,\n  <<: {image: evil}}]}\n",
            "a: 1\nb: 2\nc: {image: null,\n  <<: {image: evil}}\n",
            "a: 1\nb: 2\n<<:\n  {image: good, <<: {image: evil}}\n",
        ])
    func collidingMerges(_ text: String) {
        let failure = #expect(throws: Failure.self) { try read(text) }
        #expect(failure?.why.contains("merge") == true)
        guard case .file("test.yaml", 4, _) = failure?.place else {
            Issue.record("another line: \(String(describing: failure))")
            return
        }
    }

    @Test("a merge before the names that replace it is read, and so is one without any")
    func otherMerges() throws {
        #expect(try read("<<: {a: 1, b: 2}\nb: 3\n") == [["b": 3, "a": 1]])
        #expect(try read("b: 3\n<<: {a: 1}\nc: 4\n") == [["b": 3, "c": 4, "a": 1]])
        #expect(try read("<<: [{a: 1}, {a: 2, b: 2}]\n") == [["a": 1, "b": 2]])
        #expect(try read("<<: {<<: {a: 1}, a: 2}\n") == [["a": 2]])
        #expect(try read("x: {<<: {a: 1}, a: null}\n") == [["x": ["a": .null]]])
        #expect(throws: Failure.self) { try read("<<: {a: 1}\n<<: {b: 1}\n") }
        #expect(throws: Failure.self) { try read("<<: {}\n<<: {b: 1}\n") }
    }

    @Test("an anchor that is defined again inside itself is refused; one after another is read")
    func anchors() throws {
        #expect(throws: Failure.self) { try read("a: &x {b: &x {image: y}}\nc: *x\n") }
        #expect(throws: Failure.self) { try read("a: &x 1\nb: &x [*x]\nc: *x\n") }
        #expect(try read("a: &x 1\nb: &x 2\nc: *x\n") == [["a": 1, "b": 2, "c": 2]])
    }

    @Test(
        "a border of documents that only one reader sees is refused",
        arguments: [
            "a: 1\n---x\nb: 2\n", "a: 1\n---#\nb: 2\n", "a: 1\n--- b: 2\n",
            "a: 1\n---\u{A0}\nb: 2\n",
            "a: 1\n--- |\n  x\n", "a: 1\n...\nb: 2\n", "a: 1\n... x\n", "a: 1\n...\n# c\nb: 2\n",
            "a: 1\u{85}---\u{85}b: 2\n", "a: 1\r---\rb: 2\n", "a: 1\u{2028}--- \nb: 2\n",
            "a: 1\u{2029}...\nb: 2\n", "%YAML 1.1\n---\na: 1\n", "# c\n%TAG ! x:\n---\na: 1\n",
            "a: 1\n...\n%YAML 1.2\n---\nb: 2\n", "a: 'x\n---\ny'\n", "{a: 1}\nb: 2\n",
            "a: [\n---\n]\n",
        ])
    func borders(_ text: String) {
        #expect(throws: Failure.self) { try read(text) }
    }

    @Test(
        "every border that kubectl takes divides documents, whatever it stands in",
        arguments: [
            "a: 1\n---\nb: 2\n", "a: 1\r\n--- # c\r\nb: 2", "---\na: 1\n...\n---\t\nb: 2\n",
            "\u{FEFF}a: 1\n---\n---\n# c\n---\nb: 2\n", "{\"a\": 1}\n{\"b\": 2}\n",
            "{\"a\":1}{\"b\":2}", "\u{FEFF}{\"a\": 1}\n---\nb: 2\n", "{a: 1}\n---\n{\"b\": 2}\n",
            " \n{\"a\": 1}\n# c\n---\nb: 2\n", "{\"a\": 1,}\n---\nb: 2\n",
        ])
    func documents(_ text: String) throws {
        #expect(try read(text) == [["a": 1], ["b": 2]])
    }

    @Test("a border ends a block scalar, for YAML too")
    func borderInText() throws {
        #expect(try read("a: |\n  x\n---\nb: 2\n") == [["a": "x\n"], ["b": 2]])
        #expect(try read("a: |\n  x\n  ---\n  y\n") == [["a": "x\n---\ny\n"]])
    }

    @Test("JSON is read as JSON: names and strings are what they are written as")
    func json() throws {
        #expect(try read(#"{"<<": {"a": 1}, "a": 2}"#) == [["<<": ["a": 1], "a": 2]])
        #expect(try read("{\"a\": \"x\u{85}y\"}") == [["a": "x\u{85}y"]])
        #expect(try read(#"{"a": "\ud83d\ude00", "on": "\/"}"#) == [["a": "\u{1F600}", "on": "/"]])
        #expect(throws: Failure.self) { try read(#"{"image": "good", "image": "evil"}"#) }
        #expect(throws: Failure.self) { try read(#"{"image": "good", "im\u0061ge": "evil"}"#) }
        #expect(throws: Failure.self) { try read(#"{"a": 1} [2]"#) }
        #expect(throws: Failure.self) { try read(#"{"a": 1}, {"b": 2}"#) }
    }

    @Test("values of JSON have lines and columns, behind other objects too")
    func places() throws {
        let text = "{\"é\": 1}\n{\n  \"a\": [{\"ü\\\"\": 1, \"b\": true}]}\n---\nc: {d: 1}\n"
        let documents = try YAMLNode.documents(parsing: Array(text.utf8), named: "j")
        try #require(documents.count == 3)
        let item = try #require(try documents[1].required("a").items().first)
        #expect(try item.required("b").place == .file("j", line: 3, column: 25))
        #expect(try item.members()[1].place == .file("j", line: 3, column: 20))
        #expect(
            try documents[2].required("c").required("d").place == .file("j", line: 5, column: 8))
    }

    @Test("a byte order mark is read over at the beginning, and nowhere else")
    func byteOrderMark() throws {
        #expect(try read("\u{FEFF}a: 1\r\nb: 2\r\n") == [["a": 1, "b": 2]])
        #expect(throws: Failure.self) { try read("a: 1\n\u{FEFF}b: 2\n") }
        #expect(throws: Failure.self) { try read("\u{FEFF}\u{FEFF}a: 1\n") }
        #expect(throws: Failure.self) {
            try YAMLNode.documents(parsing: [0xFF, 0xFE, 0x61, 0], named: "utf16")
        }
    }

    @Test("a text without a line break at its end is read as if it had one")
    func lastLine() throws {
        #expect(try read("a: |\n  x") == [["a": "x\n"]])
    }

    @Test("many JSON objects, and braces without an end, cost no more than their length")
    func manyObjects() throws {
        #expect(try read(String(repeating: "{}", count: 50_000)).count == 50_000)
        #expect(throws: Failure.self) { try read(String(repeating: "{", count: 200_000)) }
    }

    private static let files: [String] = [
        "{\"a\": 1}", "", "a: 1\n---\nb: [1, 2]\n",
        "{\"é\": 1}\n  {\n \"a\": [1,\n{}]}\n---\nc: 1\n",
        "{\"a\":1}{\"b\":\"ü\"} {}\r\n{\"c\":null}", "\u{FEFF}{\"a\": \"\u{85}\"}",
        "{\"a\": 1} [2]", "{\"a\": 1,}",
        "{\"a\": 1, \"a\": 2}", "{\"a\": [1, 2, 3, 4, 5, 6]}\n{\"b\": {\"c\": 1}}", "[1, 2]",
        String(repeating: "{\"a\":", count: 80) + "1" + String(repeating: "}", count: 80),
        String(repeating: "{\"a\":", count: 80), String(repeating: "{\"a\":[", count: 40) + "}",
        "{\"a\": \"\(String(repeating: "\\u0301", count: 200))\"}",
        "{\"a\": \"\(String(repeating: "\\u0301", count: 200))\"",
    ]

    @Test(
        "documents without inner places are the same documents, or the same failure",
        arguments: files)
    func documentsWithoutPlaces(_ file: String) {
        let bytes = Array(file.utf8)
        for nodes in 0...12 {
            var whole: [ManifestDocument]?
            var failure: Failure?
            do {
                let nodes = try YAMLNode.documents(parsing: bytes, named: "f", nodes: nodes)
                whole = nodes.map { ManifestDocument(json: $0.json, place: $0.place) }
            } catch {
                failure = error
            }
            do {
                let parts = try ManifestDocument.documents(parsing: bytes, named: "f", nodes: nodes)
                let found = parts.json + parts.yaml
                #expect(found.map(\.json) == whole?.map(\.json))
                #expect(found.map(\.place) == whole?.map(\.place))
            } catch {
                #expect(error == failure)
            }
        }
    }

    @Test("what follows an object that is too deep decides nothing about it")
    func deepObjects() {
        let deep = String(repeating: "{\"a\":", count: 80)
        let closed = deep + "1" + String(repeating: "}", count: 80)
        for text in [closed, closed + "x", closed + "\n---\nb: 1\n"] {
            let failure = #expect(throws: Failure.self) { try read(text) }
            #expect(failure?.kind == .overLimit)
        }
    }

    @Test("a name twice among many is found, and many names are found again")
    func manyNames() throws {
        let members = (0..<3_000).map { "\"name-\($0)\":\($0)" }.joined(separator: ",")
        let object = try #require(read("{\(members)}").first?.object)
        for number in 0..<3_000 { #expect(object["name-\(number)"]?.integer == number) }
        #expect(object["name-3000"] == nil)
        for name in ["name-0", "name-8", "name-9", "name-1500", "name-2999"] {
            #expect(throws: Failure.self) { try read("{\(members),\"\(name)\":1}") }
        }
    }
}
