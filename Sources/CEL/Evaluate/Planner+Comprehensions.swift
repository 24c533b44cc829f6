// SPDX-License-Identifier: Apache-2.0
// Plans macros that iterate. Spec: cel-spec, langdef.md, "Macros"; cel-go, ext/comprehensions.
//
// They run as loops, not as the folds of the specification. Values, error handling and costs equal
// those of the folds.

internal import Primitives

/// A planned comprehension.
private struct Loop: Sendable {
    let kind: Comprehension.Kind
    let range: EvalFunction
    let slots: [Int]
    let condition: EvalFunction?
    let body: EvalFunction
    let position: Int
}

extension Planner {
    mutating func comprehensionPlan(_ expression: Expression) throws(CELProblem) -> Interpretable {
        let position = expression.position
        guard case .comprehension(let comprehension) = expression.kind else {
            throw misplaced(expression)
        }
        let range = try plan(comprehension.range)
        var slots: [Int] = []
        for name in comprehension.variables {
            slots.append(enter(name, nesting: range.nesting))
        }
        var condition: EvalFunction?
        if let expression = comprehension.condition { condition = try plan(expression).eval }
        let body = try plan(comprehension.body)
        leave(slots.count)
        let loop = Loop(
            kind: comprehension.kind, range: range.eval, slots: slots, condition: condition,
            body: body.eval, position: position)
        return Interpretable(eval(loop), nesting: max(range.nesting, body.nesting) + 1)
    }

    private func eval(_ loop: Loop) -> EvalFunction {
        switch loop.kind {
        case .all:
            { activation throws(EvaluationInterruption) in
                try quantified(loop, decidedBy: false, &activation)
            }
        case .exists:
            { activation throws(EvaluationInterruption) in
                try quantified(loop, decidedBy: true, &activation)
            }
        case .existsOne:
            { activation throws(EvaluationInterruption) in try counted(loop, &activation) }
        case .map, .transformList, .filter:
            { activation throws(EvaluationInterruption) in
                .list(try collected(loop, try LoopItems(loop, &activation), &activation))
            }
        case .transformMap, .transformMapEntry:
            { activation throws(EvaluationInterruption) in try collectedEntries(loop, &activation) }
        case .sortBy: { activation throws(EvaluationInterruption) in try sorted(loop, &activation) }
        case .optionalMap, .optionalFlatMap:
            { activation throws(EvaluationInterruption) in try unwrapped(loop, &activation) }
        }
    }
}

/// The items of a loop: keys, or pairs.
private struct LoopItems {
    let first: [CELValue]
    let second: [CELValue]?

    init(_ loop: Loop, _ activation: inout Activation) throws(EvaluationInterruption) {
        let range = try loop.range(&activation)
        switch range {
        case .list(let items):
            guard loop.slots.count == 2 else {
                (first, second) = (items, nil)
                return
            }
            try activation.meter.chargeItems(items.count)
            (first, second) = (items.indices.map { .int(Int64($0)) }, items)
        case .map(let map):
            try activation.meter.chargeItems(map.count)
            (first, second) = (map.keys.map(\.value), loop.slots.count == 2 ? map.values : nil)
        default:
            throw EvaluationInterruption.failed(
                .noSuchOverload,
                "no such overload: a value of type \(range.typeName) cannot be range of a comprehension: it takes "
                    + "a list or a map"
            ).positioned(loop.position)
        }
    }

    @inline(__always)
    func bind(_ position: Int, _ loop: Loop, _ activation: inout Activation) {
        activation.locals[loop.slots[0]] = .value(first[position])
        if let second { activation.locals[loop.slots[1]] = .value(second[position]) }
    }
}

@inline(__always)
private func holds(_ eval: EvalFunction, _ loop: Loop, _ activation: inout Activation)
    throws(EvaluationInterruption) -> Bool
{
    let found = try eval(&activation)
    guard case .bool(let value) = found else {
        throw EvaluationInterruption.noCondition(found).positioned(loop.position)
    }
    return value
}

/// `all` and `exists`: `&&` and `||` over the items.
private func quantified(
    _ loop: Loop, decidedBy deciding: Bool, _ activation: inout Activation
) throws(EvaluationInterruption) -> CELValue {
    let items = try LoopItems(loop, &activation)
    var interruptions = InterruptionCollector()
    for position in items.first.indices {
        try activation.meter.charge(quantifierCost)
        items.bind(position, loop, &activation)
        do throws(EvaluationInterruption) {
            if try holds(loop.body, loop, &activation) == deciding { return .bool(deciding) }
        } catch { try interruptions.keep(error, &activation.meter) }
    }
    try interruptions.finish()
    return .bool(!deciding)
}

/// `exists_one`: an error of one item is an error of the whole.
private func counted(_ loop: Loop, _ activation: inout Activation) throws(EvaluationInterruption)
    -> CELValue
{
    let items = try LoopItems(loop, &activation)
    var interruptions = InterruptionCollector()
    var count = 0
    for position in items.first.indices {
        try activation.meter.charge(quantifierCost)
        items.bind(position, loop, &activation)
        do throws(EvaluationInterruption) {
            if try holds(loop.body, loop, &activation) { count += 1 }
        } catch {
            try interruptions.keep(error, &activation.meter)
            if !interruptions.hasUnknowns { break }
        }
    }
    try interruptions.finish()
    return .bool(count == 1)
}

/// `map`, `filter` and `transformList`.
private func collected(
    _ loop: Loop, _ items: LoopItems, _ activation: inout Activation
) throws(EvaluationInterruption) -> [CELValue] {
    var interruptions = InterruptionCollector()
    var list: [CELValue] = []
    list.reserveCapacity(loop.kind == .filter ? 0 : items.first.count)
    for position in items.first.indices {
        try activation.meter.charge(collectorCost)
        items.bind(position, loop, &activation)
        do throws(EvaluationInterruption) {
            if loop.kind == .filter {
                if try holds(loop.body, loop, &activation) { list.append(items.first[position]) }
            } else if try loop.condition.map({ eval throws(EvaluationInterruption) in
                try holds(eval, loop, &activation)
            })
                ?? true
            {
                list.append(try loop.body(&activation))
            }
        } catch {
            try interruptions.keep(error, &activation.meter)
            if !interruptions.hasUnknowns { break }
        }
    }
    try interruptions.finish()
    return list
}

/// `transformMap` and `transformMapEntry`.
private func collectedEntries(_ loop: Loop, _ activation: inout Activation)
    throws(EvaluationInterruption) -> CELValue
{
    let items = try LoopItems(loop, &activation)
    var interruptions = InterruptionCollector()
    var map = MapBuilder()
    for position in items.first.indices {
        try activation.meter.charge(collectorCost)
        items.bind(position, loop, &activation)
        do throws(EvaluationInterruption) {
            if let condition = loop.condition, try !holds(condition, loop, &activation) { continue }
            let value = try loop.body(&activation)
            if loop.kind == .transformMap {
                try activation.meter.charge(items.first[position].costSize / 2)
                try insert(
                    value, for: try mapKey(items.first[position], at: loop.position), in: &map, loop
                )
            } else {
                let entries = try value.entries()
                try activation.meter.chargeItems(entries.count)
                for (key, value) in zip(entries.keys, entries.values) {
                    try insert(value, for: key, in: &map, loop)
                }
            }
        } catch {
            try interruptions.keep(error.positioned(loop.position), &activation.meter)
            if !interruptions.hasUnknowns { break }
        }
    }
    try interruptions.finish()
    return .map(map.map())
}

private func insert(
    _ value: CELValue, for key: CELKey, in map: inout MapBuilder, _ loop: Loop
) throws(EvaluationInterruption) {
    guard map.insert(value, for: key) else {
        throw EvaluationInterruption.failed(
            .repeatedKey, "insert failed: key \(shown(key)) already exists"
        )
        .positioned(loop.position)
    }
}

private func sorted(_ loop: Loop, _ activation: inout Activation) throws(EvaluationInterruption)
    -> CELValue
{
    let items = try LoopItems(loop, &activation)
    let keys = try collected(loop, items, &activation)
    do throws(EvaluationInterruption) {
        let order = try sortedPlaces(of: keys, &activation.meter)
        return .list(order.map { items.first[$0] })
    } catch { throw error.positioned(loop.position) }
}

/// `optMap` and `optFlatMap`.
private func unwrapped(_ loop: Loop, _ activation: inout Activation) throws(EvaluationInterruption)
    -> CELValue
{
    try activation.meter.charge(1)
    guard case .optional(let optional) = try loop.range(&activation) else {
        throw EvaluationInterruption.noSuchOverload.positioned(loop.position)
    }
    guard let value = optional.value else { return .none }
    activation.locals[loop.slots[0]] = .value(value)
    let result = try loop.body(&activation)
    if loop.kind == .optionalMap { return .of(result) }
    guard case .optional = result else {
        throw EvaluationInterruption.noSuchOverload.positioned(loop.position)
    }
    return result
}

/// The cost of one step of the fold of `all`: the condition (a name, a call) and the step (a name).
private let quantifierCost = 3
/// The cost of one step of the fold of `map`: a list of one item, a name, and a concatenation.
private let collectorCost = 12
