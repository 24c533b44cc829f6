// SPDX-License-Identifier: Apache-2.0
// The content of the embedded registry, on a folder.
// Spec: OCI distribution-spec 1.1; what each folder holds is told in RegistryFolder.

internal import Files
package import Primitives
internal import Synchronization

/// Blobs, manifests, tags, referrers and unfinished uploads on a folder.
///
/// Content becomes visible by one `rename`, after its hash was compared and its bytes were on the
/// disk; a process killed at any moment leaves old content, new content or an invisible rest. One
/// lock orders all changes; readers need none, because a file is there whole or not at all.
///
/// All calls block and belong on a thread that may; see `onDisk`.
package final class RegistryStore: Sendable {
    let directory: RegistryDirectory
    /// Orders changes: whoever looks before it writes does both while holding this.
    private let changes = Mutex<Void>(())
    let recentManifests = RecentManifests()
    let uploads: Mutex<UploadTable>
    /// Keeps a second process out.
    private let lock: FileLock

    /// Opens the folder, makes it when it is not there, and sweeps what a killed process left.
    ///
    /// - Throws: `Failure` of kind `unavailable` when another process serves the folder, `unsupported`
    ///   when the folder holds another layout.
    package convenience init(directory path: String, now: Timestamp) throws(Failure) {
        // All that can fail comes before the locks are made: a throwing initialiser that has already
        // made a `Mutex` crashes the optimiser of Swift 6.3.1.
        let root = path.count > 1 && path.utf8.hasSuffix("/") ? String(path.dropLast()) : path
        let directory = RegistryDirectory(root: root)
        let lock = try directory.take(named: path)
        let uploads = try UploadTable(sweeping: directory, now: now)
        self.init(directory, lock, uploads)
    }

    private init(_ directory: RegistryDirectory, _ lock: FileLock, _ uploads: UploadTable) {
        self.directory = directory
        self.lock = lock
        self.uploads = Mutex(uploads)
    }

    /// Lets another process serve the folder. The caller has ended all requests. Waiting for the last
    /// reference to go would not do: a disk thread drops its own some time after its work is done.
    package func close() { lock.release() }

    /// Makes a change while no other is made; manifests are then read again.
    func change<Value>(_ work: () throws(Failure) -> Value) throws(Failure) -> Value {
        try changes.withLock { (_) throws(Failure) in
            defer { recentManifests.forget() }
            return try work()
        }
    }

    /// The names of all repositories, sorted.
    func repositoryNames() throws(Failure) -> [String] {
        try directory.allRepositories().map(\.name)
    }

    /// Removes content that no repository names any more. The caller holds `changes`.
    func dropContentIfUnused(_ digest: Digest) throws(Failure) {
        for repository in try directory.allRepositories() {
            if try Disk.exists(directory.blob(digest, inRepositoryAt: repository.path)) { return }
            if try Disk.exists(directory.manifest(digest, inRepositoryAt: repository.path)) {
                return
            }
        }
        try removeFile(at: directory.content(digest))
    }
}
