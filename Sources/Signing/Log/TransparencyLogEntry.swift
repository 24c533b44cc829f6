// SPDX-License-Identifier: Apache-2.0
// One entry of a transparency log, as evidence carries it.
// Spec: sigstore_rekor.proto, TransparencyLogEntry; Rekor's openapi, LogEntry.

package import Primitives

/// A log entry as it was written. Reading one proves nothing; `verified` does.
package struct TransparencyLogEntry: Hashable, Sendable {
    /// What the entry is and in which form: `hashedrekord` `0.0.1`.
    package struct Kind: Hashable, Sendable, CustomStringConvertible {
        package let name: String
        package let version: String

        package init(name: String, version: String) {
            self.name = name
            self.version = version
        }

        package var description: String { "\(plain(name)) \(plain(version))" }
    }

    /// The way from the entry to a checkpoint, as written.
    package struct Inclusion: Hashable, Sendable {
        /// The leaf in its shard; protobuf does not tell 0 from absent.
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

    /// What the log gave in answer to the entry.
    package struct Proofs: Hashable, Sendable {
        /// The log's signature over body, time, log and index; nil when absent.
        package let signedEntryTimestamp: [UInt8]?
        package let inclusion: Inclusion?

        package init(signedEntryTimestamp: [UInt8]?, inclusion: Inclusion?) {
            self.signedEntryTimestamp = signedEntryTimestamp
            self.inclusion = inclusion
        }
    }

    /// Over all shards of the log.
    package let logIndex: Int
    package let logID: [UInt8]
    package let kind: Kind
    /// When the log says it took the entry; nil when absent. Nobody vouches for it unless the signed
    /// entry timestamp verifies.
    package let claimedTime: Timestamp?
    package let proofs: Proofs
    /// The entry itself, the bytes the log hashed.
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

    /// Rekor v2 knows one kind, and v1 does not know that one.
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
