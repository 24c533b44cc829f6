// SPDX-License-Identifier: Apache-2.0
// A log like Rekor v1: signed promises, inclusion proofs, checkpoints. Spec: rekor openapi.yaml.

package import Primitives

/// A log with a promise for each entry. A value: a copy of it has a history of its own.
package struct StandInRekor1: Sendable {
    package let key: StandInKey
    package let baseURL: String
    /// The id of the tree, which is in the checkpoint's origin and in UUIDs.
    package let treeID: Int
    /// How many entries older shards of this log hold: an entry's index is that much higher than
    /// its place in the tree.
    package let olderEntries: Int
    package private(set) var tree = StandInMerkleTree()
    package private(set) var bodies: [(body: [UInt8], time: Timestamp)] = []

    package init(key: StandInKey, baseURL: String, olderEntries: Int = 100) {
        self.key = key
        self.baseURL = baseURL
        self.olderEntries = olderEntries
        treeID = 1_193_050_959_916_656_506
    }

    package var identifier: [UInt8] { key.identifier }

    /// The host, which signs checkpoints.
    package var name: String { hostName(baseURL) }

    /// Appends an entry and answers for it.
    package mutating func append(
        _ logged: LoggedSignature, as kind: LogEntryKind, at time: Timestamp
    ) throws(Failure) -> StandInLogEntry {
        try append(body: kind.body(logged), at: time)
    }

    package mutating func append(body: [UInt8], at time: Timestamp) throws(Failure)
        -> StandInLogEntry
    {
        bodies.append((body, time))
        let place = tree.append(body)
        return try entry(at: place)
    }

    /// The answer for the entry at that place of the tree, with the tree as it is now.
    package func entry(at position: Int) throws(Failure) -> StandInLogEntry {
        guard bodies.indices.contains(position) else {
            throw Failure(
                .notFound, "cannot find the log entry",
                because: "the tree has \(bodies.count) entries, none at \(position)")
        }
        let (body, time) = bodies[position]
        let json = try JSONReader(parsing: body, named: "the entry's body")
        let promise = try promise(for: body, index: position + olderEntries, at: time)
        return StandInLogEntry(
            index: position + olderEntries, logIdentifier: identifier,
            kind: try json.required("kind").string(),
            version: try json.required("apiVersion").string(),
            integratedTime: time.seconds, promise: promise,
            proof: StandInLogEntry.Proof(
                index: position, root: tree.root(), size: tree.size,
                hashes: tree.inclusionProof(for: position),
                checkpoint: try checkpoint(at: time).envelope),
            body: body)
    }

    /// The place of an entry with that very body.
    package func place(of body: [UInt8]) -> Int? { bodies.firstIndex { $0.body == body } }

    /// Spec: rekor: the canonical JSON of body, integratedTime, logID and logIndex, signed.
    package func promise(for body: [UInt8], index: Int, at time: Timestamp) throws(Failure)
        -> [UInt8]
    {
        try key.sign(
            canonicalJSON([
                "body": .base64(body), "integratedTime": .number(time.seconds),
                "logID": .string(hexText(identifier)), "logIndex": .number(index),
            ]))
    }

    /// The signed checkpoint of the tree as it is now.
    package func checkpoint(at time: Timestamp) throws(Failure) -> StandInCheckpoint {
        var checkpoint = unsignedCheckpoint(at: time)
        try checkpoint.sign(as: name, with: key)
        return checkpoint
    }

    package func unsignedCheckpoint(at time: Timestamp) -> StandInCheckpoint {
        StandInCheckpoint(
            origin: "\(name) - \(treeID)", size: tree.size, root: tree.root(),
            extensionLines: ["Timestamp: \(time.seconds)000000000"])
    }

    /// `GET /api/v1/log`. Spec: openapi.yaml, LogInfo.
    package func information(at time: Timestamp) throws(Failure) -> JSONValue {
        [
            "rootHash": .string(hexText(tree.root())), "treeSize": .number(tree.size),
            "signedTreeHead": .string(try checkpoint(at: time).envelope),
            "treeID": .text(treeID), "inactiveShards": [],
        ]
    }
}

/// The host of an address, without scheme, port and path.
package func hostName(_ address: String) -> String {
    var rest = Substring(address)
    for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) {
        rest = rest.dropFirst(scheme.count)
    }
    return String(rest.prefix { $0 != "/" && $0 != ":" })
}
