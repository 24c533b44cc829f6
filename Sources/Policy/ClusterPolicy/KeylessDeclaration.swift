// SPDX-License-Identifier: Apache-2.0
// An identity in a certificate, as a policy writes it. Spec: docs/kyverno.md, "Keyless".

import Primitives
import Signing

/// Who the certificate must name.
struct KeylessDeclaration: Hashable, Sendable {
    let identity: CertificateIdentity
    let trust: TrustDeclaration
    /// Patterns that fit more than they seem to.
    let warnings: [PolicyWarning]

    /// `rekor` or `roots` must be written, and `rekor` needs a `url`. `issuer` and `subject` are
    /// wildcards; their RegExp forms are found anywhere in the text.
    ///
    /// Spec: docs/kyverno.md, "Keyless", "Refused policies".
    ///
    /// Deviation: Kyverno accepts a policy that names only a subject or only an issuer. Here a
    /// policy that trusts a subject from any issuer must say so with `"*"`.
    init(reading node: YAMLNode) throws(Failure) {
        try node.refuseFields(otherThan: [
            "issuer", "issuerRegExp", "subject", "subjectRegExp", "roots", "additionalExtensions",
            "rekor", "ctlog",
        ])
        if let rekor = try node.optional("rekor") {
            _ = try rekor.required("url").string()
        } else if try node.optional("roots") == nil {
            throw node.broken("keyless needs rekor or roots")
        }
        var claims: [CertificateClaimRequirement] = []
        for member in try node.optional("additionalExtensions")?.members() ?? [] {
            claims.append(try claimRequirement(member.name, member.value))
        }
        trust = try TrustDeclaration(reading: node)
        var warnings: [PolicyWarning] = []
        let issuers = try patterns(node, "issuer", &warnings)
        let subjects = try patterns(node, "subject", &warnings)
        identity = CertificateIdentity(subjects: subjects, issuers: issuers, claims: claims)
        self.warnings = warnings
    }
}

/// An entry of `additionalExtensions`: a name of cosign or an object identifier, and a wildcard.
///
/// Spec: docs/kyverno.md, "Keyless".
private func claimRequirement(
    _ name: String, _ value: YAMLNode
) throws(Failure) -> CertificateClaimRequirement {
    guard let claim = CertificateClaim(extension: name) else {
        throw value.broken(
            "\(quoted(name)) is not a claim of a certificate such as githubWorkflowRepository or "
                + "\(fulcioArcs)5")
    }
    let text = try value.string()
    guard !text.isEmpty else {
        throw value.broken("\(quoted(name)) says nothing; write \"*\" for any value")
    }
    return CertificateClaimRequirement(claim: claim, pattern: .wildcard(Wildcard(text)))
}

/// Spec: fulcio docs/oid-info.md.
private let fulcioArcs = "1.3.6.1.4.1.57264.1."

extension CertificateClaim {
    fileprivate init?(extension name: String) {
        if let digits = name.utf8.removingPrefix(fulcioArcs) {
            guard digits.utf8.allSatisfy(isDigitByte), let arc = Int(digits) else { return nil }
            self.init(rawValue: arc)
        } else {
            self.init(named: name == "oidcIssuer" ? "issuer" : name)
        }
    }
}

/// The wildcard and the expression of one field; when both are there, both must fit.
private func patterns(
    _ node: YAMLNode, _ field: String, _ warnings: inout [PolicyWarning]
) throws(Failure) -> [IdentityPattern] {
    var patterns: [IdentityPattern] = []
    let (text, expression) = (try node.optional(field), try node.optional("\(field)RegExp"))
    if let text, try !text.string().isEmpty {
        patterns.append(.wildcard(Wildcard(try text.string())))
        if try text.string().utf8.allSatisfy({ $0 == UInt8(ascii: "*") }), expression == nil {
            warnings.append(
                PolicyWarning(place: text.place, text: "\(field): \"*\" trusts any \(field)"))
        }
    }
    if let expression, try !expression.string().isEmpty {
        do {
            let pattern = try IdentityPattern.importedExpression(try expression.string())
            patterns.append(pattern)
            if let lint = pattern.lint {
                warnings.append(
                    PolicyWarning(place: expression.place, text: "\(field)RegExp: \(lint)"))
            }
        } catch {
            throw error.during("cannot use the policy", at: expression.place)
        }
    }
    guard !patterns.isEmpty else {
        throw node.broken(
            "keyless needs \(field) or \(field)RegExp; write \(field): \"*\" to trust any \(field)")
    }
    return patterns
}
