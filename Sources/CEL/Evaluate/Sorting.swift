// SPDX-License-Identifier: Apache-2.0
// A stable sort whose comparisons can fail and are charged to the budget.

/// The indices of `keys` in ascending order of the keys; the sort is stable. Throws unless all keys
/// have one type, and the type is ordered.
func sortedPlaces(of keys: [CELValue], _ meter: inout CostMeter) throws(EvaluationInterruption)
    -> [Int]
{
    guard let first = keys.first else { return [] }
    for key in keys where key.kind != first.kind {
        throw .failed(.noSuchOverload, "no such overload: list elements must have the same type")
    }
    if keys.count == 1 { _ = try compare(first, first, &meter) }
    var places = Array(keys.indices)
    var width = 1
    while width < places.count {
        var merged: [Int] = []
        merged.reserveCapacity(places.count)
        var start = 0
        while start < places.count {
            let middle = min(start + width, places.count)
            let end = min(start + 2 * width, places.count)
            try merge(
                places[start..<middle], places[middle..<end], by: keys, into: &merged, &meter)
            start = end
        }
        places = merged
        width *= 2
    }
    return places
}

private func merge(
    _ left: ArraySlice<Int>, _ right: ArraySlice<Int>, by keys: [CELValue],
    into merged: inout [Int], _ meter: inout CostMeter
) throws(EvaluationInterruption) {
    var left = left
    var right = right
    while let a = left.first, let b = right.first {
        try meter.charge(1)
        if try compare(keys[b], keys[a], &meter) == .before {
            merged.append(b)
            right = right.dropFirst()
        } else {
            merged.append(a)
            left = left.dropFirst()
        }
    }
    merged.append(contentsOf: left)
    merged.append(contentsOf: right)
}
