// SPDX-License-Identifier: Apache-2.0
// An OIDC identity provider. Spec: OpenID Connect Core §2, Discovery §3 and §4; RFC 7515, 7517, 7519.

package import Primitives

/// A provider that vouches for whom it is told to, with signed tokens (ES256 or RS256).
package struct StandInIdentityProvider: Sendable {
    package let key: StandInKey
    package let issuer: String

    package init(key: StandInKey, issuer: String) {
        self.key = key
        self.issuer = issuer
    }

    private var algorithm: String { key.kind == .rsa2048 ? "RS256" : "ES256" }
    private var keyName: String { hexText(key.identifier.prefix(8)) }

    /// A token for a person: `email`, verified.
    package func token(
        email: String, audience: String = "sigstore", at time: Timestamp
    ) throws(Failure) -> String {
        try token(
            claims: ["sub": .string(email), "email": .string(email), "email_verified": true],
            audience: audience, at: time)
    }

    /// A token with these claims and the times of the token added; valid for ten minutes.
    package func token(
        claims: JSONObject, audience: String = "sigstore", at time: Timestamp
    ) throws(Failure) -> String {
        var claims = claims
        let added: JSONObject = [
            "iss": .string(issuer), "aud": .string(audience), "iat": .number(time.seconds),
            "nbf": .number(time.seconds), "exp": .number(time.seconds + 600),
        ]
        for member in added where claims[member.name] == nil { claims[member.name] = member.value }
        let header: JSONValue = [
            "alg": .string(algorithm), "kid": .string(keyName), "typ": "JWT",
        ]
        let signed =
            base64URLText(header.compactBytes) + "."
            + base64URLText(JSONValue.object(claims).compactBytes)
        return signed + "." + base64URLText(try key.signToken(Array(signed.utf8)))
    }

    /// `/.well-known/openid-configuration`.
    package var discovery: JSONValue {
        [
            "issuer": .string(issuer), "authorization_endpoint": .string(issuer + "/auth"),
            "token_endpoint": .string(issuer + "/token"), "jwks_uri": .string(issuer + "/keys"),
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [.string(algorithm)],
            "claims_supported": ["aud", "email", "email_verified", "exp", "iat", "iss", "sub"],
        ]
    }

    /// The keys that tokens are checked with. Spec: RFC 7517; RFC 7518 §6.
    package var keys: JSONValue {
        var object: JSONObject = [
            "use": "sig", "kid": .string(keyName), "alg": .string(algorithm),
        ]
        if key.kind == .rsa2048 {
            // PKCS #1: SEQUENCE { INTEGER n (257 bytes with its zero), INTEGER e }.
            object["kty"] = "RSA"
            object["n"] = .string(base64URLText(Array(key.publicRaw.dropFirst(9).prefix(256))))
            object["e"] = .string(base64URLText(Array(key.publicRaw.suffix(3))))
        } else {
            object["kty"] = "EC"
            object["crv"] = "P-256"
            object["x"] = .string(base64URLText(Array(key.publicRaw.dropFirst().prefix(32))))
            object["y"] = .string(base64URLText(Array(key.publicRaw.suffix(32))))
        }
        return ["keys": [.object(object)]]
    }

    /// The claims of a token that is this provider's, for that audience, at that time.
    package func claims(of token: String, audience: String = "sigstore", at time: Timestamp)
        throws(Failure) -> JSONReader
    {
        guard token.utf8.count <= tokenBytes else { throw refusal("it is longer than a token") }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = bytes(fromAnyBase64: parts[0]),
            let body = bytes(fromAnyBase64: parts[1]),
            let signature = bytes(fromAnyBase64: parts[2])
        else { throw refusal("it is not three parts of base64url") }
        let head = try JSONReader(parsing: header, named: "the token's header")
        guard try head.required("alg").string() == algorithm else {
            throw refusal("its algorithm is not \(algorithm)")
        }
        guard key.isValidToken(signature, over: Array("\(parts[0]).\(parts[1])".utf8)) else {
            throw refusal("its signature is not ours")
        }
        let claims = try JSONReader(parsing: body, named: "the token")
        guard try claims.required("iss").string() == issuer else {
            throw refusal("its issuer is not \(issuer)")
        }
        guard try claims.required("aud").string() == audience else {
            throw refusal("its audience is not \(audience)")
        }
        let start = try claims.optional("nbf")?.integer() ?? 0
        guard try claims.required("exp").integer() > time.seconds, start <= time.seconds + 30
        else { throw refusal("it is not valid at \(time)") }
        return claims
    }

    private func refusal(_ why: String) -> Failure {
        Failure(.denied, "cannot accept the identity token", because: why)
    }
}

private let tokenBytes = 64 << 10
