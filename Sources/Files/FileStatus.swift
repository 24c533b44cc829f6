// SPDX-License-Identifier: Apache-2.0
// What a path leads to, as the system describes it.

internal import Glibc
package import Primitives

/// What the system knows of a file, folder or other entry.
package struct FileStatus: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case file, directory, link, pipe, socket, device
    }

    package let kind: Kind
    /// The lowest 12 bits of the mode.
    package let permissions: UInt32
    /// Bytes.
    package let size: Int
    /// Seconds since 1970.
    package let lastChange: Int

    /// Follows links; nil when nothing is there.
    package init?(at path: String) throws(Failure) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            guard errno == ENOENT || errno == ENOTDIR else {
                throw systemFailure("cannot look at", path)
            }
            return nil
        }
        self.init(status)
    }

    init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .link
            case S_IFIFO: .pipe
            case S_IFSOCK: .socket
            default: .device
            }
        permissions = UInt32(status.st_mode & 0o7777)
        size = Int(status.st_size)
        lastChange = status.st_mtim.tv_sec
    }
}

/// Which file a path leads to, so that two paths of one file can be recognised.
package struct FileIdentity: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64

    /// Follows links; nil when the path does not lead to a regular file.
    package init?(at path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
    }
}

/// Whether a path leads to a regular file that this process may execute.
package func isExecutableFile(at path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        && access(path, X_OK) == 0
}
