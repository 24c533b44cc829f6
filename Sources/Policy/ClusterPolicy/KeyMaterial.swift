// SPDX-License-Identifier: Apache-2.0
// Secrets and ConfigMaps given as files, where policies find public keys.
// Spec: Kubernetes Secret and ConfigMap (v1); docs/kyverno.md, "Attestors".

internal import Keys
package import Primitives
import Signing

/// The data of the Secrets and ConfigMaps that stand beside the policies. Only what a policy names
/// is looked at; nothing in it is ever printed.
package struct KeyMaterial: Sendable {
    private var secrets: [StoredKeyName: ByteStringMap<[UInt8]>] = [:]
    private var configMaps: [StoredKeyName: ByteStringMap<[UInt8]>] = [:]

    package init() {}

    static let kinds: Set<String> = ["Secret", "ConfigMap"]

    mutating func add(_ node: YAMLNode) throws(Failure) {
        let metadata = try node.required("metadata")
        let name = StoredKeyName(
            namespace: try metadata.optional("namespace")?.string() ?? "default",
            name: try metadata.required("name").string())
        var data: ByteStringMap<[UInt8]> = [:]
        let isSecret = try node.required("kind").string() == "Secret"
        for member in try node.optional("data")?.members() ?? [] {
            let text = try member.value.string()
            guard isSecret else {
                data[member.name] = Array(text.utf8)
                continue
            }
            guard let content = bytes(fromBase64: withoutWhitespace(text)) else {
                throw member.value.broken("the data of a Secret is base64, and this is not")
            }
            data[member.name] = content
        }
        for member in try node.optional("stringData")?.members() ?? [] where isSecret {
            data[member.name] = Array(try member.value.string().utf8)
        }
        guard let known = isSecret ? secrets[name] : configMaps[name], known != data else {
            if isSecret { secrets[name] = data } else { configMaps[name] = data }
            return
        }
        throw node.broken(
            "two objects have its name, \(quoted(name.description)), and hold different data")
    }

    /// The keys of an entry, or why they are not here.
    ///
    /// - Throws: `Failure` if the entry is here and holds no keys that can be used.
    package func keys(of key: StoredKey) throws(Failure) -> KeyLookup {
        switch key.kind {
        case .secretOrConfigMap:
            try lookup(
                key.entry, in: secrets[key.object] ?? configMaps[key.object],
                of: "the Secret \(key.object)")
        case .configMap:
            try lookup(
                key.entry, in: configMaps[key.object], of: "the ConfigMap \(key.object)")
        }
    }

    private func lookup(
        _ entry: String, in data: ByteStringMap<[UInt8]>?, of holder: String
    ) throws(Failure) -> KeyLookup {
        guard let data else { return .missing("\(holder) was not given") }
        guard let content = data[entry] else {
            return .missing("\(holder) has no entry \(quoted(entry))")
        }
        guard content.count <= Limits.keyFileBytes else {
            throw Failure(
                .overLimit, "cannot use the policy",
                because: "\(holder) holds a key of more than \(Limits.keyFileBytes) bytes")
        }
        do {
            return .found(try PublicKey.list(pem: String(decoding: content, as: UTF8.self)))
        } catch {
            throw error.during("cannot use \(holder)")
        }
    }
}

private func withoutWhitespace(_ text: String) -> String {
    String(decoding: text.utf8.filter { !isWhitespaceByte($0) }, as: UTF8.self)
}
