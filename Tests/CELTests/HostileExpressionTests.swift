// SPDX-License-Identifier: Apache-2.0
// Expressions that want to hurt: changed at random, grown from the grammar, and built by hand. How
// long they take where the code is optimised is measured by `scripts/bench expressions`.

import CEL
import HostileExpressions
import KyvernoFunctions
import Primitives
import TestSupport
import Testing

@Suite("hostile CEL expressions")
struct HostileExpressionTests {
    @Test("five thousand changed expressions have an answer or a reason", arguments: 0..<5)
    func mutations(round: Int) {
        let trials = HostileLanguage.cel.trials(
            HostileLanguage.cel.mutations(1_000, of: .own, seed: UInt64(round)))
        #expect(trials.allSatisfy { $0.isWithinBudget })
        // Without values, only the parser would be tried.
        let values = trials.count { $0.hasValue }
        #expect(values >= 100, "\(values)")
    }

    @Test(
        "five thousand changed expressions of the suite have an answer or a reason",
        .enabled(if: SharedSuites.cel != nil, "the suites are not beside the project"),
        arguments: 5..<10)
    func suiteMutations(round: Int) {
        let trials = HostileLanguage.cel.trials(
            HostileLanguage.cel.mutations(1_000, of: .suite, seed: UInt64(round)))
        #expect(trials.allSatisfy { $0.isWithinBudget })
        #expect(trials.count { $0.hasValue } > 20)
    }

    @Test("ten thousand grown expressions have an answer or a reason", arguments: 0..<10)
    func grown(round: Int) {
        let trials = HostileLanguage.cel.trials(
            HostileLanguage.cel.grown(1_000, seed: UInt64(1_000 + round)))
        #expect(trials.allSatisfy { $0.isWithinBudget })
        let values = trials.count { $0.hasValue }
        #expect(values >= 200, "\(values)")
    }

    @Test("an expression built to hurt is stopped", arguments: HostileLanguage.cel.attacks)
    func hurts(_ attack: HostileAttack) {
        #expect(HostileLanguage.cel.trials([attack.source]).allSatisfy { $0.isWithinBudget })
    }

    @Test("the estimate of nested logic and conditions takes each part once")
    func estimate() throws {
        var text = "true"
        for _ in 0..<45 { text = "((\(text)) && true) || false" }
        let program = try CELEnvironment.conformance.compile(text)
        #expect(program.cost.least == 0)
        #expect(try isTrue(program))
    }

    @Test("a name of many words is no longer than the longest declared one")
    func longNames() throws {
        let text = "x" + String(repeating: ".a", count: 9_000)
        var environment = CELEnvironment.kyverno
        environment.declare(VariableDeclaration("x", .dyn))
        #expect(try environment.compile(text).variables == ["x"])
    }

    @Test("constant patterns that are too large together are refused")
    func patterns() {
        let calls = (0..<40).map { "'a'.matches('(a{30}){30}\($0)')" }
        expectProblem(.tooLarge, calls.joined(separator: " || "))
    }

    @Test("an expression makes values that nest as deep as a document, and no deeper")
    func nesting() throws {
        let (open, close) = (String(repeating: "[", count: 64), String(repeating: "]", count: 64))
        _ = try CELEnvironment.conformance.compile(open + close)
        expectProblem(.tooLarge, "[" + open + close + "]")
    }

    @Test("a value that is one text many times is not written")
    func largeValues() throws {
        let source =
            "cel.bind(a, lists.range(9999).map(i, 'aaaaaaaaaaaaaaaa').join(), "
            + "lists.range(999).map(i, a))"
        let program = try CELEnvironment.kyverno.compile(source)
        guard case .value(let value) = try program.evaluate(CELBindings()) else {
            Issue.record("no value")
            return
        }
        #expect(throws: Failure.self) { try value.json() }
        #expect(throws: Failure.self) { try value.tagged() }
    }

    @Test("a question about a list that holds one list many times is refused")
    func largeQuestions() throws {
        var environment = CELEnvironment.kyverno
        environment.declare(
            Overload(
                "ask", [.dyn], .bool,
                .one { value, _ throws(EvaluationInterruption) in
                    throw .unknown(.answer(function: "ask", arguments: [value]))
                }))
        var text = "ask(a)"
        for _ in 0..<40 { text = "cel.bind(a, [a, a], \(text))" }
        text = "[1, 2].all(i, cel.bind(a, [i], \(text)))"
        #expect(throws: CELProblem.self) {
            _ = try environment.compile(text).evaluate(CELBindings())
        }
        guard
            case .unknowns(let unknowns) = try environment.compile("[[1], [2]].all(i, ask(i))")
                .evaluate(CELBindings())
        else {
            Issue.record("nothing is asked")
            return
        }
        #expect(unknowns.count == 2)
    }

    @Test("YAML with aliases of aliases is refused before it is expanded")
    func aliases() throws {
        let lines = (1...9).map {
            "a\($0): &a\($0) [\(Array(repeating: "*a\($0 - 1)", count: 8).joined(separator: ","))]"
        }
        let source = "yaml.parse('a0: &a0 [1]\\n" + lines.joined(separator: "\\n") + "')"
        #expect(throws: CELProblem.self) {
            _ = try CELEnvironment.kyverno.compile(source).evaluate(CELBindings())
        }
    }

    @Test(
        "texts are found wherever they begin",
        arguments: [
            ("'aab'.indexOf('ab')", 1), ("'aaab'.indexOf('aab')", 1),
            ("'abab'.lastIndexOf('ab')", 2),
            ("'abab'.lastIndexOf('ab', 1)", 0), ("'abab'.lastIndexOf('ab', 2)", 2),
            ("'aaa'.lastIndexOf('aa')", 1), ("'abc'.indexOf('c', 2)", 2),
            ("'abc'.indexOf('d')", -1),
            ("'ab'.lastIndexOf('abc')", -1), ("'éaé'.lastIndexOf('é')", 2),
            ("'ababac'.split('aba').size()", 2), ("'aaaa'.replace('aa', 'b').size()", 2),
        ])
    func searching(source: String, wanted: Int64) throws {
        let program = try CELEnvironment.kyverno.compile(source)
        guard case .value(.int(let place)) = try program.evaluate(CELBindings()) else {
            Issue.record("no number")
            return
        }
        #expect(place == wanted)
    }

    private func isTrue(_ program: CELProgram) throws -> Bool {
        if case .value(.bool(true)) = try program.evaluate(CELBindings()) { true } else { false }
    }

    private func expectProblem(_ kind: CELProblem.Kind, _ source: String) {
        do {
            _ = try CELEnvironment.kyverno.compileUnchecked(source)
            Issue.record("it was compiled")
        } catch { #expect(error.kind == kind) }
    }
}
