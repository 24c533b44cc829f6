// SPDX-License-Identifier: Apache-2.0
// A repository in memory, for stories that need storage and no wire.

package import OCI
package import Primitives
import Synchronization

/// Holds content, manifests and tags; can be told to fail, and counts what it was asked.
package final class MemoryRepository: ArtifactDestination {
    private struct State {
        var blobs: [Digest: [UInt8]] = [:]
        var manifests: [Digest: Manifest] = [:]
        var tags: [Tag: Digest] = [:]
        var requests: [String] = []
        var fault: (@Sendable (String) -> Failure?)?
    }

    private let state = Mutex(State())
    package let sourceName: String

    package init(named name: String = "memory") { sourceName = name }

    /// From now on every question ends in this failure; nil heals.
    package func fail(with failure: Failure?) {
        let fault: @Sendable (String) -> Failure? = { _ in failure }
        state.withLock { $0.fault = failure == nil ? nil : fault }
    }

    /// From now on each question for which `fault` has a failure ends in that one. Questions are
    /// written as in `requests`.
    package func fail(where fault: @escaping @Sendable (String) -> Failure?) {
        state.withLock { $0.fault = fault }
    }

    /// What was asked so far, in order.
    package var requests: [String] { state.withLock { $0.requests } }

    /// Replaces the bytes stored under a digest, as a dishonest registry would.
    package func corrupt(_ digest: Digest, to bytes: [UInt8]) {
        state.withLock { $0.blobs[digest] = bytes }
    }

    /// Forgets a manifest and every tag on it, as a lossy mirror would.
    package func forget(_ digest: Digest) {
        state.withLock {
            $0.manifests[digest] = nil
            $0.tags = $0.tags.filter { $0.value != digest }
        }
    }

    private func ask<Answer>(
        _ request: String, _ answer: (inout State) throws -> Answer
    ) throws -> Answer {
        try state.withLock {
            $0.requests.append(request)
            if let fault = $0.fault?(request) { throw fault }
            return try answer(&$0)
        }
    }

    package func manifest(_ reference: ManifestReference) async throws -> Manifest {
        try ask("manifest \(reference)") { try found(reference, in: $0) }
    }

    package func resolve(_ reference: ManifestReference) async throws -> Descriptor {
        try ask("resolve \(reference)") { try found(reference, in: $0).descriptor }
    }

    package func referrers(of subject: Digest) async throws -> ReferrersResult {
        try ask("referrers \(subject)") { state in
            let found = state.manifests.values.filter { $0.subject?.digest == subject }
            return ReferrersResult(
                descriptors: found.map(\.descriptor).sorted { $0.digest < $1.digest },
                discovery: .referrersAPI)
        }
    }

    package func hasManifest(_ reference: ManifestReference) async throws -> Bool {
        try ask("has \(reference)") { state in
            switch reference {
            case .digest(let digest): state.manifests[digest] != nil
            case .tag(let tag): state.tags[tag] != nil
            }
        }
    }

    package func tags() async throws -> [Tag] { try ask("tags") { $0.tags.keys.sorted() } }

    package func unverifiedStream(of descriptor: Descriptor) async throws -> ByteStream {
        try ask("blob \(descriptor.digest)") { state in
            guard let bytes = state.blobs[descriptor.digest] else {
                throw missing("\(descriptor.digest)")
            }
            return ByteStream(bytes)
        }
    }

    package func has(_ blob: Descriptor) async throws -> Bool {
        try ask("has \(blob.digest)") { $0.blobs[blob.digest] != nil }
    }

    package func push(
        _ blob: Descriptor, content: ByteStream, mountSource: Repository?
    ) async throws {
        let bytes = try await content.verified(against: blob, from: "the test")
            .collect(atMost: blob.size, named: "the blob")
        try ask("push \(blob.digest)") { $0.blobs[blob.digest] = bytes }
    }

    package func push(_ manifest: Manifest, tag: Tag?) async throws {
        try ask("push manifest \(manifest.digest)") {
            $0.manifests[manifest.digest] = manifest
            if let tag { $0.tags[tag] = manifest.digest }
        }
    }

    private func found(_ reference: ManifestReference, in state: State) throws -> Manifest {
        let digest: Digest? =
            switch reference {
            case .digest(let digest): digest
            case .tag(let tag): state.tags[tag]
            }
        guard let digest, let manifest = state.manifests[digest] else {
            throw missing("\(reference)")
        }
        return manifest
    }

    private func missing(_ what: String) -> Failure {
        Failure(
            .notFound, "cannot read \(what)", at: .named(sourceName), because: "it is not there")
    }
}
