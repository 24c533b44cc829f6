// SPDX-License-Identifier: Apache-2.0
// Patterns of images, normalized as image names are. Spec: docs/image-names.md.

import Primitives

/// A pattern of `imageReferences` or `skipImageReferences`.
///
/// Its registry is normalized as in image names: lower case, and `docker.io` for every name of
/// Docker Hub. Otherwise a pattern such as `index.docker.io/library/nginx*` could match no image.
struct ImagePattern: Hashable, Sendable, CustomStringConvertible {
    /// As the policy writes it.
    let description: String
    /// The spellings that images are compared with; one match is enough.
    let wildcards: [Wildcard]
    /// What images are compared with where the pattern frees them: nothing is added to it.
    let freeing: Wildcard
    /// The patterns for the repository, when this one means "any tag of it"; else empty.
    let withoutAnyTag: [Wildcard]

    init(reading node: YAMLNode) throws(Failure) {
        let text = try node.string()
        guard !text.isEmpty, !text.unicodeScalars.contains(where: \.properties.isWhitespace) else {
            throw node.broken("an image pattern has at least one character and no spaces")
        }
        // Kyverno's validation of policies refuses variables in imageReferences too.
        guard !text.utf8.contains("{{"), !text.utf8.contains("$(") else {
            throw node.broken("variables are not supported in an image pattern")
        }
        description = text
        let spellings = try ImagePattern.spellings(of: text)
        wildcards = spellings.map { Wildcard($0) }
        freeing = wildcards.first ?? Wildcard(text)
        withoutAnyTag = spellings.compactMap { spelling in
            spelling.utf8.removingSuffix(":*").map { Wildcard(String($0)) }
        }
    }

    /// The pattern with its registry in lower case; and with `docker.io` in place of a registry that
    /// is written like another name of Docker Hub.
    private static func spellings(of text: String) throws(Failure) -> [String] {
        // Nothing before a slash is part of a tag. Without a slash a star may be, and what follows.
        let isSplit = text.utf8.contains("/")
        let host = isSplit ? text.utf8.prefix(before: "/") : text.utf8.prefix(beforeAny: "*?")
        let rest = text[host.endIndex...]
        let lower = host.utf8.lowercased()
        let spellings = [lower + rest]
        let bare = lower.utf8.removingSuffix(":443").map(String.init) ?? lower
        if bare.utf8.hasSuffix(".docker.io") {
            let pattern = Wildcard(bare)
            for name in ["index.docker.io", "registry-1.docker.io"]
            where try pattern.matches(name) {
                return pattern.isPattern ? spellings + ["docker.io\(rest)"] : ["docker.io\(rest)"]
            }
        }
        return spellings
    }
}
