// SPDX-License-Identifier: Apache-2.0
// Tokens to a tree, by precedence climbing. Spec: cel-spec, langdef.md, "Syntax".

internal import Primitives

/// Reads one expression, with limits on bytes, nodes and depth. Macros are expanded on the way.
struct Parser {
    let source: String
    let macros: MacroSet
    private let tokens: [Token]
    private var tokenIndex = 0
    private var depth = 0
    private var nodes = 0

    static func parse(_ source: String, macros: MacroSet) throws(CELProblem) -> Expression {
        guard source.utf8.count <= Limits.expressionBytes else {
            throw CELProblem(
                .tooLarge,
                "the expression has \(source.utf8.count) bytes, the limit is "
                    + "\(Limits.expressionBytes)", at: 0, in: source)
        }
        var parser = Parser(
            source: source, macros: macros, tokens: try Lexer.tokens(of: source))
        let expression = try parser.expression()
        guard case .end = parser.current.kind else {
            throw parser.unexpected("an operator or the end")
        }
        return expression
    }

    private init(source: String, macros: MacroSet, tokens: [Token]) {
        self.source = source
        self.macros = macros
        self.tokens = tokens
    }

    // MARK: Tokens

    private var current: Token { tokens[tokenIndex] }

    /// The operator or bracket that comes next, if one does.
    private var symbol: Token.Symbol? {
        if case .symbol(let symbol) = tokens[tokenIndex].kind { symbol } else { nil }
    }

    private mutating func advance() { if tokenIndex < tokens.count - 1 { tokenIndex += 1 } }

    private mutating func take(_ symbol: Token.Symbol) -> Bool {
        guard self.symbol == symbol else { return false }
        advance()
        return true
    }

    private mutating func expect(_ symbol: Token.Symbol) throws(CELProblem) {
        guard take(symbol) else { throw unexpected("'\(symbol.rawValue)'") }
    }

    private func unexpected(_ wanted: String) -> CELProblem {
        let hint =
            switch current.shown {
            case "'and'": "; did you mean '&&'?"
            case "'or'": "; did you mean '||'?"
            default: ""
            }
        return problem(
            "found \(plain(current.shown)) where \(wanted) should be\(hint)", at: current.position)
    }

    func problem(
        _ message: String, at position: Int, _ kind: CELProblem.Kind = .syntax
    ) -> CELProblem {
        CELProblem(kind, message, at: position, in: source)
    }

    // MARK: Limits

    private mutating func enter() throws(CELProblem) {
        depth += 1
        if depth > Limits.expressionRecursion { throw tooDeep(at: current.position) }
    }

    /// A node with children; `height` is the height of the highest child.
    mutating func node(
        _ kind: Expression.Kind, at position: Int, over height: Int = 0
    ) throws(CELProblem) -> Expression {
        nodes += 1
        guard nodes <= Limits.expressionNodes else {
            throw problem(
                "the expression has more than \(Limits.expressionNodes) parts", at: position,
                .tooLarge)
        }
        if height >= Limits.expressionDepth { throw tooDeep(at: position) }
        return Expression(kind, at: position, height: height + 1)
    }

    private func tooDeep(at position: Int) -> CELProblem {
        problem(
            "the expression nests more than \(Limits.expressionDepth) deep", at: position, .tooLarge
        )
    }

    // MARK: Operators
    //
    // Recursive functions are separate: their frames are on the stack up to a hundred times.

    /// `Expr = ConditionalOr ["?" ConditionalOr ":" Expr]`.
    private mutating func expression() throws(CELProblem) -> Expression {
        try enter()
        defer { depth -= 1 }
        let first = try binary(above: 0)
        return symbol == .question ? try conditional(first) : first
    }

    private mutating func conditional(_ first: Expression) throws(CELProblem) -> Expression {
        var arms: [ConditionalArm] = []
        var last = first
        while take(.question) {
            let value = try binary(above: 0)
            try expect(.colon)
            arms.append(ConditionalArm(condition: last, value: value))
            last = try binary(above: 0)
        }
        return try conditionalNode(arms, otherwise: last, at: first.position)
    }

    private mutating func conditionalNode(
        _ arms: [ConditionalArm], otherwise: Expression, at position: Int
    ) throws(CELProblem) -> Expression {
        let height = arms.map { max($0.condition.height, $0.value.height) }.max() ?? 0
        return try node(
            .conditional(arms, otherwise: otherwise), at: position,
            over: max(height, otherwise.height))
    }

    /// Operators that bind tighter than `precedence`, from left to right.
    private mutating func binary(above precedence: Int) throws(CELProblem) -> Expression {
        try enter()
        defer { depth -= 1 }
        let first = try unary()
        return binds(above: precedence) == nil ? first : try chain(first, above: precedence)
    }

    private func binds(above precedence: Int) -> Int? {
        guard let symbol, let level = precedences[symbol], level > precedence else { return nil }
        return level
    }

    private mutating func chain(
        _ first: Expression, above precedence: Int
    ) throws(CELProblem) -> Expression {
        var chain = OperatorChain(first: first)
        while let level = binds(above: precedence), let symbol {
            let position = current.position
            advance()
            let right = try binary(above: level)
            if chain.closes(before: symbol) { chain = OperatorChain(first: try finished(chain)) }
            chain.append(symbol, right, at: position)
        }
        return try finished(chain)
    }

    private mutating func finished(_ chain: OperatorChain) throws(CELProblem) -> Expression {
        let terms = { [chain.first] + chain.links.map(\.operand) }
        switch chain.kind {
        case .single: return chain.first
        case .and: return try node(.and(terms()), at: chain.position, over: chain.height)
        case .or: return try node(.or(terms()), at: chain.position, over: chain.height)
        case .functions:
            nodes += chain.links.count
            return try node(
                .chain(chain.first, chain.links), at: chain.position, over: chain.height)
        }
    }

    /// `{"!"} Member | {"-"} Member`.
    private mutating func unary() throws(CELProblem) -> Expression {
        switch symbol {
        case .not: try signed(.not)
        case .minus: try signed(.minus)
        default: try member()
        }
    }

    /// Parses repeated `!` or `-`; more than two are reduced to one or two.
    private mutating func signed(_ sign: Token.Symbol) throws(CELProblem) -> Expression {
        let position = current.position
        var count = 0
        var literal: Expression?
        while symbol == sign, literal == nil {
            if sign == .minus { literal = try negativeLiteral() }
            if literal == nil {
                advance()
                count += 1
            }
        }
        // Spec: langdef.md, "Syntax": a minus is part of the number, also after a `!`.
        if sign == .not, symbol == .minus { literal = try negativeLiteral() }
        let operand: Expression
        if let literal { operand = try members(of: literal) } else { operand = try member() }
        return try applied(sign, count > 2 ? 2 - count % 2 : count, to: operand, at: position)
    }

    private mutating func applied(
        _ sign: Token.Symbol, _ count: Int, to operand: Expression, at position: Int
    ) throws(CELProblem) -> Expression {
        var result = operand
        for _ in 0..<count {
            let kind: Expression.Kind = sign == .not ? .not(result) : .negate(result)
            result = try node(kind, at: position, over: result.height)
        }
        return result
    }

    /// A minus and the digits after it are one number, such as the smallest int.
    private mutating func negativeLiteral() throws(CELProblem) -> Expression? {
        let position = current.position
        let value: CELValue
        switch tokens[min(tokenIndex + 1, tokens.count - 1)].kind {
        case .int(let digits, let radix): value = try whole("-" + digits, radix, at: position)
        case .double(let number): value = .double(-number)
        default: return nil
        }
        advance()
        advance()
        return try node(.literal(value), at: position)
    }

    private func whole(
        _ digits: String, _ radix: Int, at position: Int
    ) throws(CELProblem) -> CELValue {
        guard let number = Int64(digits, radix: radix) else {
            throw problem("the number \(plain(digits)) does not fit an int", at: position)
        }
        return .int(number)
    }

    // MARK: Members

    private mutating func member() throws(CELProblem) -> Expression {
        let base = try primary()
        switch symbol {
        case .dot, .leftBracket, .leftBrace: return try members(of: base)
        default: return base
        }
    }

    private mutating func members(of first: Expression) throws(CELProblem) -> Expression {
        var base = first
        var steps: [PathStep] = []
        while true {
            switch symbol {
            case .dot:
                let field = try field()
                if symbol == .leftParenthesis, !field.isOptional, !field.isQuoted {
                    base = try call(field.name, on: try path(base, steps), at: field.position)
                    steps = []
                } else {
                    steps.append(field.step)
                }
            case .leftBracket: steps.append(try index())
            case .leftBrace:
                guard let name = qualifiedName(base, steps) else { return try path(base, steps) }
                base = try message(name, at: first.position)
                steps = []
            default: return try path(base, steps)
            }
        }
    }

    private struct Field {
        let name: String
        let isOptional: Bool
        let isQuoted: Bool
        let position: Int

        var step: PathStep {
            PathStep(target: .field(name), isOptional: isOptional, position: position)
        }
    }

    private mutating func field() throws(CELProblem) -> Field {
        let position = current.position
        try expect(.dot)
        let isOptional = macros.contains(.optionals) && take(.question)
        let (name, isQuoted) = try memberName()
        return Field(name: name, isOptional: isOptional, isQuoted: isQuoted, position: position)
    }

    private mutating func index() throws(CELProblem) -> PathStep {
        let position = current.position
        advance()
        let isOptional = macros.contains(.optionals) && take(.question)
        let index = try expression()
        try expect(.rightBracket)
        return PathStep(target: .index(index), isOptional: isOptional, position: position)
    }

    /// Steps on a base. A base that is a path itself was in parentheses and stays separate.
    private mutating func path(
        _ base: Expression, _ steps: [PathStep]
    ) throws(CELProblem) -> Expression {
        guard !steps.isEmpty else { return base }
        nodes += steps.count
        var height = base.height
        for case .index(let index) in steps.map(\.target) { height = max(height, index.height) }
        return try node(.path(base, steps), at: steps[steps.count - 1].position, over: height)
    }

    private mutating func memberName() throws(CELProblem) -> (name: String, isQuoted: Bool) {
        switch current.kind {
        case .identifier(let name) where !literalWords.contains(name):
            advance()
            return (name, false)
        case .quotedIdentifier(let name):
            advance()
            return (name, true)
        default: throw unexpected("a field's name")
        }
    }

    private mutating func call(
        _ name: String, on target: Expression?, at position: Int
    ) throws(CELProblem) -> Expression {
        let arguments = try arguments()
        return try called(name, target, arguments, at: position)
    }

    private mutating func called(
        _ name: String, _ target: Expression?, _ arguments: [Expression], at position: Int
    ) throws(CELProblem) -> Expression {
        if let expanded = try expanded(name, target, arguments, at: position) { return expanded }
        let height = (arguments + (target.map { [$0] } ?? [])).map(\.height).max() ?? 0
        return try node(.call(name, target: target, arguments), at: position, over: height)
    }

    private mutating func arguments() throws(CELProblem) -> [Expression] {
        try expect(.leftParenthesis)
        var arguments: [Expression] = []
        guard !take(.rightParenthesis) else { return [] }
        repeat { arguments.append(try expression()) } while take(.comma)
        try expect(.rightParenthesis)
        return arguments
    }

    // MARK: Primaries

    private mutating func primary() throws(CELProblem) -> Expression {
        switch symbol {
        case .leftParenthesis: try parenthesised()
        case .leftBracket: try list()
        case .leftBrace: try map()
        default: try word()
        }
    }

    private mutating func word() throws(CELProblem) -> Expression {
        if let named = try named() { return named }
        return try literal()
    }

    private mutating func parenthesised() throws(CELProblem) -> Expression {
        advance()
        let inner = try expression()
        try expect(.rightParenthesis)
        return inner
    }

    private mutating func literal() throws(CELProblem) -> Expression {
        let token = current
        let value: CELValue
        switch token.kind {
        case .int(let digits, let radix): value = try whole(digits, radix, at: token.position)
        case .uint(let number): value = .uint(number)
        case .double(let number): value = .double(number)
        case .string(let text): value = .string(text)
        case .bytes(let bytes): value = .bytes(bytes)
        case .identifier(let word):
            guard let known = wordValues[word] else { throw unexpected("a value") }
            value = known
        case .quotedIdentifier, .symbol, .end: throw unexpected("a value")
        }
        advance()
        return try node(.literal(value), at: token.position)
    }

    /// `["."] IDENT ["(" [ExprList] ")"]`; nil if the token is not a name.
    private mutating func named() throws(CELProblem) -> Expression? {
        let position = current.position
        guard let name = try takeName() else { return nil }
        if symbol == .leftParenthesis { return try call(name, on: nil, at: position) }
        return try identifier(name, at: position)
    }

    /// A name, with a dot before it if it is resolved in the root scope only.
    private mutating func takeName() throws(CELProblem) -> String? {
        let isAbsolute = take(.dot)
        guard case .identifier(let name) = current.kind else {
            if isAbsolute { throw unexpected("a name") }
            return nil
        }
        if !isAbsolute, wordValues[name] != nil { return nil }
        guard !reservedWords.contains(name), !literalWords.contains(name) else {
            throw problem("'\(name)' is a reserved word", at: current.position)
        }
        advance()
        return isAbsolute ? "." + name : name
    }

    private mutating func identifier(
        _ name: String, at position: Int
    ) throws(CELProblem) -> Expression {
        let isAbsolute = name.utf8.hasPrefix(".")
        let word = isAbsolute ? String(name.dropFirst()) : name
        return try node(.identifier(word, isAbsolute: isAbsolute), at: position)
    }

    private mutating func list() throws(CELProblem) -> Expression {
        let position = current.position
        advance()
        var items: [ListItem] = []
        // Spec: langdef.md, "Syntax": a trailing comma is allowed.
        if take(.comma) {
            try expect(.rightBracket)
            return try node(.list([]), at: position)
        }
        while symbol != .rightBracket {
            let isOptional = macros.contains(.optionals) && take(.question)
            items.append(ListItem(value: try expression(), isOptional: isOptional))
            guard take(.comma) else { break }
        }
        try expect(.rightBracket)
        let height = items.map(\.value.height).max() ?? 0
        return try node(.list(items), at: position, over: height)
    }

    private mutating func map() throws(CELProblem) -> Expression {
        let position = current.position
        advance()
        var entries: [MapEntry] = []
        if take(.comma) {
            try expect(.rightBrace)
            return try node(.map([]), at: position)
        }
        while symbol != .rightBrace {
            entries.append(try entry())
            guard take(.comma) else { break }
        }
        try expect(.rightBrace)
        let height = entries.map { max($0.key.height, $0.value.height) }.max() ?? 0
        return try node(.map(entries), at: position, over: height)
    }

    private mutating func entry() throws(CELProblem) -> MapEntry {
        let isOptional = macros.contains(.optionals) && take(.question)
        let key = try expression()
        try expect(.colon)
        return MapEntry(key: key, value: try expression(), isOptional: isOptional)
    }

    /// `Name{field: value}`: parsed to its end, so that the error says what is not supported.
    private mutating func message(_ name: String, at position: Int) throws(CELProblem) -> Expression
    {
        advance()
        while symbol != .rightBrace {
            _ = macros.contains(.optionals) && take(.question)
            _ = try memberName()
            try expect(.colon)
            _ = try expression()
            guard take(.comma) else { break }
        }
        try expect(.rightBrace)
        return try node(.message(name), at: position)
    }
}

/// The qualified name of a base and its steps; nil if they are not all names.
func qualifiedName(_ base: Expression, _ steps: [PathStep]) -> String? {
    guard case .identifier(let name, let isAbsolute) = base.kind else { return nil }
    var text = (isAbsolute ? "." : "") + name
    for step in steps {
        guard case .field(let field) = step.target, !step.isOptional else { return nil }
        text += "." + field
    }
    return text
}

private let precedences: [Token.Symbol: Int] = [
    .or: 1, .and: 2, .less: 3, .lessOrEqual: 3, .greater: 3, .greaterOrEqual: 3, .equal: 3,
    .notEqual: 3, .in: 3, .plus: 4, .minus: 4, .times: 5, .divide: 5, .remainder: 5,
]

private let wordValues: [String: CELValue] = [
    "true": .bool(true), "false": .bool(false), "null": .null,
]
private let literalWords: Set = ["true", "false", "null", "in"]
private let reservedWords: Set = [
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop",
    "package", "namespace", "return", "var", "void", "while",
]
