// SPDX-License-Identifier: Apache-2.0
// The maintainer of a package. Spec: deb-control(5), "Maintainer".

internal import Primitives

/// The name and mail address of a Maintainer field.
struct Supplier: Hashable {
    let name: String
    /// The mail address, only if it is valid: schemas reject documents with an invalid one.
    let mail: String?

    /// Parses `Name <address>`, or a name or an address alone; nil if both are empty.
    init?(maintainer: String) {
        let address = maintainer.utf8.split(atFirst: "<")?.after.utf8.prefix(before: ">")
        let written = clean(maintainer.utf8.prefix(before: "<"))
        let alone = written.utf8.contains("@") && !written.utf8.contains(" ") ? written[...] : nil
        mail = (address ?? alone).flatMap { isMailAddress($0) ? String($0) : nil }
        let shown = written.isEmpty ? clean((address ?? "")[...]) : written
        guard !shown.isEmpty else { return nil }
        name = shown
    }

    /// Whether it is a team, judged by the name and the address.
    var isOrganization: Bool {
        let words = name.utf8.lowercased().utf8.split { !isLetterByte($0) }
        if words.contains(where: { teamWords.contains(String(Substring($0))) }) { return true }
        let address = mail?.utf8.lowercased() ?? ""
        return teamHosts.contains { address.utf8.hasSuffix($0) }
    }

    /// Spec: SPDX 2.3 §7.5: `Organization: name (mail)` or `Person: name (mail)`.
    var spdxText: String {
        // SPDX reads the text in parentheses as the address.
        let shown = String(
            decoding: name.utf8.map { $0 == 0x28 ? 0x5B : $0 == 0x29 ? 0x5D : $0 }, as: UTF8.self)
        return "\(isOrganization ? "Organization" : "Person"): \(shown)"
            + (mail.map { " (\($0))" } ?? "")
    }
}

private func clean(_ text: Substring) -> String {
    let words = text.utf8.split { isWhitespaceByte($0) || $0 == UInt8(ascii: "\"") }
    return words.map { String(Substring($0)) }.joined(separator: " ")
}

private func isMailAddress(_ text: Substring) -> Bool {
    guard let (local, host) = text.utf8.split(atFirst: "@"), !local.isEmpty else { return false }
    let labels = host.utf8.split(separator: ".", omittingEmptySubsequences: false)
    func isPlain(_ text: Substring, _ more: String) -> Bool {
        text.utf8.allSatisfy { isLetterByte($0) || isDigitByte($0) || more.utf8.contains($0) }
    }
    return local.utf8.count <= 64 && !local.utf8.hasPrefix(".") && !local.utf8.hasSuffix(".")
        && !local.utf8.contains("..") && isPlain(local, "+-_.")
        && labels.count >= 2 && host.utf8.count <= 253
        && labels.allSatisfy { label in
            !label.isEmpty && !label.utf8.hasPrefix("-") && !label.utf8.hasSuffix("-")
                && isPlain(label, "-")
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
