// SPDX-License-Identifier: Apache-2.0
// What the system said about a file.

internal import Glibc
package import Primitives

/// The failure that `errno` means.
///
/// - Parameter what: what was attempted: "cannot open the folder".
package func systemFailure(_ what: String, _ path: String) -> Failure {
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
        default: systemMessage(code)
        }
    return Failure(kind, what, at: .named(path), because: why)
}

/// What the system calls an error number, in lower case.
package func systemMessage(_ code: Int32) -> String {
    unsafe String(cString: strerror(code)).utf8.lowercased()
}
