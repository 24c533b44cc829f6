// SPDX-License-Identifier: Apache-2.0
// One holder at a time, among all processes. Spec: flock(2).

internal import Glibc
package import Primitives

/// An exclusive lock on a file or folder, against other processes and other parts of this one. The
/// system releases it when the process ends, however it ends.
///
/// It is released with `LOCK_UN` and not only by closing the file. A program that is being started
/// has a copy of every descriptor until it has replaced itself, close-on-exec or not, and with the
/// copy the lock. Spec: flock(2), fork(2).
package final class FileLock: Sendable {
    // A lock belongs to an opened file, so each holder opens its own.
    private let descriptor: Int32
    private let path: String

    /// The lock of a file that serves as nothing else; it is made when it is not there, and stays.
    package init(file path: String) throws(Failure) {
        self.path = path
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw systemFailure("cannot lock the file", path) }
    }

    /// The lock of a folder.
    package init(directory: DirectoryHandle) throws(Failure) {
        path = directory.path
        descriptor = unsafe openat(
            directory.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemFailure("cannot lock the folder", path) }
    }

    deinit {
        guard descriptor >= 0 else { return }
        release()
        close(descriptor)
    }

    /// Waits until no one else holds the lock, and takes it.
    package func take() throws(Failure) {
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw systemFailure("cannot lock", path) }
        }
    }

    /// Takes the lock; false when someone else holds it.
    package func takeIfFree() throws(Failure) -> Bool {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            guard errno == EINTR else { throw systemFailure("cannot lock", path) }
        }
        return true
    }

    package func release() { _ = flock(descriptor, LOCK_UN) }
}

/// Runs `work` while no other process does so for the same path. The lock is the file `path.lock`,
/// which stays.
package func whileLocked<Result>(_ path: String, _ work: () throws -> Result) throws -> Result {
    let lock = try FileLock(file: path + ".lock")
    try lock.take()
    defer { lock.release() }
    return try work()
}

extension DirectoryHandle {
    /// Runs `work` while no one else does so for the same folder.
    package func locked<Result>(_ work: () throws(Failure) -> Result) throws(Failure) -> Result {
        let lock = try FileLock(directory: self)
        try lock.take()
        defer { lock.release() }
        return try work()
    }
}
