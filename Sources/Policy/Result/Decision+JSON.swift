// SPDX-License-Identifier: Apache-2.0
// Decisions as JSON and back. The format is versioned; a reader refuses versions it does not know.
// Spec: docs/exit-codes-and-reasons.md, "Five results of a check", "Checks".

package import Primitives
internal import Signing

extension Decision {
    /// What a document says it is. A field that is added, removed or changes its meaning is a new
    /// version.
    package static let format = "assay/decision/v1"

    package var json: JSONValue {
        var object: JSONObject = [
            "format": .string(Decision.format), "result": .string(result.rawValue),
        ]
        object["reason"] = reason.map { .string($0.rawValue) }
        object["reasonVersion"] = .number(JSONNumber(ReasonCode.version))
        object["message"] = .string(message)
        object["rule"] = rule?.json
        object["request"] = request.json
        object["image"] = image.json
        object["checks"] = .array(checks.map(\.json))
        object["patch"] = patch.map {
            ["pointer": .string($0.pointer), "value": .string($0.value)]
        }
        object["remediation"] = remediation?.json
        return .object(object)
    }

    /// Reads what `json` wrote; unknown fields, words and versions are refused.
    package init(reading json: JSONReader) throws(Failure) {
        let format = try json.required("format")
        guard try format.string() == Decision.format else {
            throw Failure(
                .unsupported, "cannot read the decision", at: format.place,
                because: "its format is \(quoted(try format.string())), not \(Decision.format)")
        }
        try json.refuseFields(otherThan: [
            "format", "result", "reason", "reasonVersion", "message", "rule", "request", "image",
            "checks", "patch", "remediation",
        ])
        let version = try json.required("reasonVersion")
        guard try version.integer() == ReasonCode.version else {
            throw version.broken("only version \(ReasonCode.version) of the reasons is known")
        }
        let result: ImageResult = try json.required("result").word()
        let reason: ReasonCode? = try json.optional("reason")?.word()
        guard (result == .pass) == (reason == nil) else {
            throw json.broken("a pass has no reason, and everything else has one")
        }
        var checks: [DecisionCheck] = []
        for item in try json.required("checks").items(atMost: Limits.checksPerDecision) {
            checks.append(try DecisionCheck(reading: item))
        }
        self.init(
            rule: try json.optional("rule").map { (part) throws(Failure) in try Rule(reading: part)
            },
            request: try Request(reading: try json.required("request")),
            image: try Image(reading: try json.required("image")), result: result, reason: reason,
            checks: checks,
            patch: try json.optional("patch").map { (part) throws(Failure) in
                try Patch(reading: part)
            },
            remediation: try json.optional("remediation").map { (part) throws(Failure) in
                try Remediation(reading: part)
            }, message: try json.required("message").string())
    }
}

extension Decision.Rule {
    fileprivate var json: JSONValue {
        var object: JSONObject = ["policy": .string(policy)]
        object["namespace"] = namespace.map { .string($0) }
        object["name"] = .string(name)
        object["digest"] = .string(digest.description)
        object["source"] = .string(source)
        object["action"] = .string(action.rawValue)
        return .object(object)
    }

    fileprivate init(reading json: JSONReader) throws(Failure) {
        try json.refuseFields(otherThan: [
            "policy", "namespace", "name", "digest", "source", "action",
        ])
        self.init(
            policy: try json.required("policy").string(),
            namespace: try json.optional("namespace")?.string(),
            name: try json.required("name").string(), digest: try json.required("digest").digest(),
            source: try json.required("source").string(), action: try json.required("action").word()
        )
    }
}

extension Decision.Request {
    fileprivate var json: JSONValue {
        var object: JSONObject = [
            "apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind),
            "namespace": .string(resource.namespace), "name": .string(resource.name),
            "generateName": .string(resource.generateName),
            "operation": .string(operation.rawValue), "subresource": .string(subresource),
            "digest": .string(digest.description),
        ]
        object["file"] = file.map { .string($0) }
        return .object(object)
    }

    fileprivate init(reading json: JSONReader) throws(Failure) {
        try json.refuseFields(otherThan: [
            "apiVersion", "kind", "namespace", "name", "generateName", "operation", "subresource",
            "digest", "file",
        ])
        self.init(
            resource: ResourceIdentity(
                apiVersion: try json.required("apiVersion").string(),
                kind: try json.required("kind").string(),
                namespace: try json.required("namespace").string(),
                name: try json.required("name").string(),
                generateName: try json.required("generateName").string()),
            operation: try json.required("operation").word(),
            subresource: try json.required("subresource").string(),
            digest: try json.required("digest").digest(), file: try json.optional("file")?.string())
    }
}

extension Decision.Image {
    fileprivate var json: JSONValue {
        var object: JSONObject = [
            "asWritten": .string(use.written), "role": .string(use.role.rawValue),
            "owner": .string(use.owner), "pointer": .string(use.pointer),
        ]
        object["normalized"] = normalized.map { .string($0) }
        object["resolvedDigest"] = digest.map { .string($0.description) }
        return .object(object)
    }

    fileprivate init(reading json: JSONReader) throws(Failure) {
        try json.refuseFields(otherThan: [
            "asWritten", "role", "owner", "pointer", "normalized", "resolvedDigest",
        ])
        self.init(
            use: ImageUse(
                role: try json.required("role").word(), owner: try json.required("owner").string(),
                pointer: try json.required("pointer").string(),
                written: try json.required("asWritten").string()),
            normalized: try json.optional("normalized")?.string(),
            digest: try json.optional("resolvedDigest").map { (part) throws(Failure) in
                try part.digest()
            })
    }
}

extension Decision.Patch {
    fileprivate init(reading json: JSONReader) throws(Failure) {
        try json.refuseFields(otherThan: ["pointer", "value"])
        self.init(
            pointer: try json.required("pointer").string(),
            value: try json.required("value").string())
    }
}

extension DecisionCheck {
    fileprivate var json: JSONValue {
        var object: JSONObject = [
            "id": .string(id), "type": .string(what), "result": .string(outcome.rawValue),
        ]
        object["reasonCode"] = reason.map { .string($0.rawValue) }
        object["expected"] = .string(expected)
        object["observed"] = .string(observed)
        object["evidenceDigests"] = .array(evidence.map { .string($0.description) })
        return .object(object)
    }

    fileprivate init(reading json: JSONReader) throws(Failure) {
        try json.refuseFields(otherThan: [
            "id", "type", "result", "reasonCode", "expected", "observed", "evidenceDigests",
        ])
        var evidence: [Digest] = []
        for item in try json.required("evidenceDigests").items(atMost: Limits.candidatesPerDigest) {
            evidence.append(try item.digest())
        }
        self.init(
            id: try json.required("id").string(), what: try json.required("type").string(),
            expected: try json.required("expected").string(),
            observed: try json.required("observed").string(),
            outcome: try json.required("result").word(),
            reason: try json.optional("reasonCode")?.word(),
            evidence: evidence)
    }
}

extension Remediation {
    fileprivate var json: JSONValue {
        ["summary": .string(summary), "steps": .array(steps.map(\.json))]
    }

    fileprivate init(reading json: JSONReader) throws(Failure) {
        try json.refuseFields(otherThan: ["summary", "steps"])
        var steps: [Step] = []
        for item in try json.required("steps").items(atMost: Limits.checksPerDecision) {
            steps.append(try Step(reading: item))
        }
        self.init(summary: try json.required("summary").string(), steps: steps)
    }
}

extension Remediation.Step {
    fileprivate var json: JSONValue {
        switch self {
        case .command(let words): return ["command": .array(words.map { .string($0) })]
        case .edit(let file, let pointer, let from, let to):
            var object: JSONObject = [:]
            object["file"] = file.map { .string($0) }
            object["pointer"] = .string(pointer)
            object["from"] = from.map { .string($0) }
            object["to"] = .string(to)
            return ["edit": .object(object)]
        }
    }

    fileprivate init(reading json: JSONReader) throws(Failure) {
        try json.refuseFields(otherThan: ["command", "edit"])
        if let edit = try json.optional("edit") {
            try edit.refuseFields(otherThan: ["file", "pointer", "from", "to"])
            self = .edit(
                file: try edit.optional("file")?.string(),
                pointer: try edit.required("pointer").string(),
                from: try edit.optional("from")?.string(), to: try edit.required("to").string())
        } else {
            var words: [String] = []
            for item in try json.required("command").items(atMost: Limits.checksPerDecision) {
                words.append(try item.string())
            }
            self = .command(words)
        }
    }
}

extension JSONReader {
    fileprivate func digest() throws(Failure) -> Digest {
        let text = try string()
        do {
            return try Digest(parsing: text)
        } catch {
            throw broken(error.why)
        }
    }

    /// One word of a closed list.
    fileprivate func word<Word: RawRepresentable & CaseIterable>() throws(Failure) -> Word
    where Word.RawValue == String {
        let text = try string()
        guard let word = Word(rawValue: text) else {
            let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw broken("\(quoted(text)) is none of \(known)")
        }
        return word
    }
}
