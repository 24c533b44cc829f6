// SPDX-License-Identifier: Apache-2.0
// What expressions ask for, told before they are evaluated.

import HostileExpressions
import JMESPath
import KyvernoFunctions
import Primitives
import TestSupport
import Testing

@Suite("what expressions ask for")
struct ReferencedPathsTests {
    @Test(
        "paths end where their value is used",
        arguments: [
            ("a", ["a"]), ("a.b.c", ["a.b.c"]), ("a[0].b", ["a"]), ("a.b[*].c", ["a.b"]),
            ("a | b", ["a.b"]), ("a.[b, c.d]", ["a.b", "a.c.d"]), ("a.{x: b}", ["a.b"]),
            ("a || b.c", ["a", "b.c"]), ("!a && b", ["a", "b"]), ("a == b.c", ["a", "b.c"]),
            ("@", [""]), ("@.a", ["a"]), ("keys(@)", [""]), ("*", [""]), ("[0]", [""]),
            ("[]", [""]),
            ("[?a]", [""]), ("length(a.b)", ["a.b"]), ("a.keys(@)", ["a"]), ("a[?b == c].d", ["a"]),
            ("sort_by(a, &b.c)", ["a"]), ("'text'", []), ("`{\"a\": 1}`", []), ("a.*", ["a"]),
            ("(a || b).c", ["a", "b"]), ("a | @ | b", ["a.b"]), ("a[::2]", ["a"]),
            ("\"a.b\".c", ["a.b.c"]), ("[a, @.b]", ["a", "b"]), ("[a, @]", ["a", ""]),
        ])
    func paths(expression: String, wanted: [String]) throws {
        let referencedPaths = try JMESPathExpression(expression, dialect: .kyverno).referencedPaths
        let found = referencedPaths.paths.map { $0.map { $0 ?? "?" }.joined(separator: ".") }
        #expect(Set(found) == Set(wanted))
    }

    @Test("functions are found wherever they stand")
    func functions() throws {
        let text = "a[?contains(b, to_string(c))].map(&length(@), d) | {x: keys(@)}"
        let referencedPaths = try JMESPathExpression(text, dialect: .kyverno).referencedPaths
        #expect(referencedPaths.functions == ["contains", "to_string", "map", "length", "keys"])
    }

    @Test("what is not asked for makes no difference, for 20,000 expressions of the grammar")
    func soundness() throws {
        var writer = JMESPathGrammar(seed: 77, dialect: .kyverno)
        let document = jmespathDocument
        var pruned = 0
        for _ in 0..<20_000 {
            let text = writer.expression(depth: 4)
            guard let expression = try? JMESPathExpression(text, dialect: .kyverno),
                !expression.referencedPaths.paths.contains([])
            else { continue }
            pruned += 1
            let rest = document.keeping(
                expression.referencedPaths.paths.map { $0.compactMap(\.self) })
            #expect(outcome(expression, document) == outcome(expression, rest), "\(text)")
        }
        #expect(pruned > 4_000)
    }

    private func outcome(_ expression: JMESPathExpression, _ document: JSONValue) -> String {
        do throws(JMESPathProblem) {
            return try expression.evaluate(on: document).compactText
        } catch {
            return error.kind.rawValue
        }
    }
}

extension JSONValue {
    /// The members on the way to these paths, and everything behind them.
    fileprivate func keeping(_ paths: [[String]]) -> JSONValue {
        guard case .object(let object) = self, !paths.contains([]) else { return self }
        var kept = JSONObject()
        for member in object {
            let inner = paths.filter { $0.first == member.name }.map { Array($0.dropFirst()) }
            if !inner.isEmpty { kept[member.name] = member.value.keeping(inner) }
        }
        return .object(kept)
    }
}
