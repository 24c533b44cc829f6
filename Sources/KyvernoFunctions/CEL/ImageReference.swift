// SPDX-License-Identifier: Apache-2.0
// Image references as Kyverno's CEL parses them. Spec: go-containerregistry, pkg/name.

internal import OCI
internal import Primitives

/// The parts of a reference: registry, repository, and a tag or a digest.
struct ImageReference: Hashable, Sendable {
    let registry: String
    let repository: String
    /// The tag; `latest` without tag and digest; empty with a digest.
    ///
    /// Spec: go-containerregistry, pkg/name, `NewDigest`: a tag before a digest is parsed and
    /// dropped.
    let tag: String
    let digest: String

    var identifier: String { digest.isEmpty ? tag : digest }

    init?(_ text: String) {
        guard text.utf8.count <= longestReference, text.utf8.allSatisfy({ $0 < 0x80 }) else {
            return nil
        }
        let parts = ImageNameParts(text, capitalsNameRegistry: false)
        if let digest = parts.digest, (try? Digest(parsing: digest)) == nil { return nil }
        if let tag = parts.tag, !isTag(tag) { return nil }
        let registry = parts.registry.map(String.init) ?? "docker.io"
        self.registry = registry == "docker.io" ? "index.docker.io" : registry
        guard isRegistry(self.registry), (2...255).contains(parts.path.utf8.count),
            parts.path.utf8.allSatisfy({ isNameByte($0) || $0 == UInt8(ascii: "/") })
        else { return nil }
        let isShort = self.registry == "index.docker.io" && !parts.path.utf8.contains("/")
        repository = (isShort ? "library/" : "") + parts.path
        digest = parts.digest.map(String.init) ?? ""
        tag = digest.isEmpty ? parts.tag.map(String.init) ?? "latest" : ""
    }
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

private let longestReference = 1_024
