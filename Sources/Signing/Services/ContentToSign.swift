// SPDX-License-Identifier: Apache-2.0
// Content to sign. Spec: sigstore_bundle.proto, content; DSSE protocol.md.

internal import Keys
package import Primitives

/// The content of a signature that is to be made.
package enum ContentToSign: Hashable, Sendable {
    /// A message by its SHA-256.
    case message(Digest)
    /// A payload for a DSSE envelope, such as an in-toto statement, with its type.
    case payload([UInt8], type: String)

    /// The SHA-256 that the key signs.
    ///
    /// - Throws: `bug` for a message with another digest algorithm.
    package func signedDigest() throws(Failure) -> [UInt8] {
        switch self {
        case .message(let digest):
            guard digest.algorithm == .sha256, let hash = bytes(fromHex: digest.hex) else {
                throw Failure(
                    .bug, "cannot sign", because: "the message is named by \(digest), not by sha256"
                )
            }
            return hash
        case .payload(let payload, let type):
            return HashAlgorithm.sha256.hash(
                of:
                    preAuthenticationEncoding(payloadType: type, payload: payload))
        }
    }

    /// The content in the notice before an upload.
    package func notice() throws(Failure) -> UploadConsentRequest.Content {
        let digest = try signedDigest()
        switch self {
        case .message: return .message(digest: digest)
        case .payload(let payload, _):
            return .envelope(digest: digest, payloadDigest: HashAlgorithm.sha256.hash(of: payload))
        }
    }

    /// The content together with its signature.
    package func signed(with signature: [UInt8]) throws(Failure) -> SignatureBundle.Content {
        switch self {
        case .message:
            .messageSignature(
                digest: SignatureBundle.MessageDigest(
                    algorithm: .sha256, bytes: try signedDigest()), signature: signature)
        case .payload(let payload, let type):
            .envelope(
                Envelope(
                    payloadType: type, payload: payload,
                    signatures: [Envelope.Signature(keyID: nil, bytes: signature)]))
        }
    }
}
