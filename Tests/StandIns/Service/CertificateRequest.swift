// SPDX-License-Identifier: Apache-2.0
// Asking for a certificate, as Fulcio is asked. Spec: fulcio.proto, CreateSigningCertificateRequest.

internal import Keys
package import Primitives
internal import SwiftASN1
internal import X509

extension StandInSigstore {
    /// Issues a certificate to whoever holds both the identity's token and the key.
    ///
    /// - Throws: `denied` for a token or a proof of possession that is not one.
    package func signingCertificate(
        for request: JSONReader, token: String, at time: Timestamp,
        faults: Set<StandInFault> = []
    ) throws(Failure) -> JSONValue {
        let chain = try issuedChain(token: token, at: time, faults) { (challenge) throws(Failure) in
            try requestedKey(request, challenge: challenge)
        }
        return ["signedCertificateEmbeddedSct": ["chain": ["certificates": pemChain(chain)]]]
    }

    /// The same for a request in Fulcio's first form, which cosign 2 sends.
    package func firstSigningCertificate(
        for request: JSONReader, token: String, at time: Timestamp,
        faults: Set<StandInFault> = []
    ) throws(Failure) -> [[UInt8]] {
        try issuedChain(token: token, at: time, faults) { (challenge) throws(Failure) in
            try firstRequestedKey(request, challenge: challenge)
        }
    }

    /// The certificate with its chain; `key` reads the request, given what must be signed.
    private func issuedChain(
        token: String, at time: Timestamp, _ faults: Set<StandInFault>,
        _ key: (_ challenge: String) throws(Failure) -> PublicKey
    ) throws(Failure) -> [[UInt8]] {
        let claims = try identityProvider.claims(of: token, at: time)
        let identity = try StandInIdentity(claims: claims, issuer: identityProvider.issuer)
        let key = try key(try StandInIdentity.challenge(claims))
        let leaf = try certificate(
            for: identity, publicKey: key.derBytes, at: time, faults: faults)
        return [leaf] + certificateAuthority.chain
    }

    /// `GET /api/v2/trustBundle`.
    package var trustBundle: JSONValue {
        ["chains": [["certificates": pemChain(certificateAuthority.chain)]]]
    }

    private func pemChain(_ chain: [[UInt8]]) -> JSONValue {
        .array(chain.map { .string(pemText("CERTIFICATE", $0)) })
    }

    private func requestedKey(_ request: JSONReader, challenge: String) throws(Failure) -> PublicKey
    {
        if let signing = try request.optional("certificateSigningRequest") {
            return try key(ofSigningRequest: try SubmittedEntry.base64(signing))
        }
        let asked = try request.required("publicKeyRequest")
        let key = try PublicKey(pem: try asked.required("publicKey").required("content").string())
        return try proven(key, by: asked.required("proofOfPossession"), over: challenge)
    }

    /// Spec: fulcio_legacy.proto: all fields are base64; the key is PKIX in DER or PEM. A field that
    /// is not used is null or empty.
    private func firstRequestedKey(
        _ request: JSONReader, challenge: String
    ) throws(Failure) -> PublicKey {
        if let signing = try request.optional("certificateSigningRequest"),
            try !signing.string().isEmpty
        {
            return try key(ofSigningRequest: try SubmittedEntry.base64(signing))
        }
        let content = try SubmittedEntry.base64(
            request.required("publicKey").required("content"))
        let isText = content.starts(with: "-----BEGIN".utf8)
        let key =
            isText
            ? try PublicKey(pem: String(decoding: content, as: UTF8.self))
            : try PublicKey(derBytes: content)
        return try proven(key, by: request.required("signedEmailAddress"), over: challenge)
    }

    private func proven(
        _ key: PublicKey, by proof: JSONReader, over challenge: String
    ) throws(Failure) -> PublicKey {
        guard key.isValid(try SubmittedEntry.base64(proof), over: Array(challenge.utf8)) else {
            throw refusal("the proof of possession is not over the token's subject by that key")
        }
        return key
    }

    /// Spec: RFC 2986; its signature is the proof that the asker has the key.
    private func key(ofSigningRequest pem: [UInt8]) throws(Failure) -> PublicKey {
        guard
            let request = try? CertificateSigningRequest(
                pemEncoded: String(decoding: pem, as: UTF8.self)),
            let key = try? PublicKey(pem: request.publicKey.serializeAsPEM().pemString)
        else { throw refusal("it is not a certificate signing request in PEM") }
        guard request.publicKey.isValidSignature(request.signature, for: request) else {
            throw refusal("the signing request is not signed by its own key")
        }
        return key
    }
}

extension StandInIdentity {
    /// What the asker's key must sign. Spec: fulcio docs: the e-mail address where it is verified,
    /// else the subject.
    static func challenge(_ claims: JSONReader) throws(Failure) -> String {
        if try claims.optional("email_verified")?.boolean() ?? false {
            return try claims.required("email").string()
        }
        return try claims.required("sub").string()
    }

    /// The name and claims that a certificate gets from a token.
    ///
    /// Spec: fulcio docs/oidc.md: e-mail, URI and username subjects; oid-info.md for workflows.
    init(claims: JSONReader, issuer: String) throws(Failure) {
        if let workflow = try claims.optional("job_workflow_ref") {
            let address = "https://github.com/"
            self.init(.uri(address + (try workflow.string())), issuer: issuer)
            for (number, name) in workflowClaims {
                guard let value = try claims.optional(name)?.string() else { continue }
                self.claims[number] =
                    [9, 12, 16, 18].contains(number) ? address + value : value
            }
            if let repository = try claims.optional("repository")?.string(),
                let run = try claims.optional("run_id")?.string(),
                let attempt = try claims.optional("run_attempt")?.string()
            {
                self.claims[21] = "\(address)\(repository)/actions/runs/\(run)/attempts/\(attempt)"
            }
            return
        }
        let subject = try StandInIdentity.challenge(claims)
        let name: Name =
            if try claims.optional("email_verified")?.boolean() ?? false {
                .email(subject)
            } else if subject.contains("://") {
                .uri(subject)
            } else {
                .otherName(subject)
            }
        self.init(name, issuer: issuer)
    }
}

private func refusal(_ why: String) -> Failure {
    Failure(.denied, "cannot issue a certificate", because: why)
}

/// Which claim of a workflow's token goes into which extension. Spec: oid-info.md.
private let workflowClaims: [(Int, String)] = [
    (2, "event_name"), (3, "sha"), (4, "workflow"), (5, "repository"), (6, "ref"),
    (9, "job_workflow_ref"), (10, "job_workflow_sha"), (11, "runner_environment"),
    (12, "repository"), (13, "sha"), (14, "ref"), (15, "repository_id"),
    (16, "repository_owner"), (17, "repository_owner_id"), (18, "workflow_ref"),
    (19, "workflow_sha"), (20, "event_name"), (22, "repository_visibility"),
    (23, "environment"), (24, "sub"),
]
