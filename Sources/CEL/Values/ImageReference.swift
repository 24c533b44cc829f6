// SPDX-License-Identifier: Apache-2.0
// Image references as Kyverno's CEL reads them. Spec: go-containerregistry, pkg/name.

internal import Primitives

/// A reference in parts: registry, repository, and a tag or a digest.
struct ImageReference: Hashable, Sendable {
    let registry: String
    let repository: String
    /// The written tag; `latest` when there is neither a tag nor a digest; empty when there is a
    /// digest.
    ///
    /// Spec: go-containerregistry, pkg/name, `NewDigest`: a tag before a digest is read and dropped.
    let tag: String
    let digest: String

    var identifier: String { digest.isEmpty ? tag : digest }

    init?(_ text: String) {
        guard text.utf8.count <= longestReference, isASCII(text) else { return nil }
        let parts = text.utf8.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count <= 2 else { return nil }
        digest = parts.count == 2 ? String(parts[1]) : ""
        guard parts.count == 1 || isDigest(digest) else { return nil }
        var name = parts[0]
        var tag: Substring?
        if let sides = name.utf8.split(atLast: ":"), !sides.after.utf8.contains("/") {
            tag = sides.after
            name = sides.before
        }
        if let tag, !isTag(tag) { return nil }
        self.tag = digest.isEmpty ? tag.map(String.init) ?? "latest" : ""
        guard let (registry, repository) = splitName(name) else { return nil }
        self.registry = registry
        self.repository = repository
    }
}

/// The first part is a registry when it has a dot or a colon, or is `localhost`.
private func splitName(_ name: Substring) -> (registry: String, repository: String)? {
    let parts = name.utf8.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    var registry = "index.docker.io"
    var repository = String(name)
    if parts.count == 2,
        parts[0].utf8.contains(".") || parts[0].utf8.contains(":") || parts[0] == "localhost"
    {
        registry = parts[0] == "docker.io" ? registry : String(parts[0])
        repository = String(parts[1])
    }
    guard isRegistry(registry), (2...255).contains(repository.utf8.count),
        repository.utf8.allSatisfy({ isNameByte($0) || $0 == UInt8(ascii: "/") })
    else { return nil }
    if registry == "index.docker.io", !repository.utf8.contains("/") {
        repository = "library/" + repository
    }
    return (registry, repository)
}

private func isRegistry(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: ":", omittingEmptySubsequences: false)
    let isName = parts[0].utf8.allSatisfy { isNameByte($0 | 0x20) || isNameByte($0) }
    guard !parts[0].isEmpty, isName, parts.count <= 2 else { return false }
    return parts.count == 1 || parts[1].utf8.allSatisfy(isDigitByte)
}

private func isNameByte(_ byte: UInt8) -> Bool {
    isDigitByte(byte) || (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z"))
        || "_-.".utf8.contains(byte)
}

private func isTag(_ text: Substring) -> Bool {
    (1...128).contains(text.utf8.count)
        && text.utf8.allSatisfy {
            isNameByte($0) || ($0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z"))
        }
}

private func isDigest(_ text: String) -> Bool {
    for (prefix, count) in [("sha256:", 64), ("sha512:", 128)] where text.utf8.hasPrefix(prefix) {
        let hex = text.utf8.dropFirst(prefix.utf8.count)
        return hex.count == count
            && hex.allSatisfy {
                isDigitByte($0) || ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "f"))
            }
    }
    return false
}

private let longestReference = 1_024
