// SPDX-License-Identifier: Apache-2.0
// The paths and functions that an expression refers to, found without evaluation. A caller that
// cannot supply one of them rejects the expression when it is compiled.

import Primitives

/// The paths and functions that an expression refers to.
package struct ReferencedPaths: Hashable, Sendable {
    /// A path of names from the document's root, as far as it is known, with at most
    /// `Limits.referencedPathLength` names. A name that is known only at evaluation is nil.
    package typealias Path = [String?]

    /// All paths whose values are used. The empty path is the whole document.
    package private(set) var paths: Set<Path> = []
    package private(set) var functions: Set<String> = []

    package init() {}

    package mutating func formUnion(_ other: ReferencedPaths) {
        paths.formUnion(other.paths)
        functions.formUnion(other.functions)
    }

    init(of node: SyntaxNode) {
        let spot = follow(node, from: [])
        use(spot)
    }

    /// The path of the node's value; nil for a computed value, an item or a copy.
    private mutating func follow(_ node: SyntaxNode, from spot: Path?) -> Path? {
        switch node {
        case .current: return spot
        case .field(let name, _):
            guard let spot, spot.count < Limits.referencedPathLength else { return spot }
            return spot + [namedAtLoad(name)]
        case .literal: return nil
        case .chain(let nodes), .pipe(let nodes):
            var position = spot
            for node in nodes { position = follow(node, from: position) }
            return position
        case .index, .slice:
            use(spot)
            return nil
        case .or(let nodes), .and(let nodes), .multiSelectList(let nodes):
            for node in nodes { use(follow(node, from: spot)) }
        case .multiSelectHash(let members):
            for member in members { use(follow(member.value, from: spot)) }
        case .not(let inner), .flatten(let inner): use(follow(inner, from: spot))
        case .comparison(_, let left, let right):
            use(follow(left, from: spot))
            use(follow(right, from: spot))
        case .listProjection(let left, let right), .objectProjection(let left, let right):
            use(follow(left, from: spot))
            use(follow(right, from: nil))
        case .filter(let left, let test, let right):
            use(follow(left, from: spot))
            use(follow(test, from: nil))
            use(follow(right, from: nil))
        case .reference(let inner): use(follow(inner, from: nil))
        case .call(let function, let arguments, _):
            functions.insert(function.name)
            for argument in arguments { use(follow(argument, from: spot)) }
        }
        return nil
    }

    private mutating func use(_ spot: Path?) {
        if let spot { paths.insert(spot) }
    }
}

/// The name; nil if it contains a variable.
private func namedAtLoad(_ name: String) -> String? {
    name.unicodeScalars.contains(where: VariableMark.isMark) ? nil : name
}

/// One step of a plain path.
package enum PathStep: Hashable, Sendable {
    case member(String)
    /// An index from 0; a negative index counts from the end.
    case index(Int)
}

extension SyntaxNode {
    /// The steps of `a.b[0]`, `a.b || 'default'` or `length(a.b)`; nil for other expressions.
    var plainPath: [PathStep]? {
        switch self {
        case .or(let nodes):
            guard nodes.count == 2, case .literal? = nodes.last else { return nil }
            return nodes[0].steps
        case .call(let function, let arguments, _):
            guard function.name == "length", arguments.count == 1 else { return nil }
            return arguments[0].steps
        default: return steps
        }
    }

    /// The steps, if the node is a path.
    var steps: [PathStep]? {
        switch self {
        case .field(let name, _): return namedAtLoad(name).map { [.member($0)] }
        case .index(let position): return [.index(position)]
        case .chain(let nodes):
            var steps: [PathStep] = []
            for node in nodes {
                guard let step = node.steps else { return nil }
                steps += step
            }
            return steps
        default: return nil
        }
    }
}
