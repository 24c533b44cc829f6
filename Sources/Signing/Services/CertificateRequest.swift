// SPDX-License-Identifier: Apache-2.0
// Requests to certificate authorities.
// Spec: fulcio.proto v2, CreateSigningCertificate; sigstore client-spec §2.1.3.

package import Keys
package import Primitives

/// The request for a short-lived certificate, and the parser of its unverified response.
package enum CertificateRequest {
    /// The path below the authority's base URL.
    package static let path = "/api/v2/signingCert"

    /// - Parameter proof: the signature of `key` over the token's `proofSubject`.
    package static func document(for key: PublicKey, proof: [UInt8]) -> JSONValue {
        [
            "publicKeyRequest": [
                "publicKey": ["algorithm": "ECDSA", "content": .string(key.pem)],
                "proofOfPossession": .string(base64Text(proof)),
            ]
        ]
    }
}

/// The unverified response of a certificate authority: PEM certificates, leaf first.
struct CertificateResponse: Hashable, Sendable {
    let certificates: [String]
    /// The detached SCT, if it is not in the certificate; empty if the instance has no certificate
    /// log.
    let detachedTimestamp: [UInt8]?

    /// Spec: fulcio.proto, SigningCertificate: one of the two forms.
    init(parsing answer: [UInt8]) throws(Failure) {
        let json = try JSONReader(
            parsing: answer, named: "the certificate authority's answer")
        let embedded = try json.optional("signedCertificateEmbeddedSct")
        let detached = try json.optional("signedCertificateDetachedSct")
        switch (embedded, detached) {
        case (let answer?, nil):
            certificates = try chain(answer)
            detachedTimestamp = nil
        case (nil, let answer?):
            certificates = try chain(answer)
            let promise = try answer.optional("signedCertificateTimestamp")
            guard let bytes = bytes(fromBase64: try promise?.string() ?? "") else {
                throw answer.broken("signedCertificateTimestamp is not base64")
            }
            detachedTimestamp = bytes
        default:
            throw json.broken(
                "exactly one of signedCertificateEmbeddedSct and signedCertificateDetachedSct "
                    + "is needed")
        }
    }
}

private func chain(_ answer: JSONReader) throws(Failure) -> [String] {
    let list = try answer.required("chain").required("certificates")
    var texts: [String] = []
    for item in try list.items(atMost: Limits.certificatesPerChain) {
        texts.append(try item.string())
    }
    guard !texts.isEmpty else { throw list.broken("it holds no certificate") }
    return texts
}
