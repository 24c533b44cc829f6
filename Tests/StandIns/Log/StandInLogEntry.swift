// SPDX-License-Identifier: Apache-2.0
// An entry as a bundle carries it. Spec: sigstore_rekor.proto, TransparencyLogEntry.

package import Primitives

/// Everything a log answers about one entry; every part can be replaced.
package struct StandInLogEntry: Sendable {
    package struct Proof: Sendable {
        package var index: Int
        package var root: [UInt8]
        package var size: Int
        package var hashes: [[UInt8]]
        /// The checkpoint's envelope; nil for a proof without one.
        package var checkpoint: String?
    }

    /// The index over all shards of a log.
    package var index: Int
    package var logIdentifier: [UInt8]
    package var kind: String
    package var version: String
    /// Seconds since 1970; nil where the log makes no such claim (Rekor v2).
    package var integratedTime: Int?
    /// The signed entry timestamp.
    package var promise: [UInt8]?
    package var proof: Proof?
    package var body: [UInt8]

    /// The form that bundles carry and Rekor v2 answers.
    package var json: JSONValue {
        var object: JSONObject = [
            "logIndex": .text(index), "logId": ["keyId": .base64(logIdentifier)],
            "kindVersion": ["kind": .string(kind), "version": .string(version)],
        ]
        if let integratedTime { object["integratedTime"] = .text(integratedTime) }
        if let promise {
            object["inclusionPromise"] = ["signedEntryTimestamp": .base64(promise)]
        }
        if let proof { object["inclusionProof"] = proof.json }
        object["canonicalizedBody"] = .base64(body)
        return .object(object)
    }

    /// What Rekor v1 answers: the entry under its UUID.
    ///
    /// Spec: rekor openapi.yaml, LogEntry: hex where bundles have base64.
    package func answer(treeID: Int) -> JSONValue {
        var verification: JSONObject = [:]
        if let promise { verification["signedEntryTimestamp"] = .base64(promise) }
        if let proof { verification["inclusionProof"] = proof.answer }
        return .object([
            uuid(treeID: treeID): [
                "body": .base64(body), "integratedTime": .number(integratedTime ?? 0),
                "logID": .string(hexText(logIdentifier)), "logIndex": .number(index),
                "verification": .object(verification),
            ]
        ])
    }

    /// Spec: rekor: the tree's id in 16 hex digits, then the leaf's hash.
    package func uuid(treeID: Int) -> String {
        hexText(bigEndian(UInt64(max(0, treeID)), bytes: 8))
            + hexText(StandInMerkleTree.leafHash(body))
    }
}

extension StandInLogEntry.Proof {
    fileprivate var json: JSONValue {
        var object: JSONObject = [
            "logIndex": .text(index), "rootHash": .base64(root), "treeSize": .text(size),
            "hashes": .array(hashes.map { .base64($0) }),
        ]
        if let checkpoint { object["checkpoint"] = ["envelope": .string(checkpoint)] }
        return .object(object)
    }

    fileprivate var answer: JSONValue {
        var object: JSONObject = [
            "hashes": .array(hashes.map { .string(hexText($0)) }), "logIndex": .number(index),
            "rootHash": .string(hexText(root)), "treeSize": .number(size),
        ]
        if let checkpoint { object["checkpoint"] = .string(checkpoint) }
        return .object(object)
    }
}
