// SPDX-License-Identifier: Apache-2.0
// Places that do not answer: they take away a "no", and never a "yes".

import Keys
import OCI
import Primitives
import Signing
import Synchronization
import TestSupport
import Testing

@Suite("places that could not be read")
struct ClosedPlaceTests {
    private let repository = MemoryRepository()
    private let created = Timestamp(seconds: 1_700_000_000)
    private let key: PrivateKey
    private let image: Manifest

    init() async throws {
        key = try TestKeys.ecdsaP256()
        image = try await smallImage(in: repository, says: "a")
    }

    @discardableResult
    private func sign(
        _ format: EvidenceFormat, by key: PrivateKey? = nil,
        annotations: ByteStringMap<String> = [:]
    ) async throws -> Manifest {
        let claim = UnsignedStatement.signature(
            on: image.descriptor, in: try Repository(parsing: "registry.example.com/shop/backend"),
            annotations: annotations)
        return try await EvidenceAttacher(
            destination: repository, key: key ?? self.key, settle: {}
        ).write(claim, as: format, created: created)
    }

    private func close(_ kind: Failure.Kind = .denied, _ places: String...) {
        repository.fail { request in
            places.contains { request.contains($0) }
                ? Failure(kind, "cannot ask", because: "the test says so") : nil
        }
    }

    private func answer() async throws -> VerificationResult<VerifiedSignature> {
        let found = try await EvidenceCollector(source: repository)
            .everything(about: image.digest)
        return try found.signatures(by: .key(key.publicKey))
            .answer(unless: found.obstacle(to: .signature))
    }

    private func isProven() async throws -> Bool {
        if case .verified = try await answer() { true } else { false }
    }

    private var tag: String { "manifest \(Tag(for: image.digest, suffix: ".sig"))" }

    @Test(
        "a closed list of referrers hides no signature under the tag",
        arguments: [
            Failure.Kind.denied, .unavailable, .rateLimited, .overLimit, .malformed, .unsupported,
        ])
    func closedReferrers(kind: Failure.Kind) async throws {
        try await sign(.legacy)
        close(kind, "referrers")
        #expect(try await isProven())
    }

    @Test("bytes that are not what was asked for come from the registry, and close the place")
    func otherBytes() async throws {
        close(.rejected, tag)
        await expectFailure(.rejected, "the test says so") { _ = try await answer() }
        try await sign(.bundle)
        #expect(try await isProven())
    }

    @Test("a closed list and nothing elsewhere, or what does not verify there, is no answer")
    func closedAndUnproven() async throws {
        close(.denied, "referrers")
        await expectFailure(.denied, "the test says so") { _ = try await answer() }
        repository.fail(with: nil)
        try await sign(.legacy, by: try TestKeys.ecdsaP256())
        close(.denied, "referrers")
        await expectFailure(.denied, "the test says so") { _ = try await answer() }
    }

    @Test("a closed tag hides no signature among the referrers")
    func closedTag() async throws {
        try await sign(.bundle)
        close(.denied, tag)
        #expect(try await isProven())
        repository.fail(with: nil)
        let other = try await smallImage(in: repository, says: "b")
        #expect(
            try await EvidenceCollector(source: repository).everything(about: other.digest)
                .isComplete)
    }

    @Test("a closed tag and no signature elsewhere is no answer")
    func closedTagAlone() async throws {
        close(.unavailable, tag)
        await expectFailure(.unavailable, "the test says so") { _ = try await answer() }
    }

    @Test("a referrer that is not handed over hides no other, whichever comes first")
    func closedReferrer() async throws {
        let mine = try await sign(.bundle)
        let other = try await sign(.bundle, by: try TestKeys.ecdsaP256())
        close(.denied, "manifest \(other.digest)")
        #expect(try await isProven())
        close(.denied, "manifest \(mine.digest)")
        await expectFailure(.denied, "the test says so") { _ = try await answer() }
    }

    @Test("a signature without the annotations leaves open what a closed place holds")
    func unmetRequirement() async throws {
        try await sign(.legacy, annotations: ["build": "17"])
        close(.denied, "referrers")
        let found = try await EvidenceCollector(source: repository)
            .everything(about: image.digest)
        let report = found.signatures(by: .key(key.publicKey))
            .keeping { $0.annotations["build"] == "18" }
        #expect(throws: Failure.self) {
            try report.answer(unless: found.obstacle(to: .signature))
        }
    }

    @Test("a tag for attestations says nothing about signatures, nor the other way round")
    func otherTag() async throws {
        let type = try PredicateType(uri: "https://slsa.dev/provenance/v1")
        close(.denied, ".att")
        var found = try await EvidenceCollector(source: repository)
            .everything(about: image.digest)
        #expect(found.obstacle(to: .signature) == nil && found.obstacle(to: type) != nil)
        close(.denied, ".sig")
        found = try await EvidenceCollector(source: repository).everything(about: image.digest)
        #expect(found.obstacle(to: .signature) != nil && found.obstacle(to: type) == nil)
    }

    @Test(
        "what anybody may push and nobody can read is a finding: it opens no question",
        arguments: [Failure.Kind.malformed, .unsupported])
    func brokenTag(kind: Failure.Kind) async throws {
        close(kind, tag)
        guard case .failed(let rejected) = try await answer() else {
            Issue.record("the tag is not a finding")
            return
        }
        #expect(rejected.map(\.candidate.location) == [.signatureTag])
        #expect(rejected.map(\.problem.code) == [.malformed])
    }

    @Test("a referrer of an unknown kind that says it holds a bundle is a finding")
    func unknownKind() async throws {
        let list = UnknownReferrer(
            inner: repository,
            listed: Descriptor(
                mediaType: try MediaType(
                    parsing: "application/vnd.oci.artifact.manifest.v1+json"),
                digest: Digest(of: [7], by: .sha256), size: 1),
            artifactType: .sigstoreBundle)
        let found = try await EvidenceCollector(source: list).everything(about: image.digest)
        #expect(found.candidates.count == 1 && found.isComplete)
    }

    @Test("several referrers are read at a time, and no more than the limit")
    func width() async throws {
        for _ in 0..<(2 * Limits.parallelEvidenceReads) {
            try await sign(.bundle, by: try TestKeys.ecdsaP256())
        }
        let watched = WatchedRepository(inner: repository)
        let found = try await EvidenceCollector(source: watched).everything(about: image.digest)
        #expect(found.candidates.count == 2 * Limits.parallelEvidenceReads)
        let most = watched.most.withLock { $0 }
        #expect(most > 1 && most <= Limits.parallelEvidenceReads)
        // In the order of the list, however the answers come in.
        let order = try await repository.referrers(of: image.digest).descriptors.map(\.digest)
        #expect(found.candidates.map(\.manifest) == order)
    }

    @Test("signatures, keys and payload together have a limit, which takes away only a no")
    func work() async throws {
        let payload = [UInt8](repeating: 0x20, count: Limits.evidenceBytes / 2)
        let noise = JSONValue.array(
            (0..<Limits.signaturesPerEnvelope).map { ["sig": .string(base64Text([UInt8($0)]))] })
        let text: JSONValue = [
            "payload": .string(base64Text(payload)), "payloadType": "x", "signatures": noise,
        ]
        let envelope = try Envelope(
            reading: try JSONReader(parsing: text.compactBytes, named: "the envelope"))
        let crowd = SignedEntity(
            location: .attestationTag, manifest: image.digest, digest: image.digest, position: 0,
            form: .envelope(
                envelope, try LegacyAnnotations(annotations: [:]), storedAs: []))
        let keys = try (0..<3).map { _ in TrustedKey(key: try TestKeys.ed25519().publicKey) }
        let mine = SignatureVerifier.keys(keys + [TrustedKey(key: key.publicKey)])
        let alone = Evidence(subject: image.digest, candidates: [crowd])
        let report = alone.signatures(by: mine)
        #expect(report.limit?.kind == .overLimit && report.rejections.isEmpty)
        #expect(throws: Failure.self) { try report.answer(unless: nil) }
        #expect(
            alone.claims(of: .signature, by: mine.requirements.signer).limit?.kind == .overLimit)

        try await sign(.bundle)
        var both = try await EvidenceCollector(source: repository).everything(about: image.digest)
        both.candidates.insert(crowd, at: 0)
        #expect(both.signatures(by: mine).proofs.count == 1)
    }
}

/// A repository that lists one referrer and says that it cannot read it.
private struct UnknownReferrer: ArtifactSource {
    let inner: MemoryRepository
    let listed: Descriptor
    let artifactType: MediaType

    var sourceName: String { inner.sourceName }

    func manifest(_ reference: ManifestReference) async throws -> Manifest {
        guard case .digest(listed.digest) = reference else {
            return try await inner.manifest(reference)
        }
        throw Failure(.unsupported, "cannot read it", because: "its type is no manifest")
    }

    func referrers(of subject: Digest) async throws -> ReferrersResult {
        var descriptor = listed
        descriptor.artifactType = artifactType
        return ReferrersResult(descriptors: [descriptor], discovery: .referrersAPI)
    }

    func tags() async throws -> [OCI.Tag] { [] }

    func unverifiedStream(of descriptor: Descriptor) async throws -> ByteStream {
        try await inner.unverifiedStream(of: descriptor)
    }
}

/// Counts how many manifests are asked for at the same time.
private final class WatchedRepository: ArtifactSource {
    let inner: MemoryRepository
    let running = Mutex(0)
    let most = Mutex(0)

    init(inner: MemoryRepository) { self.inner = inner }

    var sourceName: String { inner.sourceName }

    func manifest(_ reference: ManifestReference) async throws -> Manifest {
        let now = running.withLock {
            $0 += 1
            return $0
        }
        most.withLock { $0 = max($0, now) }
        for _ in 0..<200 { await Task.yield() }
        running.withLock { $0 -= 1 }
        return try await inner.manifest(reference)
    }

    func referrers(of subject: Digest) async throws -> ReferrersResult {
        try await inner.referrers(of: subject)
    }

    func tags() async throws -> [OCI.Tag] { [] }

    func unverifiedStream(of descriptor: Descriptor) async throws -> ByteStream {
        try await inner.unverifiedStream(of: descriptor)
    }
}
