// SPDX-License-Identifier: Apache-2.0
// Files that are signed: every hash in one pass, however large they are.

internal import Glibc
package import Keys
package import Primitives

/// What signing and verifying need to know of a file.
package struct MessageFile: Sendable {
    package let digests: [SignatureHash: [UInt8]]
    /// The whole content; nil when it was not asked for, or is larger than asked for.
    package let content: [UInt8]?

    /// Reads a file, or stdin where `path` is nil, to its end; memory stays at one chunk and what is
    /// kept.
    ///
    /// - Parameter limit: keeps the content of a file with at most that many bytes; 0 keeps none.
    package init(at path: String?, keepingAtMost limit: Int) throws(Failure) {
        guard let path else {
            try self.init(reading: STDIN_FILENO, named: "stdin", keepingAtMost: limit)
            return
        }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemFailure("cannot read \(quoted(path))", path) }
        defer { close(descriptor) }
        try self.init(reading: descriptor, named: path, keepingAtMost: limit)
    }

    private init(
        reading descriptor: Int32, named name: String, keepingAtMost limit: Int
    ) throws(Failure) {
        var hasher = MessageHasher()
        var kept: [UInt8]? = limit > 0 ? [] : nil
        var chunk = [UInt8](repeating: 0, count: streamChunkBytes)
        while true {
            let got = unsafe chunk.withUnsafeMutableBytes { buffer in
                let got = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                if got > 0 {
                    unsafe hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
                }
                return got
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw systemFailure("cannot read \(quoted(name))", name) }
            guard got > 0 else { break }
            if let count = kept?.count {
                if count + got <= limit {
                    kept?.append(contentsOf: chunk[..<got])
                } else {
                    kept = nil
                }
            }
        }
        digests = hasher.finish()
        content = kept
    }
}
