// SPDX-License-Identifier: Apache-2.0
// Files that are signed: every hash in one pass, however large they are.

package import Primitives

/// What signing and verifying need to know of a file.
package struct MessageFile: Sendable {
    package let digests: [HashAlgorithm: [UInt8]]
    /// The whole content; nil when it was not asked for, or is larger than asked for.
    package let content: [UInt8]?

    /// Reads a file, or stdin where `path` is nil, to its end; memory stays at one chunk and what is
    /// kept.
    ///
    /// - Parameters:
    ///   - limit: keeps the content of a file with at most that many bytes; 0 keeps none.
    ///   - pipeSeconds: how long a pipe may stay silent, also before it has a writer.
    package init(
        at path: String?, keepingAtMost limit: Int, pipeSeconds: Int = Limits.pipeSeconds
    ) throws(Failure) {
        let file =
            if let path {
                try InputFile(at: path, named: quoted(path), pipeSeconds: pipeSeconds)
            } else {
                InputFile(standardInput: "the file")
            }
        var hashers = HashAlgorithm.allCases.map(ContentHasher.init)
        var kept: [UInt8]? = limit > 0 ? [] : nil
        var chunk = [UInt8](repeating: 0, count: streamChunkBytes)
        while true {
            let got = try file.read(into: &chunk)
            guard got > 0 else { break }
            unsafe chunk.withUnsafeBytes { buffer in
                let piece = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<got])
                for index in hashers.indices { unsafe hashers[index].update(piece) }
            }
            if let count = kept?.count {
                if count + got <= limit {
                    kept?.append(contentsOf: chunk[..<got])
                } else {
                    kept = nil
                }
            }
        }
        let found = hashers.map { $0.finish() }
        digests = Dictionary(uniqueKeysWithValues: found.map { ($0.algorithm, $0.bytes) })
        content = kept
    }
}
