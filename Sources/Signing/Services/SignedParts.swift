// SPDX-License-Identifier: Apache-2.0
// Signatures before they are logged and bundled. Spec: sigstore client-spec §2.1.4, §2.1.6.

package import Keys
package import Primitives

/// The signed content, the signature and the signer: the parts of a log entry or a bundle.
package struct SignedParts: Hashable, Sendable {
    package enum Signer: Hashable, Sendable {
        case key(PublicKey)
        /// The leaf certificate and its key.
        case certificate(derBytes: [UInt8], key: PublicKey)
    }

    package let content: SignatureBundle.Content
    package let signer: Signer

    /// - Throws: `bug` if an envelope does not have exactly one signature, or the digest of a
    ///   message is missing or not the one that the key signs.
    package init(_ content: SignatureBundle.Content, by signer: Signer) throws(Failure) {
        self.content = content
        self.signer = signer
        switch content {
        case .envelope(let envelope):
            guard envelope.signatures.count == 1 else {
                throw broken("its envelope has \(envelope.signatures.count) signatures, not 1")
            }
        case .messageSignature(let digest, _):
            guard let digest, digest.algorithm == hash, digest.bytes.count == hash.byteCount else {
                throw broken("the digest of its message is not a \(hash.protobufName)")
            }
        }
    }

    /// Creates the parts of a signature over a message of which only the digest is known.
    ///
    /// - Parameter digest: the digest by the hash of the key's scheme.
    package static func message(
        digest: [UInt8], signature: [UInt8], by signer: Signer
    ) throws(Failure) -> SignedParts {
        let key =
            switch signer {
            case .key(let key), .certificate(_, let key): key
            }
        return try SignedParts(
            .messageSignature(
                digest: SignatureBundle.MessageDigest(algorithm: key.loggedHash, bytes: digest),
                signature: signature), by: signer)
    }

    package var key: PublicKey {
        switch signer {
        case .key(let key), .certificate(_, let key): key
        }
    }

    package var signature: [UInt8] {
        switch content {
        case .envelope(let envelope): envelope.signatures.first?.bytes ?? []
        case .messageSignature(_, let signature): signature
        }
    }

    package var isEnvelope: Bool { if case .envelope = content { true } else { false } }

    /// The content in the notice before an upload.
    package var notice: UploadConsentRequest.Content {
        let digest = signedContent.signedDigest(by: hash) ?? []
        switch content {
        case .messageSignature: return .message(digest: digest)
        case .envelope(let envelope):
            return .envelope(
                digest: digest, payloadDigest: HashAlgorithm.sha256.hash(of: envelope.payload))
        }
    }

    package var consentSigner: UploadConsentRequest.Signer {
        if case .certificate = signer { .certificate } else { .key }
    }

    /// The hash the key signs with.
    package var hash: HashAlgorithm { key.loggedHash }

    /// The content for the comparison with log entries.
    package var signedContent: SignedContent {
        let verifier: SignedContent.Verifier =
            switch signer {
            case .key(let key): .key(key)
            case .certificate(let bytes, let key): .certificate(bytes, key: key)
            }
        let form: SignedContent.Form =
            switch content {
            case .envelope(let envelope): .envelope(envelope, storedAs: nil)
            case .messageSignature(let digest, _):
                .message(digest.map { [$0.algorithm: $0.bytes] } ?? [:])
            }
        return SignedContent(signature: signature, verifier: verifier, form: form)
    }
}

extension PublicKey {
    /// The hash of this key's scheme; SHA-512 for Ed25519.
    ///
    /// Spec: sigstore_common.proto, PublicKeyDetails: the hash follows the curve.
    package var loggedHash: HashAlgorithm {
        switch algorithm {
        case .ecdsaP256, .rsa: .sha256
        case .ecdsaP384: .sha384
        case .ecdsaP521, .ed25519: .sha512
        }
    }
}

private func broken(_ why: String) -> Failure {
    Failure(.bug, "cannot assemble the signature", because: why)
}
