// SPDX-License-Identifier: Apache-2.0
// Layouts as `cosign save` writes them, and ours as cosign reads them.

import Files
import Foundation
import OCI
import Primitives
import Registry
import Signing
import TestSupport
import Testing

@testable import Host

@Suite("layouts of cosign")
struct CosignLayoutTests {
    private let directory: TemporaryDirectory
    private let layout: LayoutDirectory

    init() throws {
        directory = try TemporaryDirectory()
        layout = try LayoutDirectory.create(at: directory.file("layout"))
    }

    // MARK: Making layouts

    private func store(_ text: String) async throws -> Descriptor {
        let bytes = Array(text.utf8)
        let blob = Descriptor(of: bytes, as: .octets)
        try await layout.push(blob, content: ByteStream(bytes), mountSource: nil)
        return blob
    }

    private func image(_ text: String, tag: String? = nil) async throws -> Manifest {
        let manifest = try ImageManifest(
            config: try await store("{\"config\":\"\(text)\"}"), layers: [try await store(text)]
        ).manifest()
        try layout.push(manifest, tag: try tag.map { try Tag(parsing: $0) })
        return manifest
    }

    private func referrer(of subject: Manifest) async throws -> Manifest {
        let manifest = try ImageManifest(
            config: try await store("{}"), layers: [], artifactType: .sigstoreBundle,
            subject: subject.descriptor
        ).manifest()
        try layout.push(manifest, tag: nil)
        return manifest
    }

    private func evidence(_ suffix: String, of subject: Manifest) async throws -> Manifest {
        let manifest = try ImageManifest(
            config: try await store("{}"), layers: [try await store("evidence \(suffix)")]
        ).manifest()
        try layout.push(manifest, tag: Tag(for: subject.digest, suffix: suffix))
        return manifest
    }

    /// Writes `index.json` with these manifests; the pairs are annotations.
    private func writeIndex(_ entries: [(Manifest, ByteStringMap<String>)]) throws {
        let index = ImageIndex(
            manifests: entries.map { manifest, annotations in
                Descriptor(
                    mediaType: manifest.mediaType, digest: manifest.digest,
                    size: manifest.bytes.count, annotations: annotations)
            })
        try writeFile(
            index.json.compactBytes, at: directory.file("layout/index.json"), permissions: 0o644)
    }

    private func kind(_ word: String) -> ByteStringMap<String> {
        ["kind": "dev.cosignproject.cosign/\(word)"]
    }

    private func blob(_ manifest: Manifest) -> String {
        directory.file("layout/blobs/sha256/\(manifest.digest.hex)")
    }

    /// The kinds of the entries by their digests.
    private func kinds() throws -> [Digest: String] {
        var kinds: [Digest: String] = [:]
        for entry in try layout.entries() {
            guard let kind = entry.annotations["kind"] else { continue }
            kinds[entry.digest] = String(kind.dropFirst("dev.cosignproject.cosign/".count))
        }
        return kinds
    }

    // MARK: cosign 3

    @Test("a referrer that no index lists is found among the blobs")
    func unlistedReferrer() async throws {
        let root = try await image("one")
        let other = try await image("two")
        let proof = try await referrer(of: root)
        try writeIndex([(root, kind("image"))])
        for layout in [layout, try LayoutDirectory.open(at: directory.file("layout"))] {
            #expect(layout.referrers(of: root.digest).descriptors == [proof.descriptor])
            #expect(layout.referrers(of: root.digest).failures.isEmpty)
            #expect(layout.referrers(of: other.digest).descriptors.isEmpty)
            #expect(try layout.roots().map(\.digest) == [root.digest])
        }
        let copied = try LayoutDirectory.create(at: directory.file("copy"))
        let report = try await ArtifactCopy(from: layout, to: copied, evidence: .include)
            .run(try await layout.onlyReference(tag: nil), tag: try Tag(parsing: "1"))
        #expect(report.isComplete && report.evidence.map(\.digest) == [proof.digest])
    }

    @Test("the same is true of the layout in a tar file")
    func archive() async throws {
        let root = try await image("one")
        let proof = try await referrer(of: root)
        try writeIndex([(root, kind("image"))])
        #expect(
            try run("tar", "-C", directory.file("layout"), "-cf", directory.file("s.tar"), ".") == 0
        )
        let archive = try await openArtifacts(at: directory.file("s.tar"))
        #expect(try await archive.referrers(of: root.digest).descriptors == [proof.descriptor])
        #expect(try await archive.onlyReference(tag: nil) == .digest(root.digest))
    }

    @Test("blobs that are no manifests change nothing")
    func junk() async throws {
        let root = try await image("one")
        let subject = "{\"mediaType\":\"x/y\",\"digest\":\"\(root.digest)\",\"size\":1}"
        for text in [
            "{", "[]", "{}", "   \n", "{\"subject\":\(subject)}", "{\"subject\":[\(subject)]}",
            "{\"mediaType\":\"application/vnd.in-toto+json\",\"subject\":\(subject)}",
            String(repeating: "{\"a\":", count: 5000), "\u{1f}\u{8b}",
        ] { _ = try await store(text) }
        for name in ["README", ".assay-1-2.partial", String(repeating: "A", count: 64)] {
            try directory.write("{\"subject\":\(subject)}", to: "layout/blobs/sha256/\(name)")
        }
        try FileManager.default.createDirectory(
            atPath: directory.file("layout/blobs/sha256/\(String(repeating: "a", count: 64))"),
            withIntermediateDirectories: true)
        #expect(
            try run(
                "mkfifo",
                directory.file("layout/blobs/sha256/\(String(repeating: "b", count: 64))")) == 0)
        let answer = layout.referrers(of: root.digest)
        #expect(answer.descriptors.isEmpty && answer.failures.isEmpty)
    }

    @Test("a manifest under another digest, and one that is not accepted, are findings")
    func broken() async throws {
        let root = try await image("one")
        let proof = try await referrer(of: root)
        try writeIndex([(root, kind("image"))])
        let wrong = String(repeating: "c", count: 64)
        try FileManager.default.moveItem(
            atPath: blob(proof), toPath: directory.file("layout/blobs/sha256/\(wrong)"))
        let found = try #require(layout.referrers(of: root.digest).descriptors.first)
        #expect(found.digest.hex == wrong)
        await expectFailure(.rejected, "what the layout holds under that name") {
            _ = try layout.manifest(.digest(found.digest))
        }
        let both =
            "{\"schemaVersion\":2,\"mediaType\":\"\(MediaType.ociManifest)\",\"layers\":[],"
            + "\"manifests\":[],\"subject\":{\"digest\":\"\(root.digest)\"}}"
        let refused = try await store(both)
        let answer = layout.referrers(of: root.digest)
        #expect(answer.descriptors.map(\.digest).contains(refused.digest))
    }

    @Test("a blob that cannot be read takes away a no, and no proof")
    func unreadableBlob() async throws {
        let root = try await image("one")
        let proof = try await referrer(of: root)
        try directory.link(
            "layout/blobs/sha256/\(String(repeating: "d", count: 64))", to: blob(proof))
        let answer = layout.referrers(of: root.digest)
        #expect(answer.descriptors == [proof.descriptor])
        #expect(answer.failures.first?.failure.kind == .rejected)
        let collector = EvidenceCollector(source: layout)
        let evidence = try await collector.everything(about: root.digest)
        #expect(!evidence.candidates.isEmpty)
        #expect(evidence.obstacle(to: .signature)?.why.contains("symbolic link") == true)
        try FileManager.default.removeItem(atPath: directory.file("layout/blobs/sha256"))
        try directory.link("layout/blobs/sha256", to: directory.file("elsewhere"))
        let closed = try LayoutDirectory.open(at: directory.file("layout")).referrers(
            of: root.digest)
        #expect(closed.descriptors.isEmpty && closed.discovery == .layout)
        #expect(closed.failures.first?.failure.why.contains("links are not followed") == true)
    }

    @Test("a search that ends at a limit reads what the index lists first, and says that it ended")
    func limits() async throws {
        let root = try await image("one")
        let proof = try await referrer(of: root)
        for number in 0..<20 { _ = try await store("{\"number\":\(number)}") }
        let files = DirectoryLayoutFiles(root: try DirectoryHandle(at: directory.file("layout")))
        for search in [
            ReferrerSearch(files: files, maximumBytes: proof.bytes.count + 8),
            ReferrerSearch(files: files, maximumBytes: 8),
            ReferrerSearch(files: files, maximumBlobs: 3),
        ] {
            let listed = try search.referrers(of: root.digest, listed: [proof.digest])
            #expect(listed.failures.first?.failure.kind == .overLimit)
            let other = try search.referrers(of: proof.digest, listed: [])
            #expect(other.descriptors.isEmpty && other.failures.first?.failure.kind == .overLimit)
        }
        let enough = ReferrerSearch(files: files, maximumBytes: proof.bytes.count + 8)
        #expect(
            try enough.referrers(of: root.digest, listed: [proof.digest]).descriptors
                == [proof.descriptor])
    }

    @Test("what an index lies about is refused: a size, and what a digest names")
    func lies() async throws {
        let root = try await image("one", tag: "1")
        var entry = Descriptor(
            mediaType: root.mediaType, digest: root.digest, size: root.bytes.count + 1)
        entry.annotations["org.opencontainers.image.ref.name"] = "1"
        try writeFile(
            ImageIndex(manifests: [entry]).json.compactBytes,
            at: directory.file("layout/index.json"), permissions: 0o644)
        await expectFailure(.rejected, "the index says that it has") {
            _ = try layout.manifest(.tag(try Tag(parsing: "1")))
        }
        await expectFailure(.rejected, "the index says that it has") {
            _ = try layout.manifest(.digest(root.digest))
        }
        try writeFile(root.bytes + [0x20], at: blob(root), permissions: 0o644)
        await expectFailure(.rejected, "what the layout holds under that name") {
            _ = try layout.manifest(.tag(try Tag(parsing: "1")))
        }
    }

    // MARK: Kinds

    @Test("evidence under a kind is the evidence under the tag, of that image and no other")
    func legacy() async throws {
        let root = try await image("one")
        let signatures = try await evidence(".sig", of: root)
        let attestations = try await evidence(".att", of: root)
        try writeIndex([
            (root, kind("image")), (signatures, kind("sigs")), (attestations, kind("atts")),
        ])
        #expect(try layout.roots().map(\.digest) == [root.digest])
        #expect(
            try layout.manifest(.tag(Tag(for: root.digest, suffix: ".sig"))) == signatures)
        #expect(
            try layout.manifest(.tag(Tag(for: root.digest, suffix: ".att"))) == attestations)
        await expectFailure(.notFound, "no image in the layout has it") {
            _ = try layout.manifest(.tag(Tag(for: root.digest, suffix: ".sbom")))
        }
        await expectFailure(.notFound, "no image in the layout has it") {
            _ = try layout.manifest(.tag(Tag(for: signatures.digest, suffix: ".sig")))
        }
    }

    @Test("of several images, evidence has the name of its own; without one nobody can say whose")
    func severalImages() async throws {
        let first = try await image("one")
        let second = try await image("two")
        let proof = try await evidence(".sig", of: first)
        func named(_ word: String, _ name: String) -> ByteStringMap<String> {
            var annotations = kind(word)
            annotations["org.opencontainers.image.ref.name"] = name
            return annotations
        }
        try writeIndex([
            (first, named("image", "docker.io/library/x:1")),
            (second, named("image", "docker.io/library/y:1")),
            (proof, named("sigs", "docker.io/library/x:1")),
        ])
        #expect(try layout.manifest(.tag(Tag(for: first.digest, suffix: ".sig"))) == proof)
        await expectFailure(.notFound, "no image in the layout has it") {
            _ = try layout.manifest(.tag(Tag(for: second.digest, suffix: ".sig")))
        }
        // Other tools take the signatures under that name, or the image.
        await expectFailure(.rejected, "name one of sha256:") {
            _ = try await layout.reference(.named("x:1"))
        }
        #expect(try await layout.reference(.named("y:1")) == .digest(second.digest))
        try writeIndex([(first, kind("image")), (second, kind("image")), (proof, kind("sigs"))])
        await expectFailure(.rejected, "does not say which of its images") {
            _ = try layout.manifest(.tag(Tag(for: second.digest, suffix: ".sig")))
        }
    }

    @Test("our layouts carry the kinds of the image that was stored last")
    func marks() async throws {
        let first = try await image("one", tag: "1")
        let signatures = try await evidence(".sig", of: first)
        let attestations = try await evidence(".att", of: first)
        #expect(try kinds().isEmpty)
        try layout.mark(image: first.digest)
        #expect(
            try kinds() == [
                first.digest: "image", signatures.digest: "sigs", attestations.digest: "atts",
            ])
        // More evidence under the tag takes the kind over.
        let more = try ImageManifest(
            config: try await store("{}"), layers: [try await store("more")]
        ).manifest()
        try layout.push(more, tag: Tag(for: first.digest, suffix: ".sig"))
        #expect(try kinds()[more.digest] == "sigs" && kinds()[signatures.digest] == nil)
        let second = try await image("two", tag: "2")
        let index = try ImageIndex(manifests: [second.descriptor]).manifest()
        try layout.push(index, tag: try Tag(parsing: "3"))
        try layout.mark(image: index.digest)
        #expect(try kinds() == [index.digest: "imageIndex"])
        #expect(try layout.markedImage() == index.digest)
        #expect(try layout.manifest(.tag(Tag(for: first.digest, suffix: ".sig"))) == more)
        #expect(try layout.manifest(.tag(try Tag(parsing: "1"))) == first)
    }

    @Test("evidence that cosign saved stays with its image when another is stored")
    func marksOfOthers() async throws {
        let first = try await image("one")
        let proof = try await evidence(".sig", of: first)
        try writeIndex([(first, kind("image")), (proof, kind("sigs"))])
        let second = try await image("two", tag: "2")
        try layout.mark(image: second.digest)
        #expect(try kinds() == [second.digest: "image"])
        #expect(try layout.manifest(.tag(Tag(for: first.digest, suffix: ".sig"))) == proof)
        try writeIndex([(first, kind("image")), (proof, kind("sigs"))])
        let more = try await evidence(".sig", of: first)
        #expect(try kinds() == [first.digest: "image", more.digest: "sigs"])
    }
}
