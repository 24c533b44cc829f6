// SPDX-License-Identifier: Apache-2.0
// Signing messages that are known by their digest, and hashing them as they pass by.

import Crypto
import Keys
import Primitives
import TestSupport
import Testing

@Suite("signing digests")
struct DigestSigningTests {
    @Test("a signature over the digest is one over the message", arguments: [0, 1, 2, 3])
    func overDigest(_ kind: Int) throws {
        var key = try TestKeys.algorithms[kind]()
        if key.publicKey.algorithm == .ed25519 { key = try key.signing(with: .ed25519ph) }
        let hash = try #require(key.scheme.hash)
        let message = Array("hello".utf8)
        let signature = try key.sign(digest: Primitives.Digest(of: message, by: hash))
        #expect(key.publicKey.isValid(signature, over: message, scheme: key.scheme))
        #expect(!key.publicKey.isValid(signature, over: message + [0], scheme: key.scheme))
    }

    @Test("by digest and by message Ed25519ph makes the same signature of 200 seeded messages")
    func deterministic() throws {
        var generator = SeededGenerator(seed: 20_261_124)
        for round in 0..<200 {
            let key = try TestKeys.ed25519().signing(with: .ed25519ph)
            let message = (0..<round).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let digest = Primitives.Digest(of: message, by: .sha512)
            #expect(try key.sign(digest: digest) == (try key.sign(message)))
        }
    }

    @Test("a digest by another hash, and any digest for pure Ed25519, is refused")
    func otherHash() async throws {
        let large = try TestKeys.ecdsaP384()
        let edwards = try TestKeys.ed25519()
        await expectFailure(.usage, "ECDSA with SHA-384") {
            _ = try large.sign(digest: Primitives.Digest(of: [1], by: .sha256))
        }
        await expectFailure(.usage, "Ed25519") {
            _ = try edwards.sign(digest: Primitives.Digest(of: [1], by: .sha512))
        }
    }

    @Test("every hash is made in one pass, however the message is cut")
    func hasher() {
        var generator = SeededGenerator(seed: 20_261_125)
        let message = (0..<10_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        var hashers = HashAlgorithm.allCases.map(ContentHasher.init)
        var rest = message[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(Int.random(in: 1...700, using: &generator)))
            for index in hashers.indices { hashers[index].update(part) }
            rest = rest.dropFirst(part.count)
        }
        let digests = hashers.map { $0.finish() }
        #expect(digests.map(\.algorithm) == HashAlgorithm.allCases)
        #expect(digests.map(\.bytes) == HashAlgorithm.allCases.map { $0.hash(of: message) })
    }
}
