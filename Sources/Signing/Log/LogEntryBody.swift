// SPDX-License-Identifier: Apache-2.0
// Bodies of log entries. Spec: Rekor's pkg/types schemas;
// sigstore/architecture-docs rekor-v2-spec.md §6.

internal import Primitives

/// The unverified body of an entry, which is compared with the verified content.
package enum LogEntryBody: Hashable, Sendable {
    /// The kind hashedrekord 0.0.1.
    case hashedRecord(Artifact, Signer)
    /// The kinds dsse 0.0.1 and intoto 0.0.2.
    case envelope(payload: Artifact, signers: [Signer])
    /// The kind intoto 0.0.1, with digests of the envelope and, in later entries, of its payload;
    /// it has no signature.
    case unsignedEnvelope(stored: Artifact, payload: Artifact?, verifier: [UInt8])
    /// The kind hashedrekord 0.0.2.
    case hashedRecordVersion2(HashedRecordVersion2)

    /// A digest with the name of its algorithm.
    package struct Artifact: Hashable, Sendable {
        package let algorithm: String
        package let hash: [UInt8]
    }

    /// A signature and the PEM of its key or certificate.
    package struct Signer: Hashable, Sendable {
        package let signature: [UInt8]
        package let verifier: [UInt8]
    }

    /// The single kind of Rekor v2.
    package struct HashedRecordVersion2: Hashable, Sendable {
        package let artifact: Artifact
        package let signature: [UInt8]
        package let keyDetails: String
        package let isCertificate: Bool
        package let verifierBytes: [UInt8]
    }

    /// Parses the body of an entry. Throws if its kind is not that of the entry.
    ///
    /// Fields that are not compared are ignored; the log stores them as the signer sent them.
    package init(
        parsing bytes: [UInt8], as kind: TransparencyLogEntry.Kind
    ) throws(VerificationError) {
        let own: TransparencyLogEntry.Kind
        let body: LogEntryBody?
        do throws(Failure) {
            let json = try JSONReader(parsing: bytes, named: "the log entry's body")
            own = TransparencyLogEntry.Kind(
                name: try json.required("kind").string(),
                version: try json.required("apiVersion").string())
            body = try own == kind ? readBody(json.required("spec"), kind) : nil
        } catch {
            throw VerificationError(.logEntryMalformed, error)
        }
        guard own == kind else {
            throw VerificationError(
                .entryKindMismatch, "the entry says it is \(kind), its body says \(own)")
        }
        guard let body else {
            throw VerificationError(
                .entryKindMismatch, "the entry is \(kind), a kind that vouches for nothing here")
        }
        self = body
    }
}

/// The parser of a kind; nil for an unknown kind.
private func readBody(
    _ spec: JSONReader, _ kind: TransparencyLogEntry.Kind
) throws(Failure) -> LogEntryBody? {
    switch kind {
    case .hashedRecord:
        let signature = try spec.required("signature")
        return .hashedRecord(
            try artifact(spec.required("data").required("hash")),
            LogEntryBody.Signer(
                signature: try base64(signature.required("content")),
                verifier: try base64(signature.required("publicKey").required("content"))))
    case .envelope:
        return .envelope(
            payload: try artifact(spec.required("payloadHash")),
            signers: try signers(spec, signature: "signature", verifier: "verifier"))
    case .inToto:
        let content = try spec.required("content")
        return .envelope(
            payload: try artifact(content.required("payloadHash")),
            signers: try signers(
                content.required("envelope"), signature: "sig", verifier: "publicKey"
            ).map(withoutSecondBase64))
    case .inTotoVersion1:
        let content = try spec.required("content")
        return .unsignedEnvelope(
            stored: try artifact(content.required("hash")),
            payload: try content.optional("payloadHash").map { (hash) throws(Failure) in
                try artifact(hash)
            },
            verifier: try base64(spec.required("publicKey")))
    case .hashedRecordVersion2:
        return .hashedRecordVersion2(try version2(spec.required("hashedRekordV002")))
    default: return nil
    }
}

private func version2(_ spec: JSONReader) throws(Failure) -> LogEntryBody.HashedRecordVersion2 {
    let data = try spec.required("data")
    let signature = try spec.required("signature")
    let verifier = try signature.required("verifier")
    let certificate = try verifier.optional("x509Certificate")
    let raw = if let certificate { certificate } else { try verifier.required("publicKey") }
    return LogEntryBody.HashedRecordVersion2(
        artifact: LogEntryBody.Artifact(
            algorithm: try data.required("algorithm").string(),
            hash: try base64(data.required("digest"))),
        signature: try base64(signature.required("content")),
        keyDetails: try verifier.required("keyDetails").string(),
        isCertificate: certificate != nil, verifierBytes: try base64(raw.required("rawBytes")))
}

private func signers(
    _ json: JSONReader, signature: String, verifier: String
) throws(Failure) -> [LogEntryBody.Signer] {
    var signers: [LogEntryBody.Signer] = []
    for item in try json.required("signatures").items(atMost: Limits.signaturesPerEnvelope) {
        signers.append(
            LogEntryBody.Signer(
                signature: try base64(item.required(signature)),
                verifier: try base64(item.required(verifier))))
    }
    return signers
}

/// Decodes a field of intoto 0.0.2. Clients sent it in base64, and the log encoded it again: some
/// clients the key and the signature, some the signature only.
private func withoutSecondBase64(_ signer: LogEntryBody.Signer) -> LogEntryBody.Signer {
    func inner(_ content: [UInt8]) -> [UInt8] {
        bytes(fromBase64: String(decoding: content, as: UTF8.self)) ?? content
    }
    return LogEntryBody.Signer(
        signature: inner(signer.signature),
        verifier: PEMBlock.isPEM(signer.verifier)
            ? signer.verifier : inner(signer.verifier))
}

private func artifact(_ json: JSONReader) throws(Failure) -> LogEntryBody.Artifact {
    let value = try json.required("value")
    guard let hash = bytes(fromHex: try value.string()) else {
        throw value.broken("it is not lower-case hex")
    }
    return LogEntryBody.Artifact(
        algorithm: try json.required("algorithm").string(), hash: hash)
}

private func base64(_ json: JSONReader) throws(Failure) -> [UInt8] {
    try json.protobufBytes(atMost: Limits.logEntryBytes)
}
