// SPDX-License-Identifier: Apache-2.0
// A compiled expression.
//
// 1. Evaluation is pure: no clock, no file, no network. The same bindings give the same outcome.
// 2. Each evaluation has a budget of cost units and ends when the budget is spent.
// 3. A missing fact is reported as unknown, not as an error.

internal import Primitives

/// The outcome of an evaluation.
package enum CELOutcome: Sendable {
    case value(CELValue)
    /// The result depends on these unknown facts. Bind them and evaluate the program again.
    case unknowns([UnknownAttribute])
}

/// A compiled expression. It is immutable, and threads can share it.
package struct CELProgram: Sendable {
    package let source: String
    /// The type that the check deduced; `dyn` if the program is unchecked.
    package let type: CELType
    /// The variables it reads.
    package let variables: [String]
    /// The estimated cost of one evaluation.
    package let cost: CostEstimate
    private let localCount: Int
    private let eval: EvalFunction

    fileprivate init(
        source: String, type: CELType, cost: CostEstimate, planner: Planner,
        eval: @escaping EvalFunction
    ) {
        self.source = source
        self.type = type
        self.cost = cost
        variables = planner.variables
        localCount = planner.localCount
        self.eval = eval
    }

    /// Evaluates the program within a budget of cost units.
    package func evaluate(
        _ bindings: CELBindings, budget: Int = Limits.expressionCost
    ) throws(CELProblem) -> CELOutcome {
        var meter = CostMeter(budget)
        return try evaluate(bindings, meter: &meter)
    }

    /// Evaluates the program within a budget that several expressions share.
    package func evaluate(
        _ bindings: CELBindings, meter: inout CostMeter
    ) throws(CELProblem) -> CELOutcome {
        var slots: [CELBindings.Slot] = []
        slots.reserveCapacity(variables.count)
        for name in variables { slots.append(bindings.slots[name] ?? .absent) }
        var activation = Activation(
            variables: slots,
            locals: localCount == 0 ? [] : Array(repeating: .unset, count: localCount),
            meter: meter)
        defer { meter = activation.meter }
        do throws(EvaluationInterruption) { return .value(try eval(&activation)) } catch {
            switch error {
            case .unknowns(let set): return .unknowns(set.unknowns)
            case .problem(let problem):
                throw CELProblem(
                    problem.kind, problem.message, at: problem.position ?? 0, in: source)
            }
        }
    }
}

extension CELEnvironment {
    /// Parses, checks and plans an expression.
    package func compile(_ source: String) throws(CELProblem) -> CELProgram {
        let expression = try Parser.parse(source, macros: macros)
        // Planning comes first, because it limits how deep values nest, and with them their types.
        var planner = Planner(environment: self, source: source)
        let plan = try planner.plan(expression)
        var checker = Checker(environment: self, source: source, patterns: planner.patterns)
        return CELProgram(
            source: source, type: try checker.check(expression), cost: CostEstimate(of: expression),
            planner: planner, eval: plan.eval)
    }

    /// Parses and plans an expression without a type check. A type error then shows when the
    /// expression is evaluated.
    package func compileUnchecked(_ source: String) throws(CELProblem) -> CELProgram {
        let expression = try Parser.parse(source, macros: macros)
        var planner = Planner(environment: self, source: source)
        let plan = try planner.plan(expression)
        return CELProgram(
            source: source, type: .dyn, cost: CostEstimate(of: expression), planner: planner,
            eval: plan.eval)
    }

    /// The type of an expression, which is not evaluated.
    package func type(of source: String) throws(CELProblem) -> CELType {
        try compile(source).type
    }
}
