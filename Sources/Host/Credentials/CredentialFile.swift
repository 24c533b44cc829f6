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
    private let helpers: ByteStringMap<String>
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
        try json.refuseOtherSpellings(of: ["auths", "credHelpers", "credsStore"])
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

    /// The helper for this registry: the one in `credHelpers`, else `credsStore`. An empty name in
    /// `credHelpers` means `auths` in this file, even with a `credsStore`.
    func helper(for registry: RegistryHost) -> String? {
        let own = helpers.compactMap { key, name -> (rank: Int, name: String)? in
            spellingRank(of: key, for: registry).map { ($0, name) }
        }.min { $0.rank < $1.rank }
        let name = own?.name ?? store ?? ""
        return name.isEmpty ? nil : name
    }

    /// The entry of the repository or of a name above it. The longest name wins. Among the
    /// spellings of one name the exact one wins, even if its entry is empty.
    func credential(for repository: Repository) throws(Failure) -> RegistryCredential? {
        let found = auths.compactMap { key, entry in
            KeyMatch(of: key, with: repository).map { (match: $0, entry: entry) }
        }
        guard let best = found.map(\.match).min() else { return nil }
        // Among spellings of one rank the first that has a credential counts.
        for (match, entry) in found where match == best {
            if let credential = try credential(in: entry) { return credential }
        }
        return nil
    }

    private func credential(in entry: JSONReader) throws(Failure) -> RegistryCredential? {
        func text(_ name: String) throws(Failure) -> String? {
            guard let text = try entry.optional(name)?.string(), !text.isEmpty else { return nil }
            return text
        }
        try entry.refuseOtherSpellings(of: [
            "auth", "username", "password", "identitytoken", "registrytoken",
        ])
        if let token = try text("registrytoken") { return .registryToken(token) }
        if let token = try text("identitytoken") { return .identityToken(token) }
        if let auth = try text("auth") {
            guard let pair = UserAndSecret(base64: auth) else {
                throw entry.broken("its auth is not base64 of user:password")
            }
            return RegistryCredential(user: pair.user, secret: pair.secret)
        }
        guard let user = try text("username"), let secret = try text("password") else { return nil }
        return RegistryCredential(user: user, secret: secret)
    }
}

/// How closely a key of `auths` names a repository; less is closer.
private struct KeyMatch: Comparable {
    /// Bytes of the repository's path that the key does not name.
    private let unnamed: Int
    /// 0 is the spelling that Docker and Podman look up first.
    private let rank: Int

    /// Nil when the key does not name the repository or a name above it.
    ///
    /// Keys are `host`, `host:port`, an address such as `https://host/v1/` (Docker), or a repository
    /// and what is below it (Podman). Of an address only the host counts.
    init?(of key: String, with repository: Repository) {
        let path = repository.path.utf8
        if let rank = spellingRank(of: key, for: repository.registry) {
            (unnamed, self.rank) = (path.count, rank)
            return
        }
        switch CredentialKeyScope(of: key, for: repository.registry) {
        case nil: return nil
        case .registry?: (unnamed, rank) = (path.count, 3)
        case .namespace?:
            let host = key.utf8.prefix { $0 != slash }
            let name = pathBelowHost(in: key)
            guard path.starts(with: name),
                path.count == name.count || path.dropFirst(name.count).first == slash
            else { return nil }
            let isExact = String(host) == repository.registry.description
            (unnamed, rank) = (path.count - name.count, isExact ? 0 : 1)
        }
    }

    static func < (left: KeyMatch, right: KeyMatch) -> Bool {
        (left.unnamed, left.rank) < (right.unnamed, right.rank)
    }
}

/// What a key of `auths` is about.
enum CredentialKeyScope: Hashable, Sendable {
    /// A whole registry, under any spelling: `host`, `https://host`, `https://host/v1/`, `host/v2`.
    case registry
    /// The repositories at or below one path of the registry.
    case namespace

    /// Nil when the key is about another registry.
    init?(of key: String, for registry: RegistryHost) {
        if spellingRank(of: key, for: registry) != nil {
            self = .registry
        } else if let address = withoutScheme(key) {
            guard isHost(address.prefix { $0 != slash }, registry) else { return nil }
            self = .registry
        } else {
            guard isHost(key.utf8.prefix { $0 != slash }, registry) else { return nil }
            let name = pathBelowHost(in: key)
            self =
                name.isEmpty || name.elementsEqual("v1".utf8) || name.elementsEqual("v2".utf8)
                ? .registry : .namespace
        }
    }
}

/// What follows the host in a key without a scheme, without a slash at either end.
private func pathBelowHost(in key: String) -> Substring.UTF8View {
    let name = key.utf8.drop { $0 != slash }.dropFirst()
    return name.last == slash ? name.dropLast() : name
}

/// How closely a key names a registry as Docker and Podman write hosts: 0 for exactly, nil for not.
///
/// Docker Hub is an address for Docker and a host for Podman.
private func spellingRank(of key: String, for registry: RegistryHost) -> Int? {
    if registry == .dockerHub, isSame(key, dockerHubAddress) { return 0 }
    guard !key.utf8.contains(slash), isHost(key.utf8[...], registry) else { return nil }
    return isSame(key, registry.description) ? (registry == .dockerHub ? 1 : 0) : 2
}

private func isHost(_ text: Substring.UTF8View, _ registry: RegistryHost) -> Bool {
    (try? RegistryHost(parsing: String(Substring(text)))) == registry
}

/// What follows the scheme of an address; nil for a key without one.
private func withoutScheme(_ key: String) -> Substring.UTF8View? {
    for scheme in ["https://", "http://"] where key.utf8.starts(with: scheme.utf8) {
        return key.utf8.dropFirst(scheme.utf8.count)
    }
    return nil
}

extension RegistryCredential {
    /// Spec: docker-credential-helpers, README: the user `<token>` has an identity token; nil when
    /// that is empty.
    init?(user: String, secret: String) {
        guard isSame(user, "<token>") else { self = .password(user: user, secret: secret); return }
        guard !secret.isEmpty else { return nil }
        self = .identityToken(secret)
    }
}

/// What Docker and the credential helpers call Docker Hub.
let dockerHubAddress = "https://index.docker.io/v1/"

private let slash = UInt8(ascii: "/")

/// The content of an entry's `auth`. Spec: docker/cli, config.json: base64 of `user:password`.
private struct UserAndSecret {
    let user: String
    let secret: String

    init?(base64 text: String) {
        // Line breaks do not count: `base64` wraps at 76 columns, and Go's decoder skips them.
        let line = text.utf8.filter { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard let decoded = bytes(fromAnyBase64: String(decoding: line, as: UTF8.self)),
            let colon = decoded.firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        // Only the first colon separates. Docker pads some secrets with zero bytes.
        var secret = decoded[(colon + 1)...]
        while secret.first == 0 { secret = secret.dropFirst() }
        while secret.last == 0 { secret = secret.dropLast() }
        guard let user = String(validating: decoded[..<colon], as: UTF8.self),
            let secret = String(validating: secret, as: UTF8.self)
        else { return nil }
        self.user = user
        self.secret = secret
    }
}

extension CredentialFile: CustomStringConvertible, CustomReflectable {
    var description: String { "the credentials in \(path)" }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
