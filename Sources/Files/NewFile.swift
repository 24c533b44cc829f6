// SPDX-License-Identifier: Apache-2.0
// Files that must not be there yet.

internal import Glibc
package import Primitives

/// Writes a file that must not exist: two processes that make the same file at once do not both
/// succeed, and a link under that name is not followed.
///
/// - Throws: `usage` when something is there; the failure of the system when it cannot be written.
///   What was begun is then removed again.
package func createFile(
    _ bytes: [UInt8], at path: String, permissions: UInt32
) throws(Failure) {
    let descriptor = unsafe open(
        path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_t(permissions))
    guard descriptor >= 0 else {
        guard errno == EEXIST else { throw systemFailure("cannot write \(quoted(path))", path) }
        throw Failure(
            .usage, "cannot make \(quoted(path))", at: .named(path),
            because: "the file is there already", next: "choose another name, or move it away")
    }
    defer { close(descriptor) }
    do throws(Failure) {
        try writeAll(bytes, to: descriptor, named: path)
        guard fsync(descriptor) == 0 else { throw systemFailure("cannot write", path) }
    } catch {
        unsafe unlink(path)
        throw error
    }
}

/// Removes a file; false when there was none.
@discardableResult
package func removeFile(at path: String) throws(Failure) -> Bool {
    if unsafe unlink(path) == 0 { return true }
    guard errno == ENOENT else { throw systemFailure("cannot remove", path) }
    return false
}
