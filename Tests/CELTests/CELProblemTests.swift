// SPDX-License-Identifier: Apache-2.0
// What is said about an expression that has no value, and where.

import CEL
import KyvernoFunctions
import Testing

@Suite("what is wrong with an expression")
struct CELProblemTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let source: String
        let kind: CELProblem.Kind
        let line: Int
        let column: Int

        init(_ source: String, _ kind: CELProblem.Kind, _ column: Int, line: Int = 1) {
            (self.source, self.kind, self.line, self.column) = (source, kind, line, column)
        }

        var testDescription: String { source }
    }

    @Test(
        "reading it fails where the mistake is",
        arguments: [
            Case("1 +", .syntax, 4), Case("", .syntax, 1), Case("1 2", .syntax, 3),
            Case("a.", .syntax, 3), Case("[1, 2", .syntax, 6), Case("{1: }", .syntax, 5),
            Case("'abc", .syntax, 1), Case("'a\nb'", .syntax, 1), Case("'\\q'", .syntax, 2),
            Case("'\\ud800'", .syntax, 2), Case("b'\\u0041'", .syntax, 3), Case("#", .syntax, 1),
            Case("9223372036854775808", .syntax, 1), Case("-9223372036854775809", .syntax, 1),
            Case("18446744073709551616u", .syntax, 1), Case("1e999", .syntax, 1),
            Case("for", .syntax, 1), Case("a ? b", .syntax, 6), Case("has(a)", .syntax, 5),
            Case("[1].map(a.b, 1)", .syntax, 10), Case("[1].all(i, i, true)", .syntax, 12),
            Case("a.`b`()", .syntax, 6), Case("\n\n  1 +* 2", .syntax, 6, line: 3),
            Case("'é' + *", .syntax, 7), Case("x == 1 // why\n &&", .syntax, 4, line: 2),
        ])
    func parsing(_ test: Case) throws { try expect(test) { try environment.compileUnchecked($0) } }

    @Test(
        "checking it fails where the mistake is",
        arguments: [
            Case("y + 1", .undeclaredReference, 1), Case("'a' + 1", .noSuchOverload, 5),
            Case("x.startsWith(1)", .noSuchOverload, 2), Case("[1].all(i, i)", .noSuchOverload, 12),
            Case("1 && true", .noSuchOverload, 1), Case("true ? 1 : 'a'", .noSuchOverload, 8),
            Case("-true", .noSuchOverload, 1), Case("1 == 'a'", .noSuchOverload, 3),
            Case("{1.5: 2}", .unsupportedKey, 2), Case("x.a", .typeMismatch, 2),
            Case("5.map(i, i)", .typeMismatch, 1), Case("size(1, 2)", .noSuchOverload, 1),
            Case("google.rpc.Status{code: 1}", .unsupported, 1),
            Case("1u < 2 && 1 + 1u > 0", .noSuchOverload, 13),
        ])
    func checking(_ test: Case) throws { try expect(test) { try environment.compile($0) } }

    @Test(
        "evaluating it fails where the mistake is",
        arguments: [
            Case("1 / 0", .divisionByZero, 3), Case("1 % 0", .divisionByZero, 3),
            Case("9223372036854775807 + 1", .overflow, 21),
            Case("-(-9223372036854775808)", .overflow, 1),
            Case("{'a': 1}['b']", .noSuchKey, 9), Case("[1][5]", .invalidArgument, 4),
            Case("int('x')", .conversion, 1), Case("int(1e30)", .outOfRange, 1),
            Case("x.matches('(')", .invalidRegularExpression, 2),
            Case("optional.none().value()", .emptyOptional, 16),
            Case("{'a': 1, 'a': 2}", .repeatedKey, 10),
            Case("timestamp('nonsense')", .conversion, 1), Case("duration('1y')", .conversion, 1),
            Case("lists.range(10000000)", .costLimit, 1),
            Case(
                "lists.range(1000).map(a, lists.range(1000).map(b, a * b)).size() > 0", .costLimit,
                26),
        ])
    func evaluating(_ test: Case) throws {
        try expect(test) { try environment.compile($0).evaluate(CELBindings(["x": "text"])) }
    }

    private var environment: CELEnvironment {
        var environment = CELEnvironment.conformance
        environment.declare(VariableDeclaration("x", .string))
        return environment
    }

    private func expect(_ test: Case, _ work: (String) throws -> Any) throws {
        let problem = try #require(throws: CELProblem.self) { _ = try work(test.source) }
        #expect(problem.kind == test.kind, "\(problem)")
        if test.kind != .costLimit {
            #expect([problem.line, problem.column] == [test.line, test.column], "\(problem)")
        }
    }

    @Test("the line is shown with a caret under the place")
    func caret() throws {
        let problem = try #require(throws: CELProblem.self) {
            try environment.compile("true &&\n  x.startWith('日本') && 日")
        }
        #expect(problem.snippet.hasPrefix(" |   x.startWith('日本') && 日\n"))
        let named = try #require(throws: CELProblem.self) {
            try environment.compile("true &&\n  x.startWith('a')")
        }
        #expect(named.description.hasSuffix(" |   x.startWith('a')\n | ...^"))
        #expect(named.message.hasSuffix("; did you mean 'startsWith'?"))
    }

    @Test(
        "a name that is nearly right is guessed",
        arguments: [
            ("objct.a", "object"), ("'a'.upperASCII() == 'A'", "upperAscii"),
            ("quantitty('1')", "quantity"), ("bas64.encode(b'')", "base64"),
        ])
    func suggestions(source: String, meant: String) throws {
        var environment = CELEnvironment.kyverno
        environment.declare(VariableDeclaration("object", .dyn))
        environment.declare(VariableDeclaration("base64", .dyn))
        let problem = try #require(throws: CELProblem.self) { try environment.compile(source) }
        #expect(problem.message.contains("did you mean '\(meant)'?"), "\(problem)")
    }

    @Test("long lines are cut around the place")
    func longLines() throws {
        let source = String(repeating: "true && ", count: 100) + "1 + + 1"
        let problem = try #require(throws: CELProblem.self) { try environment.compile(source) }
        #expect(problem.column == 805)
        #expect(problem.snippet.count < 200)
    }

    @Test("Kubernetes refuses mixed literals, and bad times and patterns before they run")
    func strictLiterals() throws {
        let mixed = ["[1, 'a']", "{'a': 1, 'b': 'c'}", "{1: 1, 'a': 1}", "[[1], ['a']]"]
        for source in mixed {
            let problem = try #require(throws: CELProblem.self) {
                try CELEnvironment.kubernetes.compile(source)
            }
            #expect(problem.kind == .typeMismatch)
            #expect(throws: Never.self) { try CELEnvironment.conformance.compile(source) }
        }
        for source in [
            "'a'.matches('(')", "duration('1y') == duration('1h')",
            "timestamp('x') == timestamp('y')",
        ] {
            #expect(throws: CELProblem.self) { try CELEnvironment.kubernetes.compile(source) }
            #expect(throws: Never.self) { try CELEnvironment.conformance.compile(source) }
        }
        #expect(throws: Never.self) { try CELEnvironment.kubernetes.compile("[1, dyn('a')]") }
    }
}
