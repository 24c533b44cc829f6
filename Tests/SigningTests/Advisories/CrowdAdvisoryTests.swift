// SPDX-License-Identifier: Apache-2.0
// Registries that answer with more than anybody needs: the search ends, and says that it ended.

import Keys
import OCI
import Primitives
import Signing
import TestSupport
import Testing

@Suite("advisories: crowds of evidence")
struct CrowdAdvisoryTests {
    private let repository = MemoryRepository()

    /// Looks for everything about an image, beside which somebody put things.
    private func failure(
        _ crowd: (Manifest) async throws -> Void
    ) async throws -> Failure? {
        let image = try await smallImage(in: repository, says: "a")
        #expect(try await evidence(about: image).candidates.isEmpty)
        try await crowd(image)
        return try await evidence(about: image).obstacle(to: .signature)
    }

    private func evidence(about image: Manifest) async throws -> Evidence {
        try await EvidenceCollector(source: repository).everything(about: image.digest)
    }

    private func referrer(
        _ number: Int, to image: Manifest, layers: [Descriptor] = []
    ) async throws {
        let manifest = try ImageManifest(
            config: Descriptor(of: Array("{\"n\":\(number)}".utf8), as: .ociEmpty),
            layers: layers, artifactType: .sigstoreBundle, subject: image.descriptor
        ).manifest()
        try await repository.push(manifest, tag: nil)
    }

    @Test(
        "CVE-2023-46737, CVE-2023-33957, CVE-2023-42813: endless referrers end the search, undecided"
    )
    func endlessReferrers() async throws {
        let failure = try await failure { image in
            for number in 0...Limits.candidatesPerDigest {
                try await referrer(number, to: image)
            }
        }
        #expect(failure?.kind == .overLimit)
        // None of them was read.
        #expect(!repository.requests.contains { $0.hasPrefix("blob") })
    }

    @Test("CVE-2024-29903: a manifest of very many signatures ends the search, undecided")
    func endlessLayers() async throws {
        let failure = try await failure { image in
            let layer = Descriptor(of: [1], as: .simpleSigning)
            let manifest = try ImageManifest(
                config: Descriptor(of: Array("{}".utf8), as: .ociConfig),
                layers: Array(repeating: layer, count: Limits.candidatesPerDigest + 1)
            ).manifest()
            try await repository.push(manifest, tag: Tag(for: image.digest, suffix: ".sig"))
        }
        #expect(failure?.kind == .overLimit)
        #expect(!repository.requests.contains { $0.hasPrefix("blob") })
    }

    @Test(
        "CVE-2024-29902: evidence that claims to be huge is not fetched",
        arguments: [Limits.evidenceBytes + 1, Limits.evidenceBytesPerDigest + 1])
    func hugeBlob(size: Int) async throws {
        let failure = try await failure { image in
            let layer = Descriptor(
                mediaType: .sigstoreBundle, digest: Digest(of: [1], by: .sha256), size: size)
            try await referrer(0, to: image, layers: [layer])
        }
        #expect(failure?.kind == .overLimit)
        #expect(!repository.requests.contains { $0.hasPrefix("blob") })
    }
}
