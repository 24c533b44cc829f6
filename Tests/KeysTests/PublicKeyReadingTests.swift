// SPDX-License-Identifier: Apache-2.0
// Rules about public keys that must not be trusted: weak, off their curve, or spelt in a second way.

import Crypto
import CryptoExtras
import Foundation
import Keys
import Primitives
import TestSupport
import Testing

@Suite("public keys")
struct PublicKeyReadingTests {
    private func expectRefused(
        _ der: [UInt8], _ part: String, _ kind: Failure.Kind = .malformed,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        await expectFailure(kind, part, sourceLocation: sourceLocation) {
            _ = try PublicKey(derBytes: der)
        }
    }

    @Test("a point that is not on its curve is refused", arguments: TestKeys.algorithms.indices)
    func offCurve(index: Int) async throws {
        var der = try TestKeys.algorithms[index]().publicKey.derBytes
        // Half of all numbers are no coordinate; one of forty neighbours is for sure.
        var refused = 0
        for step in 1..<40 {
            der[der.count - 1] &+= UInt8(step)
            if (try? PublicKey(derBytes: der)) == nil { refused += 1 }
        }
        #expect(refused > 0)
        var zero = der
        for index in (der.count - 32)..<der.count { zero[index] = 0 }
        #expect(throws: Failure.self) { try PublicKey(derBytes: zero) }
    }

    @Test("Ed25519 points of small order are refused")
    func smallOrder() async {
        let prefix = hex("302a300506032b6570032100")
        for point in [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ] { await expectRefused(prefix + hex(point), "not a point") }
    }

    @Test("another spelling of the same key is refused", arguments: TestKeys.algorithms.indices)
    func spellings(index: Int) async throws {
        let der = try TestKeys.algorithms[index]().publicKey.derBytes
        for changed in [
            der + [0], Array(der.dropLast()),
            [0x30, 0x82, 0, UInt8(der.count - 2)] + der.dropFirst(2),
        ] {
            #expect(throws: Failure.self) { try PublicKey(derBytes: changed) }
        }
    }

    @Test("a compressed point is refused")
    func compressed() async throws {
        let key = P256.Signing.PrivateKey().publicKey
        let prefix = hex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
        await expectRefused(prefix + key.compressedRepresentation, "not the one DER encoding")
    }

    @Test("an RSA key with bytes after it, or without its wrapping, is refused")
    func rsaSpelling() async throws {
        let key = try SchemeCase.rsa.get().publicKey
        await expectRefused(key.derBytes + [0], "not a SubjectPublicKeyInfo in DER")
        let bare = Array(
            try _RSA.Signing.PublicKey(derRepresentation: key.derBytes).pkcs1DERRepresentation)
        #expect(throws: Failure.self) { try PublicKey(derBytes: bare) }
        #expect(try PublicKey(pkcs1: bare) == key)
    }

    @Test("other algorithms are unsupported, and named", .enabled(if: hasTool("openssl")))
    func foreign() async throws {
        let rows = [
            ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1", "secp256k1"),
            ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp224r1", "P-224"),
            ("genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048", "restricted to PSS"),
            ("genpkey -algorithm ED448", "Ed448"), ("genpkey -algorithm X25519", "X25519"),
        ]
        for (command, name) in rows {
            let der = try #require(
                try shellOutput("openssl \(command) | openssl pkey -pubout -outform DER"))
            await expectRefused(der, name, .unsupported)
        }
    }

    @Test("a certificate or private key where a public key belongs says the way out")
    func wrongLabel() async {
        for (label, way) in [("CERTIFICATE", "openssl x509"), ("PRIVATE KEY", "public-key")] {
            await expectFailure(.malformed, way) {
                _ = try PublicKey(pem: "-----BEGIN \(label)-----\nAAAA\n-----END \(label)-----\n")
            }
        }
    }

    @Test("more keys in one file than the limit are not read")
    func tooMany() async throws {
        let pem = try TestKeys.ed25519().publicKey.pem
        let text = String(repeating: pem, count: Limits.keysPerFile + 1)
        await expectFailure(.overLimit, "limit") { _ = try PublicKey.list(pem: text) }
    }

    @Test("20,000 seeded changes of good keys are refused or another whole key")
    func mutations() throws {
        var generator = SeededGenerator(seed: 5280)
        var keys = try TestKeys.algorithms.map { try $0().publicKey.derBytes }
        keys.append(try SchemeCase.rsa.get().publicKey.derBytes)
        for der in keys {
            for _ in 0..<4_000 {
                var changed = der
                let place = Int.random(in: 0..<min(40, changed.count), using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: changed[place] = .random(in: 0...255, using: &generator)
                case 1: changed.remove(at: place)
                default: changed = Array(changed.prefix(place))
                }
                if let key = try? PublicKey(derBytes: changed) { #expect(key.derBytes == changed) }
            }
        }
    }

    @Test("the parts that tokens keep make the same key")
    func parts() throws {
        let curves: [(PrivateKey, String, Int)] = [
            (try TestKeys.ecdsaP256(), "06082a8648ce3d030107", 65),
            (try TestKeys.ecdsaP384(), "06052b81040022", 97),
            (try TestKeys.ecdsaP521(), "06052b81040023", 133),
        ]
        for (key, curve, count) in curves {
            let point = Array(key.publicKey.derBytes.suffix(count))
            let read = try PublicKey(ecPoint: point, curveParameters: hex(curve))
            #expect(read == key.publicKey)
            #expect(throws: Failure.self) {
                try PublicKey(ecPoint: point, curveParameters: hex("06052b8104000a"))
            }
            #expect(throws: Failure.self) { try PublicKey(ecPoint: point, curveParameters: []) }
            #expect(throws: Failure.self) {
                try PublicKey(ecPoint: Array(point.dropLast()), curveParameters: hex(curve))
            }
        }
        let key = try TestKeys.ed25519().publicKey
        #expect(try PublicKey(ed25519: Array(key.derBytes.suffix(32))) == key)
    }

    @Test(
        "the key of a certificate is found, and nothing else passes for one",
        .enabled(if: hasTool("openssl"), "openssl is missing"))
    func certificate() async throws {
        let command = """
            openssl ecparam -genkey -name prime256v1 -noout >k
            openssl req -x509 -key k -subj /CN=x -days 2 -outform DER >c
            openssl pkey -in k -pubout -outform DER >p; wc -c <p; cat p c
            """
        let output = try #require(try shellOutput(command))
        let end = try #require(output.firstIndex(of: 10))
        let count = try #require(Int(String(decoding: output[..<end], as: UTF8.self)))
        let key = Array(output[(end + 1)...].prefix(count))
        let certificate = Array(output[(end + 1)...].dropFirst(count))
        #expect(try PublicKey(ofCertificate: certificate).derBytes == key)
        for cut in stride(from: 0, to: certificate.count, by: 17) {
            #expect(throws: Failure.self) {
                try PublicKey(ofCertificate: Array(certificate.prefix(cut)))
            }
        }
    }
}

@Suite("RSA strength")
struct RSAStrengthTests {
    private static let exponent: [UInt8] = [1, 0, 1]

    /// An odd number of that many bits without small factors: a good key's modulus, changed.
    private func modulus() throws -> [UInt8] {
        let key = try SchemeCase.rsa.get().publicKey
        let numbers = try _RSA.Signing.PublicKey(derRepresentation: key.derBytes).getKeyPrimitives()
        return Array(numbers.modulus)
    }

    private func refusal(_ modulus: [UInt8], _ exponent: [UInt8] = exponent) -> String? {
        do {
            _ = try PublicKey(rsaModulus: modulus, exponent: exponent)
            return nil
        } catch {
            return error.why
        }
    }

    @Test("a good modulus passes, with zeros in front too")
    func good() throws {
        #expect(refusal(try modulus()) == nil)
        #expect(refusal([0, 0] + (try modulus()), [0, 1, 0, 1]) == nil)
    }

    @Test(
        "an exponent that is small, even or huge is refused",
        arguments: [
            [], [0], [1], [3], [17], [1, 0, 0], [1, 0, 2], [0xff, 0xff],
            [1, 0, 0, 0, 1], [UInt8](repeating: 0xff, count: 300),
        ] as [[UInt8]])
    func exponents(exponent: [UInt8]) throws {
        #expect(refusal(try modulus(), exponent)?.contains("exponent") == true)
    }

    @Test("a modulus that is short, long, or of an odd length is refused")
    func sizes() throws {
        let good = try modulus()
        #expect(refusal(Array(good.prefix(255)) + [])?.contains("fewer than 2048") == true)
        #expect(refusal([]) != nil)
        #expect(refusal(good + good + good + good + [1])?.contains("more than 8192") == true)
        #expect(refusal([0x01] + good)?.contains("multiple of 8") == true)
    }

    @Test("a modulus with a factor below 752 is refused", arguments: [2, 3, 5, 7, 101, 743, 751])
    func smallFactors(prime: Int) throws {
        // The next multiple of the prime after a good modulus, in place of it.
        var digits = try modulus()
        let rest = digits.reduce(0) { ($0 * 256 + Int($1)) % prime }
        var carry = prime - rest
        for index in digits.indices.reversed() where carry > 0 {
            let sum = Int(digits[index]) + carry
            digits[index] = UInt8(truncatingIfNeeded: sum)
            carry = sum >> 8
        }
        #expect(refusal(digits)?.contains("divisible by") == true)
    }

    @Test("CVE-2017-15361: a modulus of the broken library's shape is refused")
    func broken() {
        #expect(refusal(hex(brokenModulus))?.contains("CVE-2017-15361") == true)
    }
}

private func hex(_ text: String) -> [UInt8] { bytes(fromHex: text) ?? [] }

/// k * M + (65537^a mod M), M the product of the primes to 167: no product of two primes, and of the
/// same shape.
private let brokenModulus =
    "c8acb415ba9471311f8accba2ff55213c23ec0b0519da5055794ae15028036c83ebfc487022bea2a"
    + "ea833e06d86214698e994006fc5d17f94d6667e8336529d0918f5c884c8cc905505d11ce7bf8d7c5"
    + "d84465071bf20d06bb24d48f493dc75f2779a5a4d5befad5431cf534dade2aaabe3d5df366c9a06e"
    + "f24a1aa4be78b9aed3c6e7c6e9724e62e769ac9a225850563340c321d8e11cc35560a12617515641"
    + "c6b7bc35e712545262ecdb3180a634e8c0c8bc640c8f4d7ed231e86ac24cc001f2c51d0028eacaad"
    + "131a82a9243ea67f9cf73c4c36dd4f0847ea7155e61645c5f74ee7b25f88d35a028fe6134401d80c"
    + "04fe47b9b83a126df964cbaf426755c5"
