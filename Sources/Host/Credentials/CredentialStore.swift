// SPDX-License-Identifier: Apache-2.0
// Storing and removing a password, as docker login and docker logout do.
// Spec: docker/cli config.json ("auths", "credHelpers", "credsStore"); docker-credential-helpers,
// README ("Development"): `store` reads {"ServerURL","Username","Secret"}, `erase` the server.

internal import Files
internal import FoundationEssentials
package import OCI
package import Primitives

/// Docker's configuration file, for one change. All other content is preserved.
///
/// Changes by several processes at a time are made one after the other, under the lock
/// `config.json.lock`. Docker itself does not take it.
package struct CredentialStore: Sendable {
    /// The file that is written.
    package let path: String
    /// This process's variables; a helper gets those that are not secrets for other programs.
    private let environment: [String: String]

    /// - Parameter environment: `DOCKER_CONFIG`, else `HOME`, says where the file is.
    package init(environment: [String: String]) throws(Failure) {
        self.environment = environment
        if let directory = environment["DOCKER_CONFIG"], !directory.isEmpty {
            path = "\(directory)/config.json"
        } else if let home = environment["HOME"], !home.isEmpty {
            path = "\(home)/.docker/config.json"
        } else {
            throw Failure(
                .usage, "cannot find Docker's configuration file",
                because: "neither DOCKER_CONFIG nor HOME is set", next: "set one of them")
        }
    }

    /// Stores a user name and password for a registry: with the helper that the file names for it,
    /// else in the file itself.
    ///
    /// - Returns: where it is now, for people.
    package func store(
        user: String, secret: String, for registry: RegistryHost
    ) async throws -> String {
        guard !user.utf8.contains(UInt8(ascii: ":")), !user.isEmpty else {
            throw Failure(
                .usage, "cannot store the password",
                because: "the user name is empty or has a colon")
        }
        let document = try read()
        let server = serverName(registry)
        var entry: JSONObject = [:]
        if let helper = try helper(for: registry, in: document) {
            try await helper.store(user: user, secret: secret, for: server)
            try change(removing: { isSame($0, server) }, adding: (server, .object(entry)))
            return "the credential helper \(helper.program)"
        }
        entry["auth"] = .string(base64Text(Array("\(user):\(secret)".utf8)))
        try change(removing: { isSame($0, server) }, adding: (server, .object(entry)))
        return path
    }

    /// What `erase` did.
    package struct Erasure: Hashable, Sendable {
        /// Whether anything was stored for the registry.
        package let wasThere: Bool
        /// Keys of `auths` about repositories below the registry, which are still there.
        package let namespaces: [String]
    }

    /// Removes every entry that would be used for the registry, under each spelling of its name. An
    /// entry about a namespace below the registry stays, because it is another login.
    package func erase(_ registry: RegistryHost) async throws -> Erasure {
        let document = try read()
        let names = document["auths"]?.object?.names ?? []
        func isOwn(_ name: String) -> Bool {
            CredentialKeyScope(of: name, for: registry) == .registry
        }
        let wasThere = names.contains(where: isOwn)
        let helper = try helper(for: registry, in: document)
        try await helper?.erase(serverName(registry))
        if wasThere { try change(removing: isOwn, adding: nil) }
        return Erasure(
            wasThere: wasThere || helper != nil,
            namespaces: names.filter { CredentialKeyScope(of: $0, for: registry) == .namespace })
    }

    private func read() throws(Failure) -> JSONObject {
        let bytes: [UInt8]
        do {
            bytes = try readFile(
                at: path, atMost: Limits.credentialFileBytes, named: "Docker's configuration")
        } catch  where error.kind == .notFound {
            return [:]
        }
        guard !bytes.isEmpty else { return [:] }
        // The parser quotes what it cannot read; here that may be a secret.
        guard let object = (try? JSONValue(parsing: bytes, named: path))?.object else {
            throw Failure(
                .malformed, "cannot change Docker's configuration", at: .named(path),
                because: "it is not a JSON object", next: "correct the file, or move it away")
        }
        return object
    }

    /// Changes `auths` in the file as it is at this moment, under a lock.
    ///
    /// Where the file is a link, its target is written and the link stays.
    private func change(
        removing isRemoved: (String) -> Bool, adding added: (server: String, entry: JSONValue)?
    ) throws {
        let target = try followingLinks(path)
        try makeDirectory(
            at: parentDirectory(of: target), permissions: 0o700,
            named: "the folder of Docker's configuration")
        try whileLocked(target) {
            var document = try read()
            var auths = JSONObject()
            for name in document["auths"]?.object?.names ?? [] where !isRemoved(name) {
                auths[name] = document["auths"]?.object?[name]
            }
            if let added { auths[added.server] = added.entry }
            document["auths"] = .object(auths)
            try writeFile(
                Array((JSONValue.object(document).prettyText + "\n").utf8), at: target,
                permissions: 0o600)
        }
    }

    /// The helper that would be asked for the password afterwards.
    private func helper(
        for registry: RegistryHost, in document: JSONObject
    ) throws(Failure) -> CredentialHelper? {
        let file = try CredentialFile(parsing: JSONValue.object(document).compactBytes, at: path)
        guard let name = file.helper(for: registry) else { return nil }
        return try CredentialHelper(named: name, environment: environment)
    }

    /// What Docker calls the registry.
    private func serverName(_ registry: RegistryHost) -> String {
        registry == .dockerHub ? dockerHubAddress : registry.description
    }
}
