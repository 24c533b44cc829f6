// SPDX-License-Identifier: Apache-2.0
// OIDC identity tokens, parsed by the client.
// Spec: RFC 7519 (JWT), RFC 7515 §3.1 (compact form); OpenID Connect Core 1.0 §2.

internal import OCI
package import Primitives

/// An unverified identity token. The certificate authority verifies its signature; Assay needs its
/// claims for the proof of possession, and to reject unusable tokens.
///
/// It is a secret until it expires. Its description does not contain it.
package struct IdentityToken: Hashable, Sendable {
    /// The compact form, a secret.
    package let secret: String
    package let issuer: String
    package let subject: String
    /// The email address, only if the issuer has verified it.
    package let verifiedEmail: String?
    package let audiences: [String]
    package let expiry: Timestamp
    package let notBefore: Timestamp?

    /// Parses a token, without surrounding white space.
    package init(parsing text: String) throws(Failure) {
        guard text.utf8.count <= Limits.identityTokenBytes else {
            throw Failure(
                .overLimit, "cannot read the identity token",
                because: "it has \(text.utf8.count) bytes, the limit is "
                    + "\(Limits.identityTokenBytes)")
        }
        let token = trimmed(text)
        let parts = token.utf8.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            throw unreadable("it is not three parts with dots between them")
        }
        guard parts.allSatisfy({ !$0.isEmpty }) else {
            throw unreadable("a part is empty; an unsigned token proves nothing")
        }
        guard let header = base64URLBytes(parts[0]), let claims = base64URLBytes(parts[1]),
            base64URLBytes(parts[2]) != nil
        else { throw unreadable("a part is not base64url without padding") }
        _ = try JSONReader(parsing: header, named: "the identity token's header").object()
        let json = try JSONReader(parsing: claims, named: "the identity token")
        secret = token
        issuer = try json.required("iss").text()
        subject = try json.required("sub").text()
        expiry = try json.required("exp").moment()
        notBefore = try json.optional("nbf")?.moment()
        audiences = try readAudiences(json.required("aud"))
        verifiedEmail =
            try isTrue(json.optional("email_verified")?.value)
            ? json.optional("email")?.text() : nil
    }

    /// The message for the proof of possession of the new key.
    ///
    /// Spec: fulcio docs/how-certificate-issuing-works.md: the email address if verified, else the
    /// subject.
    package var proofSubject: String { verifiedEmail ?? subject }

    /// Checks that the token is usable.
    ///
    /// - Throws: `denied` if it has another audience, is expired, or is not valid yet.
    package func check(at now: Timestamp, audience: String = sigstoreAudience) throws(Failure) {
        func refused(_ why: String, next: String) -> Failure {
            Failure(.denied, "will not use the identity token", because: why, next: next)
        }
        guard audiences.contains(audience) else {
            let shown = audiences.prefix(3).map { quoted($0) }.joined(separator: ", ")
            throw refused(
                "it is for \(shown), not for \(quoted(audience))",
                next: "ask the issuer for a token whose audience is \(audience)")
        }
        guard now < expiry else {
            throw refused(
                "it expired at \(expiry), now it is \(now)", next: "get a new token")
        }
        if let notBefore, notBefore.seconds - Limits.clockLeewaySeconds > now.seconds {
            throw refused(
                "it is valid from \(notBefore) on, now it is \(now)",
                next: "look at this machine's clock")
        }
    }
}

extension IdentityToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        "an identity token of \(quoted(issuer)) for \(quoted(proofSubject))"
    }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// The audience of Sigstore's certificate authorities.
package let sigstoreAudience = "sigstore"

extension IdentityToken {
    /// Whether a value looks like a token, not a path. Such a value is never displayed.
    package static func resembles(_ text: String) -> Bool {
        let text = trimmed(text)
        return text.utf8.hasPrefix("eyJ") || text.utf8.count > Limits.pathBytes
    }
}

private func readAudiences(_ json: JSONReader) throws(Failure) -> [String] {
    if json.value.string != nil { return [try json.text()] }
    var audiences: [String] = []
    for item in try json.items(atMost: Limits.audiencesPerToken) {
        audiences.append(try item.text())
    }
    guard !audiences.isEmpty else { throw json.broken("it has no audience") }
    return audiences
}

/// Parses a boolean claim, which some issuers write as a string.
private func isTrue(_ value: JSONValue?) -> Bool { value?.bool ?? (value?.string == "true") }

extension JSONReader {
    fileprivate func text() throws(Failure) -> String {
        let text = try string()
        guard !text.isEmpty else { throw broken("it is empty") }
        return text
    }

    /// Spec: RFC 7519 §2, NumericDate: seconds since 1970, with optional fractions, which are
    /// truncated.
    fileprivate func moment() throws(Failure) -> Timestamp {
        guard case .number(let number) = value, let seconds = number.double,
            (0...lastMoment).contains(seconds)
        else { throw broken("it is not a number of seconds since 1970") }
        return Timestamp(seconds: Int(seconds))
    }
}

/// Spec: RFC 7515 §2: base64url "with all trailing '=' characters omitted".
private func base64URLBytes(_ text: Substring) -> [UInt8]? {
    guard !text.utf8.contains(where: "+/=".utf8.contains) else { return nil }
    return bytes(fromAnyBase64: text)
}

private func trimmed(_ text: String) -> String { String(text.utf8.trimmed()) }

private func unreadable(_ why: String) -> Failure {
    Failure(.malformed, "cannot read the identity token", because: why)
}

/// The end of the year 9999, the last time that `Timestamp` can format.
private let lastMoment = 253_402_300_799.0
