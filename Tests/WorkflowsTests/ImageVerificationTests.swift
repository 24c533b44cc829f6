// SPDX-License-Identifier: Apache-2.0
// One question about one image, with repositories in memory.

import Keys
import OCI
import Primitives
import Signing
import Synchronization
import TestSupport
import Testing
import Workflows

@Suite("verification of one image")
struct ImageVerificationTests {
    private let here = MemoryRepository(named: "mirror")
    private let there = MemoryRepository(named: "origin")
    private let key: PrivateKey
    private let name: Repository

    init() throws {
        key = try TestKeys.ecdsaP256()
        name = try Repository(parsing: "registry.example.com/shop/backend")
    }

    private func sign(_ image: Manifest, in repository: MemoryRepository) async throws {
        let claim = UnsignedStatement.signature(on: image.descriptor, in: name, annotations: [:])
        _ = try await EvidenceAttacher(destination: repository, key: key, settle: {})
            .write(claim, as: .bundle, created: Timestamp(seconds: 1_700_000_000))
    }

    private func verify(
        _ image: Manifest, withOrigin: Bool = true
    ) async throws -> ImageVerificationResult<VerifiedSignature> {
        let verifier = SignatureVerifier.key(key.publicKey)
        return try await ImageVerification(of: .signature) {
            $0.signatures(by: verifier, spending: &$1)
        }
        .result(
            for: .digest(image.digest), in: here,
            origin: withOrigin ? ImageOrigin(name: name, source: there) : nil)
    }

    @Test("a proof here is enough; the origin is not asked")
    func proven() async throws {
        let image = try await smallImage(in: here, says: "a")
        try await sign(image, in: here)
        guard case .verified(let proofs) = try await verify(image).answer else {
            Issue.record("not proven")
            return
        }
        #expect(proofs.count == 1 && there.requests.isEmpty)
    }

    @Test("proof at the origin and none here was lost on the way; without an origin it never was")
    func lost() async throws {
        let image = try await smallImage(in: here, says: "a")
        _ = try await smallImage(in: there, says: "a")
        try await sign(image, in: there)
        guard case .missingAtMirror(let origin, _) = try await verify(image).answer else {
            Issue.record("not lost")
            return
        }
        #expect(origin == name.description)
        guard case .unsigned = try await verify(image, withOrigin: false).answer else {
            Issue.record("not unsigned")
            return
        }
    }

    @Test("no candidate is judged twice, however many stages the search has")
    func stages() async throws {
        let image = try await smallImage(in: here, says: "a")
        for format in [EvidenceFormat.bundle, .legacy] {
            let claim = UnsignedStatement.signature(
                on: image.descriptor, in: name, annotations: [:])
            _ = try await EvidenceAttacher(
                destination: here, key: try TestKeys.ecdsaP256(), settle: {}
            ).write(claim, as: format, created: Timestamp(seconds: 1_700_000_000))
        }
        let judged = Mutex<[String]>([])
        let verifier = SignatureVerifier.key(key.publicKey)
        let result = try await ImageVerification(of: .signature) { evidence, work in
            judged.withLock { $0 += evidence.candidates.map(\.identity) }
            return evidence.signatures(by: verifier, spending: &work)
        }.result(for: .digest(image.digest), in: here)
        guard case .failed(let rejected) = result.answer else {
            Issue.record("\(result.answer)")
            return
        }
        #expect(rejected.count == 2)
        #expect(judged.withLock { $0.count } == 2)
    }

    @Test("an origin that cannot be read leaves it open whether anything was lost")
    func closedOrigin() async throws {
        let image = try await smallImage(in: here, says: "a")
        there.fail(with: Failure(.unavailable, "cannot ask", because: "it is down"))
        await expectFailure(.unavailable, "it is down") { _ = try await verify(image) }
    }
}
