// SPDX-License-Identifier: Apache-2.0
// Files that are open, read at offsets, and never followed through links.

internal import Glibc
internal import OCI
internal import Primitives
internal import Synchronization

/// An open regular file; closed when nobody needs it any more.
final class OpenFile: Sendable {
    let descriptor: Int32
    /// Bytes, when it was opened.
    let size: Int
    let name: String

    /// Takes the descriptor over.
    init(owning descriptor: Int32, named name: String) throws(Failure) {
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
    convenience init(at path: String) throws(Failure) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw systemFailure("cannot open \(quoted(path))", path) }
        try self.init(owning: descriptor, named: path)
    }

    deinit { close(descriptor) }

    /// At most `count` bytes at an offset; fewer only at the end of the file.
    func read(at offset: Int, count: Int) throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe pread(
                    descriptor, buffer.baseAddress?.advanced(by: filled), count - filled,
                    offset + filled)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw systemFailure("cannot read \(quoted(name))", name) }
            guard got > 0 else { break }
            filled += got
        }
        bytes.removeLast(count - filled)
        return bytes
    }

    /// The whole content, at most `limit` bytes.
    func whole(atMost limit: Int, named what: String) throws(Failure) -> [UInt8] {
        guard size <= limit else {
            throw Failure(
                .overLimit, "cannot read \(what)", at: .named(name),
                because: "it has \(size) bytes, the limit is \(limit)")
        }
        return try read(at: 0, count: size)
    }

    /// A part of the file as a stream; it keeps the file open.
    func stream(from offset: Int = 0, length: Int) -> ByteStream {
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

/// The failure that `errno` means.
func systemFailure(_ what: String, _ path: String) -> Failure {
    let code = errno
    let kind: Failure.Kind =
        switch code {
        case ENOENT, ENOTDIR: .notFound
        case EACCES, EPERM, EROFS: .denied
        case ELOOP: .rejected
        case ENAMETOOLONG, ENOSPC, EFBIG, EDQUOT: .overLimit
        default: .unavailable
        }
    let why =
        switch code {
        case ENOENT: "there is no such file or folder"
        case ELOOP: "it is a symbolic link, which is not followed here"
        default: unsafe String(cString: strerror(code)).utf8.lowercased()
        }
    return Failure(kind, what, at: .named(path), because: why)
}

/// Bytes read at a time: large enough to be fast, small enough to forget.
let streamChunkBytes = 256 * 1024
