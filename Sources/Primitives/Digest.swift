// SPDX-License-Identifier: Apache-2.0
// Content addressing. Spec: OCI image-spec 1.1, descriptor.md, "Digests".

internal import Crypto

/// The name of some bytes: an algorithm, and the hash those bytes must have.
///
/// A `Digest` exists only if its hash has as many bytes as its algorithm makes. A `Digest` that was
/// parsed has a registered algorithm, so content in a registry can be addressed by it. A `Digest`
/// of a signed message may also be SHA-384, which no registry accepts.
///
/// Spec: OCI image-spec 1.1, descriptor.md, "Digests".
public struct Digest: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// How the hash was made.
    package let algorithm: HashAlgorithm
    /// The hash in lower-case hex.
    public let hex: String

    /// Reads `sha256:…` or `sha512:…`; anything else is a failure that names what is wrong.
    public init(parsing text: some StringProtocol) throws(Failure) {
        let parts = String(text).utf8.split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let algorithm = HashAlgorithm(registered: String(parts[0])) else {
            throw Failure(
                .malformed, "cannot read the digest \(quoted(text))",
                because: "it does not start with sha256: or sha512:")
        }
        // Spec: "MUST match [a-f0-9]{64}". Upper case would give one blob two names.
        guard parts[1].utf8.count == algorithm.hexCount, parts[1].utf8.allSatisfy(isLowerHex) else {
            throw Failure(
                .malformed, "cannot read the digest \(quoted(text))",
                because: "\(algorithm) needs \(algorithm.hexCount) lower-case hex digits")
        }
        self.algorithm = algorithm
        self.hex = String(parts[1])
    }

    /// Nil when the count of bytes is not the algorithm's.
    package init?(algorithm: HashAlgorithm, bytes: [UInt8]) {
        guard bytes.count == algorithm.byteCount else { return nil }
        self.init(algorithm: algorithm, hash: bytes)
    }

    fileprivate init(algorithm: HashAlgorithm, hash: some Sequence<UInt8>) {
        self.algorithm = algorithm
        self.hex = hexText(hash)
    }

    /// The digest of bytes that are all here.
    package init(of bytes: some Sequence<UInt8>, by algorithm: HashAlgorithm) {
        self.init(algorithm: algorithm, hash: algorithm.hash(of: Array(bytes)))
    }

    /// The hash itself.
    package var bytes: [UInt8] { Primitives.bytes(fromHex: hex) ?? [] }

    /// `algorithm:hex`, the canonical text.
    public var description: String { "\(algorithm.rawValue):\(hex)" }

    /// By text: a stable order for lists.
    public static func < (left: Digest, right: Digest) -> Bool {
        left.description < right.description
    }
}

/// Hashes content as it passes by.
package struct ContentHasher: Sendable {
    private enum State: Sendable {
        case sha256(SHA256)
        case sha384(SHA384)
        case sha512(SHA512)
    }

    private var state: State

    package init(_ algorithm: HashAlgorithm) {
        switch algorithm {
        case .sha256: state = .sha256(SHA256())
        case .sha384: state = .sha384(SHA384())
        case .sha512: state = .sha512(SHA512())
        }
    }

    package mutating func update(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    /// The same for bytes that are not in an array; nothing is copied.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch state {
        case .sha256(var hasher):
            unsafe hasher.update(bufferPointer: bytes)
            state = .sha256(hasher)
        case .sha384(var hasher):
            unsafe hasher.update(bufferPointer: bytes)
            state = .sha384(hasher)
        case .sha512(var hasher):
            unsafe hasher.update(bufferPointer: bytes)
            state = .sha512(hasher)
        }
    }

    package func finish() -> Digest {
        switch state {
        case .sha256(let hasher): Digest(algorithm: .sha256, hash: hasher.finalize())
        case .sha384(let hasher): Digest(algorithm: .sha384, hash: hasher.finalize())
        case .sha512(let hasher): Digest(algorithm: .sha512, hash: hasher.finalize())
        }
    }
}
