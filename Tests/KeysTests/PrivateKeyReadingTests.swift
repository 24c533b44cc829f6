// SPDX-License-Identifier: Apache-2.0
// Private keys in every form that openssl writes, checked against openssl in both directions.

import Foundation
import Keys
import Primitives
import TestSupport
import Testing

/// A kind of key and how openssl makes it.
struct KeyRecipe: Sendable, CustomTestStringConvertible {
    let name: String
    let command: String

    var testDescription: String { name }

    static let all = [
        KeyRecipe(name: "P-256", command: "-algorithm EC -pkeyopt ec_paramgen_curve:prime256v1"),
        KeyRecipe(name: "P-384", command: "-algorithm EC -pkeyopt ec_paramgen_curve:secp384r1"),
        KeyRecipe(name: "P-521", command: "-algorithm EC -pkeyopt ec_paramgen_curve:secp521r1"),
        KeyRecipe(name: "RSA 2048", command: "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"),
        KeyRecipe(name: "RSA 3072", command: "-algorithm RSA -pkeyopt rsa_keygen_bits:3072"),
        KeyRecipe(name: "Ed25519", command: "-algorithm ED25519"),
    ]
}

private func text(_ command: String, files: [String: [UInt8]] = [:]) throws -> String {
    String(decoding: try #require(try shellOutput(command, files: files)), as: UTF8.self)
}

@Suite("private keys and openssl", .enabled(if: hasTool("openssl"), "openssl is missing"))
struct PrivateKeyReadingTests {
    @Test("openssl's PKCS #8 is read, and both see one public key", arguments: KeyRecipe.all)
    func pkcs8(_ recipe: KeyRecipe) throws {
        let both = try text(
            "openssl genpkey \(recipe.command) >k; cat k; openssl pkey -in k -pubout")
        let parts = both.components(separatedBy: "-----BEGIN PUBLIC KEY-----")
        let key = try PrivateKey(plainPEM: parts[0])
        #expect(try key.publicKey == PublicKey(pem: "-----BEGIN PUBLIC KEY-----" + parts[1]))
        #expect(try PrivateKey(pkcs8: key.pkcs8).publicKey == key.publicKey)
    }

    @Test(
        "the traditional forms are read, with the block of parameters that openssl puts before",
        arguments: [
            "openssl ecparam -genkey -name prime256v1", "openssl genrsa -traditional 2048",
            "openssl ecparam -genkey -name secp384r1 -noout",
        ])
    func traditional(command: String) throws {
        let key = try PrivateKey(plainPEM: try text(command))
        let message = Array("message".utf8)
        #expect(try key.publicKey.isValid(key.sign(message), over: message))
    }

    @Test("openssl verifies our signatures", arguments: KeyRecipe.all)
    func oursThere(_ recipe: KeyRecipe) throws {
        let key = try PrivateKey(plainPEM: try text("openssl genpkey \(recipe.command)"))
        let message = Array("message".utf8)
        let schemes = SchemeCase.schemes.filter {
            $0.fits(key.publicKey.algorithm) && $0 != .ed25519ph
        }
        for scheme in schemes {
            let files = [
                "p": Array(key.publicKey.pem.utf8), "m": message,
                "s": try key.signing(with: scheme).sign(message),
            ]
            #expect(try shellOutput(verification(scheme), files: files) != nil, "\(scheme)")
            var changed = files
            changed["m"] = message + [0]
            #expect(try shellOutput(verification(scheme), files: changed) == nil, "\(scheme)")
        }
    }

    @Test("we verify openssl's signatures, by message and by digest", arguments: KeyRecipe.all)
    func theirsHere(_ recipe: KeyRecipe) throws {
        let pem = try text("openssl genpkey \(recipe.command)")
        let key = try PrivateKey(plainPEM: pem).publicKey
        let message = Array("message".utf8)
        let schemes = SchemeCase.schemes.filter { $0.fits(key.algorithm) && $0 != .ed25519ph }
        for scheme in schemes {
            let command = verification(scheme)
                .replacing("-verify -pubin -inkey p -sigfile s", with: "-sign -inkey k")
                .replacing("-verify p -signature s", with: "-sign k")
            let signature = try #require(
                try shellOutput(command, files: ["k": Array(pem.utf8), "m": message]))
            #expect(key.isValid(signature, over: message, scheme: scheme), "\(scheme)")
            guard let hash = scheme.hash else { continue }
            let digest = Digest(of: message, by: hash)
            #expect(key.isValid(signature, forDigest: digest, scheme: scheme) == true)
        }
    }

    @Test(
        "an encrypted PKCS #8 key opens with its password only",
        arguments: [
            "-v2 aes-256-cbc", "-v2 aes-128-cbc", "-v2 aes-192-cbc -v2prf hmacWithSHA1",
            "-v2 aes-256-cbc -v2prf hmacWithSHA384", "-v2 aes-256-cbc -v2prf hmacWithSHA512",
            "-v2 aes-256-cbc -iter 100000", "-scrypt",
            "-scrypt -scrypt_N 1024 -scrypt_r 4 -scrypt_p 3",
        ])
    func encrypted(options: String) async throws {
        for recipe in KeyRecipe.all where !recipe.name.hasPrefix("RSA 3") {
            let both = try text(
                "openssl genpkey \(recipe.command) >k; openssl pkcs8 -topk8 \(options) -passout pass:hunter2 -in k; openssl pkey -in k -pubout"
            )
            let parts = both.components(separatedBy: "-----BEGIN PUBLIC KEY-----")
            let sealed = try PrivateKeyFile(pem: parts[0])
            #expect(sealed.needsPassword)
            let key = try sealed.decrypted { Array("hunter2".utf8) }
            #expect(try key.publicKey == PublicKey(pem: "-----BEGIN PUBLIC KEY-----" + parts[1]))
            for wrong in ["", "hunter3"] {
                await expectFailure(.denied, "the password is wrong") {
                    _ = try sealed.decrypted { Array(wrong.utf8) }
                }
            }
        }
    }

    @Test(
        "work beyond the limits is refused before any is done",
        arguments: [
            ("-v2 aes-256-cbc -iter 5000001", "rounds of PBKDF2"),
            ("-scrypt -scrypt_N 16384 -scrypt_r 8 -scrypt_p 17", "scrypt with N"),
        ])
    func tooMuchWork(options: String, words: String) async throws {
        let pem = try text(
            "openssl genpkey -algorithm ED25519 | openssl pkcs8 -topk8 \(options) -passout pass:x"
        )
        await expectFailure(.overLimit, words) { _ = try PrivateKeyFile(pem: pem) }
    }

    @Test(
        "older encryption is unsupported, and the way out is said",
        arguments: [
            "openssl genpkey -algorithm ED25519 | openssl pkcs8 -topk8 -v2 des3 -passout pass:x",
            "openssl genrsa -traditional -aes128 -passout pass:x 2048",
            "openssl ecparam -genkey -name prime256v1 -noout | openssl ec -aes256 -passout pass:x",
        ])
    func older(command: String) async throws {
        let pem = try text(command)
        await expectFailure(.unsupported, "openssl pkcs8 -topk8 -v2 aes-256-cbc") {
            _ = try PrivateKeyFile(pem: pem)
        }
    }

    @Test(
        "keys we do not sign with are refused",
        arguments: [
            ("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1", "secp256k1"),
            ("openssl ecparam -genkey -noout -name secp256k1", "P-256, P-384 or P-521"),
            ("openssl genpkey -algorithm ED448", "Ed448"),
            ("openssl genrsa 1024", "fewer than 2048"),
        ])
    func refused(command: String, words: String) throws {
        let pem = try text(command)
        let failure = #expect(throws: Failure.self) { try PrivateKey(plainPEM: pem) }
        #expect(failure?.why.contains(words) == true, "\(String(describing: failure))")
    }

    @Test("a key whose private and public halves do not belong together is refused")
    func mixedHalves() throws {
        for recipe in KeyRecipe.all where recipe.name.hasPrefix("P-") {
            let pem = try text(
                "openssl genpkey \(recipe.command) | openssl pkcs8 -topk8 -nocrypt -outform DER | base64 -w0"
            )
            var der = try #require(bytes(fromBase64: pem))
            _ = try PrivateKey(pkcs8: der)
            der[der.count - 1] ^= 1
            #expect(throws: Failure.self) { try PrivateKey(pkcs8: der) }
        }
    }

    @Test("seeded changes of private keys are refused or whole keys, and never trap")
    func mutations() throws {
        var generator = SeededGenerator(seed: 5958)
        for recipe in KeyRecipe.all where recipe.name != "RSA 3072" {
            let der = try PrivateKey(plainPEM: try text("openssl genpkey \(recipe.command)")).pkcs8
            for _ in 0..<(recipe.name.hasPrefix("RSA") ? 60 : 600) {
                var changed = der
                let place = Int.random(in: 0..<changed.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                case 1: changed.remove(at: place)
                default: changed = Array(changed.prefix(place))
                }
                guard let key = try? PrivateKey(pkcs8: changed) else { continue }
                #expect(try key.publicKey.isValid(key.sign([1]), over: [1]))
            }
        }
    }

    private func verification(_ scheme: SignatureScheme) -> String {
        switch scheme {
        case .ed25519, .ed25519ph: "openssl pkeyutl -verify -pubin -inkey p -sigfile s -rawin -in m"
        case .ecdsa(let hash), .rsaPKCS1(let hash):
            "openssl dgst -sha\(hash.byteCount * 8) -verify p -signature s m"
        case .rsaPSS(let hash), .rsaPSSWithAnySalt(let hash):
            "openssl dgst -sha\(hash.byteCount * 8) -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -verify p -signature s m"
        }
    }
}
