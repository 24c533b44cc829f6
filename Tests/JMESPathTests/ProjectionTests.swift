// SPDX-License-Identifier: Apache-2.0
// How far a projection of an object's values reaches, in both dialects.

import JMESPath
import TestSupport
import Testing

@Suite("projections of an object's values")
struct ProjectionTests {
    static let document = #"{"a":{"x":{"n":{"m":1}},"y":{"n":{"m":2}}},"l":[{"n":{"m":3}}]}"#

    @Test(
        "after a value, Kyverno's projection takes one name and the specification's goes on",
        arguments: [
            ("a.*.n.m", "[1,2]", "null"), ("a.*.n.*", "[[1],[2]]", "null"),
            ("a.*.n[0].m", "[]", "null"), ("a.*.n.{z: m}", #"[{"z":1},{"z":2}]"#, #"{"z":null}"#),
        ])
    func differ(expression: String, standard: String, kyverno: String) {
        #expect(answer(expression, on: Self.document, .standard) == standard)
        #expect(answer(expression, on: Self.document) == kyverno)
    }

    @Test(
        "elsewhere both go on",
        arguments: [
            ("a.*.n", #"[{"m":1},{"m":2}]"#), ("a.*.[n.m]", "[[1],[2]]"),
            ("a | *.n.m", "[1,2]"), ("l[*].n.m", "[3]"), ("l[].n.m", "[3]"),
            ("l[0:].n.m", "[3]"), ("l[?n].n.m", "[3]"), ("a.* | [].n.m", "[1,2]"),
        ])
    func agree(expression: String, wanted: String) {
        #expect(answer(expression, on: Self.document, .standard) == wanted)
        #expect(answer(expression, on: Self.document) == wanted)
    }
}
