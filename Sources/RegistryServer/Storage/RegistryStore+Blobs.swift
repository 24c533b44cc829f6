// SPDX-License-Identifier: Apache-2.0
// Blobs of the embedded registry. Spec: OCI distribution-spec 1.1, "Pulling blobs", "Mounting".

internal import Files
internal import OCI
internal import Primitives

/// A blob that is there, open for reading.
struct StoredBlob: Sendable {
    let digest: Digest
    /// Bytes.
    let size: Int
    let file: OpenFile
}

extension RegistryStore {
    /// The blob, when that repository has it.
    func blob(_ digest: Digest, in repository: Repository) throws(Failure) -> StoredBlob? {
        guard try Disk.exists(directory.blob(digest, in: repository)),
            let file = try OpenFile(existing: directory.content(digest))
        else { return nil }
        return StoredBlob(digest: digest, size: file.size, file: file)
    }

    func hasBlob(_ digest: Digest, in repository: Repository) throws(Failure) -> Bool {
        guard try Disk.exists(directory.blob(digest, in: repository)) else { return false }
        return try Disk.exists(directory.content(digest))
    }

    /// Takes a file in as a blob; its bytes must have been hashed, compared and synchronised.
    func adopt(_ file: String, as digest: Digest, in repository: Repository) throws(Failure) {
        try change { () throws(Failure) in
            try Disk.move(file, to: directory.content(digest))
            try linkBlob(digest, in: repository)
        }
    }

    /// Lets a repository have a blob that another one has. Without a source, any will do: all
    /// repositories are open to whoever can reach this registry.
    ///
    /// Spec: distribution-spec 1.1, "Mounting a blob from another repository".
    func mountBlob(_ digest: Digest, from source: Repository?, into repository: Repository)
        throws(Failure) -> Bool
    {
        try change { () throws(Failure) in
            guard try isThere(digest, in: source) else { return false }
            try linkBlob(digest, in: repository)
            return true
        }
    }

    /// Takes the blob from that repository; the content goes when no other repository has it.
    func deleteBlob(_ digest: Digest, in repository: Repository) throws(Failure) -> Bool {
        try change { () throws(Failure) in
            let path = directory.blob(digest, in: repository)
            guard try Disk.removeDurably(path) else { return false }
            try dropContentIfUnused(digest)
            return true
        }
    }

    private func isThere(_ digest: Digest, in source: Repository?) throws(Failure) -> Bool {
        if let source { return try hasBlob(digest, in: source) }
        guard try Disk.exists(directory.content(digest)) else { return false }
        for place in try directory.allRepositories() {
            if try Disk.exists(directory.blob(digest, inRepositoryAt: place.path)) { return true }
        }
        return false
    }

    private func linkBlob(_ digest: Digest, in repository: Repository) throws(Failure) {
        let path = directory.blob(digest, in: repository)
        if try Disk.exists(path) { return }
        let place = parentDirectory(of: path)
        try makeDirectory(at: place)
        _ = try OpenFile(writing: path)
        try DirectoryHandle(at: place).synchronize()
    }
}
