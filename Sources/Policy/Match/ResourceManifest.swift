// SPDX-License-Identifier: Apache-2.0
// Kubernetes resources as policies see them.

package import Primitives

/// What names a resource: kind and version, namespace and name.
package struct ResourceIdentity: Hashable, Sendable, CustomStringConvertible {
    package let apiVersion: String
    package let kind: String
    /// Empty for what has none, such as a Namespace.
    package let namespace: String
    /// Empty when the server will make one from `generateName`.
    package let name: String
    package let generateName: String

    /// `apps` of `apps/v1`; the core group is empty.
    package var group: String {
        apiVersion.utf8.split(atFirst: "/").map { String($0.before) } ?? ""
    }

    /// `v1` of `apps/v1`.
    package var version: String {
        let after = apiVersion.utf8.split(atFirst: "/")?.after ?? ""
        return after.isEmpty ? apiVersion : String(after)
    }

    /// The name, or what the server will make one from.
    package var shownName: String { name.isEmpty ? generateName : name }

    /// `default/Deployment/api`, as Kyverno prints it.
    package var description: String { "\(namespace)/\(kind)/\(shownName)" }
}

/// One resource, read and placed: what a rule matches and what images are taken from.
package struct ResourceManifest: Sendable {
    package let identity: ResourceIdentity
    package let json: JSONValue
    package let labels: ByteStringMap<String>
    package let annotations: ByteStringMap<String>
    /// The content by digest, whatever the order of its fields was.
    package let digest: Digest
    /// The file it stands in, for edits; nil when it came over the wire.
    package let file: String?
    /// Why it may be created later, with other content, or not at all, although it stands among the
    /// manifests; nil when kubectl creates it as it is written.
    package var creationDoubt: String?

    /// Reads one resource; kind and apiVersion must be there. Files beside resources, such as a
    /// kustomization.yaml, have no metadata. A namespaced resource that names no namespace is in
    /// `default`, as Kyverno's CLI has it.
    package init(_ json: JSONValue, file: String? = nil) throws(Failure) {
        let reader = JSONReader(json, document: file ?? "the resource")
        let metadata =
            try reader.optional("metadata") ?? JSONReader([:], document: reader.document)
        let kind = try reader.required("kind").string()
        let namespace = try metadata.optional("namespace")?.string() ?? ""
        identity = ResourceIdentity(
            apiVersion: try reader.required("apiVersion").string(), kind: kind,
            namespace: namespace.isEmpty && !clusterKinds.contains(kind) ? "default" : namespace,
            name: try metadata.optional("name")?.string() ?? "",
            generateName: try metadata.optional("generateName")?.string() ?? "")
        labels = try metadata.optional("labels")?.stringMap() ?? [:]
        annotations = try metadata.optional("annotations")?.stringMap() ?? [:]
        self.json = json
        self.file = file
        digest = Digest(of: json.sortedByName.compactBytes, by: .sha256)
    }
}

extension JSONValue {
    /// The same value with the members of every object in the order of their names.
    var sortedByName: JSONValue {
        switch self {
        case .array(let items): return .array(items.map(\.sortedByName))
        case .object(let object):
            var sorted = JSONObject()
            let members = object.members.sorted { ByteString($0.name) < ByteString($1.name) }
            for member in members {
                sorted[member.name] = member.value.sortedByName
            }
            return .object(sorted)
        default: return self
        }
    }
}

/// Kinds of the core and common groups that live outside namespaces.
private let clusterKinds: Set<String> = [
    "Namespace", "Node", "PersistentVolume", "ClusterRole", "ClusterRoleBinding",
    "CustomResourceDefinition", "StorageClass", "PriorityClass", "RuntimeClass", "IngressClass",
    "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "APIService", "ClusterPolicy",
]
