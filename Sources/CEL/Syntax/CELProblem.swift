// SPDX-License-Identifier: Apache-2.0
// The problems of expressions, with position and snippet.

package import Primitives

/// Why an expression does not parse, does not pass the type check, or has no value. Programs branch
/// on `kind` only.
package struct CELProblem: Error, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// The text is not an expression.
        case syntax
        /// The text is over a limit of size, depth or number of parts.
        case tooLarge
        /// A name that is not declared.
        case undeclaredReference
        /// No overload of the function takes these arguments.
        case noSuchOverload
        /// The type check failed: for example, a list of an int and a string.
        case typeMismatch
        case noSuchKey
        case divisionByZero
        /// The result of arithmetic does not fit its type.
        case overflow
        /// A converted number or a time is outside the range of its type.
        case outOfRange
        /// The argument cannot be converted to the type.
        case conversion
        /// An argument has the right type and an invalid value.
        case invalidArgument
        /// The key of a map is a double or null.
        case unsupportedKey
        case repeatedKey
        /// `optional.none().value()`.
        case emptyOptional
        case invalidRegularExpression
        /// The evaluation exceeded its budget.
        case costLimit
        /// The expression is valid, and Assay does not support it: protobuf messages.
        case unsupported
        /// A defect of Assay.
        case bug
    }

    private let content: Content

    init(_ kind: Kind, _ message: String, at offset: Int, in source: String) {
        let place = SourcePlace(offset: offset, in: source)
        content = Content(
            kind: kind, message: message, line: place.line, column: place.column,
            snippet: place.snippet)
    }

    package var kind: Kind { content.kind }
    package var message: String { content.message }
    /// Line and column in the expression, both from 1; columns count code points.
    package var line: Int { content.line }
    package var column: Int { content.column }
    /// The line, truncated around the column, with a caret under the column.
    package var snippet: String { content.snippet }

    /// The problem as a `Failure`.
    package func failure(_ what: String, at place: Place? = nil, next: String? = nil) -> Failure {
        let failureKind: Failure.Kind =
            switch kind {
            case .tooLarge, .costLimit: .overLimit
            case .unsupported: .unsupported
            case .bug: .bug
            default: .malformed
            }
        return Failure(
            failureKind, what, at: place,
            because: "\(message) (line \(line), column \(column) of the expression)\n\(snippet)",
            next: next)
    }
}

extension CELProblem {
    /// The content is behind one pointer, because each call of the parser, checker and planner
    /// reserves stack space for a problem.
    private final class Content: Sendable {
        let kind: Kind
        let message: String
        let line: Int
        let column: Int
        let snippet: String

        init(kind: Kind, message: String, line: Int, column: Int, snippet: String) {
            self.kind = kind
            self.message = message
            self.line = line
            self.column = column
            self.snippet = snippet
        }
    }
}

extension CELProblem: CustomStringConvertible {
    /// `1:7: no such key: 'name'`, then the line and the caret.
    package var description: String { "\(line):\(column): \(message)\n\(snippet)" }
}

/// A byte offset as line and column.
private struct SourcePlace {
    let line: Int
    let column: Int
    let snippet: String

    init(offset: Int, in source: String) {
        let bytes = Array(source.utf8)
        let end = min(max(offset, 0), bytes.count)
        var start = 0
        var line = 1
        for index in 0..<end where bytes[index] == UInt8(ascii: "\n") {
            line += 1
            start = index + 1
        }
        let before = String(decoding: bytes[start..<end], as: UTF8.self).unicodeScalars
        let after = String(
            decoding: bytes[end...].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        self.line = line
        column = before.count + 1
        let shownBefore = before.suffix(Limits.quotedTextLength / 2)
        let cut = before.count > shownBefore.count ? "…" : ""
        let left = cut + plain(String(String.UnicodeScalarView(shownBefore)))
        let right = plain(after, atMost: Limits.quotedTextLength / 2)
        let width = left.unicodeScalars.reduce(0) { $0 + displayWidth($1) }
        snippet = " | \(left)\(right)\n | \(String(repeating: ".", count: width))^"
    }
}

/// The width in terminal cells: two for East Asian wide characters and emoji, zero for combining
/// marks.
private func displayWidth(_ scalar: Unicode.Scalar) -> Int {
    switch scalar.value {
    case 0x0300...0x036F, 0x200B...0x200D, 0xFE00...0xFE0F: 0
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE4F,
        0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
        2
    default: 1
    }
}
