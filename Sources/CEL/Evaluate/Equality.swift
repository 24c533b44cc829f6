// SPDX-License-Identifier: Apache-2.0
// `==` and the orders. Spec: cel-spec, langdef.md, "Equality and Ordering".

internal import Primitives

extension CELValue {
    /// The `==` of CEL: numbers of all types compare by value; other values of different types are
    /// not equal. The compared parts are charged to `meter`.
    func isEqual(
        to other: CELValue, _ meter: inout CostMeter, depth: Int = 0
    ) throws(EvaluationInterruption) -> Bool {
        switch (self, other) {
        case (.string(let a), .string(let b)):
            guard a.utf8.count == b.utf8.count else { return false }
            if a.utf8.count > 64 { try meter.chargeText(a.utf8.count) }
            return isSame(a, b)
        case (.bool(let a), .bool(let b)): return a == b
        case (.int(let a), .int(let b)): return a == b
        case (.uint(let a), .uint(let b)): return a == b
        case (.double(let a), .double(let b)): return a == b
        case (.null, .null): return true
        case (.list(let a), .list(let b)):
            guard a.count == b.count else { return false }
            guard depth < deepestValue else { throw tooDeep }
            try meter.charge(a.count)
            for position in a.indices {
                let isSame = try a[position].isEqual(to: b[position], &meter, depth: depth + 1)
                if !isSame { return false }
            }
            return true
        case (.map(let a), .map(let b)): return try areEqual(a, b, &meter, depth)
        case (.optional(let a), .optional(let b)):
            guard let a = a.value, let b = b.value else { return a.value == nil && b.value == nil }
            guard depth < deepestValue else { throw tooDeep }
            try meter.charge(1)
            return try a.isEqual(to: b, &meter, depth: depth + 1)
        default: return isEqualScalar(other)
        }
    }

    private func isEqualScalar(_ other: CELValue) -> Bool {
        switch (self, other) {
        case (.bytes(let a), .bytes(let b)): a == b
        case (.timestamp(let a), .timestamp(let b)): a == b
        case (.duration(let a), .duration(let b)): a == b
        case (.type(let a), .type(let b)): a == b
        case (.opaque(let a), .opaque(let b)): a == b
        default: numericOrder(self, other) == .same
        }
    }
}

private func areEqual(
    _ left: CELMap, _ right: CELMap, _ meter: inout CostMeter, _ depth: Int
) throws(EvaluationInterruption) -> Bool {
    guard left.count == right.count else { return false }
    guard depth < deepestValue else { throw tooDeep }
    try meter.charge(left.count)
    for position in left.keys.indices {
        guard let other = right[left.keys[position]],
            try left.values[position].isEqual(to: other, &meter, depth: depth + 1)
        else { return false }
    }
    return true
}

enum Order { case before, same, after, none }

/// The order of two numbers of any types. To compare with a double, an integer becomes the nearest
/// double.
func numericOrder(_ left: CELValue, _ right: CELValue) -> Order {
    switch (left, right) {
    case (.int(let a), .int(let b)): order(a, b)
    case (.uint(let a), .uint(let b)): order(a, b)
    case (.double(let a), .double(let b)): order(a, b)
    case (.int(let a), .uint(let b)): a < 0 ? .before : order(UInt64(a), b)
    case (.uint(let a), .int(let b)): b < 0 ? .after : order(a, UInt64(b))
    case (.int(let a), .double(let b)): order(Double(a), b)
    case (.double(let a), .int(let b)): order(a, Double(b))
    case (.uint(let a), .double(let b)): order(Double(a), b)
    case (.double(let a), .uint(let b)): order(a, Double(b))
    default: .none
    }
}

@inline(__always)
private func order<Number: Comparable>(_ left: Number, _ right: Number) -> Order {
    left < right ? .before : left > right ? .after : left == right ? .same : .none
}

/// The order of two values; nil for NaN. Throws the error of `<` if their types are not ordered.
func compare(
    _ left: CELValue, _ right: CELValue, _ meter: inout CostMeter
) throws(EvaluationInterruption) -> Order {
    switch (left, right) {
    case (.int(let a), .int(let b)): return order(a, b)
    case (.string(let a), .string(let b)):
        try meter.chargeText(min(a.utf8.count, b.utf8.count))
        return isSame(a, b) ? .same : isTextBefore(a, b) ? .before : .after
    case (.bool(let a), .bool(let b)): return a == b ? .same : b ? .before : .after
    case (.bytes(let a), .bytes(let b)):
        try meter.chargeText(min(a.count, b.count))
        return a == b ? .same : a.lexicographicallyPrecedes(b) ? .before : .after
    case (.timestamp(let a), .timestamp(let b)): return order(a, b)
    case (.duration(let a), .duration(let b)): return order(a, b)
    case (.int, .uint), (.int, .double), (.uint, .int), (.uint, .uint), (.uint, .double),
        (.double, .int), (.double, .uint), (.double, .double):
        return numericOrder(left, right)
    default: throw .noOperator("<", left, right)
    }
}

/// The deepest nesting of a value that is traversed. Expressions and documents nest less deep.
package let deepestValue = 2 * Limits.documentDepth
var tooDeep: EvaluationInterruption {
    .failed(.tooLarge, "a value nests more than \(deepestValue) deep")
}
