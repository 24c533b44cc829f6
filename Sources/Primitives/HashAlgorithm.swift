// SPDX-License-Identifier: Apache-2.0
// The hash functions of digests and signatures. Spec: FIPS 180-4.

internal import Crypto

/// A hash function that a digest, a signature scheme, a log or a timestamp names. Raw values are the
/// names in JSON.
package enum HashAlgorithm: String, Hashable, Sendable, CaseIterable {
    case sha256, sha384, sha512

    /// The algorithms that content in a registry may be addressed by.
    ///
    /// Spec: OCI image-spec 1.1, descriptor.md, "Registered algorithms".
    package static let registered: [HashAlgorithm] = [.sha256, .sha512]

    /// Reads the name of a registered algorithm; nil for any other.
    package init?(registered name: String) {
        guard let found = HashAlgorithm.registered.first(where: { isSame($0.rawValue, name) })
        else { return nil }
        self = found
    }

    /// For people: "SHA-256".
    package var title: String {
        switch self {
        case .sha256: "SHA-256"
        case .sha384: "SHA-384"
        case .sha512: "SHA-512"
        }
    }

    /// Bytes of one hash.
    package var byteCount: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// Hex digits of one hash.
    package var hexCount: Int { 2 * byteCount }

    /// The hash of a message.
    package func hash(of message: [UInt8]) -> [UInt8] {
        switch self {
        case .sha256: Array(SHA256.hash(data: message))
        case .sha384: Array(SHA384.hash(data: message))
        case .sha512: Array(SHA512.hash(data: message))
        }
    }
}
