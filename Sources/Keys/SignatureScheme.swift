// SPDX-License-Identifier: Apache-2.0
// Signature schemes: algorithm, hash and padding.

package import Primitives

/// A signature scheme. The key alone does not determine it: an RSA key can sign with two paddings,
/// an Ed25519 key messages or their hashes.
package enum SignatureScheme: Hashable, Sendable, CustomStringConvertible {
    /// ASN.1 DER of r and s. Spec: FIPS 186-5 §6; RFC 3279 §2.2.3.
    case ecdsa(HashAlgorithm)
    /// Over the message itself. Spec: RFC 8032 §5.1.
    case ed25519
    /// Over the message's SHA-512. Spec: RFC 8032 §5.1, Ed25519ph with an empty context.
    case ed25519ph
    /// Spec: RFC 8017 §8.2, RSASSA-PKCS1-v1_5.
    case rsaPKCS1(HashAlgorithm)
    /// Spec: RFC 8017 §8.1, RSASSA-PSS, with MGF1 of the same hash and a salt as long as the hash,
    /// as in FIPS 186-5, X.509 profiles, TUF and the KMSs.
    case rsaPSS(HashAlgorithm)
    /// RSASSA-PSS with a salt of any length, as RFC 8017 §9.1 allows; openssl makes it as long as
    /// possible. It is for verification only.
    case rsaPSSWithAnySalt(HashAlgorithm)

    /// The hash that is signed; nil for Ed25519, which signs the whole message.
    package var hash: HashAlgorithm? {
        switch self {
        case .ecdsa(let hash), .rsaPKCS1(let hash), .rsaPSS(let hash),
            .rsaPSSWithAnySalt(let hash):
            hash
        case .ed25519ph: .sha512
        case .ed25519: nil
        }
    }

    package var description: String {
        switch self {
        case .ecdsa(let hash): "ECDSA with \(hash.title)"
        case .ed25519: "Ed25519"
        case .ed25519ph: "Ed25519ph"
        case .rsaPKCS1(let hash): "RSA PKCS #1 v1.5 with \(hash.title)"
        case .rsaPSS(let hash): "RSA PSS with \(hash.title)"
        case .rsaPSSWithAnySalt(let hash): "RSA PSS with \(hash.title) and any salt"
        }
    }

    /// Whether a key of this kind can use the scheme.
    package func fits(_ algorithm: PublicKey.Algorithm) -> Bool {
        switch (self, algorithm) {
        case (.ecdsa, .ecdsaP256), (.ecdsa, .ecdsaP384), (.ecdsa, .ecdsaP521): true
        case (.ed25519, .ed25519), (.ed25519ph, .ed25519): true
        case (.rsaPKCS1, .rsa), (.rsaPSS, .rsa), (.rsaPSSWithAnySalt, .rsa): true
        default: false
        }
    }
}

extension PublicKey.Algorithm {
    /// The default scheme of a key of this kind.
    ///
    /// Spec: sigstore architecture-docs, algorithm-registry.md: the hash is as strong as the curve.
    package var standardScheme: SignatureScheme {
        switch self {
        case .ecdsaP256: .ecdsa(.sha256)
        case .ecdsaP384: .ecdsa(.sha384)
        case .ecdsaP521: .ecdsa(.sha512)
        case .ed25519: .ed25519
        case .rsa: .rsaPKCS1(.sha256)
        }
    }

    /// All schemes in which a key of this kind may sign, the default one first: SHA-256, SHA-384 or
    /// SHA-512, and for RSA both paddings. They are for signatures by a key that the verifier
    /// chose: in any of these schemes, only the owner of that key can sign.
    ///
    /// SHA-1 and SHA-224 are excluded: SHA-1 has collisions (NIST SP 800-131A), and SHA-224 has
    /// less than the 128 bits of security that Sigstore's algorithm registry requires.
    package var allSchemes: [SignatureScheme] {
        let hashes = HashAlgorithm.allCases
        let all: [SignatureScheme] =
            switch self {
            case .ecdsaP256, .ecdsaP384, .ecdsaP521: hashes.map { .ecdsa($0) }
            case .ed25519: [.ed25519, .ed25519ph]
            case .rsa: hashes.map { .rsaPKCS1($0) } + hashes.map { .rsaPSSWithAnySalt($0) }
            }
        return [standardScheme] + all.filter { $0 != standardScheme }
    }

    /// The schemes with the hash that a user or policy requires. Ed25519 hashes internally, so both
    /// of its schemes are included.
    package func schemes(with hash: HashAlgorithm) -> [SignatureScheme] {
        self == .ed25519 ? allSchemes : allSchemes.filter { $0.hash == hash }
    }

    /// The schemes of Sigstore documents that name none: bundles with certificates, checkpoints,
    /// signed entry timestamps, and TUF metadata.
    ///
    /// Older clients signed with SHA-256 for all curves, and envelopes do not name the RSA padding.
    package var customarySchemes: [SignatureScheme] {
        switch self {
        case .ecdsaP256, .ed25519: [standardScheme]
        case .ecdsaP384, .ecdsaP521: [standardScheme, .ecdsa(.sha256)]
        case .rsa: [.rsaPKCS1(.sha256), .rsaPSS(.sha256)]
        }
    }
}
