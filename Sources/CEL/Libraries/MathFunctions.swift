// SPDX-License-Identifier: Apache-2.0
// Numbers. Spec: cel-go, ext/math, version 2.

extension CELLibrary {
    /// `math.greatest`, `math.least`, rounding, signs, bits, `math.sqrt`.
    package static let math = CELLibrary(
        Content(
            overloads: extremeOverloads("math.greatest", .after)
                + extremeOverloads("math.least", .before)
                + roundingOverloads + signOverloads + bitOverloads))
}

// MARK: - greatest, least

/// The result keeps its own type; of equal numbers the first wins.
private func extremeOverloads(_ name: String, _ wanted: Order) -> [Overload] {
    let numbers: [CELType] = [.int, .uint, .double]
    let body: @Sendable ([CELValue], inout CostMeter) throws(EvaluationInterruption) -> CELValue = {
        values, meter throws(EvaluationInterruption) in
        var items = values
        if values.count == 1, case .list(let list) = values[0] { items = list }
        guard var best = items.first else {
            throw .failed(.invalidArgument, "\(name)(list) argument must not be empty")
        }
        _ = try checkedNumber(best, name)
        for item in items.dropFirst() {
            try meter.charge(1)
            if numericOrder(try checkedNumber(item, name), best) == wanted { best = item }
        }
        return best
    }
    var overloads: [Overload] = []
    for number in numbers {
        overloads.append(Overload(name, [number], number, .many(body)))
        overloads.append(Overload(name, [.list(number)], number, .many(body)))
        overloads.append(
            Overload(name, [number, number], number, isVariadic: true, .many(body)))
    }
    for first in numbers {
        for second in numbers where first != second {
            overloads.append(Overload(name, [first, second], .dyn, .many(body)))
        }
    }
    overloads.append(Overload(name, [.dyn, .dyn, .dyn], .dyn, isVariadic: true, .many(body)))
    return overloads
}

private func checkedNumber(_ value: CELValue, _ name: String) throws(EvaluationInterruption)
    -> CELValue
{
    switch value {
    case .int, .uint, .double: return value
    default: throw .failed(.noSuchOverload, "no such overload: \(name) of \(value.typeName)")
    }
}

// MARK: - Rounding

private let roundingOverloads: [Overload] =
    rounding("math.ceil", .up) + rounding("math.floor", .down)
    + rounding("math.round", .toNearestOrAwayFromZero) + rounding("math.trunc", .towardZero)
    + [
        .global("math.isNaN", .double, .bool) { value, _ throws(EvaluationInterruption) in
            .bool(try value.number().isNaN)
        },
        .global("math.isInf", .double, .bool) { value, _ throws(EvaluationInterruption) in
            .bool(try value.number().isInfinite)
        },
        .global("math.isFinite", .double, .bool) { value, _ throws(EvaluationInterruption) in
            .bool(try value.number().isFinite)
        },
    ]
    + [CELType.int, .uint, .double].map { type in
        .global("math.sqrt", type, .double) { value, _ throws(EvaluationInterruption) in
            switch value {
            case .int(let number): .double(Double(number).squareRoot())
            case .uint(let number): .double(Double(number).squareRoot())
            default: .double(try value.number().squareRoot())
            }
        }
    }

private func rounding(_ name: String, _ rule: FloatingPointRoundingRule) -> [Overload] {
    [
        .global(name, .double, .double) { value, _ throws(EvaluationInterruption) in
            .double(try value.number().rounded(rule))
        }
    ]
}

// MARK: - Signs

private let signOverloads: [Overload] = [
    .global("math.abs", .int, .int) { value, _ throws(EvaluationInterruption) in
        let number = try value.int()
        guard number != .min else { throw .failed(.overflow, "integer overflow in math.abs") }
        return .int(abs(number))
    },
    .global("math.abs", .uint, .uint) { value, _ throws(EvaluationInterruption) in value },
    .global("math.abs", .double, .double) { value, _ throws(EvaluationInterruption) in
        .double(try value.number().magnitude)
    },
    .global("math.sign", .int, .int) { value, _ throws(EvaluationInterruption) in
        .int(try value.int().signum())
    },
    .global("math.sign", .uint, .uint) { value, _ throws(EvaluationInterruption) in
        .uint(value == .uint(0) ? 0 : 1)
    },
    .global("math.sign", .double, .double) { value, _ throws(EvaluationInterruption) in
        let number = try value.number()
        return .double(number.isNaN ? number : number == 0 ? 0 : number < 0 ? -1 : 1)
    },
]

// MARK: - Bits

private let bitOverloads: [Overload] =
    bitwise("math.bitAnd", { $0 & $1 }) + bitwise("math.bitOr", { $0 | $1 })
    + bitwise("math.bitXor", { $0 ^ $1 }) + shift("math.bitShiftLeft", { $0 << $1 })
    // Spec: a shift to the right fills with zeros, for negative ints too.
    + shift("math.bitShiftRight", { $0 >> $1 })
    + [
        .global("math.bitNot", .int, .int) { value, _ throws(EvaluationInterruption) in
            .int(try ~value.int())
        },
        .global("math.bitNot", .uint, .uint) { value, _ throws(EvaluationInterruption) in
            .uint(~(try bits(value)))
        },
    ]

private func bits(_ value: CELValue) throws(EvaluationInterruption) -> UInt64 {
    switch value {
    case .int(let number): return UInt64(bitPattern: number)
    case .uint(let number): return number
    default: throw .noSuchOverload
    }
}

private func bitwise(
    _ name: String, _ combine: @escaping @Sendable (UInt64, UInt64) -> UInt64
) -> [Overload] {
    [
        .global(name, .int, .int, .int) { left, right, _ throws(EvaluationInterruption) in
            .int(Int64(bitPattern: combine(try bits(left), try bits(right))))
        },
        .global(name, .uint, .uint, .uint) { left, right, _ throws(EvaluationInterruption) in
            .uint(combine(try bits(left), try bits(right)))
        },
    ]
}

private func shift(
    _ name: String, _ combine: @escaping @Sendable (UInt64, UInt64) -> UInt64
) -> [Overload] {
    let distance: @Sendable (CELValue) throws(EvaluationInterruption) -> UInt64 = {
        value throws(EvaluationInterruption) in
        let count = try value.int()
        guard count >= 0 else {
            throw .failed(.invalidArgument, "\(name)() negative offset: \(count)")
        }
        return UInt64(count)
    }
    return [
        .global(name, .int, .int, .int) { value, count, _ throws(EvaluationInterruption) in
            .int(Int64(bitPattern: combine(try bits(value), try distance(count))))
        },
        .global(name, .uint, .int, .uint) { value, count, _ throws(EvaluationInterruption) in
            .uint(combine(try bits(value), try distance(count)))
        },
    ]
}
