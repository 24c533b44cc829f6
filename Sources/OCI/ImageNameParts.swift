// SPDX-License-Identifier: Apache-2.0
// Splits image references. Spec: distribution/reference, normalize.go,
// "splitDockerDomain".

internal import Primitives

/// The parts of a reference, without defaults and validation.
///
/// `ImageName` adds defaults and validates as Docker does. The parsers of Kyverno's names have
/// other rules, and use this type too.
package struct ImageNameParts: Hashable, Sendable {
    /// The registry; nil if the reference has none.
    package let registry: Substring?
    package let path: Substring
    package let tag: Substring?
    package let digest: Substring?

    /// Splits a reference. The first path component is a registry if it has a `.` or a `:` or is
    /// `localhost`.
    ///
    /// - Parameter capitalsNameRegistry: whether a component with a capital letter is a registry
    ///   too, as in distribution/reference. In go-containerregistry it is not.
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
