// SPDX-License-Identifier: Apache-2.0
// What people see when an expression is wrong.

import JMESPath
import KyvernoFunctions
import Primitives
import TestSupport
import Testing

@Suite("problems of expressions")
struct ProblemTests {
    private func problem(_ text: String, _ dialect: JMESPathDialect = .kyverno) throws
        -> JMESPathProblem
    {
        do {
            _ = try JMESPathExpression(text, dialect: dialect).evaluate(on: [:])
        } catch {
            return error
        }
        throw Failure(.bug, "cannot test", because: "there was no problem")
    }

    @Test(
        "the column counts characters, and the caret stands under it",
        arguments: [
            ("foo.", 5), ("'ä𝄞' || [", 10), ("a\n  .b.#", 8), ("keys(`1`)", 1), ("@ | nope(@)", 5),
            ("foo bar", 5), ("a[1 2]", 5), ("'open", 1), ("`{`", 1), ("a.*b", 4), ("[::0]", 2),
        ])
    func columns(text: String, column: Int) throws {
        let found = try problem(text)
        #expect(found.column == column, "\(found)")
        #expect(found.snippet.hasSuffix("^"))
    }

    @Test("the caret is under the column of its own line")
    func caret() throws {
        #expect(try problem("foo\n| 'ä'.#").snippet == "| 'ä'.#\n      ^")
    }

    @Test("control characters never reach the terminal")
    func control() throws {
        #expect(try problem("'\u{1B}[2J\u{202E}' # x").snippet.contains("\u{1B}") == false)
    }

    @Test("a misspelt function gets a suggestion, and one of the other dialect a hint")
    func suggestions() throws {
        #expect(try problem("lenght(@)").message.contains("did you mean length?"))
        #expect(
            try problem("to_upper('a')", .standardBesideKyverno).message.contains(
                "Kyverno's dialect has it"))
    }

    @Test("a failure names the policy's line, the kind and the column")
    func failures() async {
        await expectProblem("a.", .malformed)
        await expectProblem("gone", .notFound)
        await expectProblem("time_now()", .unsupported)
        await expectProblem(String(repeating: "(", count: 500), .overLimit)
    }

    private func expectProblem(_ text: String, _ kind: Failure.Kind) async {
        let place = Place.file("policy.yaml", line: 7, column: 3)
        do {
            _ = try problem(text).failure(at: place)
            let failure = try problem(text).failure(at: place)
            #expect(failure.kind == kind)
            #expect(failure.description.contains("policy.yaml:7:3"))
            #expect(failure.description.contains("at column"))
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test("signatures read as the specification writes them")
    func signatures() throws {
        let functions = JMESPathFunction.all(in: .kyverno)
        let found = Dictionary(uniqueKeysWithValues: functions.map { ($0.name, $0.signature) })
        #expect(found["contains"] == "contains(string|array, any) -> boolean")
        #expect(found["merge"] == "merge(object, …) -> object")
        #expect(found["sort_by"] == "sort_by(array, expression) -> array")
        #expect(functions.allSatisfy { !$0.summary.isEmpty })
    }

    @Test("a tree is shown one node a line")
    func outline() throws {
        let tree = try JMESPathExpression("a.b[?c > `1`] | length(@)", dialect: .standard).outline
        #expect(tree.hasPrefix("pipe\n  filter projection\n    sub-expression\n"))
        #expect(tree.contains("comparison >"))
        #expect(tree.contains("function length"))
    }

    @Test("a request over a line gets a value or a problem")
    func exchange() throws {
        func ask(_ text: String) throws -> String {
            let reader = try JSONReader(parsing: Array(text.utf8), named: "request")
            return try JMESPathExchange.answer(to: reader).compactText
        }
        #expect(
            try ask(#"{"lang":"jmespath","expr":"a.b","given":{"a":{"b":[1,2.5]}}}"#)
                == #"{"value":[1,2.5]}"#)
        #expect(
            try ask(#"{"lang":"jmespath","expr":"type(@)","given":null}"#) == #"{"value":"null"}"#)
        #expect(
            try ask(#"{"lang":"jmespath-kyverno","expr":"x","given":{}}"#)
                == #"{"error":{"kind":"unknown-key","message":"the object has no key \"x\"","column":1}}"#
        )
        #expect(throws: Failure.self) { try ask(#"{"lang":"cel","expr":"x"}"#) }
        #expect(throws: Failure.self) { try ask(#"{"lang":"jmespath"}"#) }
        #expect(JMESPathExchange.speaks("jmespath-kyverno") && !JMESPathExchange.speaks("cel"))
    }
}
