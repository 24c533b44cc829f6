// SPDX-License-Identifier: Apache-2.0
// Inventories of images: both digests, layers, indexes, and refusals.

import OCI
import Primitives
import TestSupport
import Testing

@testable import SBOM

@Suite("inventories of images")
struct ImageSBOMTests {
    private let layers = [
        archive {
            $0.directory("etc/")
            $0.file("usr/lib/os-release", debianRelease)
            $0.symbolicLink("etc/os-release", to: "../usr/lib/os-release")
            $0.file(
                "var/lib/dpkg/status", debianStanza("a") + debianStanza("b") + debianStanza("c"))
        },
        archive {
            $0.file(
                "var/lib/dpkg/status",
                debianStanza("a") + debianStanza("b", "2.0") + debianStanza("d"))
        },
        archive { $0.file("app/bin", String(repeating: "x", count: 100_000)) },
        archive {
            $0.file(
                "var/lib/dpkg/status", debianStanza("a") + debianStanza("c") + debianStanza("d"))
        },
    ]

    private func read(
        _ manifest: Manifest, _ images: MemoryImages, platform: String? = nil, layersAtOnce: Int = 2
    ) async throws -> BillOfMaterials {
        try await sbom(
            of: manifest, platform: try platform.map { try Platform(parsing: $0) }, from: images,
            repository: try Repository(parsing: "ghcr.io/acme/api"), layersAtOnce: layersAtOnce)
    }

    private func kind(_ body: () async throws -> BillOfMaterials) async -> Failure.Kind? {
        do { _ = try await body() } catch { return (error as? Failure)?.kind }
        return nil
    }

    @Test("a package belongs to the layer from which on it was always there")
    func attribution() async throws {
        var images = MemoryImages()
        let found = try await read(try images.addImage(layers), images)
        #expect(found.packages.map { "\($0.name) \($0.layer ?? -1)" } == ["a 0", "c 3", "d 1"])
        #expect(found.operatingSystem?.path == "usr/lib/os-release")
        #expect(found.unknowns.isEmpty)
        guard case .image(let image) = found.subject else {
            Issue.record("it is no image")
            return
        }
        #expect(image.layers.map(\.diffID) == layers.map { Digest(of: $0, by: .sha256) })
        #expect(found.defaultTimestamp == Timestamp(seconds: 1_700_000_000))
    }

    @Test("how layers are packed and how many are read at once changes nothing")
    func independence() async throws {
        var images = MemoryImages()
        let plain = try images.addImage(layers)
        let stamp = DocumentStamp(
            created: Timestamp(seconds: 0), toolName: "assay", toolVersion: "1")
        let first = try await read(plain, images, layersAtOnce: 1)
        for width in [2, 3, 8] {
            let other = try await read(plain, images, layersAtOnce: width)
            #expect(other == first)
            for format in SBOMFormat.allCases {
                #expect(
                    other.bytes(as: format, stamp: stamp) == first.bytes(as: format, stamp: stamp))
            }
        }
        for tool in ["gzip -c", "zstd -c"] where hasTool(String(tool.prefix(4))) {
            let packed = try layers.map { layer in
                try #require(try shellOutput("\(tool) < in", files: ["in": layer]))
            }
            var rest = packed[...]
            let manifest = try images.addImage(layers) { _ in rest.removeFirst() }
            #expect(try await read(manifest, images).packages == first.packages)
        }
    }

    @Test("a blob that is not what its digest says is rejected", arguments: [0, 600, 4000])
    func spoiltBlob(_ index: Int) async throws {
        var images = MemoryImages()
        let manifest = try images.addImage(layers)
        let digest = Digest(of: layers[0], by: .sha256)
        images.blobs[digest]?[index] ^= 1
        let spoilt = images
        #expect(await kind { try await read(manifest, spoilt) } == .rejected)
    }

    @Test("a blob that is cut off or too long is rejected")
    func wrongLength() async throws {
        var images = MemoryImages()
        let manifest = try images.addImage(layers)
        let digest = Digest(of: layers[0], by: .sha256)
        var cut = images
        cut.blobs[digest]?.removeLast(512)
        let short = cut
        #expect(await kind { try await read(manifest, short) } == .rejected)
        images.blobs[digest]?.append(0)
        let long = images
        #expect(await kind { try await read(manifest, long) } == .rejected)
    }

    @Test("layers that unpack to something else than the configuration says are rejected")
    func wrongDiffID() async throws {
        var images = MemoryImages()
        var digests = layers.map { Digest(of: $0, by: .sha256) }
        digests[2] = digests[0]
        let manifest = try images.addImage(layers, unpackingTo: digests)
        let ready = images
        #expect(await kind { try await read(manifest, ready) } == .rejected)
        let fewer = try images.addImage(layers, unpackingTo: Array(digests.prefix(3)))
        let other = images
        #expect(await kind { try await read(fewer, other) } == .malformed)
    }

    @Test("an index needs a platform only when it lists several images")
    func platforms() async throws {
        var images = MemoryImages()
        let amd = try images.addImage(layers)
        let arm = try images.addImage([layers[0]], platform: "linux/arm64")
        func descriptor(_ manifest: Manifest, _ platform: String) throws -> Descriptor {
            var descriptor = manifest.descriptor
            descriptor.platform = try Platform(parsing: platform)
            return descriptor
        }
        var attestation = try descriptor(arm, "unknown/unknown")
        attestation.annotations["vnd.docker.reference.type"] = "attestation-manifest"
        let one = images.keep(
            try ImageIndex(manifests: [try descriptor(amd, "linux/amd64"), attestation]).manifest())
        let two = images.keep(
            try ImageIndex(manifests: [
                try descriptor(amd, "linux/amd64"), try descriptor(arm, "linux/arm64/v8"),
                attestation,
            ]).manifest())
        let nested = images.keep(try ImageIndex(manifests: [one.descriptor]).manifest())
        let ready = images
        for manifest in [one, nested] {
            guard case .image(let image) = try await read(manifest, ready).subject else { return }
            #expect(image.digest == amd.digest)
        }
        #expect(await kind { try await read(two, ready) } == .usage)
        #expect(await kind { try await read(two, ready, platform: "linux/s390x") } == .notFound)
        #expect(await kind { try await read(amd, ready, platform: "linux/arm64") } == .notFound)
        let chosen = try await read(two, ready, platform: "linux/arm64")
        guard case .image(let image) = chosen.subject else { return }
        #expect(image.digest == arm.digest)
    }

    @Test("an index that lists itself, and an artifact that is no image, are refused")
    func refusals() async throws {
        var images = MemoryImages()
        let config = images.add([123, 125], as: .ociEmpty)
        let artifact = images.keep(
            try ImageManifest(config: config, layers: [config], artifactType: .sigstoreBundle)
                .manifest())
        var child = try ImageIndex(manifests: []).manifest()
        images.keep(child)
        for _ in 0..<12 {
            child = images.keep(try ImageIndex(manifests: [child.descriptor]).manifest())
        }
        let (ready, deep) = (images, child)
        #expect(await kind { try await read(artifact, ready) } == .unsupported)
        #expect(await kind { try await read(deep, ready) } == .overLimit)
    }

    @Test("hostile layers are failures", arguments: ["../x", "a/../../x"])
    func hostile(_ path: String) async throws {
        var images = MemoryImages()
        let manifest = try images.addImage([archive { $0.file(path, "x") }])
        let ready = images
        #expect(await kind { try await read(manifest, ready) } == .malformed)
    }

    @Test("flipped bits in layers give a failure or an inventory, never a trap", arguments: 0..<8)
    func mutations(_ seed: UInt64) async throws {
        var random = SystemSeed(seed)
        var answers: [Failure.Kind?: Int] = [:]
        for _ in 0..<25 {
            var spoilt = Array(layers.prefix(2))
            let place = random.below(2)
            for _ in 0..<(1 + random.below(3)) {
                spoilt[place][random.below(min(3000, spoilt[place].count))] ^=
                    1 << UInt8(random.below(8))
            }
            var images = MemoryImages()
            let manifest = try images.addImage(spoilt)
            let ready = images
            answers[await kind { try await read(manifest, ready) }, default: 0] += 1
        }
        #expect(Set(answers.keys).isSubset(of: [nil, .malformed, .overLimit]))
        #expect(answers[.malformed, default: 0] > 0)
    }

    @Test("an image that shows other packages on overlay is refused, and no other")
    func overlay() async throws {
        var images = MemoryImages()
        let hidden = try images.addImage([
            archive {
                $0.symbolicLink("x", to: "var/lib/dpkg")
                $0.file("var/lib/dpkg/status", debianStanza("evil"))
            }, archive { $0.file("x/status", debianStanza("good")) },
        ])
        let same = try images.addImage([
            archive {
                $0.symbolicLink("lib", to: "usr/lib")
                $0.file("var/lib/dpkg/status", debianStanza("a"))
            }, archive { $0.file("lib/x", "") },
        ])
        let ready = images
        #expect(await kind { try await read(hidden, ready) } == .rejected)
        #expect(try await read(same, ready).packages.map(\.name) == ["a"])
    }

    @Test("an image with nothing in it says so")
    func scratch() async throws {
        var images = MemoryImages()
        let found = try await read(
            try images.addImage([archive { $0.file("app", "x") }]), images)
        #expect(found.isEmpty)
        #expect(found.unknowns.count == 1)
        let none = try await read(try images.addImage([]), images)
        #expect(none.isEmpty)
    }

    @Test("a whiteout takes the packages of the layers below away")
    func whiteout() async throws {
        var images = MemoryImages()
        let manifest = try images.addImage([
            layers[0], archive { $0.file("var/lib/.wh.dpkg", "") },
        ])
        let found = try await read(manifest, images)
        #expect(found.packages.isEmpty)
        #expect(found.unknowns.map(\.reason) == ["no package was found"])
    }
}
