// SPDX-License-Identifier: Apache-2.0
// Credential files of Docker and Podman, read as data.
// Spec: docker/cli, config.json ("auths", "credHelpers", "credsStore"); containers-auth.json(5).

internal import OCI
internal import Primitives
internal import Registry

/// One `config.json` or `auth.json`. Its description never tells what is in it.
struct CredentialFile: Sendable {
    let path: String
    private let auths: [(key: String, entry: JSONReader)]
    private let helpers: ExactTextMap<String>
    private let store: String?

    init(parsing bytes: [UInt8], at path: String) throws(Failure) {
        self.path = path
        let json: JSONReader
        do {
            json = try JSONReader(parsing: bytes, named: path)
        } catch {
            // The parser quotes what it stumbles over; here that may be a secret.
            throw Failure(
                .malformed, "cannot read the credentials", at: .named(path),
                because: "it is not valid JSON")
        }
        var auths: [(String, JSONReader)] = []
        for name in try json.optional("auths")?.object().names ?? [] {
            if let entry = try json.optional("auths")?.optional(name) {
                auths.append((name, entry))
            }
        }
        self.auths = auths
        helpers = try json.optional("credHelpers")?.stringMap() ?? [:]
        store = try json.optional("credsStore")?.string()
    }

    /// The helper that is asked for this registry: its own, else the one for all.
    func helper(for registry: RegistryHost) -> String? {
        let own = helpers.first { Self.host(inKey: $0.key) == registry.description }?.value
        return own ?? store.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What is written for the repository or, failing that, for a name above it; the longest wins.
    func credential(for repository: Repository) throws(Failure) -> RegistryCredential? {
        var best: (length: Int, entry: JSONReader)?
        for (key, entry) in auths {
            guard let length = Self.matchLength(of: key, repository) else { continue }
            if length > best?.length ?? -1 { best = (length, entry) }
        }
        guard let entry = best?.entry else { return nil }
        return try credential(in: entry)
    }

    private func credential(in entry: JSONReader) throws(Failure) -> RegistryCredential? {
        func text(_ name: String) throws(Failure) -> String? {
            guard let text = try entry.optional(name)?.string(), !text.isEmpty else { return nil }
            return text
        }
        if let token = try text("registrytoken") { return .registryToken(token) }
        if let token = try text("identitytoken") { return .identityToken(token) }
        if let auth = try text("auth") {
            // Spec: base64 of user:password; only the first colon separates.
            guard let decoded = bytes(fromAnyBase64: auth),
                let pair = String(validating: decoded, as: UTF8.self),
                let (user, after) = pair.utf8.split(atFirst: ":")
            else { throw entry.broken("its auth is not base64 of user:password") }
            let secret = String(decoding: after.utf8.filter { $0 != 0 }, as: UTF8.self)
            return .password(user: String(user), secret: secret)
        }
        guard let user = try text("username"), let secret = try text("password") else { return nil }
        return .password(user: user, secret: secret)
    }

    /// How much of the repository's name a key covers; nil when it is about something else.
    ///
    /// Keys are `host`, `host:port`, `https://host/v1/` (Docker), or a repository and what is
    /// below it (Podman).
    private static func matchLength(of key: String, _ repository: Repository) -> Int? {
        guard let host = host(inKey: key), host == repository.registry.description else {
            return nil
        }
        var path = withoutScheme(key).utf8.split(atFirst: "/")?.after ?? ""
        path = path.utf8.removingSuffix("/") ?? path
        if path.isEmpty || ["v1", "v2"].contains(path) { return 0 }
        guard !key.utf8.contains("://") else { return nil }
        let isWithin = repository.path == path || repository.path.utf8.hasPrefix(path + "/")
        return isWithin ? path.utf8.count : nil
    }

    /// The registry a key is about, in its canonical name.
    private static func host(inKey key: String) -> String? {
        try? RegistryHost(parsing: withoutScheme(key).utf8.prefix(before: "/")).description
    }

    private static func withoutScheme(_ key: String) -> Substring {
        key.utf8.removingPrefix("https://") ?? key.utf8.removingPrefix("http://") ?? key[...]
    }
}

extension CredentialFile: CustomStringConvertible, CustomReflectable {
    var description: String { "the credentials in \(path)" }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
