// SPDX-License-Identifier: Apache-2.0
// The files of one `policy apply`: policies, and the Secrets and ConfigMaps that hold their keys.

package import Primitives

/// One file as it was read.
package struct PolicySource: Sendable {
    package let name: String
    package let content: [UInt8]

    package init(name: String, content: [UInt8]) {
        self.name = name
        self.content = content
    }
}

/// Policies, compiled together with the keys that stand beside them.
package struct PolicyBundle: Sendable {
    /// In the order of the files.
    package let policies: [CompiledPolicy]
    /// The Secrets and ConfigMaps of the files, which hold keys.
    package let keys: KeyMaterial

    /// Reads all files. Keys may stand in any of them, before or after the policy that names them.
    /// Items of lists stand in the place of their list.
    ///
    /// - Throws: `Failure` of kind `malformed` for what Kyverno would refuse and for fields that no
    ///   policy has, `unsupported` for what Kyverno takes and Assay does not yet; both with file
    ///   and line.
    package init(reading sources: [PolicySource]) throws(Failure) {
        var material = KeyMaterial()
        var documents: [(document: PolicyDocument, source: PolicySource)] = []
        for source in sources {
            for document in try YAMLNode.documents(parsing: source.content, named: source.name) {
                do throws(Failure) {
                    for node in try objects(in: document, depth: 0) {
                        let kind = try node.required("kind").string()
                        if KeyMaterial.kinds.contains(kind) {
                            try material.add(node)
                        } else if PolicyDocument.kinds.contains(kind) {
                            documents.append((try PolicyDocument(reading: node), source))
                        } else {
                            throw otherKind(kind, at: node.place)
                        }
                    }
                } catch {
                    throw inPolicyWords(error)
                }
            }
        }
        keys = material
        policies = try documents.map { (item) throws(Failure) in
            try CompiledPolicy(
                item.document, material: material,
                digest: Digest(of: item.source.content, by: .sha256), source: item.source.name)
        }
        try refuseDoubles(documents.map(\.document))
    }
}

/// The object itself, or the items of a list: whatever its kind, an object with `items` is one, as
/// for kubectl. Items that have neither kind nor version get those of the list.
private func objects(in node: YAMLNode, depth: Int) throws(Failure) -> [YAMLNode] {
    guard let items = try node.optional("items") else { return [node] }
    try node.refuseFields(otherThan: ["apiVersion", "kind", "metadata", "items"])
    guard depth < Limits.documentDepth else { throw node.broken("lists are nested too deep") }
    var found: [YAMLNode] = []
    for item in try items.items() {
        found += try objects(in: try item.asItem(of: node), depth: depth + 1)
    }
    return found
}

extension YAMLNode {
    fileprivate func asItem(of list: YAMLNode) throws(Failure) -> YAMLNode {
        guard try optional("kind") == nil, try optional("apiVersion") == nil else { return self }
        let kind = try list.required("kind").string()
        let itemKind = kind.utf8.removingSuffix("List").map { String($0) } ?? kind
        let version = try list.required("apiVersion").string()
        return try setting("apiVersion", to: version).setting("kind", to: itemKind)
    }
}

private func otherKind(_ kind: String, at place: Place) -> Failure {
    Failure(
        .unsupported, "cannot use the policy", at: place,
        because: "\(quoted(kind)) is none of "
            + (PolicyDocument.kinds.sorted() + KeyMaterial.kinds.sorted()).joined(separator: ", "))
}

/// The YAML reader speaks of "the document"; here it is known to be a policy.
private func inPolicyWords(_ failure: Failure) -> Failure {
    var failure = failure
    if failure.what == "cannot read the document" { failure.what = "cannot use the policy" }
    return failure
}

private func refuseDoubles(_ documents: [PolicyDocument]) throws(Failure) {
    var seen: Set<[String]> = []
    for document in documents
    where !seen.insert([document.namespace ?? "", document.name]).inserted {
        throw Failure(
            .malformed, "cannot use the policy", at: document.place,
            because: "two policies have the name \(quoted(document.name))")
    }
}
