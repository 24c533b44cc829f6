// SPDX-License-Identifier: Apache-2.0
// An image in one repository, its evidence in another.
// Spec: cosign v3.1.2, pkg/oci/remote/options.go, GetEnvTargetRepository; referrers.go; write.go.

package import OCI
package import Primitives
internal import Synchronization

/// An image in one repository and its evidence in another.
///
/// Referrers of the image's digest and cosign's evidence tags are asked for in the evidence
/// repository, and everything that is written goes there. Other reads go to the image's repository.
package final class SeparateEvidence: ArtifactDestination {
    private let images: any ArtifactSource
    private let evidence: any ArtifactDestination
    /// The digests of manifests and blobs that the evidence repository has named.
    private let found = Mutex<Set<Digest>>([])

    package init(of images: any ArtifactSource, in evidence: any ArtifactDestination) {
        self.images = images
        self.evidence = evidence
    }

    package var sourceName: String { images.sourceName }

    package func manifest(_ reference: ManifestReference) async throws -> Manifest {
        guard isEvidence(reference) else { return try await images.manifest(reference) }
        let manifest = try await evidence.manifest(reference)
        note([manifest.digest] + (manifest.blobs + manifest.children).map(\.digest))
        return manifest
    }

    package func resolve(_ reference: ManifestReference) async throws -> Descriptor {
        guard isEvidence(reference) else { return try await images.resolve(reference) }
        let descriptor = try await evidence.resolve(reference)
        note([descriptor.digest])
        return descriptor
    }

    package func hasManifest(_ reference: ManifestReference) async throws -> Bool {
        isEvidence(reference)
            ? try await evidence.hasManifest(reference) : try await images.hasManifest(reference)
    }

    package func referrers(of subject: Digest) async throws -> ReferrersResult {
        let answer = try await evidence.referrers(of: subject)
        note(answer.descriptors.map(\.digest))
        return answer
    }

    package func tags() async throws -> [Tag] { try await images.tags() }

    package func unverifiedStream(of descriptor: Descriptor) async throws -> ByteStream {
        let isEvidence = found.withLock { $0.contains(descriptor.digest) }
        return isEvidence
            ? try await evidence.unverifiedStream(of: descriptor)
            : try await images.unverifiedStream(of: descriptor)
    }

    package func has(_ blob: Descriptor) async throws -> Bool { try await evidence.has(blob) }

    package func push(
        _ blob: Descriptor, content: ByteStream, mountSource: Repository?
    ) async throws {
        try await evidence.push(blob, content: content, mountSource: mountSource)
        note([blob.digest])
    }

    package func push(_ manifest: Manifest, tag: Tag?) async throws {
        try await evidence.push(manifest, tag: tag)
        note([manifest.digest])
    }

    private func isEvidence(_ reference: ManifestReference) -> Bool {
        switch reference {
        case .digest(let digest): found.withLock { $0.contains(digest) }
        case .tag(let tag): isCosignTag(tag)
        }
    }

    private func note(_ digests: [Digest]) { found.withLock { $0.formUnion(digests) } }
}

/// `sha256-<hex>.sig`, `.att` or `.sbom`.
private func isCosignTag(_ tag: Tag) -> Bool {
    let bytes = Array(tag.description.utf8)
    for prefix in ["sha256-", "sha512-"] where bytes.starts(with: prefix.utf8) {
        let hex = bytes.dropFirst(prefix.utf8.count).prefix(hexDigits)
        let suffix = bytes.dropFirst(prefix.utf8.count + hexDigits)
        return hex.count == hexDigits && hex.allSatisfy(isLowerHex)
            && [".sig", ".att", ".sbom"].contains { suffix.elementsEqual($0.utf8) }
    }
    return false
}

/// Hex digits of a digest in a tag. Spec: distribution-spec 1.1, "Referrers Tag Schema".
private let hexDigits = 64
