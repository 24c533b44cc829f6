// SPDX-License-Identifier: Apache-2.0
// How a policy spells an image. Spec: docs/kyverno.md, "Image names".

import OCI
import Primitives

/// An image name in the spellings that a policy's patterns are compared with.
///
/// Kyverno compares with `registry/path:tag`, or `registry/path@digest` when there is a digest; it
/// fills in `docker.io` and `latest`, and no `library/`.
///
/// Deviation: one image has one meaning here, however it is spelt. Compared are Kyverno's spelling
/// and those that mean the same: with `library/` on Docker Hub, with and without `:443`, with the
/// host in lower case. Otherwise writing `GHCR.io/acme/api` would take an image out of a policy's
/// reach.
struct PolicyImageName: Hashable, Sendable, CustomStringConvertible {
    /// As it stands in the resource.
    let written: String
    let name: ImageName
    private let repositories: [String]
    /// The names that mean exactly what runs: the digest if there is one, else the tag.
    let spellings: [String]
    /// The same by tag, whatever the digest is.
    private let tagged: [String]

    init(parsing written: String) throws(Failure) {
        self.written = written
        name = try ImageName(parsing: written)
        let (registry, path) = (name.repository.registry, name.repository.path)
        let isStandardPort = registry.port == nil || registry.port == 443
        let colon =
            registry.port == nil ? nil : registry.description.utf8.lastIndex(of: ":")
        let host =
            isStandardPort
            ? String(registry.description[..<(colon ?? registry.description.endIndex)])
            : registry.description
        var repositories: [String] = []
        if registry == .dockerHub, let short = path.utf8.removingPrefix("library/") {
            repositories.append("\(host)/\(short)")
        }
        repositories.append("\(host)/\(path)")
        if isStandardPort { repositories += repositories.map { $0.withPort443(after: host) } }
        self.repositories = repositories
        let tag = name.tag?.description ?? "latest"
        tagged = repositories.map { "\($0):\(tag)" }
        spellings = name.digest.map { digest in repositories.map { "\($0)@\(digest)" } } ?? tagged
    }

    /// Kyverno's own spelling.
    var description: String { spellings[0] }

    /// Whether a pattern of `imageReferences` covers this image.
    ///
    /// Deviation: a pattern that ends in `:*` ("any tag") covers digests too, and a name with tag
    /// and digest is also covered by a pattern for its tag. Kyverno drops the tag and compares the
    /// digest only, so that pinning an image there takes it out of the policy's reach.
    func isCovered(by pattern: ImagePattern) throws(Failure) -> Bool {
        if try pattern.wildcards.match(anyOf: spellings) { return true }
        guard name.digest != nil else { return false }
        if name.tag != nil, try pattern.wildcards.match(anyOf: tagged) { return true }
        return try pattern.withoutAnyTag.match(anyOf: repositories)
    }

    /// Whether a pattern of `skipImageReferences` frees this image. Only what runs counts here: a
    /// tag beside a digest is a word anybody may write. And only Kyverno's own spelling counts: more
    /// of them would free images that the cluster verifies.
    func isFreed(by pattern: ImagePattern) throws(Failure) -> Bool {
        try pattern.freeing.matches(description)
    }

    /// The name as written with its tag taken away and `digest` put in.
    func repositoryPinned(to digest: Digest) -> String {
        var text = written.utf8.prefix(before: "@")
        if let tag = name.tag, text.utf8.hasSuffix(":\(tag)") {
            text = Substring(text.utf8.dropLast(tag.description.utf8.count + 1))
        }
        return "\(text)@\(digest)"
    }
}

extension String {
    fileprivate func withPort443(after host: String) -> String {
        "\(host):443\(dropFirst(host.count))"
    }
}

extension [Wildcard] {
    /// Whether one of the patterns fits one of the texts.
    fileprivate func match(anyOf texts: [String]) throws(Failure) -> Bool {
        for text in texts {
            for pattern in self where try pattern.matches(text) { return true }
        }
        return false
    }
}
