// SPDX-License-Identifier: Apache-2.0
// The files of a folder tree, by the end of their names.

internal import Glibc
package import Primitives

/// Every file below a folder whose name ends with one of the suffixes, compared as bytes, sorted.
///
/// A link to a file is listed; a link to a folder is not followed.
///
/// - Throws: `Failure` when a folder cannot be listed, or holds a name that is not UTF-8: what is
///   left out would pass unseen.
package func filesBelow(_ path: String, endingWith suffixes: [String]) throws(Failure) -> [String] {
    var files: [String] = []
    try collect(
        below: try FolderHandle(at: path), suffixes, depth: 0, into: &files)
    return files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

private func collect(
    below folder: FolderHandle, _ suffixes: [String], depth: Int, into files: inout [String]
) throws(Failure) {
    guard depth <= Limits.documentDepth else {
        throw Failure(
            .overLimit, "cannot list the folder", at: .named(folder.path),
            because: "folders are nested deeper than \(Limits.documentDepth) levels")
    }
    for name in try folder.names() {
        if try folder.status(of: name).st_mode & S_IFMT == S_IFDIR {
            try collect(
                below: try folder.folder(name), suffixes, depth: depth + 1, into: &files)
        } else if suffixes.contains(where: { name.utf8.hasSuffix($0) }) {
            files.append("\(folder.path)/\(name)")
        }
    }
}
