// SPDX-License-Identifier: Apache-2.0
// Manifests with one thing changed: refused, or another manifest with a digest of its own; never a
// trap, and written and read again they stay what they are.

import OCI
import Primitives
import TestSupport
import Testing

@Suite("mutated manifests")
struct ManifestMutationTests {
    private static let examples: [JSONValue] = [
        [
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactType": "application/vnd.example+json", "config": .object(descriptor),
            "layers": [.object(descriptor), .object(descriptor)], "subject": .object(descriptor),
            "annotations": ["a": "b"],
        ],
        [
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [
                .object(descriptor),
                [
                    "mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 7,
                    "digest": .string("sha512:" + String(repeating: "0", count: 128)),
                    "platform": ["architecture": "arm", "os": "linux", "variant": "v7"],
                ],
            ],
        ],
    ]

    private static let descriptor: JSONObject = [
        "mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 2,
        "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "data": "e30=", "urls": ["https://example.org/a"], "annotations": ["c": "d"],
    ]

    @Test("4,000 changes to a manifest and an index", arguments: examples.indices)
    func changes(_ example: Int) throws {
        let document = Self.examples[example]
        let bytes = document.compactBytes
        let good = try Manifest(parsing: bytes, as: nil)
        let mutation = JSONMutation(of: document)
        var random = SeededGenerator(seed: UInt64(example))
        var refused = 0
        for round in 0..<2_000 {
            let changed =
                round.isMultiple(of: 2) ? random.changed(bytes) : mutation.changed(&random)
            do {
                let found = try Manifest(parsing: changed, as: nil)
                #expect((found.digest == good.digest) == (changed == bytes))
                let written: [UInt8]
                switch found.kind {
                case .image(let image): written = image.json.compactBytes
                case .index(let index): written = index.json.compactBytes
                }
                let again = try? Manifest(parsing: written, as: nil)
                #expect(again.map { $0.kind == found.kind } ?? true)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 500)
    }
}
