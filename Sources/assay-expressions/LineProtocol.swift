// SPDX-License-Identifier: Apache-2.0
// One request and its answer: {"lang","expr",…} → {"value"} or {"error": {"kind","message","column"}}.

import Foundation
import JMESPath
import KyvernoFunctions
import Primitives

/// The answer to one line; what cannot be read is an error with its reason.
func answer(to line: String) -> String {
    do {
        let request = try JSONReader(parsing: Array(line.utf8), named: "the request")
        let language = try request.required("lang").string()
        if JMESPathExchange.speaks(language) {
            let now = Timestamp(seconds: Int(Date().timeIntervalSince1970))
            let context = JMESPathContext(now: now) { count in
                (0..<count).map { _ in UInt8.random(in: .min ... .max) }
            }
            return try JMESPathExchange.answer(to: request, context: context).compactText
        }
        guard language == "cel" else {
            throw Failure(
                .unsupported, "cannot evaluate the request",
                because: "the language \(quoted(language)) is none of cel, jmespath, "
                    + "jmespath-kyverno")
        }
        return try answerCEL(request).compactText
    } catch {
        let failure = error as? Failure
        return errorAnswer(
            kind: failure?.kind.rawValue ?? "bug", message: failure?.why ?? "\(error)", column: 0
        ).compactText
    }
}

func errorAnswer(kind: String, message: String, column: Int) -> JSONValue {
    [
        "error": [
            "kind": .string(kind), "message": .string(message),
            "column": .number(JSONNumber(column)),
        ]
    ]
}
