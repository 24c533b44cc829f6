// SPDX-License-Identifier: Apache-2.0
// Trusted identities: subject, issuer and claims of certificates.

internal import Primitives

/// One trusted identity: a subject and its issuer.
///
/// The issuer is required, because any identity provider can issue the same subject.
package struct CertificateIdentity: Hashable, Sendable {
    /// The patterns that must all match the subject.
    package let subjects: [IdentityPattern]
    /// The patterns that must all match the issuer.
    package let issuers: [IdentityPattern]
    /// The other claims that the certificate must have.
    package let claims: [CertificateClaimRequirement]

    package init(
        subjects: [IdentityPattern], issuers: [IdentityPattern],
        claims: [CertificateClaimRequirement] = []
    ) {
        self.subjects = subjects
        self.issuers = issuers
        self.claims = claims
    }

    /// Warnings about unanchored patterns.
    package var lints: [String] {
        subjects.compactMap(\.lint).map { "subject: \($0)" }
            + issuers.compactMap(\.lint).map { "issuer: \($0)" }
    }

    package var shown: String {
        let extras = claims.map { ", \($0.claim.name) \($0.pattern.shown)" }.joined()
        return "\(shownSubject) from \(shownIssuer)\(extras)"
    }

    private var shownSubject: String { subjects.map(\.shown).joined(separator: " and ") }
    private var shownIssuer: String { issuers.map(\.shown).joined(separator: " and ") }

    /// The signer of `certificate`. Throws the part that differs if it is another identity.
    func signer(of certificate: Certificate) throws(VerificationError) -> CertificateSigner {
        // The issuer is compared first, because the subject depends on it.
        guard let found = certificate.claims.issuer else {
            throw VerificationError(
                .issuerMismatch, "the certificate names no issuer, \(shownIssuer) is expected")
        }
        guard try fits(issuers, found) else {
            throw VerificationError(
                .issuerMismatch,
                "the issuer is \(plain(found)), \(shownIssuer) is expected"
                    + partialMatchHint(issuers, found))
        }
        let names = certificate.subjectAlternativeNames.compactMap(\.identity)
        // Spec: fulcio certificate-specification.md: exactly one name. A certificate with two would
        // be two signers where signers are counted.
        guard names.count <= 1 else {
            throw VerificationError(
                .identityMismatch,
                "the certificate names \(names.map { plain($0) }.joined(separator: " and ")), and "
                    + "only one name says who signed")
        }
        var subject: String?
        for name in names where try fits(subjects, name) { subject = subject ?? name }
        guard let subject else {
            let shown = names.isEmpty ? "nobody" : names.map { plain($0) }.joined(separator: ", ")
            throw VerificationError(
                .identityMismatch,
                "the certificate names \(shown), \(shownSubject) is expected"
                    + partialMatchHint(subjects, names.first))
        }
        for requirement in claims {
            guard let value = certificate.claims[requirement.claim] else {
                throw VerificationError(
                    .claimMismatch,
                    "the certificate does not say its \(requirement.claim.name), "
                        + "\(requirement.pattern.shown) is expected")
            }
            guard try fits([requirement.pattern], value) else {
                throw VerificationError(
                    .claimMismatch,
                    "the \(requirement.claim.name) is \(plain(value)), \(requirement.pattern.shown) is "
                        + "expected")
            }
        }
        return CertificateSigner(
            fingerprint: certificate.fingerprint, subject: subject, issuer: found,
            claims: certificate.claims.all.map {
                CertificateSigner.Claim(name: $0.name, value: $0.value)
            })
    }
}

/// One required claim of a certificate and its pattern.
package struct CertificateClaimRequirement: Hashable, Sendable {
    package let claim: CertificateClaim
    package let pattern: IdentityPattern

    package init(claim: CertificateClaim, pattern: IdentityPattern) {
        self.claim = claim
        self.pattern = pattern
    }
}

/// Whether all patterns match. A comparison that takes too long throws `overLimit`.
private func fits(
    _ patterns: [IdentityPattern], _ text: String
) throws(VerificationError) -> Bool {
    guard !patterns.isEmpty else { return false }
    do {
        for pattern in patterns where try !pattern.matches(text) { return false }
        return true
    } catch {
        throw VerificationError(.overLimit, error)
    }
}

/// The hint in a message if a pattern matches a part of the string, which cosign accepts.
private func partialMatchHint(_ patterns: [IdentityPattern], _ text: String?) -> String {
    guard let text, patterns.contains(where: { $0.matchesPart(of: text) }),
        patterns.allSatisfy({ (try? $0.matches(text)) == true || $0.matchesPart(of: text) })
    else { return "" }
    return
        "; the expression matches a part: cosign accepts any part, Assay matches the whole text; "
        + "add .* where any text is allowed"
}

extension CertificateClaim {
    /// The claim with a name such as `githubWorkflowRepository`.
    package init?(named name: String) {
        guard let found = CertificateClaim.allCases.first(where: { $0.name == name }) else {
            return nil
        }
        self = found
    }
}

extension SubjectAlternativeName {
    /// The identity; nil for kinds of names that are not of a person, job or host.
    package var identity: String? {
        switch self {
        case .email(let text), .uri(let text), .otherName(let text), .dns(let text): text
        case .other: nil
        }
    }
}
