// SPDX-License-Identifier: Apache-2.0
// The keys of the stand-ins: every kind that Sigstore's services sign with, RSA among them.
// Spec: RFC 5480 and 5758 (ECDSA), RFC 8410 (Ed25519), RFC 8017 and 4055 (RSA).

internal import Crypto
internal import CryptoExtras
internal import FoundationEssentials
package import Keys
package import Primitives

/// A signing key and what documents call it.
package struct StandInKey: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case p256, p384, p521, ed25519, rsa2048
    }

    private enum Material: Sendable {
        case p256(P256.Signing.PrivateKey)
        case p384(P384.Signing.PrivateKey)
        case p521(P521.Signing.PrivateKey)
        case ed25519(Curve25519.Signing.PrivateKey)
        case rsa(_RSA.Signing.PrivateKey)
    }

    package let kind: Kind
    private let material: Material

    /// A fresh key.
    package init(_ kind: Kind = .p256) throws(Failure) {
        self.kind = kind
        switch kind {
        case .p256: material = .p256(P256.Signing.PrivateKey())
        case .p384: material = .p384(P384.Signing.PrivateKey())
        case .p521: material = .p521(P521.Signing.PrivateKey())
        case .ed25519: material = .ed25519(Curve25519.Signing.PrivateKey())
        case .rsa2048:
            guard let key = try? _RSA.Signing.PrivateKey(keySize: .bits2048) else {
                throw Failure(.bug, "cannot make an RSA key", because: "the library refused")
            }
            material = .rsa(key)
        }
    }

    /// A fixed key: any that Assay signs with.
    package init(_ key: PrivateKey) throws(Failure) {
        switch key.publicKey.algorithm {
        case .ecdsaP256: kind = .p256
        case .ecdsaP384: kind = .p384
        case .ecdsaP521: kind = .p521
        case .ed25519: kind = .ed25519
        case .rsa: kind = .rsa2048
        }
        guard let material = StandInKey.material(kind, pkcs8: key.pkcs8) else {
            throw Failure(
                .unsupported, "cannot use the key", because: "it is no \(kind.rawValue) key")
        }
        self.material = material
    }

    private static func material(_ kind: Kind, pkcs8: [UInt8]) -> Material? {
        switch kind {
        case .p256: (try? P256.Signing.PrivateKey(derRepresentation: pkcs8)).map(Material.p256)
        case .p384: (try? P384.Signing.PrivateKey(derRepresentation: pkcs8)).map(Material.p384)
        case .p521: (try? P521.Signing.PrivateKey(derRepresentation: pkcs8)).map(Material.p521)
        case .ed25519:
            (try? Curve25519.Signing.PrivateKey(rawRepresentation: pkcs8.suffix(32)))
                .map(Material.ed25519)
        case .rsa2048: (try? _RSA.Signing.PrivateKey(derRepresentation: pkcs8)).map(Material.rsa)
        }
    }

    /// SubjectPublicKeyInfo in DER.
    package var publicDER: [UInt8] {
        switch material {
        case .p256(let key): Array(key.publicKey.derRepresentation)
        case .p384(let key): Array(key.publicKey.derRepresentation)
        case .p521(let key): Array(key.publicKey.derRepresentation)
        case .ed25519(let key):
            DEREncoding.sequence(
                DEREncoding.sequence(DEREncoding.object(ed25519Identifier)),
                DEREncoding.bits(Array(key.publicKey.rawRepresentation)))
        case .rsa(let key): Array(key.publicKey.derRepresentation)
        }
    }

    /// The bytes of the key itself: 32 for Ed25519, the uncompressed point for ECDSA.
    package var publicRaw: [UInt8] {
        switch material {
        case .p256(let key): Array(key.publicKey.x963Representation)
        case .p384(let key): Array(key.publicKey.x963Representation)
        case .p521(let key): Array(key.publicKey.x963Representation)
        case .ed25519(let key): Array(key.publicKey.rawRepresentation)
        case .rsa(let key): Array(key.publicKey.pkcs1DERRepresentation)
        }
    }

    package var publicKey: PublicKey {
        get throws(Failure) { try PublicKey(derBytes: publicDER) }
    }

    /// The key as PKCS #8, for peers that need the file.
    package var pkcs8: [UInt8] {
        switch material {
        case .p256(let key): Array(key.derRepresentation)
        case .p384(let key): Array(key.derRepresentation)
        case .p521(let key): Array(key.derRepresentation)
        case .ed25519(let key): PrivateKey.pkcs8(ed25519: Array(key.rawRepresentation))
        case .rsa(let key): Array(key.pkcs8DERRepresentation)
        }
    }

    /// SHA-256 of the SubjectPublicKeyInfo: a log's id. Spec: RFC 6962 §3.2.
    package var identifier: [UInt8] { sha256(publicDER) }

    /// A signature in the form certificates, logs and bundles use: DER for ECDSA with the hash
    /// that fits the curve, raw for Ed25519, PKCS #1 v1.5 with SHA-256 for RSA.
    package func sign(_ message: [UInt8]) throws(Failure) -> [UInt8] {
        do {
            switch material {
            case .p256(let key): return Array(try key.signature(for: message).derRepresentation)
            case .p384(let key): return Array(try key.signature(for: message).derRepresentation)
            case .p521(let key): return Array(try key.signature(for: message).derRepresentation)
            case .ed25519(let key): return Array(try key.signature(for: message))
            case .rsa(let key):
                return Array(
                    try key.signature(
                        for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5
                    ).rawRepresentation)
            }
        } catch {
            throw Failure(.bug, "cannot sign", because: "the key refused: \(plain("\(error)"))")
        }
    }

    /// The signature as a JWT carries it: for ECDSA, r and s side by side. Spec: RFC 7518 §3.4.
    func signToken(_ message: [UInt8]) throws(Failure) -> [UInt8] {
        guard case .p256(let key) = material else { return try sign(message) }
        do {
            return Array(try key.signature(for: message).rawRepresentation)
        } catch {
            throw Failure(.bug, "cannot sign", because: "the key refused: \(plain("\(error)"))")
        }
    }

    func isValidToken(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        guard case .p256(let key) = material else {
            return (try? publicKey)?.isValid(signature, over: message) ?? false
        }
        guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else {
            return false
        }
        return key.publicKey.isValidSignature(signature, for: message)
    }
}

extension StandInKey {
    /// AlgorithmIdentifier of this key's signatures.
    package var signatureAlgorithm: [UInt8] {
        switch kind {
        case .p256: DEREncoding.sequence(DEREncoding.object("1.2.840.10045.4.3.2"))
        case .p384: DEREncoding.sequence(DEREncoding.object("1.2.840.10045.4.3.3"))
        case .p521: DEREncoding.sequence(DEREncoding.object("1.2.840.10045.4.3.4"))
        case .ed25519: DEREncoding.sequence(DEREncoding.object(ed25519Identifier))
        case .rsa2048:
            DEREncoding.sequence(DEREncoding.object("1.2.840.113549.1.1.11"), DEREncoding.null)
        }
    }

    package var hash: StandInHash { kind.hash }
    package var details: String { kind.details }

    package var publicPEM: String { pemText("PUBLIC KEY", publicDER) }
}

extension StandInKey.Kind {
    /// The hash that goes with the key. Spec: sigstore/rekor-tiles CLIENTS.md, "Rekor v2
    /// API": "Must use hash algorithm from key_details".
    package var hash: StandInHash {
        switch self {
        case .p384: .sha384
        case .p521: .sha512
        default: .sha256
        }
    }

    /// `keyDetails` of trust roots and Rekor v2. Spec: sigstore_common.proto, PublicKeyDetails.
    package var details: String {
        switch self {
        case .p256: "PKIX_ECDSA_P256_SHA_256"
        case .p384: "PKIX_ECDSA_P384_SHA_384"
        case .p521: "PKIX_ECDSA_P521_SHA_512"
        case .ed25519: "PKIX_ED25519"
        case .rsa2048: "PKIX_RSA_PKCS1V15_2048_SHA256"
        }
    }

    var algorithm: PublicKey.Algorithm {
        switch self {
        case .p256: .ecdsaP256
        case .p384: .ecdsaP384
        case .p521: .ecdsaP521
        case .ed25519: .ed25519
        case .rsa2048: .rsa
        }
    }
}

/// The hashes that documents of Sigstore name.
package enum StandInHash: String, Sendable, CaseIterable {
    case sha1, sha256, sha384, sha512

    package func callAsFunction(_ bytes: [UInt8]) -> [UInt8] {
        switch self {
        case .sha1: Array(Insecure.SHA1.hash(data: bytes))
        case .sha256: Array(SHA256.hash(data: bytes))
        case .sha384: Array(SHA384.hash(data: bytes))
        case .sha512: Array(SHA512.hash(data: bytes))
        }
    }

    package var objectIdentifier: String {
        switch self {
        case .sha1: "1.3.14.3.2.26"
        case .sha256: "2.16.840.1.101.3.4.2.1"
        case .sha384: "2.16.840.1.101.3.4.2.2"
        case .sha512: "2.16.840.1.101.3.4.2.3"
        }
    }

    /// Spec: RFC 5754 §2: implementations MUST generate AlgorithmIdentifiers without parameters.
    package var algorithmIdentifier: [UInt8] {
        DEREncoding.sequence(DEREncoding.object(objectIdentifier))
    }

    /// Spec: sigstore_common.proto, HashAlgorithm.
    package var name: String {
        switch self {
        case .sha1: "HASH_ALGORITHM_UNSPECIFIED"
        case .sha256: "SHA2_256"
        case .sha384: "SHA2_384"
        case .sha512: "SHA2_512"
        }
    }
}

package func sha256(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

private let ed25519Identifier = "1.3.101.112"
