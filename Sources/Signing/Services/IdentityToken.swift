// SPDX-License-Identifier: Apache-2.0
// OIDC identity tokens, as the one who presents them reads them.
// Spec: RFC 7519 (JWT), RFC 7515 §3.1 (compact form); OpenID Connect Core 1.0 §2.

internal import OCI
package import Primitives

/// A token that says who we are. What it says is read and not believed: the certificate authority
/// checks its signature, we only need to know what to prove and when not to send it.
///
/// It is a secret until it expires. Its description never tells it.
package struct IdentityToken: Hashable, Sendable {
    /// The compact form; whoever asks for it answers for where it goes.
    package let secret: String
    package let issuer: String
    package let subject: String
    /// The address, only when the issuer says that it has checked it.
    package let verifiedEmail: String?
    package let audiences: [String]
    package let expiry: Timestamp
    package let notBefore: Timestamp?

    /// Reads a token's claims; white space around it is dropped.
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

    /// What the certificate authority wants signed with the new key.
    ///
    /// Spec: fulcio docs/how-certificate-issuing-works.md: the email address if verified, else the
    /// subject.
    package var proofSubject: String { verifiedEmail ?? subject }

    /// Refuses to send a token that cannot work.
    ///
    /// - Throws: `denied` when it is for somebody else, no longer valid, or not yet.
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

/// The audience that certificate authorities of this family ask for.
package let sigstoreAudience = "sigstore"

extension IdentityToken {
    /// Whether a text is meant as a token and not as a path: such a text is never shown.
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

/// Some issuers write the claim as text.
private func isTrue(_ value: JSONValue?) -> Bool { value?.bool ?? (value?.string == "true") }

extension JSONReader {
    fileprivate func text() throws(Failure) -> String {
        let text = try string()
        guard !text.isEmpty else { throw broken("it is empty") }
        return text
    }

    /// Spec: RFC 7519 §2, NumericDate: seconds since 1970, fractions allowed; they are cut.
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

/// The end of the year 9999, the last that our texts can write.
private let lastMoment = 253_402_300_799.0
