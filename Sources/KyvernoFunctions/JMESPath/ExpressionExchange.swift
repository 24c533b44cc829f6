// SPDX-License-Identifier: Apache-2.0
// One question and its answer as JSON values: what `assay-expressions` speaks, a line each.

package import JMESPath
package import Primitives

/// `{"lang":"jmespath","expr":"a.b","given":{…}}` → `{"value":…}` or
/// `{"error":{"kind":…,"message":…,"column":…}}`.
package enum JMESPathExchange {
    /// Whether the request is for us.
    package static func speaks(_ language: String) -> Bool { dialects[language] != nil }

    /// The answer to a request; a request of another shape is a failure.
    package static func answer(
        to request: JSONReader, context: JMESPathContext = JMESPathContext()
    ) throws(Failure) -> JSONValue {
        let language = try request.required("lang")
        guard let dialect = dialects[try language.string()] else {
            throw language.broken("it is not jmespath or jmespath-kyverno")
        }
        let text = try request.required("expr").string()
        // A null `given` is a value; the reader's `optional` would take it for absent.
        let given = request.value["given"] ?? .null
        do throws(JMESPathProblem) {
            let expression = try JMESPathExpression(text, dialect: dialect)
            return ["value": try expression.evaluate(on: given, context: context)]
        } catch {
            return [
                "error": [
                    "kind": .string(error.kind.rawValue), "message": .string(error.message),
                    "column": .number(JSONNumber(error.column)),
                ]
            ]
        }
    }
}

private let dialects: [String: JMESPathDialect] = [
    "jmespath": .standardBesideKyverno, "jmespath-kyverno": .kyverno,
]
