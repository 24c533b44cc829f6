// SPDX-License-Identifier: Apache-2.0
// Which kinds of resources a rule names. Spec: docs/kyverno.md, "Kinds".

import Primitives

/// `[group/[version/]]Kind[/subresource]` or `Kind.subresource`; each part may hold wildcards.
struct KindSelector: Hashable, Sendable, CustomStringConvertible {
    let description: String
    let kind: String
    let groups: Wildcard
    let versions: Wildcard
    private let kinds: Wildcard
    let subresources: Wildcard

    init(reading node: YAMLNode) throws(Failure) {
        let text = try node.string()
        guard let selector = KindSelector(text) else {
            throw node.broken(
                "\(quoted(text)) is not written like Pod, apps/v1/Deployment or Pod/status"
            )
        }
        self = selector
    }

    /// Follows Kyverno's order: what looks like a version is one, the rest is told by position.
    init?(_ text: String) {
        let slashed = text.utf8.split(separator: "/", omittingEmptySubsequences: false)
        guard let last = slashed.last, slashed.count <= 4, slashed.allSatisfy({ !$0.isEmpty })
        else {
            return nil
        }
        let dotted = last.utf8.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = (slashed.dropLast() + dotted).map(String.init)
        guard parts.allSatisfy({ !$0.isEmpty && !$0.utf8.contains(where: isWhitespaceByte) }) else {
            return nil
        }
        let (group, version, subresource): (String, String, String)
        switch parts.count {
        case 1: (group, version, kind, subresource) = ("*", "*", parts[0], "")
        case 2 where parts[0] == "*" && parts[1] == "*":
            (group, version, kind, subresource) = ("*", "*", "*", "*")
        case 2 where isVersion(parts[0]):
            (group, version, kind, subresource) = ("*", parts[0], parts[1], "")
        case 2: (group, version, kind, subresource) = ("*", "*", parts[0], parts[1])
        case 3 where isVersion(parts[0]):
            (group, version, kind, subresource) = ("*", parts[0], parts[1], parts[2])
        case 3: (group, version, kind, subresource) = (parts[0], parts[1], parts[2], "")
        case 4: (group, version, kind, subresource) = (parts[0], parts[1], parts[2], parts[3])
        default: return nil
        }
        description = text
        groups = Wildcard(group)
        versions = Wildcard(version)
        kinds = Wildcard(kind)
        subresources = Wildcard(subresource)
    }

    /// Whether it names pods themselves and nothing else, which is what autogen asks.
    var isPod: Bool { kind == "Pod" && subresources.description.isEmpty }

    func matches(_ resource: ResourceIdentity, subresource asked: String) throws(Failure) -> Bool {
        guard try kinds.matches(resource.kind), try groups.matches(resource.group),
            try versions.matches(resource.version)
        else { return false }
        // Spec: docs/kyverno.md, "Kinds": ephemeralcontainers.
        if isPod, asked == "ephemeralcontainers" { return true }
        return try subresources.matches(asked)
    }
}

private func isVersion(_ text: String) -> Bool {
    guard text != "*" else { return true }
    return text.utf8.removingPrefix("v")?.utf8.first.map(isDigitByte) ?? false
}
