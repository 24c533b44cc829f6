// SPDX-License-Identifier: Apache-2.0
// The tokens of CEL. Spec: cel-spec, langdef.md, "Syntax".

struct Token {
    enum Kind: Equatable {
        case identifier(String)
        /// `` `content-type` ``, which is allowed after a dot only.
        case quotedIdentifier(String)
        /// Digits that are not converted yet: a sign before them decides the range.
        case int(digits: String, radix: Int)
        case uint(UInt64)
        case double(Double)
        case string(String)
        case bytes([UInt8])
        case symbol(Symbol)
        case end
    }

    enum Symbol: String {
        case leftParenthesis = "("
        case rightParenthesis = ")"
        case leftBracket = "["
        case rightBracket = "]"
        case leftBrace = "{"
        case rightBrace = "}"
        case dot = "."
        case comma = ","
        case colon = ":"
        case question = "?"
        case plus = "+"
        case minus = "-"
        case times = "*"
        case divide = "/"
        case remainder = "%"
        case not = "!"
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case and = "&&"
        case or = "||"
        case `in` = "in"
    }

    let kind: Kind
    /// Byte offset of its first byte.
    let position: Int

    /// The token as error messages show it.
    var shown: String {
        switch kind {
        case .identifier(let name), .quotedIdentifier(let name): "'\(name)'"
        case .int(let digits, _): "'\(digits)'"
        case .uint(let value): "'\(value)u'"
        case .double(let value): "'\(value)'"
        case .string: "a string"
        case .bytes: "bytes"
        case .symbol(let symbol): "'\(symbol.rawValue)'"
        case .end: "the end of the expression"
        }
    }
}
