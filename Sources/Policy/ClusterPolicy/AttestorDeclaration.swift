// SPDX-License-Identifier: Apache-2.0
// Attestors as a policy writes them. Spec: docs/kyverno.md, "Attestors", "Refused policies".

import JMESPath
internal import Keys
internal import KyvernoFunctions
import Primitives
import Signing

/// `count` of `entries`; an absent count means all of them.
struct AttestorSetDeclaration: Sendable {
    let count: Int?
    let entries: [AttestorDeclaration]
    let place: Place

    init(reading node: YAMLNode, depth: Int = 0) throws(Failure) {
        guard depth < Limits.attestorDepth else {
            throw Failure(
                .overLimit, "cannot use the policy", at: node.place,
                because: "attestors are nested deeper than \(Limits.attestorDepth) levels")
        }
        try node.refuseFields(otherThan: ["count", "entries"])
        let list = try node.required("entries")
        let items = try list.items()
        guard !items.isEmpty else { throw list.broken("a set of attestors needs an entry") }
        guard items.count <= Limits.attestorsPerRule else {
            throw Failure(
                .overLimit, "cannot use the policy", at: list.place,
                because: "it has \(items.count) entries, the limit is \(Limits.attestorsPerRule)")
        }
        var entries: [AttestorDeclaration] = []
        for item in items { entries.append(try AttestorDeclaration(reading: item, depth: depth)) }
        self.entries = entries
        count = try node.optional("count")?.integer()
        if let count, count < 1 {
            throw try node.required("count").broken(
                "the count is \(count), and at least 1 is needed")
        }
        place = try node.optional("count")?.place ?? node.place
    }

    /// Reads the list under `attestors`; all of its sets must be met.
    static func list(_ node: YAMLNode?) throws(Failure) -> [AttestorSetDeclaration] {
        var sets: [AttestorSetDeclaration] = []
        for item in try node?.items() ?? [] {
            sets.append(try AttestorSetDeclaration(reading: item))
        }
        return sets
    }
}

/// One entry: exactly one way to trust.
struct AttestorDeclaration: Sendable {
    indirect enum Trust: Sendable {
        case keys(KeySource, TrustDeclaration)
        case keyless(KeylessDeclaration)
        case nested(AttestorSetDeclaration)
    }

    let trust: Trust
    /// The hash that signatures by the keys must be made with; nil for any that the keys can have.
    let signatureHash: HashAlgorithm?
    /// Pairs that the signed payload must hold.
    let annotations: ByteStringMap<String>
    let place: Place

    init(reading node: YAMLNode, depth: Int) throws(Failure) {
        try node.refuseFields(
            otherThan: ["keys", "keyless", "attestor", "annotations", "signatureAlgorithm"],
            unsupported: [
                "certificates": "use keys with a public key, or keyless with roots",
                "repository": "keep signatures beside the image, as assay sign does",
            ])
        annotations = try node.optional("annotations")?.stringMap() ?? [:]
        place = node.place
        let keys = try node.optional("keys")
        signatureHash = try demandedHash(entry: node, keys: keys)
        let keyless = try node.optional("keyless")
        let nested = try node.optional("attestor")
        guard [keys, keyless, nested].count(where: { $0 != nil }) == 1 else {
            throw node.broken("an entry has exactly one of keys, keyless, attestor")
        }
        if let keys {
            trust = .keys(try KeySource(reading: keys), try TrustDeclaration(reading: keys))
        } else if let keyless {
            trust = .keyless(try KeylessDeclaration(reading: keyless))
        } else if let nested {
            guard annotations.isEmpty else {
                throw nested.broken("annotations belong to the entries inside a nested set")
            }
            trust = .nested(try AttestorSetDeclaration(reading: nested, depth: depth + 1))
        } else {
            throw node.broken("an entry has exactly one of keys, keyless, attestor")
        }
    }
}

/// Where the keys of an entry come from.
enum KeySource: Sendable {
    /// PEM blocks in the policy itself.
    case inline([PublicKey])
    /// `secret: {name, namespace}` or `k8s://namespace/name`: the entry `cosign.pub` of a Secret
    /// or ConfigMap.
    case stored(StoredKeyName)
    /// `{{ name.data.entry }}`, over a `context` entry of the rule with a `configMap`.
    case context(name: String, entry: String)

    init(reading node: YAMLNode) throws(Failure) {
        try node.refuseFields(
            otherThan: ["publicKeys", "secret", "signatureAlgorithm", "rekor", "ctlog"],
            unsupported: ["kms": keyServiceAdvice])
        let text = try node.optional("publicKeys")
        let secret = try node.optional("secret")
        switch (text, secret) {
        case (let text?, nil): self = try KeySource(text: text)
        case (nil, let secret?): self = .stored(try StoredKeyName(reading: secret))
        case (.some, .some):
            throw node.broken("publicKeys and secret cannot stand together")
        case (nil, nil):
            throw node.broken("it names no key; write publicKeys or secret")
        }
    }

    private init(text node: YAMLNode) throws(Failure) {
        let text = try node.string()
        if let scheme = addressScheme(text), scheme != "k8s" {
            throw Failure(
                .unsupported, "cannot use the policy", at: node.place,
                because: "publicKeys names \(quoted(plain(text))), and Assay asks no key service "
                    + "and no web server for a policy's keys",
                next: "\(keyServiceAdvice): assay public-key --key \(plain(text)) prints it")
        }
        if addressScheme(text) == "k8s" {
            self = .stored(try StoredKeyName(address: text, at: node))
        } else if text.utf8.contains("{{") {
            self = try contextKey(text, at: node)
        } else {
            do {
                self = .inline(try PublicKey.list(pem: text))
            } catch {
                throw error.during("cannot use the policy", at: node.place)
            }
        }
    }
}

/// A Secret or ConfigMap that holds a key.
struct StoredKeyName: Hashable, Sendable, CustomStringConvertible {
    let namespace: String
    let name: String

    static func == (left: StoredKeyName, right: StoredKeyName) -> Bool {
        isSame(left.namespace, right.namespace) && isSame(left.name, right.name)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(ByteString(namespace))
        hasher.combine(ByteString(name))
    }

    var description: String { "\(namespace)/\(name)" }

    init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    init(reading node: YAMLNode) throws(Failure) {
        try node.refuseFields(otherThan: ["name", "namespace"])
        self.init(
            namespace: try node.optional("namespace")?.string() ?? "default",
            name: try node.required("name").string())
    }

    init(address: String, at node: YAMLNode) throws(Failure) {
        let parts = (address.utf8.removingPrefix("k8s://") ?? "").utf8.split(
            separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw node.broken("\(quoted(address)) is not written like k8s://namespace/name")
        }
        self.init(namespace: String(parts[0]), name: String(parts[1]))
    }
}

private let keyServiceAdvice = "put the public key into publicKeys"

/// The scheme, if the whole text is one address; nil for PEM and for variables.
private func addressScheme(_ text: String) -> String? {
    let scheme = text.utf8.prefix { byte in
        (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
    }
    guard let first = scheme.first, first >= 0x41,
        text.utf8.dropFirst(scheme.count).starts(with: "://".utf8)
    else { return nil }
    return String(
        decoding: scheme.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
}

/// The hash that the entry or its keys require.
///
/// Spec: Kyverno ClusterPolicy v1, Attestor and StaticKeyAttestor, `signatureAlgorithm`: sha224,
/// sha256, sha384 or sha512.
///
/// Deviation: Kyverno takes sha256 where none is written; here every hash that the key can have is
/// tried then, SHA-256 and stronger, because cosign signs with the hash that fits the curve.
private func demandedHash(entry: YAMLNode, keys: YAMLNode?) throws(Failure) -> HashAlgorithm? {
    let outer = try demandedHash(entry)
    guard let keys else {
        guard let outer, outer != .sha256 else { return nil }
        throw try entry.required("signatureAlgorithm").broken(
            "it is for keys; a certificate names the scheme of its key")
    }
    let inner = try demandedHash(keys)
    if let inner, let outer, inner != outer {
        throw try keys.required("signatureAlgorithm").broken(
            "it is \(inner.rawValue), and the entry's is \(outer.rawValue); write one of them")
    }
    return inner ?? outer
}

private func demandedHash(_ node: YAMLNode) throws(Failure) -> HashAlgorithm? {
    guard let algorithm = try node.optional("signatureAlgorithm") else { return nil }
    let name = try algorithm.word(of: ["sha224", "sha256", "sha384", "sha512"])
    guard let hash = HashAlgorithm(rawValue: name) else {
        throw Failure(
            .unsupported, "cannot use the policy", at: algorithm.place,
            because: "signatures over SHA-224 are not accepted: it is weaker than every hash that "
                + "Sigstore signs with",
            next: "sign with SHA-256, and write signatureAlgorithm: sha256")
    }
    return hash
}

/// `{{ keys.data.production }}` or `{{ keys.data."cosign.pub" }}`.
private func contextKey(_ text: String, at node: YAMLNode) throws(Failure) -> KeySource {
    guard let steps = (try? VariableTemplate(text, dialect: .kyverno))?.exactPath, steps.count == 3,
        case .member(let name) = steps[0], steps[1] == .member("data"),
        case .member(let entry) = steps[2]
    else {
        throw Failure(
            .unsupported, "cannot use the policy", at: node.place,
            because: "\(quoted(text)) is not written like {{ name.data.entry }}")
    }
    return .context(name: name, entry: entry)
}
