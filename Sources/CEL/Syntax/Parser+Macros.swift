// SPDX-License-Identifier: Apache-2.0
// Macros: calls that are rewritten while they are read. Spec: cel-spec, langdef.md, "Macros".

/// Which groups of macros are on.
struct MacroSet: OptionSet, Sendable {
    let rawValue: Int

    static let standard = MacroSet(rawValue: 1)
    static let optionals = MacroSet(rawValue: 2)
    static let twoVariables = MacroSet(rawValue: 4)
    static let bindings = MacroSet(rawValue: 8)
    static let blocks = MacroSet(rawValue: 16)
    static let sorting = MacroSet(rawValue: 32)

    /// For messages.
    var names: [String] {
        let groups: [(MacroSet, [String])] = [
            (.standard, ["has", "all", "exists", "exists_one", "existsOne", "map", "filter"]),
            (.optionals, ["optMap", "optFlatMap"]), (.bindings, ["cel.bind"]),
            (.twoVariables, ["transformList", "transformMap", "transformMapEntry"]),
            (.sorting, ["sortBy"]),
        ]
        return groups.filter { contains($0.0) }.flatMap(\.1)
    }
}

extension Parser {
    /// The node a macro stands for; nil when this is an ordinary call.
    mutating func expanded(
        _ name: String, _ target: Expression?, _ arguments: [Expression], at position: Int
    ) throws(CELProblem) -> Expression? {
        guard let target else {
            guard name == "has", arguments.count == 1, macros.contains(.standard) else {
                return nil
            }
            return try presence(of: arguments[0], at: position)
        }
        if case .identifier("cel", false) = target.kind {
            return try celMacro(name, arguments, at: position)
        }
        guard let shape = shape(of: name, arguments.count) else { return nil }
        return try comprehension(shape, over: target, arguments, at: position)
    }

    private mutating func presence(
        of argument: Expression, at position: Int
    ) throws(CELProblem) -> Expression {
        guard case .path(let base, let steps) = argument.kind, let last = steps.last,
            case .field = last.target, !last.isOptional
        else { throw problem("has() takes a field selection: has(a.b)", at: argument.position) }
        return try node(.presence(base, steps), at: position, over: argument.height)
    }

    // MARK: Comprehensions

    private struct Shape {
        let kind: Comprehension.Kind
        let variables: Int
        let hasCondition: Bool
    }

    private func shape(of name: String, _ count: Int) -> Shape? {
        let shape: Shape?
        switch (name, count) {
        case ("all", 2): shape = Shape(kind: .all, variables: 1, hasCondition: false)
        case ("exists", 2): shape = Shape(kind: .exists, variables: 1, hasCondition: false)
        case ("exists_one", 2), ("existsOne", 2):
            shape = Shape(kind: .existsOne, variables: 1, hasCondition: false)
        case ("map", 2): shape = Shape(kind: .map, variables: 1, hasCondition: false)
        case ("map", 3): shape = Shape(kind: .map, variables: 1, hasCondition: true)
        case ("filter", 2): shape = Shape(kind: .filter, variables: 1, hasCondition: false)
        default: return optionalShape(of: name, count) ?? twoVariableShape(of: name, count)
        }
        return macros.contains(.standard) ? shape : nil
    }

    private func optionalShape(of name: String, _ count: Int) -> Shape? {
        guard count == 2 else { return nil }
        switch name {
        case "optMap" where macros.contains(.optionals):
            return Shape(kind: .optionalMap, variables: 1, hasCondition: false)
        case "optFlatMap" where macros.contains(.optionals):
            return Shape(kind: .optionalFlatMap, variables: 1, hasCondition: false)
        case "sortBy" where macros.contains(.sorting):
            return Shape(kind: .sortBy, variables: 1, hasCondition: false)
        default: return nil
        }
    }

    private func twoVariableShape(of name: String, _ count: Int) -> Shape? {
        guard macros.contains(.twoVariables) else { return nil }
        let kind: Comprehension.Kind
        switch name {
        case "all" where count == 3: kind = .all
        case "exists" where count == 3: kind = .exists
        case "existsOne" where count == 3, "exists_one" where count == 3: kind = .existsOne
        case "transformList": kind = .transformList
        case "transformMap": kind = .transformMap
        case "transformMapEntry": kind = .transformMapEntry
        default: return nil
        }
        guard count == 3 || count == 4 else { return nil }
        return Shape(kind: kind, variables: 2, hasCondition: count == 4)
    }

    private mutating func comprehension(
        _ shape: Shape, over range: Expression, _ arguments: [Expression], at position: Int
    ) throws(CELProblem) -> Expression? {
        var variables: [String] = []
        for argument in arguments.prefix(shape.variables) {
            guard case .identifier(let name, isAbsolute: false) = argument.kind else {
                throw problem("the variable of a macro is a simple name", at: argument.position)
            }
            guard name != "__result__" else {
                throw problem(
                    "the name __result__ is taken: iteration variable overwrites accumulator "
                        + "variable", at: argument.position)
            }
            guard !variables.contains(name) else {
                throw problem("the two variables of a macro have two names", at: argument.position)
            }
            variables.append(name)
        }
        let rest = arguments.dropFirst(shape.variables)
        guard let body = rest.last else { return nil }
        let comprehension = Comprehension(
            kind: shape.kind, range: range, variables: variables,
            condition: shape.hasCondition ? rest.first : nil, body: body)
        let height = arguments.map(\.height).max() ?? 0
        return try node(
            .comprehension(comprehension), at: position, over: max(range.height, height))
    }

    // MARK: cel.bind, cel.block

    private mutating func celMacro(
        _ name: String, _ arguments: [Expression], at position: Int
    ) throws(CELProblem) -> Expression? {
        switch (name, arguments.count) {
        case ("bind", 3) where macros.contains(.bindings):
            guard case .identifier(let variable, isAbsolute: false) = arguments[0].kind else {
                throw problem("cel.bind() takes a simple name first", at: arguments[0].position)
            }
            let height = max(arguments[1].height, arguments[2].height)
            return try node(
                .bind([Binding(name: variable, value: arguments[1])], arguments[2]), at: position,
                over: height)
        case ("block", 2) where macros.contains(.blocks):
            guard case .list(let items) = arguments[0].kind else {
                throw problem("cel.block() takes a list literal first", at: arguments[0].position)
            }
            let slots = items.enumerated().map { number, item in
                Binding(name: "@index\(number)", value: item.value)
            }
            return try node(
                .bind(slots, arguments[1]), at: position,
                over: max(arguments[0].height, arguments[1].height))
        case ("index", 1) where macros.contains(.blocks):
            return try node(
                .identifier("@index\(try number(arguments[0]))", isAbsolute: false), at: position)
        case ("iterVar", 2) where macros.contains(.blocks),
            ("accuVar", 2) where macros.contains(.blocks):
            let names = "\(try number(arguments[0])):\(try number(arguments[1]))"
            return try node(.identifier("@\(name):\(names)", isAbsolute: false), at: position)
        default: return nil
        }
    }

    private func number(_ argument: Expression) throws(CELProblem) -> Int64 {
        guard case .literal(.int(let value)) = argument.kind, value >= 0 else {
            throw problem("the argument is a number from 0 on", at: argument.position)
        }
        return value
    }
}
