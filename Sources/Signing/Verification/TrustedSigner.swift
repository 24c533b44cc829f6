// SPDX-License-Identifier: Apache-2.0
// Required signers, and verified signers.

package import Keys
package import Primitives

/// The required signer: one of several keys, or one of several identities.
package enum TrustedSigner: Hashable, Sendable {
    /// Any of these keys.
    case keys([TrustedKey])
    /// A certificate that names any of these identities.
    case certificates([CertificateIdentity])

    /// One key.
    package static func key(_ key: PublicKey) -> TrustedSigner { .keys([TrustedKey(key: key)]) }

    /// The signer in messages.
    package var shown: String {
        switch self {
        case .keys(let keys):
            (keys.count == 1 ? "the key " : "one of the keys ")
                + keys.map { plain($0.label) }.joined(separator: ", ")
        case .certificates(let identities):
            identities.map(\.shown).joined(separator: ", or ")
        }
    }
}

/// The verified signer of evidence.
package enum VerifiedSigner: Hashable, Sendable {
    case key(TrustedKey)
    case certificate(CertificateSigner)

    /// The identity of the signer for counting distinct signers: the key, or the identity and
    /// issuer.
    package var party: String {
        switch self {
        case .key(let trusted): trusted.key.fingerprint.description
        case .certificate(let signer): "\(signer.subject) from \(signer.issuer)"
        }
    }

    /// The signer in messages.
    package var shown: String {
        switch self {
        case .key(let trusted): "the key \(plain(trusted.label))"
        case .certificate(let signer): "\(plain(signer.subject)) from \(plain(signer.issuer))"
        }
    }

    package var json: JSONValue {
        switch self {
        case .key(let trusted):
            var object: JSONObject = ["key": .string(trusted.key.fingerprint.description)]
            if let name = trusted.name { object["name"] = .string(name) }
            return .object(object)
        case .certificate(let signer):
            var claims: JSONObject = [:]
            for claim in signer.claims { claims[claim.name] = .string(claim.value) }
            return [
                "certificate": .string(signer.fingerprint.description),
                "subject": .string(signer.subject), "issuer": .string(signer.issuer),
                "claims": .object(claims),
            ]
        }
    }
}

/// The verified content of a signing certificate.
package struct CertificateSigner: Hashable, Sendable {
    /// One claim of the certificate's extensions.
    package struct Claim: Hashable, Sendable {
        package let name: String
        package let value: String
    }

    /// The SHA-256 of the certificate's DER.
    package let fingerprint: Digest
    package let subject: String
    package let issuer: String
    package let claims: [Claim]
}
