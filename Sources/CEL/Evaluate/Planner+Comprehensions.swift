// SPDX-License-Identifier: Apache-2.0
// Plans macros that iterate. Spec: cel-spec, langdef.md, "Macros"; cel-go, ext/comprehensions.
//
// They run as loops, not as the folds of the specification. Values, error handling and costs equal
// those of the folds.

internal import Primitives

/// A planned comprehension.
private struct Loop: Sendable {
    let kind: Comprehension.Kind
    let range: Run
    let slots: [Int]
    let condition: Run?
    let body: Run
    let place: Int
}

extension Planner {
    mutating func comprehensionPlan(_ expression: Expression) throws(CELProblem) -> Plan {
        let place = expression.place
        guard case .comprehension(let comprehension) = expression.kind else {
            throw misplaced(expression)
        }
        let range = try plan(comprehension.range)
        var slots: [Int] = []
        for name in comprehension.variables {
            slots.append(enter(name, nesting: range.nesting))
        }
        var condition: Run?
        if let expression = comprehension.condition { condition = try plan(expression).run }
        let body = try plan(comprehension.body)
        leave(slots.count)
        let loop = Loop(
            kind: comprehension.kind, range: range.run, slots: slots, condition: condition,
            body: body.run, place: place)
        return Plan(run(loop), nesting: max(range.nesting, body.nesting) + 1)
    }

    private func run(_ loop: Loop) -> Run {
        switch loop.kind {
        case .all: { frame throws(Stop) in try quantified(loop, decidedBy: false, &frame) }
        case .exists: { frame throws(Stop) in try quantified(loop, decidedBy: true, &frame) }
        case .existsOne: { frame throws(Stop) in try counted(loop, &frame) }
        case .map, .transformList, .filter:
            { frame throws(Stop) in .list(try collected(loop, try LoopItems(loop, &frame), &frame))
            }
        case .transformMap, .transformMapEntry:
            { frame throws(Stop) in try collectedEntries(loop, &frame) }
        case .sortBy: { frame throws(Stop) in try sorted(loop, &frame) }
        case .optionalMap, .optionalFlatMap:
            { frame throws(Stop) in try unwrapped(loop, &frame) }
        }
    }
}

/// The items of a loop: keys, or pairs.
private struct LoopItems {
    let first: [CELValue]
    let second: [CELValue]?

    init(_ loop: Loop, _ frame: inout Frame) throws(Stop) {
        let range = try loop.range(&frame)
        switch range {
        case .list(let items):
            guard loop.slots.count == 2 else {
                (first, second) = (items, nil)
                return
            }
            try frame.meter.chargeItems(items.count)
            (first, second) = (items.indices.map { .int(Int64($0)) }, items)
        case .map(let map):
            try frame.meter.chargeItems(map.count)
            (first, second) = (map.keys.map(\.value), loop.slots.count == 2 ? map.values : nil)
        default:
            throw Stop.failed(
                .noSuchOverload,
                "no such overload: a value of type \(range.typeName) cannot be range of a comprehension: it takes "
                    + "a list or a map"
            ).placed(loop.place)
        }
    }

    @inline(__always)
    func bind(_ place: Int, _ loop: Loop, _ frame: inout Frame) {
        frame.locals[loop.slots[0]] = .value(first[place])
        if let second { frame.locals[loop.slots[1]] = .value(second[place]) }
    }
}

@inline(__always)
private func holds(_ run: Run, _ loop: Loop, _ frame: inout Frame) throws(Stop) -> Bool {
    let found = try run(&frame)
    guard case .bool(let value) = found else {
        throw Stop.noCondition(found).placed(loop.place)
    }
    return value
}

/// `all` and `exists`: `&&` and `||` over the items.
private func quantified(
    _ loop: Loop, decidedBy deciding: Bool, _ frame: inout Frame
) throws(Stop) -> CELValue {
    let items = try LoopItems(loop, &frame)
    var stops = StopCollector()
    for place in items.first.indices {
        try frame.meter.charge(quantifierCost)
        items.bind(place, loop, &frame)
        do throws(Stop) {
            if try holds(loop.body, loop, &frame) == deciding { return .bool(deciding) }
        } catch { try stops.keep(error, &frame.meter) }
    }
    try stops.finish()
    return .bool(!deciding)
}

/// `exists_one`: an error of one item is an error of the whole.
private func counted(_ loop: Loop, _ frame: inout Frame) throws(Stop) -> CELValue {
    let items = try LoopItems(loop, &frame)
    var stops = StopCollector()
    var count = 0
    for place in items.first.indices {
        try frame.meter.charge(quantifierCost)
        items.bind(place, loop, &frame)
        do throws(Stop) {
            if try holds(loop.body, loop, &frame) { count += 1 }
        } catch {
            try stops.keep(error, &frame.meter)
            if !stops.hasNeeds { break }
        }
    }
    try stops.finish()
    return .bool(count == 1)
}

/// `map`, `filter` and `transformList`.
private func collected(
    _ loop: Loop, _ items: LoopItems, _ frame: inout Frame
) throws(Stop) -> [CELValue] {
    var stops = StopCollector()
    var list: [CELValue] = []
    list.reserveCapacity(loop.kind == .filter ? 0 : items.first.count)
    for place in items.first.indices {
        try frame.meter.charge(collectorCost)
        items.bind(place, loop, &frame)
        do throws(Stop) {
            if loop.kind == .filter {
                if try holds(loop.body, loop, &frame) { list.append(items.first[place]) }
            } else if try loop.condition.map({ run throws(Stop) in try holds(run, loop, &frame) })
                ?? true
            {
                list.append(try loop.body(&frame))
            }
        } catch {
            try stops.keep(error, &frame.meter)
            if !stops.hasNeeds { break }
        }
    }
    try stops.finish()
    return list
}

/// `transformMap` and `transformMapEntry`.
private func collectedEntries(_ loop: Loop, _ frame: inout Frame) throws(Stop) -> CELValue {
    let items = try LoopItems(loop, &frame)
    var stops = StopCollector()
    var map = MapBuilder()
    for place in items.first.indices {
        try frame.meter.charge(collectorCost)
        items.bind(place, loop, &frame)
        do throws(Stop) {
            if let condition = loop.condition, try !holds(condition, loop, &frame) { continue }
            let value = try loop.body(&frame)
            if loop.kind == .transformMap {
                try frame.meter.charge(items.first[place].costSize / 2)
                try insert(
                    value, for: try mapKey(items.first[place], at: loop.place), in: &map, loop)
            } else {
                let entries = try value.entries()
                try frame.meter.chargeItems(entries.count)
                for (key, value) in zip(entries.keys, entries.values) {
                    try insert(value, for: key, in: &map, loop)
                }
            }
        } catch {
            try stops.keep(error.placed(loop.place), &frame.meter)
            if !stops.hasNeeds { break }
        }
    }
    try stops.finish()
    return .map(map.map())
}

private func insert(
    _ value: CELValue, for key: CELKey, in map: inout MapBuilder, _ loop: Loop
) throws(Stop) {
    guard map.insert(value, for: key) else {
        throw Stop.failed(.repeatedKey, "insert failed: key \(shown(key)) already exists")
            .placed(loop.place)
    }
}

private func sorted(_ loop: Loop, _ frame: inout Frame) throws(Stop) -> CELValue {
    let items = try LoopItems(loop, &frame)
    let keys = try collected(loop, items, &frame)
    do throws(Stop) {
        let order = try sortedPlaces(of: keys, &frame.meter)
        return .list(order.map { items.first[$0] })
    } catch { throw error.placed(loop.place) }
}

/// `optMap` and `optFlatMap`.
private func unwrapped(_ loop: Loop, _ frame: inout Frame) throws(Stop) -> CELValue {
    try frame.meter.charge(1)
    guard case .optional(let optional) = try loop.range(&frame) else {
        throw Stop.noSuchOverload.placed(loop.place)
    }
    guard let value = optional.value else { return .none }
    frame.locals[loop.slots[0]] = .value(value)
    let result = try loop.body(&frame)
    if loop.kind == .optionalMap { return .of(result) }
    guard case .optional = result else { throw Stop.noSuchOverload.placed(loop.place) }
    return result
}

/// The cost of one step of the fold of `all`: the condition (a name, a call) and the step (a name).
private let quantifierCost = 3
/// The cost of one step of the fold of `map`: a list of one item, a name, and a concatenation.
private let collectorCost = 12
