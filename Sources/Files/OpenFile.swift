// SPDX-License-Identifier: Apache-2.0
// Regular files that are open, read and written at offsets. Spec: POSIX.1-2017, pread and pwrite.

internal import Glibc
package import OCI
package import Primitives
internal import Synchronization

/// An open regular file; closed when the last reference goes. Each call says at which offset it reads
/// or writes, so several callers may share it.
package final class OpenFile: Sendable {
    private let descriptor: Int32
    /// Bytes, when it was opened.
    package let size: Int
    package let name: String

    /// Takes the descriptor over.
    package init(owning descriptor: Int32, named name: String) throws(Failure) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw Failure(
                .malformed, "cannot read \(quoted(name))", at: .named(name),
                because: "it is not a regular file")
        }
        self.descriptor = descriptor
        size = Int(status.st_size)
        self.name = name
    }

    /// Opens what the user named; links in the user's own path are followed.
    package convenience init(at path: String) throws(Failure) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw systemFailure("cannot open \(quoted(path))", path) }
        try self.init(owning: descriptor, named: path)
    }

    /// Opens a file for reading whose last step is no link; nil when there is none.
    package convenience init?(existing path: String) throws(Failure) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard descriptor >= 0 else {
            guard errno == ENOENT || errno == ENOTDIR else {
                throw systemFailure("cannot open", path)
            }
            return nil
        }
        try self.init(owning: descriptor, named: path)
    }

    /// Opens a file for reading and writing whose last step is no link; it is made when there is
    /// none.
    package convenience init(writing path: String) throws(Failure) {
        let descriptor = unsafe open(
            path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw systemFailure("cannot open", path) }
        try self.init(owning: descriptor, named: path)
    }

    /// Makes a file without a name: nobody else can open it, and it is gone when it is closed.
    package convenience init(withoutNameIn directory: String) throws(Failure) {
        let descriptor = unsafe open(directory, O_RDWR | temporaryFileFlag | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw systemFailure("cannot make a temporary file", directory)
        }
        try self.init(owning: descriptor, named: "a temporary file in \(directory)")
    }

    deinit { close(descriptor) }

    /// At most `count` bytes at an offset; fewer only at the end of the file.
    package func read(at offset: Int, count: Int) throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        try unsafe bytes.withUnsafeMutableBufferPointer { (space) throws(Failure) in
            filled = try unsafe read(at: offset, into: UnsafeMutableRawBufferPointer(space))
        }
        bytes.removeLast(count - filled)
        return bytes
    }

    /// Fills the space from an offset; returns the number of bytes, fewer only at the end of the file.
    package func read(
        at offset: Int, into space: UnsafeMutableRawBufferPointer
    ) throws(Failure) -> Int {
        var filled = 0
        while filled < space.count {
            let got = unsafe pread(
                descriptor, space.baseAddress?.advanced(by: filled), space.count - filled,
                offset + filled)
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw systemFailure("cannot read \(quoted(name))", name) }
            guard got > 0 else { break }
            filled += got
        }
        return filled
    }

    /// The whole content, at most `limit` bytes.
    package func whole(atMost limit: Int, named what: String) throws(Failure) -> [UInt8] {
        guard size <= limit else {
            throw Failure(
                .overLimit, "cannot read \(what)", at: .named(name),
                because: "it has \(size) bytes, the limit is \(limit)")
        }
        return try read(at: 0, count: size)
    }

    /// A part of the file as a stream; it keeps the file open.
    package func stream(from offset: Int = 0, length: Int) -> ByteStream {
        let done = Mutex(0)
        return ByteStream { [self] in
            let part = done.withLock { done in
                let count = min(streamChunkBytes, length - done)
                defer { done += count }
                return (start: done, count: count)
            }
            guard part.count > 0 else { return nil }
            let bytes = try read(at: offset + part.start, count: part.count)
            return bytes.isEmpty ? nil : bytes
        }
    }
}

extension OpenFile {
    /// Writes all of it at an offset.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Failure) {
        var done = 0
        while done < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = unsafe pwrite(descriptor, rest.baseAddress, rest.count, offset + done)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw systemFailure("cannot write", name) }
            done += count
        }
    }

    /// Writes all of it at an offset.
    package func write(_ bytes: [UInt8], at offset: Int = 0) throws(Failure) {
        try unsafe bytes.withUnsafeBufferPointer { (buffer) throws(Failure) in
            try unsafe write(UnsafeRawBufferPointer(buffer), at: offset)
        }
    }

    /// The same open file with the size that it has now.
    package func measured() throws(Failure) -> OpenFile {
        let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard own >= 0 else { throw systemFailure("cannot open", name) }
        return try OpenFile(owning: own, named: name)
    }

    /// Makes the file end at a length.
    package func cut(at length: Int) throws(Failure) {
        guard ftruncate(descriptor, length) == 0 else { throw systemFailure("cannot cut", name) }
    }

    /// Waits until the content is on the disk.
    package func synchronize() throws(Failure) {
        guard fsync(descriptor) == 0 else { throw systemFailure("cannot write", name) }
    }
}

/// `O_TMPFILE`, which Swift does not import. Spec: open(2), asm-generic/fcntl.h.
private let temporaryFileFlag: Int32 = 0o20_000_000 | O_DIRECTORY

/// Bytes read at a time: large enough to be fast, small enough to forget.
package let streamChunkBytes = 256 * 1024
