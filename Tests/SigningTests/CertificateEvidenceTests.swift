// SPDX-License-Identifier: Apache-2.0
// Images signed with certificates: what is asked of the place, and what is told when it fails.

import OCI
import Primitives
import Signing
import StandIns
import TestSupport
import Testing

@Suite("certificate evidence beside an image")
struct CertificateEvidenceTests {
    let repository = MemoryRepository()
    let sigstore: StandInSigstore
    let verifier: SignatureVerifier

    init() throws {
        sigstore = try StandInSigstore(at: Timestamp(seconds: 1_700_000_000))
        let person = StandInIdentity.person
        let identity = CertificateIdentity(
            subjects: [.exact(person.name.text)], issuers: [.exact(person.issuer)])
        verifier = try SignatureVerifier(
            requirements: .sigstore(.certificates([identity])),
            root: try TrustedRoot(parsing: sigstore.trustedRoot().compactBytes))
    }

    /// Writes a bundle about an image as signers do: embedded in its manifest, with its type told.
    private func sign(_ image: Manifest, with faults: Set<StandInFault> = []) async throws {
        let statement: JSONValue = [
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [["name": "image", "digest": ["sha256": .string(image.digest.hex)]]],
            "predicateType": .string(PredicateType.signature.description), "predicate": [:],
        ]
        let bundle = try sigstore.bundle(
            StandInRecipe(.statement(statement.compactBytes)).with { $0.faults = faults })
        var layer = Descriptor(of: bundle, as: .sigstoreBundle)
        try layer.carry(bundle)
        let empty = Array("{}".utf8)
        let manifest = try ImageManifest(
            config: Descriptor(of: empty, as: .ociEmpty), layers: [layer],
            artifactType: .sigstoreBundle, subject: image.descriptor,
            annotations: [
                "dev.sigstore.bundle.predicateType": PredicateType.signature.description
            ]
        ).manifest()
        try await repository.push(manifest, tag: nil)
    }

    private func look(at digest: Digest) async throws -> Evidence {
        try await EvidenceCollector(source: repository).collect(.only(.signature), about: digest) {
            [verifier] in !$0.signatures(by: verifier).proofs.isEmpty
        }
    }

    @Test("a log's promise beside the certificate counts, for that certificate alone")
    func detachedPromise() async throws {
        let attempt = try Attempt.byPerson(.artifact(StandIn.artifact)) {
            $0.faults = [.transparencyMissing]
        }
        func promise(for made: StandInBundle) throws -> [UInt8] {
            guard case .certificate(let leaf) = made.signer else { return [] }
            return try attempt.instance.certificateLog.promise(
                forCertificate: leaf, at: UInt64(StandIn.time.seconds) * 1000)
        }
        let root = try TrustedRoot(parsing: attempt.instance.trustedRoot().compactBytes)
        let made = try attempt.instance.make(attempt.recipe)
        let other = try attempt.instance.make(attempt.recipe)
        let bundle = try SignatureBundle(parsing: made.bytes)
        for (promises, code) in [
            ([], VerificationError.Code.certificateTransparencyMissing),
            ([try promise(for: made)], nil),
            ([try promise(for: other), try promise(for: made)], nil),
            ([try promise(for: other)], .certificateTransparencyInvalid),
        ] {
            let judge = try SignatureVerifier(
                requirements: attempt.usualRequirements, root: root, detachedTimestamps: promises)
            let finding = judge.verify(
                bundle, about: SignedArtifact(content: StandIn.artifact), type: nil)
            #expect(finding.problem?.code == code)
            #expect((finding.signer != nil) == (code == nil))
        }
    }

    @Test("an image with five bundles costs at most two requests and one for each bundle")
    func requestCount() async throws {
        let image = try await smallImage(in: repository, says: "a")
        for _ in 0..<5 { try await sign(image) }
        let tag = try Tag(parsing: "1")
        try await repository.push(image, tag: tag)
        let before = repository.requests.count
        let subject = try await repository.resolve(.tag(tag))
        let report = try await look(at: subject.digest).signatures(by: verifier)
        #expect(report.proofs.count == 5)
        #expect(repository.requests.count - before <= 2 + 5)
    }

    @Test("the most telling of several failures comes first, whatever their order is")
    func mostSpecific() async throws {
        let image = try await smallImage(in: repository, says: "a")
        for fault in [StandInFault.certificateExpired, .bundleBrokenSignature, .logUnknown] {
            try await sign(image, with: [fault])
        }
        let answer = try await look(at: image.digest).signatures(by: verifier).answer
        guard case .failed(let rejected) = answer else {
            Issue.record("it is \(answer)")
            return
        }
        #expect(rejected.count == 3)
        #expect(rejected.first?.problem.code == .signatureInvalid)
        #expect(rejected.allSatisfy { !$0.checks.isEmpty })
    }

    @Test(
        "a place that does not answer is no unsigned image",
        arguments: [Failure.Kind.unavailable, .rateLimited, .denied])
    func couldNotLook(_ kind: Failure.Kind) async throws {
        let image = try await smallImage(in: repository, says: "a")
        try await sign(image)
        repository.fail(with: Failure(kind, "cannot read", because: "the test says so"))
        let found = try await look(at: image.digest)
        #expect(found.obstacle(to: .signature)?.kind == kind)
        #expect(throws: Failure.self) {
            try found.signatures(by: verifier).answer(unless: found.obstacle(to: .signature))
        }
    }
}

@Suite("trusted roots by hand")
struct TrustedRootWritingTests {
    @Test("what is written reads back the same")
    func roundTrip() throws {
        let instance = try StandInSigstore(at: Timestamp(seconds: 1_700_000_000))
        for root in [
            try TrustedRoot.publicGood(),
            try TrustedRoot(parsing: instance.trustedRoot().compactBytes),
        ] {
            #expect(try TrustedRoot(parsing: root.json.compactBytes) == root)
        }
    }

    @Test("a log's identifier follows from its address and key")
    func identifiers() throws {
        let instance = try StandInSigstore(at: Timestamp(seconds: 1_700_000_000))
        let root = try TrustedRoot(parsing: instance.trustedRoot().compactBytes)
        for log in root.logs + root.certificateTransparencyLogs {
            let again = TransparencyLog(
                baseURL: log.baseURL, publicKey: log.publicKey, validFor: log.validFor,
                operatorName: nil)
            #expect(again.keyID == log.keyID)
        }
    }
}
