// SPDX-License-Identifier: Apache-2.0
// Who must have signed, and who has.

package import Keys
package import Primitives

/// Who must have signed. One case is one way to trust; a mixture cannot be written down.
package enum TrustedSigner: Hashable, Sendable {
    /// Any of these keys.
    case keys([TrustedKey])
    /// A certificate that names any of these identities.
    case certificates([CertificateIdentity])

    package static func key(_ key: PublicKey) -> TrustedSigner { .keys([TrustedKey(key: key)]) }

    /// As a person reads it.
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

/// Who did sign, as far as it was verified.
package enum VerifiedSigner: Hashable, Sendable {
    case key(TrustedKey)
    case certificate(CertificateSigner)

    /// What two signers must differ in to be two: the key, or the identity and its issuer.
    package var party: String {
        switch self {
        case .key(let trusted): trusted.key.fingerprint.description
        case .certificate(let signer): "\(signer.subject) from \(signer.issuer)"
        }
    }

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
    package struct Claim: Hashable, Sendable {
        package let name: String
        package let value: String
    }

    /// The certificate, by the SHA-256 of its DER.
    package let fingerprint: Digest
    package let subject: String
    package let issuer: String
    package let claims: [Claim]
}
