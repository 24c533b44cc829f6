// SPDX-License-Identifier: Apache-2.0
// A signature and everything that came with it, in one shape for every format.

package import Keys
package import Primitives

/// What was signed: the bytes, or hashes of them when the bytes are elsewhere.
package enum SignedMessage: Hashable, Sendable {
    case bytes([UInt8])
    /// Hashes of the artifact; as many as are known.
    case digests([SignatureHash: [UInt8]])
    case envelope(Envelope)
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
    /// Spec: reference sigstore.md §1.2: RFC 3161 on an old attestation is over the whole envelope.
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
            stampedBytes: stored ?? signature, storedEnvelope: stored, version: nil)
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

    /// Whether `key` made the signature; a problem when what is at hand cannot tell.
    func isSigned(by key: PublicKey) throws(EvidenceProblem) -> Bool {
        switch message {
        case .bytes(let bytes):
            return key.algorithm.messageSchemes.contains {
                key.isValid(signature, over: bytes, scheme: $0)
            }
        case .envelope(let envelope): return key.isValid(signature, over: envelope.signedBytes)
        case .digests(let digests):
            // It may still be a signature over the message itself, by pure Ed25519 or with another
            // hash: only when every scheme was tried is the answer no.
            var couldTell = key.algorithm != .ed25519
            for scheme in key.algorithm.messageSchemes {
                guard let hash = scheme.hash, let bytes = digests[hash],
                    let digest = MessageDigest(algorithm: hash, bytes: bytes),
                    let valid = key.isValid(signature, forDigest: digest, scheme: scheme)
                else {
                    couldTell = false
                    continue
                }
                if valid { return true }
            }
            guard couldTell else {
                throw EvidenceProblem(
                    .bytesNeeded,
                    "a signature by \(key.summary) is checked over the bytes themselves, and only "
                        + "their digest was given")
            }
            return false
        }
    }
}

extension PublicKey.Algorithm {
    /// The schemes of signatures over a message itself, not over an envelope.
    ///
    /// Spec: reference sigstore.md §3: cosign signs messages with Ed25519ph since 2.6, and with pure
    /// Ed25519 before; the two are made over different bytes, so one never passes for the other.
    fileprivate var messageSchemes: [SignatureScheme] {
        self == .ed25519 ? [.ed25519ph, .ed25519] : customarySchemes
    }
}
