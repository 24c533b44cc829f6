// SPDX-License-Identifier: Apache-2.0
// Files that must not be there yet, and files that several processes change.

internal import Glibc
package import Primitives

/// Writes a file that must not exist: two processes that make the same file at once do not both
/// succeed, and a link under that name is not followed.
///
/// - Throws: `usage` when something is there; `denied` or `unavailable` when it cannot be written.
///   What was begun is then removed again.
package func createFile(
    _ bytes: [UInt8], at path: String, permissions: UInt32
) throws(Failure) {
    let descriptor = unsafe open(
        path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_t(permissions))
    guard descriptor >= 0 else { throw creationFailure(path, errno) }
    defer { close(descriptor) }
    var written = 0
    while written < bytes.count {
        let count = unsafe bytes.withUnsafeBytes { buffer in
            unsafe write(
                descriptor, buffer.baseAddress?.advanced(by: written), bytes.count - written)
        }
        guard count > 0 else {
            let code = errno
            unsafe unlink(path)
            throw creationFailure(path, code)
        }
        written += count
    }
    guard fsync(descriptor) == 0 else {
        let code = errno
        unsafe unlink(path)
        throw creationFailure(path, code)
    }
}

/// Removes a file if it is there.
package func removeFile(at path: String) { _ = unsafe unlink(path) }

/// Runs `work` while no other process does so for the same path. The lock is the file `path.lock`,
/// which stays; the system lets go of it when a process ends, however it ends.
package func whileLocked<Result>(
    _ path: String, _ work: () throws -> Result
) throws -> Result {
    let lock = path + ".lock"
    let descriptor = unsafe open(lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw creationFailure(lock, errno) }
    defer { closeLock(descriptor) }
    guard flock(descriptor, LOCK_EX) == 0 else { throw creationFailure(lock, errno) }
    return try work()
}

private func creationFailure(_ path: String, _ code: Int32) -> Failure {
    if code == EEXIST {
        return Failure(
            .usage, "cannot make \(quoted(path))", at: .named(path),
            because: "the file is there already", next: "choose another name, or move it away")
    }
    let kind: Failure.Kind = [EACCES, EPERM, EROFS].contains(code) ? .denied : .unavailable
    return Failure(
        kind, "cannot write \(quoted(path))", at: .named(path),
        because: unsafe String(cString: strerror(code)).utf8.lowercased())
}
