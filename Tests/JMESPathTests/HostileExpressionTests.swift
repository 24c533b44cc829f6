// SPDX-License-Identifier: Apache-2.0
// Hostile expressions: each gets an answer or a problem, within limits, never a trap. How long
// they take where the code is optimised is measured by `scripts/bench expressions`.

import HostileExpressions
import JMESPath
import KyvernoFunctions
import Primitives
import TestSupport
import Testing

@Suite("hostile JMESPath expressions")
struct HostileExpressionTests {
    static let languages: [HostileLanguage] = [.jmespath, .jmespathKyverno]

    @Test("5,000 changed expressions have an answer or a reason", arguments: languages)
    func mutations(language: HostileLanguage) {
        let trials = language.trials(language.mutations(5_000, of: .own, seed: 4))
        #expect(trials.allSatisfy { $0.isWithinBudget })
        #expect(trials.count { $0.hasValue } > 200)
    }

    @Test(
        "5,000 changed expressions of the suite have an answer or a reason",
        .enabled(if: SharedSuites.jmespath != nil, "the suites are not beside the project"),
        arguments: languages)
    func suiteMutations(language: HostileLanguage) {
        let trials = language.trials(language.mutations(5_000, of: .suite, seed: 4))
        #expect(trials.allSatisfy { $0.isWithinBudget })
        #expect(trials.count { $0.hasValue } > 200)
    }

    @Test("10,000 expressions out of the grammar have an answer or a reason", arguments: languages)
    func generated(language: HostileLanguage) {
        let trials = language.trials(language.grown(10_000, seed: 11))
        #expect(trials.allSatisfy { $0.isWithinBudget })
        #expect(trials.count { $0.hasValue } > 1_000)
    }

    @Test(
        "an expression built to hurt is stopped, on a stack as small as tasks have",
        arguments: languages, HostileAttack.jmespath)
    func hurts(language: HostileLanguage, attack: HostileAttack) {
        #expect(language.trials([attack.source]).allSatisfy { $0.isWithinBudget })
    }

    @Test("series of any length are read, and flat", arguments: [".a", "||a", "&&a", "|@", "[0]"])
    func series(part: String) throws {
        let text = "a" + String(repeating: part, count: 12_000)
        let expression = try JMESPathExpression(text, dialect: .standard)
        #expect(expression.outline.split(separator: "\n").count >= 12_001)
    }

    @Test("depth counts what stands on the stack, in paths too")
    func depth() {
        for (count, isRead) in [(59, true), (61, false)] {
            let text =
                String(repeating: "a.{a: ", count: count) + "@"
                + String(repeating: "}", count: count)
            let expression = try? JMESPathExpression(text, dialect: .standard)
            #expect((expression != nil) == isRead)
        }
    }

    @Test(
        "values do not nest deeper than expressions may",
        arguments: [
            String(repeating: "|[@]", count: 121), String(repeating: "|to_array([@])", count: 61),
            "|length(@" + String(repeating: "|{a: @}", count: 121) + ")",
        ])
    func nesting(text: String) {
        #expect(answer("@" + text, on: "{}", .standard) == "<over-limit>")
    }

    @Test("a value that is one list many times is refused before it is written")
    func sharedValues() {
        let doubled = "@" + String(repeating: "|[@, @]", count: 60)
        #expect(answer(doubled, on: "{}", .standard) == "<over-limit>")
        #expect(answer(doubled + "|to_string(@)", on: "{}", .standard) == "<over-limit>")
        #expect(
            answer(doubled + String(repeating: "[]", count: 50), on: "{}", .standard)
                == "<over-limit>")
        #expect(
            answer(
                "@" + String(repeating: "|[@, @]", count: 4) + "|to_string(@)|length(@)", on: "1",
                .standard) == "61")
    }

    @Test("a missing key is told by its name")
    func missingKey() {
        do throws(JMESPathProblem) {
            _ = try JMESPathExpression("a.b", dialect: .kyverno).evaluate(on: ["a": [:]])
            Issue.record("there is a value")
        } catch {
            #expect(error.message == "the object has no key \"b\"")
            #expect(error.column == 3)
        }
    }

    @Test(
        "steps, output, bytes and nesting have limits",
        arguments: [
            String(repeating: "x", count: 70_000), String(repeating: "!", count: 200) + "@",
            "`[" + Array(repeating: "1", count: 20_000).joined(separator: ",") + "]`"
                + String(repeating: ".[@, @]", count: 10) + ".[@ == @, @ == @]",
        ])
    func limits(text: String) {
        let found = answer(text, on: "{}", .standard)
        #expect(found == "<over-limit>")
    }

    @Test("text that grows by itself is stopped")
    func growth() {
        // Each replacement makes the text 64 times as long.
        var text = "'a'"
        let long = String(repeating: "a", count: 64)
        for _ in 0..<6 { text = "replace_all(\(text), 'a', '\(long)')" }
        #expect(answer(text) == "<over-limit>")
        var joined = "'aaaaaaaa'"
        for _ in 0..<30 { joined = "\(joined) | join(@, [@, @, @, @, @, @])" }
        #expect(answer(joined) == "<over-limit>")
    }

    @Test("a slice with the largest numbers ends")
    func slices() {
        let most = String(Int.max)
        #expect(answer("`[1,2,3]`[\(most)::\(most)]", on: "{}", .standard) == "[]")
        #expect(answer("`[1,2,3]`[::-\(most)]", on: "{}", .standard) == "[3]")
        #expect(answer("`[1,2,3]`[-\(most):\(most)]", on: "{}", .standard) == "[1,2,3]")
        #expect(answer("`[1]`[\(String(Int.min))]", on: "{}", .standard) == "null")
        #expect(answer("`[1]`[99999999999999999999]", on: "{}", .standard) == "<syntax>")
        #expect(
            answer("abs(`\(String(Int.min))`)", on: "{}", .standard) == "9.223372036854776e+18")
    }
}
