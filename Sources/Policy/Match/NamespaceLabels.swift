// SPDX-License-Identifier: Apache-2.0
// The labels of namespaces, as the Namespaces among the manifests give them.
// Spec: Kubernetes, "Labels and Selectors", "Syntax and character set"; "Well-Known Labels",
// kubernetes.io/metadata.name.

package import Primitives

/// The labels that namespaces have when each of the manifests is created, in their order.
///
/// A Namespace gives its labels to the manifests after it, if kubectl and the API server surely create
/// it as it is written. kubectl creates the manifests before it
/// in a namespace that has other labels, or none.
package struct NamespaceLabels: Sendable {
    /// What is known of the labels of one namespace.
    package enum Finding: Hashable, Sendable {
        case known(ByteStringMap<String>)
        case unknown(why: String)
    }

    private var entries: [ByteString: (finding: Finding, position: Int)] = [:]

    package init(among manifests: [ResourceManifest]) {
        for (position, manifest) in manifests.enumerated() where manifest.identity.isNamespace {
            let name = manifest.identity.name
            var labels = manifest.labels
            // The API server sets this label itself, whatever the manifest says.
            labels["kubernetes.io/metadata.name"] = name
            let finding: Finding =
                manifest.namespaceDoubt.map { .unknown(why: $0) } ?? .known(labels)
            guard let before = entries[ByteString(name)] else {
                entries[ByteString(name)] = (finding, position)
                continue
            }
            if case .known = before.finding, before.finding != finding {
                entries[ByteString(name)]?.finding =
                    .unknown(why: "the manifests hold two Namespaces of this name that differ")
            }
        }
    }

    /// The labels of a namespace when the manifest at `position` is created.
    package func labels(of namespace: String, at position: Int) -> Finding {
        guard let entry = entries[ByteString(namespace)] else {
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

extension ResourceManifest {
    /// Why a Namespace may be created with other labels, or not at all; nil when it is as written.
    fileprivate var namespaceDoubt: String? {
        if let creationDoubt { return creationDoubt }
        guard isDNSLabel(identity.name), isPlainNamespace else {
            return
                "the API server may refuse its Namespace: it says more than name and labels, or a "
                + "label that is not valid"
        }
        guard json.compactBytes.count <= Limits.namespaceBytes else {
            return "the API server may refuse its Namespace: it is larger than "
                + "\(Limits.namespaceBytes) bytes"
        }
        let isForDeployer =
            annotations.contains { isDeployerKey($0.key, of: deployerAnnotations) }
            || labels.contains { isDeployerKey($0.key, of: ["fluxcd.io"]) }
        return isForDeployer
            ? "its Namespace carries settings of a deployer, which may leave it out or change it"
            : nil
    }

    /// Whether a Namespace holds only what every API server accepts. If it is refused, kubectl goes on
    /// with what stands behind it, in a namespace with other labels.
    ///
    /// Spec: Kubernetes 1.32, pkg/apis/core/validation, `ValidateNamespace` and `ValidateObjectMeta`;
    /// staging/src/k8s.io/pod-security-admission/api/helpers.go, `PolicyToEvaluate`.
    fileprivate var isPlainNamespace: Bool {
        guard let object = json.object, let metadata = json["metadata"]?.object else {
            return false
        }
        let fields = object.allSatisfy { member in
            switch member.name {
            case "apiVersion", "kind", "metadata": true
            case "spec": isPlainSpec(member.value)
            case "status": member.value.isNull || member.value.object?.isEmpty == true
            default: false
            }
        }
        return fields && metadata.allSatisfy { isPlainMetadata($0) }
            && labels.allSatisfy {
                isLabelKey($0.key) && isLabelValue($0.value) && isPodSecurity($0.key, $0.value)
            }
            && annotations.allSatisfy { isLabelKey($0.key) }
    }
}

private func isPlainMetadata(_ member: JSONObject.Member) -> Bool {
    switch member.name {
    case "name": true
    case "labels", "annotations": member.value.object != nil
    case "creationTimestamp": member.value.isNull
    default: false
    }
}

/// `kubernetes` is the one finalizer that API servers set and accept themselves.
private func isPlainSpec(_ value: JSONValue) -> Bool {
    value.isNull
        || value.object?.allSatisfy {
            isSame($0.name, "finalizers") && $0.value == ["kubernetes"]
        } == true
}

/// Whether a label of the pod security admission has a value that it accepts.
private func isPodSecurity(_ key: String, _ value: String) -> Bool {
    guard let mode = key.utf8.removingPrefix("pod-security.kubernetes.io/") else { return true }
    guard mode.utf8.hasSuffix("-version") else {
        return ["privileged", "baseline", "restricted"].contains { isSame($0, value) }
    }
    guard let digits = value.utf8.removingPrefix("v1.") else { return isSame(value, "latest") }
    // Go refuses what does not fit into 64 bits, and the API server what begins with another 0.
    return (1...18).contains(digits.utf8.count)
        && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
        && (digits.utf8.count == 1 || digits.utf8.first != UInt8(ascii: "0"))
}

/// Whether the prefix of a key is one of these domains, or below one.
private func isDeployerKey(_ key: String, of domains: [String]) -> Bool {
    guard let prefix = key.utf8.split(atFirst: "/")?.before else { return false }
    return domains.contains {
        prefix.utf8.elementsEqual($0.utf8) || prefix.utf8.hasSuffix("." + $0)
    }
}

/// Domains of annotations by which deployers leave an object out, create it earlier or later, or keep
/// what is there: Kustomize and kpt, Config Sync, Flux and its operator, Argo CD, Helm, Carvel, Fleet,
/// Kluctl.
private let deployerAnnotations = [
    "config.kubernetes.io", "config.k8s.io", "configmanagement.gke.io", "configsync.gke.io",
    "fluxcd.io", "fluxcd.controlplane.io", "argoproj.io", "helm.sh", "k14s.io", "fleet.cattle.io",
    "kluctl.io",
]

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

private func isAlphanumeric(_ byte: UInt8) -> Bool { isLetterByte(byte) || isDigitByte(byte) }
