// SPDX-License-Identifier: Apache-2.0
// Which image of an index is described, and when that cannot be said.
// Spec: OCI image-spec 1.1, image-index.md.

import OCI
import Primitives
import TestSupport
import Testing

@testable import SBOM

@Suite("the image of an index")
struct PlatformChoiceTests {
    private var images = MemoryImages()

    /// An image with one package, listed for a platform.
    private func entry(
        _ package: String, _ platform: String?, in images: inout MemoryImages,
        changing change: (inout Descriptor) -> Void = { _ in }
    ) throws -> Descriptor {
        let own = try Platform(parsing: platform ?? "linux/amd64")
        let manifest = try images.addImage(
            [archive { $0.file("var/lib/dpkg/status", debianStanza(package)) }],
            platform: own.description)
        var descriptor = manifest.descriptor
        (descriptor.artifactType, descriptor.annotations) = (nil, [:])
        descriptor.platform = platform == nil ? nil : own
        change(&descriptor)
        return descriptor
    }

    /// The package of the chosen image, or why none was chosen.
    private func chosen(
        _ entries: [Descriptor], _ platform: String?, in images: inout MemoryImages
    ) async throws -> String {
        let index = images.keep(try ImageIndex(manifests: entries).manifest())
        do {
            return try await sbom(
                of: index, platform: try platform.map { try Platform(parsing: $0) }, from: images,
                repository: nil, layersAtOnce: 1
            ).packages.map(\.name).joined()
        } catch let failure as Failure {
            return "\(failure.kind): \(failure.next ?? "")"
        }
    }

    @Test(
        "a hint does not hide an entry with the wanted platform",
        arguments: ["annotation", "artifactType", "mediaType"])
    func hints(_ hint: String) async throws {
        var images = MemoryImages()
        func mark(_ descriptor: inout Descriptor) {
            switch hint {
            case "annotation":
                descriptor.annotations["vnd.docker.reference.type"] = "attestation-manifest"
            case "artifactType": descriptor.artifactType = .sigstoreBundle
            default: descriptor.mediaType = .octets
            }
        }
        let good = try entry("good", "linux/amd64", in: &images)
        let other = try entry("other", "linux/arm64", in: &images)
        let hidden = try entry("evil", "linux/amd64", in: &images, changing: mark)
        for entries in [[hidden], [hidden, other]] {
            for platform in entries.count == 1 ? ["linux/amd64", nil] : ["linux/amd64"] {
                let answer = try await chosen(entries, platform, in: &images)
                #expect(answer.hasPrefix("rejected"), "\(answer)")
            }
        }
        #expect(try await chosen([good, hidden], "linux/amd64", in: &images).hasPrefix("usage"))
        #expect(try await chosen([other, hidden], "linux/arm64", in: &images) == "other")
    }

    @Test("an attestation for the platform unknown/unknown is never the image")
    func attestations() async throws {
        var images = MemoryImages()
        let good = try entry("good", "linux/amd64", in: &images)
        let attestation = try entry("evil", "unknown/unknown", in: &images) {
            $0.annotations["vnd.docker.reference.type"] = "attestation-manifest"
        }
        for platform in ["linux/amd64", nil] {
            #expect(try await chosen([attestation, good], platform, in: &images) == "good")
        }
    }

    @Test("two versions of Windows: the choice is named, and the named choice works")
    func windows() async throws {
        var images = MemoryImages()
        let entries = [
            try entry("old", "windows(10.0.17763.1)/amd64", in: &images),
            try entry("new", "windows(10.0.20348.2)/amd64", in: &images),
        ]
        for platform in [nil, "windows/amd64"] {
            #expect(
                try await chosen(entries, platform, in: &images)
                    == "usage: name one platform, such as --platform 'windows(10.0.17763.1)/amd64'")
        }
        for (version, name) in [
            ("10.0.17763.1", "old"), ("10.0.20348", "new"), ("10.0.2", "notFound: "),
        ] {
            let answer = try await chosen(entries, "windows(\(version))/amd64", in: &images)
            #expect(answer == name)
        }
    }

    @Test("two images that only their digest tells apart are chosen by digest")
    func twins() async throws {
        var images = MemoryImages()
        let entries = [
            try entry("one", "linux/amd64", in: &images),
            try entry("two", "linux/amd64", in: &images),
        ]
        #expect(
            try await chosen(entries, "linux/amd64", in: &images)
                == "usage: name the image by its digest")
    }

    @Test(
        "without a variant the usual one is meant, with one only that",
        arguments: [
            ("linux/arm", "v7"), ("linux/arm/v6", "v6"), ("linux/amd64", "plain"),
            ("linux/amd64/v1", "plain"), ("linux/amd64/v3", "fast"), ("linux/arm64", "v8"),
            ("linux/arm64/v9", "v9"), ("linux/arm/v5", "notFound: "),
        ])
    func variants(_ platform: String, _ name: String) async throws {
        var images = MemoryImages()
        let entries = [
            try entry("v6", "linux/arm/v6", in: &images),
            try entry("v7", "linux/arm/v7", in: &images),
            try entry("plain", "linux/amd64", in: &images),
            try entry("fast", "linux/amd64/v3", in: &images),
            try entry("v8", "linux/arm64/v8", in: &images),
            try entry("v9", "linux/arm64/v9", in: &images),
        ]
        #expect(try await chosen(entries, platform, in: &images) == name)
    }

    @Test("several indexes inside an index are all read")
    func nested() async throws {
        var images = MemoryImages()
        func index(_ entries: [Descriptor]) throws -> Descriptor {
            images.keep(try ImageIndex(manifests: entries).manifest()).descriptor
        }
        let amd = try index([try entry("amd", "linux/amd64", in: &images)])
        let arm = try index([try entry("arm", "linux/arm64", in: &images)])
        let outer = try index([arm])
        #expect(try await chosen([amd, outer], "linux/amd64", in: &images) == "amd")
        #expect(try await chosen([amd, outer], "linux/arm64", in: &images) == "arm")
        #expect(try await chosen([amd, outer], nil, in: &images).hasPrefix("usage"))
    }

    @Test("an entry that is called an image and is an index, or the reverse, is refused")
    func wrongKinds() async throws {
        var images = MemoryImages()
        var image = try entry("image", "linux/amd64", in: &images)
        var index = images.keep(try ImageIndex(manifests: [image]).manifest()).descriptor
        (image.mediaType, index.mediaType) = (.ociIndex, .ociManifest)
        #expect(try await chosen([image], nil, in: &images).hasPrefix("rejected"))
        #expect(try await chosen([index], nil, in: &images).hasPrefix("rejected"))
    }

    @Test(
        "platforms that are not written like one are refused",
        arguments: [
            "linux", "linux/", "a/b/c/d", "windows()/amd64", "windows(1/amd64", "(1)/amd64",
            "windows(1)x/amd64", "windows((1))/amd64",
        ])
    func spellings(_ text: String) {
        #expect(throws: Failure.self) { try Platform(parsing: text) }
    }
}
