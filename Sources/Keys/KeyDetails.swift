// SPDX-License-Identifier: Apache-2.0
// Sigstore's names for a kind of key with a signature scheme.
// Spec: sigstore protobuf-specs, sigstore_common.proto, enum PublicKeyDetails.

package import Primitives

/// The kind of a key in a trusted root, a log entry or a signing configuration.
package enum KeyDetails: String, Hashable, Sendable, CaseIterable {
    case ecdsaP256 = "PKIX_ECDSA_P256_SHA_256"
    case ecdsaP384 = "PKIX_ECDSA_P384_SHA_384"
    case ecdsaP521 = "PKIX_ECDSA_P521_SHA_512"
    case ed25519 = "PKIX_ED25519"
    case ed25519ph = "PKIX_ED25519_PH"
    case rsa2048 = "PKIX_RSA_PKCS1V15_2048_SHA256"
    case rsa3072 = "PKIX_RSA_PKCS1V15_3072_SHA256"
    case rsa4096 = "PKIX_RSA_PKCS1V15_4096_SHA256"
    case rsaPSS2048 = "PKIX_RSA_PSS_2048_SHA256"
    case rsaPSS3072 = "PKIX_RSA_PSS_3072_SHA256"
    case rsaPSS4096 = "PKIX_RSA_PSS_4096_SHA256"
    // These are deprecated and still occur in documents.
    case ecdsaP256HMAC = "PKIX_ECDSA_P256_HMAC_SHA_256"
    case ecdsaP384WithSHA256 = "PKIX_ECDSA_P384_SHA_256"
    case ecdsaP521WithSHA256 = "PKIX_ECDSA_P521_SHA_256"
    case anyRSA = "PKIX_RSA_PKCS1V5"
    case anyRSAPSS = "PKIX_RSA_PSS"
    case bareRSA = "PKCS1_RSA_PKCS1V5"
    case bareRSAPSS = "PKCS1_RSA_PSS"

    /// Parses the name. Throws `unsupported` for a known kind that Assay cannot verify.
    package init(parsing name: String) throws(Failure) {
        guard let found = KeyDetails(rawValue: name) else {
            throw Failure(
                .unsupported, "cannot use a key of the kind \(quoted(name))",
                because: "the kinds with ECDSA on P-256, P-384 and P-521, Ed25519, Ed25519ph and "
                    + "RSA are known")
        }
        self = found
    }

    /// The kind of this key and scheme; nil if the registry has no name for the pair.
    package init?(of key: PublicKey, scheme: SignatureScheme) {
        let found = KeyDetails.current.first { $0.scheme == scheme && $0.fits(key) }
        guard let found else { return nil }
        self = found
    }

    /// The kinds that an entry of Rekor v2 can have for this key; the first one is for writing.
    ///
    /// Older clients signed SHA-256 with the larger curves, and RSA has two paddings. Pure Ed25519
    /// does not sign a hash, so a log that records hashes cannot contain it.
    package static func logged(for key: PublicKey) -> [KeyDetails] {
        loggable.filter { $0.fits(key) }
    }

    /// The hash of the message that a log records with a kind of `logged`.
    package var loggedHash: HashAlgorithm { scheme.hash ?? .sha512 }

    package var scheme: SignatureScheme {
        switch self {
        // The name requires a deterministic nonce, which cannot be verified.
        case .ecdsaP256, .ecdsaP256HMAC: .ecdsa(.sha256)
        case .ecdsaP384: .ecdsa(.sha384)
        case .ecdsaP521: .ecdsa(.sha512)
        case .ecdsaP384WithSHA256, .ecdsaP521WithSHA256: .ecdsa(.sha256)
        case .ed25519: .ed25519
        case .ed25519ph: .ed25519ph
        case .rsa2048, .rsa3072, .rsa4096, .anyRSA, .bareRSA: .rsaPKCS1(.sha256)
        case .rsaPSS2048, .rsaPSS3072, .rsaPSS4096, .anyRSAPSS, .bareRSAPSS: .rsaPSS(.sha256)
        }
    }

    /// Whether a key is of this kind and size.
    package func fits(_ key: PublicKey) -> Bool {
        switch self {
        case .ecdsaP256, .ecdsaP256HMAC: key.algorithm == .ecdsaP256
        case .ecdsaP384, .ecdsaP384WithSHA256: key.algorithm == .ecdsaP384
        case .ecdsaP521, .ecdsaP521WithSHA256: key.algorithm == .ecdsaP521
        case .ed25519, .ed25519ph: key.algorithm == .ed25519
        case .rsa2048, .rsaPSS2048: key.rsaBits == 2048
        case .rsa3072, .rsaPSS3072: key.rsaBits == 3072
        case .rsa4096, .rsaPSS4096: key.rsaBits == 4096
        case .anyRSA, .anyRSAPSS, .bareRSA, .bareRSAPSS: key.algorithm == .rsa
        }
    }

    /// Parses a key in the encoding of this kind. Throws for a key of another kind.
    ///
    /// The two deprecated `PKCS1_…` kinds are an RSAPublicKey, all others a SubjectPublicKeyInfo.
    package func key(derBytes: [UInt8]) throws(Failure) -> PublicKey {
        let isBare = self == .bareRSA || self == .bareRSAPSS
        let key = isBare ? try PublicKey(pkcs1: derBytes) : try PublicKey(derBytes: derBytes)
        guard fits(key) else {
            throw Failure(
                .malformed, "cannot read the public key",
                because: "it is an \(key.summary) key, its kind is said to be \(rawValue)")
        }
        return key
    }

    private static let current: [KeyDetails] = [
        .ecdsaP256, .ecdsaP384, .ecdsaP521, .ed25519, .ed25519ph, .rsa2048, .rsa3072, .rsa4096,
        .rsaPSS2048, .rsaPSS3072, .rsaPSS4096,
    ]

    private static let loggable: [KeyDetails] = [
        .ecdsaP256, .ecdsaP384, .ecdsaP384WithSHA256, .ecdsaP521, .ecdsaP521WithSHA256,
        .ed25519ph, .rsa2048, .rsaPSS2048, .rsa3072, .rsaPSS3072, .rsa4096, .rsaPSS4096,
    ]
}

extension HashAlgorithm {
    /// Its name in protobuf documents. Spec: sigstore_common.proto, HashAlgorithm.
    package var protobufName: String {
        switch self {
        case .sha256: "SHA2_256"
        case .sha384: "SHA2_384"
        case .sha512: "SHA2_512"
        }
    }
}
