// SPDX-License-Identifier: Apache-2.0
// Evaluation with facts that are not here yet.

import CEL
import KyvernoFunctions
import Testing

@Suite("facts that are not here yet")
struct UnknownAttributeTests {
    @Test(
        "what is needed is named, all of it at once",
        arguments: [
            ("u", ["u"]), ("u.a.b == 1", ["u.a.b"]), ("u.a[0].b", ["u.a[0].b"]),
            ("u.a[k]", ["u.a"]), ("u.a + v.b", ["u.a", "v.b"]), ("u.a && v.b", ["u.a", "v.b"]),
            ("u.a || v.b || k == 2", ["u.a", "v.b"]), ("[u, v, k]", ["u", "v"]),
            ("{'a': u, 'b': v}", ["u", "v"]), ("size(u) > 0 ? v : w", ["u"]),
            ("[1, 2].map(i, u[i] + v)", ["u", "v"]), ("[1, 2].all(i, i > u)", ["u"]),
            ("has(u.a)", ["u"]), ("u.startsWith(v)", ["u", "v"]),
            ("cel.bind(a, u, a.b)", ["u"]), ("u.?a.orValue(v)", ["u.a"]),
            ("1 / 0 > u", []), ("u > 1 / 0", ["u"]),
        ])
    func unknowns(source: String, wanted: [String]) throws {
        var bindings = CELBindings(["k": 1])
        for name in ["u", "v", "w"] { bindings.setUnknown(name) }
        let program = try environment.compile(source)
        guard !wanted.isEmpty else {
            #expect(throws: CELProblem.self) { try program.evaluate(bindings) }
            return
        }
        guard case .unknowns(let unknowns) = try program.evaluate(bindings) else {
            Issue.record("\(source) has a value")
            return
        }
        let names = unknowns.map { unknown in
            if case .attribute(let path) = unknown { path.description } else { "" }
        }
        #expect(names == wanted)
    }

    @Test(
        "what decides alone needs nothing",
        arguments: [
            ("false && u", false), ("u && false", false), ("u || true", true), ("true || u", true),
            ("true ? true : u", true), ("[1, 2].exists(i, i == 1 || u)", true),
            ("[1, 2].all(i, i == 1 && u)", false), ("1 / 0 > 1 || true", true),
            ("cel.bind(a, u, true)", true), ("optional.of(true).orValue(u)", true),
        ])
    func decided(source: String, wanted: Bool) throws {
        var bindings = CELBindings()
        bindings.setUnknown("u")
        let outcome = try environment.compile(source).evaluate(bindings)
        guard case .value(.bool(wanted)) = outcome else {
            Issue.record("\(source): \(outcome)")
            return
        }
    }

    @Test("of a value that is here in part, only what touches the rest is needed")
    func partial() throws {
        var inner = MapBuilder()
        inner.set(1, for: .string("here"))
        var outer = MapBuilder()
        outer.set(.map(inner.map()), for: .string("a"))
        var bindings = CELBindings(["k": "gone"])
        bindings.set(
            "u", to: .map(outer.map()),
            missing: [AttributePath("u", [.string("a"), .string("gone")])])
        let cases = [
            ("u.a.here == 1", false), ("u.a.gone == 1", true), ("u.a[k] == 1", true),
            ("size(u.a) == 1", true), ("has(u.a.gone)", true), ("has(u.a.other)", false),
            ("u.a.gone.deeper", true),
        ]
        for (source, isNeeded) in cases {
            let outcome = try environment.compile(source).evaluate(bindings)
            if case .unknowns(let unknowns) = outcome {
                #expect(isNeeded && unknowns.count == 1, "\(source): \(unknowns)")
            } else {
                #expect(!isNeeded, "\(source)")
            }
        }
    }

    @Test("a function can ask for its answer, and the second evaluation has it")
    func functions() throws {
        var environment = environment
        environment.declare(
            Overload(
                "verify", [.string, .dyn], .int,
                .two { image, attestors, _ throws(EvaluationInterruption) in
                    throw .unknown(.answer(function: "verify", arguments: [image, attestors]))
                }))
        let source = "['a', 'b', 'a'].all(i, verify(i, [1]) > 0)"
        guard case .unknowns(let unknowns) = try environment.compile(source).evaluate(CELBindings())
        else {
            Issue.record("an answer without facts")
            return
        }
        #expect(
            unknowns == [
                .answer(function: "verify", arguments: ["a", [1]]),
                .answer(function: "verify", arguments: ["b", [1]]),
            ])
    }

    @Test("a variable whose own expression failed fails whoever reads it")
    func failedVariable() throws {
        let problem = try #require(throws: CELProblem.self) {
            try environment.compile("1 / 0").evaluate(CELBindings())
        }
        var bindings = CELBindings()
        bindings.set("u", failed: problem)
        #expect(throws: CELProblem.self) { try environment.compile("u").evaluate(bindings) }
        guard case .value(true) = try environment.compile("u || true").evaluate(bindings) else {
            Issue.record("the failure was not swallowed")
            return
        }
    }

    @Test("the time is handed in, or needed")
    func now() throws {
        let program = try CELEnvironment.kyverno.compile(
            "time.now() > timestamp('2026-01-01T00:00:00Z')")
        guard case .unknowns = try program.evaluate(CELBindings()) else {
            Issue.record("a time out of nowhere")
            return
        }
        let time = try #require(CELTimestamp(seconds: 1_800_000_000))
        guard
            case .value(true) = try program.evaluate(
                CELBindings([CELBindings.now: .timestamp(time)]))
        else {
            Issue.record("not the time that was handed in")
            return
        }
    }

    @Test("a budget that several expressions share runs out")
    func sharedBudget() throws {
        let program = try environment.compile("lists.range(100).all(i, i >= 0)")
        var meter = CostMeter(2_000)
        #expect(throws: Never.self) { try program.evaluate(CELBindings(), meter: &meter) }
        let problem = try #require(throws: CELProblem.self) {
            for _ in 0..<10 { _ = try program.evaluate(CELBindings(), meter: &meter) }
        }
        #expect(problem.kind == .costLimit)
    }

    private var environment: CELEnvironment {
        var environment = CELEnvironment.conformance
        for name in ["u", "v", "w", "k"] { environment.declare(VariableDeclaration(name, .dyn)) }
        return environment
    }
}
