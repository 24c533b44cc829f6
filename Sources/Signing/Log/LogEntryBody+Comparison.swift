// SPDX-License-Identifier: Apache-2.0
// Compares an entry with the verified artifact, signature and key.
// Spec: CVE-2022-23649, CVE-2026-22703 (entries about something else);
// sigstore/architecture-docs rekor-v2-spec.md §6.1.4.

internal import Keys
internal import Primitives

extension LogEntryBody {
    /// Checks that the entry is about this content. Throws the first difference, in the order
    /// artifact, signature, key.
    ///
    /// Signatures are compared by bytes: another encoding of an ECDSA signature is different.
    func requireAbout(_ content: SignedContent) throws(VerificationError) {
        switch (self, content.form) {
        case (.hashedRecord(let artifact, let signer), .message(let digests)):
            try artifact.require(digests, "the artifact")
            try requireSigner([signer], content)
        case (.envelope(let payload, let signers), .envelope(let envelope, _)):
            try payload.require(allDigests(envelope.payload), "the envelope's payload")
            try requireSigner(signers, content)
            guard signers.allSatisfy({ isSignature($0.signature, of: envelope) }) else {
                throw VerificationError(
                    .entrySignatureMismatch, "the entry has signatures that the envelope has not")
            }
        case (
            .unsignedEnvelope(let stored, let payload, let verifier),
            .envelope(let envelope, let bytes)
        ):
            try payload?.require(allDigests(envelope.payload), "the envelope's payload")
            guard let bytes, stored.isAmong(allDigests(bytes)) else {
                throw VerificationError(
                    .entrySignatureMismatch,
                    "the entry holds a hash alone, and it is not that of the stored envelope")
            }
            try requireVerifier(verifier, content.verifier)
        case (.hashedRecordVersion2(let record), _): try record.requireAbout(content)
        default:
            throw VerificationError(
                .entryKindMismatch,
                "the entry is about \(noun), what is verified is \(content.noun)")
        }
    }

    private var noun: String {
        switch self {
        case .hashedRecord, .hashedRecordVersion2: "a signature over a hash"
        case .envelope, .unsignedEnvelope: "an envelope"
        }
    }
}

extension SignedContent {
    fileprivate var noun: String {
        switch form {
        case .message: "a signature over a message"
        case .envelope: "an envelope"
        }
    }
}

extension LogEntryBody.HashedRecordVersion2 {
    /// Compares the leaf with one that is built from the verified content. The comparisons before
    /// it only find out which part differs.
    ///
    /// Spec: sigstore/architecture-docs rekor-v2-spec.md §6.1.4.
    fileprivate func requireAbout(_ content: SignedContent) throws(VerificationError) {
        let ways = KeyDetails.logged(for: content.verifier.key)
        guard let details = ways.first(where: { isSame($0.rawValue, keyDetails) }) else {
            throw VerificationError(
                .entryKeyMismatch,
                "the entry's key is a \(plain(keyDetails)), what is verified needs "
                    + (ways.isEmpty
                        ? "one that no log has" : ways.map(\.rawValue).joined(separator: " or ")))
        }
        guard artifact.algorithm == details.loggedHash.protobufName else {
            throw VerificationError(
                .entryArtifactMismatch,
                "the entry has a hash by \(plain(artifact.algorithm)), its key signs "
                    + details.loggedHash.protobufName)
        }
        guard let digest = content.signedDigest(by: details.loggedHash) else {
            throw hashNotKnown(details.loggedHash.rawValue)
        }
        try LogEntryBody.Artifact(algorithm: details.loggedHash.rawValue, hash: artifact.hash)
            .require([details.loggedHash: digest], "what was signed")
        guard signature == content.signature else { throw otherSignature() }
        switch content.verifier {
        case .certificate(let derBytes, _):
            guard isCertificate, verifierBytes == derBytes else {
                throw otherVerifier("certificate")
            }
        case .key(let key):
            guard !isCertificate, verifierBytes == key.derBytes else { throw otherVerifier("key") }
        }
    }

    /// The key details of the entry, if they are possible for the key.
    func details(for key: PublicKey) -> KeyDetails? {
        KeyDetails.logged(for: key).first { isSame($0.rawValue, keyDetails) }
    }
}

extension LogEntryBody.Artifact {
    fileprivate func isAmong(_ digests: [HashAlgorithm: [UInt8]]) -> Bool {
        HashAlgorithm(rawValue: algorithm).flatMap { digests[$0] } == hash
    }

    fileprivate func require(
        _ digests: [HashAlgorithm: [UInt8]], _ noun: String
    ) throws(VerificationError) {
        guard let known = HashAlgorithm(rawValue: algorithm), let digest = digests[known] else {
            throw hashNotKnown(algorithm)
        }
        guard digest == hash else {
            throw VerificationError(
                .entryArtifactMismatch,
                "the entry is about \(algorithm):\(hexText(hash)), \(noun) has \(hexText(digest))")
        }
    }
}

private func requireSigner(
    _ signers: [LogEntryBody.Signer], _ content: SignedContent
) throws(VerificationError) {
    let same = signers.filter { $0.signature == content.signature }
    guard !same.isEmpty else { throw otherSignature() }
    var problem = otherVerifier("key or certificate")
    for signer in same {
        do throws(VerificationError) {
            return try requireVerifier(signer.verifier, content.verifier)
        } catch { problem = error }
    }
    throw problem
}

/// Whether the entry's PEM has the same DER.
private func requireVerifier(
    _ pem: [UInt8], _ verifier: SignedContent.Verifier
) throws(VerificationError) {
    // DER is compared, because clients write PEM lines of any length.
    guard pem.count <= 2 * Limits.certificateBytes,
        let blocks = try? PEMBlock.list(in: pem), blocks.count == 1, let block = blocks.first
    else {
        throw VerificationError(
            .logEntryMalformed, "the entry's key or certificate is not one PEM block")
    }
    switch verifier {
    case .certificate(let derBytes, _):
        guard block.label == "CERTIFICATE", block.bytes == derBytes else {
            throw otherVerifier("certificate")
        }
    case .key(let key):
        guard block.label == "PUBLIC KEY",
            (try? PublicKey(derBytes: block.bytes)) == key
        else { throw otherVerifier("key") }
    }
}

private func isSignature(_ bytes: [UInt8], of envelope: Envelope) -> Bool {
    envelope.signatures.contains { $0.bytes == bytes }
}

private func allDigests(_ bytes: [UInt8]) -> [HashAlgorithm: [UInt8]] {
    Dictionary(uniqueKeysWithValues: HashAlgorithm.allCases.map { ($0, $0.hash(of: bytes)) })
}

private func otherSignature() -> VerificationError {
    VerificationError(.entrySignatureMismatch, "the entry is about another signature")
}

private func otherVerifier(_ noun: String) -> VerificationError {
    VerificationError(.entryKeyMismatch, "the entry's \(noun) is not the one that is verified")
}

private func hashNotKnown(_ algorithm: String) -> VerificationError {
    VerificationError(
        .unsupported, "the entry names the artifact by \(plain(algorithm)), a hash not known here")
}
