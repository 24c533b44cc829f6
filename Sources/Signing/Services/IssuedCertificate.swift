// SPDX-License-Identifier: Apache-2.0
// A short-lived certificate from the authority that was asked, checked before it is used.
// Spec: sigstore client-spec §2.1.3; RFC 5280 §6; RFC 6962 §3.2.

package import Keys
package import Primitives

/// A certificate for our key and our identity, from an authority we trust, promised to a log.
package struct IssuedCertificate: Hashable, Sendable {
    package let leaf: Certificate
    /// Its path to the anchor, at the time it was issued.
    package let path: CertificatePath

    /// Reads a certificate authority's answer.
    ///
    /// - Parameters:
    ///   - key: the key the certificate was asked for.
    ///   - token: what the authority was shown; it decides who the certificate must name.
    /// - Throws: `malformed` for what is no answer, `rejected` for an answer that must not be used.
    package init(
        answer: [UInt8], for key: PublicKey, shown token: IdentityToken, trust: TrustedRoot,
        at now: Timestamp
    ) throws(Failure) {
        let answer = try CertificateAnswer(parsing: answer)
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

    /// Who it names, for people and for the identity that verifiers are told.
    package var identity: String { leaf.subjectAlternativeNames.first?.text ?? "" }
}

/// An address must be ours to the letter. Other identities are made from the token by rules of the
/// authority's own; where the certificate repeats the token's subject, it must be ours.
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

/// Now, or the certificate's first moment where the authority's clock is a little ahead of ours.
private func moment(of leaf: Certificate, _ now: Timestamp) -> Timestamp {
    let start = leaf.validity.start
    return now < start && start.seconds - now.seconds <= Limits.clockLeewaySeconds ? start : now
}

private func refused(_ why: String) -> Failure {
    Failure(
        .rejected, "will not use the certificate that was issued", because: why,
        next: "check that the trusted root and the certificate authority belong together")
}
