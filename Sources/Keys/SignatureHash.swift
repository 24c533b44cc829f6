// SPDX-License-Identifier: Apache-2.0
// The hashes that signatures are made over, and messages known only by their hash.
// Spec: FIPS 180-4; sigstore_common.proto, HashAlgorithm.

internal import Crypto
package import Primitives

/// A hash function that a signature scheme, a log or a timestamp names. Raw values are the names in
/// JSON.
package enum SignatureHash: String, Hashable, Sendable, CaseIterable {
    case sha256, sha384, sha512

    /// For people: "SHA-256".
    package var title: String {
        switch self {
        case .sha256: "SHA-256"
        case .sha384: "SHA-384"
        case .sha512: "SHA-512"
        }
    }

    /// Its name in protobuf documents. Spec: sigstore_common.proto, HashAlgorithm.
    package var protobufName: String {
        switch self {
        case .sha256: "SHA2_256"
        case .sha384: "SHA2_384"
        case .sha512: "SHA2_512"
        }
    }

    package var byteCount: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// The hash of a message that is here.
    package func hash(of message: [UInt8]) -> [UInt8] {
        switch self {
        case .sha256: Array(SHA256.hash(data: message))
        case .sha384: Array(SHA384.hash(data: message))
        case .sha512: Array(SHA512.hash(data: message))
        }
    }
}

/// What is known of a message that need not be here: which hash, and its value.
///
/// It always has as many bytes as its algorithm makes.
package struct MessageDigest: Hashable, Sendable {
    package let algorithm: SignatureHash
    package let bytes: [UInt8]

    /// Nil when the count of bytes is not the algorithm's.
    package init?(algorithm: SignatureHash, bytes: [UInt8]) {
        guard bytes.count == algorithm.byteCount else { return nil }
        self.algorithm = algorithm
        self.bytes = bytes
    }

    package init(of message: [UInt8], by algorithm: SignatureHash) {
        self.algorithm = algorithm
        bytes = algorithm.hash(of: message)
    }

    /// The same digest as content addressing writes it; nil never happens for a valid `Digest`.
    package init?(_ digest: Primitives.Digest) {
        guard let bytes = Primitives.bytes(fromHex: digest.hex) else { return nil }
        self.init(algorithm: digest.algorithm == .sha256 ? .sha256 : .sha512, bytes: bytes)
    }
}

/// Makes every hash of a message at once, as it passes by.
package struct MessageHasher: Sendable {
    private var sha256 = SHA256()
    private var sha384 = SHA384()
    private var sha512 = SHA512()

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        unsafe sha256.update(bufferPointer: bytes)
        unsafe sha384.update(bufferPointer: bytes)
        unsafe sha512.update(bufferPointer: bytes)
    }

    package func finish() -> [SignatureHash: [UInt8]] {
        [
            .sha256: Array(sha256.finalize()), .sha384: Array(sha384.finalize()),
            .sha512: Array(sha512.finalize()),
        ]
    }
}
