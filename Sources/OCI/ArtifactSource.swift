// SPDX-License-Identifier: Apache-2.0
// Protocols of repositories: registries, image layouts, and test doubles.
//
// 1. Manifests and blobs are verified against their digests before a caller receives them.
// 2. `notFound` means that the source responded that the content does not exist.
// 3. Lists of referrers are hints; a caller that relies on an entry reads its manifest.

package import Primitives

/// Reads manifests, referrers and tags of one repository.
package protocol ArtifactSource: ContentSource {
    /// The manifest of a reference. For a digest, the bytes are verified; for a tag, the digest is
    /// computed from the bytes, and headers are ignored.
    ///
    /// - Throws: `Failure` of kind `notFound` only if the source responded that it does not exist.
    func manifest(_ reference: ManifestReference) async throws -> Manifest

    /// The current type, digest and size of a reference's manifest, whose bytes are read and hashed
    /// as in `manifest(_:)`. Headers are ignored.
    func resolve(_ reference: ManifestReference) async throws -> Descriptor

    /// Whether the source claims to have the manifest.
    ///
    /// The result is a hint, which many sources give without reading the manifest. Use it only
    /// where a wrong result is harmless; otherwise call `resolve` or `manifest`.
    func hasManifest(_ reference: ManifestReference) async throws -> Bool

    /// The referrers of a subject, as the source lists them. The descriptors are hints: a caller
    /// that relies on one reads the manifest.
    ///
    /// Lists that could not be read are in `failures` of the result, because another list can
    /// contain the wanted referrer. A caller that needs all referrers calls `complete()`.
    func referrers(of subject: Digest) async throws -> ReferrersResult

    /// All tags, sorted.
    func tags() async throws -> [Tag]

    /// The repository from which another one of the same registry can mount this place's blobs; nil
    /// where the blobs are elsewhere, or in no registry.
    var mountSource: Repository? { get }
}

extension ArtifactSource {
    /// For places that are no repository of a registry.
    package var mountSource: Repository? { nil }

    /// For places where reading the manifest is the cheapest way to ask.
    package func resolve(_ reference: ManifestReference) async throws -> Descriptor {
        try await manifest(reference).descriptor
    }

    /// For places where reading the manifest is the cheapest way to ask.
    package func hasManifest(_ reference: ManifestReference) async throws -> Bool {
        try await canRead(reference)
    }

    /// Whether the manifest can be read; reads it to find out.
    package func canRead(_ reference: ManifestReference) async throws -> Bool {
        do {
            _ = try await manifest(reference)
            return true
        } catch let failure as Failure where failure.kind == .notFound {
            return false
        }
    }
}

/// The referrers of a subject, and how they were discovered.
package struct ReferrersResult: Hashable, Sendable {
    /// The method of referrers discovery.
    package enum Discovery: String, Hashable, Sendable {
        /// The referrers API: `GET /v2/<name>/referrers/<digest>`.
        case referrersAPI
        /// The fallback tag `sha256-<hex>`, which names an index.
        case referrersTag
        /// A search of a whole image layout.
        case layout

        package var shown: String {
            switch self {
            case .referrersAPI: "referrers API"
            case .referrersTag: "referrers tag"
            case .layout: "image layout"
            }
        }
    }

    /// A list that could not be read, as a whole or from some page on.
    package struct UnreadList: Hashable, Sendable {
        package let discovery: Discovery
        package let failure: Failure

        package init(discovery: Discovery, failure: Failure) {
            self.discovery = discovery
            self.failure = failure
        }
    }

    /// The entries of the lists that were read.
    package let descriptors: [Descriptor]
    package let discovery: Discovery
    /// The lists that could not be read; empty if the result is complete.
    package let failures: [UnreadList]

    package init(descriptors: [Descriptor], discovery: Discovery, failures: [UnreadList] = []) {
        self.descriptors = descriptors
        self.discovery = discovery
        self.failures = failures
    }

    /// All referrers.
    ///
    /// - Throws: the first failure, if a list could not be read.
    package func complete() throws(Failure) -> [Descriptor] {
        if let unread = failures.first { throw unread.failure }
        return descriptors
    }
}

extension Failure {
    /// Whether the source responded and its content is unusable: malformed, unsupported, with
    /// another digest, or not found. A retry or other credentials would not help.
    ///
    /// After other failures (no access, no response, a limit) the content is unknown.
    package var isAboutContent: Bool {
        switch kind {
        case .malformed, .rejected, .notFound, .unsupported: true
        case .overLimit, .denied, .unavailable, .rateLimited, .usage, .bug: false
        }
    }
}

/// Stores blobs and manifests.
package protocol ArtifactDestination: ArtifactSource {
    /// Whether the blob exists.
    func has(_ blob: Descriptor) async throws -> Bool

    /// Stores a blob; `content` must match `blob`. `neighbour` is another repository of the same
    /// registry with the blob, from which it is mounted instead of uploaded.
    func push(_ blob: Descriptor, content: ByteStream, mountSource: Repository?)
        async throws

    /// Stores a manifest under its digest, and under `tag` if given. A manifest with a `subject` is
    /// then in the subject's list of referrers, which the registry or the client updates.
    func push(_ manifest: Manifest, tag: Tag?) async throws

    /// Told after a copy that an image and all its evidence arrived. A place that other tools read
    /// may say there which image it is.
    func completeCopy(of image: Digest) async throws
}

extension ArtifactDestination {
    /// For places that keep nothing about copies.
    package func completeCopy(of image: Digest) async throws {}
}
