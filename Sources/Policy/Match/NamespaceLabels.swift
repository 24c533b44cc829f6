// SPDX-License-Identifier: Apache-2.0
// The labels of namespaces, as the Namespaces among the manifests give them.
// Spec: Kubernetes, "Labels and Selectors", "Syntax and character set"; "Well-Known Labels",
// kubernetes.io/metadata.name.

package import Primitives

/// The labels that namespaces have when each of the manifests is created, in their order.
///
/// A Namespace gives its labels to the manifests after it. kubectl creates the manifests before it
/// in a namespace that has other labels, or none.
package struct NamespaceLabels: Sendable {
    /// What is known of the labels of one namespace.
    package enum Finding: Hashable, Sendable {
        case known(ExactTextMap<String>)
        case unknown(why: String)
    }

    private var entries: [ExactText: (finding: Finding, position: Int)] = [:]

    package init(among manifests: [ResourceManifest]) {
        for (position, manifest) in manifests.enumerated() where manifest.identity.isNamespace {
            let name = manifest.identity.name
            var labels = manifest.labels
            // The API server sets this label itself, whatever the manifest says.
            labels["kubernetes.io/metadata.name"] = name
            let isAccepted =
                isDNSLabel(name)
                && labels.allSatisfy { isLabelKey($0.key) && isLabelValue($0.value) }
            let finding: Finding =
                isAccepted
                ? .known(labels) : .unknown(why: "the API server refuses its Namespace")
            guard let before = entries[ExactText(name)] else {
                entries[ExactText(name)] = (finding, position)
                continue
            }
            guard before.finding != finding else { continue }
            entries[ExactText(name)] = (
                .unknown(why: "the manifests hold two Namespaces of this name that differ"),
                before.position
            )
        }
    }

    /// The labels of a namespace when the manifest at `position` is created.
    package func labels(of namespace: String, at position: Int) -> Finding {
        guard let entry = entries[ExactText(namespace)] else {
            return .unknown(why: "no Namespace among the manifests has this name")
        }
        if case .known = entry.finding, entry.position > position {
            return .unknown(
                why: "its Namespace stands after the resource; write it before the resource, as "
                    + "kubectl creates them in the order of the manifests")
        }
        return entry.finding
    }
}

extension ResourceIdentity {
    /// Whether it is a Namespace of the core group: `v1`, which `/v1` is another spelling of.
    fileprivate var isNamespace: Bool {
        isSame(kind, "Namespace") && group.isEmpty && isSame(version, "v1")
    }
}

/// `[prefix/]name`: the prefix a DNS name of up to 253 characters, the name a label's value.
private func isLabelKey(_ key: String) -> Bool {
    guard let (prefix, name) = key.utf8.split(atFirst: "/") else {
        return !key.isEmpty && isLabelValue(key)
    }
    let parts = prefix.utf8.split(
        separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return prefix.utf8.count <= 253 && parts.allSatisfy { isDNSLabel(String(Substring($0))) }
        && !name.isEmpty && isLabelValue(String(name))
}

/// Up to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends; or nothing.
private func isLabelValue(_ value: String) -> Bool {
    guard let first = value.utf8.first, let last = value.utf8.last else { return true }
    return value.utf8.count <= 63 && isAlphanumeric(first) && isAlphanumeric(last)
        && value.utf8.allSatisfy {
            isAlphanumeric($0)
                || [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")].contains($0)
        }
}

/// Spec: RFC 1123 labels, in lower case.
private func isDNSLabel(_ text: String) -> Bool {
    guard let first = text.utf8.first, let last = text.utf8.last else { return false }
    func isPlain(_ byte: UInt8) -> Bool { isAlphanumeric(byte) && !(0x41...0x5A).contains(byte) }
    return text.utf8.count <= 63 && isPlain(first) && isPlain(last)
        && text.utf8.allSatisfy { isPlain($0) || $0 == UInt8(ascii: "-") }
}

private func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
}
