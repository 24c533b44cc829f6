// SPDX-License-Identifier: Apache-2.0
// A signed message with its hashes. Each hash is computed at most once for all signatures.

package import Primitives

/// A message of which the bytes, hashes, or both are known.
///
/// One value serves every key, scheme and signature that is tried over the message, so the work is
/// bounded by the message's length, not by its length times what is tried.
package struct HashedMessage: Sendable {
    private let bytes: [UInt8]?
    private var digests: [HashAlgorithm: Digest]
    /// The bytes read so far, for hashes and for Ed25519, which takes whole messages. A work budget
    /// counts them.
    package private(set) var bytesRead = 0

    /// A message whose bytes are here; every hash of it can be computed.
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        digests = [:]
    }

    /// A message of which only these hashes are known. A hash of the wrong length is left out.
    package init(digests: [HashAlgorithm: [UInt8]]) {
        bytes = nil
        self.digests = [:]
        for (hash, value) in digests {
            self.digests[hash] = Digest(algorithm: hash, bytes: value)
        }
    }

    /// The digest by that hash; nil when neither it nor the bytes are known.
    package mutating func digest(by hash: HashAlgorithm) -> Digest? {
        if let known = digests[hash] { return known }
        guard let bytes = bytesToRead() else { return nil }
        let digest = Digest(of: bytes, by: hash)
        digests[hash] = digest
        return digest
    }

    /// Whether what is known of the message is enough to check a signature in that scheme.
    package func canTell(_ scheme: SignatureScheme) -> Bool {
        bytes != nil || scheme.hash.map { digests[$0] != nil } ?? false
    }

    /// The whole message, counted as read; nil when only hashes are known.
    mutating func bytesToRead() -> [UInt8]? {
        guard let bytes else { return nil }
        let (sum, overflow) = bytesRead.addingReportingOverflow(bytes.count)
        bytesRead = overflow ? .max : sum
        return bytes
    }
}

extension PublicKey {
    /// Whether `signature` was made over `message` by this key in that very scheme.
    ///
    /// Nil when what is known of the message cannot tell.
    package func isValid(
        _ signature: [UInt8], over message: inout HashedMessage, scheme: SignatureScheme
    ) -> Bool? {
        guard scheme.fits(algorithm) else { return false }
        guard let hash = scheme.hash else {
            // A signature of another length needs no look at the message.
            guard signature.count == 64 else { return false }
            return message.bytesToRead().map { isValid(signature, over: $0, scheme: scheme) }
        }
        return message.digest(by: hash).flatMap {
            isValid(signature, forDigest: $0, scheme: scheme)
        }
    }

    /// The first of `schemes` in which this key made `signature` over `message`; nil when in none of
    /// those that what is known of the message can tell.
    package func scheme(
        of signature: [UInt8], over message: inout HashedMessage, among schemes: [SignatureScheme]
    ) -> SignatureScheme? {
        // What an RSA signature holds is the same for every hash that is tried.
        var encoded: RSAEncodedMessage??
        for scheme in schemes {
            if case .rsaPSSWithAnySalt(let hash) = scheme {
                let opened = encoded ?? encodedMessage(in: signature)
                encoded = opened
                guard let opened, opened.bytes.last == 0xBC,
                    let digest = message.digest(by: hash), opened.isPSS(of: digest)
                else { continue }
                return scheme
            }
            if isValid(signature, over: &message, scheme: scheme) == true { return scheme }
        }
        return nil
    }
}
