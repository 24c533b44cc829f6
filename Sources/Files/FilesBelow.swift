// SPDX-License-Identifier: Apache-2.0
// The files of a folder tree, by their names.

package import Primitives

/// The files below a folder, and what is there and cannot be read as a file.
package struct FilesBelow: Sendable {
    /// In kubectl's order: the names of each folder sorted by their bytes, and what is below a
    /// folder in the place of its name. Spec: Go, path/filepath, `Walk`.
    package private(set) var paths: [String] = []
    /// Names that are not UTF-8, and pipes, sockets and devices with a name that is asked for.
    package private(set) var failures: [Failure] = []

    /// Lists every file whose name ends with one of the suffixes, or is one of the names, compared
    /// as bytes. A link to a file is listed; a link to a folder is not followed.
    ///
    /// - Throws: `Failure` when a folder cannot be listed.
    package init(_ path: String, endingWith suffixes: [String], named names: [String] = [])
        throws(Failure)
    {
        try collect(below: try DirectoryHandle(at: path), depth: 0) { name in
            suffixes.contains { name.suffix($0.utf8.count).elementsEqual($0.utf8) }
                || names.contains { name.elementsEqual($0.utf8) }
        }
    }

    private mutating func collect(
        below directory: DirectoryHandle, depth: Int, where isWanted: ([UInt8]) -> Bool
    ) throws(Failure) {
        guard depth <= Limits.documentDepth else {
            throw Failure(
                .overLimit, "cannot list the folder", at: .named(directory.path),
                because: "folders are nested deeper than \(Limits.documentDepth) levels")
        }
        for bytes in try directory.nameBytes() {
            guard let name = String(validating: bytes, as: UTF8.self) else {
                failures.append(
                    Failure(
                        .unsupported, "cannot read the file or folder", at: .named(directory.path),
                        because: "its name \(quoted(String(decoding: bytes, as: UTF8.self)))"
                            + " is not UTF-8"))
                continue
            }
            let path = "\(directory.path)/\(name)"
            if try directory.status(of: name).kind == .directory {
                try collect(below: try directory.directory(name), depth: depth + 1, where: isWanted)
            } else if isWanted(bytes) {
                if let what = nameOfSpecialFile(at: path) {
                    failures.append(
                        Failure(
                            .unsupported, "cannot read the file", at: .named(path),
                            because: "it is \(what), not a file"))
                } else {
                    paths.append(path)
                }
            }
        }
    }
}

/// What a path leads to when reading it could wait without end; nil for everything else.
private func nameOfSpecialFile(at path: String) -> String? {
    switch (try? FileStatus(at: path))?.kind {
    case .pipe: return "a named pipe"
    case .socket: return "a socket"
    case .device: return "a device"
    case .file, .directory, .link, nil: return nil
    }
}

/// Every file below a folder whose name ends with one of the suffixes, in kubectl's order.
///
/// - Throws: `Failure` when a folder cannot be listed, or holds what `FilesBelow.failures` names:
///   what is left out would pass unseen.
package func filesBelow(_ path: String, endingWith suffixes: [String]) throws(Failure) -> [String] {
    let files = try FilesBelow(path, endingWith: suffixes)
    if let failure = files.failures.first { throw failure }
    return files.paths
}
