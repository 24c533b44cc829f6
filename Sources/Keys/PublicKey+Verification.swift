// SPDX-License-Identifier: Apache-2.0
// Checking signatures, by message or by digest.
// Spec: FIPS 186-5 §6.4.2 (ECDSA), RFC 8032 §5.1.7 (Ed25519), RFC 8017 §8 (RSA).

internal import Crypto
internal import CryptoExtras
internal import FoundationEssentials
package import Primitives

extension PublicKey {
    /// Whether `signature` was made over `message` by this key in that very scheme.
    ///
    /// False too when the scheme is not one for this kind of key, and for a signature in any shape
    /// but the scheme's one encoding.
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

    /// Whether `signature` was made, by this key in that scheme, over a message with that digest.
    ///
    /// Nil when the digest cannot answer: Ed25519 signs the message itself, and every other scheme
    /// needs the digest by its own hash.
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

    /// Whether `signature` was made over `message` by this key in one of its customary schemes.
    ///
    /// For documents that do not name a scheme: envelopes, and everything before Sigstore's bundle.
    /// The hash follows the key (P-256 SHA-256, P-384 SHA-384, P-521 SHA-512, RSA SHA-256); P-384
    /// and P-521 are tried with SHA-256 too, which older clients wrote.
    package func isValid(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        algorithm.customarySchemes.contains { isValid(signature, over: message, scheme: $0) }
    }

    /// Whether this key made `signature` over any message. A message that the signature does not
    /// fit was then changed.
    ///
    /// Nil when the signature does not show it: only RSA's do.
    package func signedSomething(with signature: [UInt8]) -> Bool? {
        guard case .rsa = material else { return nil }
        return encodedMessage(in: signature)?.isWellFormed ?? false
    }

    /// What an RSA signature holds; nil for other keys and for a signature out of range.
    func encodedMessage(in signature: [UInt8]) -> RSAEncodedMessage? {
        guard case .rsa(let key) = material, let numbers = try? key.getKeyPrimitives() else {
            return nil
        }
        return RSAEncodedMessage(
            signature: signature, modulus: Array(numbers.modulus),
            exponent: Array(numbers.publicExponent))
    }

    /// The library hashes what is here; no digest is put together by hand.
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

    /// - Parameter digest: for RSA one of the library's own types: it tells the hash by the type.
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

/// A hash that came without its message, for the signature checks that take any digest: ECDSA's.
private struct GivenDigest<Hash: HashFunction>: Crypto.Digest {
    static var byteCount: Int { Hash.Digest.byteCount }

    private let bytes: [UInt8]

    /// Nil for another count of bytes than the hash makes.
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

/// A digest of swift-crypto's own type out of its bytes, which the library has no initialiser for.
/// RSA needs it: there the library tells the hash by the digest's type, and stops the process for
/// any other.
///
/// A digest that the library made is written over. Its types are plain tuples of words; that they
/// still are is checked here: a type that holds references, another size, or bytes that do not come
/// out again, make no digest, and no signature verifies.
func rebuilt<Hash: HashFunction>(_ hash: Hash.Type, _ bytes: [UInt8]) -> Hash.Digest? {
    guard bytes.count == Hash.Digest.byteCount, MemoryLayout<Hash.Digest>.size == bytes.count,
        _isPOD(Hash.Digest.self)
    else { return nil }
    var digest = Hash().finalize()
    unsafe withUnsafeMutableBytes(of: &digest) { unsafe $0.copyBytes(from: bytes) }
    return digest.elementsEqual(bytes) ? digest : nil
}
