// SPDX-License-Identifier: Apache-2.0
// Image layouts and docker archives: round trips, and the doors that stay shut.

import Files
import Foundation
import OCI
import Primitives
import Registry
import TestSupport
import Testing

@testable import Host

@Suite("images in files")
struct LayoutTests {
    private func image(in layout: LayoutDirectory, _ text: String, tag: String?) async throws
        -> Manifest
    {
        let layer = Array(text.utf8)
        let config = Array(#"{"architecture":"amd64","os":"linux"}"#.utf8)
        for (bytes, type) in [(layer, MediaType.ociLayer), (config, .ociConfig)] {
            try await layout.push(
                Descriptor(of: bytes, as: type), content: ByteStream(bytes), mountSource: nil)
        }
        let manifest = try ImageManifest(
            config: Descriptor(of: config, as: .ociConfig),
            layers: [Descriptor(of: layer, as: .ociLayer)]
        ).manifest()
        try layout.push(manifest, tag: try tag.map { try Tag(parsing: $0) })
        return manifest
    }

    private func evidence(_ subject: Manifest, in layout: LayoutDirectory) async throws -> Manifest
    {
        let empty = Array("{}".utf8)
        let config = Descriptor(of: empty, as: .ociEmpty)
        try await layout.push(config, content: ByteStream(empty), mountSource: nil)
        let manifest = try ImageManifest(
            config: config, layers: [], artifactType: .sigstoreBundle, subject: subject.descriptor
        ).manifest()
        try layout.push(manifest, tag: nil)
        return manifest
    }

    @Test("a layout gives back what it took, by tag, by digest and by subject")
    func roundTrip() async throws {
        let directory = try TemporaryDirectory()
        let layout = try LayoutDirectory.create(at: directory.file("layout"))
        let first = try await image(in: layout, "one", tag: "1")
        let second = try await image(in: layout, "two", tag: "2")
        let proof = try await evidence(first, in: layout)
        let reopened = try LayoutDirectory.open(at: directory.file("layout"))
        #expect(try reopened.manifest(.tag(try Tag(parsing: "1"))) == first)
        #expect(try reopened.manifest(.digest(proof.digest)) == proof)
        #expect(try reopened.tags().map(\.description) == ["1", "2"])
        #expect(reopened.referrers(of: first.digest).descriptors == [proof.descriptor])
        #expect(reopened.referrers(of: second.digest).descriptors.isEmpty)
        #expect(try reopened.roots().map(\.digest) == [first.digest, second.digest])
        let blob = try #require(first.blobs.last)
        #expect(try await reopened.read(blob, atMost: 10) == Array("one".utf8))
        await expectFailure(
            .usage,
            "name one of them: oci:\(directory.file("layout")):1, oci:\(directory.file("layout")):2"
        ) {
            _ = try await reopened.onlyReference(tag: nil)
        }
        // The tag moves; what had it before is still there by digest.
        try reopened.push(second, tag: try Tag(parsing: "1"))
        #expect(try reopened.manifest(.tag(try Tag(parsing: "1"))) == second)
        #expect(try reopened.manifest(.digest(first.digest)) == first)
        await expectFailure(.notFound, "no image in the layout has it") {
            _ = try reopened.manifest(.tag(try Tag(parsing: "3")))
        }
    }

    @Test("a copy between layouts brings the evidence along")
    func copies() async throws {
        let directory = try TemporaryDirectory()
        let source = try LayoutDirectory.create(at: directory.file("a"))
        let destination = try LayoutDirectory.create(at: directory.file("b"))
        let child = try await image(in: source, "one", tag: nil)
        let root = try ImageIndex(manifests: [child.descriptor]).manifest()
        try source.push(root, tag: try Tag(parsing: "1"))
        let proof = try await evidence(child, in: source)
        #expect(try source.roots().map(\.digest) == [root.digest])
        let copy = ArtifactCopy(from: source, to: destination, evidence: .include)
        let report = try await copy.run(
            try await source.onlyReference(tag: nil), tag: try Tag(parsing: "new"))
        #expect(report.isComplete && report.evidence.map(\.digest) == [proof.digest])
        #expect(try destination.roots().map(\.digest) == [root.digest])
        #expect(destination.referrers(of: child.digest).descriptors == [proof.descriptor])
        #expect(try destination.tags().map(\.description) == ["new"])
    }

    @Test("writers that share a layout lose nothing of each other")
    func concurrentWriters() async throws {
        let directory = try TemporaryDirectory()
        let layout = try LayoutDirectory.create(at: directory.file("layout"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...20 {
                group.addTask {
                    let own = try LayoutDirectory.open(at: directory.file("layout"))
                    _ = try await image(in: own, "layer \(number)", tag: "t\(number)")
                }
            }
            try await group.waitForAll()
        }
        #expect(try layout.tags().count == 20)
        #expect(try layout.roots().count == 20)
    }

    @Test("a file is replaced whole; a pipe or device is written into")
    func files() async throws {
        let directory = try TemporaryDirectory()
        for text in ["first", "second"] {
            try writeFile(Array(text.utf8), at: directory.file("file"), permissions: 0o600)
        }
        #expect(try directory.read("file") == Array("second".utf8))
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.file("file"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        try directory.link("device", to: "/dev/null")
        try writeFile([1, 2, 3], at: directory.file("device"), permissions: 0o600)
        #expect(try readFile(at: directory.file("device"), atMost: 0, named: "it") == [])
        await expectFailure(.overLimit, "more than 5 bytes") {
            _ = try readFile(at: directory.file("file"), atMost: 5, named: "the file")
        }
        await expectFailure(.notFound, "cannot read the key") {
            _ = try readFile(at: directory.file("none"), atMost: 5, named: "the key")
        }
    }

    @Test("content that does not match its name is not taken in, and leaves nothing behind")
    func wrongContent() async throws {
        let directory = try TemporaryDirectory()
        let layout = try LayoutDirectory.create(at: directory.file("layout"))
        let blob = Descriptor(of: [1, 2, 3], as: .octets)
        await expectFailure(.rejected, "the content is") {
            try await layout.push(blob, content: ByteStream([1, 2, 4]), mountSource: nil)
        }
        #expect(try !layout.has(blob))
        let left = try FileManager.default.contentsOfDirectory(
            atPath: directory.file("layout/blobs/sha256"))
        #expect(left.isEmpty)
    }

    @Test("unfinished files of stopped writers are swept after a day, and no others")
    func leftovers() async throws {
        let directory = try TemporaryDirectory()
        _ = try LayoutDirectory.create(at: directory.file("layout"))
        let names = [
            "layout/.assay-1-2.partial", "layout/blobs/sha256/.assay-3-4.partial",
            "layout/blobs/sha256/other.partial", "layout/blobs/sha256/.assay-5-6.partial",
        ]
        for name in names {
            try directory.write("half", to: name)
            guard name != names.last else { continue }
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -90_000)],
                ofItemAtPath: directory.file(name))
        }
        _ = try LayoutDirectory.create(at: directory.file("layout"))
        let left = names.filter { FileManager.default.fileExists(atPath: directory.file($0)) }
        #expect(left == Array(names[2...]))
    }

    @Test("links inside a layout are not followed, neither for reading nor for writing")
    func links() async throws {
        let directory = try TemporaryDirectory()
        let layout = try LayoutDirectory.create(at: directory.file("layout"))
        let secret = Descriptor(of: Array("secret".utf8), as: .octets)
        try directory.write("secret", to: "outside/\(secret.digest.hex)")
        try directory.link("layout/blobs", to: directory.file("outside"))
        await expectFailure(.notFound, "cannot open the folder") {
            try await layout.push(
                secret, content: ByteStream(Array("secret".utf8)), mountSource: nil)
        }
        try FileManager.default.removeItem(atPath: directory.file("layout/blobs"))
        try FileManager.default.createDirectory(
            atPath: directory.file("layout/blobs/sha256"), withIntermediateDirectories: true)
        try directory.link(
            "layout/blobs/sha256/\(secret.digest.hex)",
            to: directory.file("outside/\(secret.digest.hex)"))
        await expectFailure(.rejected, "symbolic link") {
            _ = try await layout.read(secret, atMost: 100)
        }
    }

    @Test("a folder with other things in it, another version, or no layout is refused")
    func otherDirectories() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("x", to: "busy/file")
        await expectFailure(.usage, "other files") {
            _ = try LayoutDirectory.create(at: directory.file("busy"))
        }
        await expectFailure(.notFound, "no file oci-layout") {
            _ = try LayoutDirectory.open(at: directory.file("busy"))
        }
        try directory.write(#"{"imageLayoutVersion":"2.0.0"}"#, to: "new/oci-layout")
        await expectFailure(.unsupported, "2.0.0") {
            _ = try LayoutDirectory.open(at: directory.file("new"))
        }
        await expectFailure(.notFound, "no such file") {
            _ = try await openArtifacts(at: directory.file("nothing"))
        }
        try directory.write("\u{1f}text", to: "text")
        await expectFailure(.malformed, "text") {
            _ = try await openArtifacts(at: directory.file("text"))
        }
    }

    // MARK: Archives

    private func tar(_ files: [(String, TarMember.Kind, [UInt8])]) -> [UInt8] {
        files.flatMap { path, kind, bytes in
            TarWriter.header(TarMember(path: path, kind: kind, permissions: 0o644), modified: 0)
                + bytes + TarWriter.padding(after: bytes.count)
        } + TarWriter.end
    }

    private func file(_ path: String, _ bytes: [UInt8]) -> (String, TarMember.Kind, [UInt8]) {
        (path, .file(size: bytes.count), bytes)
    }

    private func dockerArchive(layer: [UInt8], says: [UInt8]) -> [UInt8] {
        let config =
            #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["#
            + "\"\(Digest(of: says, by: .sha256))\",\"\(Digest(of: says, by: .sha256))\"]}}"
        let list =
            #"[{"Config":"c.json","RepoTags":["acme/api:1"],"Layers":["a/layer.tar","b/layer.tar"]}]"#
        return tar([
            file("a/layer.tar", layer), ("b/layer.tar", .symbolicLink(to: "../a/layer.tar"), []),
            file("c.json", Array(config.utf8)), file("manifest.json", Array(list.utf8)),
        ])
    }

    @Test("a docker archive reads as an image, its linked layers too")
    func docker() async throws {
        let directory = try TemporaryDirectory()
        let layer = tar([file("etc/hosts", Array("x".utf8))])
        try writeFile(
            dockerArchive(layer: layer, says: layer), at: directory.file("image.tar"),
            permissions: 0o644)
        let archive = try await openArtifacts(at: directory.file("image.tar"))
        #expect(archive is DockerArchive)
        #expect(try await archive.tags().map(\.description) == ["1"])
        let manifest = try await archive.manifest(.tag(try Tag(parsing: "1")))
        guard case .image(let image) = manifest.kind else {
            Issue.record("it is no image")
            return
        }
        #expect(
            image.layers == [
                Descriptor(of: layer, as: .ociLayer), Descriptor(of: layer, as: .ociLayer),
            ])
        #expect(try await archive.read(image.layers[0], atMost: 10_000) == layer)
        #expect(try await archive.onlyReference(tag: nil) == .digest(manifest.digest))
    }

    @Test("a docker archive whose layer is not what its configuration says is refused")
    func wrongLayer() async throws {
        let directory = try TemporaryDirectory()
        try writeFile(
            dockerArchive(layer: tar([]), says: [1]), at: directory.file("image.tar"),
            permissions: 0o644)
        await expectFailure(.rejected, "the configuration says") {
            _ = try await openArtifacts(at: directory.file("image.tar"))
        }
    }

    @Test("an archive that is cut off, holds a name twice or is compressed is refused")
    func brokenArchives() async throws {
        let directory = try TemporaryDirectory()
        let twice = tar([file("manifest.json", [1]), file("./manifest.json", [2])])
        let cut = Array(tar([file("oci-layout", [UInt8](repeating: 1, count: 5000))]).prefix(2000))
        let rows: [([UInt8], Failure.Kind, String)] = [
            (twice, .rejected, "twice"), (cut, .malformed, "the file ends before"),
            ([0x1f, 0x8b, 8, 0, 0, 0, 0], .unsupported, "gunzip"),
            (tar([file("other", [1])]), .unsupported, "neither"),
        ]
        for (bytes, kind, part) in rows {
            try writeFile(bytes, at: directory.file("image.tar"), permissions: 0o600)
            await expectFailure(kind, part) {
                _ = try await openArtifacts(at: directory.file("image.tar"))
            }
        }
    }

    // MARK: Folders

    private func fill(_ directory: TemporaryDirectory, _ root: String) throws {
        let long = String(repeating: "deep/", count: 60) + "file"
        for (name, text) in [("b", "B"), ("a/x", "X"), ("é", "utf8"), (long, "long")] {
            try directory.write(text, to: "\(root)/\(name)")
        }
        try directory.write("run", to: "\(root)/bin/tool", permissions: 0o4755)
        try directory.link("\(root)/link", to: "/etc/passwd")
    }

    @Test("the same folder gives the same image, and GNU tar reads its layer")
    func reproducible() async throws {
        let directory = try TemporaryDirectory()
        try fill(directory, "one")
        try fill(directory, "two")
        let platform = try Platform(parsing: "linux/amd64")
        func image(_ name: String, _ time: Int = 0) throws -> DirectoryImage {
            try DirectoryImage(
                directory: directory.file(name), platform: platform,
                created: Timestamp(seconds: time),
                createdBy: "assay")
        }
        let one = try image("one")
        #expect(try one.root == image("two").root)
        #expect(try one.root != image("two", 1).root)
        let config = try ImageConfiguration(parsing: one.configuration)
        #expect(config.layerDigests.count == 1 && config.platform == platform)
        let layer = try await one.read(one.layer, atMost: 1_000_000)
        try writeFile(layer, at: directory.file("layer.tar.gz"), permissions: 0o644)
        try FileManager.default.createDirectory(
            atPath: directory.file("out"), withIntermediateDirectories: true)
        #expect(
            try run(
                "tar", "-xzf", directory.file("layer.tar.gz"), "-C", directory.file("out"), "-p")
                == 0
        )
        #expect(
            try run("diff", "-r", "--no-dereference", directory.file("one"), directory.file("out"))
                == 0)
        let copied = try LayoutDirectory.create(at: directory.file("layout"))
        let report = try await ArtifactCopy(from: one, to: copied, evidence: .include)
            .run(.digest(one.root.digest), tag: try Tag(parsing: "1"))
        #expect(report.isComplete && report.blobsCopied == 2)
    }

    @Test("our layer, unpacked by our reader, has every path once and in order")
    func layerEntries() async throws {
        let directory = try TemporaryDirectory()
        try fill(directory, "one")
        let made = try DirectoryLayer(
            directory: directory.file("one"), modified: Timestamp(seconds: 1_700_000_000))
        var inflater = Inflater(named: "layer", caps: .layer)
        var reader = TarReader(named: "layer")
        var entries: [TarEntry] = []
        inflater.add(try made.file.whole(atMost: 1_000_000, named: "layer"))
        inflater.end()
        var hasher = ContentHasher(.sha256)
        while let chunk = try inflater.next() {
            hasher.update(chunk)
            reader.add(chunk)
            while let event = try reader.next() {
                if case .entry(let entry) = event { entries.append(entry) }
            }
        }
        #expect(hasher.finish() == made.contentDigest)
        #expect(entries.allSatisfy { $0.modified == 1_700_000_000 })
        let paths = entries.map { String(decoding: $0.path, as: UTF8.self) }
        #expect(paths.first == "a/" && paths.contains("link") && Set(paths).count == paths.count)
        #expect(paths.contains { $0.hasSuffix("deep/file") && $0.utf8.count > 256 })
        let tool = try #require(
            entries.first { String(decoding: $0.path, as: UTF8.self) == "bin/tool" })
        #expect(tool.mode == 0o4755)
    }

    @Test("deletion marks, pipes and missing folders are refused")
    func refusedDirectories() async throws {
        let directory = try TemporaryDirectory()
        let zero = Timestamp(seconds: 0)
        try directory.write("x", to: "marks/.wh.passwd")
        await expectFailure(.unsupported, ".wh.") {
            _ = try DirectoryLayer(directory: directory.file("marks"), modified: zero)
        }
        try directory.write("x", to: "pipes/file")
        #expect(try run("mkfifo", directory.file("pipes/pipe")) == 0)
        await expectFailure(.unsupported, "a pipe") {
            _ = try DirectoryLayer(directory: directory.file("pipes"), modified: zero)
        }
        await expectFailure(.notFound, "no such file") {
            _ = try DirectoryLayer(directory: directory.file("none"), modified: zero)
        }
    }
}
