// SPDX-License-Identifier: Apache-2.0
// Copies that bring everything along, and say by name what they could not.

import OCI
import Primitives
import Registry
import Synchronization
import TestSupport
import Testing

@Suite("copying")
struct CopyTests {
    /// An index of two images with evidence of every kind: on the index, on an image, on evidence.
    private func chain(on stage: Stage) async throws -> (root: Manifest, evidence: Set<Digest>) {
        let first = try await stage.image("first")
        let second = try await stage.image("second")
        let root = try ImageIndex(manifests: [first.descriptor, second.descriptor]).manifest()
        let tag = try Tag(parsing: "2")
        try await stage.repository.push(root, tag: tag)
        let bundle = try await stage.referrer(to: root, "bundle")
        let onImage = try await stage.referrer(to: first, "on the image")
        let onEvidence = try await stage.referrer(to: bundle, "on the bundle")
        let signature = try await stage.image("signature")
        try await stage.repository.push(signature, tag: Tag(for: root.digest, suffix: ".sig"))
        let inventory = try await stage.image("inventory")
        try await stage.repository.push(inventory, tag: Tag(for: second.digest, suffix: ".sbom"))
        return (
            root, Set([bundle, onImage, onEvidence, signature, inventory].map(\.digest))
        )
    }

    private func run(
        _ from: Stage, _ to: Stage, evidence: EvidenceChoice = .include,
        rule: ArtifactCopy.TagRule = .whenComplete
    ) async throws -> CopyReport {
        let copy = ArtifactCopy(
            from: from.repository, to: to.repository, evidence: evidence, tagRule: rule)
        return try await copy.run(.tag(try Tag(parsing: "2")), tag: try Tag(parsing: "live"))
    }

    @Test("everything that belongs to an image is found", arguments: [true, false])
    func graph(hasAPI: Bool) async throws {
        let stage = try Stage()
        stage.registry.change { $0.hasReferrersAPI = hasAPI }
        let (root, evidence) = try await chain(on: stage)
        let graph = try await ArtifactGraph.discover(
            .tag(try Tag(parsing: "2")), in: stage.repository, evidence: .include)
        #expect(graph.root == root)
        #expect(Set(graph.evidence.map(\.manifest.digest)) == evidence)
        #expect(graph.nodes.count == 8 && graph.missingDescriptors.isEmpty)
        // A child stands before the index that lists it, a subject before its referrer.
        let order = graph.nodes.map(\.manifest.digest)
        for node in graph.nodes {
            let place = try #require(order.firstIndex(of: node.manifest.digest))
            for child in node.manifest.children {
                #expect(try #require(order.firstIndex(of: child.digest)) < place)
            }
            if let subject = node.manifest.subject {
                #expect(try #require(order.firstIndex(of: subject.digest)) < place)
            }
        }
    }

    @Test(
        "a copy is complete across registries with and without the API", arguments: [true, false],
        [true, false])
    func complete(sourceHasAPI: Bool, destinationHasAPI: Bool) async throws {
        let source = try Stage()
        let destination = try Stage(host: "other.example")
        source.registry.change { $0.hasReferrersAPI = sourceHasAPI }
        destination.registry.change { $0.hasReferrersAPI = destinationHasAPI }
        let (root, evidence) = try await chain(on: source)
        let report = try await run(source, destination)
        #expect(report.isComplete && report.root.digest == root.digest)
        #expect(report.tag?.description == "live")
        #expect(Set(report.evidence.map(\.digest)) == evidence)
        #expect(report.manifestsCopied == 8 && report.manifestsSkipped == 0)
        let there = try await ArtifactGraph.discover(
            .tag(try Tag(parsing: "live")), in: destination.repository, evidence: .include)
        #expect(Set(there.nodes.map(\.manifest.digest)) == evidence.union(root.family))
        for blob in there.blobs {
            _ = try await destination.repository.read(blob, atMost: 10_000)
        }
        // The list itself is made anew at the destination, never copied over what is there.
        let listTag = Tag(for: root.digest).description
        let hasList = destination.registry.state.withLock {
            $0.repositories["acme/api"]?.tags[listTag] != nil
        }
        #expect(hasList == !destinationHasAPI)
        let lastPut = destination.registry.seen.last { $0.method == "PUT" }
        #expect(lastPut?.path.hasSuffix("/manifests/live") == true)

        let again = try await run(source, destination)
        #expect(again.isComplete && again.manifestsCopied == 0 && again.blobsCopied == 0)
        #expect(again.manifestsSkipped == 8)
    }

    @Test("evidence stays behind when it is left out")
    func leftOut() async throws {
        let source = try Stage()
        let destination = try Stage(host: "other.example")
        _ = try await chain(on: source)
        let report = try await run(source, destination, evidence: .leaveOut)
        #expect(report.isComplete && report.evidence.isEmpty && report.manifestsCopied == 3)
    }

    @Test("evidence the destination will not take is named, and the tag is not moved")
    func refusedEvidence() async throws {
        let source = try Stage()
        let destination = try Stage(host: "other.example")
        let (_, evidence) = try await chain(on: source)
        destination.registry.intercept { request, _ in
            String(decoding: request.body, as: UTF8.self).contains("\"subject\"")
                && request.method == "PUT" ? answer(400, body: "no artifacts here".utf8) : nil
        }
        let report = try await run(source, destination)
        #expect(!report.isComplete && report.tag == nil)
        #expect(report.missing.count == 3)
        #expect(report.missing.allSatisfy { evidence.contains($0.digest) })
        #expect(report.missing.contains { $0.description.contains("no artifacts here") })
        let text = try #require(report.missing.first?.description)
        #expect(text.hasPrefix("referrer \(MediaType.sigstoreBundle) sha256:"))
        let forced = try await run(source, destination, rule: .always)
        #expect(forced.tag != nil && forced.missing.count == 3)
    }

    @Test("evidence the destination loses after taking it is found out by asking")
    func lostEvidence() async throws {
        let source = try Stage()
        let destination = try Stage(host: "other.example")
        _ = try await chain(on: source)
        destination.registry.intercept { request, _ in
            request.path.contains("/referrers/")
                ? answer(
                    200, ["Content-Type": MediaType.ociIndex.description],
                    body: ImageIndex(manifests: []).json.compactBytes) : nil
        }
        let report = try await run(source, destination)
        #expect(report.missing.count == 3 && report.tag == nil)
        #expect(report.missing.allSatisfy { $0.why.contains("does not list it after the copy") })
    }

    @Test("what a list names and the source does not have is named")
    func missing() async throws {
        let source = try Stage()
        let destination = try Stage(host: "other.example")
        source.registry.change { $0.hasReferrersAPI = false }
        let (root, _) = try await chain(on: source)
        let lost = try await source.referrer(to: root, "lost")
        source.registry.change {
            $0.repositories["acme/api"]?.manifests[lost.digest.description] = nil
        }
        let report = try await run(source, destination)
        #expect(report.missing.map(\.digest) == [lost.digest])
        #expect(report.missing.first?.belongsTo == root.digest)
    }

    @Test(
        "a list or tag of the source that cannot be read is named, and the rest is copied",
        arguments: ["/referrers/", ".sig", ".att", ".sbom"])
    func closedSource(place: String) async throws {
        let source = try Stage()
        let destination = try Stage(host: "other.example")
        let (root, _) = try await chain(on: source)
        source.registry.intercept { request, _ in
            request.path.contains(place) ? answer(403) : nil
        }
        let report = try await run(source, destination)
        #expect(!report.isComplete && report.tag == nil && report.missing.isEmpty)
        let ofRoot = report.unread.filter { $0.belongsTo == root.digest }
        #expect(ofRoot.count == 1 && ofRoot.allSatisfy { $0.failure.kind == .denied })
        #expect(try await destination.repository.manifest(.digest(root.digest)) == root)
        if place != ".sig" {
            #expect(report.evidence.contains { $0.kind == .signatureTag })
        }
    }

    @Test("one referrer of an unknown kind is named as missing, and hides no other")
    func unknownReferrer() async throws {
        let source = try Stage()
        let destination = try Stage(host: "other.example")
        let (root, evidence) = try await chain(on: source)
        let artifact = try unknownArtifact(about: root)
        source.registry.intercept { request, _ in
            artifact.answer(request, in: source.registry, about: root)
        }
        let report = try await run(source, destination)
        #expect(report.missing.map(\.digest) == [artifact.descriptor.digest])
        #expect(report.unread.isEmpty && report.tag == nil)
        #expect(Set(report.evidence.map(\.digest)) == evidence)
    }

    @Test("one referrer that the source does not hand over is named as unread")
    func closedReferrer() async throws {
        let source = try Stage()
        let destination = try Stage(host: "other.example")
        let (root, _) = try await chain(on: source)
        let closed = try await source.referrer(to: root, "closed")
        source.registry.intercept { request, _ in
            request.path.contains("/manifests/\(closed.digest)") ? answer(403) : nil
        }
        let report = try await run(source, destination)
        #expect(report.unread.map(\.digest) == [closed.digest])
        #expect(report.missing.isEmpty && report.tag == nil)
    }

    @Test("a destination that does not tell afterwards leaves open whether evidence arrived")
    func closedDestination() async throws {
        let source = try Stage()
        let destination = try Stage(host: "other.example")
        _ = try await chain(on: source)
        destination.registry.intercept { request, _ in
            request.path.contains("/referrers/") ? answer(401) : nil
        }
        let report = try await run(source, destination)
        #expect(report.missing.isEmpty && report.unread.count == 3 && report.tag == nil)
    }

    @Test("an image of an index that cannot be read fails the copy")
    func closedChild() async throws {
        let source = try Stage()
        let (root, _) = try await chain(on: source)
        let child = try #require(root.children.first)
        source.registry.intercept { request, _ in
            request.path.contains("/manifests/\(child.digest)") ? answer(403) : nil
        }
        let destination = try Stage(host: "other.example")
        await expectFailure(.denied, "answered 403") { _ = try await run(source, destination) }
    }

    @Test("other evidence under the same tag at the destination is left as it is, and named")
    func occupiedSignatureTag() async throws {
        let source = try Stage()
        let destination = try Stage(host: "other.example")
        let (root, _) = try await chain(on: source)
        let other = try await destination.image("their signature")
        let tag = Tag(for: root.digest, suffix: ".sig")
        try await destination.repository.push(other, tag: tag)
        let report = try await run(source, destination)
        #expect(report.missing.count == 1)
        #expect(report.missing.first?.why.contains("other evidence under the tag") == true)
        #expect(try await destination.repository.manifest(.tag(tag)) == other)
    }

    @Test("a referrer that names another subject is not believed")
    func falseReferrer() async throws {
        let stage = try Stage()
        stage.registry.change { $0.hasReferrersAPI = false }
        let image = try await stage.image("victim")
        let other = try await stage.image("other")
        let foreign = try await stage.referrer(to: other, "about the other")
        let list = try ImageIndex(manifests: [foreign.descriptor]).manifest()
        try await stage.repository.push(list, tag: Tag(for: image.digest))
        let graph = try await ArtifactGraph.discover(
            .digest(image.digest), in: stage.repository, evidence: .include)
        #expect(graph.evidence.isEmpty)
    }

    @Test("an index nested deeper than the limit is refused")
    func deep() async throws {
        let stage = try Stage()
        var manifest = try await stage.image()
        for _ in 0...Limits.graphDepth {
            manifest = try ImageIndex(manifests: [manifest.descriptor]).manifest()
            try await stage.repository.push(manifest, tag: nil)
        }
        await expectFailure(.overLimit, "nested deeper than \(Limits.graphDepth)") {
            _ = try await ArtifactGraph.discover(
                .digest(manifest.digest), in: stage.repository, evidence: .leaveOut)
        }
    }

    @Test("within one registry blobs are mounted and nothing is downloaded")
    func mounting() async throws {
        let stage = try Stage()
        _ = try await chain(on: stage)
        let live = stage.client.repository(try Repository(parsing: "registry.example/acme/live"))
        let events = Mutex<[CopyEvent]>([])
        let copy = ArtifactCopy(from: stage.repository, to: live, evidence: .include) { event in
            events.withLock { $0.append(event) }
        }
        let report = try await copy.run(.tag(try Tag(parsing: "2")), tag: nil)
        #expect(report.isComplete && report.blobsCopied == 0 && report.blobsMounted > 0)
        #expect(report.tag == nil)
        let seen = events.withLock { $0 }
        #expect(!seen.contains { if case .moved = $0 { true } else { false } })
        guard case .discovered(let manifests, _, _)? = seen.first else {
            Issue.record("the first event is not the discovery")
            return
        }
        #expect(manifests == 8)
    }

    @Test("a large blob whose upload breaks is read and pushed again")
    func brokenUpload() async throws {
        let source = try Stage()
        let destination = try Stage(host: "other.example")
        let layer = [UInt8](repeating: 1, count: Limits.replayableBlobBytes + 1)
        let config = Array("{}".utf8)
        try await source.put(layer, .ociLayer)
        try await source.put(config, .ociConfig)
        let image = try ImageManifest(
            config: Descriptor(of: config, as: .ociConfig),
            layers: [Descriptor(of: layer, as: .ociLayer)]
        ).manifest()
        try await source.repository.push(image, tag: try Tag(parsing: "2"))
        let broken = Mutex(false)
        destination.registry.intercept { request, _ in
            guard request.method == "PUT", request.body.count > 1_000_000,
                broken.withLock({ was in
                    defer { was = true }
                    return !was
                })
            else { return nil }
            throw stalled
        }
        let report = try await run(source, destination)
        #expect(report.isComplete && report.blobsCopied == 2)
    }
}

/// An artifact manifest of image-spec 1.1-rc, which some registries still list.
private struct UnknownArtifact: Sendable {
    let descriptor: Descriptor
    let bytes: [UInt8]

    /// Answers for the artifact, and lists it among the referrers of `root`.
    func answer(
        _ request: SeenRequest, in registry: RegistryDouble, about root: Manifest
    ) -> TransportResponse? {
        let type = ["Content-Type": descriptor.mediaType.description]
        if request.path.contains("/manifests/\(descriptor.digest)") {
            return RegistryTests.answer(200, type, body: bytes)
        }
        guard request.path.contains("/referrers/\(root.digest)") else { return nil }
        let contents = registry.state.withLock { $0.repositories["acme/api"]?.manifests ?? [:] }
        let listed = contents.values.compactMap { stored -> Descriptor? in
            let manifest = try? Manifest(parsing: stored.bytes, as: nil)
            return manifest?.subject?.digest == root.digest ? manifest?.descriptor : nil
        }
        return RegistryTests.answer(
            200, body: ImageIndex(manifests: [descriptor] + listed).json.compactBytes)
    }
}

private func unknownArtifact(about root: Manifest) throws -> UnknownArtifact {
    let type = try MediaType(parsing: "application/vnd.oci.artifact.manifest.v1+json")
    let document: JSONValue = [
        "mediaType": .string(type.description),
        "artifactType": "application/vnd.example.sbom", "blobs": [],
        "subject": root.descriptor.json,
    ]
    return UnknownArtifact(
        descriptor: Descriptor(of: document.compactBytes, as: type), bytes: document.compactBytes)
}

extension Manifest {
    /// The digests of an index and its children.
    fileprivate var family: Set<Digest> { Set(children.map(\.digest)).union([digest]) }
}
