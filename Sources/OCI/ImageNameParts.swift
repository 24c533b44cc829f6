// SPDX-License-Identifier: Apache-2.0
// Where a written image reference divides. Spec: distribution/reference, "splitDockerDomain".

internal import Primitives

/// The parts of a reference as it is written: nothing is filled in, and nothing is checked.
///
/// `ImageName` is the reading of OCI and Docker. Other readers fill in and check by rules of their
/// own; all of them divide a reference here.
package struct ImageNameParts: Hashable, Sendable {
    /// Nil where the reference names no registry.
    package let registry: Substring?
    package let path: Substring
    package let tag: Substring?
    package let digest: Substring?

    /// The first path component is a registry when it has a `.` or a `:` or is `localhost`.
    ///
    /// - Parameter capitalsNameRegistry: whether it is one, too, when it has a capital letter: in
    ///   distribution/reference it is, in go-containerregistry it is not.
    package init(_ text: String, capitalsNameRegistry: Bool = true) {
        var rest = text[...]
        let sides = rest.utf8.split(atFirst: "@")
        digest = sides?.after
        rest = sides?.before ?? rest
        let lastPart = rest.utf8.split(atLast: "/")?.after ?? rest
        if let colon = lastPart.utf8.firstIndex(of: ":") {
            tag = rest[rest.utf8.index(after: colon)...]
            rest = rest[..<colon]
        } else {
            tag = nil
        }
        if let (first, others) = rest.utf8.split(atFirst: "/"),
            first.utf8.contains(".") || first.utf8.contains(":") || first == "localhost"
                || (capitalsNameRegistry && first.utf8.contains(where: isUpperCaseByte))
        {
            (registry, path) = (first, others)
        } else {
            (registry, path) = (nil, rest)
        }
    }
}

func isUpperCaseByte(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }
