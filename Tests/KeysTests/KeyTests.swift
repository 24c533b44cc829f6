// SPDX-License-Identifier: Apache-2.0
// Rules about keys: what opens, what verifies, what is refused.

import Crypto
import CryptoExtras
import FoundationEssentials
import Keys
import OCI
import Primitives
import TestSupport
import Testing

@Suite("keys")
struct KeyTests {
    let salt = [UInt8](repeating: 7, count: 32)
    let nonce = [UInt8](repeating: 9, count: 24)

    @Test(
        "a sealed key opens with its password and signs for the same public key",
        arguments: TestKeys.algorithms.indices)
    func sealedKeyOpens(algorithm: Int) throws {
        let key = try TestKeys.algorithms[algorithm]()
        let sealed = try EncryptedPrivateKey(
            encrypting: key, password: Array("hunter2".utf8), salt: salt, nonce: nonce)
        let decrypted = try EncryptedPrivateKey(pem: sealed.pem).decrypted(
            with: Array("hunter2".utf8))
        #expect(decrypted.publicKey == key.publicKey)
        let message = Array("message".utf8)
        #expect(try key.publicKey.isValid(decrypted.sign(message), over: message))
        #expect(try !key.publicKey.isValid(decrypted.sign(message), over: message + [0]))
    }

    @Test("a wrong password is denied and says what to set")
    func wrongPassword() throws {
        let sealed = try EncryptedPrivateKey(
            encrypting: try TestKeys.ecdsaP256(), password: [], salt: salt, nonce: nonce)
        let failure = #expect(throws: Failure.self) { try sealed.decrypted(with: [1]) }
        #expect(failure?.kind == .denied)
        #expect(failure?.next?.contains("COSIGN_PASSWORD") == true)
    }

    @Test(
        "scrypt parameters that cosign never wrote are refused before any work",
        arguments: ["1048576", "1", "65537"])
    func strangeParameters(rounds: String) throws {
        let sealed = try EncryptedPrivateKey(
            encrypting: try TestKeys.ecdsaP256(), password: [], salt: salt, nonce: nonce)
        let lines = sealed.pem.split(separator: "\n").map(String.init)
        let body = try #require(bytes(fromBase64: lines[1..<(lines.count - 1)].joined()))
        let text = String(decoding: body, as: UTF8.self)
        let changed = Array(base64Text(text.replacing("65536", with: rounds).utf8).utf8)
        let wrapped = stride(from: 0, to: changed.count, by: 64).map {
            String(decoding: changed[$0..<min($0 + 64, changed.count)], as: UTF8.self)
        }
        let pem = ([lines[0]] + wrapped + [lines.last ?? ""]).joined(separator: "\n") + "\n"
        let failure = #expect(throws: Failure.self) { try EncryptedPrivateKey(pem: pem) }
        #expect(failure?.why.contains("32768, 65536 or 131072") == true)
    }

    @Test(
        "every bit of a sealed key is protected: one flipped character never opens",
        arguments: Array(stride(from: 90, to: 500, by: 41)))
    func flippedCharacter(offset: Int) throws {
        let sealed = try EncryptedPrivateKey(
            encrypting: try TestKeys.ecdsaP256(), password: Array("p".utf8), salt: salt,
            nonce: nonce)
        var bytes = Array(sealed.pem.utf8)
        try #require(offset < bytes.count)
        bytes[offset] = bytes[offset] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        #expect(throws: Failure.self) {
            try EncryptedPrivateKey(pem: String(decoding: bytes, as: UTF8.self))
                .decrypted(with: Array("p".utf8))
        }
    }

    @Test("a private key where a public one belongs is refused with the way out")
    func privateForPublic() throws {
        let pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
        let failure = #expect(throws: Failure.self) { try PublicKey(pem: pem) }
        #expect(failure?.next?.contains("public-key") == true)
    }

    @Test(
        "text without a key, and bytes that are none, are malformed",
        arguments: ["", "hello", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
    func noKey(text: String) {
        #expect(throws: Failure.self) { try PublicKey(pem: text) }
    }

    @Test("several keys in one file are read in order, and one key is expected where one is")
    func severalKeys() throws {
        let (first, second) = (try TestKeys.ecdsaP256().publicKey, try TestKeys.ed25519().publicKey)
        #expect(try PublicKey.list(pem: first.pem + second.pem) == [first, second])
        #expect(throws: Failure.self) { try PublicKey(pem: first.pem + second.pem) }
    }

    @Test("RSA signatures verify with both paddings, and a short key is refused")
    func rsa() throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let publicKey = try PublicKey(derBytes: Array(key.publicKey.derRepresentation))
        #expect(publicKey.algorithm == .rsa)
        let message = Array("message".utf8)
        let hash = SHA256.hash(data: message)
        for padding in [_RSA.Signing.Padding.insecurePKCS1v1_5, .PSS] {
            let signature = Array(try key.signature(for: hash, padding: padding).rawRepresentation)
            #expect(publicKey.isValid(signature, over: message))
            #expect(!publicKey.isValid(signature, over: message + [0]))
        }
        let failure = #expect(throws: Failure.self) { try PublicKey(pem: shortRSAKey) }
        #expect(failure?.why.contains("2048") == true)
    }
}

/// `openssl genrsa 1024 | openssl rsa -pubout`
private let shortRSAKey = """
    -----BEGIN PUBLIC KEY-----
    MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDXbjBaO1i7zn1kib22W+yrSS8X
    RaVazRcyy+/xmVP+ZxAgYdv2P7DPNRquUltffUvkCrJuQBBJLiDjB2PS9hb4MgtJ
    lwvG6t9Lmv/11L0O7Vdq/xPeNRHYCoHYn7R7MvyAxZ14jZHUdd9vPU8QVtmOCA07
    D5ogXXdvBDqWA6u40wIDAQAB
    -----END PUBLIC KEY-----
    """
