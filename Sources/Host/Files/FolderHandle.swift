// SPDX-License-Identifier: Apache-2.0
// A folder held open, below which nothing leads out: every step refuses symbolic links.

internal import Glibc
internal import OCI
internal import Primitives
internal import Synchronization

/// An open folder. What is opened through it is below it, whatever somebody links meanwhile.
final class FolderHandle: Sendable {
    let descriptor: Int32
    let path: String

    /// Opens what the user named; links in the user's own path are followed.
    convenience init(at path: String) throws(Failure) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemFailure("cannot open \(quoted(path))", path) }
        self.init(owning: descriptor, path: path)
    }

    /// Opens what the user named, and makes its last step when it is not there.
    convenience init(creating path: String) throws(Failure) {
        if unsafe mkdir(path, 0o755) != 0, errno != EEXIST {
            throw systemFailure("cannot make the folder \(quoted(path))", path)
        }
        try self.init(at: path)
    }

    init(owning descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// The folder of that name; made when `creating` and not there.
    func folder(_ name: String, creating: Bool = false) throws(Failure) -> FolderHandle {
        try checkName(name)
        if creating { _ = unsafe mkdirat(descriptor, name, 0o755) }
        let below = unsafe openat(
            descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard below >= 0 else { throw systemFailure("cannot open the folder", "\(path)/\(name)") }
        return FolderHandle(owning: below, path: "\(path)/\(name)")
    }

    func file(_ name: String) throws(Failure) -> OpenFile {
        try checkName(name)
        let file = unsafe openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw systemFailure("cannot open the file", "\(path)/\(name)") }
        return try OpenFile(owning: file, named: "\(path)/\(name)")
    }

    /// Bytes of a regular file of that name; nil when there is none.
    func sizeOfFile(_ name: String) -> Int? {
        var status = stat()
        guard unsafe fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
            status.st_mode & S_IFMT == S_IFREG
        else { return nil }
        return Int(status.st_size)
    }

    /// What a name is, itself and not what it links to.
    func status(of name: String) throws(Failure) -> stat {
        var status = stat()
        guard unsafe fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw systemFailure("cannot look at the file", "\(path)/\(name)")
        }
        return status
    }

    /// Where a symbolic link points, as it is written.
    func linkTarget(of name: String) throws(Failure) -> String {
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

    func write(_ bytes: [UInt8], as name: String, permissions: UInt32 = 0o644) throws(Failure) {
        let part = try PartialFile(in: self, permissions: permissions)
        try part.append(bytes)
        try part.finish(as: name)
    }

    /// The names in it, sorted by their bytes; `.` and `..` are not among them.
    ///
    /// - Throws: `unsupported` for a name that is not UTF-8: it could not be written down.
    func names() throws(Failure) -> [String] {
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
    func nameBytes() throws(Failure) -> [[UInt8]] {
        // The stream takes its descriptor over and moves it, so it gets one of its own.
        let own = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0, let stream = unsafe fdopendir(own) else {
            throw systemFailure("cannot list the folder", path)
        }
        defer { unsafe closedir(stream) }
        var names: [[UInt8]] = []
        while let entry = unsafe readdir(stream) {
            let bytes = unsafe withUnsafeBytes(of: entry.pointee.d_name) { name in
                unsafe Array(name.prefix { $0 != 0 })
            }
            if bytes != Array(".".utf8), bytes != Array("..".utf8) { names.append(bytes) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Removes unfinished files that nobody has written to for a day.
    func removeStaleParts() {
        let newest = Int(time(nil)) - Limits.partialFileSeconds
        for name in (try? names()) ?? [] where PartialFile.isTemporary(name) {
            guard let status = try? status(of: name), status.st_mode & S_IFMT == S_IFREG,
                status.st_mtim.tv_sec < newest
            else { continue }
            _ = unsafe unlinkat(descriptor, name, 0)
        }
    }

    func isEmpty() throws(Failure) -> Bool { try names().isEmpty }

    /// One writer at a time, in this process and any other.
    func locked<Result>(_ work: () throws(Failure) -> Result) throws(Failure) -> Result {
        // A lock belongs to an opened file, so each holder opens its own.
        let own = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0, flock(own, LOCK_EX) == 0 else {
            if own >= 0 { close(own) }
            throw systemFailure("cannot lock the folder", path)
        }
        defer { closeLock(own) }
        return try work()
    }

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

/// A file that is being written; it has its name only when it is whole and on the disk.
final class PartialFile: Sendable {
    private let folder: FolderHandle
    private let descriptor: Int32
    private let temporaryName: String
    private let isNamed = Mutex(false)

    /// Whether a file of that name was never finished.
    static func isTemporary(_ name: String) -> Bool {
        name.utf8.hasPrefix(".assay-") && name.utf8.hasSuffix(".partial")
    }

    init(in folder: FolderHandle, permissions: UInt32 = 0o644) throws(Failure) {
        self.folder = folder
        temporaryName = ".assay-\(getpid())-\(UInt64.random(in: 0...UInt64.max)).partial"
        descriptor = unsafe openat(
            folder.descriptor, temporaryName, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
            permissions)
        guard descriptor >= 0 else { throw systemFailure("cannot write", folder.path) }
    }

    func append(_ bytes: [UInt8]) throws(Failure) {
        try writeAll(bytes, to: descriptor, named: folder.path)
    }

    /// Makes the file what it is called, or leaves nothing.
    func finish(as name: String) throws(Failure) {
        guard fsync(descriptor) == 0,
            unsafe renameat(folder.descriptor, temporaryName, folder.descriptor, name) == 0
        else { throw systemFailure("cannot write", "\(folder.path)/\(name)") }
        isNamed.withLock { $0 = true }
        // The name itself is on the disk only when the folder is.
        guard fsync(folder.descriptor) == 0 else {
            throw systemFailure("cannot write", folder.path)
        }
    }

    deinit {
        close(descriptor)
        if !isNamed.withLock({ $0 }) { _ = unsafe unlinkat(folder.descriptor, temporaryName, 0) }
    }
}

/// Releases a lock and closes its file. Closing alone is not enough: a program that is being started
/// has a copy of every descriptor, and so the lock, until it has replaced itself. Spec: flock(2).
func closeLock(_ descriptor: Int32) {
    _ = flock(descriptor, LOCK_UN)
    close(descriptor)
}

/// Writes all of it, however often the system takes only a part.
func writeAll(_ bytes: [UInt8], to descriptor: Int32, named name: String) throws(Failure) {
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
