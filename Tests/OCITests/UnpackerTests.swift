// SPDX-License-Identifier: Apache-2.0
// What we see in layers beside what umoci unpacks, whose reader is Go's archive/tar.

import Foundation
import Primitives
import TestSupport
import Testing

@testable import OCI

@Suite(
    "layers beside umoci", .enabled(if: hasTool("umoci"), "umoci is not here"), .serialized)
struct UnpackerTests {
    /// ASSAY_ARCHIVE_SEEDS: how many images to try; ASSAY_ARCHIVE_SEED: the first.
    private static func setting(_ name: String, _ standard: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap(Int.init) ?? standard
    }

    @Test("the files of generated images are those that umoci unpacks, or the image is refused")
    func generated() throws {
        let first = Self.setting("ASSAY_ARCHIVE_SEED", 1)
        let count = Self.setting("ASSAY_ARCHIVE_SEEDS", 80)
        var counts: [String: Int] = [:]
        for start in stride(from: first, to: first + count, by: 200) {
            let seeds = start..<min(start + 200, first + count)
            for (seed, outcome) in try compare(seeds) {
                counts[outcome.kind, default: 0] += 1
                if let problem = outcome.problem { Issue.record("seed \(seed): \(problem)") }
            }
        }
        print(
            "layers beside umoci:",
            counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })
        #expect(counts["same files", default: 0] * 4 > count)
    }

    // MARK: Ours

    private struct Outcome {
        let kind: String
        var problem: String?
    }

    /// Hashes of all regular files by path, `./` in front as `find` writes it.
    private func files(of layers: [[UInt8]]) throws(Failure) -> [[UInt8]: String] {
        var tree = FileTree()
        for layer in layers {
            var reader = LayerReader(
                matcher: PathMatcher(files: [], directories: [], namePrefixes: [""]),
                hashing: .sha256, named: "a layer")
            try reader.add(layer)
            try tree.applyLayer(try reader.finish().contents)
        }
        var found: [[UInt8]: String] = [:]
        var waiting = [(node: 0, path: TreePath.root)]
        while let (node, path) = waiting.popLast() {
            for (name, child) in tree.nodes[node].children {
                let path = path.appending(name)
                switch tree.nodes[child.node].kind {
                case .directory: waiting.append((child.node, path))
                case .file(.kept(let bytes)):
                    found[Array("./".utf8) + path.bytes] = Digest(of: bytes, by: .sha256).hex
                case .file: found[Array("./".utf8) + path.bytes] = "not kept"
                default: break
                }
            }
        }
        return found
    }

    private func compare(_ seeds: Range<Int>) throws -> [(Int, Outcome)] {
        var layers: [Int: [[UInt8]]] = [:]
        var layouts: [String: [UInt8]] = [:]
        for seed in seeds {
            var generator = ArchiveGenerator(seed: UInt64(seed))
            let made = generator.layers()
            layers[seed] = made
            for (name, bytes) in try layout(made) { layouts["\(seed)/lay/\(name)"] = bytes }
        }
        let script = """
            for s in \(seeds.map(String.init).joined(separator: " ")); do (cd $s && \
            if umoci unpack --rootless --image lay:t out >log 2>&1; then \
            cd out/rootfs && find . -type f -print0 | xargs -0 -r sha256sum -z >../../files; \
            printf "$s unpacked\\0" && cat ../../files; \
            else printf "$s refused "; tail -n 1 log | tr -d '\\0'; printf "\\0"; fi); done
            """
        let output = try #require(try shellOutput(script, files: layouts))
        return try outcomes(output, layers)
    }

    private func outcomes(_ output: [UInt8], _ layers: [Int: [[UInt8]]]) throws -> [(Int, Outcome)]
    {
        var results: [(Int, Outcome)] = []
        var current: (seed: Int, files: [[UInt8]: String], refusal: String?)?
        func finish() throws {
            guard let current else { return }
            let ours = Result { () throws(Failure) in
                try files(of: layers[current.seed] ?? [])
            }
            results.append((current.seed, judge(ours, current.files, current.refusal)))
        }
        for line in output.split(separator: 0) {
            let text = String(decoding: line, as: UTF8.self)
            let words = text.split(separator: " ", maxSplits: 2)
            if words.count >= 2, let seed = Int(words[0]),
                ["unpacked", "refused"].contains(words[1])
            {
                try finish()
                let why = words.count > 2 ? String(words[2]) : ""
                current = (seed, [:], words[1] == "refused" ? why : nil)
            } else {
                current?.files[Array(line.dropFirst(66))] = String(
                    decoding: line.prefix(64), as: UTF8.self)
            }
        }
        try finish()
        return results
    }

    private func judge(
        _ ours: Result<[[UInt8]: String], Failure>, _ theirs: [[UInt8]: String], _ refusal: String?
    ) -> Outcome {
        switch (ours, refusal) {
        case (.failure, nil): return Outcome(kind: "refused by Assay only")
        case (.failure, _): return Outcome(kind: "refused by both")
        // containerd passes over global headers; umoci does not know them.
        case (.success, let why?) where why.contains("unknown typeflag '\\x67'"):
            return Outcome(kind: "global header")
        case (.success, let why?):
            return Outcome(kind: "refused by umoci only", problem: "umoci refuses it: \(why)")
        case (.success(let files), nil):
            guard files != theirs else { return Outcome(kind: "same files") }
            func shown(_ files: [[UInt8]: String]) -> [String] {
                files.map { "\(String(decoding: $0.key, as: UTF8.self)) \($0.value.prefix(8))" }
                    .sorted()
            }
            return Outcome(
                kind: "other files", problem: "ours \(shown(files)), umoci's \(shown(theirs))")
        }
    }

    // MARK: The image

    /// The files of an OCI layout with one image, tagged `t`.
    private func layout(_ layers: [[UInt8]]) throws -> [(String, [UInt8])] {
        var files: [(String, [UInt8])] = [
            ("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
        ]
        func add(_ bytes: [UInt8], _ type: MediaType) -> Descriptor {
            let descriptor = Descriptor(of: bytes, as: type)
            files.append(("blobs/sha256/\(descriptor.digest.hex)", bytes))
            return descriptor
        }
        let configuration = ImageConfiguration.document(
            platform: try Platform(parsing: "linux/amd64"),
            layerDigests: layers.map { Digest(of: $0, by: .sha256) },
            created: Timestamp(seconds: 0), createdBy: "test")
        let manifest = try ImageManifest(
            config: add(configuration.compactBytes, .ociConfig),
            layers: layers.map { add($0, .ociLayer) }
        ).manifest()
        var entry = add(manifest.bytes, .ociManifest)
        entry.annotations = ["org.opencontainers.image.ref.name": "t"]
        files.append(("index.json", try ImageIndex(manifests: [entry]).manifest().bytes))
        return files
    }
}
