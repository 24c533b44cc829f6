// SPDX-License-Identifier: Apache-2.0
// What clients submit to the logs, checked as the logs check it. Spec: rekor openapi.yaml
// (ProposedEntry); rekor-tiles, CreateEntryRequest.

internal import Keys
internal import Primitives
internal import SwiftASN1
internal import X509

/// The canonical body of a proposal whose signature is good; anything else is refused.
enum SubmittedEntry {
    /// A proposal to Rekor v1.
    static func body1(_ json: JSONReader) throws(Failure) -> [UInt8] {
        let kind = try json.required("kind").string() + " " + json.required("apiVersion").string()
        let spec = try json.required("spec")
        switch kind {
        case "hashedrekord 0.0.1": return try hashedRecord(spec)
        case "dsse 0.0.1": return try envelope(spec.required("proposedContent"))
        case "intoto 0.0.2": return try statement(spec.required("content"))
        default: throw json.broken("the kind \(quoted(kind)) is not one of this log's")
        }
    }

    /// A request to Rekor v2.
    static func body2(_ json: JSONReader) throws(Failure) -> [UInt8] {
        let request = try json.required("hashedRekordRequestV002")
        let signature = try request.required("signature")
        let verifier = try signature.required("verifier")
        let content = try base64(signature.required("content"))
        let digest = try base64(request.required("digest"))
        let details = try verifier.required("keyDetails").string()
        let signer: LoggedSignature.Signer =
            if let certificate = try verifier.optional("x509Certificate") {
                .certificate(try base64(certificate.required("rawBytes")))
            } else {
                .publicKey(try base64(verifier.required("publicKey").required("rawBytes")))
            }
        let key = try publicKey(signer, for: verifier)
        let isPrehashed = details == "PKIX_ED25519_PH"
        let kinds = StandInKey.Kind.allCases
        guard let kind = isPrehashed ? .ed25519 : kinds.first(where: { $0.details == details }),
            kind != .ed25519 || isPrehashed
        else { throw verifier.broken("the log takes no such keys") }
        let hash: StandInHash = isPrehashed ? .sha512 : kind.hash
        guard kind.algorithm == key.algorithm, digest.count == hash([]).count
        else { throw verifier.broken("key, keyDetails and digest do not fit") }
        guard isValidSignature(content, overHash: digest, by: key.derBytes) else {
            throw signature.broken("the signature does not verify")
        }
        let logged = LoggedSignature(
            content, by: signer, over: .artifact([]), details: details, hash: hash)
        return LogEntryBody002.hashedRecord(digest, logged)
    }

    private static func hashedRecord(_ spec: JSONReader) throws(Failure) -> [UInt8] {
        let hash = try spec.required("data").required("hash")
        let signature = try spec.required("signature")
        let name = try hash.required("algorithm").string()
        guard let algorithm = StandInHash(rawValue: name), algorithm != .sha1,
            let digest = bytes(fromHex: try hash.required("value").string())
        else { throw hash.broken("it is not a hash that this log takes") }
        let content = try base64(signature.required("content"))
        let (pem, key) = try signer(signature.required("publicKey").required("content"))
        guard isValidSignature(content, overHash: digest, by: key.derBytes) else {
            throw signature.broken("the signature does not verify")
        }
        return LogEntryBody001.hashedRecord(
            digest, by: algorithm, signature: content, signerPEM: pem)
    }

    private static func envelope(_ content: JSONReader) throws(Failure) -> [UInt8] {
        let text = Array(try content.required("envelope").string().utf8)
        let json = try JSONReader(parsing: text, named: "the envelope")
        let verifiers = try content.required("verifiers").items(atMost: 1)
        guard let verifier = verifiers.first else { throw content.broken("it has no verifier") }
        let (pem, key) = try signer(verifier)
        var envelope = StandInEnvelope(
            payloadType: try json.required("payloadType").string(),
            payload: try base64(json.required("payload")))
        for item in try json.required("signatures").items(atMost: 1) {
            envelope.signatures.append(try base64(item.required("sig")))
        }
        try verify(envelope, by: key, json)
        return LogEntryBody001.envelope(envelope, submittedAs: text, signerPEM: pem)
    }

    /// Spec: intoto v0.0.2: payload and signatures are base64 of base64.
    private static func statement(_ content: JSONReader) throws(Failure) -> [UInt8] {
        let json = try content.required("envelope")
        var envelope = StandInEnvelope(
            payloadType: try json.required("payloadType").string(),
            payload: try twice(json.required("payload")))
        let signatures = try json.required("signatures").items(atMost: 1)
        guard let first = signatures.first else { throw json.broken("it has no signature") }
        envelope.signatures = [try twice(first.required("sig"))]
        let (pem, key) = try signer(first.required("publicKey"))
        try verify(envelope, by: key, json)
        return LogEntryBody001.statement(
            envelope, submittedAs: envelope.json.compactBytes, signerPEM: pem)
    }

    private static func verify(_ envelope: StandInEnvelope, by key: PublicKey, _ json: JSONReader)
        throws(Failure)
    {
        guard let signature = envelope.signatures.first,
            key.isValid(signature, over: envelope.signedBytes)
        else { throw json.broken("the signature does not verify") }
    }

    private static func twice(_ json: JSONReader) throws(Failure) -> [UInt8] {
        let outer = String(decoding: try base64(json), as: UTF8.self)
        guard let inner = bytes(fromBase64: outer) else {
            throw json.broken("it is not base64 of base64")
        }
        return inner
    }

    /// The PEM text of a verifier as it was submitted, and its key.
    private static func signer(_ json: JSONReader) throws(Failure) -> (String, PublicKey) {
        let pem = String(decoding: try base64(json), as: UTF8.self)
        if pem.contains("-----BEGIN PUBLIC KEY-----") { return (pem, try PublicKey(pem: pem)) }
        guard let certificate = try? X509.Certificate(pemEncoded: pem),
            let key = try? PublicKey(pem: certificate.publicKey.serializeAsPEM().pemString)
        else { throw json.broken("it is neither a public key nor a certificate in PEM") }
        return (pem, key)
    }

    private static func publicKey(_ signer: LoggedSignature.Signer, for json: JSONReader)
        throws(Failure) -> PublicKey
    {
        switch signer {
        case .publicKey(let bytes): return try PublicKey(derBytes: bytes)
        case .certificate(let bytes):
            guard let certificate = try? X509.Certificate(derEncoded: bytes),
                let key = try? PublicKey(pem: certificate.publicKey.serializeAsPEM().pemString)
            else { throw json.broken("it is not a certificate") }
            return key
        }
    }

    static func base64(_ json: JSONReader) throws(Failure) -> [UInt8] {
        guard let content = bytes(fromBase64: try json.string()) else {
            throw json.broken("it is not base64")
        }
        return content
    }
}
