// SPDX-License-Identifier: Apache-2.0
// The tree of an expression. Spec: cel-spec, langdef.md, "Syntax" and "Macros".

/// One node of the tree. Chains are flat: `a + b + c`, `a.b.c`, `a && b && c` and
/// `a ? b : c ? d : e` are one node each, so the depth of the tree is the nesting of the text.
///
/// It is a small class, because passes over the tree recurse on the small stacks of tasks.
final class Expression: Sendable {
    indirect enum Kind: Sendable {
        case literal(CELValue)
        /// A name. With a dot before it, it is resolved in the root scope only.
        case identifier(String, isAbsolute: Bool)
        case path(Expression, [PathStep])
        /// `has(path.field)`: tests whether the last step exists.
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
        /// `a.b.Message{…}`: parsed so that the error says that it is not supported.
        case message(String)
    }

    /// The kind without its content, for passes that only dispatch.
    enum Form {
        case literal, path, presence, call, chain, sign, logic, conditional, list, map
        case comprehension, bind, message
    }

    let kind: Kind
    /// Byte offset in the source.
    let position: Int
    /// The height of the tree below, this node included.
    let height: Int

    init(_ kind: Kind, at position: Int, height: Int) {
        self.kind = kind
        self.position = position
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
    let position: Int
}

/// An operator and its right operand; the left operand is the chain before it.
struct ChainLink: Sendable {
    let operation: Operation
    let operand: Expression
    let position: Int
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

/// A macro that iterates over a list, a map or an optional.
struct Comprehension: Sendable {
    enum Kind: Sendable {
        case all, exists, existsOne, map, filter, transformList, transformMap, transformMapEntry
        case optionalMap, optionalFlatMap, sortBy
    }

    let kind: Kind
    let range: Expression
    /// One name, or two: index and item of a list, key and value of a map.
    let variables: [String]
    /// The condition that selects items (`map` and `transform…` with a condition).
    let condition: Expression?
    let body: Expression
}
