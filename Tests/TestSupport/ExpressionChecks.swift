// SPDX-License-Identifier: Apache-2.0
// How these tests ask: an expression, a document, and the answer as JSON text or a kind.

package import JMESPath
internal import KyvernoFunctions
package import Primitives
internal import Testing

package let noon = Timestamp(seconds: 1_764_072_000)  // 2025-11-25T12:00:00Z

/// The answer as one line of JSON, or the kind of the problem in angle brackets.
package func answer(
    _ expression: String, on document: String = "{}", _ dialect: JMESPathDialect = .kyverno,
    context: JMESPathContext = JMESPathContext(now: noon)
) -> String {
    do {
        let given = try JSONValue(parsing: Array(document.utf8), named: "given")
        return try JMESPathExpression(expression, dialect: dialect)
            .evaluate(on: given, context: context).compactText
    } catch let problem as JMESPathProblem {
        return "<\(problem.kind.rawValue)>"
    } catch {
        return "\(error)"
    }
}

/// One line of a table: an expression of Kyverno's dialect and its answer.
package struct ExpressionRow: Sendable, CustomTestStringConvertible {
    package let expression: String
    package let wanted: String

    package init(_ expression: String, _ wanted: String) {
        self.expression = expression
        self.wanted = wanted
    }

    package var testDescription: String { expression }
}
