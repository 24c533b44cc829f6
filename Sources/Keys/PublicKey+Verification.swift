// SPDX-License-Identifier: Apache-2.0
// Verifies signatures over a message or a digest.
// Spec: FIPS 186-5 §6.4.2 (ECDSA), RFC 8032 §5.1.7 (Ed25519), RFC 8017 §8 (RSA).

internal import Crypto
internal import CryptoExtras
internal import FoundationEssentials
package import Primitives

extension PublicKey {
    /// Whether `signature` is a signature over `message` by this key in this scheme.
    ///
    /// It is false if the scheme is not for this kind of key, and for a signature in another
    /// encoding than the scheme's.
    package func isValid(_ signature: [UInt8], over message: [UInt8], scheme: SignatureScheme)
        -> Bool
    {
        switch (material, scheme) {
        case (.ed25519(let key), .ed25519):
            signature.count == 64 && key.isValidSignature(signature, for: message)
        case (.ed25519(let key), .ed25519ph):
            Ed25519Prehash.isValid(signature, over: message, key: Array(key.rawRepresentation))
        case (_, .rsaPSSWithAnySalt(let hash)):
            isValid(signature, forDigest: Primitives.Digest(of: message, by: hash), scheme: scheme)
                ?? false
        default: holds(signature, over: message, scheme)
        }
    }

    /// Whether `signature` is a signature by this key in this scheme over a message with this
    /// digest.
    ///
    /// Nil if the digest does not suffice: Ed25519 signs the message itself, and each other scheme
    /// needs the digest of its own hash.
    package func isValid(
        _ signature: [UInt8], forDigest digest: Primitives.Digest, scheme: SignatureScheme
    ) -> Bool? {
        guard scheme.fits(algorithm) else { return false }
        guard scheme.hash == digest.algorithm else { return nil }
        if case .rsaPSSWithAnySalt = scheme {
            return encodedMessage(in: signature).map { $0.isPSS(of: digest) } ?? false
        }
        return switch (digest.algorithm, algorithm) {
        case (.sha256, .rsa): holds(signature, rebuilt(SHA256.self, digest.bytes), scheme)
        case (.sha384, .rsa): holds(signature, rebuilt(SHA384.self, digest.bytes), scheme)
        case (.sha512, .rsa): holds(signature, rebuilt(SHA512.self, digest.bytes), scheme)
        case (.sha256, _): holds(signature, GivenDigest<SHA256>(digest.bytes), scheme)
        case (.sha384, _): holds(signature, GivenDigest<SHA384>(digest.bytes), scheme)
        case (.sha512, _): holds(signature, GivenDigest<SHA512>(digest.bytes), scheme)
        }
    }

    /// Whether `signature` is a signature over `message` by this key in one of its usual schemes.
    ///
    /// It is for documents that do not name a scheme: envelopes, and all formats before Sigstore's
    /// bundle. The hash follows the key (P-256 SHA-256, P-384 SHA-384, P-521 SHA-512, RSA SHA-256);
    /// P-384 and P-521 are tried with SHA-256 too, which older clients wrote.
    package func isValid(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        algorithm.customarySchemes.contains { isValid(signature, over: message, scheme: $0) }
    }

    /// Whether this key made `signature` over any message. If it did, and the signature does not
    /// verify, the message was changed.
    ///
    /// Nil if the signature does not show this: only RSA signatures do.
    package func signedSomething(with signature: [UInt8]) -> Bool? {
        guard case .rsa = material else { return nil }
        return encodedMessage(in: signature)?.isWellFormed ?? false
    }

    /// The encoded message of an RSA signature; nil for other keys and for a signature out of
    /// range.
    func encodedMessage(in signature: [UInt8]) -> RSAEncodedMessage? {
        guard case .rsa(let key) = material, let numbers = try? key.getKeyPrimitives() else {
            return nil
        }
        return RSAEncodedMessage(
            signature: signature, modulus: Array(numbers.modulus),
            exponent: Array(numbers.publicExponent))
    }

    /// Verifies with the message, which the library hashes.
    private func holds(
        _ signature: [UInt8], over message: [UInt8], _ scheme: SignatureScheme
    ) -> Bool {
        guard scheme.fits(algorithm), let hash = scheme.hash else { return false }
        return switch hash {
        case .sha256: holds(signature, SHA256.hash(data: message), scheme)
        case .sha384: holds(signature, SHA384.hash(data: message), scheme)
        case .sha512: holds(signature, SHA512.hash(data: message), scheme)
        }
    }

    /// - Parameter digest: for RSA a type of the library, which determines the hash by the type.
    private func holds<Hash: Crypto.Digest>(
        _ signature: [UInt8], _ digest: Hash?, _ scheme: SignatureScheme
    ) -> Bool {
        guard let digest else { return false }
        switch material {
        case .p256(let key):
            guard let form = ECDSASignatureForm(der: signature, coordinateBytes: 32),
                let signature = try? P256.Signing.ECDSASignature(rawRepresentation: form.raw)
            else { return false }
            return key.isValidSignature(signature, for: digest)
        case .p384(let key):
            guard let form = ECDSASignatureForm(der: signature, coordinateBytes: 48),
                let signature = try? P384.Signing.ECDSASignature(rawRepresentation: form.raw)
            else { return false }
            return key.isValidSignature(signature, for: digest)
        case .p521(let key):
            guard let form = ECDSASignatureForm(der: signature, coordinateBytes: 66),
                let signature = try? P521.Signing.ECDSASignature(rawRepresentation: form.raw)
            else { return false }
            return key.isValidSignature(signature, for: digest)
        case .ed25519(let key):
            return Ed25519Prehash.isValid(
                signature, forSHA512: Array(digest), key: Array(key.rawRepresentation))
        case .rsa(let key):
            // Spec: RFC 8017 §8.1.2, §8.2.2, step 1: a signature is as long as the modulus.
            guard signature.count * 8 == key.keySizeInBits else { return false }
            let padding: _RSA.Signing.Padding =
                if case .rsaPSS = scheme { .PSS } else { .insecurePKCS1v1_5 }
            return key.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: signature), for: digest,
                padding: padding)
        }
    }
}

/// A digest without its message, for ECDSA, which accepts any type of digest.
private struct GivenDigest<Hash: HashFunction>: Crypto.Digest {
    static var byteCount: Int { Hash.Digest.byteCount }

    private let bytes: [UInt8]

    /// Nil if the number of bytes is not that of the hash.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == GivenDigest.byteCount else { return nil }
        self.bytes = bytes
    }

    func withUnsafeBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try unsafe bytes.withUnsafeBytes(body)
    }

    func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

/// Creates a digest of swift-crypto's own type from its bytes, for which the library has no
/// initialiser. RSA needs it: the library determines the hash by the digest's type, and stops the
/// process for any other type.
///
/// The function overwrites a digest of the library. It checks that the type is a plain tuple of
/// words: for a type with references, another size, or bytes that do not read back, it returns nil,
/// and no signature verifies.
func rebuilt<Hash: HashFunction>(_ hash: Hash.Type, _ bytes: [UInt8]) -> Hash.Digest? {
    guard bytes.count == Hash.Digest.byteCount, MemoryLayout<Hash.Digest>.size == bytes.count,
        _isPOD(Hash.Digest.self)
    else { return nil }
    var digest = Hash().finalize()
    unsafe withUnsafeMutableBytes(of: &digest) { unsafe $0.copyBytes(from: bytes) }
    return digest.elementsEqual(bytes) ? digest : nil
}
