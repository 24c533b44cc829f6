// SPDX-License-Identifier: Apache-2.0
// Packed layers, with gzip and zstd as oracles.

import OCI
import Primitives
import TestSupport
import Testing

private func unpack(_ bytes: [UInt8], caps: Inflater.Caps = .layer, chunk: Int = 1 << 20)
    throws(Failure) -> [UInt8]
{
    var inflater = Inflater(named: "the blob", caps: caps)
    var output: [UInt8] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        inflater.add(Array(rest.prefix(chunk)))
        rest = rest.dropFirst(chunk)
        while let part = try inflater.next() { output += part }
    }
    inflater.end()
    while let part = try inflater.next() { output += part }
    return output
}

private func packed(_ bytes: [UInt8], with command: String) throws -> [UInt8] {
    try #require(try shellOutput("\(command) < in", files: ["in": bytes]))
}

@Suite("unpacking", .enabled(if: hasTool("gzip") && hasTool("zstd"), "no gzip or zstd here"))
struct InflaterTests {
    private let text = (0..<200_000).flatMap { Array("line \($0)\n".utf8) }

    @Test(
        "what a tool packed is unpacked, in any chunks",
        arguments: [
            "cat", "gzip -c", "gzip -1 -c", "zstd -c", "zstd -c --no-check -19", "zstd -c -B1M -T2",
        ],
        [1 << 20, 4099])
    func roundTrip(_ tool: String, _ chunk: Int) throws {
        let blob = try packed(text, with: tool)
        #expect(try unpack(blob, chunk: chunk) == text)
    }

    @Test("a few bytes at a time are enough", arguments: ["cat", "gzip -c", "zstd -c"])
    func singleBytes(_ tool: String) throws {
        let small = Array(text.prefix(3000))
        let blob = try packed(small, with: tool)
        #expect(try unpack(blob, chunk: 1) == small)
        #expect(try unpack(try packed([], with: tool), chunk: 1) == [])
        #expect(try unpack(try packed([7], with: tool), chunk: 1) == [7])
    }

    @Test("several members or frames are one content", arguments: ["gzip -c", "zstd -c"])
    func members(_ tool: String) throws {
        let one = try packed(text, with: tool)
        let two = try packed(Array("end".utf8), with: tool)
        let empty = try packed([], with: tool)
        #expect(try unpack(one + empty + two, chunk: 5000) == text + Array("end".utf8))
    }

    @Test("skippable frames hold nothing")
    func skippableFrames() throws {
        let frame: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]
        let blob = try packed([1, 2, 3], with: "zstd -c")
        #expect(try unpack(frame + blob + frame) == [1, 2, 3])
    }

    @Test("cut-off data is refused", arguments: ["gzip -c", "zstd -c"])
    func truncation(_ tool: String) throws {
        let blob = try packed(Array(text.prefix(5000)), with: tool)
        for length in [7, 20, blob.count / 2, blob.count - 1] {
            #expect { try unpack(Array(blob.prefix(length))) } throws: {
                ($0 as? Failure)?.kind == .malformed
            }
        }
    }

    @Test("what is not gzip after a member is refused")
    func trailingBytes() throws {
        let blob = try packed([1, 2, 3], with: "gzip -c")
        #expect { try unpack(blob + [0, 0, 0, 0]) } throws: {
            ($0 as? Failure)?.kind == .malformed
        }
    }

    @Test("a wrong checksum is refused", arguments: ["gzip -c", "zstd -c"])
    func checksums(_ tool: String) throws {
        var blob = try packed(text, with: tool)
        blob[blob.count - (tool.hasPrefix("gzip") ? 6 : 2)] ^= 1
        #expect { try unpack(blob) } throws: { ($0 as? Failure)?.kind == .malformed }
    }

    @Test("flipped bits give a failure or bytes, never a trap", arguments: ["gzip -c", "zstd -c"])
    func mutations(_ tool: String) throws {
        let blob = try packed(Array(text.prefix(20_000)), with: tool)
        var random = ArchiveSeed(seed: 7)
        var refused = 0
        for _ in 0..<200 {
            var bytes = blob
            bytes[Int.random(in: 0..<bytes.count, using: &random)] ^=
                1 << UInt8.random(in: 0..<8, using: &random)
            if (try? unpack(bytes, chunk: 1000)) != Array(text.prefix(20_000)) { refused += 1 }
        }
        #expect(refused > 150)
    }

    @Test("a bomb is refused by its ratio, long before it is unpacked")
    func zstandardBomb() throws {
        let bomb = try #require(try shellOutput("head -c 1000000000 /dev/zero | zstd -c"))
        #expect { try unpack(bomb) } throws: { ($0 as? Failure)?.kind == .overLimit }
    }

    @Test("gzip at its best is a bomb too; a layer of real content is none")
    func gzipBomb() throws {
        let bomb = try #require(try shellOutput("head -c 200000000 /dev/zero | gzip -9"))
        #expect { try unpack(bomb) } throws: { ($0 as? Failure)?.kind == .overLimit }
        let real = try #require(
            try shellOutput("seq 1 10000000 | gzip -c"))
        #expect(try unpack(real).count > Limits.ratioFloor)
    }

    @Test("caps hold for every packing", arguments: ["cat", "gzip -c", "zstd -c"])
    func caps(_ tool: String) throws {
        let blob = try packed([UInt8](repeating: 0, count: 3_000_000), with: tool)
        let bytes = Inflater.Caps(bytes: 2_999_999, ratio: 1 << 20, ratioFloor: 0)
        #expect { try unpack(blob, caps: bytes) } throws: { ($0 as? Failure)?.kind == .overLimit }
        let ratio = Inflater.Caps(bytes: 1 << 30, ratio: 100, ratioFloor: 1000)
        guard tool != "cat" else {
            #expect(try unpack(blob, caps: ratio).count == 3_000_000)
            return
        }
        #expect { try unpack(blob, caps: ratio) } throws: { ($0 as? Failure)?.kind == .overLimit }
    }

    @Test("packings that layers do not have are named", arguments: ["BZh91AY", "\u{FD}7zXZ\u{0}"])
    func foreignPackings(_ start: String) {
        let bytes = start.unicodeScalars.map { UInt8($0.value) }
        #expect { try unpack(bytes) } throws: { ($0 as? Failure)?.kind == .unsupported }
    }
}

/// One image whose manifest lists the same layer many times; counts how often it is asked for it.
private actor RepeatedLayer: ArtifactSource {
    nonisolated let sourceName = "memory"
    private let blobs: [Digest: [UInt8]]
    private(set) var reads: [Digest: Int] = [:]
    nonisolated let image: Manifest
    nonisolated let layers: [Descriptor]

    init(_ archives: [[UInt8]]) throws(Failure) {
        let configuration = ImageConfiguration.document(
            platform: try Platform(parsing: "linux/amd64"),
            layerDigests: archives.map { Digest(of: $0, by: .sha256) },
            created: Timestamp(seconds: 1_700_000_000), createdBy: "test"
        ).compactBytes
        let config = Descriptor(of: configuration, as: .ociConfig)
        layers = archives.map { Descriptor(of: $0, as: .ociLayer) }
        image = try ImageManifest(config: config, layers: layers).manifest()
        var blobs = [config.digest: configuration]
        for archive in archives { blobs[Digest(of: archive, by: .sha256)] = archive }
        self.blobs = blobs
    }

    func unverifiedStream(of descriptor: Descriptor) -> ByteStream {
        reads[descriptor.digest, default: 0] += 1
        return ByteStream(blobs[descriptor.digest] ?? [])
    }

    func manifest(_ reference: ManifestReference) -> Manifest { image }

    func resolve(_ reference: ManifestReference) -> Descriptor { image.descriptor }

    func referrers(of subject: Digest) -> ReferrersResult {
        ReferrersResult(descriptors: [], discovery: .layout)
    }

    func tags() -> [OCI.Tag] { [] }
}

@Suite("what one image may unpack to")
struct ImageBudgetTests {
    private let matcher = PathMatcher(files: ["keep"], directories: [], namePrefixes: [])

    private func archive(_ name: String) -> [UInt8] {
        var tar = TarWriter()
        tar.file(name, [UInt8](repeating: 7, count: 10_000))
        return tar.finished()
    }

    @Test("a layer that is listed many times is read once, and stands at all its places")
    func once() async throws {
        let (one, two) = (archive("keep"), archive("other"))
        let source = try RepeatedLayer([one, two] + Array(repeating: one, count: 50))
        let contents = try await ImageContents.read(
            source.image, platform: nil, from: source, keeping: matcher, layersAtOnce: 4,
            unpackedLimit: one.count + two.count)
        #expect(contents.layers.count == 52)
        #expect(contents.layers.allSatisfy { $0.contents.entries.count == 1 })
        #expect(contents.layers[1].contents != contents.layers[0].contents)
        #expect(contents.layers[51].contents == contents.layers[0].contents)
        for layer in source.layers { #expect(await source.reads[layer.digest] == 1) }
    }

    @Test("all layers together may not unpack to more than the limit", arguments: [1, 4])
    func together(layersAtOnce: Int) async throws {
        let archives = (0..<4).map { archive("file\($0)") }
        let total = archives.reduce(0) { $0 + $1.count }
        let source = try RepeatedLayer(archives)
        _ = try await ImageContents.read(
            source.image, platform: nil, from: source, keeping: matcher,
            layersAtOnce: layersAtOnce, unpackedLimit: total)
        await #expect {
            _ = try await ImageContents.read(
                source.image, platform: nil, from: source, keeping: matcher,
                layersAtOnce: layersAtOnce, unpackedLimit: total - 1)
        } throws: {
            ($0 as? Failure)?.kind == .overLimit
        }
    }
}
