// SPDX-License-Identifier: Apache-2.0
// Calls: which function is meant, and which of its overloads fits the values.

internal import Primitives

extension Planner {
    mutating func callPlan(_ expression: Expression) throws(CELProblem) -> Plan {
        guard case .call(let name, let target, let arguments) = expression.kind else {
            throw misplaced(expression)
        }
        let meaning = environment.function(
            name, on: target, isLocal: { name in scope.contains { $0.name == name } })
        var operands = try plans(arguments)
        if meaning.isMethod, let target { operands.insert(try plan(target), at: 0) }
        return callPlan(meaning, operands, at: expression.place)
    }

    private mutating func callPlan(
        _ meaning: FunctionMeaning, _ operands: [Plan], at place: Int
    ) -> Plan {
        let candidates = environment.overloads(
            meaning.name, isMethod: meaning.isMethod, count: operands.count)
        let nesting = (operands.map(\.nesting).max() ?? 0) + 1
        let runs = operands.map(\.run)
        guard !candidates.isEmpty else {
            return unboundPlan(meaning.name, runs, at: place)
        }
        if let special = specialPlan(meaning, operands, at: place) { return special }
        let run =
            switch runs.count {
            case 1: unary(candidates, runs[0], at: place)
            case 2: binary(candidates, runs[0], runs[1], at: place)
            default: variadic(candidates, runs, at: place)
            }
        if foldableFunctions.contains(meaning.name),
            operands.allSatisfy({ $0.constant != nil }), let value = folded(run)
        {
            return Plan(constant: value, nesting: nesting)
        }
        return Plan(run, nesting: nesting)
    }

    /// A function nobody declared fails when it runs: another operand may decide before.
    private mutating func unboundPlan(_ name: String, _ runs: [Run], at place: Int) -> Plan {
        let isKnown = environment.functions[name] != nil
        let kind: CELProblem.Kind = isKnown ? .noSuchOverload : .undeclaredReference
        let unknown = environment.unknownFunctionMessage(name, isGuessing: !isKnown && mayGuess())
        let message =
            isKnown
            ? "no such overload: \(name) does not take \(runs.count) argument\(runs.count == 1 ? "" : "s") this way"
            : "unbound function: \(unknown)"
        return Plan { _ throws(Stop) in throw Stop.failed(kind, message).placed(place) }
    }

    /// Calls that need more than the values of their arguments.
    private mutating func specialPlan(
        _ meaning: FunctionMeaning, _ operands: [Plan], at place: Int
    ) -> Plan? {
        switch (meaning.name, operands.count) {
        case ("matches", 2):
            guard case .string(let pattern) = operands[1].constant else { return nil }
            return matchesPlan(operands[0].run, pattern, at: place)
        case (CELBindings.now, 0): return nowPlan(at: place)
        case ("or", 2) where meaning.isMethod:
            return fallbackPlan(operands[0].run, operands[1], at: place, isWrapped: true)
        case ("orValue", 2) where meaning.isMethod:
            return fallbackPlan(operands[0].run, operands[1], at: place, isWrapped: false)
        default: return nil
        }
    }

    /// `time.now()`: the moment the caller bound, or the need for it.
    private mutating func nowPlan(at place: Int) -> Plan {
        let number = variable(CELBindings.now)
        return Plan { frame throws(Stop) in
            try frame.meter.charge(1)
            guard case .value(let now) = frame.variables[number] else {
                throw .need(.attribute(AttributePath(CELBindings.now)))
            }
            return now
        }
    }

    /// A constant pattern is compiled once; one that is no pattern fails when it is used.
    private func matchesPlan(_ text: @escaping Run, _ pattern: String, at place: Int) -> Plan {
        let compiled: RegularExpression
        do throws(Stop) { compiled = try regularExpression(pattern) } catch {
            let stop = error.placed(place)
            return Plan { _ throws(Stop) in throw stop }
        }
        let patternCost = pattern.utf8.count / 4 + 1
        return Plan { frame throws(Stop) in
            guard case .string(let text) = try text(&frame) else {
                throw Stop.noSuchOverload.placed(place)
            }
            try frame.meter.charge((text.utf8.count / 10 + 1) * patternCost)
            return .bool(compiled.matches(text))
        }
    }

    /// `a.or(b)` and `a.orValue(b)`: the fallback is only evaluated when it is needed.
    private func fallbackPlan(
        _ first: @escaping Run, _ second: Plan, at place: Int, isWrapped: Bool
    ) -> Plan {
        let fallback = second.run
        let takesPlain = environment.options.contains(.orValueOnPlainValues)
        return Plan(
            { frame throws(Stop) in
                try frame.meter.charge(1)
                let value = try first(&frame)
                guard case .optional(let optional) = value else {
                    if takesPlain, !isWrapped { return value }
                    throw Stop.noSuchOverload.placed(place)
                }
                if let present = optional.value { return isWrapped ? .optional(optional) : present }
                let other = try fallback(&frame)
                if isWrapped, case .optional = other { return other }
                if isWrapped { throw Stop.noSuchOverload.placed(place) }
                return other
            }, nesting: second.nesting + 1)
    }

    // MARK: Dispatch

    private func unary(_ candidates: [Overload], _ operand: @escaping Run, at place: Int) -> Run {
        { frame throws(Stop) in
            let value = try operand(&frame)
            try frame.meter.chargeText(value.costSize)
            for overload in candidates where overload.takes(value, at: 0) {
                do throws(Stop) {
                    if case .one(let body) = overload.body { return try body(value, &frame.meter) }
                    return try overload.call([value], &frame.meter)
                } catch { throw error.placed(place) }
            }
            throw noOverload(candidates, [value], at: place)
        }
    }

    private func binary(
        _ candidates: [Overload], _ first: @escaping Run, _ second: @escaping Run, at place: Int
    ) -> Run {
        { frame throws(Stop) in
            let left = try firstOperand(first, CollectionOfOne(second), &frame)
            let right = try second(&frame)
            try frame.meter.chargeText(left.costSize &+ right.costSize)
            for overload in candidates
            where overload.takes(left, at: 0) && overload.takes(right, at: overload.place(1)) {
                do throws(Stop) {
                    if case .two(let body) = overload.body {
                        return try body(left, right, &frame.meter)
                    }
                    return try overload.call([left, right], &frame.meter)
                } catch { throw error.placed(place) }
            }
            throw noOverload(candidates, [left, right], at: place)
        }
    }

    private func variadic(_ candidates: [Overload], _ operands: [Run], at place: Int) -> Run {
        { frame throws(Stop) in
            var values: [CELValue] = []
            values.reserveCapacity(operands.count)
            var size = 0
            for (number, operand) in operands.enumerated() {
                do throws(Stop) { values.append(try operand(&frame)) } catch {
                    throw withNeeds(error, of: operands[(number + 1)...], &frame)
                }
                size += values[number].costSize
            }
            try frame.meter.chargeText(size)
            for overload in candidates
            where values.indices.allSatisfy({ overload.takes(values[$0], at: overload.place($0)) })
            {
                do throws(Stop) { return try overload.call(values, &frame.meter) } catch {
                    throw error.placed(place)
                }
            }
            throw noOverload(candidates, values, at: place)
        }
    }
}

extension Overload {
    /// The parameter that an argument belongs to; the last one of a variadic function repeats.
    @inline(__always)
    func place(_ argument: Int) -> Int { min(argument, parameters.count - 1) }

    /// Calls the body, whatever its form.
    func call(_ values: [CELValue], _ meter: inout CostMeter) throws(Stop) -> CELValue {
        switch body {
        case .one(let body): try body(values[0], &meter)
        case .two(let body): try body(values[0], values[1], &meter)
        case .many(let body): try body(values, &meter)
        }
    }
}

private func noOverload(_ candidates: [Overload], _ values: [CELValue], at place: Int) -> Stop {
    let types = values.map(\.typeName).joined(separator: ", ")
    let name = candidates.first?.name ?? ""
    return Stop.failed(.noSuchOverload, "no such overload: \(name)(\(types))").placed(place)
}

/// Compiles a pattern; what is wrong with it is the expression's problem.
func regularExpression(_ pattern: String) throws(Stop) -> RegularExpression {
    do throws(Failure) { return try RegularExpression(pattern) } catch {
        throw .failed(.invalidRegularExpression, "invalid regular expression: \(error.why)")
    }
}

/// Functions whose calls with constants are made once. Their failures stay where they stand.
private let foldableFunctions: Set = [
    "duration", "timestamp", "quantity", "ip", "cidr", "url", "semver", "optional.of", "dyn",
]
