// SPDX-License-Identifier: Apache-2.0
// One open file, read and written by position. Spec: POSIX.1-2017, pread and pwrite.

internal import NIOCore
internal import Primitives

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// An open file; closed when the last holder lets go. Positions are given with each call, so
/// several readers may share it. The calls block.
final class StoredFile: Sendable {
    private let descriptor: Int32
    private let path: String

    /// Opens for reading; nil when there is no such file.
    init?(reading path: String) throws(Failure) {
        self.path = path
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor < 0 else { return }
        guard errno == ENOENT || errno == ENOTDIR else { throw Disk.failure("cannot open", path) }
        return nil
    }

    /// Opens for writing and makes the file when there is none.
    init(writing path: String) throws(Failure) {
        self.path = path
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw Disk.failure("cannot open", path) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func size() throws(Failure) -> Int {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw Disk.failure("cannot look at", path)
        }
        return Int(status.st_size)
    }

    /// Up to `count` bytes from a position; fewer only at the end of the file.
    func read(at offset: Int, atMost count: Int) throws(Failure) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(count)
        while buffer.readableBytes < count {
            let position = offset + buffer.readableBytes
            let wanted = count - buffer.readableBytes
            var broke = false
            let got = unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) {
                let count = unsafe pread(descriptor, $0.baseAddress, wanted, position)
                broke = count < 0
                return max(0, count)
            }
            guard !broke || errno == EINTR else { throw Disk.failure("cannot read", path) }
            if broke { continue }
            if got == 0 { break }
        }
        return buffer
    }

    /// Writes all of it at a position.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Failure) {
        var done = 0
        while done < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = unsafe pwrite(descriptor, rest.baseAddress, rest.count, offset + done)
            if count < 0 {
                if errno == EINTR { continue }
                throw Disk.failure("cannot write", path)
            }
            done += count
        }
    }

    /// Writes a small file's whole content.
    func write(_ bytes: [UInt8]) throws(Failure) {
        try unsafe bytes.withUnsafeBufferPointer { (pointer) throws(Failure) in
            try unsafe write(UnsafeRawBufferPointer(pointer), at: 0)
        }
    }

    /// Cuts the file at a length.
    func cut(at length: Int) throws(Failure) {
        guard ftruncate(descriptor, length) == 0 else { throw Disk.failure("cannot cut", path) }
    }

    /// Waits until the content is on the disk.
    func synchronize() throws(Failure) {
        guard fsync(descriptor) == 0 else { throw Disk.failure("cannot synchronise", path) }
    }

    fileprivate func lock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    fileprivate func unlock() { _ = flock(descriptor, LOCK_UN) }
}

/// The lock that keeps other processes out of a folder. The system releases it when the process
/// ends, however it ends.
///
/// It is released with `LOCK_UN` and not only by closing the file. A program that is being started
/// has a copy of every descriptor until it has replaced itself, close-on-exec or not, and with the
/// copy the lock. Spec: flock(2), fork(2).
final class FolderLock: Sendable {
    private let file: StoredFile

    /// Nil when another process has the lock, or another part of this one.
    init?(at path: String) throws(Failure) {
        file = try StoredFile(writing: path)
        guard file.lock() else { return nil }
    }

    func release() { file.unlock() }

    deinit { file.unlock() }
}
