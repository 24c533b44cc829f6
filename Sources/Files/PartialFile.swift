// SPDX-License-Identifier: Apache-2.0
// Writing a file so that it is there whole or not at all, also after a power cut: write under another
// name, synchronise the file, rename it, synchronise its folder. Spec: POSIX.1-2017, rename and fsync.

internal import Glibc
package import Primitives
internal import Synchronization

/// A file that is being written; it has its name only when it is whole and on the disk.
package final class PartialFile: Sendable {
    private let directory: DirectoryHandle
    private let descriptor: Int32
    private let temporaryName: String
    private let isNamed = Mutex(false)

    /// Whether a file of that name was never finished.
    static func isTemporary(_ name: String) -> Bool {
        name.utf8.hasPrefix(".assay-") && name.utf8.hasSuffix(".partial")
    }

    package init(in directory: DirectoryHandle, permissions: UInt32 = 0o644) throws(Failure) {
        self.directory = directory
        temporaryName = ".assay-\(getpid())-\(UInt64.random(in: 0...UInt64.max)).partial"
        descriptor = unsafe openat(
            directory.descriptor, temporaryName,
            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
            permissions)
        guard descriptor >= 0 else { throw systemFailure("cannot write", directory.path) }
    }

    package func append(_ bytes: [UInt8]) throws(Failure) {
        try writeAll(bytes, to: descriptor, named: directory.path)
    }

    /// Waits until the content is on the disk. `finish` does so too; a caller that finishes under a
    /// lock need not wait there.
    package func synchronize() throws(Failure) {
        guard fsync(descriptor) == 0 else { throw systemFailure("cannot write", directory.path) }
    }

    /// Makes the file what it is called, or leaves nothing.
    ///
    /// - Parameter target: a folder of the same file system; nil for the one it was begun in.
    package func finish(as name: String, in target: DirectoryHandle? = nil) throws(Failure) {
        try synchronize()
        try directory.move(temporaryName, to: target ?? directory, as: name)
        isNamed.withLock { $0 = true }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        if !isNamed.withLock({ $0 }) { _ = try? directory.remove(temporaryName) }
    }
}

extension DirectoryHandle {
    /// Writes a file so that there is either the old content or the new, never a part.
    package func write(
        _ bytes: [UInt8], as name: String, permissions: UInt32 = 0o644
    ) throws(Failure) {
        let part = try PartialFile(in: self, permissions: permissions)
        try part.append(bytes)
        try part.finish(as: name)
    }

    /// Gives a file of this folder its place in a folder of the same file system. Readers see what
    /// had that name before, or the file; the change is on the disk when this returns.
    package func move(_ name: String, to target: DirectoryHandle, as newName: String)
        throws(Failure)
    {
        guard unsafe renameat(descriptor, name, target.descriptor, newName) == 0 else {
            throw systemFailure("cannot write", "\(target.path)/\(newName)")
        }
        try target.synchronize()
    }

    /// Waits until the folder's entries are on the disk: a name lives in its folder, so a file is
    /// durable only after both were synchronised.
    package func synchronize() throws(Failure) {
        guard fsync(descriptor) == 0 else { throw systemFailure("cannot write", path) }
    }

    /// Removes the file; false when there was none.
    @discardableResult
    package func remove(_ name: String) throws(Failure) -> Bool {
        if unsafe unlinkat(descriptor, name, 0) == 0 { return true }
        guard errno == ENOENT else { throw systemFailure("cannot remove", "\(path)/\(name)") }
        return false
    }

    /// Removes unfinished files that nobody has written to for a day.
    package func removeStaleParts() {
        let newest = Int(time(nil)) - Limits.partialFileSeconds
        for name in (try? names()) ?? [] where PartialFile.isTemporary(name) {
            guard let status = try? status(of: name), status.kind == .file,
                status.lastChange < newest
            else { continue }
            _ = try? remove(name)
        }
    }
}

/// Creates a directory and the missing directories above it, each on the disk when this returns. One
/// that exists is not changed.
///
/// - Parameters:
///   - permissions: of each folder that is made, before the umask.
///   - what: what it is called in a failure: "the trust folder".
package func makeDirectory(
    at path: String, permissions: UInt32 = 0o755, named what: String = "the folder"
) throws(Failure) {
    let parent = parentDirectory(of: path)
    if unsafe mkdir(path, permissions) != 0 {
        switch errno {
        case EEXIST: return
        case ENOENT where path.utf8.contains("/") && !isSame(parent, "/"):
            try makeDirectory(at: parent, permissions: permissions, named: what)
            guard unsafe mkdir(path, permissions) == 0 || errno == EEXIST else {
                throw systemFailure("cannot make \(what)", path)
            }
        default: throw systemFailure("cannot make \(what)", path)
        }
    }
    try DirectoryHandle(at: parent).synchronize()
}

/// Writes all of it, however often the system takes only a part.
package func writeAll(
    _ bytes: [UInt8], to descriptor: Int32, named name: String
) throws(Failure) {
    var done = 0
    while done < bytes.count {
        let wrote = unsafe bytes.withUnsafeBytes { buffer in
            unsafe Glibc.write(
                descriptor, buffer.baseAddress?.advanced(by: done), bytes.count - done)
        }
        if wrote < 0, errno == EINTR { continue }
        guard wrote >= 0 else { throw systemFailure("cannot write", name) }
        done += wrote
    }
}
