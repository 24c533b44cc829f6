// SPDX-License-Identifier: Apache-2.0
// The signed content, which a log entry must be about.

package import Keys
package import Primitives

/// A signature, its claimed signer, and the signed content. Log entries are compared with it.
package struct SignedContent: Hashable, Sendable {
    /// The claimed signer.
    package enum Verifier: Hashable, Sendable {
        /// The leaf certificate in DER, and its key.
        case certificate([UInt8], key: PublicKey)
        case key(PublicKey)

        package var key: PublicKey {
            switch self {
            case .certificate(_, let key), .key(let key): key
            }
        }
    }

    package enum Form: Hashable, Sendable {
        /// A message, by the known digests of its bytes.
        case message([HashAlgorithm: [UInt8]])
        /// A signed envelope and, if available, its stored bytes, whose digest is the only one in
        /// entries of kind intoto 0.0.1.
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

    /// A message by all digests of its bytes.
    package static func message(_ bytes: [UInt8]) -> Form {
        var digests: [HashAlgorithm: [UInt8]] = [:]
        for hash in HashAlgorithm.allCases { digests[hash] = hash.hash(of: bytes) }
        return .message(digests)
    }

    /// The digest of the signed bytes: the message, or the envelope's pre-authentication encoding.
    /// Nil if only other digests of the message are known.
    package func signedDigest(by hash: HashAlgorithm) -> [UInt8]? {
        switch form {
        case .message(let digests): digests[hash]
        case .envelope(let envelope, _): hash.hash(of: envelope.signedBytes)
        }
    }
}
