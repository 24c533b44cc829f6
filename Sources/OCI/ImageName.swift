// SPDX-License-Identifier: Apache-2.0
// Image references. Spec: distribution/reference grammar; docs/image-names.md describes the
// dialects.

package import Primitives

/// The host (and port) of a registry, in lower case: `docker.io`, `localhost:5000`, `[::1]:5000`.
package struct RegistryHost: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(parsing text: some StringProtocol) throws(Failure) {
        // Lowercasing turns a Kelvin sign into a k, so non-ASCII text is rejected first.
        let lower = text.utf8.allSatisfy { $0 < 0x80 } ? String(text).utf8.lowercased() : ""
        guard isRegistryHost(lower) else {
            throw Failure(
                .malformed, "cannot read the registry \(quoted(text))",
                because: "it is not a host name or address with an optional port")
        }
        // Docker Hub has three host names in use; 443 is its default port.
        let bare = lower.utf8.removingSuffix(":443").map(String.init) ?? lower
        let isHub = ["docker.io", "index.docker.io", "registry-1.docker.io"].contains(bare)
        description = isHub ? "docker.io" : lower
    }

    /// The host without port and brackets.
    package var hostName: String { Authority(description).host }

    /// The port, if the name has one.
    package var port: Int? { Authority(description).port.flatMap { Int($0) } }

    /// The registry of Docker Hub.
    package static var dockerHub: RegistryHost { RegistryHost(known: "docker.io") }

    private init(known text: String) { description = text }
}

/// A registry and a repository in it: `ghcr.io/acme/api`.
package struct Repository: Hashable, Sendable, CustomStringConvertible {
    package let registry: RegistryHost
    /// `acme/api`: path components joined by slashes.
    package let path: String

    package init(registry: RegistryHost, path: String) throws(Failure) {
        try checkPath(path)
        guard registry.description.utf8.count + 1 + path.utf8.count <= Limits.repositoryNameLength
        else {
            throw Failure(
                .overLimit, "cannot read the repository \(quoted(path))",
                because: "a name has at most \(Limits.repositoryNameLength) characters")
        }
        self.registry = registry
        self.path = path
    }

    /// Parses `ghcr.io/acme/api`. Throws for a tag or digest.
    package init(parsing text: some StringProtocol) throws(Failure) {
        let name = try ImageName(parsing: text)
        guard name.tag == nil, name.digest == nil else {
            throw Failure(
                .malformed, "cannot read the repository \(quoted(text))",
                because: "it has a tag or a digest; a repository name has neither")
        }
        self = name.repository
    }

    package var description: String { "\(registry)/\(path)" }
}

/// A tag: a mutable name in a repository.
package struct Tag: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let description: String

    /// Spec: distribution-spec 1.1, "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}".
    package init(parsing text: some StringProtocol) throws(Failure) {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, isWordByte(first), bytes.count <= 128,
            bytes.allSatisfy({
                isWordByte($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
            })
        else {
            throw Failure(
                .malformed, "cannot read the tag \(quoted(text))",
                because:
                    "a tag has 1 to 128 letters, digits, _ . or -, and does not start with . or -")
        }
        description = String(text)
    }

    private init(known text: String) { description = text }

    /// The default tag of Docker for a name without tag and digest.
    package static let latest = Tag(known: "latest")

    /// Creates the tag `sha256-<hex>` with a suffix: the referrers fallback tag, or cosign's
    /// `.sig`, `.att` and `.sbom` tags.
    ///
    /// Spec: distribution-spec 1.1, "Referrers Tag Schema": the algorithm is truncated to 32
    /// characters and the hash to 64.
    package init(for digest: Digest, suffix: String = "") {
        description = "\(digest.algorithm.rawValue.prefix(32))-\(digest.hex.prefix(64))\(suffix)"
    }

    package static func < (left: Tag, right: Tag) -> Bool { left.description < right.description }
}

/// The name of an image: a repository, and a tag, a digest, or both.
///
/// `name:tag@digest` keeps both; the digest identifies the image, and the tag is only displayed.
package struct ImageName: Hashable, Sendable, CustomStringConvertible {
    package let repository: Repository
    package let tag: Tag?
    package let digest: Digest?

    package init(repository: Repository, tag: Tag? = nil, digest: Digest? = nil) {
        self.repository = repository
        self.tag = tag
        self.digest = digest
    }

    /// Parses a reference as Docker does: `docker.io` and `library/` are added.
    ///
    /// Spec: distribution/reference: the first path component is a registry if it has a `.` or a
    /// `:` or is `localhost`. The tag `latest` is not added; callers that want it do so.
    package init(parsing text: some StringProtocol) throws(Failure) {
        do {
            try self.init(checking: String(text))
        } catch {
            throw Failure(
                error.kind, "cannot read the image name \(quoted(text))", because: error.why,
                next: error.next)
        }
    }

    private init(checking text: String) throws(Failure) {
        let parts = ImageNameParts(text)
        let digest = try parts.digest.map { (text) throws(Failure) in try Digest(parsing: text) }
        guard !isRegistryAlone(parts) else {
            throw Failure(.malformed, "", because: "it has a registry and no repository")
        }
        let tag = try parts.tag.map { (text) throws(Failure) in try Tag(parsing: text) }
        guard parts.registry != nil || !parts.path.isEmpty else {
            throw Failure(.malformed, "", because: "it has no repository")
        }
        self.init(repository: try namedRepository(parts), tag: tag, digest: digest)
    }

    package var description: String {
        var text = repository.description
        if let tag { text += ":\(tag)" }
        if let digest { text += "@\(digest)" }
        return text
    }

    /// The immutable name with only a digest.
    package func pinned(to digest: Digest) -> ImageName {
        ImageName(repository: repository, digest: digest)
    }

    /// The reference of the manifest: the digest if there is one, else the tag, else `latest`.
    package var reference: ManifestReference {
        if let digest { return .digest(digest) }
        if let tag { return .tag(tag) }
        return .tag(.latest)
    }
}

/// A reference to a manifest: a tag or a digest.
package enum ManifestReference: Hashable, Sendable, CustomStringConvertible {
    case tag(Tag)
    case digest(Digest)

    /// Parses the reference after `/manifests/` in a registry's path.
    package init(parsing text: some StringProtocol) throws(Failure) {
        let isDigest = String(text).utf8.contains(":")
        self = isDigest ? .digest(try Digest(parsing: text)) : .tag(try Tag(parsing: text))
    }

    package var description: String {
        switch self {
        case .tag(let tag): tag.description
        case .digest(let digest): digest.description
        }
    }
}

/// Whether the text is a registry with a port and no path, which is not an image name; `redis:7` is
/// one. Only `localhost` with a number is a registry; a host with a dot is not, because
/// `distribution/reference` parses `node.js:20` as an image.
private func isRegistryAlone(_ parts: ImageNameParts) -> Bool {
    guard parts.registry == nil, parts.path == "localhost", let port = parts.tag else {
        return false
    }
    return !port.isEmpty && port.utf8.allSatisfy(isDigitByte)
}

private func namedRepository(_ parts: ImageNameParts) throws(Failure) -> Repository {
    let registry = try parts.registry.map { (text) throws(Failure) in
        try RegistryHost(parsing: text)
    }
    let isShort = registry ?? .dockerHub == .dockerHub && !parts.path.utf8.contains("/")
    return try Repository(
        registry: registry ?? .dockerHub, path: (isShort ? "library/" : "") + parts.path)
}

/// Spec: distribution-spec 1.1, "[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/…)*".
private func checkPath(_ path: String) throws(Failure) {
    for component in path.utf8.split(separator: "/", omittingEmptySubsequences: false) {
        guard isPathComponent(component) else {
            throw Failure(
                .malformed, "cannot read the repository \(quoted(path))",
                because: component.utf8.contains(where: isUpperCaseByte)
                    ? "\(quoted(component)) has upper-case letters, which a repository name does not allow"
                    : "\(quoted(component)) is not lower-case letters and digits joined by . _ __ or -"
            )
        }
    }
}

private func isPathComponent(_ component: Substring) -> Bool {
    var separator = ""
    var sawWord = false
    for scalar in component.unicodeScalars {
        switch scalar {
        case "a"..."z", "0"..."9":
            guard separator.isEmpty || (sawWord && isSeparator(separator)) else { return false }
            separator = ""
            sawWord = true
        case ".", "-", "_": separator.unicodeScalars.append(scalar)
        default:
            return false
        }
    }
    return sawWord && separator.isEmpty
}

private func isSeparator(_ text: String) -> Bool {
    [".", "_", "__"].contains(text) || text.utf8.allSatisfy { $0 == UInt8(ascii: "-") }
}

private func isRegistryHost(_ text: String) -> Bool {
    if let bracketed = text.utf8.removingPrefix("[") {
        guard let (address, rest) = bracketed.utf8.split(atFirst: "]") else { return false }
        let isVersion6 = IPAddress(String(address), allowingMapped: true)?.isVersion4 == false
        return isVersion6 && (rest.isEmpty || isPort(rest))
    }
    let host = text.utf8.prefix(before: ":")
    let port = text[host.endIndex...]
    let labels = host.utf8.split(separator: ".", omittingEmptySubsequences: false)
    return host.utf8.count <= 253 && labels.allSatisfy(isHostLabel)
        && (port.isEmpty || isPort(port))
}

/// The port of a host. A leading zero is rejected: it would give a registry a second name, which
/// patterns do not match.
private func isPort(_ text: Substring) -> Bool {
    guard let digits = text.utf8.removingPrefix(":"), !digits.utf8.hasPrefix("0"),
        digits.utf8.allSatisfy(isDigitByte), let port = Int(digits)
    else { return false }
    return (1...65535).contains(port)
}

private func isHostLabel(_ label: Substring) -> Bool {
    guard !label.isEmpty, label.utf8.count <= 63, !label.utf8.hasPrefix("-"),
        !label.utf8.hasSuffix("-")
    else { return false }
    return label.utf8.allSatisfy {
        isLetterByte($0) || isDigitByte($0) || $0 == UInt8(ascii: "-")
    }
}
