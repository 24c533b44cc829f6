// SPDX-License-Identifier: Apache-2.0
// Documents that the JSON tests change, and what reading one ends in.

import Primitives
import TestSupport

/// What reading a document ends in, as text: the value in one line, or the failure with its place.
func outcome(ofReading document: [UInt8], values: Int = Limits.jsonValues) -> String {
    do {
        let value = try JSONValue(parsing: document, named: "it", values: values)
        return "read \(value.compactText)"
    } catch {
        guard case .bytes(_, let offset) = error.place else { return "no place: \(error)" }
        return "\(error.kind) at \(offset): \(error.why)"
    }
}

/// Lines and columns of every name and value of a file; nil where it is not one JSON object.
func places(ofObject document: [UInt8]) throws -> String? {
    guard (try? JSONValue(parsing: document, named: "it"))?.object != nil else { return nil }
    return try YAMLNode.documents(parsing: document, named: "it").map(places).joined()
}

private func places(of node: YAMLNode) -> String {
    switch node.content {
    case .scalar(let value): "\(node.place) \(value.compactText)\n"
    case .sequence(let items): "\(node.place)\n" + items.map(places).joined()
    case .mapping(let members):
        "\(node.place)\n"
            + members.map { "\($0.name) \($0.place) \(places(of: $0.value))" }.joined()
    }
}

/// Documents that are read, each with something that a fast reader could get wrong.
enum JSONExamples {
    /// By name, so that a test's failure says which one it is about.
    static let all: [(name: String, text: String)] = [
        ("words", #"[null,true,false,[],{},"",0,[[]],[{}],{"":null}]"#),
        ("numbers", "[0,-0,10,1.5,-1.50e+3,1E-7,123456789012345678901234567890,0.0e0,9e9]"),
        ("spaces", " \n{\t\"a\" : [ 1 ,\r\n 2 , 3 ] ,          \"b\"  :  { } }\n\n"),
        ("escapes", #"["\"\\\/\b\f\n\r\t","\u0041\u00e9\u20AC","\ud83d\ude00","a\u0000b\\"]"#),
        ("UTF-8", "{\"é\":\"日本語のテキスト\",\"k\u{212A}\":\"🎉 und Grüße\",\"e\u{301}\":\"é\"}"),
        ("few names", #"{"a":1,"b":{"a":2,"b":3},"ab":4,"ba":5,"":6,"a ":7,"A":8}"#),
        ("many names", "{\(names(12))}"), ("very many names", "{\(names(40))}"),
        ("escaped names", #"{"a\n":1,"\u0061":2,"a\\n":3,"\ud83d\ude00":4,"b":5}"#),
        ("repeated names", "[\(repeatedObjects)]"),
        (
            "long strings",
            #"["\#(alphabet)\#(alphabet)","\#(alphabet)\n\#(alphabet)é\#(alphabet)"]"#
        ),
        ("deep lists", String(repeating: "[", count: 64) + "1" + String(repeating: "]", count: 64)),
        (
            "deep objects",
            String(repeating: #"{"a":"#, count: 64) + "[]" + String(repeating: "}", count: 64)
        ),
        ("marks", "[\"a\(marks(126))b\(marks(128))\",\"\(marks(64))\(escapedMarks(64))\"]"),
        ("a Pod", pod),
    ]

    /// Objects with the same names, one after another.
    private static let repeatedObjects = (0..<6).map {
        #"{"name":"n\#($0)","a-rather-long-name/of-a-label":\#($0),"kind":"Pod"}"#
    }.joined(separator: ",")

    private static let alphabet = "abcdefghijklmnopqrstuvwxyz"

    private static func names(_ count: Int) -> String {
        (0..<count).map { #""name-\#($0)":\#($0)"# }.joined(separator: ",")
    }

    private static func marks(_ count: Int) -> String { String(repeating: "\u{301}", count: count) }

    private static func escapedMarks(_ count: Int) -> String {
        String(repeating: #"\u0327"#, count: count)
    }

    private static let pod = #"""
        {"apiVersion": "v1", "kind": "Pod",
          "metadata": {"name": "a", "labels": {"app.kubernetes.io/name": "backend"}},
          "spec": {"containers": [{"name": "main", "image": "registry.example.com/a@sha256:0123",
            "ports": [{"containerPort": 8080}], "env": [{"name": "A", "value": "x \"y\"\n"}]}]},
          "status": {"conditions": [{"type": "Ready", "lastProbeTime": null}]}}
        """#
}

extension JSONExamples {
    /// The same 2,000 documents in every run: one change, or several after each other.
    static func changes(of text: String) -> [[UInt8]] {
        var random = SeededGenerator(seed: UInt64(text.utf8.count))
        return (0..<2_000).map { number in
            (0...number % 3).reduce(Array(text.utf8)) { document, _ in random.changed(document) }
        }
    }

    /// Strings of 0 to 20 bytes, after 0 to 3 spaces, with each of some bytes at each place.
    static var strings: [[UInt8]] {
        let odd: [[UInt8]] = [
            [0x22], [0x5C], [0x5C, 0x6E], [0x00], [0x1F], [0x20], [0x7F], [0x80], [0xC3, 0xA9],
            [0xFF],
            [0xF0, 0x9F, 0x8E, 0x89], [0xED, 0xA0, 0x80], [0x5C, 0x75, 0x30, 0x30, 0x65, 0x39],
        ]
        var documents: [[UInt8]] = []
        for length in 0...20 {
            for index in 0...length {
                for bytes in odd {
                    let string =
                        [UInt8](repeating: 0x61, count: index) + bytes
                        + [UInt8](repeating: 0x7A, count: length - index)
                    let space = [UInt8](repeating: 0x20, count: (length + index) % 4)
                    documents.append(space + [0x22] + string + [0x22])
                    documents.append([0x7B, 0x22] + string + [0x22, 0x3A, 0x31, 0x7D])
                }
            }
        }
        return documents
    }
}
