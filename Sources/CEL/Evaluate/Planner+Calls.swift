// SPDX-License-Identifier: Apache-2.0
// Plans calls: resolves the function, and at run time the overload that accepts the values.

internal import Primitives

extension Planner {
    mutating func callPlan(_ expression: Expression) throws(CELProblem) -> Interpretable {
        guard case .call(let name, let target, let arguments) = expression.kind else {
            throw misplaced(expression)
        }
        let meaning = environment.function(
            name, on: target, isLocal: { name in scope.contains { $0.name == name } })
        var operands = try plans(arguments)
        if meaning.isMethod, let target { operands.insert(try plan(target), at: 0) }
        return try callPlan(meaning, operands, at: expression.position)
    }

    private mutating func callPlan(
        _ meaning: FunctionMeaning, _ operands: [Interpretable], at position: Int
    ) throws(CELProblem) -> Interpretable {
        let candidates = environment.overloads(
            meaning.name, isMethod: meaning.isMethod, count: operands.count)
        let nesting = (operands.map(\.nesting).max() ?? 0) + 1
        let evals = operands.map(\.eval)
        guard !candidates.isEmpty else {
            return unboundPlan(meaning.name, evals, at: position)
        }
        if let special = try specialPlan(meaning, operands, at: position) { return special }
        let site = CallSite(candidates, at: position)
        let eval =
            switch evals.count {
            case 1: unary(site, evals[0])
            case 2: binary(site, evals[0], evals[1])
            default: variadic(site, evals)
            }
        if foldableFunctions.contains(meaning.name),
            operands.allSatisfy({ $0.constant != nil }), let value = folded(eval)
        {
            return Interpretable(constant: value, nesting: nesting)
        }
        return Interpretable(eval, nesting: nesting)
    }

    /// A call of an undeclared function fails at run time: another operand may decide first.
    private mutating func unboundPlan(_ name: String, _ evals: [EvalFunction], at position: Int)
        -> Interpretable
    {
        let isKnown = environment.functions[name] != nil
        let kind: CELProblem.Kind = isKnown ? .noSuchOverload : .undeclaredReference
        let unknown = environment.unknownFunctionMessage(name, isGuessing: !isKnown && mayGuess())
        let message =
            isKnown
            ? "no such overload: \(name) does not take \(evals.count) argument\(evals.count == 1 ? "" : "s") this way"
            : "unbound function: \(unknown)"
        return Interpretable { _ throws(EvaluationInterruption) in
            throw EvaluationInterruption.failed(kind, message).positioned(position)
        }
    }

    /// Calls that need more than the values of their arguments.
    private mutating func specialPlan(
        _ meaning: FunctionMeaning, _ operands: [Interpretable], at position: Int
    ) throws(CELProblem) -> Interpretable? {
        switch (meaning.name, operands.count) {
        case ("matches", 2):
            guard case .string(let pattern) = operands[1].constant else { return nil }
            return try matchesPlan(operands[0].eval, pattern, at: position)
        case (let name, 0) where environment.readsBinding(name): return bindingPlan(name)
        case ("or", 2) where meaning.isMethod:
            return fallbackPlan(operands[0].eval, operands[1], at: position, isWrapped: true)
        case ("orValue", 2) where meaning.isMethod:
            return fallbackPlan(operands[0].eval, operands[1], at: position, isWrapped: false)
        default: return nil
        }
    }

    /// A function such as `time.now()`: the value that the caller bound, or an unknown.
    private mutating func bindingPlan(_ name: String) -> Interpretable {
        let number = variable(name)
        return Interpretable { activation throws(EvaluationInterruption) in
            try activation.meter.charge(1)
            guard case .value(let value) = activation.variables[number] else {
                throw .unknown(.attribute(AttributePath(name)))
            }
            return value
        }
    }

    /// A constant pattern is compiled once; an invalid one fails when it is used.
    private mutating func matchesPlan(
        _ text: @escaping EvalFunction, _ pattern: String, at position: Int
    ) throws(CELProblem) -> Interpretable {
        let compiled: RegularExpression
        switch try self.compiled(pattern, at: position) {
        case .success(let expression): compiled = expression
        case .failure(let interruption):
            let interruption = interruption.positioned(position)
            return Interpretable { _ throws(EvaluationInterruption) in throw interruption }
        }
        return Interpretable { activation throws(EvaluationInterruption) in
            guard case .string(let text) = try text(&activation) else {
                throw EvaluationInterruption.noSuchOverload.positioned(position)
            }
            try activation.meter.charge(matchCost(text.utf8.count, compiled))
            return .bool(compiled.matches(text))
        }
    }

    /// `a.or(b)` and `a.orValue(b)`: the fallback is evaluated only if it is needed.
    private func fallbackPlan(
        _ first: @escaping EvalFunction, _ second: Interpretable, at position: Int, isWrapped: Bool
    ) -> Interpretable {
        let fallback = second.eval
        let takesPlain = environment.options.contains(.orValueOnPlainValues)
        return Interpretable(
            { activation throws(EvaluationInterruption) in
                try activation.meter.charge(1)
                let value = try first(&activation)
                guard case .optional(let optional) = value else {
                    if takesPlain, !isWrapped { return value }
                    throw EvaluationInterruption.noSuchOverload.positioned(position)
                }
                if let present = optional.value { return isWrapped ? .optional(optional) : present }
                let other = try fallback(&activation)
                if isWrapped, case .optional = other { return other }
                if isWrapped { throw EvaluationInterruption.noSuchOverload.positioned(position) }
                return other
            }, nesting: second.nesting + 1)
    }

    // MARK: Dispatch

    private func unary(_ site: CallSite, _ operand: @escaping EvalFunction) -> EvalFunction {
        { activation throws(EvaluationInterruption) in
            let value = try operand(&activation)
            try site.charge(value.costSize, &activation.meter)
            for overload in site.candidates where overload.takes(value, at: 0) {
                do throws(EvaluationInterruption) {
                    if case .one(let body) = overload.body {
                        return try body(value, &activation.meter)
                    }
                    return try overload.call([value], &activation.meter)
                } catch { throw site.stopped(by: error) }
            }
            throw noOverload(site, [value])
        }
    }

    private func binary(
        _ site: CallSite, _ first: @escaping EvalFunction, _ second: @escaping EvalFunction
    ) -> EvalFunction {
        { activation throws(EvaluationInterruption) in
            let left = try firstOperand(first, CollectionOfOne(second), &activation)
            let right = try second(&activation)
            try site.charge(left.costSize &+ right.costSize, &activation.meter)
            for overload in site.candidates
            where overload.takes(left, at: 0) && overload.takes(right, at: overload.position(1)) {
                do throws(EvaluationInterruption) {
                    if case .two(let body) = overload.body {
                        return try body(left, right, &activation.meter)
                    }
                    return try overload.call([left, right], &activation.meter)
                } catch { throw site.stopped(by: error) }
            }
            throw noOverload(site, [left, right])
        }
    }

    private func variadic(_ site: CallSite, _ operands: [EvalFunction]) -> EvalFunction {
        { activation throws(EvaluationInterruption) in
            var values: [CELValue] = []
            values.reserveCapacity(operands.count)
            var size = 0
            for (number, operand) in operands.enumerated() {
                do throws(EvaluationInterruption) { values.append(try operand(&activation)) } catch
                {
                    throw withUnknowns(error, of: operands[(number + 1)...], &activation)
                }
                size += values[number].costSize
            }
            try site.charge(size, &activation.meter)
            for overload in site.candidates
            where values.indices.allSatisfy({
                overload.takes(values[$0], at: overload.position($0))
            }) {
                do throws(EvaluationInterruption) {
                    return try overload.call(values, &activation.meter)
                } catch {
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
    func position(_ argument: Int) -> Int { min(argument, parameters.count - 1) }

    /// Calls a body of any form.
    func call(_ values: [CELValue], _ meter: inout CostMeter) throws(EvaluationInterruption)
        -> CELValue
    {
        switch body {
        case .one(let body): try body(values[0], &meter)
        case .two(let body): try body(values[0], values[1], &meter)
        case .many(let body): try body(values, &meter)
        case .binding: throw .unknown(.attribute(AttributePath(name)))
        }
    }
}

private func noOverload(_ site: CallSite, _ values: [CELValue]) -> EvaluationInterruption {
    let types = values.map(\.typeName).joined(separator: ", ")
    return EvaluationInterruption.failed(
        .noSuchOverload, "no such overload: \(site.name)(\(types))"
    )
    .positioned(site.position)
}

/// One call in the source, and its cost.
private struct CallSite: Sendable {
    let candidates: [Overload]
    let position: Int
    /// Units for each ten bytes or items.
    private let price: Int

    init(_ candidates: [Overload], at position: Int) {
        self.candidates = candidates
        self.position = position
        price = plainFunctions.contains(candidates.first?.name ?? "") ? 1 : readerPrice
    }

    var name: String { candidates.first?.name ?? "" }

    /// The interruption that a body threw, with the position of the call. Unknown facts are
    /// compared with each other, so the number of parts in their arguments is limited.
    func stopped(by interruption: EvaluationInterruption) -> EvaluationInterruption {
        guard case .unknowns(let set) = interruption else {
            return interruption.positioned(position)
        }
        for case .answer(_, let arguments) in set.unknowns {
            var left = Limits.expressionUnknownParts
            guard arguments.allSatisfy({ $0.fits(in: &left) }) else {
                return EvaluationInterruption.failed(
                    .tooLarge,
                    "\(name) is asked about more than \(Limits.expressionUnknownParts) values"
                ).positioned(position)
            }
        }
        return interruption
    }

    @inline(__always)
    func charge(_ size: Int, _ meter: inout CostMeter) throws(EvaluationInterruption) {
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
func regularExpression(_ pattern: String) throws(EvaluationInterruption) -> RegularExpression {
    do throws(Failure) { return try RegularExpression(pattern) } catch {
        throw .failed(.invalidRegularExpression, "invalid regular expression: \(error.why)")
    }
}

/// Functions whose calls with constants are evaluated once, when the program is planned. A failure
/// is thrown at run time.
private let foldableFunctions: Set = [
    "duration", "timestamp", "quantity", "ip", "cidr", "url", "semver", "optional.of", "dyn",
]
