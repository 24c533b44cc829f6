// SPDX-License-Identifier: Apache-2.0
// How these tests ask: an expression, a document, and the answer as JSON text or a kind.

import JMESPath
import KyvernoFunctions
import Primitives
import Testing

let noon = Timestamp(seconds: 1_764_072_000)  // 2025-11-25T12:00:00Z

/// The answer as one line of JSON, or the kind of the problem in angle brackets.
func answer(
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
struct ExpressionRow: Sendable, CustomTestStringConvertible {
    let expression: String
    let wanted: String

    init(_ expression: String, _ wanted: String) {
        self.expression = expression
        self.wanted = wanted
    }

    var testDescription: String { expression }
}
