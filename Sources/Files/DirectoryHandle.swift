// SPDX-License-Identifier: Apache-2.0
// A folder held open, below which nothing leads out: every step refuses symbolic links.

internal import Glibc
internal import OCI
package import Primitives

/// An open folder. What is opened through it is below it, whatever somebody links meanwhile.
package final class DirectoryHandle: Sendable {
    let descriptor: Int32
    package let path: String

    /// Opens what the user named; links in the user's own path are followed.
    package convenience init(at path: String) throws(Failure) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemFailure("cannot open \(quoted(path))", path) }
        self.init(owning: descriptor, path: path)
    }

    /// Opens what the user named, and makes its last step when it is not there.
    package convenience init(creating path: String) throws(Failure) {
        if unsafe mkdir(path, 0o755) != 0, errno != EEXIST {
            throw systemFailure("cannot make the folder \(quoted(path))", path)
        }
        try self.init(at: path)
    }

    /// Nil when no folder is there.
    package convenience init?(existing path: String) throws(Failure) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT || errno == ENOTDIR else {
                throw systemFailure("cannot open the folder", path)
            }
            return nil
        }
        self.init(owning: descriptor, path: path)
    }

    init(owning descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// The folder of that name; made when `creating` and not there.
    package func directory(_ name: String, creating: Bool = false) throws(Failure)
        -> DirectoryHandle
    {
        try checkName(name)
        if creating { _ = unsafe mkdirat(descriptor, name, 0o755) }
        let below = unsafe openat(
            descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard below >= 0 else { throw systemFailure("cannot open the folder", "\(path)/\(name)") }
        return DirectoryHandle(owning: below, path: "\(path)/\(name)")
    }

    package func file(_ name: String) throws(Failure) -> OpenFile {
        try checkName(name)
        let file = unsafe openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw systemFailure("cannot open the file", "\(path)/\(name)") }
        return try OpenFile(owning: file, named: "\(path)/\(name)")
    }

    /// Bytes of a regular file of that name; nil when there is none.
    package func sizeOfFile(_ name: String) -> Int? {
        guard let status = try? status(of: name), status.kind == .file else { return nil }
        return status.size
    }

    /// What a name is, itself and not what it links to.
    package func status(of name: String) throws(Failure) -> FileStatus {
        var status = stat()
        guard unsafe fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw systemFailure("cannot look at the file", "\(path)/\(name)")
        }
        return FileStatus(status)
    }

    /// Where a symbolic link points, as it is written.
    package func linkTarget(of name: String) throws(Failure) -> String {
        var target = [UInt8](repeating: 0, count: Limits.pathBytes)
        let count = unsafe target.withUnsafeMutableBytes { buffer in
            guard let start = buffer.baseAddress else { return -1 }
            return unsafe readlinkat(
                descriptor, name, start.assumingMemoryBound(to: CChar.self), buffer.count)
        }
        guard count >= 0 else { throw systemFailure("cannot read the link", "\(path)/\(name)") }
        guard count < target.count,
            let text = String(validating: target[..<count], as: UTF8.self)
        else {
            throw Failure(
                .unsupported, "cannot read the link", at: .named("\(path)/\(name)"),
                because: "its target is not UTF-8 or has \(target.count) bytes or more")
        }
        return text
    }

    /// The names in it, sorted by their bytes; `.` and `..` are not among them.
    ///
    /// - Throws: `unsupported` for a name that is not UTF-8: it could not be written down.
    package func names() throws(Failure) -> [String] {
        var names: [String] = []
        for bytes in try nameBytes() {
            guard let name = String(validating: bytes, as: UTF8.self) else {
                throw Failure(
                    .unsupported, "cannot list the folder", at: .named(path),
                    because:
                        "the name \(quoted(String(decoding: bytes, as: UTF8.self))) is not UTF-8"
                )
            }
            names.append(name)
        }
        return names
    }

    /// The names in it as bytes, which need not be UTF-8; sorted, without `.` and `..`.
    package func nameBytes() throws(Failure) -> [[UInt8]] {
        var names: [[UInt8]] = []
        try visitNames { name in
            names.append(name)
            return true
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Calls `visit` with every name but `.` and `..`, in no order, until it returns false.
    package func visitNames(_ visit: ([UInt8]) -> Bool) throws(Failure) {
        // The stream takes its descriptor over and moves it, so it gets one of its own.
        let own = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0, let stream = unsafe fdopendir(own) else {
            if own >= 0 { close(own) }
            throw systemFailure("cannot list the folder", path)
        }
        defer { unsafe closedir(stream) }
        let dot = UInt8(ascii: ".")
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { name in
                unsafe Array(name.prefix { $0 != 0 })
            }
            if name == [dot] || name == [dot, dot] { continue }
            guard visit(name) else { return }
        }
    }

    package func isEmpty() throws(Failure) -> Bool { try names().isEmpty }

    /// One step of a path and no more.
    private func checkName(_ name: String) throws(Failure) {
        guard !["", ".", ".."].contains(name), !name.utf8.contains("/"), !name.utf8.contains(0)
        else {
            throw Failure(
                .rejected, "will not open \(quoted(name))", at: .named(path),
                because: "it is not a plain file name")
        }
    }
}
