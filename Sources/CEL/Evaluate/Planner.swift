// SPDX-License-Identifier: Apache-2.0
// Turns a tree into closures: resolves names to numbers, computes constants once, and compiles
// regular expressions.

internal import Primitives

/// Plans one expression.
struct Planner {
    /// A planned step, and its properties that are known before it runs.
    final class Plan {
        let run: Run
        /// The value, if it is the same in every evaluation.
        let constant: CELValue?
        /// How deep the values that it creates can nest, without values from outside.
        let nesting: Int

        init(_ run: @escaping Run, nesting: Int = 0) {
            self.run = run
            self.nesting = nesting
            constant = nil
        }

        init(constant value: CELValue, nesting: Int = 0) {
            run = { _ throws(Stop) in value }
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
    var patterns: [String: Result<RegularExpression, Stop>] = [:]
    private var effortLeft = Limits.expressionPatternEffort
    /// The variables that the program reads, in the order of their numbers.
    var variables: [String] = []

    init(environment: CELEnvironment, source: String) {
        self.environment = environment
        self.source = source
    }

    mutating func plan(_ expression: Expression) throws(CELProblem) -> Plan {
        let plan = try unboundedPlan(expression)
        if plan.nesting > deepestValue / 2 { throw tooDeep(expression) }
        return plan
    }

    private func tooDeep(_ expression: Expression) -> CELProblem {
        problem(.tooLarge, "the expression makes values that nest too deep", at: expression.place)
    }

    /// Dispatches only, without local variables: its frame is on the stack once for each level.
    private mutating func unboundedPlan(_ expression: Expression) throws(CELProblem) -> Plan {
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

    private func literalPlan(_ expression: Expression) -> Plan {
        guard case .literal(let value) = expression.kind else { return Plan(constant: .null) }
        return Plan(constant: value)
    }

    private mutating func signPlan(_ expression: Expression) throws(CELProblem) -> Plan {
        switch expression.kind {
        case .not(let operand): return notPlan(try plan(operand), at: expression.place)
        case .negate(let operand): return negatePlan(try plan(operand), at: expression.place)
        default: throw misplaced(expression)
        }
    }

    private mutating func logicalPlan(_ expression: Expression) throws(CELProblem) -> Plan {
        switch expression.kind {
        case .and(let operands):
            return logicalPlan(try plans(operands), decidedBy: false, at: expression.place)
        case .or(let operands):
            return logicalPlan(try plans(operands), decidedBy: true, at: expression.place)
        default: throw misplaced(expression)
        }
    }

    func problem(_ kind: CELProblem.Kind, _ message: String, at place: Int) -> CELProblem {
        CELProblem(kind, message, at: place, in: source)
    }

    mutating func plans(_ expressions: [Expression]) throws(CELProblem) -> [Plan] {
        var plans: [Plan] = []
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
        _ pattern: String, at place: Int
    ) throws(CELProblem) -> Result<RegularExpression, Stop> {
        if let known = patterns[pattern] { return known }
        effortLeft -= RegularExpression.effort(of: pattern)
        guard effortLeft >= 0 else {
            throw problem(.tooLarge, "the regular expressions are too large together", at: place)
        }
        let result = Result { () throws(Stop) in try regularExpression(pattern) }
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

    private func notPlan(_ operand: Plan, at place: Int) -> Plan {
        let run = operand.run
        return Plan { frame throws(Stop) in
            let operand = try run(&frame)
            guard case .bool(let value) = operand else {
                throw Stop.noCondition(operand).placed(place)
            }
            try frame.meter.charge(1)
            return .bool(!value)
        }
    }

    private func negatePlan(_ operand: Plan, at place: Int) -> Plan {
        let run = operand.run
        return Plan { frame throws(Stop) in
            let value = try run(&frame)
            try frame.meter.charge(1)
            do throws(Stop) { return try negate(value) } catch { throw error.placed(place) }
        }
    }

    /// `&&` and `||`: one operand can decide, even if the others fail or are unknown.
    ///
    /// Spec: langdef.md, "Logical Operators".
    private func logicalPlan(_ operands: [Plan], decidedBy deciding: Bool, at place: Int) -> Plan {
        let runs = operands.map(\.run)
        return Plan { frame throws(Stop) in
            var stops = StopCollector()
            for run in runs {
                do throws(Stop) {
                    let operand = try run(&frame)
                    guard case .bool(let value) = operand else {
                        throw Stop.noCondition(operand).placed(place)
                    }
                    if value == deciding { return .bool(deciding) }
                } catch { try stops.keep(error, &frame.meter) }
            }
            try stops.finish()
            return .bool(!deciding)
        }
    }

    private mutating func conditionalPlan(_ expression: Expression) throws(CELProblem) -> Plan {
        guard case .conditional(let arms, let otherwise) = expression.kind else {
            throw misplaced(expression)
        }
        var runs: [(condition: Run, value: Run)] = []
        var nesting = 0
        for arm in arms {
            let condition = try plan(arm.condition)
            let value = try plan(arm.value)
            nesting = max(nesting, value.nesting)
            runs.append((condition.run, value.run))
        }
        let place = expression.place
        let last = try plan(otherwise)
        let tail = last.run
        let ready = runs
        return Plan(
            { frame throws(Stop) in
                for arm in ready {
                    let condition = try arm.condition(&frame)
                    guard case .bool(let holds) = condition else {
                        throw Stop.noCondition(condition).placed(place)
                    }
                    if holds { return try arm.value(&frame) }
                }
                return try tail(&frame)
            }, nesting: max(nesting, last.nesting))
    }

    // MARK: Operators

    private mutating func chainPlan(_ expression: Expression) throws(CELProblem) -> Plan {
        guard case .chain(let first, let links) = expression.kind else {
            throw misplaced(expression)
        }
        let start = try plan(first)
        var steps: [(operation: Operation, run: Run, place: Int)] = []
        var nesting = start.nesting
        for link in links {
            let operand = try plan(link.operand)
            nesting = max(nesting, operand.nesting)
            steps.append((link.operation, operand.run, link.place))
        }
        let run = start.run
        if steps.count == 1 {
            return Plan(
                binary(steps[0].operation, run, steps[0].run, at: steps[0].place), nesting: nesting)
        }
        let ready = steps
        return Plan(
            { frame throws(Stop) in
                var value = try firstOperand(run, ready.lazy.map(\.run), &frame)
                for (number, step) in ready.enumerated() {
                    let right: CELValue
                    do throws(Stop) { right = try step.run(&frame) } catch {
                        throw withNeeds(error, of: ready[(number + 1)...].lazy.map(\.run), &frame)
                    }
                    try frame.meter.charge(1)
                    do throws(Stop) {
                        value = try apply(step.operation, value, right, &frame.meter)
                    } catch { throw error.placed(step.place) }
                }
                return value
            }, nesting: nesting)
    }

    private func binary(
        _ operation: Operation, _ left: @escaping Run, _ right: @escaping Run, at place: Int
    ) -> Run {
        { frame throws(Stop) in
            let first = try firstOperand(left, CollectionOfOne(right), &frame)
            let second = try right(&frame)
            try frame.meter.charge(1)
            do throws(Stop) {
                return try apply(operation, first, second, &frame.meter)
            } catch { throw error.placed(place) }
        }
    }

    // MARK: Aggregates

    private mutating func listPlan(_ expression: Expression) throws(CELProblem) -> Plan {
        let place = expression.place
        guard case .list(let items) = expression.kind else {
            throw misplaced(expression)
        }
        let values = try plans(items.map(\.value))
        let nesting = (values.map(\.nesting).max() ?? 0) + 1
        let constants = values.compactMap(\.constant)
        let isPlain = items.allSatisfy { !$0.isOptional }
        if isPlain, constants.count == items.count {
            return Plan(constant: .list(constants), nesting: nesting)
        }
        let runs = zip(values, items).map { (run: $0.run, isOptional: $1.isOptional) }
        return Plan(
            { frame throws(Stop) in
                try frame.meter.charge(listCost + runs.count)
                var stops = StopCollector()
                var list: [CELValue] = []
                list.reserveCapacity(runs.count)
                for item in runs {
                    do throws(Stop) {
                        let value = try item.run(&frame)
                        if !item.isOptional {
                            list.append(value)
                        } else if let present = try optional(value, at: place) {
                            list.append(present)
                        }
                    } catch {
                        try stops.keep(error, &frame.meter)
                        if !stops.hasNeeds { break }
                    }
                }
                try stops.finish()
                return .list(list)
            }, nesting: nesting)
    }

    private mutating func mapPlan(_ expression: Expression) throws(CELProblem) -> Plan {
        let place = expression.place
        guard case .map(let entries) = expression.kind else {
            throw misplaced(expression)
        }
        let keys = try plans(entries.map(\.key))
        let values = try plans(entries.map(\.value))
        let nesting = (values.map(\.nesting).max() ?? 0) + 1
        let runs = entries.indices.map {
            (
                key: keys[$0].run, value: values[$0].run, isOptional: entries[$0].isOptional,
                place: entries[$0].key.place
            )
        }
        let run: Run = { frame throws(Stop) in
            try frame.meter.charge(mapCost + runs.count)
            var stops = StopCollector()
            var map = MapBuilder(capacity: runs.count)
            for entry in runs {
                do throws(Stop) {
                    let key = try mapKey(try entry.key(&frame), at: entry.place)
                    let value = try entry.value(&frame)
                    let present = entry.isOptional ? try optional(value, at: place) : value
                    if let present, !map.insert(present, for: key) {
                        throw Stop.failed(.repeatedKey, "repeated key in a map: \(shown(key))")
                            .placed(entry.place)
                    }
                } catch {
                    try stops.keep(error, &frame.meter)
                    if !stops.hasNeeds { break }
                }
            }
            try stops.finish()
            return .map(map.map())
        }
        let areConstant = (keys + values).allSatisfy { $0.constant != nil }
        if areConstant, let value = folded(run) { return Plan(constant: value, nesting: nesting) }
        return Plan(run, nesting: nesting)
    }

    /// The value of a step that reads no variable; nil if it fails, so that it fails at run time.
    func folded(_ run: Run) -> CELValue? {
        var frame = Frame(variables: [], locals: [], meter: CostMeter(Limits.expressionCost / 100))
        do throws(Stop) { return try run(&frame) } catch { return nil }
    }

    // MARK: cel.bind

    private mutating func bindPlan(_ expression: Expression) throws(CELProblem) -> Plan {
        guard case .bind(let bindings, let body) = expression.kind else {
            throw misplaced(expression)
        }
        var steps: [(slot: Int, run: Run)] = []
        for binding in bindings {
            let value = try plan(binding.value)
            steps.append((enter(binding.name, nesting: value.nesting), value.run))
        }
        let result = try plan(body)
        leave(bindings.count)
        let ready = steps
        let run = result.run
        return Plan(
            { frame throws(Stop) in
                for step in ready {
                    try frame.meter.charge(1)
                    do throws(Stop) {
                        frame.locals[step.slot] = .value(try step.run(&frame))
                    } catch {
                        if error.isFinal { throw error }
                        frame.locals[step.slot] = .stop(error)
                    }
                }
                return try run(&frame)
            }, nesting: result.nesting)
    }
}

/// The first operand. If it is unknown, the unknowns of the other operands are collected too.
@inline(__always)
func firstOperand(
    _ first: Run, _ rest: some Sequence<Run>, _ frame: inout Frame
) throws(Stop) -> CELValue {
    do throws(Stop) { return try first(&frame) } catch {
        throw withNeeds(error, of: rest, &frame)
    }
}

/// The interruption, with the unknowns of the operands after it.
func withNeeds(_ stop: Stop, of rest: some Sequence<Run>, _ frame: inout Frame) -> Stop {
    guard case .needs = stop else { return stop }
    var stops = StopCollector()
    do throws(Stop) {
        try stops.keep(stop, &frame.meter)
        for run in rest {
            do throws(Stop) { _ = try run(&frame) } catch {
                if case .needs = error {
                    try stops.keep(error, &frame.meter)
                } else if error.isFinal {
                    throw error
                }
            }
        }
        try stops.finish()
        return stop
    } catch { return error }
}

/// The value in an optional; any other value is an error.
private func optional(_ value: CELValue, at place: Int) throws(Stop) -> CELValue? {
    guard case .optional(let optional) = value else { throw Stop.noSuchOverload.placed(place) }
    return optional.value
}

func mapKey(_ value: CELValue, at place: Int) throws(Stop) -> CELKey {
    guard let key = CELKey(value) else {
        throw Stop.failed(.unsupportedKey, "unsupported key type: \(value.typeName)").placed(place)
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
