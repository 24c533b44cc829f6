// SPDX-License-Identifier: Apache-2.0
// Hints in index.json, which nothing signs, against the content of what they are about.

import Files
import Foundation
import OCI
import Primitives
import TestSupport
import Testing

@testable import Host

/// What a manifest holds.
enum LayoutContent: CaseIterable {
    case image, imageWithSubject, indexOfImage
    case signature, artifact, fallbackList

    /// Whether a runtime can make a root file system of it.
    var isRunnable: Bool {
        switch self {
        case .image, .imageWithSubject, .indexOfImage: true
        case .signature, .artifact, .fallbackList: false
        }
    }

    var hasSubject: Bool { self == .imageWithSubject || self == .artifact }
}

/// What the entry in index.json says that the manifest is.
enum LayoutHint: CaseIterable {
    case none, signatures, attestations, inventories, unknownKind, image, evidenceTag, mediaType

    var annotations: ByteStringMap<String> {
        switch self {
        case .none, .mediaType: [:]
        case .signatures: ["kind": "dev.cosignproject.cosign/sigs"]
        case .attestations: ["kind": "dev.cosignproject.cosign/atts"]
        case .inventories: ["kind": "dev.cosignproject.cosign/sboms"]
        case .unknownKind: ["kind": "dev.cosignproject.cosign/new"]
        case .image: ["kind": "dev.cosignproject.cosign/image"]
        case .evidenceTag:
            [
                "org.opencontainers.image.ref.name": "sha256-"
                    + String(repeating: "a", count: 64) + ".sig"
            ]
        }
    }
}

@Suite("ambiguous layouts")
struct LayoutAmbiguityTests {
    private let directory: TemporaryDirectory
    private let layout: LayoutDirectory

    init() throws {
        directory = try TemporaryDirectory()
        layout = try LayoutDirectory.create(at: directory.file("layout"))
    }

    private func store(_ text: String, as type: MediaType) async throws -> Descriptor {
        let bytes = Array(text.utf8)
        let blob = Descriptor(of: bytes, as: type)
        try await layout.push(blob, content: ByteStream(bytes), mountSource: nil)
        return blob
    }

    private func image(_ text: String, subject: Descriptor? = nil) async throws -> Manifest {
        let config =
            #"{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[]},"x":"\#(text)"}"#
        return try ImageManifest(
            config: try await store(config, as: .ociConfig),
            layers: [try await store(text, as: .ociLayer)], subject: subject
        ).manifest()
    }

    private func manifest(_ content: LayoutContent, about image: Manifest) async throws -> Manifest
    {
        let made: Manifest
        switch content {
        case .image: made = try await self.image("other")
        case .imageWithSubject:
            made = try await self.image("other", subject: image.descriptor)
        case .indexOfImage:
            let child = try await self.image("other")
            try layout.push(child, tag: nil)
            made = try ImageIndex(manifests: [child.descriptor]).manifest()
        case .signature:
            // cosign gives its signatures the configuration of an image.
            made = try ImageManifest(
                config: try await store(#"{"rootfs":{"diff_ids":[]}}"#, as: .ociConfig),
                layers: [try await store("{}", as: .simpleSigning)]
            ).manifest()
        case .artifact:
            // oras gives its files the type of a layer, and no configuration.
            made = try ImageManifest(
                config: try await store("{}", as: .ociEmpty),
                layers: [try await store("file", as: .ociLayer)],
                artifactType: try MediaType(parsing: "application/vnd.acme.report"),
                subject: image.descriptor
            ).manifest()
        case .fallbackList:
            let artifact = try await manifest(.artifact, about: image)
            try layout.push(artifact, tag: nil)
            made = try ImageIndex(manifests: [artifact.descriptor]).manifest()
        }
        try layout.push(made, tag: nil)
        return made
    }

    private func entry(
        _ manifest: Manifest, _ hint: LayoutHint, _ names: ByteStringMap<String>
    ) -> Descriptor {
        var annotations = names
        for (name, value) in hint.annotations { annotations[name] = value }
        return Descriptor(
            mediaType: hint == .mediaType ? .octets : manifest.mediaType, digest: manifest.digest,
            size: manifest.bytes.count, annotations: annotations)
    }

    private func writeIndex(_ entries: [Descriptor]) throws {
        try writeFile(
            ImageIndex(manifests: entries).json.compactBytes,
            at: directory.file("layout/index.json"), permissions: 0o644)
    }

    private let reference = "org.opencontainers.image.ref.name"
    private let containerd = "io.containerd.image.name"

    @Test(
        "two entries with one name are refused, whatever a hint or the content says of one of them",
        arguments: LayoutContent.allCases, LayoutHint.allCases)
    func names(_ content: LayoutContent, _ hint: LayoutHint) async throws {
        let image = try await image("one")
        try layout.push(image, tag: nil)
        let other = try await manifest(content, about: image)
        for (own, added, typed) in [
            ([reference: "x:1"], [reference: "x:1"], ["x:1", "docker.io/library/x:1", "1"]),
            ([containerd: "x:1"], [containerd: "x:1"], ["x:1"]),
            ([reference: "x:1"], [containerd: "x:1"], ["x:1"]),
            ([reference: "docker.io/library/x:1"], [containerd: "x:1"], ["x:1"]),
            ([reference: "x"], [containerd: "docker.io/library/x:latest"], ["x"]),
        ] as [(ByteStringMap<String>, ByteStringMap<String>, [String])] {
            // An entry has one value under a name, so the tag takes the place of the other name.
            if hint == .evidenceTag, added[containerd] == nil { continue }
            let pair = [entry(image, .none, own), entry(other, hint, added)]
            for entries in [pair, pair.reversed()] {
                try writeIndex(entries)
                for name in typed {
                    await expectFailure(.rejected, "different content") {
                        _ = try await layout.reference(.named(name))
                    }
                    guard let tag = try? Tag(parsing: name) else { continue }
                    await expectFailure(.rejected, "different content") {
                        _ = try layout.manifest(.tag(tag))
                    }
                }
            }
        }
    }

    @Test(
        "without a name, an entry that holds an image counts, whatever a hint says",
        arguments: LayoutContent.allCases, LayoutHint.allCases)
    func only(_ content: LayoutContent, _ hint: LayoutHint) async throws {
        let image = try await image("one")
        try layout.push(image, tag: nil)
        let other = try await manifest(content, about: image)
        let pair = [entry(image, .none, [:]), entry(other, hint, [:])]
        // `cosign load` takes what has the kind of an image. An artifact that nothing calls evidence
        // is what a layout may be made for.
        let isChoice =
            content.isRunnable || hint == .image || (hint == .none && !content.hasSubject)
        for entries in [pair, pair.reversed()] {
            try writeIndex(entries)
            guard isChoice else {
                #expect(try await layout.reference(.only) == .digest(image.digest))
                continue
            }
            await expectFailure(.usage, "it holds 2 images") {
                _ = try await layout.reference(.only)
            }
        }
    }

    @Test("an entry whose blob is missing has its name all the same")
    func missing() async throws {
        let image = try await image("one")
        try layout.push(image, tag: nil)
        let absent = try ImageManifest(
            config: Descriptor(of: [1], as: .ociConfig), layers: []
        ).manifest()
        try writeIndex([
            entry(image, .none, [reference: "x:1"]), entry(absent, .signatures, [reference: "x:1"]),
        ])
        await expectFailure(.rejected, "\(image.digest)") {
            _ = try await layout.reference(.named("x:1"))
        }
        #expect(try await layout.reference(.only) == .digest(image.digest))
        #expect(try await layout.reference(.position(0)) == .digest(image.digest))
    }

    @Test("one image under one name twice is one image; a shared name is not proposed")
    func twice() async throws {
        let (image, other) = (try await image("one"), try await self.image("two"))
        try layout.push(image, tag: nil)
        try layout.push(other, tag: nil)
        let named = entry(image, .none, [reference: "x:1"])
        try writeIndex([named, named])
        #expect(try await layout.reference(.named("x:1")) == .digest(image.digest))
        try writeIndex([named, entry(other, .none, [reference: "x:1"])])
        let path = layout.sourceName
        await expectFailure(.usage, "name one of them: oci:\(path):@0, oci:\(path):@1") {
            _ = try await layout.reference(.only)
        }
    }

    @Test("an image that the configuration calls one in another spelling is an image")
    func spelling() async throws {
        let image = try await image("one")
        try layout.push(image, tag: nil)
        for config in ["{\"RootFS\":{}}", "{\"rootfs\":1,\"rootfs\":2}", "{\"rootfs\":null}"] {
            let other = try ImageManifest(
                config: try await store(config, as: .ociEmpty),
                layers: [try await store("layer", as: .ociLayer)], subject: image.descriptor
            ).manifest()
            try layout.push(other, tag: nil)
            try writeIndex([entry(image, .none, [:]), entry(other, .signatures, [:])])
            await expectFailure(.usage, "it holds 2 images") {
                _ = try await layout.reference(.only)
            }
        }
    }
}
