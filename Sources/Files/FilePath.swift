// SPDX-License-Identifier: Apache-2.0
// The folder above a file, by the file's path.

internal import Primitives

/// The folder that holds what is at a path: `a` for `a/b`, `/` for `/b`, `.` for `b`. Nothing is
/// looked up, so links and `..` stay as they are.
package func parentDirectory(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// The last step of a path: `b` for `a/b`, for `/b` and for `b`.
package func lastStep(of path: String) -> String {
    path.utf8.split(atLast: "/").map { String($0.after) } ?? path
}
