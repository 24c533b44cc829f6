// SPDX-License-Identifier: Apache-2.0
// Lists and sets. Spec: cel-go, ext/lists version 3 and ext/sets; Kubernetes, library/lists.

private let t = CELType.parameter("T")

extension CELLibrary {
    /// `distinct`, `flatten`, `lists.range`, `reverse`, `slice`, `sort`, `sortBy`.
    package static let lists = CELLibrary(Content(overloads: listOverloads, macros: .sorting))
    /// `sets.contains`, `sets.equivalent`, `sets.intersects`.
    package static let sets = CELLibrary(Content(overloads: setOverloads))
    /// `isSorted`, `sum`, `min`, `max`, `indexOf`, `lastIndexOf`, `includes`.
    package static let kubernetesLists = CELLibrary(Content(overloads: kubernetesListOverloads))
}

private let listOverloads: [Overload] = [
    .global("lists.range", .int, .list(.int)) { count, meter throws(EvaluationInterruption) in
        let count = try count.int()
        guard count >= 0, count <= Int64(Int32.max) else {
            throw .failed(.invalidArgument, "lists.range: \(count) is not a valid list length")
        }
        try meter.chargeItems(Int(count))
        return .list((0..<count).map { .int($0) })
    },
    .method("distinct", on: .list(t), .list(t), distinct),
    .method("reverse", on: .list(t), .list(t)) { list, meter throws(EvaluationInterruption) in
        try meter.chargeItems(list.costSize)
        return .list(try list.items().reversed())
    },
    .method("flatten", on: .list(.list(t)), .list(t)) {
        list, meter throws(EvaluationInterruption) in
        try flattened(list, levels: 1, &meter)
    },
    .method("flatten", on: .list(t), .int, .list(.dyn)) {
        list, levels, meter throws(EvaluationInterruption) in
        let levels = try levels.int()
        guard levels >= 0 else {
            throw .failed(.invalidArgument, "level must be non-negative")
        }
        return try flattened(list, levels: Int(min(levels, 1_000)), &meter)
    },
    .method("slice", [.list(t), .int, .int], .list(t)) {
        values, meter throws(EvaluationInterruption) in
        let items = try values[0].items()
        let (start, end) = (try values[1].int(), try values[2].int())
        guard start >= 0, end >= 0 else {
            throw .failed(
                .invalidArgument, "cannot slice(\(start), \(end)), negative indexes not supported")
        }
        guard start <= end else {
            throw .failed(
                .invalidArgument,
                "cannot slice(\(start), \(end)), start index must be less than or equal to end index"
            )
        }
        guard end <= Int64(items.count) else {
            throw .failed(
                .invalidArgument, "cannot slice(\(start), \(end)), list is length \(items.count)")
        }
        try meter.chargeItems(Int(end - start))
        return .list(Array(items[Int(start)..<Int(end)]))
    },
    .method("sort", on: .list(t), .list(t)) { list, meter throws(EvaluationInterruption) in
        let items = try list.items()
        return .list(try sortedPlaces(of: items, &meter).map { items[$0] })
    },
]

/// The first of each group of equal items, in order. Scalars are compared by their hashes.
private func distinct(_ list: CELValue, _ meter: inout CostMeter) throws(EvaluationInterruption)
    -> CELValue
{
    var found: [CELValue] = []
    var keys: Set<CELKey> = []
    for item in try list.items() {
        // Hashing a text that is not ASCII takes 50 ns a character.
        try meter.charge(item.costSize + 1)
        if let key = CELKey(lookup: item) {
            // A double with an integral value equals an int, so it has the same key.
            guard keys.insert(key).inserted else { continue }
        } else if try isContained(item, in: .list(found), &meter) {
            continue
        }
        found.append(item)
    }
    return .list(found)
}

private func flattened(
    _ list: CELValue, levels: Int, _ meter: inout CostMeter
) throws(EvaluationInterruption) -> CELValue {
    var items = try list.items()
    for _ in 0..<levels {
        var flat: [CELValue] = []
        var isFlat = true
        for item in items {
            if case .list(let inner) = item {
                isFlat = false
                try meter.chargeItems(inner.count + 1)
                flat.append(contentsOf: inner)
            } else {
                try meter.charge(1)
                flat.append(item)
            }
        }
        items = flat
        if isFlat { break }
    }
    return .list(items)
}

// MARK: - Sets

private let setOverloads: [Overload] = [
    .global("sets.contains", .list(t), .list(t), .bool) {
        list, part, meter throws(EvaluationInterruption) in
        .bool(try containsAll(list, part, &meter))
    },
    .global("sets.equivalent", .list(t), .list(t), .bool) {
        left, right, meter throws(EvaluationInterruption) in
        guard try containsAll(left, right, &meter) else { return .bool(false) }
        return .bool(try containsAll(right, left, &meter))
    },
    .global("sets.intersects", .list(t), .list(t), .bool) {
        left, right, meter throws(EvaluationInterruption) in
        for item in try left.items() {
            if try isContained(item, in: right, &meter) { return .bool(true) }
        }
        return .bool(false)
    },
]

private func containsAll(
    _ list: CELValue, _ part: CELValue, _ meter: inout CostMeter
) throws(EvaluationInterruption) -> Bool {
    for item in try part.items() {
        if try !isContained(item, in: list, &meter) { return false }
    }
    return true
}

// MARK: - Kubernetes

private let orderedTypes: [CELType] = [
    .int, .uint, .double, .bool, .string, .bytes, .timestamp, .duration,
]

private let kubernetesListOverloads: [Overload] =
    orderedTypes.map { type in .method("isSorted", on: .list(type), .bool, isSorted) }
    + orderedTypes.map { type in
        .method("min", on: .list(type), type) { list, meter throws(EvaluationInterruption) in
            try extreme(of: list, .before, &meter)
        }
    }
    + orderedTypes.map { type in
        .method("max", on: .list(type), type) { list, meter throws(EvaluationInterruption) in
            try extreme(of: list, .after, &meter)
        }
    }
    + [
        .method("sum", on: .list(.int), .int, sum), .method("sum", on: .list(.uint), .uint, sum),
        .method("sum", on: .list(.double), .double, sum),
        .method("sum", on: .list(.duration), .duration, sum),
        .method("indexOf", on: .list(t), t, .int) {
            list, item, meter throws(EvaluationInterruption) in
            try position(of: item, in: try list.items(), isLast: false, &meter)
        },
        .method("lastIndexOf", on: .list(t), t, .int) {
            list, item, meter throws(EvaluationInterruption) in
            try position(of: item, in: try list.items(), isLast: true, &meter)
        },
        .method("includes", on: .list(t), t, .bool) {
            list, item, meter throws(EvaluationInterruption) in
            .bool(try isContained(item, in: list, &meter))
        },
    ]

private func isSorted(_ list: CELValue, _ meter: inout CostMeter) throws(EvaluationInterruption)
    -> CELValue
{
    let items = try list.items()
    for (left, right) in zip(items, items.dropFirst()) {
        try meter.charge(1)
        if try compare(left, right, &meter) == .after { return .bool(false) }
    }
    return .bool(true)
}

private func extreme(
    of list: CELValue, _ wanted: Order, _ meter: inout CostMeter
) throws(EvaluationInterruption) -> CELValue {
    let items = try list.items()
    guard var best = items.first else {
        let name = wanted == .before ? "min" : "max"
        throw .failed(.invalidArgument, "\(name) called on empty list")
    }
    for item in items.dropFirst() {
        try meter.charge(1)
        if try compare(item, best, &meter) == wanted { best = item }
    }
    return best
}

/// The sum. The sum of an empty list is the int 0, because the element type is not known.
private func sum(_ list: CELValue, _ meter: inout CostMeter) throws(EvaluationInterruption)
    -> CELValue
{
    let items = try list.items()
    guard var total = items.first else { return .int(0) }
    switch total {
    case .int, .uint, .double, .duration: break
    default: throw .noSuchOverload
    }
    for item in items.dropFirst() {
        try meter.charge(1)
        total = try add(total, item, &meter)
    }
    return total
}

private func position(
    of item: CELValue, in items: [CELValue], isLast: Bool, _ meter: inout CostMeter
) throws(EvaluationInterruption) -> CELValue {
    let places = isLast ? Array(items.indices.reversed()) : Array(items.indices)
    for position in places {
        try meter.charge(1)
        if try items[position].isEqual(to: item, &meter) { return .int(Int64(position)) }
    }
    return .int(-1)
}
