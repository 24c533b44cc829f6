// SPDX-License-Identifier: Apache-2.0
// What the parser has read so far, and how deep it and its values nest. Spec: JMESPath, "Grammar".

/// A node, or a series that still grows at its end: `a.b.c` and `a || b || c` are read in linear
/// time and are one node each, so that a long expression is not a deep one.
struct ParsedExpression {
    enum Join { case none, chain, pipe, or, and }

    private var first: SyntaxNode
    private var others: [SyntaxNode] = []
    private var join = Join.none
    /// Nodes on the longest way down. Checked as the tree grows, so that nothing that walks the tree
    /// later can run out of stack.
    private(set) var depth: Int
    /// How many lists and objects it puts around what came in, at most and anywhere on its way.
    /// Checked for the same reason, as values are walked too.
    private(set) var nesting: Int

    init(_ node: SyntaxNode, depth: Int, nesting: Int) {
        first = node
        self.depth = depth
        self.nesting = nesting
    }

    /// The tree of what was read.
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

    /// Appends a sub-expression or an index. They are associative, so a chain on the right joins too.
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

    /// Appends an operand of `|`, `||` or `&&`. What is in parentheses on the right stays apart.
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
