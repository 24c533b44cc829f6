// SPDX-License-Identifier: Apache-2.0
// A signed message and its hashes.

package import Primitives

/// A message whose bytes, hashes, or both are known.
///
/// Each hash is computed at most once for all keys, schemes and signatures that are tried, so the
/// work does not grow with their number.
package struct HashedMessage: Sendable {
    private let bytes: [UInt8]?
    private var digests: [HashAlgorithm: Digest]
    /// The number of bytes that hashes and Ed25519 verifications have read, for a work budget.
    package private(set) var bytesRead = 0

    /// Creates a message from its bytes, of which all hashes can be computed.
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        digests = [:]
    }

    /// Creates a message of which only these hashes are known. Hashes of a wrong length are
    /// dropped.
    package init(digests: [HashAlgorithm: [UInt8]]) {
        bytes = nil
        self.digests = [:]
        for (hash, value) in digests {
            self.digests[hash] = Digest(algorithm: hash, bytes: value)
        }
    }

    /// The digest by this hash; nil if neither the digest nor the bytes are known.
    package mutating func digest(by hash: HashAlgorithm) -> Digest? {
        if let known = digests[hash] { return known }
        guard let bytes = bytesToRead() else { return nil }
        let digest = Digest(of: bytes, by: hash)
        digests[hash] = digest
        return digest
    }

    /// Whether the known bytes or hashes suffice to verify a signature in this scheme.
    package func canTell(_ scheme: SignatureScheme) -> Bool {
        bytes != nil || scheme.hash.map { digests[$0] != nil } ?? false
    }

    /// The whole message, which is counted as read; nil if only hashes are known.
    mutating func bytesToRead() -> [UInt8]? {
        guard let bytes else { return nil }
        let (sum, overflow) = bytesRead.addingReportingOverflow(bytes.count)
        bytesRead = overflow ? .max : sum
        return bytes
    }
}

extension PublicKey {
    /// Whether `signature` is a signature over `message` by this key in this scheme.
    ///
    /// Nil if the known bytes or hashes do not suffice.
    package func isValid(
        _ signature: [UInt8], over message: inout HashedMessage, scheme: SignatureScheme
    ) -> Bool? {
        guard scheme.fits(algorithm) else { return false }
        guard let hash = scheme.hash else {
            // The message is not needed to reject a signature of another length.
            guard signature.count == 64 else { return false }
            return message.bytesToRead().map { isValid(signature, over: $0, scheme: scheme) }
        }
        return message.digest(by: hash).flatMap {
            isValid(signature, forDigest: $0, scheme: scheme)
        }
    }

    /// The first of `schemes` in which `signature` verifies over `message`; nil if there is none
    /// among the schemes for which the known bytes or hashes suffice.
    package func scheme(
        of signature: [UInt8], over message: inout HashedMessage, among schemes: [SignatureScheme]
    ) -> SignatureScheme? {
        // The encoded message of an RSA signature is the same for all hashes.
        var encoded: RSAEncodedMessage??
        for scheme in schemes {
            if case .rsaPSSWithAnySalt(let hash) = scheme {
                let decrypted = encoded ?? encodedMessage(in: signature)
                encoded = decrypted
                guard let decrypted, decrypted.bytes.last == 0xBC,
                    let digest = message.digest(by: hash), decrypted.isPSS(of: digest)
                else { continue }
                return scheme
            }
            if isValid(signature, over: &message, scheme: scheme) == true { return scheme }
        }
        return nil
    }
}
