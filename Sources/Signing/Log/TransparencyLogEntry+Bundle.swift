// SPDX-License-Identifier: Apache-2.0
// Log entries in bundles and in Rekor v2's responses, as protobuf JSON.
// Spec: sigstore_rekor.proto; protobuf's "ProtoJSON Format".

package import Primitives

extension TransparencyLogEntry {
    /// Parses the entries of a bundle. Throws `overLimit` for more than `Limits.proofsPerBundle`.
    package static func list(reading json: JSONReader) throws(Failure) -> [TransparencyLogEntry] {
        var entries: [TransparencyLogEntry] = []
        for item in try json.items(atMost: Limits.proofsPerBundle) {
            entries.append(try TransparencyLogEntry(reading: item))
        }
        return entries
    }

    /// Spec: ProtoJSON: 64-bit integers are strings or numbers, an absent field has its default.
    ///
    /// Deviation: only canonical standard base64 and lowerCamelCase names are accepted, which all
    /// known writers use. Negative numbers are rejected, because no field has any.
    package init(reading json: JSONReader) throws(Failure) {
        try json.refuseFields(otherThan: [
            "logIndex", "logId", "kindVersion", "integratedTime", "inclusionPromise",
            "inclusionProof", "canonicalizedBody",
        ])
        let log = try json.required("logId")
        try log.refuseFields(otherThan: ["keyId"])
        let kind = try json.required("kindVersion")
        try kind.refuseFields(otherThan: ["kind", "version"])
        let body = try json.required("canonicalizedBody")
        let seconds = try json.optional("integratedTime")?.protobufInteger() ?? 0
        self.init(
            logIndex: try json.optional("logIndex")?.protobufInteger() ?? 0,
            logID: try log.required("keyId").protobufBytes(count: MerkleHash.byteCount),
            kind: Kind(
                name: try kind.required("kind").nonEmptyText(),
                version: try kind.required("version").nonEmptyText()),
            claimedTime: seconds == 0 ? nil : Timestamp(seconds: seconds),
            proofs: Proofs(
                signedEntryTimestamp: try readPromise(json),
                inclusion: try json.optional("inclusionProof").map { (proof) throws(Failure) in
                    try Inclusion(reading: proof)
                }),
            body: try body.protobufBytes(atMost: Limits.logEntryBytes))
        guard !self.body.isEmpty else { throw body.broken("it is empty") }
    }

    /// The entry as protobuf JSON, with fields in the order of their numbers. Index and size are
    /// written even if they are 0, because some readers need them.
    package var json: JSONValue {
        var object: JSONObject = [
            "logIndex": .string(String(logIndex)),
            "logId": ["keyId": .string(base64Text(logID))],
            "kindVersion": ["kind": .string(kind.name), "version": .string(kind.version)],
        ]
        if let claimedTime { object["integratedTime"] = .string(String(claimedTime.seconds)) }
        if let promise = proofs.signedEntryTimestamp {
            object["inclusionPromise"] = ["signedEntryTimestamp": .string(base64Text(promise))]
        }
        if let inclusion = proofs.inclusion { object["inclusionProof"] = inclusion.json }
        object["canonicalizedBody"] = .string(base64Text(body))
        return .object(object)
    }
}

/// Parses the signed entry timestamp; nil if it is absent or empty, which are equal in protobuf.
private func readPromise(_ json: JSONReader) throws(Failure) -> [UInt8]? {
    guard let promise = try json.optional("inclusionPromise") else { return nil }
    try promise.refuseFields(otherThan: ["signedEntryTimestamp"])
    guard let field = try promise.optional("signedEntryTimestamp") else { return nil }
    let content = try field.protobufBytes(atMost: Limits.logSignatureBytes)
    return content.isEmpty ? nil : content
}

extension TransparencyLogEntry.Inclusion {
    fileprivate init(reading json: JSONReader) throws(Failure) {
        try json.refuseFields(otherThan: [
            "logIndex", "rootHash", "treeSize", "hashes", "checkpoint",
        ])
        var hashes: [[UInt8]] = []
        if let list = try json.optional("hashes") {
            for item in try list.items(atMost: Limits.hashesPerProof) {
                hashes.append(try item.protobufBytes(count: MerkleHash.byteCount))
            }
        }
        var envelope: String?
        if let checkpoint = try json.optional("checkpoint") {
            try checkpoint.refuseFields(otherThan: ["envelope"])
            envelope = try checkpoint.optional("envelope")?.noteText()
        }
        self.init(
            logIndex: try json.optional("logIndex")?.protobufInteger() ?? 0,
            rootHash: try json.optional("rootHash")?.protobufBytes(atMost: MerkleHash.byteCount)
                ?? [],
            treeSize: try json.optional("treeSize")?.protobufInteger() ?? 0,
            hashes: hashes, checkpoint: envelope)
    }

    fileprivate var json: JSONValue {
        var object: JSONObject = ["logIndex": .string(String(logIndex))]
        if !rootHash.isEmpty { object["rootHash"] = .string(base64Text(rootHash)) }
        object["treeSize"] = .string(String(treeSize))
        object["hashes"] = .array(hashes.map { .string(base64Text($0)) })
        if let checkpoint { object["checkpoint"] = ["envelope": .string(checkpoint)] }
        return .object(object)
    }
}

extension JSONReader {
    /// Parses a non-negative integer. Spec: ProtoJSON: int64 is a decimal string; a number is
    /// accepted too.
    func protobufInteger() throws(Failure) -> Int {
        let spelling =
            switch value {
            case .string(let text): text
            case .number(let number): number.description
            default: throw broken("it is \(value.kindName), not a whole number")
            }
        guard let number = wholeNumber(spelling) else {
            throw broken("\(quoted(spelling)) is not an integer from 0 to 2^63-1")
        }
        return number
    }

    /// Decodes standard base64, after a check of its length.
    func protobufBytes(atMost limit: Int) throws(Failure) -> [UInt8] {
        let text = try string()
        guard text.utf8.count / 4 <= (limit + 2) / 3 else {
            throw Failure(
                .overLimit, "cannot read \(document)", at: place,
                because: "it has more than \(limit) bytes, the limit")
        }
        let content = try base64()
        guard content.count <= limit else {
            throw Failure(
                .overLimit, "cannot read \(document)", at: place,
                because: "it has \(content.count) bytes, the limit is \(limit)")
        }
        return content
    }

    func protobufBytes(count: Int) throws(Failure) -> [UInt8] {
        let content = try protobufBytes(atMost: count)
        guard content.count == count else {
            throw broken("it has \(content.count) bytes, not \(count)")
        }
        return content
    }

    fileprivate func nonEmptyText() throws(Failure) -> String {
        let text = try string()
        guard !text.isEmpty else { throw broken("it is empty") }
        return text
    }

    /// The text of a checkpoint; nil if it is absent or empty, which are equal in protobuf.
    func noteText() throws(Failure) -> String? {
        let text = try string()
        guard text.utf8.count <= Limits.signedNoteBytes else {
            throw Failure(
                .overLimit, "cannot read \(document)", at: place,
                because: "the note has \(text.utf8.count) bytes, the limit is "
                    + "\(Limits.signedNoteBytes)")
        }
        return text.isEmpty ? nil : text
    }
}
