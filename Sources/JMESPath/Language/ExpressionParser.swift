// SPDX-License-Identifier: Apache-2.0
// Parses tokens into a tree with top-down operator precedence (Pratt, 1973).
// Spec: JMESPath, "Grammar".

import Primitives

/// Recursive functions use little stack: the functions that dispatch are separate from those that
/// parse, and each of the latter parses one construct.
struct ExpressionParser {
    private let tokens: [ExpressionToken]
    private let dialect: JMESPathDialect
    private var position = 0
    private var depth = 0

    static func parse(_ expression: String, _ dialect: JMESPathDialect)
        throws(EvaluationError) -> ParsedExpression
    {
        var parser = ExpressionParser(
            tokens: try ExpressionLexer.tokens(of: expression), dialect: dialect)
        let tree = try parser.expression(0)
        guard parser.token.kind == .end else { throw parser.unexpected("the end") }
        return tree
    }

    private init(tokens: [ExpressionToken], dialect: JMESPathDialect) {
        self.tokens = tokens
        self.dialect = dialect
    }

    private mutating func expression(_ power: Int) throws(EvaluationError) -> ParsedExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Limits.jmespathDepth else { throw tooDeep }
        var left = try prefix()
        while power < bindingPower(token.kind) { try infix(&left) }
        return left
    }

    /// A token where a value begins ("nud").
    private mutating func prefix() throws(EvaluationError) -> ParsedExpression {
        guard let punctuation = token.punctuation else { return try word() }
        position += 1
        switch punctuation {
        case .current: return identity
        case .star: return try objectProjection(of: identity, taking: Power.star)
        case .flatten: return try flattened(identity)
        case .filter: return try filter(identity)
        case .leftBracket: return try bracketPrefix()
        case .leftBrace: return try multiSelectHash()
        case .leftParenthesis: return try parenthesised()
        case .not: return try negated()
        default:
            position -= 1
            throw unexpected("a value")
        }
    }

    private mutating func word() throws(EvaluationError) -> ParsedExpression {
        let first = take()
        switch first.kind {
        case .literal(let value): return leaf(.literal(value))
        case .identifier(let name): return leaf(.field(name, at: first.offset))
        case .quotedIdentifier(let name):
            guard !isNext(.leftParenthesis) else {
                throw EvaluationError(
                    .syntax, "the name of a function is not quoted", at: first.offset)
            }
            return leaf(.field(name, at: first.offset))
        default:
            position -= 1
            throw unexpected("a value")
        }
    }

    private mutating func parenthesised() throws(EvaluationError) -> ParsedExpression {
        let inner = try expression(0)
        try expect(.rightParenthesis)
        return inner
    }

    private mutating func negated() throws(EvaluationError) -> ParsedExpression {
        let inner = try expression(Power.not)
        return try node(.not(inner.node), over: inner, nesting: inner.nesting)
    }

    /// A token after a value ("led").
    private mutating func infix(_ left: inout ParsedExpression) throws(EvaluationError) {
        guard let punctuation = token.punctuation else { return try comparison(&left) }
        position += 1
        switch punctuation {
        case .dot: try subexpression(of: &left)
        case .pipe: try series(&left, .pipe, Power.pipe)
        case .or: try series(&left, .or, Power.or)
        case .and: try series(&left, .and, Power.and)
        case .flatten: left = try flattened(left)
        case .filter: left = try filter(left)
        case .leftBracket: try bracket(&left)
        case .leftParenthesis: left = try call(left)
        default:
            position -= 1
            throw unexpected("an operator")
        }
    }

    private mutating func subexpression(of left: inout ParsedExpression) throws(EvaluationError) {
        if take(.star) {
            // With the rule of one name, `a.*.b.c` is `(a.*.b).c`, which is null for a list. In the
            // specification the projection continues.
            let takesOneName = dialect.rules.contains(.valueProjectionsTakeOneName)
            left = try objectProjection(of: left, taking: takesOneName ? Power.dot : Power.star)
        } else {
            left.chain(try dotRight(Power.dot))
            try check(left)
        }
    }

    private mutating func series(
        _ left: inout ParsedExpression, _ join: ParsedExpression.Join, _ power: Int
    ) throws(EvaluationError) {
        left.series(try expression(power), as: join)
        try check(left)
    }

    private mutating func comparison(_ left: inout ParsedExpression) throws(EvaluationError) {
        guard case .comparator(let comparator) = token.kind else {
            throw unexpected("an operator")
        }
        position += 1
        let right = try expression(Power.comparator)
        left = try node(
            .comparison(comparator, left.node, right.node), over: left, right,
            nesting: max(left.nesting, right.nesting))
    }

    // MARK: Brackets

    private mutating func bracketPrefix() throws(EvaluationError) -> ParsedExpression {
        switch token.kind {
        case .number, .punctuation(.colon):
            var whole = identity
            try index(&whole)
            return whole
        case .punctuation(.star)
        where tokens[min(position + 1, tokens.count - 1)].punctuation == .rightBracket:
            position += 2
            return try listProjection(of: identity)
        default: return try multiSelectList()
        }
    }

    private mutating func bracket(_ left: inout ParsedExpression) throws(EvaluationError) {
        switch token.kind {
        case .number, .punctuation(.colon): try index(&left)
        default:
            guard take(.star) else { throw unexpected("a number, a slice or *") }
            try expect(.rightBracket)
            left = try listProjection(of: left)
        }
    }

    private mutating func listProjection(
        of left: ParsedExpression
    ) throws(EvaluationError) -> ParsedExpression {
        let right = try projected(Power.star)
        return try node(
            .listProjection(left.node, right.node), over: left, right,
            nesting: left.nesting + right.nesting)
    }

    private mutating func objectProjection(
        of left: ParsedExpression, taking power: Int
    ) throws(EvaluationError) -> ParsedExpression {
        let right = try projected(power)
        return try node(
            .objectProjection(left.node, right.node), over: left, right,
            nesting: left.nesting + right.nesting)
    }

    private mutating func flattened(
        _ left: ParsedExpression
    ) throws(EvaluationError) -> ParsedExpression {
        let flat = try node(.flatten(left.node), over: left, nesting: left.nesting)
        let right = try projected(Power.flatten)
        return try node(
            .listProjection(flat.node, right.node), over: flat, right,
            nesting: left.nesting + right.nesting)
    }

    /// `[n]`, or `[start:stop:step]`, which projects.
    private mutating func index(_ left: inout ParsedExpression) throws(EvaluationError) {
        let start = token.offset
        let (parts, count) = try indexParts()
        if count == 1, let index = parts[0] {
            left.chain(leaf(.index(index)))
            return try check(left)
        }
        let bounds = SliceBounds(start: parts[0], stop: parts[1], step: parts[2])
        left.chain(leaf(.slice(bounds, at: start)))
        try check(left)
        left = try listProjection(of: left)
    }

    /// The numbers between colons, and the number of positions for them.
    private mutating func indexParts() throws(EvaluationError) -> ([Int?], count: Int) {
        var parts: [Int?] = [nil, nil, nil]
        var part = 0
        while !isNext(.rightBracket) {
            if case .number(let value) = token.kind, parts[part] == nil {
                parts[part] = value
                position += 1
            } else if part < 2, take(.colon) {
                part += 1
                continue
            }
            guard isNext(.rightBracket) || isNext(.colon) && part < 2 else {
                throw unexpected(part < 2 ? "a number, : or ]" : "a number or ]")
            }
        }
        try expect(.rightBracket)
        return (parts, part + 1)
    }

    private mutating func filter(_ left: ParsedExpression)
        throws(EvaluationError) -> ParsedExpression
    {
        let test = try expression(0)
        try expect(.rightBracket)
        let right = isNext(.flatten) ? identity : try projected(Power.filter)
        return try node(
            .filter(left.node, test.node, right.node), over: left, test, right,
            nesting: left.nesting + max(test.nesting, right.nesting))
    }

    /// The expression that a projection applies to each item.
    private mutating func projected(_ power: Int) throws(EvaluationError) -> ParsedExpression {
        switch token.punctuation {
        case .leftBracket, .filter: return try expression(power)
        case .dot:
            position += 1
            return try dotRight(power)
        default:
            guard bindingPower(token.kind) < Power.projectionEnd else {
                throw unexpected("the end of the projection")
            }
            return identity
        }
    }

    private mutating func dotRight(_ power: Int) throws(EvaluationError) -> ParsedExpression {
        switch token.kind {
        case .identifier, .quotedIdentifier, .punctuation(.star): return try expression(power)
        case .punctuation(.leftBracket):
            position += 1
            return try multiSelectList()
        case .punctuation(.leftBrace):
            position += 1
            return try multiSelectHash()
        default: throw unexpected("a name, *, [ or {")
        }
    }

    // MARK: Lists of expressions

    private mutating func multiSelectList() throws(EvaluationError) -> ParsedExpression {
        var items: [ParsedExpression] = []
        repeat { items.append(try expression(0)) } while take(.comma)
        try expect(.rightBracket)
        return try node(
            .multiSelectList(items.map(\.node)), over: items, nesting: deepestNesting(items) + 1)
    }

    private mutating func multiSelectHash() throws(EvaluationError) -> ParsedExpression {
        var names: [String] = []
        var values: [ParsedExpression] = []
        repeat {
            names.append(try memberName())
            values.append(try expression(0))
        } while take(.comma)
        try expect(.rightBrace)
        let members = zip(names, values).map { HashMember(name: $0, value: $1.node) }
        return try node(
            .multiSelectHash(members), over: values, nesting: deepestNesting(values) + 1)
    }

    /// `name:`, in a multi-select hash.
    private mutating func memberName() throws(EvaluationError) -> String {
        switch token.kind {
        case .identifier(let text), .quotedIdentifier(let text):
            position += 1
            try expect(.colon)
            return text
        default: throw unexpected("a name")
        }
    }

    /// Spec: JMESPath, "function-expression": an unquoted name, then its arguments.
    /// Deviation: Kyverno's fork crashes on `@(foo)`; it is an error, as in the specification.
    private mutating func call(
        _ left: ParsedExpression
    ) throws(EvaluationError) -> ParsedExpression {
        let (name, start) = try calledName(left)
        var arguments: [ParsedExpression] = []
        if !take(.rightParenthesis) {
            repeat { arguments.append(try argument()) } while take(.comma)
            try expect(.rightParenthesis)
        }
        return try call(name, arguments, at: start)
    }

    private func call(
        _ name: String, _ arguments: [ParsedExpression], at start: Int
    ) throws(EvaluationError) -> ParsedExpression {
        let function = try dialect.function(named: name, at: start)
        try function.checkCount(arguments.count, at: start)
        // References are applied to items of the other arguments; a new list can hold their values.
        let references = arguments.filter { $0.isReference }.reduce(0) { $0 + $1.nesting }
        let values = deepestNesting(arguments.filter { !$0.isReference })
        return try node(
            .call(function, arguments.map(\.node), at: start), over: arguments,
            nesting: values + references + (function.givesScalar ? 0 : 1))
    }

    /// The name before the parenthesis, which the parser has just consumed.
    private func calledName(
        _ left: ParsedExpression
    ) throws(EvaluationError) -> (name: String, start: Int) {
        if case .field(let name, let start) = left.node, position >= 2,
            case .identifier(name) = tokens[position - 2].kind
        {
            return (name, start)
        }
        throw EvaluationError(
            .syntax, "only a name can be called", at: tokens[max(0, position - 1)].offset)
    }

    private mutating func argument() throws(EvaluationError) -> ParsedExpression {
        guard take(.reference) else { return try expression(0) }
        let inner = try expression(0)
        return try node(.reference(inner.node), over: inner, nesting: inner.nesting)
    }
}

// MARK: Building

extension ExpressionParser {
    private var identity: ParsedExpression { leaf(.current) }

    private func leaf(_ node: SyntaxNode) -> ParsedExpression {
        ParsedExpression(node, depth: 1, nesting: 0)
    }

    private func node(
        _ node: SyntaxNode, over parts: ParsedExpression..., nesting: Int
    ) throws(EvaluationError) -> ParsedExpression {
        try self.node(node, over: parts, nesting: nesting)
    }

    private func node(
        _ node: SyntaxNode, over parts: [ParsedExpression], nesting: Int
    ) throws(EvaluationError) -> ParsedExpression {
        let depth = (parts.map(\.depth).max() ?? 0) + 1
        let whole = ParsedExpression(node, depth: depth, nesting: nesting)
        try check(whole)
        return whole
    }

    private func check(_ whole: ParsedExpression) throws(EvaluationError) {
        guard whole.depth <= Limits.jmespathDepth, whole.nesting <= Limits.jmespathDepth else {
            throw tooDeep
        }
    }

    private func deepestNesting(_ parts: [ParsedExpression]) -> Int {
        parts.map(\.nesting).max() ?? 0
    }

    // MARK: Tokens

    private var token: ExpressionToken { tokens[min(position, tokens.count - 1)] }

    private mutating func take() -> ExpressionToken {
        defer { position += 1 }
        return token
    }

    private mutating func take(_ punctuation: Punctuation) -> Bool {
        guard isNext(punctuation) else { return false }
        position += 1
        return true
    }

    private func isNext(_ punctuation: Punctuation) -> Bool { token.punctuation == punctuation }

    private mutating func expect(_ punctuation: Punctuation) throws(EvaluationError) {
        guard take(punctuation) else { throw unexpected("\"\(punctuation.rawValue)\"") }
    }

    private func unexpected(_ wanted: String) -> EvaluationError {
        let found =
            switch token.kind {
            case .end: "the end"
            case .identifier(let name), .quotedIdentifier(let name): "the name \(quoted(name))"
            case .literal: "a literal"
            case .number(let value): "the number \(value)"
            case .comparator(let comparator): "\"\(comparator.rawValue)\""
            case .punctuation(let punctuation): "\"\(punctuation.rawValue)\""
            }
        return EvaluationError(
            .syntax, "found \(found) where \(wanted) is expected", at: token.offset)
    }

    private var tooDeep: EvaluationError {
        EvaluationError(
            .overLimit, "it nests deeper than \(Limits.jmespathDepth) levels", at: token.offset)
    }
}

/// The binding power of a token to its left operand.
private func bindingPower(_ kind: ExpressionToken.Kind) -> Int {
    switch kind {
    case .comparator: Power.comparator
    case .punctuation(let punctuation): bindingPower(punctuation)
    default: 0
    }
}

private func bindingPower(_ punctuation: Punctuation) -> Int {
    switch punctuation {
    case .pipe: Power.pipe
    case .or: Power.or
    case .and: Power.and
    case .flatten: Power.flatten
    case .star: Power.star
    case .filter: Power.filter
    case .dot: Power.dot
    case .leftBracket: Power.bracket
    case .leftParenthesis: Power.call
    default: 0
    }
}

/// Binding powers, weakest first. A power below `projectionEnd` ends a projection.
private enum Power {
    static let pipe = 1
    static let or = 2
    static let and = 3
    static let comparator = 5
    static let flatten = 9
    static let projectionEnd = 10
    static let star = 20
    static let filter = 21
    static let dot = 40
    static let not = 45
    static let bracket = 55
    static let call = 60
}
