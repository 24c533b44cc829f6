// SPDX-License-Identifier: Apache-2.0
// The tree of an expression. Spec: JMESPath, "Grammar".

import Primitives

/// One node; children are evaluated from left to right. Offsets are bytes into the expression.
///
/// Chains are flat (`a.b.c` is one node), so a long expression is not a deep tree.
indirect enum SyntaxNode: Sendable {
    case current
    case field(String, at: Int)
    case literal(JSONValue)
    case index(Int)
    case slice(SliceBounds, at: Int)
    /// Sub-expressions and indexes, each applied to the value of the one before.
    case chain([SyntaxNode])
    case pipe([SyntaxNode])
    case or([SyntaxNode])
    case and([SyntaxNode])
    case not(SyntaxNode)
    case comparison(Comparator, SyntaxNode, SyntaxNode)
    case listProjection(SyntaxNode, SyntaxNode)
    case objectProjection(SyntaxNode, SyntaxNode)
    case filter(SyntaxNode, SyntaxNode, SyntaxNode)
    case flatten(SyntaxNode)
    case multiSelectList([SyntaxNode])
    case multiSelectHash([HashMember])
    /// `&expression`, which is valid only as an argument of a function.
    case reference(SyntaxNode)
    case call(FunctionDefinition, [SyntaxNode], at: Int)
}

struct HashMember: Sendable {
    let name: String
    let value: SyntaxNode
}

struct SliceBounds: Sendable {
    var start: Int?
    var stop: Int?
    var step: Int?
}

enum Comparator: String, Sendable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
}

extension SyntaxNode {
    /// The tree for people, one node a line.
    func outline(depth: Int = 0) -> String {
        let (title, children) = parts
        let line = String(repeating: "  ", count: depth) + title + "\n"
        return line + children.map { $0.outline(depth: depth + 1) }.joined()
    }

    /// The tree for programs: `{"node":…,"children":[…]}`; leaves have no `children`.
    var json: JSONValue {
        let (title, children) = parts
        guard !children.isEmpty else { return ["node": .string(title)] }
        return ["node": .string(title), "children": .array(children.map(\.json))]
    }

    private var parts: (String, [SyntaxNode]) {
        switch self {
        case .current: ("current", [])
        case .field(let name, _): ("field \(quoted(name))", [])
        case .literal(let value): ("literal \(plain(value.compactText))", [])
        case .index(let position): ("index \(position)", [])
        case .slice(let bounds, _): ("slice \(bounds.text)", [])
        case .chain(let nodes): ("sub-expression", nodes)
        case .pipe(let nodes): ("pipe", nodes)
        case .or(let nodes): ("or", nodes)
        case .and(let nodes): ("and", nodes)
        case .not(let node): ("not", [node])
        case .comparison(let punctuation, let left, let right):
            ("comparison \(punctuation.rawValue)", [left, right])
        case .listProjection(let left, let right): ("list projection", [left, right])
        case .objectProjection(let left, let right): ("object projection", [left, right])
        case .filter(let left, let test, let right): ("filter projection", [left, test, right])
        case .flatten(let node): ("flatten", [node])
        case .multiSelectList(let nodes): ("multi-select list", nodes)
        case .multiSelectHash(let members):
            (
                "multi-select hash " + members.map { quoted($0.name) }.joined(separator: " "),
                members.map(\.value)
            )
        case .reference(let node): ("expression reference", [node])
        case .call(let function, let arguments, _): ("function \(function.name)", arguments)
        }
    }
}

extension SliceBounds {
    var text: String {
        [start, stop, step].map { $0.map { String($0) } ?? "" }.joined(separator: ":")
    }
}
