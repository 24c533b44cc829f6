// SPDX-License-Identifier: Apache-2.0
// Walking a folder on disk into a file tree. Links are recorded, never followed.

internal import Files
internal import Glibc
package import OCI
package import Primitives

/// Walks the folder at `root` and takes everything in; content only where the matcher wants it.
///
/// Names are read in sorted order. Folders of other file systems (`/proc`, mounts) are recorded and
/// not entered. What cannot be read is noted, not fatal; only the folder itself must be readable.
///
/// - Throws: `notFound` or `denied` for the folder itself, `overLimit` at a limit.
package func directoryContents(at root: String, keeping matcher: PathMatcher) throws(Failure)
    -> LayerContents
{
    var walk = DirectoryWalk(root: root, matcher: matcher)
    return try walk.run()
}

private struct DirectoryWalk {
    let root: String
    var builder: LayerContentsBuilder

    init(root: String, matcher: PathMatcher) {
        self.root = root
        builder = LayerContentsBuilder(matcher: matcher, named: "the folder \(quoted(root))")
    }

    mutating func run() throws(Failure) -> LayerContents {
        let descriptor = unsafe open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        var status = stat()
        guard descriptor >= 0, unsafe fstat(descriptor, &status) == 0 else {
            let code = errno
            throw Failure(
                code == EACCES ? .denied : .notFound, "cannot read the folder \(quoted(root))",
                because: systemMessage(code))
        }
        close(descriptor)
        var waiting: [TreePath] = [.root]
        while let directory = waiting.popLast() {
            waiting += try enter(directory, device: status.st_dev).reversed()
        }
        return builder.finish()
    }

    /// Takes in what is right inside `folder`; gives back the folders to enter next.
    private mutating func enter(_ directory: TreePath, device: dev_t) throws(Failure) -> [TreePath]
    {
        let descriptor = unsafe open(
            location(directory), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0, let stream = unsafe fdopendir(descriptor) else {
            builder.addUnreadable(directory, because: systemMessage(errno))
            if descriptor >= 0 { close(descriptor) }
            return []
        }
        defer { unsafe closedir(stream) }
        var directories: [TreePath] = []
        for name in unsafe names(in: stream) {
            let path = try TreePath(
                cleaning: Array(directory.bytes) + [UInt8(ascii: "/")] + name, of: root)
            var status = stat()
            guard unsafe fstatat(descriptor, cString(name), &status, AT_SYMLINK_NOFOLLOW) == 0
            else {
                builder.addUnreadable(path, because: systemMessage(errno))
                continue
            }
            let mode = UInt16(truncatingIfNeeded: status.st_mode & 0o7777)
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                try builder.addDirectory(path, mode: mode)
                if status.st_dev == device { directories.append(path) }
            case S_IFLNK: try addLink(path, name, in: descriptor)
            case S_IFREG: try addFile(path, name, in: descriptor, Int(status.st_size), mode)
            default: try builder.addOther(path)
            }
        }
        return directories
    }

    private func names(in stream: OpaquePointer) -> [[UInt8]] {
        var names: [[UInt8]] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe Array(bytes.prefix { $0 != 0 })
            }
            if name != Array(".".utf8), name != Array("..".utf8) { names.append(name) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    private mutating func addLink(_ path: TreePath, _ name: [UInt8], in directory: Int32)
        throws(Failure)
    {
        var count = -1
        let target = unsafe [UInt8](unsafeUninitializedCapacity: Limits.pathBytes) { buffer, used in
            guard let start = buffer.baseAddress else { return }
            count = unsafe readlinkat(directory, cString(name), start, buffer.count)
            used = max(0, count)
        }
        guard count >= 0 else { return builder.addUnreadable(path, because: systemMessage(errno)) }
        try builder.addSymbolicLink(path, to: target)
    }

    private mutating func addFile(
        _ path: TreePath, _ name: [UInt8], in directory: Int32, _ size: Int, _ mode: UInt16
    ) throws(Failure) {
        guard builder.wants(path, size: size) else {
            return try builder.addFile(path, bytes: nil, size: size, mode: mode)
        }
        let descriptor = unsafe openat(
            directory, cString(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            return builder.addUnreadable(path, because: systemMessage(errno))
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 256 * 1024)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe read(descriptor, $0.baseAddress, $0.count)
            }
            guard count >= 0 else {
                return builder.addUnreadable(path, because: systemMessage(errno))
            }
            guard count > 0 else { break }
            bytes += chunk[..<count]
            // The file may grow while it is read.
            guard bytes.count <= Limits.packageDatabaseBytes else {
                return try builder.addFile(path, bytes: nil, size: bytes.count, mode: mode)
            }
        }
        try builder.addFile(path, bytes: bytes, size: bytes.count, mode: mode)
    }

    private func location(_ directory: TreePath) -> [CChar] {
        cString(Array(root.utf8) + [UInt8(ascii: "/")] + directory.bytes)
    }

    private func cString(_ bytes: [UInt8]) -> [CChar] { bytes.map { CChar(bitPattern: $0) } + [0] }
}
