// SPDX-License-Identifier: Apache-2.0
// Reading and writing whole files by the paths that the user named.

internal import Glibc
internal import OCI
package import Primitives

/// The content of a file the user named. A pipe or terminal (`/dev/stdin`) is read to its end.
///
/// - Parameters:
///   - limit: bytes; one of `Limits`.
///   - what: what the file is, for failures: "the public key".
///   - pipeSeconds: how long a pipe may stay silent, also before it has a writer.
/// - Throws: `unavailable` if nothing is written to a pipe for that long.
package func readFile(
    at path: String, atMost limit: Int, named what: String,
    pipeSeconds: Int = Limits.pipeSeconds
) throws(Failure) -> [UInt8] {
    let file = try InputFile(at: path, named: what, pipeSeconds: pipeSeconds)
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
        let got = try file.read(into: &chunk)
        guard got > 0 else { return content }
        guard content.count + got <= limit else {
            throw Failure(
                .overLimit, "cannot read \(what)", at: .named(path),
                because: "it has more than \(limit) bytes")
        }
        content += chunk[..<got]
    }
}

/// Writes a file so that there is either the old content or the new, never a part.
///
/// What is there and is no regular file (`/dev/stdout`, a pipe) is written into, not replaced.
///
/// - Parameter permissions: `0o600` for secrets, `0o644` for the rest.
package func writeFile(_ bytes: [UInt8], at path: String, permissions: UInt32) throws(Failure) {
    if let status = try? FileStatus(at: path), status.kind != .file {
        let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemFailure("cannot write \(quoted(path))", path) }
        defer { close(descriptor) }
        return try writeAll(bytes, to: descriptor, named: path)
    }
    try DirectoryHandle(at: parentDirectory(of: path))
        .write(bytes, as: lastStep(of: path), permissions: permissions)
}

/// The path that is written where `path` is a link: the target of the last link, which need not be
/// there. `writeFile` would replace the link itself.
package func followingLinks(_ path: String) throws(Failure) -> String {
    var path = path
    for _ in 0..<Limits.symbolicLinks {
        var target = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe target.withUnsafeMutableBytes { buffer -> Int in
            guard let start = buffer.baseAddress else { return -1 }
            return unsafe readlink(path, start, buffer.count)
        }
        // Anything that is not a link, or not there, is the end.
        guard count >= 0 else { return path }
        guard count < target.count,
            let text = String(validating: target[..<count], as: UTF8.self)
        else {
            throw Failure(
                .unsupported, "cannot follow the link", at: .named(path),
                because: "its target is not UTF-8 or has \(target.count) bytes or more")
        }
        path = text.utf8.hasPrefix("/") ? text : "\(parentDirectory(of: path))/\(text)"
    }
    throw Failure(
        .rejected, "cannot follow the link", at: .named(path),
        because: "more than \(Limits.symbolicLinks) links follow each other")
}
