// SPDX-License-Identifier: Apache-2.0
// An expression, ready to be evaluated any number of times.

internal import Primitives

/// What an evaluation came to.
package enum CELOutcome: Sendable {
    case value(CELValue)
    /// Facts that are not here decide; with them the program is evaluated again.
    case needs([CELNeed])
}

/// A compiled expression. Immutable, without locks, shared between threads freely.
package struct CELProgram: Sendable {
    package let source: String
    /// The type the check deduced; `dyn` when there was no check.
    package let type: CELType
    /// The variables it reads.
    package let variables: [String]
    /// What an evaluation costs, as far as that can be told before.
    package let cost: CostEstimate
    private let localCount: Int
    private let run: Run

    fileprivate init(
        source: String, type: CELType, cost: CostEstimate, planner: Planner, run: @escaping Run
    ) {
        self.source = source
        self.type = type
        self.cost = cost
        variables = planner.variables
        localCount = planner.localCount
        self.run = run
    }

    /// Evaluates within a budget of cost units. Pure: the same bindings give the same outcome.
    package func evaluate(
        _ bindings: CELBindings, budget: Int = Limits.expressionCost
    ) throws(CELProblem) -> CELOutcome {
        var meter = CostMeter(budget)
        return try evaluate(bindings, meter: &meter)
    }

    /// As `evaluate(_:budget:)`, from a budget that several expressions share.
    package func evaluate(
        _ bindings: CELBindings, meter: inout CostMeter
    ) throws(CELProblem) -> CELOutcome {
        var slots: [CELBindings.Slot] = []
        slots.reserveCapacity(variables.count)
        for name in variables { slots.append(bindings.slots[name] ?? .absent) }
        var frame = Frame(
            variables: slots,
            locals: localCount == 0 ? [] : Array(repeating: .unset, count: localCount),
            meter: meter)
        defer { meter = frame.meter }
        do throws(Stop) { return .value(try run(&frame)) } catch {
            switch error {
            case .needs(let set): return .needs(set.needs)
            case .problem(let problem):
                throw CELProblem(
                    problem.kind, problem.message, at: problem.place ?? 0, in: source)
            }
        }
    }
}

extension CELEnvironment {
    /// Reads, checks and prepares an expression.
    package func compile(_ source: String) throws(CELProblem) -> CELProgram {
        let expression = try Parser.parse(source, macros: macros)
        // Prepared first: that also bounds how deep values nest, and with them their types.
        var planner = Planner(environment: self, source: source)
        let plan = try planner.plan(expression)
        var checker = Checker(environment: self, source: source, patterns: planner.patterns)
        return CELProgram(
            source: source, type: try checker.check(expression), cost: CostEstimate(of: expression),
            planner: planner, run: plan.run)
    }

    /// Reads and prepares an expression without checking its types: what is wrong with them shows
    /// when it is evaluated, if it does.
    package func compileUnchecked(_ source: String) throws(CELProblem) -> CELProgram {
        let expression = try Parser.parse(source, macros: macros)
        var planner = Planner(environment: self, source: source)
        let plan = try planner.plan(expression)
        return CELProgram(
            source: source, type: .dyn, cost: CostEstimate(of: expression), planner: planner,
            run: plan.run)
    }

    /// The type of an expression that is checked and never run.
    package func type(of source: String) throws(CELProblem) -> CELType {
        try compile(source).type
    }
}
