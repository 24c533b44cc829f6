// SPDX-License-Identifier: Apache-2.0
// Stories: what is written can be found and verified, and nothing else can.

import Keys
import OCI
import Primitives
import Signing
import TestSupport
import Testing

@Suite("evidence")
struct EvidenceTests {
    let repository = MemoryRepository()
    let created = Timestamp(seconds: 1_700_000_000)
    let name: Repository

    init() throws { name = try Repository(parsing: "registry.example.com/shop/backend") }

    private func write(
        _ claim: UnsignedStatement, by key: PrivateKey, as format: EvidenceFormat = .bundle
    ) async throws -> Manifest {
        try await EvidenceAttacher(destination: repository, key: key, settle: {})
            .write(claim, as: format, created: created)
    }

    private func evidence(about digest: Digest) async throws -> Evidence {
        try await EvidenceCollector(source: repository).everything(about: digest)
    }

    @Test(
        "a signature is found and verifies in both formats, with its annotations",
        arguments: EvidenceFormat.allCases, TestKeys.algorithms.indices)
    func signatureVerifies(format: EvidenceFormat, algorithm: Int) async throws {
        let key = try TestKeys.algorithms[algorithm]()
        let image = try await smallImage(in: repository, says: "a")
        let claim = UnsignedStatement.signature(
            on: image.descriptor, in: name, annotations: ["build": "17"])
        _ = try await write(claim, by: key, as: format)
        let report = try await evidence(about: image.digest).signatures(by: .key(key.publicKey))
        #expect(report.proofs.count == 1)
        #expect(report.proofs.first?.annotations["build"] == "17")
        #expect(report.rejections.isEmpty)
    }

    @Test(
        "an attestation never counts as a signature, nor a signature as an attestation",
        arguments: EvidenceFormat.allCases)
    func kindsStayApart(format: EvidenceFormat) async throws {
        let key = try TestKeys.ecdsaP256()
        let image = try await smallImage(in: repository, says: "a")
        let type = try PredicateType(named: "slsaprovenance1")
        _ = try await write(
            try .attestation(["a": 1], of: type, on: image.descriptor, in: name), by: key,
            as: format)
        let attested = try await evidence(about: image.digest)
        let signatures = attested.signatures(by: .key(key.publicKey))
        #expect(signatures.proofs.isEmpty)
        if format == .bundle { #expect(signatures.mostSpecific?.problem.code == .otherType) }
        #expect(attested.attestations(of: type, by: .key(key.publicKey)).proofs.count == 1)
        #expect(attested.attestations(of: .spdx, by: .key(key.publicKey)).proofs.isEmpty)

        let other = try await smallImage(in: repository, says: "b")
        _ = try await write(
            .signature(on: other.descriptor, in: name, annotations: [:]), by: key, as: format)
        let signed = try await evidence(about: other.digest)
        #expect(signed.attestations(of: type, by: .key(key.publicKey)).proofs.isEmpty)
    }

    @Test("somebody else's signature is a signer mismatch, with the found and expected key named")
    func otherSigner() async throws {
        let image = try await smallImage(in: repository, says: "a")
        let claim = UnsignedStatement.signature(on: image.descriptor, in: name, annotations: [:])
        _ = try await write(claim, by: try TestKeys.ecdsaP256())
        let expected = try TestKeys.ecdsaP256().publicKey
        let report = try await evidence(about: image.digest).signatures(by: .key(expected))
        #expect(report.proofs.isEmpty)
        #expect(report.mostSpecific?.problem.code == .keyMismatch)
        #expect(report.mostSpecific?.why.contains(expected.fingerprint.description) == true)
    }

    @Test("a bundle pasted onto another digest is about the wrong subject")
    func pastedBundle() async throws {
        let key = try TestKeys.ecdsaP256()
        let good = try await smallImage(in: repository, says: "good")
        let bad = try await smallImage(in: repository, says: "bad")
        _ = try await write(.signature(on: good.descriptor, in: name, annotations: [:]), by: key)
        let found = try await evidence(about: good.digest)
        let pasted = Evidence(subject: bad.digest, candidates: found.candidates)
        let report = pasted.signatures(by: .key(key.publicKey))
        #expect(report.proofs.isEmpty)
        #expect(report.mostSpecific?.problem.code == .subjectMismatch)
    }

    private func signedBundle(_ envelope: Envelope, signedBy key: PublicKey) throws
        -> SignatureBundle
    {
        try SignatureBundle(
            parsing: SignatureBundle.document(envelope, signedBy: key).compactBytes)
    }

    @Test("a changed payload under a bundle that names our key is an invalid signature")
    func changedPayload() async throws {
        let key = try TestKeys.ecdsaP256()
        let image = try await smallImage(in: repository, says: "a")
        _ = try await write(.signature(on: image.descriptor, in: name, annotations: [:]), by: key)
        let found = try await evidence(about: image.digest)
        let candidate = try #require(found.candidates.first)
        guard case .bundle(let bundle) = candidate.form,
            case .envelope(let envelope) = bundle.content
        else { throw Failure(.bug, "test", because: "no bundle") }
        let changed = Envelope(
            payloadType: envelope.payloadType, payload: envelope.payload + [0x20],
            signatures: envelope.signatures)
        let forged = SignedEntity(
            location: candidate.location, manifest: candidate.manifest, digest: candidate.digest,
            position: 0,
            form: .bundle(try signedBundle(changed, signedBy: key.publicKey)))
        let report = Evidence(subject: image.digest, candidates: [forged])
            .signatures(by: .key(key.publicKey))
        #expect(report.mostSpecific?.problem.code == .signatureInvalid)
    }

    @Test("a signature whose payload was turned into another type is tampered, not unsigned")
    func changedType() async throws {
        let key = try TestKeys.ecdsaP256()
        let subject = Digest(of: Array("image".utf8), by: .sha256)
        let statement = Statement.document(
            about: subject, name: nil, predicateType: .signature, predicate: [:])
        let signed = try Envelope(signing: statement.compactBytes, as: inTotoPayloadType, with: key)
        let other = statement.compactText.replacing("cosign/sign/v1", with: "cosign/other/v1")
        let changed = Envelope(
            payloadType: signed.payloadType, payload: Array(other.utf8),
            signatures: signed.signatures)
        let candidate = SignedEntity(
            location: .referrersAPI, manifest: subject, digest: subject, position: 0,
            form: .bundle(try signedBundle(changed, signedBy: key.publicKey)))
        let report = Evidence(subject: subject, candidates: [candidate])
            .signatures(by: .key(key.publicKey))
        guard case .failed(let rejected) = report.answer else {
            Issue.record("\(report.answer)")
            return
        }
        #expect(rejected.first?.problem.code == .signatureInvalid)
    }

    @Test(
        "the types that payloads name are looked for within one budget, and are unknown beyond it")
    func claimedTypeBudget() throws {
        let key = try TestKeys.ecdsaP256()
        let subject = Digest(of: Array("image".utf8), by: .sha256)
        let statement = Statement.document(
            about: subject, name: nil, predicateType: .signature, predicate: [:])
        let signed = try Envelope(signing: statement.compactBytes, as: inTotoPayloadType, with: key)
        let bundle = try signedBundle(signed, signedBy: key.publicKey)
        var budget = 2 * signed.payload.count
        var types: [PredicateType?] = []
        for position in 0..<4 {
            types.append(
                SignedEntity(
                    location: .referrersAPI, manifest: subject, digest: subject, position: position,
                    form: .bundle(bundle), spending: &budget
                ).claimedType)
        }
        #expect(types == [.signature, .signature, nil, nil])
        #expect(budget == 0)
    }

    @Test("a signature by a certificate is told as one, and never counts for a key")
    func certificateSigner() async throws {
        let key = try TestKeys.ecdsaP256()
        let subject = Digest(of: Array("image".utf8), by: .sha256)
        let statement = Statement.document(
            about: subject, name: nil, predicateType: .signature, predicate: [:])
        let signed = try Envelope(signing: statement.compactBytes, as: inTotoPayloadType, with: key)
        let document: JSONValue = [
            "mediaType": .string(MediaType.sigstoreBundle.description),
            "verificationMaterial": ["certificate": ["rawBytes": "MAA="]],
            "dsseEnvelope": signed.json,
        ]
        let bundle = try SignatureBundle(parsing: document.compactBytes)
        let candidate = SignedEntity(
            location: .referrersAPI, manifest: subject, digest: subject, position: 0,
            form: .bundle(bundle))
        let report = Evidence(subject: subject, candidates: [candidate])
            .signatures(by: .key(key.publicKey))
        #expect(report.proofs.isEmpty)
        #expect(report.mostSpecific?.problem.code == .otherSignerKind)
    }

    @Test("two old signatures by two keys share a payload and both verify")
    func twoLegacySigners() async throws {
        let (first, second) = (try TestKeys.ecdsaP256(), try TestKeys.ed25519())
        let image = try await smallImage(in: repository, says: "a")
        let claim = UnsignedStatement.signature(on: image.descriptor, in: name, annotations: [:])
        _ = try await write(claim, by: first, as: .legacy)
        _ = try await write(claim, by: second, as: .legacy)
        let found = try await evidence(about: image.digest)
        #expect(found.candidates.count == 2)
        for key in [first, second] {
            #expect(found.signatures(by: .key(key.publicKey)).proofs.count == 1)
        }
    }

    @Test("nothing there is empty evidence that says where was looked")
    func nothingThere() async throws {
        let image = try await smallImage(in: repository, says: "a")
        let found = try await evidence(about: image.digest)
        #expect(found.candidates.isEmpty)
        #expect(found.searches.map(\.location) == [.referrersAPI, .signatureTag, .attestationTag])
        #expect(found.searches.allSatisfy { $0.found == 0 })
    }

    @Test(
        "a registry that cannot answer is a failure, never 'unsigned'",
        arguments: [Failure.Kind.unavailable, .denied, .overLimit])
    func couldNotLook(kind: Failure.Kind) async throws {
        let image = try await smallImage(in: repository, says: "a")
        repository.fail(with: Failure(kind, "cannot ask", because: "the test says so"))
        let found = try await evidence(about: image.digest)
        #expect(found.obstacle(to: .signature)?.kind == kind)
        #expect {
            try found.signatures(by: .key(try TestKeys.ecdsaP256().publicKey))
                .answer(unless: found.obstacle(to: .signature))
        } throws: { ($0 as? Failure)?.kind == kind }
    }

    @Test("evidence whose bytes were replaced in the registry was not read, and is not absent")
    func replacedBytes() async throws {
        let key = try TestKeys.ecdsaP256()
        let image = try await smallImage(in: repository, says: "a")
        _ = try await write(
            .signature(on: image.descriptor, in: name, annotations: [:]), by: key, as: .legacy)
        let layer = try #require(try await evidence(about: image.digest).candidates.first?.digest)
        repository.corrupt(layer, to: Array("{}".utf8))
        let found = try await evidence(about: image.digest)
        #expect(found.signatures(by: .key(key.publicKey)).proofs.isEmpty)
        #expect(found.obstacle(to: .signature)?.kind == .rejected)
    }

    @Test("a signature without the annotations asked for proves nothing, and is not 'unsigned'")
    func unmetRequirement() async throws {
        let key = try TestKeys.ecdsaP256()
        let image = try await smallImage(in: repository, says: "a")
        let claim = UnsignedStatement.signature(
            on: image.descriptor, in: name, annotations: ["build": "17"])
        _ = try await write(claim, by: key)
        let report = try await evidence(about: image.digest).signatures(by: .key(key.publicKey))
            .keeping { $0.annotations["build"] == "18" }
        #expect(report.proofs.isEmpty)
        guard case .requirementsNotMet(let found) = report.answer else {
            Issue.record("\(report.answer)")
            return
        }
        #expect(found.map(\.annotations) == [["build": "17"]])
    }

    private func referrer(
        to image: Manifest, layers: [Descriptor], as type: MediaType = .sigstoreBundle
    ) async throws {
        let manifest = try ImageManifest(
            config: Descriptor(of: Array("{}".utf8), as: .ociEmpty), layers: layers,
            artifactType: type, subject: image.descriptor
        ).manifest()
        try await repository.push(manifest, tag: nil)
    }

    @Test("the evidence of one digest has a budget, spent on the bytes that arrive")
    func budget() async throws {
        let image = try await smallImage(in: repository, says: "a")
        let key = try TestKeys.ecdsaP256()
        let content = [UInt8](repeating: 0x78, count: Limits.evidenceBytes)
        let large = Descriptor(of: content, as: .sigstoreBundle)
        try await repository.push(large, content: ByteStream(content), mountSource: nil)
        let fits = Limits.evidenceBytesPerDigest / Limits.evidenceBytes
        try await referrer(to: image, layers: Array(repeating: large, count: fits - 1))
        #expect(try await evidence(about: image.digest).isComplete)
        try await referrer(to: image, layers: [large, large])
        let claim = UnsignedStatement.signature(on: image.descriptor, in: name, annotations: [:])
        _ = try await write(claim, by: key)
        let found = try await evidence(about: image.digest)
        #expect(found.obstacle(to: .signature)?.kind == .overLimit)
        // What does not fit hides nothing that does.
        #expect(found.signatures(by: .key(key.publicKey)).proofs.count == 1)
    }

    @Test("a size that is only claimed costs nothing")
    func claimedSizes() async throws {
        let image = try await smallImage(in: repository, says: "a")
        let key = try TestKeys.ecdsaP256()
        let small = Descriptor(of: Array("{}".utf8), as: .sigstoreBundle)
        try await repository.push(small, content: ByteStream(Array("{}".utf8)), mountSource: nil)
        var lie = small
        lie.size = Limits.evidenceBytes
        try await referrer(to: image, layers: Array(repeating: lie, count: 20))
        _ = try await write(
            .signature(on: image.descriptor, in: name, annotations: [:]), by: key, as: .legacy)
        let found = try await evidence(about: image.digest)
        // Nothing here went beyond the budget; what was named otherwise than it is was not read.
        #expect(found.searches.compactMap(\.failure?.kind).allSatisfy { $0 == .rejected })
        #expect(found.signatures(by: .key(key.publicKey)).proofs.count == 1)
    }

    @Test("a list that calls a bundle something else hides it from nobody")
    func otherArtifactType() async throws {
        let image = try await smallImage(in: repository, says: "a")
        let key = try TestKeys.ecdsaP256()
        let signed = try await write(
            .signature(on: image.descriptor, in: name, annotations: [:]), by: key)
        let bundle = try await repository.manifest(.digest(signed.digest))
        for type in ["application/spdx+json", "application/vnd.oci.image.config.v1+json"] {
            let misnamed = Relisted(
                inner: repository, bundle: bundle, as: try MediaType(parsing: type))
            let found = try await EvidenceCollector(source: misnamed).everything(
                about: image.digest)
            #expect(found.signatures(by: .key(key.publicKey)).proofs.count == 1)
            // One that is listed, something else, and gone is no finding about evidence.
            repository.fail { request in
                request.contains("manifest \(bundle.digest)")
                    ? Failure(.notFound, "cannot read", because: "it is gone") : nil
            }
            let gone = try await EvidenceCollector(source: misnamed).everything(about: image.digest)
            #expect(gone.candidates.isEmpty && gone.isComplete)
            repository.fail(with: nil)
        }
    }

    @Test("a bundle that is named and gone is a finding, and may have been lost on the way")
    func goneBundle() async throws {
        let image = try await smallImage(in: repository, says: "a")
        try await referrer(to: image, layers: [Descriptor(of: [1], as: .sigstoreBundle)])
        let answer = try await evidence(about: image.digest)
            .signatures(by: .key(try TestKeys.ecdsaP256().publicKey)).answer
        guard case .failed(let rejected) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(rejected.map(\.problem.code) == [.malformed])
        #expect(answer.mayBeLost)
    }

    @Test("a referrer that says it is a bundle and holds none is a finding, not absence")
    func emptyBundle() async throws {
        let image = try await smallImage(in: repository, says: "a")
        try await referrer(to: image, layers: [])
        let answer = try await evidence(about: image.digest)
            .signatures(by: .key(try TestKeys.ecdsaP256().publicKey)).answer
        guard case .failed = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(!answer.mayBeLost)
    }

    @Test("an older signature is found in a referrer too, as cosign's OCI 1.1 mode wrote it")
    func olderShapeInReferrer() async throws {
        let key = try TestKeys.ecdsaP256()
        let image = try await smallImage(in: repository, says: "a")
        let claim = UnsignedStatement.signature(on: image.descriptor, in: name, annotations: [:])
        let tagged = try await write(claim, by: key, as: .legacy)
        guard case .image(let content) = tagged.kind else {
            throw Failure(.bug, "test", because: "")
        }
        try await referrer(to: image, layers: content.layers, as: .cosignSignatureArtifact)
        repository.forget(tagged.digest)
        let report = try await evidence(about: image.digest).signatures(by: .key(key.publicKey))
        #expect(report.proofs.map(\.location) == [.referrersAPI])
    }

    @Test("a signature by digest costs one request for the list and one for each bundle")
    func requestCount() async throws {
        let key = try TestKeys.ecdsaP256()
        let image = try await smallImage(in: repository, says: "a")
        _ = try await write(.signature(on: image.descriptor, in: name, annotations: [:]), by: key)
        let before = repository.requests.count
        let publicKey = key.publicKey
        _ = try await EvidenceCollector(source: repository)
            .collect(.only(.signature), about: image.digest) {
                !$0.signatures(by: .key(publicKey)).proofs.isEmpty
            }
        #expect(repository.requests.count - before == 2)
    }
}

/// A repository whose list of referrers names one of them as something else.
private struct Relisted: ArtifactSource {
    let inner: MemoryRepository
    let bundle: Manifest
    let type: MediaType

    init(inner: MemoryRepository, bundle: Manifest, as type: MediaType) {
        self.inner = inner
        self.bundle = bundle
        self.type = type
    }

    var sourceName: String { inner.sourceName }

    func manifest(_ reference: ManifestReference) async throws -> Manifest {
        try await inner.manifest(reference)
    }

    func referrers(of subject: Digest) async throws -> ReferrersResult {
        var listed = bundle.descriptor
        listed.artifactType = type
        return ReferrersResult(descriptors: [listed], discovery: .referrersAPI)
    }

    func tags() async throws -> [OCI.Tag] { [] }

    func unverifiedStream(of descriptor: Descriptor) async throws -> ByteStream {
        try await inner.unverifiedStream(of: descriptor)
    }
}
