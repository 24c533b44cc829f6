// SPDX-License-Identifier: Apache-2.0
// Log entries in cosign's annotation and in Rekor v1's responses.
// Spec: cosign pkg/cosign/bundle/rekor.go; Rekor's openapi, LogEntry.

package import Primitives

extension TransparencyLogEntry {
    /// Parses the annotation `dev.sigstore.cosign/bundle`:
    /// `{"SignedEntryTimestamp": base64, "Payload": {body, integratedTime, logIndex, logID}}`.
    package init(legacyBundleAnnotation text: String) throws(Failure) {
        guard text.utf8.count <= 2 * Limits.logEntryBytes else {
            throw Failure(
                .overLimit, "cannot read the bundle annotation",
                because: "it has \(text.utf8.count) bytes, the limit is \(2 * Limits.logEntryBytes)"
            )
        }
        try self.init(
            readingLegacy: try JSONReader(parsing: text.utf8, named: "the bundle annotation"))
    }

    /// Parses the same object in a document, such as a legacy blob bundle's `rekorBundle`.
    package init(readingLegacy json: JSONReader) throws(Failure) {
        try json.refuseFields(otherThan: ["SignedEntryTimestamp", "Payload"])
        let payload = try json.required("Payload")
        try payload.refuseFields(otherThan: ["body", "integratedTime", "logIndex", "logID"])
        let promise = try json.required("SignedEntryTimestamp")
            .protobufBytes(atMost: Limits.logSignatureBytes)
        try self.init(
            payload: payload, proofs: Proofs(signedEntryTimestamp: promise, inclusion: nil))
    }

    /// Parses Rekor v1's response to an upload or a search: one entry under its UUID.
    ///
    /// A UUID ends with the leaf's hash. Throws if it does not match the body.
    package init(rekorVersion1Answer json: JSONReader) throws(Failure) {
        let members = try json.object().names
        guard members.count == 1, let uuid = members.first else {
            throw json.broken("it holds \(members.count) entries, one is expected")
        }
        let entry = try json.required(uuid)
        try entry.refuseFields(otherThan: [
            "body", "integratedTime", "logIndex", "logID", "verification", "attestation",
        ])
        let verification = try entry.required("verification")
        try verification.refuseFields(otherThan: ["inclusionProof", "signedEntryTimestamp"])
        let proofs = Proofs(
            signedEntryTimestamp: try verification.optional("signedEntryTimestamp")?
                .protobufBytes(atMost: Limits.logSignatureBytes),
            inclusion: try verification.optional("inclusionProof").map { (proof) throws(Failure) in
                try Inclusion(readingVersion1: proof)
            })
        try self.init(payload: entry, proofs: proofs)
        guard uuid.utf8.count >= 64, uuid.utf8.hasSuffix(hexText(MerkleHash.leaf(body))) else {
            throw entry.broken("its UUID does not end in the hash of its body")
        }
    }

    /// Creates an entry from the common four fields; the kind of the entry is only in its body.
    private init(payload: JSONReader, proofs: Proofs) throws(Failure) {
        let seconds = try payload.required("integratedTime").protobufInteger()
        let identifier = try payload.required("logID")
        guard let logID = bytes(fromHex: try identifier.string()),
            logID.count == MerkleHash.byteCount
        else { throw identifier.broken("it is not 64 lower-case hex digits") }
        let body = try payload.required("body").protobufBytes(atMost: Limits.logEntryBytes)
        let document = try JSONReader(parsing: body, named: "the log entry's body")
        self.init(
            logIndex: try payload.required("logIndex").protobufInteger(), logID: logID,
            kind: Kind(
                name: try document.required("kind").string(),
                version: try document.required("apiVersion").string()),
            claimedTime: seconds == 0 ? nil : Timestamp(seconds: seconds), proofs: proofs,
            body: body)
    }
}

extension TransparencyLogEntry.Inclusion {
    /// Parses hashes, which are hex in Rekor v1 and base64 in bundles.
    fileprivate init(readingVersion1 json: JSONReader) throws(Failure) {
        try json.refuseFields(otherThan: [
            "logIndex", "rootHash", "treeSize", "hashes", "checkpoint",
        ])
        var hashes: [[UInt8]] = []
        for item in try json.required("hashes").items(atMost: Limits.hashesPerProof) {
            hashes.append(try item.hashInHex())
        }
        self.init(
            logIndex: try json.required("logIndex").protobufInteger(),
            rootHash: try json.required("rootHash").hashInHex(),
            treeSize: try json.required("treeSize").protobufInteger(), hashes: hashes,
            checkpoint: try json.optional("checkpoint")?.noteText())
    }
}

extension JSONReader {
    fileprivate func hashInHex() throws(Failure) -> [UInt8] {
        guard let hash = bytes(fromHex: try string()), hash.count == MerkleHash.byteCount else {
            throw broken("it is not 64 lower-case hex digits")
        }
        return hash
    }
}
