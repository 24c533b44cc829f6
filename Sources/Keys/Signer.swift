// SPDX-License-Identifier: Apache-2.0
// Signers: keys in memory, in a token, or in a KMS.
//
// 1. `sign` verifies the signature with `publicKey` before it returns it.
// 2. A signer has one key and one signature scheme.

package import Primitives

/// A key that signs in one signature scheme.
///
/// Each signature is verified with `publicKey`: `sign` throws if a service signs with another key,
/// or signs another message.
package protocol Signer: Sendable {
    var publicKey: PublicKey { get }
    /// The scheme of its signatures.
    var scheme: SignatureScheme { get }
    /// A signature over `message`: ASN.1 DER for ECDSA, raw bytes for the others.
    func sign(_ message: [UInt8]) async throws -> [UInt8]
    /// Whether `sign(loggedDigest:)` is supported: the signer does not need the message itself.
    var signsDigests: Bool { get }
    /// A signature over a message of which only the digest is known, in the scheme that
    /// transparency logs accept: Ed25519ph for an Ed25519 key.
    ///
    /// - Throws: `usage` if `signsDigests` is false, or if the key signs with another hash.
    func sign(loggedDigest digest: Digest) async throws -> [UInt8]
}

extension Signer {
    /// False by default: keys in services and tokens receive the message.
    package var signsDigests: Bool { false }

    package func sign(loggedDigest digest: Digest) async throws -> [UInt8] {
        throw Failure(
            .usage, "cannot sign a \(digest.algorithm.title) digest",
            because: "the key \(publicKey.fingerprint) needs the message itself")
    }
}

extension Signer {
    /// Returns `signature` if it verifies with this signer's key over the message.
    ///
    /// - Parameter place: the name of the signer, for the failure.
    package func checked(_ signature: [UInt8], over message: [UInt8], madeBy place: String)
        throws(Failure) -> [UInt8]
    {
        guard publicKey.isValid(signature, over: message, scheme: scheme) else {
            throw Failure(
                .rejected, "cannot sign with \(place)",
                because: "its response is not a signature by its key, "
                    + "\(publicKey.fingerprint), in \(scheme)")
        }
        return signature
    }
}
