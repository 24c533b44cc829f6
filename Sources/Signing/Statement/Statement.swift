// SPDX-License-Identifier: Apache-2.0
// in-toto statements. Spec: in-toto/attestation spec v1 statement.md, and v0.1.

internal import OCI
package import Primitives

/// An unverified in-toto statement. `Evidence` verifies statements.
package struct Statement: Hashable, Sendable {
    package struct Subject: Hashable, Sendable {
        package let name: String?
        /// The digests in hex by algorithm name, unvalidated; matching uses `Digest` values only.
        package let digests: ByteStringMap<String>
        package let annotations: JSONObject

        package func names(_ digest: Digest) -> Bool {
            digests[digest.algorithm.rawValue] == digest.hex
        }
    }

    package let subjects: [Subject]
    package let predicateType: PredicateType
    /// The predicate; null if the statement has none.
    package let predicate: JSONValue

    /// Parses a statement. Spec: statement.md: "_type" is one of the two versions, "subject" has at
    /// least one element, each with a digest; "predicateType" is required, "predicate" is not.
    package init(parsing bytes: [UInt8]) throws(Failure) {
        let json = try JSONReader(parsing: bytes, named: "the statement")
        let type = try json.required("_type")
        guard statementTypes.contains(try type.string()) else {
            throw type.broken("it is not one of \(statementTypes.joined(separator: ", "))")
        }
        var subjects: [Subject] = []
        for item in try json.required("subject").items(atMost: Limits.subjectsPerStatement) {
            subjects.append(try subject(item))
        }
        guard !subjects.isEmpty else { throw json.broken("it has no subject") }
        self.subjects = subjects
        predicateType = try PredicateType(uri: try json.required("predicateType").string())
        predicate = try json.optional("predicate")?.value ?? .null
    }

    package func isAbout(_ digest: Digest) -> Bool { subjects.contains { $0.names(digest) } }

    /// Creates the document of a statement of version 1 with one subject.
    package static func document(
        about digest: Digest, name: String?, annotations: ByteStringMap<String> = [:],
        predicateType: PredicateType, predicate: JSONValue
    ) -> JSONValue {
        var subject: JSONObject = [:]
        if let name { subject["name"] = .string(name) }
        subject["digest"] = [digest.algorithm.rawValue: .string(digest.hex)]
        if !annotations.isEmpty { subject["annotations"] = JSONValue(sorted: annotations) }
        return [
            "_type": .string(statementTypes[0]), "subject": [.object(subject)],
            "predicateType": .string(predicateType.description), "predicate": predicate,
        ]
    }
}

private func subject(_ json: JSONReader) throws(Failure) -> Statement.Subject {
    let map = try json.required("digest")
    let count = try map.object().count
    guard count > 0 else { throw map.broken("a subject has at least one digest") }
    guard count <= Limits.digestsPerSubject else {
        throw Failure(
            .overLimit, "cannot read \(map.document)", at: map.place,
            because: "it has \(count) digests, the limit is \(Limits.digestsPerSubject)")
    }
    return Statement.Subject(
        name: try json.optional("name")?.string(), digests: try map.stringMap(),
        annotations: try json.optional("annotations")?.object() ?? [:])
}

private let statementTypes = [
    "https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1",
]
