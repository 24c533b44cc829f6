// SPDX-License-Identifier: Apache-2.0
// `+ - * / %` and `in`. Spec: cel-spec, langdef.md, "Overflow" and "List of Standard Definitions".

internal import Primitives

/// Applies a binary operator.
@inline(__always)
func apply(
    _ operation: Operation, _ left: CELValue, _ right: CELValue, _ meter: inout CostMeter
) throws(EvaluationInterruption) -> CELValue {
    switch operation {
    case .equal: return .bool(try left.isEqual(to: right, &meter))
    case .notEqual: return .bool(try !left.isEqual(to: right, &meter))
    case .less: return .bool(try compare(left, right, &meter) == .before)
    case .greater: return .bool(try compare(left, right, &meter) == .after)
    case .lessOrEqual:
        let order = try compare(left, right, &meter)
        return .bool(order == .before || order == .same)
    case .greaterOrEqual:
        let order = try compare(left, right, &meter)
        return .bool(order == .after || order == .same)
    case .contained: return .bool(try isContained(left, in: right, &meter))
    case .add: return try add(left, right, &meter)
    case .subtract: return try subtract(left, right)
    case .multiply, .divide, .remainder: return try scale(operation, left, right)
    }
}

func isContained(
    _ value: CELValue, in container: CELValue, _ meter: inout CostMeter
) throws(EvaluationInterruption) -> Bool {
    switch container {
    case .list(let items):
        for item in items {
            try meter.charge(1)
            if try item.isEqual(to: value, &meter) { return true }
        }
        return false
    case .map(let map):
        guard let key = CELKey(lookup: value) else { return false }
        return map[key] != nil
    default: throw .noOperator("in", value, container)
    }
}

func add(_ left: CELValue, _ right: CELValue, _ meter: inout CostMeter)
    throws(EvaluationInterruption) -> CELValue
{
    switch (left, right) {
    case (.int(let a), .int(let b)): return .int(try fitting(a.addingReportingOverflow(b), "int"))
    case (.string(let a), .string(let b)):
        try meter.chargeText(a.utf8.count + b.utf8.count)
        return .string(a + b)
    case (.uint(let a), .uint(let b)):
        return .uint(try fitting(a.addingReportingOverflow(b), "uint"))
    case (.double(let a), .double(let b)): return .double(a + b)
    case (.list(let a), .list(let b)):
        try meter.chargeItems(a.count + b.count)
        return .list(a + b)
    case (.bytes(let a), .bytes(let b)):
        try meter.chargeText(a.count + b.count)
        return .bytes(a + b)
    case (.timestamp(let time), .duration(let length)),
        (.duration(let length), .timestamp(let time)):
        guard let sum = time.adding(length) else { throw timestampRange }
        return .timestamp(sum)
    case (.duration(let a), .duration(let b)):
        return try duration(a.nanoseconds.addingReportingOverflow(b.nanoseconds))
    default: throw .noOperator("+", left, right)
    }
}

private func subtract(_ left: CELValue, _ right: CELValue) throws(EvaluationInterruption)
    -> CELValue
{
    switch (left, right) {
    case (.int(let a), .int(let b)):
        return .int(try fitting(a.subtractingReportingOverflow(b), "int"))
    case (.uint(let a), .uint(let b)):
        return .uint(try fitting(a.subtractingReportingOverflow(b), "uint"))
    case (.double(let a), .double(let b)): return .double(a - b)
    case (.timestamp(let a), .timestamp(let b)):
        guard let difference = a.since(b) else { throw durationRange }
        return .duration(difference)
    case (.timestamp(let time), .duration(let length)):
        // The smallest duration cannot be negated; the resulting time would be out of range anyway.
        let (negative, over) = Int64(0).subtractingReportingOverflow(length.nanoseconds)
        guard !over, let sum = time.adding(GoDuration(nanoseconds: negative)) else {
            throw timestampRange
        }
        return .timestamp(sum)
    case (.duration(let a), .duration(let b)):
        return try duration(a.nanoseconds.subtractingReportingOverflow(b.nanoseconds))
    default: throw .noOperator("-", left, right)
    }
}

private func scale(
    _ operation: Operation, _ left: CELValue, _ right: CELValue
) throws(EvaluationInterruption) -> CELValue {
    switch (operation, left, right) {
    case (.multiply, .int(let a), .int(let b)):
        return .int(try fitting(a.multipliedReportingOverflow(by: b), "int"))
    case (.multiply, .uint(let a), .uint(let b)):
        return .uint(try fitting(a.multipliedReportingOverflow(by: b), "uint"))
    case (.multiply, .double(let a), .double(let b)): return .double(a * b)
    case (.divide, .double(let a), .double(let b)): return .double(a / b)
    case (.divide, .int(let a), .int(let b)):
        guard b != 0 else { throw divisionByZero }
        return .int(try fitting(a.dividedReportingOverflow(by: b), "int"))
    case (.divide, .uint(let a), .uint(let b)):
        guard b != 0 else { throw divisionByZero }
        return .uint(a / b)
    case (.remainder, .int(let a), .int(let b)):
        guard b != 0 else { throw modulusByZero }
        return .int(try fitting(a.remainderReportingOverflow(dividingBy: b), "int"))
    case (.remainder, .uint(let a), .uint(let b)):
        guard b != 0 else { throw modulusByZero }
        return .uint(a % b)
    default:
        let symbol = operation.rawValue.dropFirst().prefix(1)
        throw .noOperator(String(symbol), left, right)
    }
}

func negate(_ value: CELValue) throws(EvaluationInterruption) -> CELValue {
    switch value {
    case .int(let number):
        return .int(try fitting(Int64(0).subtractingReportingOverflow(number), "int"))
    case .double(let number): return .double(-number)
    default:
        throw .failed(.noSuchOverload, "no such overload: -\(value.typeName)")
    }
}

private func fitting<Number>(
    _ result: (partialValue: Number, overflow: Bool), _ type: String
) throws(EvaluationInterruption) -> Number {
    if result.overflow { throw .failed(.overflow, "\(type) overflow: the result does not fit") }
    return result.partialValue
}

private func duration(_ result: (partialValue: Int64, overflow: Bool))
    throws(EvaluationInterruption) -> CELValue
{
    if result.overflow { throw durationRange }
    return .duration(GoDuration(nanoseconds: result.partialValue))
}

private let divisionByZero = EvaluationInterruption.failed(.divisionByZero, "division by zero")
private let modulusByZero = EvaluationInterruption.failed(.divisionByZero, "modulus by zero")
let timestampRange = EvaluationInterruption.failed(
    .outOfRange, "timestamp out of range: it lies outside of the years 1 to 9999")
let durationRange = EvaluationInterruption.failed(
    .outOfRange, "duration out of range: it does not fit 64 bits of nanoseconds")
