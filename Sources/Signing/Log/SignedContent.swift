// SPDX-License-Identifier: Apache-2.0
// What is being verified, which a log entry must be about.

package import Keys
package import Primitives

/// A signature, whose it is said to be, and what it is over. Log entries are compared with it.
package struct SignedContent: Hashable, Sendable {
    /// The one who signed, as the evidence names them.
    package enum Verifier: Hashable, Sendable {
        /// The leaf in DER, and the key in it.
        case certificate([UInt8], key: PublicKey)
        case key(PublicKey)

        package var key: PublicKey {
            switch self {
            case .certificate(_, let key), .key(let key): key
            }
        }
    }

    package enum Form: Hashable, Sendable {
        /// Hashes of the signed bytes, as many kinds as are known.
        case message([HashAlgorithm: [UInt8]])
        /// A signed envelope; the bytes it was stored as, where they are at hand: entries of kind
        /// intoto 0.0.1 name nothing else.
        case envelope(Envelope, storedAs: [UInt8]?)
    }

    package let signature: [UInt8]
    package let verifier: Verifier
    package let form: Form

    package init(signature: [UInt8], verifier: Verifier, form: Form) {
        self.signature = signature
        self.verifier = verifier
        self.form = form
    }

    /// Every hash of bytes that are at hand.
    package static func message(_ bytes: [UInt8]) -> Form {
        var digests: [HashAlgorithm: [UInt8]] = [:]
        for hash in HashAlgorithm.allCases { digests[hash] = hash.hash(of: bytes) }
        return .message(digests)
    }

    /// The hash of the bytes that were signed: the message, or the envelope's pre-authentication
    /// encoding. Nil when only other hashes of the message are known.
    package func signedDigest(by hash: HashAlgorithm) -> [UInt8]? {
        switch form {
        case .message(let digests): digests[hash]
        case .envelope(let envelope, _): hash.hash(of: envelope.signedBytes)
        }
    }
}
