// SPDX-License-Identifier: Apache-2.0
// Signatures by each kind of key with each hash, padding and salt, made by Python's cryptography.

import Foundation
import Keys
import Primitives
import TestSupport
import Testing

/// A Python that can import cryptography.
private let python: String? = {
    let peers = SharedSuites.interop?.appendingPathComponent("../../.build-peers/bin/python3")
    return [peers?.standardizedFileURL.path, "python3"].compactMap { $0 }.first { python in
        (try? shellOutput("'\(python)' -c 'import cryptography'")) ?? nil != nil
    }
}()

@Suite(
    "every scheme a key can have, made by Python's cryptography",
    .enabled(
        if: python != nil, "no python3 here can import cryptography; scripts/peers installs it"))
struct SchemeMatrixTests {
    @Test("SHA-256, SHA-384 and SHA-512 verify with every padding and salt; nothing weaker does")
    func matrix() throws {
        let output = try #require(
            try shellOutput("'\(python ?? "")' matrix.py", files: ["matrix.py": Array(script.utf8)])
        )
        let message = Array("the message".utf8)
        var valid = 0
        var refused = 0
        for row in try JSONReader(parsing: output, named: "the matrix").items(atMost: 1_000) {
            let name = try row.required("name").string()
            let isExpected = try row.required("valid").boolean()
            let signature = try #require(bytes(fromBase64: row.required("signature").string()))
            let key = try PublicKey(
                derBytes: try #require(bytes(fromBase64: row.required("key").string())))
            var hashed = HashedMessage(message)
            let scheme = key.scheme(
                of: signature, over: &hashed, among: key.algorithm.allSchemes)
            #expect((scheme != nil) == isExpected, "\(name): \(scheme?.description ?? "none")")
            var other = HashedMessage(message + [0])
            #expect(
                key.scheme(of: signature, over: &other, among: key.algorithm.allSchemes) == nil,
                "\(name), another message")
            if let scheme { try expectExact(scheme, key, signature, message, name) }
            if isExpected { valid += 1 } else { refused += 1 }
        }
        #expect(valid == 3 * 3 + 1 + 3 * (3 + 3 * 5))
        #expect(refused == 3 * 2 + 3 * 2 + 3 * 2)
    }

    /// A hash that is demanded by name is the only one that counts; by digest the same is said.
    private func expectExact(
        _ scheme: SignatureScheme, _ key: PublicKey, _ signature: [UInt8], _ message: [UInt8],
        _ name: String
    ) throws {
        for hash in HashAlgorithm.allCases {
            let schemes = key.algorithm.schemes(with: hash)
            var hashed = HashedMessage(message)
            let found = key.scheme(of: signature, over: &hashed, among: schemes)
            #expect((found != nil) == (scheme.hash ?? hash == hash), "\(name), \(hash)")
            var digests = HashedMessage(digests: [hash: hash.hash(of: message)])
            #expect(
                key.isValid(signature, over: &digests, scheme: scheme)
                    == (scheme.hash == hash ? true : nil), "\(name), \(hash) digest")
        }
    }
}

@Suite("schemes of one key")
struct KeySchemesTests {
    private let message = Array("the message".utf8)

    @Test(
        "a signature in any scheme of the key is found, and says which", arguments: SchemeCase.all)
    func found(_ trial: SchemeCase) throws {
        let key = trial.key.publicKey
        let signature = try trial.key.sign(message)
        var hashed = HashedMessage(message)
        let found = key.scheme(of: signature, over: &hashed, among: key.algorithm.allSchemes)
        if case .rsaPSS(let hash) = trial.scheme {
            #expect(found == .rsaPSSWithAnySalt(hash))
        } else {
            #expect(found == trial.scheme)
        }
        var other = HashedMessage(Array("another".utf8))
        #expect(key.scheme(of: signature, over: &other, among: key.algorithm.allSchemes) == nil)
    }

    @Test("each hash of a message is computed once, however many signatures are tried")
    func once() throws {
        var hashed = HashedMessage(message)
        for make in TestKeys.algorithms.dropLast() {
            let key = try make()
            let signature = try key.sign(Array("another".utf8))
            for _ in 0..<5 {
                let schemes = key.publicKey.algorithm.allSchemes
                #expect(key.publicKey.scheme(of: signature, over: &hashed, among: schemes) == nil)
            }
        }
        #expect(hashed.bytesRead == HashAlgorithm.allCases.count * message.count)
    }

    @Test("only RSA tells that a key made a signature over something else")
    func something() throws {
        for trial in SchemeCase.all {
            let signature = try trial.key.sign(message)
            let isRSA = trial.key.publicKey.algorithm == .rsa
            #expect(trial.key.publicKey.signedSomething(with: signature) == (isRSA ? true : nil))
            let made = try #require(
                try? SchemeCase.rsa.get().signing(with: .rsaPSS(.sha512)).sign(message))
            var changed = made
            changed[made.count - 1] ^= 1
            #expect(try SchemeCase.rsa.get().publicKey.signedSomething(with: changed) == false)
            #expect(try SchemeCase.rsa.get().publicKey.signedSomething(with: []) == false)
        }
    }

    @Test("every changed byte of a PSS signature is noticed, with any salt too")
    func changed() throws {
        let key = try SchemeCase.rsa.get()
        let signature = try key.signing(with: .rsaPSS(.sha256)).sign(message)
        let scheme = SignatureScheme.rsaPSSWithAnySalt(.sha256)
        #expect(key.publicKey.isValid(signature, over: message, scheme: scheme))
        for index in stride(from: 0, to: signature.count, by: 7) {
            var changed = signature
            changed[index] ^= 1 << (index % 8)
            #expect(!key.publicKey.isValid(changed, over: message, scheme: scheme))
        }
        for size in [0, 1, 255, 257] {
            let other = [UInt8](repeating: 0, count: size)
            #expect(!key.publicKey.isValid(other, over: message, scheme: scheme))
        }
        let ones = [UInt8](repeating: 0xFF, count: 256)
        #expect(!key.publicKey.isValid(ones, over: message, scheme: scheme))
    }

    @Test("nothing is signed with a salt of whatever length")
    func signing() throws {
        #expect(throws: Failure.self) {
            try SchemeCase.rsa.get().signing(with: .rsaPSSWithAnySalt(.sha256))
        }
    }
}

/// Prints one row for each signature: the key, the signature, and whether it must verify.
private let script = """
    import base64, json
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    message, rows = b"the message", []
    strong = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
    weak = {"sha1": hashes.SHA1(), "sha224": hashes.SHA224()}
    b64 = lambda content: base64.b64encode(content).decode()
    def add(key, name, *how):
        der = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        rows.append({"name": name, "key": b64(der), "signature": b64(key.sign(message, *how)),
                     "valid": "weak" not in name})
    for curve in (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()):
        key = ec.generate_private_key(curve)
        for name, hash in strong.items():
            add(key, f"{curve.name} {name}", ec.ECDSA(hash))
        for name, hash in weak.items():
            add(key, f"{curve.name} weak {name}", ec.ECDSA(hash))
    add(ed25519.Ed25519PrivateKey.generate(), "ed25519")
    for size in (2048, 2056, 3072):
        key = rsa.generate_private_key(65537, size)
        for name, hash in strong.items():
            add(key, f"rsa {size} pkcs1 {name}", padding.PKCS1v15(), hash)
            for salt in (0, 1, 20, hash.digest_size, padding.PSS.MAX_LENGTH):
                add(key, f"rsa {size} pss {name} {salt}", padding.PSS(padding.MGF1(hash), salt), hash)
        for name, hash in weak.items():
            add(key, f"rsa {size} pkcs1 weak {name}", padding.PKCS1v15(), hash)
            add(key, f"rsa {size} pss weak mask {name}",
                padding.PSS(padding.MGF1(hash), 32), hashes.SHA256())
    print(json.dumps(rows))
    """
