// SPDX-License-Identifier: Apache-2.0
// A signature and everything that came with it, in one shape for every format.

package import Keys
package import Primitives

/// What was signed: the bytes, or hashes of them when the bytes are elsewhere.
package enum SignedMessage: Hashable, Sendable {
    case bytes([UInt8])
    /// Hashes of the artifact; as many as are known.
    case digests([HashAlgorithm: [UInt8]])
    case envelope(Envelope)

    /// What signatures are checked over, to be hashed once for all of them.
    package var hashed: HashedMessage {
        switch self {
        case .bytes(let bytes): HashedMessage(bytes)
        case .digests(let digests): HashedMessage(digests: digests)
        case .envelope(let envelope): HashedMessage(envelope.signedBytes)
        }
    }
}

/// A signature as evidence brings it; none of it is believed yet.
package struct SignatureMaterial: Sendable {
    package let signature: [UInt8]
    package let message: SignedMessage
    package let signer: SignatureBundle.Signer
    /// Log entries; a failure where they cannot be read, which counts only when they are asked for.
    package let logEntries: Result<[TransparencyLogEntry], Failure>
    /// RFC 3161 responses.
    package let timestamps: [[UInt8]]
    /// What timestamps are over: the signature, and in old attestations the whole envelope.
    package let stampedBytes: [UInt8]
    /// What the entry of an old kind knows of an envelope: its bytes as stored.
    package let storedEnvelope: [UInt8]?
    /// The version of the bundle; nil for older layouts.
    package let version: SignatureBundle.Version?
    /// What an envelope's signature says about its key. It is not signed.
    package var keyID: String? = nil
    /// The key that an older file names beside its signature. It is not signed.
    package var namedKey: PublicKey? = nil
}

extension SignatureMaterial {
    /// The signature of a bundle, over `message`.
    package init(bundle: SignatureBundle, signature: [UInt8], message: SignedMessage) {
        self.init(
            signature: signature, message: message, signer: bundle.signer,
            logEntries: .success(bundle.logEntries), timestamps: bundle.timestamps,
            stampedBytes: signature, storedEnvelope: nil, version: bundle.version)
    }

    /// A signature of cosign's older layouts.
    ///
    /// The RFC 3161 timestamp of an attestation is over the whole envelope as stored.
    ///
    /// Spec: cosign v3.1.2, pkg/cosign/verify.go, VerifyRFC3161Timestamp.
    package init(
        signature: [UInt8], message: SignedMessage, attachments: LegacyAttachments,
        storedAs stored: [UInt8]? = nil
    ) throws(EvidenceProblem) {
        let signer: SignatureBundle.Signer
        do throws(Failure) {
            if let leaf = attachments.certificate {
                let leaves = try Certificate.list(pem: leaf)
                let chain = try attachments.chain.map { (chain) throws(Failure) in
                    try Certificate.list(pem: chain)
                }
                signer = .certificate((leaves + (chain ?? [])).map(\.derBytes))
            } else {
                signer = .publicKey(hint: "")
            }
        } catch {
            throw EvidenceProblem(.certificateMalformed, error)
        }
        self.init(
            signature: signature, message: message, signer: signer,
            logEntries: Result { () throws(Failure) in
                guard let entry = attachments.logEntry else { return [] }
                return [try TransparencyLogEntry(legacyBundleAnnotation: entry)]
            },
            timestamps: attachments.timestamp.map { [$0] } ?? [],
            stampedBytes: stored ?? signature, storedEnvelope: stored, version: nil,
            namedKey: attachments.publicKey)
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
