// SPDX-License-Identifier: Apache-2.0
// Manifests that were read lately, in memory: clients ask for the same few again and again.

internal import NIOCore
internal import OCI
internal import Primitives
internal import Synchronization

/// What was read since the last change of manifests or tags.
///
/// Only the process that holds the folder's lock changes it, and each change forgets everything. So
/// an answer from here is the one that the folder would give.
final class RecentManifests: Sendable {
    struct Key: Hashable, Sendable {
        let repository: Repository
        let reference: ManifestReference
    }

    private struct State {
        var manifests: [Key: (manifest: StoredManifest, content: ByteBuffer)] = [:]
        /// Bytes of all contents.
        var bytes = 0
        /// How often everything was forgotten because of a change.
        var changes = 0
    }

    private let state = Mutex(State())

    /// The number of changes so far; for `keep`.
    var changes: Int { state.withLock(\.changes) }

    func manifest(at key: Key) -> (manifest: StoredManifest, content: ByteBuffer)? {
        state.withLock { $0.manifests[key] }
    }

    /// Keeps what was read after that many changes; nothing if there was another one since.
    func keep(_ manifest: StoredManifest, _ content: ByteBuffer, at key: Key, changes: Int) {
        guard content.readableBytes <= Limits.recentManifestBytes else { return }
        state.withLock { state in
            guard state.changes == changes else { return }
            let isFull =
                state.manifests.count >= Limits.recentManifests
                || state.bytes + content.readableBytes > Limits.recentManifestsBytes
            if isFull { (state.manifests, state.bytes) = ([:], 0) }
            guard state.manifests.updateValue((manifest, content), forKey: key) == nil else {
                return
            }
            state.bytes += content.readableBytes
        }
    }

    /// Call it after each change, before anybody is told that the change is made.
    func forget() {
        state.withLock { state in
            state.changes += 1
            (state.manifests, state.bytes) = ([:], 0)
        }
    }
}
