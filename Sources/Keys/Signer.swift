// SPDX-License-Identifier: Apache-2.0
// Whatever can sign: a key in memory, in a token, or behind a key service.

package import Primitives

/// Something that signs with one key in one way.
///
/// What it hands out was checked against `publicKey`: a service that signs with another key, or
/// signs something else, makes `sign` fail.
package protocol Signer: Sendable {
    var publicKey: PublicKey { get }
    /// How it signs.
    var scheme: SignatureScheme { get }
    /// A signature over `message`: ASN.1 DER for ECDSA, raw bytes for the others.
    func sign(_ message: [UInt8]) async throws -> [UInt8]
    /// Whether `sign(loggedDigest:)` works: the signer does not need the message itself.
    var signsDigests: Bool { get }
    /// A signature over a message of which only the digest is known, in the form that transparency
    /// logs take: Ed25519ph for an Ed25519 key.
    ///
    /// - Throws: `usage` if `signsDigests` is false, or if the key signs with another hash.
    func sign(loggedDigest digest: Digest) async throws -> [UInt8]
}

extension Signer {
    /// False: keys in services and tokens receive the message.
    package var signsDigests: Bool { false }

    package func sign(loggedDigest digest: Digest) async throws -> [UInt8] {
        throw Failure(
            .usage, "cannot sign a \(digest.algorithm.title) digest",
            because: "the key \(publicKey.fingerprint) needs the message itself")
    }
}

extension Signer {
    /// The signature, if it is this signer's own over that message.
    ///
    /// - Parameter place: who made it, for the failure.
    package func checked(_ signature: [UInt8], over message: [UInt8], madeBy place: String)
        throws(Failure) -> [UInt8]
    {
        guard publicKey.isValid(signature, over: message, scheme: scheme) else {
            throw Failure(
                .rejected, "cannot sign with \(place)",
                because: "what it answered is not a signature by its key, "
                    + "\(publicKey.fingerprint), in \(scheme)")
        }
        return signature
    }
}
