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

    /// What the reference means now: type, digest and size of a manifest whose bytes were read and
    /// hashed, as in `manifest(_:)`. No header of an answer is believed.
    func resolve(_ reference: ManifestReference) async throws -> Descriptor

    /// Whether the place says that it has the manifest.
    ///
    /// The answer is a hint, and cheap where the place can give it without reading the manifest.
    /// Use it only where a wrong answer is harmless; otherwise call `resolve` or `manifest`.
    func hasManifest(_ reference: ManifestReference) async throws -> Bool

    /// The manifests whose `subject` is that digest, as the place lists them. The descriptors are
    /// hints: a caller that relies on one reads the manifest.
    ///
    /// A list that could not be read is part of the answer (`failures`), because another list may
    /// still name what is looked for. A caller that needs all referrers calls `complete()`.
    func referrers(of subject: Digest) async throws -> ReferrersAnswer

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

    /// Whether there is a manifest, by reading it.
    package func canRead(_ reference: ManifestReference) async throws -> Bool {
        do {
            _ = try await manifest(reference)
            return true
        } catch let failure as Failure where failure.kind == .notFound {
            return false
        }
    }
}

/// What a place said when asked for referrers, and where it keeps the list.
package struct ReferrersAnswer: Hashable, Sendable {
    /// The way the list was found.
    package enum Door: String, Hashable, Sendable {
        /// `GET /v2/<name>/referrers/<digest>`.
        case referrersAPI
        /// The index under the tag `sha256-<hex>`.
        case referrersTag
        /// An image layout, searched whole.
        case layout

        package var shown: String {
            switch self {
            case .referrersAPI: "referrers API"
            case .referrersTag: "referrers tag"
            case .layout: "image layout"
            }
        }
    }

    /// A list that could not be read, wholly or from some page on.
    package struct UnreadList: Hashable, Sendable {
        package let door: Door
        package let failure: Failure

        package init(door: Door, failure: Failure) {
            self.door = door
            self.failure = failure
        }
    }

    /// What the lists name that were read.
    package let descriptors: [Descriptor]
    package let door: Door
    /// Lists that may name more; empty when the answer is complete.
    package let failures: [UnreadList]

    package init(descriptors: [Descriptor], door: Door, failures: [UnreadList] = []) {
        self.descriptors = descriptors
        self.door = door
        self.failures = failures
    }

    /// All referrers.
    ///
    /// - Throws: the first failure, when a list could not be read.
    package func complete() throws(Failure) -> [Descriptor] {
        if let unread = failures.first { throw unread.failure }
        return descriptors
    }
}

extension Failure {
    /// Whether the place answered, and its content cannot be used: it is malformed, of an unknown
    /// kind, not what its digest says, or not there. A retry or other credentials would not help.
    ///
    /// Everything else (no access, no answer, a limit reached) leaves open what the place holds.
    package var isAboutContent: Bool {
        switch kind {
        case .malformed, .rejected, .notFound, .unsupported: true
        case .overLimit, .denied, .unavailable, .rateLimited, .usage, .bug: false
        }
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

    /// Told after a copy that an image and all its evidence arrived. A place that other tools read
    /// may say there which image it is.
    func completeCopy(of image: Digest) async throws
}

extension ArtifactDestination {
    /// For places that keep nothing about copies.
    package func completeCopy(of image: Digest) async throws {}
}
