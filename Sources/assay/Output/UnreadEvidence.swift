// SPDX-License-Identifier: Apache-2.0
// Places that may hold evidence and could not be read, for the tree.

import Primitives
import Workflows

extension UnreadEvidence {
    /// The line of a tree.
    var line: String {
        "not read  [\(what)]  " + (digest.map { "\($0)  " } ?? "") + failure.why
    }

    var json: JSONValue {
        var object: JSONObject = [
            "what": .string(what), "subject": .string(subject.description),
            "failure": failure.json,
        ]
        if let digest { object["digest"] = .string(digest.description) }
        return .object(object)
    }
}
