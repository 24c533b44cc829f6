// SPDX-License-Identifier: Apache-2.0
// Arithmetic on numbers, quantities and durations. Spec: kyverno.io, "JMESPath": Arithmetic.

import FoundationEssentials
import JMESPath
import Primitives

let arithmeticFunctions: [FunctionDefinition] = [
    FunctionDefinition(
        "add", [operandKinds, operandKinds], "any", "two of a kind, added",
        price: .reader
    ) {
        call, _ throws(EvaluationError) in
        try Operand(call, 0).adding(Operand(call, 1), call).json()
    },
    FunctionDefinition(
        "subtract", [operandKinds, operandKinds], "any", "the first less the second",
        price: .reader
    ) { call, _ throws(EvaluationError) in
        try Operand(call, 0).subtracting(Operand(call, 1), call).json()
    },
    FunctionDefinition(
        "multiply", [operandKinds, operandKinds], "any", "an amount times a number",
        price: .reader
    ) { call, _ throws(EvaluationError) in
        try Operand(call, 0).multiplied(by: Operand(call, 1), call).json()
    },
    FunctionDefinition(
        "divide", [operandKinds, operandKinds], "any", "how often one fits, or the part of one",
        price: .reader
    ) { call, _ throws(EvaluationError) in
        try Operand(call, 0).divided(by: Operand(call, 1), call).json()
    },
    FunctionDefinition(
        "modulo", [operandKinds, operandKinds], "any", "what a division leaves over",
        price: .reader
    ) { call, _ throws(EvaluationError) in
        try Operand(call, 0).modulo(Operand(call, 1), call).json()
    },
    // Deviation from the specification, as in Kyverno: quantities and durations can be summed, and
    // an empty list is an error.
    FunctionDefinition("sum", [.array], "any", "all items added from left to right") {
        call, evaluator throws(EvaluationError) in
        let items = try call.array(0)
        try evaluator.spend(4 * items.count)
        guard let first = items.first else { throw call.invalid("the list is empty") }
        var total = try Operand(first, call)
        for item in items.dropFirst() { total = try total.adding(Operand(item, call), call) }
        return try total.json()
    },
    FunctionDefinition(
        "round", [.number, .number], "number", "rounded to so many places",
        price: .reader
    ) {
        call, _ throws(EvaluationError) in
        let places = try call.integer(1)
        guard places >= 0 else { throw call.invalid("the places are not negative") }
        let number = try call.number(0)
        guard number.integer == nil, places <= 17 else { return try number.json() }
        let factor = Double(ExactDecimal.power(places) ?? 1)
        let scaled = (number.double * factor).rounded(.toNearestOrAwayFromZero)
        guard scaled.isFinite else { return try number.json() }
        return try JMESPathNumber.normal(scaled / factor).json()
    },
]

private let operandKinds: ValueKinds = [.number, .string]

/// An operand: a number, a quantity or a duration.
///
/// As in Kyverno, a string is parsed as a quantity first, so `5m` is five thousandths, not five
/// minutes.
private enum Operand {
    case scalar(JMESPathNumber)
    case quantity(Quantity)
    case duration(GoDuration)

    init(_ call: FunctionCall, _ position: Int) throws(EvaluationError) {
        try self.init(call.value(position), call)
    }

    init(_ value: JSONValue, _ call: FunctionCall) throws(EvaluationError) {
        switch value {
        case .number(let number): self = .scalar(JMESPathNumber(number))
        case .string(let text):
            if let quantity = Quantity(text) {
                self = .quantity(quantity)
            } else if let duration = GoDuration(text) {
                self = .duration(duration)
            } else {
                throw call.invalid(
                    "\(quoted(text)) is neither a quantity nor a duration", .invalidType)
            }
        default: throw call.invalid("\(value.kindName) cannot be computed with", .invalidType)
        }
    }

    func json() throws(EvaluationError) -> JSONValue {
        switch self {
        case .scalar(let number): try number.json()
        case .quantity(let quantity): .string(quantity.text)
        case .duration(let duration): .string(duration.text)
        }
    }

    var kindName: String {
        switch self {
        case .scalar: "a number"
        case .quantity: "a quantity"
        case .duration: "a duration"
        }
    }

    private func mismatch(_ other: Operand, _ call: FunctionCall) -> EvaluationError {
        call.invalid("\(kindName) and \(other.kindName) do not go together", .invalidType)
    }

    func adding(_ other: Operand, _ call: FunctionCall) throws(EvaluationError) -> Operand {
        switch (self, other) {
        case (.scalar(let first), .scalar(let second)): return .scalar(first + second)
        case (.quantity(let first), .quantity(let second)):
            guard let sum = first.adding(second) else { throw tooLarge(call) }
            return .quantity(sum)
        case (.duration(let first), .duration(let second)):
            let (sum, overflow) = first.nanoseconds.addingReportingOverflow(second.nanoseconds)
            guard !overflow else { throw tooLarge(call) }
            return .duration(GoDuration(nanoseconds: sum))
        default: throw mismatch(other, call)
        }
    }

    func subtracting(_ other: Operand, _ call: FunctionCall) throws(EvaluationError) -> Operand {
        switch (self, other) {
        case (.scalar(let first), .scalar(let second)): return .scalar(first - second)
        case (.quantity(let first), .quantity(let second)):
            guard let rest = first.subtracting(second) else { throw tooLarge(call) }
            return .quantity(rest)
        case (.duration(let first), .duration(let second)):
            let (rest, overflow) = first.nanoseconds.subtractingReportingOverflow(
                second.nanoseconds)
            guard !overflow else { throw tooLarge(call) }
            return .duration(GoDuration(nanoseconds: rest))
        default: throw mismatch(other, call)
        }
    }

    func multiplied(by other: Operand, _ call: FunctionCall) throws(EvaluationError) -> Operand {
        switch (self, other) {
        case (.scalar(let first), .scalar(let second)): return .scalar(first * second)
        case (.quantity(let first), .scalar(let factor)):
            let factor = try exact(factor, call)
            return try asQuantity(first.amount.multiplied(by: factor), like: first, call)
        case (.duration(let first), .scalar(let factor)):
            guard let product = GoDuration(seconds: first.seconds * factor.double) else {
                throw tooLarge(call)
            }
            return .duration(product)
        case (.scalar, .quantity), (.scalar, .duration): return try other.multiplied(by: self, call)
        default: throw mismatch(other, call)
        }
    }

    /// Deviation kept from Kyverno: a quantity divided by a number is truncated to the decimal
    /// places of both.
    func divided(by other: Operand, _ call: FunctionCall) throws(EvaluationError) -> Operand {
        guard !other.isZero else { throw call.invalid("division by zero") }
        switch (self, other) {
        case (.scalar(let first), .scalar(let second)):
            return .scalar(.normal(first.double / second.double))
        case (.quantity(let first), .quantity(let second)):
            return .scalar(.normal(first.amount.double / second.amount.double))
        case (.quantity(let first), .scalar(let divisor)):
            let divisor = try exact(divisor, call)
            return try asQuantity(first.amount.divided(by: divisor), like: first, call)
        case (.duration(let first), .duration(let second)):
            return .scalar(.normal(first.seconds / second.seconds))
        case (.duration(let first), .scalar(let divisor)):
            guard let part = GoDuration(seconds: first.seconds / divisor.double) else {
                throw tooLarge(call)
            }
            return .duration(part)
        default: throw mismatch(other, call)
        }
    }

    func modulo(_ other: Operand, _ call: FunctionCall) throws(EvaluationError) -> Operand {
        switch (self, other) {
        case (.scalar(let first), .scalar(let second)):
            return .scalar(.whole(try rest(first.integer, second.integer, call)))
        case (.quantity(let first), .quantity(let second)):
            let value = try rest(first.whole, second.whole, call)
            let amount = ExactDecimal(unscaled: Int128(value), scale: 0)
            return .quantity(Quantity(amount: amount, form: first.form))
        case (.duration(let first), .duration(let second)):
            let value = try rest(Int(first.nanoseconds), Int(second.nanoseconds), call)
            return .duration(GoDuration(nanoseconds: Int64(value)))
        default: throw mismatch(other, call)
        }
    }

    private var isZero: Bool {
        switch self {
        case .scalar(let number): number.double == 0
        case .quantity(let quantity): quantity.amount.unscaled == 0
        case .duration(let duration): duration.nanoseconds == 0
        }
    }

    private func rest(_ first: Int?, _ second: Int?, _ call: FunctionCall)
        throws(EvaluationError) -> Int
    {
        guard let first, let second else { throw call.invalid("it takes integers only") }
        guard second != 0 else { throw call.invalid("division by zero") }
        return second == -1 ? 0 : first % second
    }

    private func asQuantity(
        _ amount: ExactDecimal?, like other: Quantity, _ call: FunctionCall
    ) throws(EvaluationError) -> Operand {
        guard let amount else { throw tooLarge(call) }
        return .quantity(Quantity(amount: amount, form: other.form))
    }

    /// Converts by way of Go's text of the double, as Kyverno does.
    private func exact(_ number: JMESPathNumber, _ call: FunctionCall)
        throws(EvaluationError) -> ExactDecimal
    {
        let text =
            if case .whole(let whole) = number { String(whole) } else {
                goText(number.double, .plain)
            }
        guard let quantity = Quantity(text) else { throw tooLarge(call) }
        return quantity.amount
    }

    private func tooLarge(_ call: FunctionCall) -> EvaluationError {
        call.invalid("the result is too large")
    }
}

extension Quantity {
    /// The amount, if it is an integer of 64 bits.
    fileprivate var whole: Int? {
        let value = amount.trimmed
        guard value.scale <= 0, let unscaled = value.rescaled(0) else { return nil }
        return Int(exactly: unscaled)
    }
}
