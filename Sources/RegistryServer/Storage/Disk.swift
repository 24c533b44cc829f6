// SPDX-License-Identifier: Apache-2.0
// Files of the store by path, where "not there" is an answer. The calls block: whoever calls them is
// on a thread that may.

internal import Files
internal import NIOCore
internal import Primitives

enum Disk {
    /// Bytes of the file, or nil when there is none.
    static func size(of path: String) throws(Failure) -> Int? { try FileStatus(at: path)?.size }

    static func exists(_ path: String) throws(Failure) -> Bool { try FileStatus(at: path) != nil }

    /// Seconds since 1970 of the last change, or nil when there is no such file.
    static func lastChange(of path: String) throws(Failure) -> Int? {
        try FileStatus(at: path)?.lastChange
    }

    /// The names in a folder, sorted; none when there is no such folder.
    static func names(in path: String) throws(Failure) -> [String] {
        try DirectoryHandle(existing: path)?.names() ?? []
    }

    /// The whole content, or nil when there is no such file; more than `limit` is a failure.
    static func read(_ path: String, atMost limit: Int) throws(Failure) -> [UInt8]? {
        try OpenFile(existing: path)?.whole(atMost: limit, named: "a file of the store")
    }

    /// Moves a file to its place, also after a power cut; folders above the place are made.
    static func move(_ path: String, to target: String) throws(Failure) {
        try DirectoryHandle(at: parentDirectory(of: path))
            .move(lastStep(of: path), to: try directory(above: target), as: lastStep(of: target))
    }

    /// Gives a new file its place, also after a power cut; folders above the place are made.
    static func finish(_ file: PartialFile, at target: String) throws(Failure) {
        try file.finish(as: lastStep(of: target), in: try directory(above: target))
    }

    private static func directory(above path: String) throws(Failure) -> DirectoryHandle {
        let directory = parentDirectory(of: path)
        try makeDirectory(at: directory)
        return try DirectoryHandle(at: directory)
    }

    /// Removes a file, also after a power cut; false when there was none.
    static func removeDurably(_ path: String) throws(Failure) -> Bool {
        guard try removeFile(at: path) else { return false }
        try DirectoryHandle(at: parentDirectory(of: path)).synchronize()
        return true
    }
}

extension OpenFile {
    /// Up to `count` bytes at an offset, as the network takes them; fewer only at the end of the file.
    func buffer(at offset: Int, atMost count: Int) throws(Failure) -> ByteBuffer {
        var buffer = ByteBuffer()
        var outcome: Result<Int, Failure> = .success(0)
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
            outcome = Result { () throws(Failure) in
                try unsafe read(
                    at: offset, into: UnsafeMutableRawBufferPointer(rebasing: space[..<count]))
            }
            return (try? outcome.get()) ?? 0
        }
        _ = try outcome.get()
        return buffer
    }
}
