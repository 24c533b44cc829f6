// SPDX-License-Identifier: Apache-2.0
// A source that keeps what it has read.

package import OCI
package import Primitives
internal import Synchronization

/// Keeps the manifests and lists of one place as long as it exists, "not found" and other failures
/// of manifests included. Blobs are not kept.
package final class CachingSource: ArtifactSource {
    private struct Memory {
        var manifests: [ManifestReference: Result<Manifest, Failure>] = [:]
        var referrers: [Digest: ReferrersResult] = [:]
    }

    private let source: any ArtifactSource
    private let memory = Mutex(Memory())

    package init(_ source: any ArtifactSource) { self.source = source }

    package var sourceName: String { source.sourceName }

    package func manifest(_ reference: ManifestReference) async throws -> Manifest {
        if let known = memory.withLock({ $0.manifests[reference] }) { return try known.get() }
        do {
            let manifest = try await source.manifest(reference)
            memory.withLock {
                $0.manifests[reference] = .success(manifest)
                $0.manifests[.digest(manifest.digest)] = .success(manifest)
            }
            return manifest
        } catch let failure as Failure {
            memory.withLock { $0.manifests[reference] = .failure(failure) }
            throw failure
        }
    }

    /// Whether the place says that it has the manifest; only a "no" is kept.
    package func hasManifest(_ reference: ManifestReference) async throws -> Bool {
        if let known = memory.withLock({ $0.manifests[reference] }) {
            if case .failure(let failure) = known, failure.kind == .notFound { return false }
            _ = try known.get()
            return true
        }
        guard try await source.hasManifest(reference) else {
            let absence = Failure(
                .notFound, "cannot read \(reference)", at: .named(sourceName),
                because: "it is not there")
            memory.withLock { $0.manifests[reference] = .failure(absence) }
            return false
        }
        return true
    }

    package func referrers(of subject: Digest) async throws -> ReferrersResult {
        if let known = memory.withLock({ $0.referrers[subject] }) { return known }
        let answer = try await source.referrers(of: subject)
        memory.withLock { $0.referrers[subject] = answer }
        return answer
    }

    package func tags() async throws -> [Tag] { try await source.tags() }

    package func unverifiedStream(of descriptor: Descriptor) async throws -> ByteStream {
        try await source.unverifiedStream(of: descriptor)
    }
}
