// SPDX-License-Identifier: Apache-2.0
// Names of images in layouts and archives, as other tools write them and people type them.

import Files
import Foundation
import OCI
import Primitives
import TestSupport
import Testing

@testable import Host

@Suite("names in layouts")
struct LayoutNameTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func manifest(_ text: String) throws -> Manifest {
        try ImageManifest(
            config: Descriptor(of: Array("{}".utf8), as: .ociConfig),
            layers: [Descriptor(of: Array(text.utf8), as: .ociLayer)]
        ).manifest()
    }

    /// A layout of one image for each row; the rows are its annotations.
    private func layout(_ rows: [ByteStringMap<String>]) throws -> LayoutDirectory {
        let path = directory.file("layout-\(UUID().uuidString)")
        let layout = try LayoutDirectory.create(at: path)
        var entries: [Descriptor] = []
        for (number, annotations) in rows.enumerated() {
            let manifest = try manifest("image \(number)")
            try layout.push(manifest, tag: nil)
            entries.append(
                Descriptor(
                    mediaType: manifest.mediaType, digest: manifest.digest,
                    size: manifest.bytes.count, annotations: annotations))
        }
        try writeFile(
            ImageIndex(manifests: entries).json.compactBytes, at: path + "/index.json",
            permissions: 0o644)
        return layout
    }

    private let reference = "org.opencontainers.image.ref.name"
    private let containerd = "io.containerd.image.name"

    @Test(
        "a name means the entry that has it, in any of its spellings",
        arguments: [
            ("docker.io/library/x:1", 0), ("x:1", 0), ("index.docker.io/library/x:1", 0),
            ("docker.io/library/y:2", 1), ("2", 1), ("z", 2), ("docker.io/library/z:latest", 2),
            ("ghcr.io/acme/api:v1", 3), ("v1", 3), ("odd name, no reference", 4),
        ])
    func names(_ typed: String, _ index: Int) async throws {
        let layout = try layout([
            [reference: "docker.io/library/x:1"], [reference: "docker.io/library/y:2"],
            [reference: "z"], [containerd: "ghcr.io/acme/api:v1", reference: "v1"],
            [reference: "odd name, no reference"], [:],
        ])
        let expected = try layout.entries()[index].digest
        #expect(try await layout.reference(.named(typed)) == .digest(expected))
    }

    @Test("an exact name comes before one whose tag it is; two equal ones are refused")
    func order() async throws {
        let layout = try layout([
            [reference: "docker.io/library/x:1"], [reference: "1"],
            [reference: "docker.io/library/y:1"],
        ])
        let entries = try layout.entries()
        #expect(try await layout.reference(.named("1")) == .digest(entries[1].digest))
        #expect(try layout.manifest(.tag(try Tag(parsing: "1"))).digest == entries[1].digest)
        let twice = try self.layout([
            [reference: "docker.io/library/x:1"], [reference: "docker.io/library/y:1"],
        ])
        await expectFailure(.rejected, "name one of docker.io/library/x:1, docker.io/library/y:1") {
            _ = try await twice.reference(.named("1"))
        }
    }

    @Test("of several images one must be named, and the message says how")
    func choice() async throws {
        let layout = try layout([[reference: "a"], [containerd: "ghcr.io/acme/b:1"], [:]])
        let path = layout.sourceName
        await expectFailure(
            .usage, "oci:\(path):a, oci:\(path):ghcr.io/acme/b:1, oci:\(path):@2"
        ) { _ = try await layout.reference(.only) }
        await expectFailure(.notFound, "oci:\(path):a") {
            _ = try await layout.reference(.named("c"))
        }
        let third = try layout.entries()[2].digest
        #expect(try await layout.reference(.position(2)) == .digest(third))
        await expectFailure(.notFound, "it lists 3") {
            _ = try await layout.reference(.position(3))
        }
        await expectFailure(.usage, "it holds no image") {
            _ = try await self.layout([]).reference(.only)
        }
    }

    @Test("a full name is written as it is typed, and replaces no other")
    func written() async throws {
        let path = directory.file("layout")
        let layout = try LayoutDirectory.create(at: path)
        let (first, second) = (try manifest("one"), try manifest("two"))
        let tag = try Tag(parsing: "1")
        try layout.naming("docker.io/library/x:1").push(first, tag: tag)
        try layout.naming("docker.io/library/y:1").push(second, tag: tag)
        #expect(
            try layout.entries().map { $0.annotations[reference] } == [
                "docker.io/library/x:1", "docker.io/library/y:1",
            ])
        try layout.naming("docker.io/library/x:1").push(second, tag: tag)
        #expect(try await layout.reference(.named("x:1")) == .digest(second.digest))
        // Evidence tags are names of their own.
        try layout.naming("docker.io/library/x:1").push(
            first, tag: Tag(for: second.digest, suffix: ".sig"))
        #expect(try layout.manifest(.tag(Tag(for: second.digest, suffix: ".sig"))) == first)
    }

    @Test("a transport says what the archive must be")
    func transports() async throws {
        _ = try layout([[:]])
        try FileManager.default.createDirectory(
            atPath: directory.file("folder"), withIntermediateDirectories: true)
        await expectFailure(.usage, "name it oci:") {
            _ = try await openArtifacts(at: directory.file("folder"), as: .ociArchive)
        }
        let version = #"{"imageLayoutVersion":"1.0.0"}"#
        try directory.write(version, to: "made/oci-layout")
        #expect(
            try run("tar", "-C", directory.file("made"), "-cf", directory.file("m.tar"), ".") == 0)
        #expect(
            try await openArtifacts(at: directory.file("m.tar"), as: .ociArchive).transport
                == .ociArchive)
        await expectFailure(.unsupported, "name it oci-archive:") {
            _ = try await openArtifacts(at: directory.file("m.tar"), as: .dockerArchive)
        }
        for (bytes, program) in [
            ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "unxz"), ([0x42, 0x5a, 0x68, 0x39], "bunzip2"),
        ] as [([UInt8], String)] {
            try writeFile(bytes, at: directory.file("packed"), permissions: 0o644)
            await expectFailure(.unsupported, program) {
                _ = try await openArtifacts(at: directory.file("packed"), as: .dockerArchive)
            }
        }
    }
}
