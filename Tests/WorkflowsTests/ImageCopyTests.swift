// SPDX-License-Identifier: Apache-2.0
// The digest and the tag of a copied image.

import OCI
import Primitives
import Registry
import TestSupport
import Testing
import Workflows

@Suite("copies of an image")
struct ImageCopyTests {
    private let source = MemoryRepository(named: "source")
    private let destination = MemoryRepository(named: "destination")

    private func copy(digest: Digest? = nil, tag: CopyTag) async throws -> OCI.Tag? {
        let image = try await smallImage(in: source, says: "hello")
        let target = CopyTarget(digest: digest, tag: tag, name: "the destination")
        let report = try await ImageCopy(from: source, to: destination, evidence: .include)
            .run(.digest(image.digest), to: target)
        #expect(report.isComplete)
        #expect(try await destination.hasManifest(.digest(image.digest)))
        return report.tag
    }

    @Test("the destination's own tag comes before the source's")
    func tags() async throws {
        let (own, old) = (try OCI.Tag(parsing: "own"), try OCI.Tag(parsing: "old"))
        #expect(try await copy(tag: .named(own)) == own)
        #expect(try await copy(tag: .ofSource(old)) == old)
        #expect(try await copy(tag: .ofSource(nil)) == nil)
    }

    @Test("a destination that names the digest gets the source's tag only if it asks for one")
    func digest() async throws {
        let image = try await smallImage(in: source, says: "hello")
        let (own, old) = (try OCI.Tag(parsing: "own"), try OCI.Tag(parsing: "old"))
        #expect(try await copy(digest: image.digest, tag: .named(own)) == own)
        #expect(try await copy(digest: image.digest, tag: .ofSource(old)) == nil)
    }

    @Test("another digest than the destination names is not copied")
    func otherDigest() async throws {
        let other = Digest(of: [1], by: .sha256)
        let failure = await #expect(throws: Failure.self) {
            try await copy(digest: other, tag: .ofSource(nil))
        }
        #expect(failure?.kind == .usage)
        #expect(try await destination.tags() == [])
        #expect(!destination.requests.contains { $0.utf8.starts(with: "push".utf8) })
    }
}
