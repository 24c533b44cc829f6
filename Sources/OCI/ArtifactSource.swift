// SPDX-License-Identifier: Apache-2.0
// One repository's worth of artifacts, wherever it lives: a registry, an image layout, a test double.

package import Primitives

/// Reads manifests, referrers and tags of one repository.
package protocol ArtifactSource: ContentSource {
    /// The manifest with exactly the bytes the reference means. For a digest the bytes were hashed
    /// and compared; for a tag the digest is what the bytes hash to, whatever a header said.
    ///
    /// - Throws: `Failure` of kind `notFound` only when the place was asked and said it is not there.
    func manifest(_ reference: ManifestReference) async throws -> Manifest

    /// What the reference means now, without the manifest where the place can answer that.
    func resolve(_ reference: ManifestReference) async throws -> Descriptor

    /// The manifests whose `subject` is that digest, as the place lists them. The descriptors are
    /// hints: whoever relies on one reads the manifest.
    func referrers(of subject: Digest) async throws -> ReferrersAnswer

    /// All tags, sorted.
    func tags() async throws -> [Tag]
}

extension ArtifactSource {
    /// For places where reading the manifest is the cheapest way to ask.
    package func resolve(_ reference: ManifestReference) async throws -> Descriptor {
        try await manifest(reference).descriptor
    }
}

/// What a place said when asked for referrers, and through which door.
package struct ReferrersAnswer: Hashable, Sendable {
    /// The way the list was found.
    package enum Door: String, Hashable, Sendable {
        /// `GET /v2/<name>/referrers/<digest>`.
        case referrersAPI
        /// The index under the tag `sha256-<hex>`.
        case referrersTag
        /// An image layout, searched whole.
        case layout
    }

    package let descriptors: [Descriptor]
    package let door: Door

    package init(descriptors: [Descriptor], door: Door) {
        self.descriptors = descriptors
        self.door = door
    }
}

/// Takes content and manifests in.
package protocol ArtifactDestination: ArtifactSource {
    /// Whether the blob is there already.
    func has(_ blob: Descriptor) async throws -> Bool

    /// Takes a blob in; what `content` yields must be what `blob` names. `neighbour` is another
    /// repository of the same registry that holds the blob, for a mount instead of a transfer.
    func push(_ blob: Descriptor, content: ByteStream, mountingFrom neighbour: Repository?)
        async throws

    /// Takes a manifest in under its digest, and under `tag` when one is given. A manifest with a
    /// `subject` is listed among the subject's referrers afterwards, by the registry or by us.
    func push(_ manifest: Manifest, tag: Tag?) async throws
}
