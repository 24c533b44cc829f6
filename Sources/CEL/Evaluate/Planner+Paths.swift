// SPDX-License-Identifier: Apache-2.0
// Plans names, fields and indexes. Spec: cel-spec, langdef.md, "Name Resolution" and "Field
// Selection".

internal import Primitives

/// A planned step of a path.
enum PlannedStep: Sendable {
    case field(String, isOptional: Bool)
    case index(EvalFunction, isOptional: Bool, constant: CELValue?)

    var isOptional: Bool {
        switch self {
        case .field(_, let isOptional), .index(_, let isOptional, _): isOptional
        }
    }
}

extension Planner {
    /// The first element of a path.
    private enum Root {
        case constant(CELValue)
        case local(slot: Int, nesting: Int)
        case variable(number: Int, name: String)
        case expression(Interpretable)
        case undeclared(String, at: Int)
    }

    mutating func pathPlan(_ expression: Expression) throws(CELProblem) -> Interpretable {
        if case .path(let base, let steps) = expression.kind {
            let (root, rest) = try root(base, steps)
            return try reading(root, try planned(rest), at: steps.last?.position ?? base.position)
        }
        let (root, _) = try root(expression, [])
        return try reading(root, [], at: expression.position)
    }

    /// The root, which consumes the steps of a qualified name, and the remaining steps.
    private mutating func root(
        _ base: Expression, _ steps: [PathStep]
    ) throws(CELProblem) -> (Root, ArraySlice<PathStep>) {
        guard case .identifier(let name, let isAbsolute) = base.kind else {
            return (.expression(try plan(base)), steps[...])
        }
        if !isAbsolute, let local = local(name) {
            return (.local(slot: local.slot, nesting: local.nesting), steps[...])
        }
        let names = [name] + leadingNames(steps)
        guard let found = environment.resolve(names, isAbsolute: isAbsolute) else {
            return (.undeclared(name, at: base.position), steps[...])
        }
        let rest = steps[(found.consumed - 1)...]
        switch found.meaning {
        case .variable: return (.variable(number: variable(found.name), name: found.name), rest)
        case .constant(let value, _): return (.constant(value), rest)
        }
    }

    private mutating func planned(
        _ steps: ArraySlice<PathStep>
    ) throws(CELProblem) -> [PlannedStep] {
        var planned: [PlannedStep] = []
        for step in steps {
            switch step.target {
            case .field(let name): planned.append(.field(name, isOptional: step.isOptional))
            case .index(let expression):
                let index = try plan(expression)
                planned.append(
                    .index(index.eval, isOptional: step.isOptional, constant: index.constant))
            }
        }
        return planned
    }

    private mutating func reading(
        _ root: Root, _ steps: [PlannedStep], at position: Int
    ) throws(CELProblem) -> Interpretable {
        let wrapping = steps.contains { $0.isOptional } ? 1 : 0
        switch root {
        case .constant(let value):
            if steps.isEmpty { return Interpretable(constant: value) }
            return Interpretable(
                { activation throws(EvaluationInterruption) in
                    try walk(steps, from: value, &activation, at: position)
                },
                nesting: wrapping)
        case .local(let slot, let nesting):
            return reading(slot, steps, nesting + wrapping, position)
        case .variable(let number, let name):
            return reading(number, name, steps, wrapping, position)
        case .expression(let base):
            let eval = base.eval
            return Interpretable(
                { activation throws(EvaluationInterruption) in
                    try walk(steps, from: try eval(&activation), &activation, at: position)
                }, nesting: base.nesting + wrapping)
        case .undeclared(let name, let start):
            let message = environment.undeclaredMessage(name, isGuessing: mayGuess())
            return Interpretable { _ throws(EvaluationInterruption) in
                throw EvaluationInterruption.failed(.undeclaredReference, message).positioned(start)
            }
        }
    }

    private func reading(
        _ slot: Int, _ steps: [PlannedStep], _ nesting: Int, _ position: Int
    ) -> Interpretable {
        if steps.isEmpty {
            return Interpretable(
                { activation throws(EvaluationInterruption) in
                    try activation.meter.charge(1)
                    return try activation.local(slot)
                }, nesting: nesting)
        }
        return Interpretable(
            { activation throws(EvaluationInterruption) in
                try walk(steps, from: try activation.local(slot), &activation, at: position)
            }, nesting: nesting)
    }

    private func reading(
        _ number: Int, _ name: String, _ steps: [PlannedStep], _ nesting: Int, _ position: Int
    ) -> Interpretable {
        let needed = EvaluationInterruption.unknown(
            .attribute(AttributePath(name, constantKeys(steps))))
        return Interpretable(
            { activation throws(EvaluationInterruption) in
                switch activation.variables[number] {
                case .value(let value):
                    return try walk(steps, from: value, &activation, at: position)
                case .unknown:
                    throw withUnknowns(needed, of: steps.lazy.compactMap(\.eval), &activation)
                case .partial(let value, let missing):
                    try refuse(missing, touchedBy: steps, of: name, &activation)
                    return try walk(steps, from: value, &activation, at: position)
                case .problem(let problem):
                    throw EvaluationInterruption.problem(problem).positioned(position)
                case .absent:
                    throw EvaluationInterruption.failed(
                        .undeclaredReference, "no value is bound to '\(name)'"
                    ).positioned(position)
                }
            }, nesting: nesting)
    }

    // MARK: has()

    mutating func presencePlan(_ expression: Expression) throws(CELProblem) -> Interpretable {
        let position = expression.position
        guard case .presence(let base, let steps) = expression.kind else {
            throw misplaced(expression)
        }
        guard let last = steps.last, case .field(let name) = last.target else {
            throw problem(.bug, "has() without a field", at: position)
        }
        let (root, rest) = try root(base, Array(steps.dropLast()))
        let prefix = try planned(rest)
        // The search for unknown parts uses the whole path, so the field is a step there.
        let whole = prefix + [.field(name, isOptional: false)]
        guard case .variable(let number, let variable) = root else {
            let read = try reading(root, prefix, at: position).eval
            return Interpretable { activation throws(EvaluationInterruption) in
                .bool(try isPresent(name, in: try read(&activation), at: position))
            }
        }
        let read = reading(number, variable, prefix, 0, position).eval
        return Interpretable { activation throws(EvaluationInterruption) in
            let value: CELValue
            if case .partial(let known, let missing) = activation.variables[number] {
                try refuse(missing, touchedBy: whole, of: variable, &activation)
                value = try walk(prefix, from: known, &activation, at: position)
            } else {
                value = try read(&activation)
            }
            return .bool(try isPresent(name, in: value, at: position))
        }
    }
}

extension PlannedStep {
    fileprivate var eval: EvalFunction? {
        if case .index(let eval, _, nil) = self { eval } else { nil }
    }
}

/// The plain field names at the start of a path.
func leadingNames(_ steps: [PathStep]) -> [String] {
    var names: [String] = []
    for step in steps {
        guard case .field(let name) = step.target, !step.isOptional else { break }
        names.append(name)
    }
    return names
}

/// The keys of a path up to the first that is known only at run time.
private func constantKeys(_ steps: [PlannedStep]) -> [CELKey] {
    var keys: [CELKey] = []
    for step in steps {
        switch step {
        case .field(let name, _): keys.append(.string(name))
        case .index(_, _, let constant):
            guard let constant, let key = CELKey(lookup: constant) else { return keys }
            keys.append(key)
        }
    }
    return keys
}

/// Throws the unknown parts on or below a path.
private func refuse(
    _ missing: [AttributePath], touchedBy steps: [PlannedStep], of name: String,
    _ activation: inout Activation
) throws(EvaluationInterruption) {
    var keys: [CELKey] = []
    for step in steps {
        switch step {
        case .field(let name, _): keys.append(.string(name))
        case .index(let eval, _, _):
            guard let key = CELKey(lookup: try eval(&activation)) else { return }
            keys.append(key)
        }
    }
    let path = AttributePath(name, keys)
    let touched = missing.filter { path.touches($0) }
    if !touched.isEmpty {
        throw .unknowns(UnknownSet(touched.prefix(mostUnknowns).map(UnknownAttribute.attribute)))
    }
}

// MARK: - Walking

/// Follows all steps from a value. The name costs 1, each step costs 1.
@inline(__always)
private func walk(
    _ steps: [PlannedStep], from start: CELValue, _ activation: inout Activation, at position: Int
) throws(EvaluationInterruption) -> CELValue {
    try activation.meter.charge(1 + steps.count)
    var value = start
    for step in steps {
        do throws(EvaluationInterruption) { value = try take(step, from: value, &activation) } catch
        {
            throw error.positioned(position)
        }
    }
    return value
}

private func take(
    _ step: PlannedStep, from value: CELValue, _ activation: inout Activation
) throws(EvaluationInterruption) -> CELValue {
    switch step {
    case .field(let name, let isOptional):
        switch value {
        case .map(let map) where !isOptional:
            guard let found = map[name] else { throw noSuchKey(.string(name)) }
            return found
        case .map, .optional: break
        default:
            if !isOptional { throw unselectable(name, in: value) }
        }
        return try member(.string(name), of: value, isOptional: isOptional)
    case .index(let eval, let isOptional, _):
        return try member(try eval(&activation), of: value, isOptional: isOptional)
    }
}

/// `value[key]`. On an optional, a missing key gives `none` instead of an error.
func member(_ key: CELValue, of value: CELValue, isOptional: Bool) throws(EvaluationInterruption)
    -> CELValue
{
    if case .optional(let optional) = value {
        guard let inner = optional.value else { return .none }
        return try element(key, of: inner, mayMiss: true).map(CELValue.of) ?? .none
    }
    if isOptional { return try element(key, of: value, mayMiss: true).map(CELValue.of) ?? .none }
    guard let found = try element(key, of: value, mayMiss: false) else { throw noSuchKey(key) }
    return found
}

private func element(
    _ key: CELValue, of value: CELValue, mayMiss: Bool
) throws(EvaluationInterruption) -> CELValue? {
    switch value {
    case .map(let map): return CELKey(lookup: key).flatMap { map[$0] }
    case .list(let items):
        let position: Int?
        switch key {
        case .int(let number): position = Int(number)
        case .uint(let number): position = Int(exactly: number)
        case .double(let number): position = Int(exactly: number)
        default:
            throw .failed(
                .invalidArgument, "invalid_argument: a list index cannot be of type \(key.typeName)"
            )
        }
        if let position, items.indices.contains(position) { return items[position] }
        if mayMiss { return nil }
        throw .failed(
            .invalidArgument,
            "invalid_argument: index out of bounds: \(position.map(String.init) ?? "no whole number") "
                + "in a list of \(items.count)"
        )
    default:
        guard case .string = key else { throw .noSuchOverload }
        throw noSuchKey(key, in: value)
    }
}

private func unselectable(_ name: String, in value: CELValue) -> EvaluationInterruption {
    .failed(
        .noSuchOverload,
        "type '\(value.typeName)' does not support field selection: no such key: '\(plain(name))'")
}

func noSuchKey(_ key: CELValue, in value: CELValue? = nil) -> EvaluationInterruption {
    let name = CELKey(key).map(shown) ?? key.typeName
    let reason = value.map { " (its value is of type \($0.typeName))" } ?? ""
    return .failed(.noSuchKey, "no such key: \(name)\(reason)")
}

private func isPresent(_ name: String, in value: CELValue, at position: Int)
    throws(EvaluationInterruption) -> Bool
{
    switch value {
    case .map(let map): return map[name] != nil
    case .optional(let optional):
        guard let inner = optional.value else { return false }
        return try isPresent(name, in: inner, at: position)
    default: throw noSuchKey(.string(name), in: value).positioned(position)
    }
}
