// SPDX-License-Identifier: Apache-2.0
// The tree of an expression. Spec: cel-spec, langdef.md, "Syntax" and "Macros".

/// One node with where it stands. Chains are flat, so that depth is true nesting: `a + b + c`,
/// `a.b.c`, `a && b && c` and `a ? b : c ? d : e` are one node each.
///
/// A class, and small: passes over the tree recurse, and tasks run on small stacks.
final class Expression: Sendable {
    indirect enum Kind: Sendable {
        case literal(CELValue)
        /// A name; with a dot before it, it is sought in the root scope only.
        case identifier(String, isAbsolute: Bool)
        case path(Expression, [PathStep])
        /// `has(path.field)`: the last step is looked for and not taken.
        case presence(Expression, [PathStep])
        case call(String, target: Expression?, [Expression])
        case chain(Expression, [ChainLink])
        case not(Expression)
        case negate(Expression)
        case and([Expression])
        case or([Expression])
        case conditional([ConditionalArm], otherwise: Expression)
        case list([ListItem])
        case map([MapEntry])
        case comprehension(Comprehension)
        /// `cel.bind` and the slots of `cel.block`.
        case bind([Binding], Expression)
        /// `a.b.Message{…}`: read so that it can be told apart from a mistake.
        case message(String)
    }

    /// The kind without what belongs to it, for passes that only hand on.
    enum Form {
        case literal, path, presence, call, chain, sign, logic, conditional, list, map
        case comprehension, bind, message
    }

    let kind: Kind
    /// Byte offset in the source.
    let place: Int
    /// Nodes on the longest way down, this one counted.
    let height: Int

    init(_ kind: Kind, at place: Int, height: Int) {
        self.kind = kind
        self.place = place
        self.height = height
    }

    var form: Form {
        switch kind {
        case .literal: .literal
        case .identifier, .path: .path
        case .presence: .presence
        case .call: .call
        case .chain: .chain
        case .not, .negate: .sign
        case .and, .or: .logic
        case .conditional: .conditional
        case .list: .list
        case .map: .map
        case .comprehension: .comprehension
        case .bind: .bind
        case .message: .message
        }
    }
}

/// `.field`, `.?field`, `[index]` or `[?index]`.
struct PathStep: Sendable {
    enum Target: Sendable {
        case field(String)
        case index(Expression)
    }

    let target: Target
    let isOptional: Bool
    let place: Int
}

/// An operator and its right side; the left side is all that stands before.
struct ChainLink: Sendable {
    let operation: Operation
    let operand: Expression
    let place: Int
}

/// The binary operators that are functions; `&&`, `||` and `?:` are not.
enum Operation: String, Sendable {
    case add = "_+_"
    case subtract = "_-_"
    case multiply = "_*_"
    case divide = "_/_"
    case remainder = "_%_"
    case equal = "_==_"
    case notEqual = "_!=_"
    case less = "_<_"
    case lessOrEqual = "_<=_"
    case greater = "_>_"
    case greaterOrEqual = "_>=_"
    case contained = "@in"
}

struct ConditionalArm: Sendable {
    let condition: Expression
    let value: Expression
}

struct ListItem: Sendable {
    let value: Expression
    let isOptional: Bool
}

struct MapEntry: Sendable {
    let key: Expression
    let value: Expression
    let isOptional: Bool
}

struct Binding: Sendable {
    let name: String
    let value: Expression
}

/// A macro that walks a list, a map or an optional.
struct Comprehension: Sendable {
    enum Kind: Sendable {
        case all, exists, existsOne, map, filter, transformList, transformMap, transformMapEntry
        case optionalMap, optionalFlatMap, sortBy
    }

    let kind: Kind
    let range: Expression
    /// One name, or two: index and item of a list, key and value of a map.
    let variables: [String]
    /// What must hold for an item to be taken (`map` and `transform…` with a condition).
    let condition: Expression?
    let body: Expression
}
