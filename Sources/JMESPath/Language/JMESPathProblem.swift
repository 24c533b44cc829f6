// SPDX-License-Identifier: Apache-2.0
// The problems of expressions, with kind, message and column.
// Spec: JMESPath, "Errors"; the kinds are those of its compliance suite.

package import Primitives

/// Why an expression does not compile or has no value.
package struct JMESPathProblem: Error, Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case syntax
        case invalidArity = "invalid-arity"
        case invalidType = "invalid-type"
        case invalidValue = "invalid-value"
        case unknownFunction = "unknown-function"
        /// A missing key, in dialects where that is an error.
        case unknownKey = "unknown-key"
        /// A limit was reached.
        case overLimit = "over-limit"
        /// The value needs the time, randomness or network, which the caller did not supply.
        case unavailable
    }

    package let kind: Kind
    package let message: String
    package let expression: String
    /// The column in the expression, in Unicode scalars from 1.
    package let column: Int

    init(_ error: EvaluationError, in expression: String) {
        kind = error.kind
        message = error.message
        self.expression = VariableMark.shown(expression)
        // The offset is the start of a token or the end, so it never splits a character.
        let before = expression.utf8.prefix(error.offset ?? 0)
        column = String(decoding: Array(before), as: UTF8.self).unicodeScalars.count + 1
    }

    /// The line of the expression with the column, and a caret under the column.
    package var snippet: String {
        let scalars = Array(expression.unicodeScalars)
        let position = min(column - 1, scalars.count)
        let newline: Unicode.Scalar = "\n"
        let start = scalars[..<position].lastIndex(of: newline).map { $0 + 1 } ?? 0
        let end = scalars[position...].firstIndex(of: newline) ?? scalars.count
        let first = max(start, position - snippetHalf)
        let last = min(end, position + snippetHalf)
        let shown = scalars[first..<last].map(printableInSnippet).joined()
        return shown + "\n" + String(repeating: " ", count: position - first) + "^"
    }

    /// The problem as a `Failure`, with the policy's position.
    package func failure(at place: Place? = nil) -> Failure {
        let kinds: [Kind: Failure.Kind] = [
            .overLimit: .overLimit, .unavailable: .unsupported, .unknownKey: .notFound,
        ]
        return Failure(
            kinds[kind] ?? .malformed, "cannot evaluate the expression \(quoted(expression))",
            at: place, because: "at column \(column): \(message)\n" + indented(snippet))
    }
}

private func indented(_ text: String) -> String {
    text.utf8.split(separator: "\n", omittingEmptySubsequences: false).map { "       \($0)" }
        .joined(separator: "\n")
}

/// Replaces each unprintable character by one character, so that the caret stays under its column.
private func printableInSnippet(_ scalar: Unicode.Scalar) -> String {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator, .privateUse: "·"
    default: String(scalar)
    }
}

private let snippetHalf = 40

/// An error of the lexer, parser or evaluator. Its offset is set where it is known.
///
/// The content is behind a reference, because an error passes through each frame of the stack, and
/// most missing keys become null.
package struct EvaluationError: Error {
    private final class Content: Sendable {
        let kind: JMESPathProblem.Kind
        let message: String
        let missingKey: String?
        let offset: Int?

        init(_ kind: JMESPathProblem.Kind, _ message: String, missingKey: String?, at offset: Int?)
        {
            self.kind = kind
            self.message = message
            self.missingKey = missingKey
            self.offset = offset
        }
    }

    private let content: Content

    package init(_ kind: JMESPathProblem.Kind, _ message: String, at offset: Int? = nil) {
        content = Content(kind, message, missingKey: nil, at: offset)
    }

    /// The error for a missing key.
    init(missingKey name: String, at offset: Int) {
        content = Content(.unknownKey, "", missingKey: name, at: offset)
    }

    package var kind: JMESPathProblem.Kind { content.kind }
    /// The offset in UTF-8 bytes from the start of the expression.
    var offset: Int? { content.offset }
    var message: String {
        content.missingKey.map { "the object has no key \(quoted($0))" } ?? content.message
    }

    func located(at position: Int) -> EvaluationError {
        offset == nil ? EvaluationError(kind, message, at: position) : self
    }
}
