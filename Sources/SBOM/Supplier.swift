// SPDX-License-Identifier: Apache-2.0
// Who maintains a package, as its own field says. Spec: deb-control(5), "Maintainer".

/// The name and mail address of a Maintainer field.
struct Supplier: Hashable {
    let name: String
    /// Only what is safely an address: documents with a doubtful one are invalid.
    let mail: String?

    /// Reads `Name <address>`, or a name or an address alone; nil when nothing is left.
    init?(maintainer: String) {
        let address = maintainer.split(
            separator: "<", maxSplits: 1, omittingEmptySubsequences: false
        ).dropFirst().first
            .map { $0.prefix { $0 != ">" } }
        let written = clean(maintainer.prefix { $0 != "<" })
        let alone = written.contains("@") && !written.contains(" ") ? written[...] : nil
        mail = (address ?? alone).flatMap { isMailAddress($0) ? String($0) : nil }
        let shown = written.isEmpty ? clean((address ?? "")[...]) : written
        guard !shown.isEmpty else { return nil }
        name = shown
    }

    /// A team and not a person, as far as name and address tell.
    var isOrganization: Bool {
        let words = name.lowercased().split { !$0.isLetter }
        if words.contains(where: { teamWords.contains(String($0)) }) { return true }
        return mail.map { address in teamHosts.contains { address.lowercased().hasSuffix($0) } }
            ?? false
    }

    /// Spec: SPDX 2.3 §7.5: `Organization: name (mail)` or `Person: name (mail)`.
    var spdxText: String {
        // Round brackets would be read as the address.
        let shown = String(name.map { $0 == "(" ? "[" : $0 == ")" ? "]" : $0 })
        return "\(isOrganization ? "Organization" : "Person"): \(shown)"
            + (mail.map { " (\($0))" } ?? "")
    }
}

private func clean(_ text: Substring) -> String {
    text.split { $0.isWhitespace || $0 == "\"" }.joined(separator: " ")
}

private func isMailAddress(_ text: Substring) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, let local = parts.first, let host = parts.last, !local.isEmpty else {
        return false
    }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    func isPlain(_ character: Character, _ more: String) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || more.contains(character))
    }
    return local.count <= 64 && local.first != "." && local.last != "." && !local.contains("..")
        && local.allSatisfy { isPlain($0, "+-_.") }
        && labels.count >= 2 && host.count <= 253
        && labels.allSatisfy { label in
            !label.isEmpty && label.first != "-" && label.last != "-"
                && label.allSatisfy { isPlain($0, "-") }
        }
}

private let teamWords: Set<String> = [
    "team", "teams", "group", "maintainers", "developers", "packagers", "project", "authors",
    "contributors", "force", "foundation", "inc", "ltd", "gmbh", "llc", "corporation", "debian",
    "ubuntu", "alpine", "wolfi", "chainguard",
]

private let teamHosts = [
    "@lists.debian.org", "@lists.alioth.debian.org", "@alioth-lists.debian.net",
    "@tracker.debian.org", "@packages.debian.org", "@lists.ubuntu.com", "@lists.alpinelinux.org",
]
