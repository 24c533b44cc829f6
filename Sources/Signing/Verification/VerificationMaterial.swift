// SPDX-License-Identifier: Apache-2.0
// Verification material: a signature and its metadata, in one type for all formats.

package import Keys
package import Primitives

/// The signed message: the bytes, digests of them, or an envelope.
package enum SignedMessage: Hashable, Sendable {
    /// The message itself.
    case bytes([UInt8])
    /// The known digests of the message.
    case digests([HashAlgorithm: [UInt8]])
    /// A DSSE envelope, whose pre-authentication encoding is signed.
    case envelope(Envelope)

    /// The signed bytes or digests, hashed once for all signatures.
    package var hashed: HashedMessage {
        switch self {
        case .bytes(let bytes): HashedMessage(bytes)
        case .digests(let digests): HashedMessage(digests: digests)
        case .envelope(let envelope): HashedMessage(envelope.signedBytes)
        }
    }
}

/// A signature with its metadata, none of which is verified.
package struct VerificationMaterial: Sendable {
    /// The signature, DER for ECDSA.
    package let signature: [UInt8]
    /// The signed message.
    package let message: SignedMessage
    /// The certificates or the key hint.
    package let signer: SignatureBundle.Signer
    /// The log entries, or the failure to parse them, which counts only if entries are required.
    package let logEntries: Result<[TransparencyLogEntry], Failure>
    /// The RFC 3161 responses.
    package let timestamps: [[UInt8]]
    /// The timestamped bytes: the signature, or the whole envelope in legacy attestations.
    package let stampedBytes: [UInt8]
    /// The stored bytes of an envelope, whose digest is in entries of old kinds.
    package let storedEnvelope: [UInt8]?
    /// The version of the bundle; nil for legacy signatures.
    package let version: SignatureBundle.Version?
    /// The key ID of an envelope's signature, which is not signed.
    package var keyID: String? = nil
    /// The key of a legacy bundle file, which is not signed.
    package var namedKey: PublicKey? = nil
}

extension VerificationMaterial {
    /// Creates the material of a bundle's signature over `message`.
    package init(bundle: SignatureBundle, signature: [UInt8], message: SignedMessage) {
        self.init(
            signature: signature, message: message, signer: bundle.signer,
            logEntries: .success(bundle.logEntries), timestamps: bundle.timestamps,
            stampedBytes: signature, storedEnvelope: nil, version: bundle.version)
    }

    /// Creates the material of a legacy signature.
    ///
    /// The RFC 3161 timestamp of a legacy attestation is over the stored envelope.
    ///
    /// Spec: cosign v3.1.2, pkg/cosign/verify.go, VerifyRFC3161Timestamp.
    package init(
        signature: [UInt8], message: SignedMessage, legacyAnnotations: LegacyAnnotations,
        storedAs stored: [UInt8]? = nil
    ) throws(VerificationError) {
        let signer: SignatureBundle.Signer
        do throws(Failure) {
            if let leaf = legacyAnnotations.certificate {
                let leaves = try Certificate.list(pem: leaf)
                let chain = try legacyAnnotations.chain.map { (chain) throws(Failure) in
                    try Certificate.list(pem: chain)
                }
                signer = .certificate((leaves + (chain ?? [])).map(\.derBytes))
            } else {
                signer = .publicKey(hint: "")
            }
        } catch {
            throw VerificationError(.certificateMalformed, error)
        }
        self.init(
            signature: signature, message: message, signer: signer,
            logEntries: Result { () throws(Failure) in
                guard let entry = legacyAnnotations.logEntry else { return [] }
                return [try TransparencyLogEntry(legacyBundleAnnotation: entry)]
            },
            timestamps: legacyAnnotations.timestamp.map { [$0] } ?? [],
            stampedBytes: stored ?? signature, storedEnvelope: stored, version: nil,
            namedKey: legacyAnnotations.publicKey)
    }

    func content(by verifier: SignedContent.Verifier) -> SignedContent {
        let form: SignedContent.Form =
            switch message {
            case .bytes(let bytes): SignedContent.message(bytes)
            case .digests(let digests): .message(digests)
            case .envelope(let envelope): .envelope(envelope, storedAs: storedEnvelope)
            }
        return SignedContent(signature: signature, verifier: verifier, form: form)
    }
}
