// SPDX-License-Identifier: Apache-2.0
// Private keys. Spec: RFC 5208/5958 (PKCS #8), RFC 5915 (EC), RFC 8017 §A.1.2
// (RSA), RFC 8410 (Ed25519).

internal import Crypto
internal import CryptoExtras
internal import FoundationEssentials
package import Primitives

/// A private key. Its description never contains the key; its fingerprint is that of the public
/// key.
package struct PrivateKey: Sendable {
    enum Material: Sendable {
        case p256(P256.Signing.PrivateKey)
        case p384(P384.Signing.PrivateKey)
        case p521(P521.Signing.PrivateKey)
        case ed25519(Curve25519.Signing.PrivateKey)
        case rsa(_RSA.Signing.PrivateKey)
    }

    let material: Material
    package let publicKey: PublicKey
    package let scheme: SignatureScheme

    init(_ material: Material) throws(Failure) {
        let der: [UInt8] =
            switch material {
            case .p256(let key): Array(key.publicKey.derRepresentation)
            case .p384(let key): Array(key.publicKey.derRepresentation)
            case .p521(let key): Array(key.publicKey.derRepresentation)
            case .ed25519(let key): KeyPrefix.ed25519 + key.publicKey.rawRepresentation
            case .rsa(let key): Array(key.publicKey.derRepresentation)
            }
        let publicKey = try PublicKey(derBytes: der)
        self.init(material, publicKey: publicKey, scheme: publicKey.algorithm.standardScheme)
    }

    private init(_ material: Material, publicKey: PublicKey, scheme: SignatureScheme) {
        self.material = material
        self.publicKey = publicKey
        self.scheme = scheme
    }

    /// The same key with another signature scheme.
    package func signing(with scheme: SignatureScheme) throws(Failure) -> PrivateKey {
        guard scheme.fits(publicKey.algorithm) else {
            throw Failure(
                .usage, "cannot sign in \(scheme)",
                because: "the key is an \(publicKey.summary) key")
        }
        if case .rsaPSSWithAnySalt = scheme {
            throw Failure(
                .usage, "cannot sign in \(scheme)",
                because: "the scheme does not set the length of the salt")
        }
        return PrivateKey(material, publicKey: publicKey, scheme: scheme)
    }

    /// The key as unencrypted PKCS #8 in DER. The caller must protect it.
    package var pkcs8: [UInt8] {
        switch material {
        case .p256(let key): Array(key.derRepresentation)
        case .p384(let key): Array(key.derRepresentation)
        case .p521(let key): Array(key.derRepresentation)
        case .ed25519(let key): PrivateKey.pkcs8(ed25519: Array(key.rawRepresentation))
        case .rsa(let key): Array(key.pkcs8DERRepresentation)
        }
    }

    /// PKCS #8 around the 32 bytes of an Ed25519 key.
    package static func pkcs8(ed25519 raw: [UInt8]) -> [UInt8] { ed25519PrivateKeyPrefix + raw }
}

extension PrivateKey: Signer {
    package var signsDigests: Bool { true }

    package func sign(loggedDigest digest: Primitives.Digest) throws(Failure) -> [UInt8] {
        let key = publicKey.algorithm == .ed25519 ? try signing(with: .ed25519ph) : self
        return try key.sign(digest: digest)
    }

    /// A signature over `message` in the key's scheme: ASN.1 DER for ECDSA, raw bytes for Ed25519
    /// and RSA.
    ///
    /// Deviation: BoringSSL generates the nonce of ECDSA and the salt of PSS. These are the only
    /// random values below the effects line: two signatures of one message differ, and both verify.
    package func sign(_ message: [UInt8]) throws(Failure) -> [UInt8] {
        switch (material, scheme) {
        case (.ed25519(let key), .ed25519):
            return try made { Array(try key.signature(for: message)) }
        case (.ed25519(let key), .ed25519ph):
            let seed = Array(key.rawRepresentation)
            guard let signature = Ed25519Prehash.signature(over: message, seed: seed) else {
                throw Failure(.bug, "cannot sign", because: "libsodium refused")
            }
            return signature
        default:
            switch scheme.hash {
            case .sha256: return try signature(SHA256.hash(data: message))
            case .sha384: return try signature(SHA384.hash(data: message))
            case .sha512: return try signature(SHA512.hash(data: message))
            case nil: throw Failure(.bug, "cannot sign", because: "\(scheme) does not fit the key")
            }
        }
    }

    /// A signature over a message of which only the digest is known.
    ///
    /// - Throws: `usage` if the key's scheme does not sign that digest: it has another hash, or is
    ///   pure Ed25519, which signs the message itself.
    package func sign(digest: Primitives.Digest) throws(Failure) -> [UInt8] {
        guard scheme.hash == digest.algorithm else {
            throw Failure(
                .usage, "cannot sign a \(digest.algorithm.title) digest",
                because: "the key signs with \(scheme)")
        }
        if case .ed25519(let key) = material {
            let seed = Array(key.rawRepresentation)
            guard let signature = Ed25519Prehash.signature(forSHA512: digest.bytes, seed: seed),
                publicKey.isValid(signature, forDigest: digest, scheme: scheme) == true
            else { throw Failure(.bug, "cannot sign", because: "libsodium refused") }
            return signature
        }
        let bytes = digest.bytes
        switch digest.algorithm {
        case .sha256: return try signature(ofLoaded: rebuilt(SHA256.self, bytes))
        case .sha384: return try signature(ofLoaded: rebuilt(SHA384.self, bytes))
        case .sha512: return try signature(ofLoaded: rebuilt(SHA512.self, bytes))
        }
    }

    private func signature<Hash: Crypto.Digest>(ofLoaded digest: Hash?) throws(Failure) -> [UInt8] {
        guard let digest else {
            throw Failure(.bug, "cannot sign", because: "the digest could not be loaded")
        }
        return try signature(digest)
    }

    private func signature(_ digest: some Crypto.Digest) throws(Failure) -> [UInt8] {
        switch (material, scheme) {
        case (.p256(let key), .ecdsa):
            try made { Array(try key.signature(for: digest).derRepresentation) }
        case (.p384(let key), .ecdsa):
            try made { Array(try key.signature(for: digest).derRepresentation) }
        case (.p521(let key), .ecdsa):
            try made { Array(try key.signature(for: digest).derRepresentation) }
        case (.rsa(let key), .rsaPKCS1):
            try made {
                Array(try key.signature(for: digest, padding: .insecurePKCS1v1_5).rawRepresentation)
            }
        case (.rsa(let key), .rsaPSS):
            try made { Array(try key.signature(for: digest, padding: .PSS).rawRepresentation) }
        default: throw Failure(.bug, "cannot sign", because: "\(scheme) does not fit the key")
        }
    }
}

private func made(_ signature: () throws -> [UInt8]) throws(Failure) -> [UInt8] {
    do {
        return try signature()
    } catch {
        throw Failure(.bug, "cannot sign", because: "the key did not sign the hash")
    }
}

/// Spec: RFC 8410 §7: version 0, OID 1.3.101.112, and the headers of both OCTET STRINGs.
private let ed25519PrivateKeyPrefix: [UInt8] = [
    0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]
