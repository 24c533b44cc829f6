// SPDX-License-Identifier: Apache-2.0
// Blocking file calls by path. Whoever calls them is on a thread that may block.
// Spec: POSIX.1-2017; "rename" is the step that makes content visible, whole or not at all.

internal import NIOCore
internal import Primitives

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Files and folders by path. Every failure is of kind `unavailable` and says what the system said.
enum Disk {
    /// Makes the folder and those above it; each new entry is on the disk when this returns.
    static func makeFolder(_ path: String) throws(Failure) {
        if unsafe mkdir(path, 0o755) == 0 {
            try synchronizeFolder(parent(of: path))
            return
        }
        switch errno {
        case EEXIST: return
        case ENOENT where path.utf8.contains("/"):
            try makeFolder(parent(of: path))
            guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else {
                throw failure("cannot make the folder", path)
            }
            try synchronizeFolder(parent(of: path))
        default: throw failure("cannot make the folder", path)
        }
    }

    /// Bytes of the file, or nil when there is none.
    static func size(of path: String) throws(Failure) -> Int? {
        try status(of: path).map { Int($0.st_size) }
    }

    static func exists(_ path: String) throws(Failure) -> Bool { try status(of: path) != nil }

    /// Seconds since 1970 of the last change, or nil when there is no such file.
    static func lastChange(of path: String) throws(Failure) -> Int? {
        try status(of: path).map { $0.st_mtim.tv_sec }
    }

    /// The names in a folder, in no order; none when there is no such folder.
    static func names(in path: String) throws(Failure) -> [String] {
        guard let folder = unsafe opendir(path) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw failure("cannot list the folder", path)
        }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// The whole content, or nil when there is no such file; more than `limit` is a failure.
    static func read(_ path: String, atMost limit: Int) throws(Failure) -> [UInt8]? {
        guard let file = try StoredFile(reading: path) else { return nil }
        let size = try file.size()
        guard size <= limit else {
            throw Failure(
                .overLimit, "cannot read a file of the store", at: .named(path),
                because: "it has \(size) bytes, the limit is \(limit)")
        }
        let buffer = try file.read(at: 0, atMost: size)
        return Array(buffer.readableBytesView)
    }

    /// Moves a file over another of the same file system: readers see the old one or the new one.
    static func move(_ path: String, to target: String) throws(Failure) {
        guard unsafe rename(path, target) == 0 else { throw failure("cannot move into", target) }
    }

    /// Removes the file; false when there was none.
    @discardableResult
    static func remove(_ path: String) throws(Failure) -> Bool {
        if unsafe unlink(path) == 0 { return true }
        guard errno == ENOENT else { throw failure("cannot remove", path) }
        return false
    }

    /// Removes a folder when nothing is in it.
    static func removeIfEmpty(_ path: String) { _ = unsafe rmdir(path) }

    /// Waits until the folder's entries are on the disk: a name lives in its folder, so a file is
    /// durable only after both were synchronised.
    static func synchronizeFolder(_ path: String) throws(Failure) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot open the folder", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("cannot synchronise the folder", path) }
    }

    static func parent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// What the last system call said, as a failure.
    static func failure(_ what: String, _ path: String) -> Failure {
        Failure(.unavailable, what, at: .named(path), because: systemMessage(errno))
    }

    /// What the system calls an error number.
    static func systemMessage(_ code: Int32) -> String {
        unsafe String(cString: strerror(code)).utf8.lowercased()
    }

    private static func status(of path: String) throws(Failure) -> stat? {
        var status = stat()
        if unsafe stat(path, &status) == 0 { return status }
        guard errno == ENOENT || errno == ENOTDIR else { throw failure("cannot look at", path) }
        return nil
    }
}
