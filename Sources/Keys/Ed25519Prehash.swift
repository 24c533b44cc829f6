// SPDX-License-Identifier: Apache-2.0
// Ed25519ph with libsodium. Spec: RFC 8032 §5.1.

internal import CSodium
internal import Primitives

/// Ed25519 over the SHA-512 of a message, with an empty context.
enum Ed25519Prehash {
    static func signature(over message: [UInt8], seed: [UInt8]) -> [UInt8]? {
        guard seed.count == 32 else { return nil }
        var publicKey = [UInt8](repeating: 0, count: 32)
        var secret = [UInt8](repeating: 0, count: 64)
        var state = crypto_sign_ed25519ph_state()
        var signature = [UInt8](repeating: 0, count: 64)
        let isMade =
            unsafe crypto_sign_ed25519_seed_keypair(&publicKey, &secret, seed) == 0
            && crypto_sign_ed25519ph_init(&state) == 0
            && crypto_sign_ed25519ph_update(&state, message, UInt64(message.count)) == 0
            && crypto_sign_ed25519ph_final_create(&state, &signature, nil, secret) == 0
        unsafe sodium_memzero(&secret, secret.count)
        return isMade ? signature : nil
    }

    /// Signs a message of which only the SHA-512 is known.
    ///
    /// Spec: RFC 8032 §5.1.6, with libsodium's arithmetic.
    static func signature(forSHA512 hash: [UInt8], seed: [UInt8]) -> [UInt8]? {
        guard seed.count == 32, hash.count == 64 else { return nil }
        var expanded = HashAlgorithm.sha512.hash(of: seed)
        var secret = Array(expanded.prefix(32))
        secret[0] &= 0xF8
        secret[31] = secret[31] & 0x7F | 0x40
        secret = reduced(secret + [UInt8](repeating: 0, count: 32))
        var nonce = reduced(
            HashAlgorithm.sha512.hash(of: domain + Array(expanded.suffix(32)) + hash))
        defer {
            for index in expanded.indices { expanded[index] = 0 }
            unsafe sodium_memzero(&secret, secret.count)
            unsafe sodium_memzero(&nonce, nonce.count)
        }
        var key = [UInt8](repeating: 0, count: 32)
        var point = key
        guard unsafe crypto_scalarmult_ed25519_base_noclamp(&key, secret) == 0,
            unsafe crypto_scalarmult_ed25519_base_noclamp(&point, nonce) == 0
        else { return nil }
        let challenge = reduced(HashAlgorithm.sha512.hash(of: domain + point + key + hash))
        var product = [UInt8](repeating: 0, count: 32)
        var response = product
        unsafe crypto_core_ed25519_scalar_mul(&product, challenge, secret)
        unsafe crypto_core_ed25519_scalar_add(&response, nonce, product)
        return point + response
    }

    static func isValid(_ signature: [UInt8], over message: [UInt8], key: [UInt8]) -> Bool {
        guard signature.count == 64, key.count == 32 else { return false }
        var state = crypto_sign_ed25519ph_state()
        return unsafe crypto_sign_ed25519ph_init(&state) == 0
            && crypto_sign_ed25519ph_update(&state, message, UInt64(message.count)) == 0
            && crypto_sign_ed25519ph_final_verify(&state, signature, key) == 0
    }

    /// Verifies a signature over a message of which only the SHA-512 is known.
    ///
    /// libsodium's own function hashes the message itself, so this one follows RFC 8032 §5.1.7 with
    /// libsodium's arithmetic: `[S]B - [k]A` must be R. A and R must be canonically encoded points
    /// of the prime-order group, and S must be below the group's order. It is at least as strict as
    /// libsodium.
    static func isValid(_ signature: [UInt8], forSHA512 hash: [UInt8], key: [UInt8]) -> Bool {
        guard signature.count == 64, key.count == 32, hash.count == 64 else { return false }
        let (r, s) = (Array(signature.prefix(32)), Array(signature.suffix(32)))
        guard isPoint(key), isPoint(r), isReduced(s) else { return false }
        let challenge = reduced(HashAlgorithm.sha512.hash(of: domain + r + key + hash))
        var sB = [UInt8](repeating: 0, count: 32)
        var kA = sB
        var difference = sB
        return unsafe crypto_scalarmult_ed25519_base_noclamp(&sB, s) == 0
            && crypto_scalarmult_ed25519_noclamp(&kA, challenge, key) == 0
            && crypto_core_ed25519_sub(&difference, sB, kA) == 0
            && difference == r
    }

    /// Whether the bytes are a valid public key: a canonically encoded point of the prime-order
    /// group.
    static func isPoint(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == 32 else { return false }
        return unsafe crypto_core_ed25519_is_valid_point(bytes) == 1
    }

    private static func isReduced(_ scalar: [UInt8]) -> Bool {
        reduced(scalar + [UInt8](repeating: 0, count: 32)) == scalar
    }

    /// Reduces 64 little-endian bytes modulo the group's order.
    private static func reduced(_ wide: [UInt8]) -> [UInt8] {
        var scalar = [UInt8](repeating: 0, count: 32)
        unsafe crypto_core_ed25519_scalar_reduce(&scalar, wide)
        return scalar
    }

    /// Spec: RFC 8032 §2, dom2(1, ""): the text, the flag for Ed25519ph, and an empty context.
    private static let domain = Array("SigEd25519 no Ed25519 collisions".utf8) + [1, 0]
}
