// SPDX-License-Identifier: Apache-2.0
// Verifies issued short-lived certificates.
// Spec: sigstore client-spec §2.1.3; RFC 5280 §6; RFC 6962 §3.2.

package import Keys
package import Primitives

/// A verified certificate for the signer's key and identity, from a trusted authority, with an SCT.
package struct IssuedCertificate: Hashable, Sendable {
    package let leaf: Certificate
    /// The verified path to the anchor at the time of issuance.
    package let path: CertificatePath

    /// Verifies a certificate authority's response.
    ///
    /// - Parameters:
    ///   - key: the key of the certificate request.
    ///   - token: the token of the request, which determines the required identity.
    /// - Throws: `malformed` for an invalid response, `rejected` for one that does not verify.
    package init(
        answer: [UInt8], for key: PublicKey, shown token: IdentityToken, trust: TrustedRoot,
        at now: Timestamp
    ) throws(Failure) {
        let answer = try CertificateResponse(parsing: answer)
        var certificates: [Certificate] = []
        for text in answer.certificates { certificates.append(try Certificate(pem: text)) }
        guard let leaf = certificates.first else { throw refused("it holds no certificate") }
        guard leaf.publicKey == key else { throw refused("it is for another key") }
        try checkNames(of: leaf, against: token)
        do {
            path = try CertificateChains.path(
                from: leaf, helpedBy: Array(certificates.dropFirst()),
                to: trust.certificateAuthorities, at: moment(of: leaf, now),
                for: .codeSigning)
            if !trust.certificateTransparencyLogs.isEmpty {
                _ = try CertificateTransparency.verify(
                    leaf, issuer: path.issuer, detached: [],
                    by: trust.certificateTransparencyLogs, threshold: 1)
            }
        } catch {
            let isDetached = answer.detachedTimestamp?.isEmpty == false
            throw refused(
                error.code == .certificateTransparencyMissing && isDetached
                    ? "its log's promise came beside it, and a bundle has no place for that"
                    : "\(error.code.rawValue): \(error.why)")
        }
        self.leaf = leaf
    }

    /// The identity of the certificate.
    package var identity: String { leaf.subjectAlternativeNames.first?.text ?? "" }
}

/// Checks the identity. An email address must be equal to the token's. The authority derives other
/// identities from the token by its own rules; if the certificate contains a subject, it must be
/// the token's.
private func checkNames(of leaf: Certificate, against token: IdentityToken) throws(Failure) {
    let names = leaf.subjectAlternativeNames
    guard names.count == 1, let name = names.first else {
        throw refused("it names \(names.count) identities, one is expected")
    }
    if let email = token.verifiedEmail, name != .email(email) {
        throw refused("it names \(quoted(name.text)), the token is for \(quoted(email))")
    }
    if let subject = leaf.claims.tokenSubject, subject != token.subject {
        throw refused("it repeats the subject \(quoted(subject)), not the token's")
    }
}

/// The current time, or the start of the certificate's validity if the authority's clock is
/// slightly ahead.
private func moment(of leaf: Certificate, _ now: Timestamp) -> Timestamp {
    let start = leaf.validity.start
    return now < start && start.seconds - now.seconds <= Limits.clockLeewaySeconds ? start : now
}

private func refused(_ why: String) -> Failure {
    Failure(
        .rejected, "will not use the certificate that was issued", because: why,
        next: "check that the trusted root and the certificate authority belong together")
}
