// SPDX-License-Identifier: Apache-2.0
// The languages that hostile expressions are tried in, and what they are tried on.

internal import CEL
internal import JMESPath
internal import KyvernoFunctions
package import Primitives
internal import TestSupport

package enum HostileLanguage: String, CaseIterable, Sendable {
    case cel
    case jmespath
    case jmespathKyverno = "jmespath-kyverno"

    /// What one trial came to.
    package struct Trial: Sendable {
        package let hasValue: Bool
        /// The part of the budget that was spent: more than one when the last step cost more than was
        /// left, and then it was not taken.
        package let spent: Double

        /// Nothing is answered past the budget.
        package var isWithinBudget: Bool { spent <= 1 || !hasValue }
    }

    /// Good expressions with a few bytes changed; of all there are where `seeds` is nil.
    package func mutations(_ count: Int, of seeds: ExpressionSeeds? = nil, seed: UInt64) -> [String]
    {
        var mutation = ExpressionMutation(self, of: seeds, seed: seed)
        return (0..<count).map { _ in mutation.next() }
    }

    /// Expressions out of the grammar.
    package func grown(_ count: Int, seed: UInt64) -> [String] {
        grown(count, seed: seed, depths: self == .cel ? 1...7 : 5...5)
    }

    /// Expressions that are short, and so often still good after a change.
    func grownShallow(_ count: Int, seed: UInt64) -> [String] {
        grown(count, seed: seed, depths: 1...2)
    }

    /// Expressions of which most have a value: in CEL those whose parts fit together.
    func grownWithValue(_ count: Int, seed: UInt64) -> [String] {
        guard self == .cel else { return grownShallow(count, seed: seed) }
        var grammar = CELGrammar(generator: SeededGenerator(seed: seed))
        return (0..<count).map { index in
            grammar.valued(
                CELKind.allCases[index % CELKind.allCases.count], depth: 1 + index / 4 % 3)
        }
    }

    private func grown(_ count: Int, seed: UInt64, depths: ClosedRange<Int>) -> [String] {
        switch self {
        case .cel:
            var grammar = CELGrammar(generator: SeededGenerator(seed: seed))
            return (0..<count).map { index in
                let depth = Int.random(in: depths, using: &grammar.generator)
                // Where parts do not fit together, evaluation ends at the first of them.
                guard index % 3 == 0,
                    let kind = CELKind.allCases.randomElement(
                        using: &grammar.generator)
                else { return grammar.expression(depth: depth) }
                return grammar.valued(kind, depth: min(depth, 4))
            }
        case .jmespath, .jmespathKyverno:
            var grammar = JMESPathGrammar(seed: seed, dialect: dialect)
            return (0..<count).map { index in
                grammar.expression(depth: depths.lowerBound + index % depths.count)
            }
        }
    }

    package var attacks: [HostileAttack] {
        self == .cel ? HostileAttack.cel : HostileAttack.jmespath
    }

    /// Each function in a loop, on texts of many kinds: a price too low for one of them shows.
    package var functionAttacks: [HostileAttack] {
        self == .cel ? celFunctionAttacks(celEnvironment) : jmespathFunctionAttacks(dialect)
    }

    private var dialect: JMESPathDialect { self == .jmespath ? .standard : .kyverno }

    /// Reads, checks, evaluates and writes: everything that a policy's expression goes through.
    package func attempt(_ source: String) -> Trial {
        self == .cel ? attemptCEL(source) : attemptJMESPath(source)
    }

    /// Tries all, on a stack as small as those that tasks run on.
    package func trials(_ sources: [String]) -> [Trial] {
        let list = TrialList()
        onSmallStack { for source in sources { list.all.append(attempt(source)) } }
        return list.all
    }

    /// Filled by the one thread that works while the other waits.
    private final class TrialList: @unchecked Sendable { var all: [Trial] = [] }

    private func attemptCEL(_ source: String) -> Trial {
        _ = try? celEnvironment.compile(source)
        guard let program = try? celEnvironment.compileUnchecked(source) else {
            return Trial(hasValue: false, spent: 0)
        }
        var meter = CostMeter(Limits.expressionCost)
        let outcome = try? program.evaluate(celBindings, meter: &meter)
        var isWritten = false
        if case .value(let value)? = outcome {
            isWritten = (try? value.tagged()) != nil
            _ = try? value.json()
        }
        let left = Double(meter.remaining)
        return Trial(hasValue: isWritten, spent: 1 - left / Double(Limits.expressionCost))
    }

    private func attemptJMESPath(_ source: String) -> Trial {
        guard let expression = try? JMESPathExpression(source, dialect: dialect) else {
            return Trial(hasValue: false, spent: 0)
        }
        var budget = JMESPathBudget()
        let value = try? expression.evaluate(
            on: jmespathDocument, context: jmespathContext, budget: &budget)
        _ = value?.compactText
        let left = Double(budget.steps) / Double(Limits.jmespathSteps)
        return Trial(hasValue: value != nil, spent: 1 - left)
    }
}

private let celEnvironment: CELEnvironment = {
    var environment = CELEnvironment.kyverno
    environment.add(.blocks)
    environment.options = []
    for name in ["x", "l", "m", "s", "unknown"] {
        environment.declare(VariableDeclaration(name, .dyn))
    }
    return environment
}()

private let celBindings: CELBindings = {
    var bindings = CELBindings(["x": 1, "l": [1, 2, 3], "s": "text", "m": .map(.empty)])
    bindings.setUnknown("unknown")
    return bindings
}()

private let jmespathContext = JMESPathContext(now: Timestamp(seconds: 1_764_072_000)) {
    [UInt8](repeating: 3, count: $0)
}

/// What JMESPath expressions are tried on.
package let jmespathDocument: JSONValue = [
    "a": ["b": [1, 2, 3], "c": "text", "d": ["e": "1Gi", "f": "2h"]],
    "list": [["x": 1, "y": "b"], ["x": 2, "y": "a"], ["y": "c"]],
    "when": "2025-11-25T12:00:00Z",
]
