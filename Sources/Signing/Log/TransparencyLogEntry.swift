// SPDX-License-Identifier: Apache-2.0
// Unverified entries of transparency logs.
// Spec: sigstore_rekor.proto, TransparencyLogEntry; Rekor's openapi, LogEntry.

package import Primitives

/// An unverified log entry. `verified` verifies it.
package struct TransparencyLogEntry: Hashable, Sendable {
    /// The kind and version of the entry: `hashedrekord` `0.0.1`.
    package struct Kind: Hashable, Sendable, CustomStringConvertible {
        package let name: String
        package let version: String

        package init(name: String, version: String) {
            self.name = name
            self.version = version
        }

        package var description: String { "\(plain(name)) \(plain(version))" }
    }

    /// The unverified inclusion proof.
    package struct Inclusion: Hashable, Sendable {
        /// The index of the leaf in its shard; 0 if absent, which are equal in protobuf.
        package let logIndex: Int
        /// Empty when absent.
        package let rootHash: [UInt8]
        /// 0 when absent.
        package let treeSize: Int
        package let hashes: [[UInt8]]
        /// The signed note; nil when absent.
        package let checkpoint: String?

        package init(
            logIndex: Int, rootHash: [UInt8], treeSize: Int, hashes: [[UInt8]], checkpoint: String?
        ) {
            self.logIndex = logIndex
            self.rootHash = rootHash
            self.treeSize = treeSize
            self.hashes = hashes
            self.checkpoint = checkpoint
        }
    }

    /// The proofs of the log for the entry.
    package struct Proofs: Hashable, Sendable {
        /// The signed entry timestamp over body, time, log ID and index; nil if absent.
        package let signedEntryTimestamp: [UInt8]?
        package let inclusion: Inclusion?

        package init(signedEntryTimestamp: [UInt8]?, inclusion: Inclusion?) {
            self.signedEntryTimestamp = signedEntryTimestamp
            self.inclusion = inclusion
        }
    }

    /// The global index over all shards of the log.
    package let logIndex: Int
    package let logID: [UInt8]
    package let kind: Kind
    /// The integrated time; nil if absent. It is not trusted unless the signed entry timestamp
    /// verifies.
    package let claimedTime: Timestamp?
    package let proofs: Proofs
    /// The body of the entry, which the log hashed.
    package let body: [UInt8]

    package init(
        logIndex: Int, logID: [UInt8], kind: Kind, claimedTime: Timestamp?, proofs: Proofs,
        body: [UInt8]
    ) {
        self.logIndex = logIndex
        self.logID = logID
        self.kind = kind
        self.claimedTime = claimedTime
        self.proofs = proofs
        self.body = body
    }

    /// The Rekor version of the entry's kind: v2 has a single kind, which v1 does not have.
    package var generation: LogGeneration {
        kind == .hashedRecordVersion2 ? .version2 : .version1
    }
}

extension TransparencyLogEntry.Kind {
    package static let hashedRecord = Self(name: "hashedrekord", version: "0.0.1")
    package static let hashedRecordVersion2 = Self(name: "hashedrekord", version: "0.0.2")
    package static let envelope = Self(name: "dsse", version: "0.0.1")
    package static let inToto = Self(name: "intoto", version: "0.0.2")
    package static let inTotoVersion1 = Self(name: "intoto", version: "0.0.1")
}
