// SPDX-License-Identifier: Apache-2.0
// The type check of an expression. Spec: cel-spec, langdef.md, "Gradual Type Checking".

internal import Primitives

/// Finds the type of an expression, or the first type error.
///
/// No code holds a copy of `types` while it checks a part: with a second copy, each change would
/// copy all of it.
struct Checker {
    let environment: CELEnvironment
    let source: String
    private var types = TypeSubstitution()
    private var scope: [(name: String, type: CELType)] = []

    /// The constant patterns that the planner compiled.
    private let patterns: [String: Result<RegularExpression, EvaluationInterruption>]

    init(
        environment: CELEnvironment, source: String,
        patterns: [String: Result<RegularExpression, EvaluationInterruption>]
    ) {
        self.environment = environment
        self.source = source
        self.patterns = patterns
    }

    /// The type of a whole expression; a type parameter without a type becomes `dyn`.
    mutating func check(_ expression: Expression) throws(CELProblem) -> CELType {
        let found = try type(of: expression)
        return types.resolved(found, openAs: .dyn)
    }

    private func problem(
        _ kind: CELProblem.Kind, _ message: String, at position: Int
    ) -> CELProblem {
        CELProblem(kind, message, at: position, in: source)
    }

    /// Dispatches only, without local variables: its frame is on the stack once for each level.
    private mutating func type(of expression: Expression) throws(CELProblem) -> CELType {
        switch expression.form {
        case .literal: literalType(expression)
        case .path: try pathType(expression)
        case .presence: try presence(expression)
        case .call: try call(expression)
        case .chain: try chain(expression)
        case .sign: try sign(expression)
        case .logic: try logic(expression)
        case .conditional: try conditional(expression)
        case .list: try list(expression)
        case .map: try map(expression)
        case .comprehension: try comprehension(expression)
        case .bind: try bind(expression)
        case .message: throw CELProblem(unknownMessage: expression, in: source)
        }
    }

    private func misplaced(_ expression: Expression) -> CELProblem {
        CELProblem(misplaced: expression, in: source)
    }

    private mutating func pathType(_ expression: Expression) throws(CELProblem) -> CELType {
        if case .path(let base, let steps) = expression.kind { return try path(base, steps) }
        return try path(expression, [])
    }

    private mutating func chain(_ expression: Expression) throws(CELProblem) -> CELType {
        guard case .chain(let first, let links) = expression.kind else {
            throw misplaced(expression)
        }
        var result = try type(of: first)
        for link in links {
            let right = try type(of: link.operand)
            result = try resolve(
                link.operation.rawValue, isMethod: false, [result, right], at: link.position)
        }
        return result
    }

    private mutating func sign(_ expression: Expression) throws(CELProblem) -> CELType {
        let name: String
        let operand: CELType
        switch expression.kind {
        case .not(let inner): (name, operand) = ("!_", try type(of: inner))
        case .negate(let inner): (name, operand) = ("-_", try type(of: inner))
        default: throw misplaced(expression)
        }
        return try resolve(name, isMethod: false, [operand], at: expression.position)
    }

    private mutating func logic(_ expression: Expression) throws(CELProblem) -> CELType {
        switch expression.kind {
        case .and(let operands), .or(let operands):
            for operand in operands { try expect(.bool, operand) }
        default: throw misplaced(expression)
        }
        return .bool
    }

    private mutating func bind(_ expression: Expression) throws(CELProblem) -> CELType {
        guard case .bind(let bindings, let body) = expression.kind else {
            throw misplaced(expression)
        }
        for binding in bindings { scope.append((binding.name, try type(of: binding.value))) }
        defer { scope.removeLast(bindings.count) }
        return try type(of: body)
    }

    private mutating func expect(_ wanted: CELType, _ expression: Expression) throws(CELProblem) {
        try demand(wanted, try type(of: expression), expression)
    }

    private mutating func demand(
        _ wanted: CELType, _ found: CELType, _ expression: Expression
    ) throws(CELProblem) {
        if !types.assign(found, to: wanted) {
            throw mismatch(wanted, found, at: expression.position)
        }
    }

    private func mismatch(_ wanted: CELType, _ found: CELType, at position: Int) -> CELProblem {
        problem(
            .noSuchOverload,
            "found no matching overload: expected \(shown(wanted)), found \(shown(found))",
            at: position)
    }

    private func literalType(_ expression: Expression) -> CELType {
        guard case .literal(let value) = expression.kind else { return .dyn }
        return switch value {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        default: .dyn
        }
    }

    private mutating func conditional(_ expression: Expression) throws(CELProblem) -> CELType {
        guard case .conditional(let arms, let otherwise) = expression.kind else {
            throw misplaced(expression)
        }
        for arm in arms { try expect(.bool, arm.condition) }
        var result = try type(of: otherwise)
        for arm in arms.reversed() {
            let found = try type(of: arm.value)
            if !types.assign(result, to: found) {
                throw mismatch(found, result, at: arm.value.position)
            }
            result = types.general(found, result)
        }
        return result
    }

    // MARK: Names and fields

    private mutating func path(
        _ base: Expression, _ steps: [PathStep]
    ) throws(CELProblem) -> CELType {
        var (current, rest) = try root(base, steps)
        var isOptional = false
        for step in rest {
            current = types.resolved(current)
            if case .optional(let inner) = current {
                isOptional = true
                current = types.resolved(inner)
            }
            isOptional = isOptional || step.isOptional
            current = try self.step(step, of: current)
            if isOptional {
                if case .optional = current {} else { current = .optional(current) }
            }
        }
        return current
    }

    private mutating func root(
        _ base: Expression, _ steps: [PathStep]
    ) throws(CELProblem) -> (CELType, ArraySlice<PathStep>) {
        guard case .identifier(let name, let isAbsolute) = base.kind else {
            return (try type(of: base), steps[...])
        }
        if !isAbsolute, let local = scope.last(where: { $0.name == name }) {
            return (local.type, steps[...])
        }
        let names = [name] + leadingNames(steps)
        guard let found = environment.resolve(names, isAbsolute: isAbsolute) else {
            throw undeclared(name, at: base.position)
        }
        let rest = steps[(found.consumed - 1)...]
        switch found.meaning {
        case .variable(let type), .constant(_, let type): return (type, rest)
        }
    }

    private func undeclared(_ name: String, at position: Int) -> CELProblem {
        problem(.undeclaredReference, environment.undeclaredMessage(name), at: position)
    }

    private mutating func step(
        _ step: PathStep, of type: CELType
    ) throws(CELProblem) -> CELType {
        switch step.target {
        case .field(let name): return try field(name, of: type, at: step.position)
        case .index(let expression):
            let index = try self.type(of: expression)
            return try resolve("_[_]", isMethod: false, [type, index], at: step.position)
        }
    }

    private mutating func field(
        _ name: String, of type: CELType, at position: Int
    ) throws(CELProblem) -> CELType {
        switch type {
        case .map(_, let value): return value
        case .dyn, .parameter: return .dyn
        default:
            throw problem(
                .typeMismatch,
                "type '\(shown(type))' does not support field selection: it has no field "
                    + quoted(name), at: position)
        }
    }

    private mutating func presence(_ expression: Expression) throws(CELProblem) -> CELType {
        guard case .presence(let base, let steps) = expression.kind else {
            throw misplaced(expression)
        }
        let openOperand = try path(base, Array(steps.dropLast()))
        var operand = types.resolved(openOperand)
        if case .optional(let inner) = operand { operand = types.resolved(inner) }
        if let last = steps.last, case .field(let name) = last.target {
            _ = try field(name, of: operand, at: last.position)
        }
        return .bool
    }

    // MARK: Aggregates

    private mutating func joined(
        _ known: CELType?, _ found: CELType, at position: Int, _ what: String
    ) throws(CELProblem) -> CELType {
        guard let known else { return found }
        if known == .dyn { return .dyn }
        if types.assign(found, to: known) { return types.general(known, found) }
        guard environment.options.contains(.homogeneousLiterals) else { return .dyn }
        throw problem(
            .typeMismatch,
            "\(what) of one literal have one type: expected \(shown(known)), found \(shown(found))",
            at: position)
    }

    /// The type of an optional entry's value: what the optional holds.
    private mutating func content(
        of value: Expression, isOptional: Bool
    ) throws(CELProblem) -> CELType {
        let openFound = try type(of: value)
        let found = types.resolved(openFound)
        guard isOptional else { return found }
        let inner = types.fresh()
        guard types.assign(found, to: .optional(inner)) else {
            throw problem(
                .typeMismatch, "a value after ? is an optional, not \(found)", at: value.position)
        }
        return types.resolved(inner)
    }

    private mutating func list(_ expression: Expression) throws(CELProblem) -> CELType {
        guard case .list(let items) = expression.kind else { throw misplaced(expression) }
        var item: CELType?
        for entry in items {
            let found = try content(of: entry.value, isOptional: entry.isOptional)
            item = try joined(item, found, at: entry.value.position, "the items")
        }
        return .list(item ?? types.fresh())
    }

    private mutating func key(of entry: MapEntry) throws(CELProblem) -> CELType {
        let openFound = try type(of: entry.key)
        let found = types.resolved(openFound)
        switch found {
        case .bool, .int, .uint, .string, .dyn, .parameter: return found
        default: throw unsupportedKey(found, at: entry.key.position)
        }
    }

    private func unsupportedKey(_ type: CELType, at position: Int) -> CELProblem {
        problem(.unsupportedKey, "unsupported key type: \(type)", at: position)
    }

    private mutating func map(_ expression: Expression) throws(CELProblem) -> CELType {
        guard case .map(let entries) = expression.kind else { throw misplaced(expression) }
        var key: CELType?
        var value: CELType?
        for entry in entries {
            let foundKey = try self.key(of: entry)
            let foundValue = try content(of: entry.value, isOptional: entry.isOptional)
            key = try joined(key, foundKey, at: entry.key.position, "the keys")
            value = try joined(value, foundValue, at: entry.value.position, "the values")
        }
        return .map(key ?? types.fresh(), value ?? types.fresh())
    }

    // MARK: Macros

    private mutating func comprehension(_ expression: Expression) throws(CELProblem) -> CELType {
        guard case .comprehension(let comprehension) = expression.kind else {
            throw misplaced(expression)
        }
        let openRange = try type(of: comprehension.range)
        let range = types.resolved(openRange)
        let variables = try variableTypes(comprehension, range)
        for (name, type) in zip(comprehension.variables, variables) { scope.append((name, type)) }
        defer { scope.removeLast(variables.count) }
        if let condition = comprehension.condition { try expect(.bool, condition) }
        return try result(of: comprehension, range, variables)
    }

    private mutating func result(
        of comprehension: Comprehension, _ range: CELType, _ variables: [CELType]
    ) throws(CELProblem) -> CELType {
        let body = try type(of: comprehension.body)
        switch comprehension.kind {
        case .all, .exists, .existsOne:
            try demand(.bool, body, comprehension.body)
            return .bool
        case .filter:
            try demand(.bool, body, comprehension.body)
            return .list(variables[0])
        case .map, .transformList: return .list(body)
        case .transformMap: return .map(variables[0], body)
        case .transformMapEntry:
            try demand(.map(.dyn, .dyn), body, comprehension.body)
            return types.resolved(body)
        case .sortBy: return range
        case .optionalMap: return .optional(body)
        case .optionalFlatMap:
            try demand(.optional(.dyn), body, comprehension.body)
            return body
        }
    }

    private mutating func variableTypes(
        _ comprehension: Comprehension, _ range: CELType
    ) throws(CELProblem) -> [CELType] {
        let isPair = comprehension.variables.count == 2
        if comprehension.kind == .optionalMap || comprehension.kind == .optionalFlatMap {
            if case .optional(let inner) = range { return [inner] }
            if range == .dyn { return [.dyn] }
        } else {
            switch range {
            case .list(let item): return isPair ? [.int, item] : [item]
            case .map(let key, let value): return isPair ? [key, value] : [key]
            case .dyn: return isPair ? [.dyn, .dyn] : [.dyn]
            case .parameter:
                // `[].map(x, x)`: the element type is unknown, which is not an error.
                return isPair ? [.dyn, .dyn] : [.dyn]
            default: break
            }
        }
        throw problem(
            .typeMismatch,
            "a value of type \(types.resolved(range, openAs: .dyn)) cannot be walked by this macro",
            at: comprehension.range.position)
    }

    // MARK: Calls

    private mutating func call(_ expression: Expression) throws(CELProblem) -> CELType {
        guard case .call(let name, let target, let arguments) = expression.kind else {
            throw misplaced(expression)
        }
        let scope = scope
        let meaning = environment.function(
            name, on: target, isLocal: { name in scope.contains { $0.name == name } })
        var operands: [CELType] = []
        if meaning.isMethod, let target { operands.append(try type(of: target)) }
        for argument in arguments { operands.append(try type(of: argument)) }
        if environment.options.contains(.validatedLiterals) {
            try validateLiterals(meaning.name, arguments)
        }
        return try resolve(
            meaning.name, isMethod: meaning.isMethod, operands, at: expression.position)
    }

    /// The result type of the overloads that accept these types; `dyn` if they differ.
    private mutating func resolve(
        _ name: String, isMethod: Bool, _ operands: [CELType], at position: Int
    ) throws(CELProblem) -> CELType {
        guard environment.functions[name] != nil else {
            throw problem(
                .undeclaredReference, environment.unknownFunctionMessage(name), at: position)
        }
        if let plain = plainOperator(name, operands) { return plain }
        var result: CELType?
        for overload in environment.overloads(name, isMethod: isMethod, count: operands.count)
        where isEnabled(overload) {
            var names: [String: CELType] = [:]
            var parameters: [CELType] = []
            for position in operands.indices {
                parameters.append(
                    types.instance(of: overload.parameters[overload.position(position)], &names))
            }
            let found = types.instance(of: overload.result, &names)
            guard types.assign(operands, to: parameters) else { continue }
            let filled = types.resolved(found)
            if let known = result, known != filled { return .dyn }
            result = filled
        }
        if let result { return result }
        // With the option, `x.orValue(y)` is x if x is not an optional.
        if name == "orValue", isMethod, operands.count == 2,
            environment.options.contains(.orValueOnPlainValues)
        {
            return types.general(operands[0], operands[1])
        }
        throw problem(
            .noSuchOverload,
            "found no matching overload for '\(plain(name))' applied to "
                + "'\(signature(operands, isMethod))'",
            at: position)
    }

    /// The most common operators, without a search for overloads, which takes most of a check's
    /// time.
    private func plainOperator(_ name: String, _ operands: [CELType]) -> CELType? {
        guard operands.count == 2 else { return nil }
        switch (name, operands[0], operands[1]) {
        case ("_==_", .dyn, _), ("_==_", _, .dyn), ("_!=_", .dyn, _), ("_!=_", _, .dyn):
            return .bool
        case ("_+_", .int, .int): return .int
        case ("_+_", .string, .string): return .string
        default: return nil
        }
    }

    private func isEnabled(_ overload: Overload) -> Bool {
        guard orderOperators.contains(overload.name),
            overload.parameters[0] != overload.parameters[1]
        else { return true }
        return environment.options.contains(.crossTypeComparisons)
    }

    private func signature(_ operands: [CELType], _ isMethod: Bool) -> String {
        let types = operands.map(shown)
        return isMethod
            ? "\(types[0]).(\(types.dropFirst().joined(separator: ", ")))"
            : "(\(types.joined(separator: ", ")))"
    }

    /// The type as error messages show it; a parameter without a type is `dyn`.
    private func shown(_ type: CELType) -> String {
        types.resolved(type, openAs: .dyn).description
    }

    private func validateLiterals(
        _ name: String, _ arguments: [Expression]
    ) throws(CELProblem) {
        guard let last = arguments.last, case .literal(.string(let text)) = last.kind else {
            return
        }
        var reason: String?
        switch name {
        case "matches":
            if case .failure(.problem(let problem))? = patterns[text] { reason = problem.message }
        case "duration":
            if case .duration = GoDuration.read(text) {
            } else {
                reason = "no duration: \(quoted(text))"
            }
        case "timestamp":
            if case .time = readTimestamp(text) {} else { reason = "no timestamp: \(quoted(text))" }
        default: break
        }
        if let reason { throw problem(.conversion, reason, at: last.position) }
    }
}

private let orderOperators: Set = ["_<_", "_<=_", "_>_", "_>=_"]
