// SPDX-License-Identifier: Apache-2.0
// Plans calls: resolves the function, and at run time the overload that accepts the values.

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
        return try callPlan(meaning, operands, at: expression.place)
    }

    private mutating func callPlan(
        _ meaning: FunctionMeaning, _ operands: [Plan], at place: Int
    ) throws(CELProblem) -> Plan {
        let candidates = environment.overloads(
            meaning.name, isMethod: meaning.isMethod, count: operands.count)
        let nesting = (operands.map(\.nesting).max() ?? 0) + 1
        let runs = operands.map(\.run)
        guard !candidates.isEmpty else {
            return unboundPlan(meaning.name, runs, at: place)
        }
        if let special = try specialPlan(meaning, operands, at: place) { return special }
        let site = CallSite(candidates, at: place)
        let run =
            switch runs.count {
            case 1: unary(site, runs[0])
            case 2: binary(site, runs[0], runs[1])
            default: variadic(site, runs)
            }
        if foldableFunctions.contains(meaning.name),
            operands.allSatisfy({ $0.constant != nil }), let value = folded(run)
        {
            return Plan(constant: value, nesting: nesting)
        }
        return Plan(run, nesting: nesting)
    }

    /// A call of an undeclared function fails at run time: another operand may decide first.
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
    ) throws(CELProblem) -> Plan? {
        switch (meaning.name, operands.count) {
        case ("matches", 2):
            guard case .string(let pattern) = operands[1].constant else { return nil }
            return try matchesPlan(operands[0].run, pattern, at: place)
        case (let name, 0) where environment.readsBinding(name): return bindingPlan(name)
        case ("or", 2) where meaning.isMethod:
            return fallbackPlan(operands[0].run, operands[1], at: place, isWrapped: true)
        case ("orValue", 2) where meaning.isMethod:
            return fallbackPlan(operands[0].run, operands[1], at: place, isWrapped: false)
        default: return nil
        }
    }

    /// A function such as `time.now()`: the value that the caller bound, or an unknown.
    private mutating func bindingPlan(_ name: String) -> Plan {
        let number = variable(name)
        return Plan { frame throws(Stop) in
            try frame.meter.charge(1)
            guard case .value(let value) = frame.variables[number] else {
                throw .need(.attribute(AttributePath(name)))
            }
            return value
        }
    }

    /// A constant pattern is compiled once; an invalid one fails when it is used.
    private mutating func matchesPlan(
        _ text: @escaping Run, _ pattern: String, at place: Int
    ) throws(CELProblem) -> Plan {
        let compiled: RegularExpression
        switch try self.compiled(pattern, at: place) {
        case .success(let expression): compiled = expression
        case .failure(let stop):
            let stop = stop.placed(place)
            return Plan { _ throws(Stop) in throw stop }
        }
        return Plan { frame throws(Stop) in
            guard case .string(let text) = try text(&frame) else {
                throw Stop.noSuchOverload.placed(place)
            }
            try frame.meter.charge(matchCost(text.utf8.count, compiled))
            return .bool(compiled.matches(text))
        }
    }

    /// `a.or(b)` and `a.orValue(b)`: the fallback is evaluated only if it is needed.
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

    private func unary(_ site: CallSite, _ operand: @escaping Run) -> Run {
        { frame throws(Stop) in
            let value = try operand(&frame)
            try site.charge(value.costSize, &frame.meter)
            for overload in site.candidates where overload.takes(value, at: 0) {
                do throws(Stop) {
                    if case .one(let body) = overload.body { return try body(value, &frame.meter) }
                    return try overload.call([value], &frame.meter)
                } catch { throw site.stopped(by: error) }
            }
            throw noOverload(site, [value])
        }
    }

    private func binary(
        _ site: CallSite, _ first: @escaping Run, _ second: @escaping Run
    ) -> Run {
        { frame throws(Stop) in
            let left = try firstOperand(first, CollectionOfOne(second), &frame)
            let right = try second(&frame)
            try site.charge(left.costSize &+ right.costSize, &frame.meter)
            for overload in site.candidates
            where overload.takes(left, at: 0) && overload.takes(right, at: overload.place(1)) {
                do throws(Stop) {
                    if case .two(let body) = overload.body {
                        return try body(left, right, &frame.meter)
                    }
                    return try overload.call([left, right], &frame.meter)
                } catch { throw site.stopped(by: error) }
            }
            throw noOverload(site, [left, right])
        }
    }

    private func variadic(_ site: CallSite, _ operands: [Run]) -> Run {
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
            try site.charge(size, &frame.meter)
            for overload in site.candidates
            where values.indices.allSatisfy({ overload.takes(values[$0], at: overload.place($0)) })
            {
                do throws(Stop) { return try overload.call(values, &frame.meter) } catch {
                    throw site.stopped(by: error)
                }
            }
            throw noOverload(site, values)
        }
    }
}

extension Overload {
    /// The parameter of an argument; the last parameter of a variadic function repeats.
    @inline(__always)
    func place(_ argument: Int) -> Int { min(argument, parameters.count - 1) }

    /// Calls a body of any form.
    func call(_ values: [CELValue], _ meter: inout CostMeter) throws(Stop) -> CELValue {
        switch body {
        case .one(let body): try body(values[0], &meter)
        case .two(let body): try body(values[0], values[1], &meter)
        case .many(let body): try body(values, &meter)
        case .binding: throw .need(.attribute(AttributePath(name)))
        }
    }
}

private func noOverload(_ site: CallSite, _ values: [CELValue]) -> Stop {
    let types = values.map(\.typeName).joined(separator: ", ")
    return Stop.failed(.noSuchOverload, "no such overload: \(site.name)(\(types))")
        .placed(site.place)
}

/// One call in the source, and its cost.
private struct CallSite: Sendable {
    let candidates: [Overload]
    let place: Int
    /// Units for each ten bytes or items.
    private let price: Int

    init(_ candidates: [Overload], at place: Int) {
        self.candidates = candidates
        self.place = place
        price = plainFunctions.contains(candidates.first?.name ?? "") ? 1 : readerPrice
    }

    var name: String { candidates.first?.name ?? "" }

    /// The interruption that a body threw, with the position of the call. Unknown facts are
    /// compared with each other, so the number of parts in their arguments is limited.
    func stopped(by stop: Stop) -> Stop {
        guard case .needs(let set) = stop else { return stop.placed(place) }
        for case .answer(_, let arguments) in set.needs {
            var left = Limits.expressionNeedParts
            guard arguments.allSatisfy({ $0.fits(in: &left) }) else {
                return Stop.failed(
                    .tooLarge,
                    "\(name) is asked about more than \(Limits.expressionNeedParts) values"
                ).placed(place)
            }
        }
        return stop
    }

    @inline(__always)
    func charge(_ size: Int, _ meter: inout CostMeter) throws(Stop) {
        try meter.charge((size / 10 + 1) * price)
    }
}

/// Functions that cost one unit for each ten bytes. All others read text, write text or make a list
/// of scalars, and cost more.
private let plainFunctions: Set = [
    "size", "startsWith", "endsWith", "contains", "matches", "dyn", "type", "hasValue", "value",
    "or", "orValue", "optional.of", "optional.none", "optional.ofNonZeroValue", "first", "last",
    "lists.range", "split", "join", "replace", "lowerAscii", "upperAscii", "flatten", "slice",
    "indexOf", "lastIndexOf", "math.greatest", "math.least", "math.abs", "math.sign",
    "sets.contains", "sets.equivalent", "sets.intersects", "isSorted", "sum", "min", "max",
    "includes", "int", "uint",
]
private let readerPrice = 40

/// Compiles a pattern. An invalid pattern is a problem of the expression.
func regularExpression(_ pattern: String) throws(Stop) -> RegularExpression {
    do throws(Failure) { return try RegularExpression(pattern) } catch {
        throw .failed(.invalidRegularExpression, "invalid regular expression: \(error.why)")
    }
}

/// Functions whose calls with constants are evaluated once, when the program is planned. A failure
/// is thrown at run time.
private let foldableFunctions: Set = [
    "duration", "timestamp", "quantity", "ip", "cidr", "url", "semver", "optional.of", "dyn",
]
