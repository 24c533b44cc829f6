// SPDX-License-Identifier: Apache-2.0
// A key for one signature. Spec: FIPS 186-5 (ECDSA on P-256 with SHA-256).

internal import Crypto
internal import FoundationEssentials
internal import Keys
internal import Primitives

/// A P-256 key for one certificate: it signs the proof of possession and the content, and is never
/// stored.
struct EphemeralKey: Sendable {
    private let key: P256.Signing.PrivateKey
    let publicKey: PublicKey

    /// Makes a key from random bytes.
    ///
    /// Spec: FIPS 186-5 A.2.2, "ECDSA Key Pair Generation by Rejection Sampling": a number that is 0
    /// or not below the order of the curve is drawn again.
    init(from random: RandomBytes) throws(Failure) {
        for _ in 0..<Limits.keyDraws {
            guard let drawn = try? P256.Signing.PrivateKey(rawRepresentation: random(32)) else {
                continue
            }
            key = drawn
            publicKey = try PublicKey(derBytes: Array(drawn.publicKey.derRepresentation))
            return
        }
        throw Failure(
            .bug, "cannot make a key", because: "the source of random bytes gives no number")
    }

    func sign(_ message: [UInt8]) throws(Failure) -> [UInt8] {
        try sign(hash: Array(SHA256.hash(data: message)))
    }

    /// Signs what has this SHA-256.
    func sign(hash: [UInt8]) throws(Failure) -> [UInt8] {
        guard hash.count == GivenHash.byteCount else {
            throw Failure(
                .bug, "cannot sign", because: "the hash has \(hash.count) bytes, not 32")
        }
        do {
            return Array(try key.signature(for: GivenHash(bytes: hash)).derRepresentation)
        } catch {
            throw Failure(.bug, "cannot sign", because: "the key did not sign the hash")
        }
    }
}

/// A SHA-256 that somebody else computed, in the form the key takes.
private struct GivenHash: Crypto.Digest {
    static let byteCount = 32

    let bytes: [UInt8]

    var description: String { hexText(bytes) }

    func makeIterator() -> [UInt8].Iterator { bytes.makeIterator() }

    func withUnsafeBytes<Answer>(
        _ body: (UnsafeRawBufferPointer) throws -> Answer
    ) rethrows -> Answer {
        try unsafe bytes.withUnsafeBytes(body)
    }
}
