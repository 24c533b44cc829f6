// SPDX-License-Identifier: Apache-2.0
// The parsed part of an expression, with its depth. Spec: JMESPath, "Grammar".

/// A node, or a chain that still grows at its end: `a.b.c` and `a || b || c` are parsed in linear
/// time and are one node each, so a long expression is not a deep tree.
struct ParsedExpression {
    enum Join { case none, chain, pipe, or, and }

    private var first: SyntaxNode
    private var others: [SyntaxNode] = []
    private var join = Join.none
    /// The depth of the tree. It is checked while the tree grows, so that a traversal of the tree
    /// cannot overflow the stack.
    private(set) var depth: Int
    /// The greatest number of lists and objects that it nests around the input, also in
    /// intermediate values. It is checked for the same reason, because values are traversed too.
    private(set) var nesting: Int

    init(_ node: SyntaxNode, depth: Int, nesting: Int) {
        first = node
        self.depth = depth
        self.nesting = nesting
    }

    /// The tree of the parsed part.
    var node: SyntaxNode {
        switch join {
        case .none: first
        case .chain: .chain([first] + others)
        case .pipe: .pipe([first] + others)
        case .or: .or([first] + others)
        case .and: .and([first] + others)
        }
    }

    var isReference: Bool {
        if case .none = join, case .reference = first { true } else { false }
    }

    private var isCurrent: Bool {
        if case .none = join, case .current = first { true } else { false }
    }

    /// Appends a sub-expression or an index. They are associative, so a chain on the right is
    /// joined.
    mutating func chain(_ right: ParsedExpression) {
        if right.isCurrent { return }
        if isCurrent {
            self = right
            return
        }
        let isChain = right.join == .chain
        append(isChain ? [right.first] + right.others : [right.node], as: .chain)
        depth = max(depth, isChain ? right.depth : right.depth + 1)
        nesting += right.nesting
    }

    /// Appends an operand of `|`, `||` or `&&`. A right operand in parentheses stays separate.
    mutating func series(_ right: ParsedExpression, as join: Join) {
        append([right.node], as: join)
        depth = max(depth, right.depth + 1)
        nesting = join == .pipe ? nesting + right.nesting : max(nesting, right.nesting)
    }

    private mutating func append(_ nodes: [SyntaxNode], as join: Join) {
        if self.join != join {
            first = node
            others = []
            depth += 1
            self.join = join
        }
        others += nodes
    }
}
