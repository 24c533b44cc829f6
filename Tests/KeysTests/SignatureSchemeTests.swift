// SPDX-License-Identifier: Apache-2.0
// Rules about schemes: one key, one way of signing, one answer.

import Crypto
import CryptoExtras
import FoundationEssentials
import Keys
import Primitives
import TestSupport
import Testing

/// A key with every scheme that fits it.
struct SchemeCase: Sendable, CustomTestStringConvertible {
    let key: PrivateKey
    let scheme: SignatureScheme

    var testDescription: String { "\(key.publicKey.summary), \(scheme)" }

    static let rsa = Result {
        try PrivateKey(
            pkcs1: Array(try _RSA.Signing.PrivateKey(keySize: .bits2048).derRepresentation))
    }

    static let schemes: [SignatureScheme] =
        [.ed25519, .ed25519ph]
        + HashAlgorithm.allCases.flatMap { [.ecdsa($0), .rsaPKCS1($0), .rsaPSS($0)] }

    static let all: [SchemeCase] = {
        let keys = TestKeys.algorithms.compactMap { try? $0() } + [try? rsa.get()].compactMap { $0 }
        return keys.flatMap { key in
            schemes.filter { $0.fits(key.publicKey.algorithm) }
                .compactMap { try? SchemeCase(key: key.signing(with: $0), scheme: $0) }
        }
    }()
}

@Suite("signature schemes")
struct SignatureSchemeTests {
    @Test("there is a case for every key and scheme that fit")
    func complete() { #expect(SchemeCase.all.count == 3 * 3 + 2 + 6) }

    @Test("a signature verifies in its own scheme, over its own message", arguments: SchemeCase.all)
    func ownScheme(_ trial: SchemeCase) throws {
        let message = Array("the message".utf8)
        let signature = try trial.key.sign(message)
        let key = trial.key.publicKey
        #expect(key.isValid(signature, over: message, scheme: trial.scheme))
        #expect(!key.isValid(signature, over: message + [0], scheme: trial.scheme))
        #expect(!key.isValid(signature, over: [], scheme: trial.scheme))
    }

    @Test("no other scheme takes the signature", arguments: SchemeCase.all)
    func otherSchemes(_ trial: SchemeCase) throws {
        let message = Array("the message".utf8)
        let signature = try trial.key.sign(message)
        for scheme in SchemeCase.schemes where scheme != trial.scheme {
            #expect(
                !trial.key.publicKey.isValid(signature, over: message, scheme: scheme), "\(scheme)")
        }
    }

    @Test("the digest answers as the message does, where it can", arguments: SchemeCase.all)
    func digests(_ trial: SchemeCase) throws {
        let message = Array("the message".utf8)
        let signature = try trial.key.sign(message)
        for hash in HashAlgorithm.allCases {
            let digest = Primitives.Digest(of: message, by: hash)
            let other = Primitives.Digest(of: message + [1], by: hash)
            let fits = trial.scheme.hash == hash
            let key = trial.key.publicKey
            #expect(
                key.isValid(signature, forDigest: digest, scheme: trial.scheme)
                    == (fits ? true : nil))
            #expect(
                key.isValid(signature, forDigest: other, scheme: trial.scheme)
                    == (fits ? false : nil))
        }
    }

    @Test("every changed byte of a signature is noticed, by message and by digest")
    func changedBytes() throws {
        let message = Array("the message".utf8)
        for trial in SchemeCase.all where trial.scheme.hash != nil {
            let signature = try trial.key.sign(message)
            let hash = try #require(trial.scheme.hash)
            let digest = Primitives.Digest(of: message, by: hash)
            for index in stride(from: 0, to: signature.count, by: 3) {
                var changed = signature
                changed[index] ^= 1 << (index % 8)
                let key = trial.key.publicKey
                #expect(!key.isValid(changed, over: message, scheme: trial.scheme))
                #expect(
                    key.isValid(changed, forDigest: digest, scheme: trial.scheme) == false)
            }
        }
    }

    @Test("a key of another kind is no, not unknown")
    func otherKind() throws {
        let key = try TestKeys.ed25519().publicKey
        let digest = Primitives.Digest(of: [1], by: .sha256)
        #expect(key.isValid([], forDigest: digest, scheme: .ecdsa(.sha256)) == false)
        let failure = #expect(throws: Failure.self) {
            try TestKeys.ed25519().signing(with: .rsaPSS(.sha256))
        }
        #expect(failure?.kind == .usage)
    }

    @Test("the customary schemes find what older clients wrote: SHA-256 with P-384 and P-521")
    func customary() throws {
        let message = Array("the message".utf8)
        for trial in SchemeCase.all {
            let signature = try trial.key.sign(message)
            let key = trial.key.publicKey
            let isCustomary = key.algorithm.customarySchemes.contains(trial.scheme)
            #expect(key.isValid(signature, over: message) == isCustomary, "\(trial.scheme)")
        }
    }

    @Test("a digest has as many bytes as its algorithm makes")
    func digestLength() throws {
        #expect(Primitives.Digest(algorithm: .sha256, bytes: [1]) == nil)
        let bytes = [UInt8](repeating: 7, count: 32)
        let digest = Primitives.Digest(of: bytes, by: .sha512)
        #expect(digest.bytes == HashAlgorithm.sha512.hash(of: bytes))
    }
}

@Suite("Ed25519ph")
struct PrehashedEdwardsTests {
    @Test("the signature of RFC 8032 §7.3 is made, and verifies by message and by digest")
    func standardVector() throws {
        let seed = try #require(
            bytes(fromHex: "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42"))
        let expected = try #require(
            bytes(
                fromHex: "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41"
                    + "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"))
        let key = try PrivateKey(pkcs8: PrivateKey.pkcs8(ed25519: seed)).signing(with: .ed25519ph)
        let message = Array("abc".utf8)
        #expect(try key.sign(message) == expected)
        #expect(key.publicKey.isValid(expected, over: message, scheme: .ed25519ph))
        let digest = Primitives.Digest(of: message, by: .sha512)
        #expect(try key.sign(digest: digest) == expected)
        #expect(key.publicKey.isValid(expected, forDigest: digest, scheme: .ed25519ph) == true)
        #expect(!key.publicKey.isValid(expected, over: message, scheme: .ed25519))
    }

    @Test("by message and by digest the same is said of 300 seeded changes")
    func agreement() throws {
        var generator = SeededGenerator(seed: 20_261_123)
        let key = try TestKeys.ed25519().signing(with: .ed25519ph)
        for round in 0..<300 {
            let message = (0..<(round % 40)).map { _ in UInt8.random(in: 0...255, using: &generator)
            }
            var signature = try key.sign(message)
            if round % 3 != 0 {
                signature[Int.random(in: 0..<64, using: &generator)] ^=
                    1 << UInt8.random(in: 0..<8, using: &generator)
            }
            let byMessage = key.publicKey.isValid(signature, over: message, scheme: .ed25519ph)
            let byDigest = key.publicKey.isValid(
                signature, forDigest: Primitives.Digest(of: message, by: .sha512),
                scheme: .ed25519ph)
            #expect(byMessage == (round % 3 == 0))
            #expect(byDigest == byMessage)
        }
    }

    @Test("S with the group's order added is refused: one signature, one encoding")
    func malleable() throws {
        let order: [UInt8] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9,
            0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ]
        let message = Array("the message".utf8)
        for scheme in [SignatureScheme.ed25519, .ed25519ph] {
            let key = try TestKeys.ed25519().signing(with: scheme)
            var signature = try key.sign(message)
            var carry = 0
            for index in 0..<32 {
                let sum = Int(signature[32 + index]) + Int(order[index]) + carry
                signature[32 + index] = UInt8(truncatingIfNeeded: sum)
                carry = sum >> 8
            }
            #expect(!key.publicKey.isValid(signature, over: message, scheme: scheme))
            let digest = Primitives.Digest(of: message, by: .sha512)
            if scheme == .ed25519ph {
                #expect(
                    key.publicKey.isValid(signature, forDigest: digest, scheme: scheme) == false)
            }
        }
    }

    /// The multiple of 8 in RFC 8032 §5.1.7 may be left out, and then R must have no part of small
    /// order: a verifier that keeps it takes the second signature, one that leaves it out does not.
    @Test(
        "R with a part of small order is refused, by message and by digest",
        arguments: [
            SignatureScheme.ed25519: (
                "a9c612f7568a5c2297a368c3aede5d5a77dc17c3793c57718674b460b066ab0b",
                "86f0b46c3d4fd665e9c1c41462b012a3ec1e1602af3fb01cef4dc341f6fd310a"
            ),
            .ed25519ph: (
                "f7de78ca7afdebb32e31dcb3eb598fabfb35e9b65356bda2bfc5d80b2ff6ae05",
                "c49b7d8f49f183eeac9c60e71a8bd2c82b6453cef8d35c7e77f17038b526650c"
            ),
        ])
    func mixedOrder(scheme: SignatureScheme, last: (good: String, mixed: String)) throws {
        let key = try PublicKey(
            ed25519: hexBytes("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"))
        // One number r: R is r times the base point, and the same plus a point of order 8.
        let good = try hexBytes(
            "7767a3242dc9b58bbc68488c1265cc6cc5f26c6f3c88a5d55e901b0734dca572" + last.good)
        let mixed = try hexBytes(
            "b15bf26424d1b69dd33b7a9e57db5de4a2aadea4a2a051efd9bfd6af74165d2b" + last.mixed)
        #expect(answers(key, good, scheme) == [true])
        #expect(answers(key, mixed, scheme) == [false])
    }

    @Test("R of small order or in another encoding, with any S, is refused")
    func smallOrder() throws {
        let key = try TestKeys.ed25519()
        let good = try key.signing(with: .ed25519ph).sign(message)
        let points = [
            "01" + String(repeating: "00", count: 31),
            "ec" + String(repeating: "ff", count: 30)
                + "7f", String(repeating: "00", count: 32),
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            // p, p + 1 and p + 3, which are 0, 1 and 3 once more.
            "ed" + String(repeating: "ff", count: 30) + "7f",
            "ee" + String(repeating: "ff", count: 30) + "7f",
            "f0" + String(repeating: "ff", count: 30) + "7f",
        ]
        for point in points {
            for last in [Array(good.suffix(32)), [UInt8](repeating: 0, count: 32)] {
                let signature = try hexBytes(point) + last
                #expect(answers(key.publicKey, signature, .ed25519ph) == [false], "\(point)")
                #expect(answers(key.publicKey, signature, .ed25519) == [false], "\(point)")
            }
        }
    }

    @Test("a key with a part of small order is refused")
    func mixedKey() throws {
        let point = try hexBytes("b154bd62188ae283dd187fefe8c31f5e276edf083b4cff11c9d5cff856c74440")
        #expect(throws: Failure.self) { try PublicKey(ed25519: point) }
    }

    private let message = Array("abc".utf8)

    /// What is said of a signature by message, and by digest where that can be asked.
    private func answers(_ key: PublicKey, _ signature: [UInt8], _ scheme: SignatureScheme)
        -> Set<Bool>
    {
        let digest = Primitives.Digest(of: message, by: .sha512)
        let byDigest = key.isValid(signature, forDigest: digest, scheme: scheme)
        let byMessage = key.isValid(signature, over: message, scheme: scheme)
        return Set([byMessage, byDigest].compactMap { $0 })
    }
}

private func hexBytes(_ text: String) throws -> [UInt8] { try #require(bytes(fromHex: text)) }

@Suite("key details")
struct KeyDetailsTests {
    @Test("every name fits its key and says its scheme", arguments: KeyDetails.allCases)
    func names(_ details: KeyDetails) throws {
        #expect(try KeyDetails(parsing: details.rawValue) == details)
        let fitting = SchemeCase.all.filter {
            $0.scheme == details.scheme && details.fits($0.key.publicKey)
        }
        let sizes = ["3072", "4096"]
        #expect(fitting.isEmpty == sizes.contains { details.rawValue.contains($0) })
    }

    @Test("names we cannot check are unsupported", arguments: ["ML_DSA_65", "LMS_SHA256", "", "x"])
    func unknown(name: String) {
        let failure = #expect(throws: Failure.self) { try KeyDetails(parsing: name) }
        #expect(failure?.kind == .unsupported)
    }

    @Test("a key of another kind than said is refused")
    func mismatch() throws {
        let key = try TestKeys.ecdsaP384().publicKey
        #expect(try KeyDetails.ecdsaP384.key(derBytes: key.derBytes) == key)
        for details in [KeyDetails.ecdsaP256, .ed25519, .rsa2048, .anyRSA, .bareRSA] {
            #expect(throws: Failure.self) { try details.key(derBytes: key.derBytes) }
        }
        #expect(KeyDetails(of: key, scheme: .ecdsa(.sha384)) == .ecdsaP384)
        #expect(KeyDetails(of: key, scheme: .ecdsa(.sha512)) == nil)
    }

    @Test("the deprecated kinds hold a bare RSAPublicKey")
    func bareRSA() throws {
        let key = try SchemeCase.rsa.get()
        let bare = Array(
            try _RSA.Signing.PublicKey(derRepresentation: key.publicKey.derBytes)
                .pkcs1DERRepresentation)
        #expect(try KeyDetails.bareRSA.key(derBytes: bare) == key.publicKey)
        #expect(throws: Failure.self) { try KeyDetails.anyRSA.key(derBytes: bare) }
        #expect(throws: Failure.self) {
            try KeyDetails.bareRSA.key(derBytes: key.publicKey.derBytes)
        }
    }
}
