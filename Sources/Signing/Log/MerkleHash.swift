// SPDX-License-Identifier: Apache-2.0
// The hashes of Merkle trees. Spec: RFC 9162 §2.1.1, RFC 6962 §2.1.

internal import Crypto

/// The hashes of a Merkle tree. Spec: RFC 9162 §2.1.1, RFC 6962 §2.1.
package enum MerkleHash {
    /// Bytes of one hash.
    package static let byteCount = 32

    /// `HASH(0x00 || entry)`.
    package static func leaf(_ entry: [UInt8]) -> [UInt8] {
        var hasher = SHA256()
        hasher.update(data: [0x00] as [UInt8])
        hasher.update(data: entry)
        return Array(hasher.finalize())
    }

    /// `HASH(0x01 || left || right)`.
    package static func node(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: [0x01] + left + right))
    }
}
