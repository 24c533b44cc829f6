// SPDX-License-Identifier: Apache-2.0
// Turns a tree into closures: resolves names to numbers, computes constants once, and compiles
// regular expressions.

internal import Primitives

/// Plans one expression.
struct Planner {
    /// A planned step, and its properties that are known before it runs.
    final class Interpretable {
        let eval: EvalFunction
        /// The value, if it is the same in every evaluation.
        let constant: CELValue?
        /// How deep the values that it creates can nest, without values from outside.
        let nesting: Int

        init(_ eval: @escaping EvalFunction, nesting: Int = 0) {
            self.eval = eval
            self.nesting = nesting
            constant = nil
        }

        init(constant value: CELValue, nesting: Int = 0) {
            eval = { _ throws(EvaluationInterruption) in value }
            constant = value
            self.nesting = nesting
        }
    }

    struct ScopedName {
        let name: String
        let slot: Int
        let nesting: Int
    }

    let environment: CELEnvironment
    let source: String

    var scope: [ScopedName] = []
    var localCount = 0
    /// The number of undeclared names that still get a suggestion, which takes a search of all
    /// declarations.
    private var guessesLeft = 16
    /// Constant patterns, each compiled once.
    var patterns: [String: Result<RegularExpression, EvaluationInterruption>] = [:]
    private var effortLeft = Limits.expressionPatternEffort
    /// The variables that the program reads, in the order of their numbers.
    var variables: [String] = []

    init(environment: CELEnvironment, source: String) {
        self.environment = environment
        self.source = source
    }

    mutating func plan(_ expression: Expression) throws(CELProblem) -> Interpretable {
        let plan = try unboundedPlan(expression)
        if plan.nesting > deepestValue / 2 { throw tooDeep(expression) }
        return plan
    }

    private func tooDeep(_ expression: Expression) -> CELProblem {
        problem(
            .tooLarge, "the expression makes values that nest too deep", at: expression.position)
    }

    /// Dispatches only, without local variables: its frame is on the stack once for each level.
    private mutating func unboundedPlan(_ expression: Expression) throws(CELProblem)
        -> Interpretable
    {
        switch expression.form {
        case .literal: literalPlan(expression)
        case .path: try pathPlan(expression)
        case .presence: try presencePlan(expression)
        case .call: try callPlan(expression)
        case .chain: try chainPlan(expression)
        case .sign: try signPlan(expression)
        case .logic: try logicalPlan(expression)
        case .conditional: try conditionalPlan(expression)
        case .list: try listPlan(expression)
        case .map: try mapPlan(expression)
        case .comprehension: try comprehensionPlan(expression)
        case .bind: try bindPlan(expression)
        case .message: throw CELProblem(unknownMessage: expression, in: source)
        }
    }

    /// The problem of a node that was passed to the wrong function.
    func misplaced(_ expression: Expression) -> CELProblem {
        CELProblem(misplaced: expression, in: source)
    }

    private func literalPlan(_ expression: Expression) -> Interpretable {
        guard case .literal(let value) = expression.kind else {
            return Interpretable(constant: .null)
        }
        return Interpretable(constant: value)
    }

    private mutating func signPlan(_ expression: Expression) throws(CELProblem) -> Interpretable {
        switch expression.kind {
        case .not(let operand): return notPlan(try plan(operand), at: expression.position)
        case .negate(let operand): return negatePlan(try plan(operand), at: expression.position)
        default: throw misplaced(expression)
        }
    }

    private mutating func logicalPlan(_ expression: Expression) throws(CELProblem) -> Interpretable
    {
        switch expression.kind {
        case .and(let operands):
            return logicalPlan(try plans(operands), decidedBy: false, at: expression.position)
        case .or(let operands):
            return logicalPlan(try plans(operands), decidedBy: true, at: expression.position)
        default: throw misplaced(expression)
        }
    }

    func problem(_ kind: CELProblem.Kind, _ message: String, at position: Int) -> CELProblem {
        CELProblem(kind, message, at: position, in: source)
    }

    mutating func plans(_ expressions: [Expression]) throws(CELProblem) -> [Interpretable] {
        var plans: [Interpretable] = []
        plans.reserveCapacity(expressions.count)
        for expression in expressions { plans.append(try plan(expression)) }
        return plans
    }

    // MARK: Names

    mutating func mayGuess() -> Bool {
        guessesLeft -= 1
        return guessesLeft >= 0
    }

    /// Compiles a constant pattern. An invalid pattern fails where it is used.
    mutating func compiled(
        _ pattern: String, at position: Int
    ) throws(CELProblem) -> Result<RegularExpression, EvaluationInterruption> {
        if let known = patterns[pattern] { return known }
        effortLeft -= RegularExpression.effort(of: pattern)
        guard effortLeft >= 0 else {
            throw problem(.tooLarge, "the regular expressions are too large together", at: position)
        }
        let result = Result { () throws(EvaluationInterruption) in try regularExpression(pattern) }
        patterns[pattern] = result
        return result
    }

    mutating func enter(_ name: String, nesting: Int) -> Int {
        let slot = localCount
        localCount += 1
        scope.append(ScopedName(name: name, slot: slot, nesting: nesting))
        return slot
    }

    mutating func leave(_ count: Int) { scope.removeLast(count) }

    func local(_ name: String) -> ScopedName? { scope.last { $0.name == name } }

    mutating func variable(_ name: String) -> Int {
        if let number = variables.firstIndex(of: name) { return number }
        variables.append(name)
        return variables.count - 1
    }

    // MARK: Logic

    private func notPlan(_ operand: Interpretable, at position: Int) -> Interpretable {
        let eval = operand.eval
        return Interpretable { activation throws(EvaluationInterruption) in
            let operand = try eval(&activation)
            guard case .bool(let value) = operand else {
                throw EvaluationInterruption.noCondition(operand).positioned(position)
            }
            try activation.meter.charge(1)
            return .bool(!value)
        }
    }

    private func negatePlan(_ operand: Interpretable, at position: Int) -> Interpretable {
        let eval = operand.eval
        return Interpretable { activation throws(EvaluationInterruption) in
            let value = try eval(&activation)
            try activation.meter.charge(1)
            do throws(EvaluationInterruption) { return try negate(value) } catch {
                throw error.positioned(position)
            }
        }
    }

    /// `&&` and `||`: one operand can decide, even if the others fail or are unknown.
    ///
    /// Spec: langdef.md, "Logical Operators".
    private func logicalPlan(
        _ operands: [Interpretable], decidedBy deciding: Bool, at position: Int
    ) -> Interpretable {
        let evals = operands.map(\.eval)
        return Interpretable { activation throws(EvaluationInterruption) in
            var interruptions = InterruptionCollector()
            for eval in evals {
                do throws(EvaluationInterruption) {
                    let operand = try eval(&activation)
                    guard case .bool(let value) = operand else {
                        throw EvaluationInterruption.noCondition(operand).positioned(position)
                    }
                    if value == deciding { return .bool(deciding) }
                } catch { try interruptions.keep(error, &activation.meter) }
            }
            try interruptions.finish()
            return .bool(!deciding)
        }
    }

    private mutating func conditionalPlan(_ expression: Expression) throws(CELProblem)
        -> Interpretable
    {
        guard case .conditional(let arms, let otherwise) = expression.kind else {
            throw misplaced(expression)
        }
        var evals: [(condition: EvalFunction, value: EvalFunction)] = []
        var nesting = 0
        for arm in arms {
            let condition = try plan(arm.condition)
            let value = try plan(arm.value)
            nesting = max(nesting, value.nesting)
            evals.append((condition.eval, value.eval))
        }
        let position = expression.position
        let last = try plan(otherwise)
        let tail = last.eval
        let ready = evals
        return Interpretable(
            { activation throws(EvaluationInterruption) in
                for arm in ready {
                    let condition = try arm.condition(&activation)
                    guard case .bool(let holds) = condition else {
                        throw EvaluationInterruption.noCondition(condition).positioned(position)
                    }
                    if holds { return try arm.value(&activation) }
                }
                return try tail(&activation)
            }, nesting: max(nesting, last.nesting))
    }

    // MARK: Operators

    private mutating func chainPlan(_ expression: Expression) throws(CELProblem) -> Interpretable {
        guard case .chain(let first, let links) = expression.kind else {
            throw misplaced(expression)
        }
        let start = try plan(first)
        var steps: [(operation: Operation, eval: EvalFunction, position: Int)] = []
        var nesting = start.nesting
        for link in links {
            let operand = try plan(link.operand)
            nesting = max(nesting, operand.nesting)
            steps.append((link.operation, operand.eval, link.position))
        }
        let eval = start.eval
        if steps.count == 1 {
            return Interpretable(
                binary(steps[0].operation, eval, steps[0].eval, at: steps[0].position),
                nesting: nesting)
        }
        let ready = steps
        return Interpretable(
            { activation throws(EvaluationInterruption) in
                var value = try firstOperand(eval, ready.lazy.map(\.eval), &activation)
                for (number, step) in ready.enumerated() {
                    let right: CELValue
                    do throws(EvaluationInterruption) { right = try step.eval(&activation) } catch {
                        throw withUnknowns(
                            error, of: ready[(number + 1)...].lazy.map(\.eval), &activation)
                    }
                    try activation.meter.charge(1)
                    do throws(EvaluationInterruption) {
                        value = try apply(step.operation, value, right, &activation.meter)
                    } catch { throw error.positioned(step.position) }
                }
                return value
            }, nesting: nesting)
    }

    private func binary(
        _ operation: Operation, _ left: @escaping EvalFunction, _ right: @escaping EvalFunction,
        at position: Int
    ) -> EvalFunction {
        { activation throws(EvaluationInterruption) in
            let first = try firstOperand(left, CollectionOfOne(right), &activation)
            let second = try right(&activation)
            try activation.meter.charge(1)
            do throws(EvaluationInterruption) {
                return try apply(operation, first, second, &activation.meter)
            } catch { throw error.positioned(position) }
        }
    }

    // MARK: Aggregates

    private mutating func listPlan(_ expression: Expression) throws(CELProblem) -> Interpretable {
        let position = expression.position
        guard case .list(let items) = expression.kind else {
            throw misplaced(expression)
        }
        let values = try plans(items.map(\.value))
        let nesting = (values.map(\.nesting).max() ?? 0) + 1
        let constants = values.compactMap(\.constant)
        let isPlain = items.allSatisfy { !$0.isOptional }
        if isPlain, constants.count == items.count {
            return Interpretable(constant: .list(constants), nesting: nesting)
        }
        let evals = zip(values, items).map { (eval: $0.eval, isOptional: $1.isOptional) }
        return Interpretable(
            { activation throws(EvaluationInterruption) in
                try activation.meter.charge(listCost + evals.count)
                var interruptions = InterruptionCollector()
                var list: [CELValue] = []
                list.reserveCapacity(evals.count)
                for item in evals {
                    do throws(EvaluationInterruption) {
                        let value = try item.eval(&activation)
                        if !item.isOptional {
                            list.append(value)
                        } else if let present = try optional(value, at: position) {
                            list.append(present)
                        }
                    } catch {
                        try interruptions.keep(error, &activation.meter)
                        if !interruptions.hasUnknowns { break }
                    }
                }
                try interruptions.finish()
                return .list(list)
            }, nesting: nesting)
    }

    private mutating func mapPlan(_ expression: Expression) throws(CELProblem) -> Interpretable {
        let position = expression.position
        guard case .map(let entries) = expression.kind else {
            throw misplaced(expression)
        }
        let keys = try plans(entries.map(\.key))
        let values = try plans(entries.map(\.value))
        let nesting = (values.map(\.nesting).max() ?? 0) + 1
        let evals = entries.indices.map {
            (
                key: keys[$0].eval, value: values[$0].eval, isOptional: entries[$0].isOptional,
                position: entries[$0].key.position
            )
        }
        let eval: EvalFunction = { activation throws(EvaluationInterruption) in
            try activation.meter.charge(mapCost + evals.count)
            var interruptions = InterruptionCollector()
            var map = MapBuilder(capacity: evals.count)
            for entry in evals {
                do throws(EvaluationInterruption) {
                    let key = try mapKey(try entry.key(&activation), at: entry.position)
                    let value = try entry.value(&activation)
                    let present = entry.isOptional ? try optional(value, at: position) : value
                    if let present, !map.insert(present, for: key) {
                        throw EvaluationInterruption.failed(
                            .repeatedKey, "repeated key in a map: \(shown(key))"
                        )
                        .positioned(entry.position)
                    }
                } catch {
                    try interruptions.keep(error, &activation.meter)
                    if !interruptions.hasUnknowns { break }
                }
            }
            try interruptions.finish()
            return .map(map.map())
        }
        let areConstant = (keys + values).allSatisfy { $0.constant != nil }
        if areConstant, let value = folded(eval) {
            return Interpretable(constant: value, nesting: nesting)
        }
        return Interpretable(eval, nesting: nesting)
    }

    /// The value of a step that reads no variable; nil if it fails, so that it fails at run time.
    func folded(_ eval: EvalFunction) -> CELValue? {
        var activation = Activation(
            variables: [], locals: [], meter: CostMeter(Limits.expressionCost / 100))
        do throws(EvaluationInterruption) { return try eval(&activation) } catch { return nil }
    }

    // MARK: cel.bind

    private mutating func bindPlan(_ expression: Expression) throws(CELProblem) -> Interpretable {
        guard case .bind(let bindings, let body) = expression.kind else {
            throw misplaced(expression)
        }
        var steps: [(slot: Int, eval: EvalFunction)] = []
        for binding in bindings {
            let value = try plan(binding.value)
            steps.append((enter(binding.name, nesting: value.nesting), value.eval))
        }
        let result = try plan(body)
        leave(bindings.count)
        let ready = steps
        let eval = result.eval
        return Interpretable(
            { activation throws(EvaluationInterruption) in
                for step in ready {
                    try activation.meter.charge(1)
                    do throws(EvaluationInterruption) {
                        activation.locals[step.slot] = .value(try step.eval(&activation))
                    } catch {
                        if error.isFinal { throw error }
                        activation.locals[step.slot] = .interruption(error)
                    }
                }
                return try eval(&activation)
            }, nesting: result.nesting)
    }
}

/// The first operand. If it is unknown, the unknowns of the other operands are collected too.
@inline(__always)
func firstOperand(
    _ first: EvalFunction, _ rest: some Sequence<EvalFunction>, _ activation: inout Activation
) throws(EvaluationInterruption) -> CELValue {
    do throws(EvaluationInterruption) { return try first(&activation) } catch {
        throw withUnknowns(error, of: rest, &activation)
    }
}

/// The interruption, with the unknowns of the operands after it.
func withUnknowns(
    _ interruption: EvaluationInterruption, of rest: some Sequence<EvalFunction>,
    _ activation: inout Activation
) -> EvaluationInterruption {
    guard case .unknowns = interruption else { return interruption }
    var interruptions = InterruptionCollector()
    do throws(EvaluationInterruption) {
        try interruptions.keep(interruption, &activation.meter)
        for eval in rest {
            do throws(EvaluationInterruption) { _ = try eval(&activation) } catch {
                if case .unknowns = error {
                    try interruptions.keep(error, &activation.meter)
                } else if error.isFinal {
                    throw error
                }
            }
        }
        try interruptions.finish()
        return interruption
    } catch { return error }
}

/// The value in an optional; any other value is an error.
private func optional(_ value: CELValue, at position: Int) throws(EvaluationInterruption)
    -> CELValue?
{
    guard case .optional(let optional) = value else {
        throw EvaluationInterruption.noSuchOverload.positioned(position)
    }
    return optional.value
}

func mapKey(_ value: CELValue, at position: Int) throws(EvaluationInterruption) -> CELKey {
    guard let key = CELKey(value) else {
        throw EvaluationInterruption.failed(
            .unsupportedKey, "unsupported key type: \(value.typeName)"
        ).positioned(position)
    }
    return key
}

func shown(_ key: CELKey) -> String {
    switch key {
    case .string(let text): "'\(plain(text, atMost: Limits.quotedTextLength))'"
    case .int(let value): String(value)
    case .uint(let value): "\(value)u"
    case .bool(let value): String(value)
    }
}

/// The costs of creating a list and a map. Spec: cel-go v0.26, common/cost.go.
let listCost = 10
let mapCost = 30
