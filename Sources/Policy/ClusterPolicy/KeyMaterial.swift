// SPDX-License-Identifier: Apache-2.0
// Secrets and ConfigMaps given as files, where policies find public keys.
// Spec: Kubernetes Secret and ConfigMap (v1); docs/kyverno.md, "Attestors".

internal import Keys
import Primitives
import Signing

/// The data of the Secrets and ConfigMaps that stand beside the policies. Only what a policy names
/// is looked at; nothing in it is ever printed.
struct KeyMaterial: Sendable {
    private var secrets: [StoredKeyName: ExactTextMap<[UInt8]>] = [:]
    private var configMaps: [StoredKeyName: ExactTextMap<[UInt8]>] = [:]

    static let kinds: Set<String> = ["Secret", "ConfigMap"]

    mutating func add(_ node: YAMLNode) throws(Failure) {
        let metadata = try node.required("metadata")
        let name = StoredKeyName(
            namespace: try metadata.optional("namespace")?.string() ?? "default",
            name: try metadata.required("name").string())
        var data: ExactTextMap<[UInt8]> = [:]
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
        if isSecret { secrets[name] = data } else { configMaps[name] = data }
    }

    /// The keys an entry means, or why they are not here.
    func keys(
        of source: KeySource, context: [String: StoredKeyName], at place: Place
    ) throws(Failure) -> KeyLookup {
        switch source {
        case .inline(let keys): return .found(keys)
        case .stored(let name):
            let data = secrets[name] ?? configMaps[name]
            return try lookup("cosign.pub", in: data, of: "the Secret \(name)", at: place)
        case .context(let label, let entry):
            guard let name = context[label] else {
                throw Failure(
                    .malformed, "cannot use the policy", at: place,
                    because: "the rule's context has no entry \(quoted(label))")
            }
            return try lookup(entry, in: configMaps[name], of: "the ConfigMap \(name)", at: place)
        }
    }

    private func lookup(
        _ entry: String, in data: ExactTextMap<[UInt8]>?, of holder: String, at place: Place
    ) throws(Failure) -> KeyLookup {
        guard let data else { return .missing("\(holder) was not given") }
        guard let content = data[entry] else {
            return .missing("\(holder) has no entry \(quoted(entry))")
        }
        guard content.count <= Limits.keyFileBytes else {
            throw Failure(
                .overLimit, "cannot use the policy", at: place,
                because: "\(holder) holds a key of more than \(Limits.keyFileBytes) bytes")
        }
        do {
            return .found(try PublicKey.list(pem: String(decoding: content, as: UTF8.self)))
        } catch {
            throw error.during("cannot use \(holder)", at: place)
        }
    }
}

/// Keys, or where they were expected.
enum KeyLookup: Sendable {
    case found([PublicKey])
    case missing(String)
}

private func withoutWhitespace(_ text: String) -> String {
    String(decoding: text.utf8.filter { !isWhitespaceByte($0) }, as: UTF8.self)
}
