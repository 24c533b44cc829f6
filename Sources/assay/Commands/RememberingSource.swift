// SPDX-License-Identifier: Apache-2.0
// A source that is asked each question once.

import OCI
import Primitives
import Synchronization

/// Remembers the manifests and lists of one place for as long as one command runs, "it is not
/// there" included. Blobs pass through; they are not kept.
final class RememberingSource: ArtifactSource {
    private struct Memory {
        var manifests: [ManifestReference: Result<Manifest, Failure>] = [:]
        var referrers: [Digest: ReferrersAnswer] = [:]
    }

    private let source: any ArtifactSource
    private let memory = Mutex(Memory())

    init(_ source: any ArtifactSource) { self.source = source }

    var sourceName: String { source.sourceName }

    func manifest(_ reference: ManifestReference) async throws -> Manifest {
        if let known = memory.withLock({ $0.manifests[reference] }) { return try known.get() }
        return try await rememberingAbsence(of: reference) {
            let manifest = try await source.manifest(reference)
            memory.withLock {
                $0.manifests[reference] = .success(manifest)
                $0.manifests[.digest(manifest.digest)] = .success(manifest)
            }
            return manifest
        }
    }

    func resolve(_ reference: ManifestReference) async throws -> Descriptor {
        if let known = memory.withLock({ $0.manifests[reference] }) {
            return try known.get().descriptor
        }
        return try await rememberingAbsence(of: reference) { try await source.resolve(reference) }
    }

    func referrers(of subject: Digest) async throws -> ReferrersAnswer {
        if let known = memory.withLock({ $0.referrers[subject] }) { return known }
        let answer = try await source.referrers(of: subject)
        memory.withLock { $0.referrers[subject] = answer }
        return answer
    }

    func tags() async throws -> [Tag] { try await source.tags() }

    func unverifiedStream(of descriptor: Descriptor) async throws -> ByteStream {
        try await source.unverifiedStream(of: descriptor)
    }

    private func rememberingAbsence<Answer>(
        of reference: ManifestReference, _ ask: () async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await ask()
        } catch let failure as Failure where failure.kind == .notFound {
            memory.withLock { $0.manifests[reference] = .failure(failure) }
            throw failure
        }
    }
}
