// SPDX-License-Identifier: Apache-2.0
// Operators of one rank, collected flat. Spec: cel-spec langdef.md, "Syntax".

/// Operators of one run of the loop, flat.
struct OperatorChain {
    enum Kind { case single, and, or, functions }

    let first: Expression
    var links: [ChainLink] = []
    var kind = Kind.single
    var position: Int
    var height: Int

    init(first: Expression) {
        self.first = first
        position = first.position
        height = first.height
    }

    /// Whether `symbol` cannot join what is collected and makes it a left side.
    func closes(before symbol: Token.Symbol) -> Bool { kind != .single && kind != group(symbol) }

    mutating func append(_ symbol: Token.Symbol, _ right: Expression, at position: Int) {
        if kind == .single { self.position = position }
        kind = group(symbol)
        height = max(height, right.height)
        links.append(
            ChainLink(operation: operations[symbol] ?? .equal, operand: right, position: position))
    }

    private func group(_ symbol: Token.Symbol) -> Kind {
        symbol == .and ? .and : symbol == .or ? .or : .functions
    }
}

private let operations: [Token.Symbol: Operation] = [
    .less: .less, .lessOrEqual: .lessOrEqual, .greater: .greater,
    .greaterOrEqual: .greaterOrEqual, .equal: .equal, .notEqual: .notEqual, .in: .contained,
    .plus: .add, .minus: .subtract, .times: .multiply, .divide: .divide,
    .remainder: .remainder,
]
