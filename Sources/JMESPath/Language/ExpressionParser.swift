// SPDX-License-Identifier: Apache-2.0
// From tokens to a tree: top-down operator precedence, after Pratt (1973). Tokens are read all at
// once, so that looking ahead costs nothing. Spec: JMESPath, "Grammar".

import Primitives

/// A node and how deep it is; the depth is checked as the tree grows, so that nothing that walks
/// the tree later can run out of stack.
struct ParsedExpression {
    let node: SyntaxNode
    let depth: Int
}

struct ExpressionParser {
    private let tokens: [ExpressionToken]
    private let dialect: JMESPathDialect
    private var place = 0
    private var depth = 0

    static func parse(_ expression: String, _ dialect: JMESPathDialect)
        throws(EvaluationStop) -> SyntaxNode
    {
        var parser = ExpressionParser(
            tokens: try ExpressionLexer.tokens(of: expression), dialect: dialect)
        let tree = try parser.expression(0)
        guard parser.token.kind == .end else { throw parser.unexpected("the end") }
        return tree.node
    }

    private init(tokens: [ExpressionToken], dialect: JMESPathDialect) {
        self.tokens = tokens
        self.dialect = dialect
    }

    private mutating func expression(_ power: Int) throws(EvaluationStop) -> ParsedExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Limits.jmespathDepth else { throw tooDeep }
        let first = take()
        var left = try prefix(first)
        while power < bindingPower(token.kind) {
            let sign = take()
            left = try infix(sign, left)
        }
        return left
    }

    /// A token where a value begins ("nud").
    private mutating func prefix(_ first: ExpressionToken)
        throws(EvaluationStop) -> ParsedExpression
    {
        switch first.kind {
        case .literal(let value): return leaf(.literal(value))
        case .identifier(let name): return leaf(.field(name, at: first.offset))
        case .quotedIdentifier(let name):
            guard !isNext("(") else {
                throw EvaluationStop(
                    .syntax, "the name of a function is not quoted", at: first.offset)
            }
            return leaf(.field(name, at: first.offset))
        case .sign("@"): return leaf(.current)
        case .sign("*"):
            return try wrap(SyntaxNode.objectProjection, identity, try projected(powers.star))
        case .sign("[]"):
            return try wrap(
                SyntaxNode.listProjection, leaf(.flatten(.current)), try projected(powers.flatten))
        case .sign("[?"): return try filter(identity)
        case .sign("["): return try bracketPrefix()
        case .sign("{"): return try multiSelectHash()
        case .sign("("):
            let inner = try expression(0)
            try expect(")")
            return inner
        case .sign("!"):
            let inner = try expression(powers.not)
            return try node(.not(inner.node), over: inner)
        default:
            place -= 1
            throw unexpected("a value")
        }
    }

    /// A token after a value ("led").
    private mutating func infix(_ sign: ExpressionToken, _ left: ParsedExpression)
        throws(EvaluationStop) -> ParsedExpression
    {
        switch sign.kind {
        case .sign("."):
            if take("*") {
                // Deviation kept from Kyverno: there `a.*.b.c` is `(a.*.b).c`, null of a list, for
                // a projection after a value takes one name only. In the specification it goes on.
                let power = dialect == .kyverno ? powers.dot : powers.star
                return try wrap(SyntaxNode.objectProjection, left, try projected(power))
            }
            return try chain(left, try dotRight(powers.dot))
        case .sign("|"): return try series(left, try expression(powers.pipe), SyntaxNode.pipe)
        case .sign("||"): return try series(left, try expression(powers.or), SyntaxNode.or)
        case .sign("&&"): return try series(left, try expression(powers.and), SyntaxNode.and)
        case .comparator(let comparator):
            let right = try expression(powers.comparator)
            return try node(.comparison(comparator, left.node, right.node), over: left, right)
        case .sign("[]"):
            let flat = try node(.flatten(left.node), over: left)
            return try wrap(SyntaxNode.listProjection, flat, try projected(powers.flatten))
        case .sign("[?"): return try filter(left)
        case .sign("["): return try bracket(left)
        case .sign("("): return try call(left, at: sign.offset)
        default:
            place -= 1
            throw unexpected("an operator")
        }
    }

    // MARK: Brackets

    private mutating func bracketPrefix() throws(EvaluationStop) -> ParsedExpression {
        switch token.kind {
        case .number, .sign(":"): return try indexed(identity)
        case .sign("*") where tokens[min(place + 1, tokens.count - 1)].kind == .sign("]"):
            place += 2
            return try wrap(SyntaxNode.listProjection, identity, try projected(powers.star))
        default: return try multiSelectList()
        }
    }

    private mutating func bracket(_ left: ParsedExpression)
        throws(EvaluationStop) -> ParsedExpression
    {
        switch token.kind {
        case .number, .sign(":"): return try indexed(left)
        default:
            guard take("*") else { throw unexpected("a number, a slice or *") }
            try expect("]")
            return try wrap(SyntaxNode.listProjection, left, try projected(powers.star))
        }
    }

    /// `[n]`, or `[start:stop:step]`, which projects.
    private mutating func indexed(_ left: ParsedExpression)
        throws(EvaluationStop) -> ParsedExpression
    {
        let start = token.offset
        var parts: [Int?] = [nil, nil, nil]
        var part = 0
        while !isNext("]") {
            if case .number(let value) = token.kind, parts[part] == nil {
                parts[part] = value
                place += 1
            } else if part < 2, take(":") {
                part += 1
                continue
            }
            guard isNext("]") || isNext(":") && part < 2 else {
                throw unexpected(part < 2 ? "a number, : or ]" : "a number or ]")
            }
        }
        try expect("]")
        if part == 0, let index = parts[0] { return try chain(left, leaf(.index(index))) }
        let bounds = SliceBounds(start: parts[0], stop: parts[1], step: parts[2])
        let sliced = try chain(left, leaf(.slice(bounds, at: start)))
        return try wrap(SyntaxNode.listProjection, sliced, try projected(powers.star))
    }

    private mutating func filter(_ left: ParsedExpression)
        throws(EvaluationStop) -> ParsedExpression
    {
        let test = try expression(0)
        try expect("]")
        let right = isNext("[]") ? identity : try projected(powers.filter)
        return try node(.filter(left.node, test.node, right.node), over: left, test, right)
    }

    /// What a projection does to each item: everything up to where projections end.
    private mutating func projected(_ power: Int) throws(EvaluationStop) -> ParsedExpression {
        switch token.kind {
        case .sign("["), .sign("[?"): return try expression(power)
        case .sign("."):
            place += 1
            return try dotRight(power)
        default:
            guard bindingPower(token.kind) < powers.projectionEnd else {
                throw unexpected("the end of the projection")
            }
            return identity
        }
    }

    private mutating func dotRight(_ power: Int) throws(EvaluationStop) -> ParsedExpression {
        switch token.kind {
        case .identifier, .quotedIdentifier, .sign("*"): return try expression(power)
        case .sign("["):
            place += 1
            return try multiSelectList()
        case .sign("{"):
            place += 1
            return try multiSelectHash()
        default: throw unexpected("a name, *, [ or {")
        }
    }

    // MARK: Lists of expressions

    private mutating func multiSelectList() throws(EvaluationStop) -> ParsedExpression {
        var items: [ParsedExpression] = []
        repeat { items.append(try expression(0)) } while take(",")
        try expect("]")
        return try node(.multiSelectList(items.map(\.node)), over: items)
    }

    private mutating func multiSelectHash() throws(EvaluationStop) -> ParsedExpression {
        var members: [HashMember] = []
        var values: [ParsedExpression] = []
        repeat {
            let name: String
            switch token.kind {
            case .identifier(let text), .quotedIdentifier(let text): name = text
            default: throw unexpected("a name")
            }
            place += 1
            try expect(":")
            let value = try expression(0)
            members.append(HashMember(name: name, value: value.node))
            values.append(value)
        } while take(",")
        try expect("}")
        return try node(.multiSelectHash(members), over: values)
    }

    /// Spec: "function-expression": an unquoted name, then its arguments.
    /// Deviation: Kyverno's fork crashes on `@(foo)`; here and in the specification it is an error.
    private mutating func call(_ left: ParsedExpression, at offset: Int)
        throws(EvaluationStop) -> ParsedExpression
    {
        guard case .field(let name, let start) = left.node, place >= 2,
            tokens[place - 2].kind == .identifier(name)
        else { throw EvaluationStop(.syntax, "only a name can be called", at: offset) }
        var arguments: [ParsedExpression] = []
        if !take(")") {
            repeat { arguments.append(try argument()) } while take(",")
            try expect(")")
        }
        let function = try FunctionTable.function(name, dialect, at: start)
        try function.checkCount(arguments.count, at: start)
        return try node(.call(function, arguments.map(\.node), at: start), over: arguments)
    }

    private mutating func argument() throws(EvaluationStop) -> ParsedExpression {
        guard take("&") else { return try expression(0) }
        let inner = try expression(0)
        return try node(.reference(inner.node), over: inner)
    }
}

// MARK: Building

extension ExpressionParser {
    private var identity: ParsedExpression { leaf(.current) }

    private func leaf(_ node: SyntaxNode) -> ParsedExpression {
        ParsedExpression(node: node, depth: 1)
    }

    private func node(_ node: SyntaxNode, over parts: ParsedExpression...)
        throws(EvaluationStop) -> ParsedExpression
    {
        try self.node(node, over: parts)
    }

    private func node(_ node: SyntaxNode, over parts: [ParsedExpression])
        throws(EvaluationStop) -> ParsedExpression
    {
        let depth = (parts.map(\.depth).max() ?? 0) + 1
        guard depth <= Limits.jmespathDepth else { throw tooDeep }
        return ParsedExpression(node: node, depth: depth)
    }

    private func wrap(
        _ make: (SyntaxNode, SyntaxNode) -> SyntaxNode, _ left: ParsedExpression,
        _ right: ParsedExpression
    ) throws(EvaluationStop) -> ParsedExpression {
        try node(make(left.node, right.node), over: left, right)
    }

    /// Sub-expressions are associative, so a chain of them is one node.
    private func chain(_ left: ParsedExpression, _ right: ParsedExpression)
        throws(EvaluationStop) -> ParsedExpression
    {
        var nodes: [SyntaxNode] = []
        for part in [left.node, right.node] {
            switch part {
            case .chain(let inner): nodes += inner
            case .current: break
            default: nodes.append(part)
            }
        }
        let depth = max(left.depth, right.depth, 2)
        if nodes.count == 1 { return ParsedExpression(node: nodes[0], depth: depth) }
        return try node(.chain(nodes), over: left, right).flat(depth)
    }

    /// `a || b || c` as one node. Only the left side is opened: parentheses on the right stay.
    private func series(
        _ left: ParsedExpression, _ right: ParsedExpression,
        _ make: ([SyntaxNode]) -> SyntaxNode
    ) throws(EvaluationStop) -> ParsedExpression {
        let whole = make([left.node, right.node])
        switch (whole, left.node) {
        case (.pipe, .pipe(let nodes)), (.or, .or(let nodes)), (.and, .and(let nodes)):
            let depth = max(left.depth, right.depth + 1)
            return try node(make(nodes + [right.node]), over: right).flat(depth)
        default: return try node(whole, over: left, right)
        }
    }

    private var token: ExpressionToken { tokens[min(place, tokens.count - 1)] }

    private mutating func take() -> ExpressionToken {
        defer { place += 1 }
        return token
    }

    private mutating func take(_ sign: String) -> Bool {
        guard isNext(sign) else { return false }
        place += 1
        return true
    }

    private func isNext(_ sign: String) -> Bool { token.kind == .sign(sign) }

    private mutating func expect(_ sign: String) throws(EvaluationStop) {
        guard take(sign) else { throw unexpected("\"\(sign)\"") }
    }

    private func unexpected(_ wanted: String) -> EvaluationStop {
        let found =
            switch token.kind {
            case .end: "the end"
            case .identifier(let name), .quotedIdentifier(let name): "the name \(quoted(name))"
            case .literal: "a literal"
            case .number(let value): "the number \(value)"
            case .comparator(let comparator): "\"\(comparator.rawValue)\""
            case .sign(let text): "\"\(text)\""
            }
        return EvaluationStop(
            .syntax, "found \(found) where \(wanted) must stand", at: token.offset)
    }

    private var tooDeep: EvaluationStop {
        EvaluationStop(
            .overLimit, "it nests deeper than \(Limits.jmespathDepth) levels", at: token.offset)
    }
}

extension ParsedExpression {
    fileprivate func flat(_ depth: Int) -> ParsedExpression {
        ParsedExpression(node: node, depth: depth)
    }
}

/// How strongly a token holds on to what stands to its left.
private func bindingPower(_ kind: ExpressionToken.Kind) -> Int {
    switch kind {
    case .comparator: powers.comparator
    case .sign(let sign): signPowers[sign] ?? 0
    default: 0
    }
}

/// One table, weakest first. Everything under `projectionEnd` ends a projection.
private let powers = (
    pipe: 1, or: 2, and: 3, comparator: 5, flatten: 9, projectionEnd: 10, star: 20, filter: 21,
    dot: 40, not: 45, bracket: 55, call: 60
)

private let signPowers: [String: Int] = [
    "|": powers.pipe, "||": powers.or, "&&": powers.and, "[]": powers.flatten, "*": powers.star,
    "[?": powers.filter, ".": powers.dot, "[": powers.bracket, "(": powers.call,
]
