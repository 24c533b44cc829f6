// SPDX-License-Identifier: Apache-2.0
// All evidence of an image and of the images that an index lists.

import Keys
import OCI
import Primitives
import Registry
import Signing
import TestSupport
import Testing
import Workflows

@Suite("the tree of an image's evidence")
struct EvidenceTreeTests {
    private let repository = MemoryRepository(named: "memory")
    private let key: PrivateKey
    private let name: Repository

    init() throws {
        key = try TestKeys.ecdsaP256()
        name = try Repository(parsing: "registry.example.com/shop/backend")
    }

    private func tree(of image: Manifest, by verifier: SignatureVerifier? = nil) async throws
        -> EvidenceTree
    {
        try await EvidenceTree.found(
            for: .digest(image.digest), in: CachingSource(repository), verifier: verifier)
    }

    private func signedImage() async throws -> Manifest {
        let image = try await smallImage(in: repository, says: "hello")
        let claim = UnsignedStatement.signature(on: image.descriptor, in: name, annotations: [:])
        _ = try await EvidenceAttacher(destination: repository, key: key, settle: {})
            .write(claim, as: .bundle, created: Timestamp(seconds: 1_700_000_000))
        return image
    }

    /// An index of two images.
    private func index(_ platforms: String...) async throws -> Manifest {
        var entries: [Descriptor] = []
        for platform in platforms {
            let image = try await smallImage(in: repository, says: "for \(entries.count)")
            var entry = Descriptor(
                mediaType: image.mediaType, digest: image.digest, size: image.bytes.count)
            entry.platform = try Platform(parsing: platform)
            entries.append(entry)
        }
        let index = try Manifest(
            parsing: ImageIndex(manifests: entries).json.compactBytes, as: .ociIndex)
        try await repository.push(index, tag: nil)
        return index
    }

    @Test("a signature verifies by its own key, not by another one, and by none if nobody is named")
    func verifies() async throws {
        let image = try await signedImage()
        let own = try await tree(of: image, by: .key(key.publicKey))
        #expect(own.branches.map(\.isRoot) == [true])
        #expect(own.branches.first?.items.map(\.verifies) == [true])
        #expect(own.isComplete && own.unread.isEmpty)
        let other = try await tree(of: image, by: .key(try TestKeys.ecdsaP384().publicKey))
        #expect(other.branches.first?.items.map(\.verifies) == [false])
        let none = try await tree(of: image)
        #expect(none.branches.first?.items.map(\.verifies) == [nil])
    }

    @Test("an index comes first, and each image has its platform")
    func platforms() async throws {
        let index = try await index("linux/amd64", "linux/arm64")
        let tree = try await tree(of: index)
        #expect(tree.branches.first?.subject.digest == index.digest)
        #expect(
            Set(tree.branches.compactMap(\.platform?.description)) == [
                "linux/amd64", "linux/arm64",
            ])
        #expect(tree.branches.count == 3)
    }

    @Test("a list that could not be read is named, and the tree is not complete")
    func unread() async throws {
        let image = try await signedImage()
        repository.fail { request in
            request.utf8.starts(with: "referrers".utf8)
                ? Failure(.unavailable, "cannot list", because: "it is down") : nil
        }
        let tree = try await tree(of: image)
        #expect(!tree.isComplete)
        #expect(tree.unread.map(\.failure.kind) == [.unavailable])
        #expect(tree.unread.map(\.subject) == [image.digest])
    }

    @Test("an image of an index is found by its platform, if there is one")
    func imageOfPlatform() async throws {
        let index = try await index("linux/amd64", "linux/arm64", "linux/arm64")
        func image(_ platform: String, in digest: Digest) async throws -> Digest {
            try await repository.image(
                for: try Platform(parsing: platform), in: digest, named: "the index")
        }
        let found = try await image("linux/amd64", in: index.digest)
        #expect(found == index.children.first?.digest)
        for (platform, digest) in [
            ("linux/arm64", index.digest), ("linux/s390x", index.digest), ("linux/amd64", found),
        ] {
            let failure = await #expect(throws: Failure.self) {
                try await image(platform, in: digest)
            }
            #expect(failure?.kind == .notFound)
        }
    }
}
