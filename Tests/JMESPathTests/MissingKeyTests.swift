// SPDX-License-Identifier: Apache-2.0
// Where Kyverno's dialect forgives a missing key, and where it does not.

import JMESPath
import Primitives
import TestSupport
import Testing

@Suite("missing keys")
struct MissingKeyTests {
    static let document = #"{"a":{"b":1,"n":null},"list":[{"x":1},{}],"empty":[]}"#

    @Test(
        "an error where nothing forgives it",
        arguments: [
            "gone", "a.gone", "gone.b", "a.gone.c", "`true` && gone", "a && a.gone",
            "list[1].x", "gone[0]", "a.gone[0]", "map(&x, list) && gone",
        ])
    func surfaces(expression: String) {
        #expect(answer(expression, on: Self.document) == "<unknown-key>")
        #expect(answer(expression, on: Self.document, .standard) == "null")
    }

    @Test(
        "null where the dialect forgives it",
        arguments: [
            ExpressionRow("gone || 'x'", #""x""#), ExpressionRow("a.gone || gone", "null"),
            ExpressionRow("gone && `1`", "null"), ExpressionRow("!gone", "true"),
            ExpressionRow("gone == `null`", "true"), ExpressionRow("a.gone != `1`", "true"),
            ExpressionRow("to_string(gone)", #""null""#), ExpressionRow("[gone, a.b]", "[null,1]"),
            ExpressionRow("{k: gone}", #"{"k":null}"#), ExpressionRow("list[*].x", "[1]"),
            ExpressionRow("list[?x == `1`]", #"[{"x":1}]"#), ExpressionRow("list[?gone]", "[]"),
            ExpressionRow("gone[*].x", "null"), ExpressionRow("gone.*", "null"),
            ExpressionRow("gone | @", "null"), ExpressionRow("a | gone", "null"),
            ExpressionRow("gone[]", "null"), ExpressionRow("gone[?x]", "null"),
            ExpressionRow("map(&x, list)", "[1,null]"), ExpressionRow("sort_by(empty, &x)", "[]"),
        ])
    func forgiven(row: ExpressionRow) {
        #expect(answer(row.expression, on: Self.document) == row.wanted)
    }

    @Test("a null that is there is null, and so is a part of what is no object")
    func presentNull() {
        #expect(answer("a.n", on: Self.document) == "null")
        #expect(answer("a.n.x", on: Self.document) == "null")
        #expect(answer("list.x", on: Self.document) == "null")
        #expect(answer("list[7]", on: Self.document) == "null")
    }

    @Test("flatten and filter forgive every error of their left side, limits excepted")
    func everyError() {
        #expect(answer("abs('x')[]", on: Self.document) == "null")
        #expect(answer("abs('x')[?@]", on: Self.document) == "null")
        #expect(answer("abs('x')[*]", on: Self.document) == "<invalid-type>")
        #expect(answer("is_external_url('x')[]", on: Self.document) == "<unavailable>")
        #expect(answer("abs('x')[]", on: Self.document, .standard) == "<invalid-type>")
    }
}
