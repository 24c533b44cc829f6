// SPDX-License-Identifier: Apache-2.0
// A log like Rekor v2 (tiles): no promises, no times, one kind of entry.
// Spec: sigstore/architecture-docs rekor-v2-spec.md; sigstore/rekor-tiles CLIENTS.md.

package import Primitives

/// A log whose only word is its checkpoint. A value: a copy of it has a history of its own.
package struct StandInRekor2: Sendable {
    package let key: StandInKey
    package let baseURL: String
    package var witnesses: [StandInWitness]
    package private(set) var tree = StandInMerkleTree()
    package private(set) var bodies: [[UInt8]] = []

    package init(key: StandInKey, baseURL: String, witnesses: [StandInWitness] = []) {
        self.key = key
        self.baseURL = baseURL
        self.witnesses = witnesses
    }

    /// The name in its checkpoints: the host, as rekor-tiles is configured and as sigstore-go reads
    /// it (pkg/verify/tlog.go).
    package var origin: String { hostName(baseURL) }

    /// The full key id of its checkpoints.
    package var identifier: [UInt8] { StandInCheckpoint.keyIdentifier(origin, key) }

    /// Appends an entry and answers for it.
    package mutating func append(
        _ logged: LoggedSignature, at time: Timestamp
    ) throws(Failure) -> StandInLogEntry {
        try append(body: LogEntryKind.hashedrekord002.body(logged), at: time)
    }

    package mutating func append(body: [UInt8], at time: Timestamp) throws(Failure)
        -> StandInLogEntry
    {
        bodies.append(body)
        let place = tree.append(body)
        return StandInLogEntry(
            index: place, logIdentifier: identifier,
            kind: LogEntryKind.hashedrekord002.kind,
            version: LogEntryKind.hashedrekord002.version, integratedTime: nil, promise: nil,
            proof: StandInLogEntry.Proof(
                index: place, root: tree.root(), size: tree.size,
                hashes: tree.inclusionProof(for: place),
                checkpoint: try checkpoint(at: time).envelope),
            body: body)
    }

    /// The checkpoint of the tree as it is now, signed by the log and cosigned by its witnesses.
    package func checkpoint(at time: Timestamp) throws(Failure) -> StandInCheckpoint {
        var checkpoint = unsignedCheckpoint
        try checkpoint.sign(as: origin, with: key)
        for witness in witnesses {
            try checkpoint.cosign(as: witness.name, with: witness.key, at: time)
        }
        return checkpoint
    }

    package var unsignedCheckpoint: StandInCheckpoint {
        StandInCheckpoint(origin: origin, size: tree.size, root: tree.root())
    }
}
