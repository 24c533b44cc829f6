// SPDX-License-Identifier: Apache-2.0
// Requests and responses of `assay-expressions`, one JSON value a line.

package import JMESPath
package import Primitives

/// `{"lang":"jmespath","expr":"a.b","given":{…}}` → `{"value":…}` or
/// `{"error":{"kind":…,"message":…,"column":…}}`.
package enum JMESPathExchange {
    /// Whether the request is for JMESPath.
    package static func speaks(_ language: String) -> Bool { dialects[language] != nil }

    /// The response to a request. Throws if the request is malformed.
    package static func answer(
        to request: JSONReader, context: JMESPathContext = JMESPathContext()
    ) throws(Failure) -> JSONValue {
        let language = try request.required("lang")
        guard let dialect = dialects[try language.string()] else {
            throw language.broken("it is not jmespath or jmespath-kyverno")
        }
        let text = try request.required("expr").string()
        // A null `given` is a value; the reader's `optional` treats it as absent.
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
