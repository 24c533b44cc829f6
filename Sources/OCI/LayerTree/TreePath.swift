// SPDX-License-Identifier: Apache-2.0
// Paths inside a root file system. Spec: OCI image-spec 1.1, layer.md.

package import Primitives

/// A path below the root of an image or folder, such as `etc/os-release`, without a slash at either
/// end, `.` or `..`. The root is the empty path.
///
/// Linux compares paths by bytes, Swift compares strings by canonical equivalence: "K" and the
/// Kelvin sign are equal. So that no file hides another, `%` and all bytes above 0x7F are stored as
/// `%` and two hex digits.
package struct TreePath: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let description: String

    /// The root.
    package static let root = TreePath(known: "")

    /// Normalizes a path of an archive: removes leading slashes, `.` and double slashes.
    ///
    /// - Throws: `malformed` for `..`, a zero byte, or a name that is too long for Linux.
    ///   image-spec does not define `..`, unpackers differ, and builders do not write it.
    package init(cleaning bytes: some Collection<UInt8>, of archive: String) throws(Failure) {
        guard let path = TreePath(cleaning: bytes) else {
            throw Failure(
                .malformed, "cannot read \(archive)",
                because: "the path \(quoted(String(decoding: bytes, as: UTF8.self))) leaves the "
                    + "tree, has a zero byte, or a name of more than \(Limits.nameBytes) bytes")
        }
        self = path
    }

    private init?(cleaning bytes: some Collection<UInt8>) {
        var parts: [String] = []
        for part in bytes.split(separator: slash) where !part.elementsEqual([dot]) {
            guard !part.elementsEqual([dot, dot]), !part.contains(0),
                part.count <= Limits.nameBytes
            else { return nil }
            parts.append(escaped(part))
        }
        description = parts.joined(separator: "/")
    }

    init(known description: String) { self.description = description }

    /// The names from the root down.
    package var components: [String] {
        description.utf8.split(separator: slash).map { String(Substring($0)) }
    }

    /// The parent path and the last name; nil for the root.
    package var split: (parent: TreePath, name: String)? {
        guard !description.isEmpty else { return nil }
        guard let end = description.utf8.lastIndex(of: slash) else {
            return (.root, description)
        }
        let name = description[description.utf8.index(after: end)...]
        return (TreePath(known: String(description[..<end])), String(name))
    }

    /// The path in the bytes of Linux.
    package var bytes: [UInt8] {
        guard description.utf8.contains(UInt8(ascii: "%")) else { return Array(description.utf8) }
        var bytes: [UInt8] = []
        var rest = Array(description.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"),
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }

    package func appending(_ name: String) -> TreePath {
        TreePath(known: description.isEmpty ? name : "\(description)/\(name)")
    }

    package static func < (left: TreePath, right: TreePath) -> Bool {
        left.description < right.description
    }
}

/// The names of a symbolic link's target, with `.` and `..`, in the escaped form of `TreePath`.
func linkComponents(_ target: String) -> [String] {
    target.utf8.split(separator: slash).map { String(Substring($0)) }
}

/// The escaped form of a name; see `TreePath`.
func escaped(_ bytes: some Collection<UInt8>) -> String {
    guard bytes.contains(where: { $0 >= 0x80 || $0 == UInt8(ascii: "%") }) else {
        return String(decoding: bytes, as: UTF8.self)
    }
    var text = ""
    for byte in bytes {
        if byte >= 0x80 || byte == UInt8(ascii: "%") {
            text += "%\(hexText([byte]))"
        } else {
            text.unicodeScalars.append(Unicode.Scalar(byte))
        }
    }
    return text
}

private let slash = UInt8(ascii: "/")
private let dot = UInt8(ascii: ".")
