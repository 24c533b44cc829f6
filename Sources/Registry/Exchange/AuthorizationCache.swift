// SPDX-License-Identifier: Apache-2.0
// What a client learns about registries while it works, shared by all its repositories.

internal import OCI
internal import Primitives

/// Tokens and habits by registry. An actor because transfers run side by side; it never waits.
actor AuthorizationCache {
    /// How a registry wants to be told who we are.
    enum Method: Hashable, Sendable {
        case basic
        case bearer(realm: HTTPURL, service: String?)
    }

    /// What must not be displayed when a server repeats it.
    nonisolated let sent = SentSecrets()

    private struct TokenKey: Hashable {
        let registry: RegistryHost
        let scopes: [String]
    }

    private struct Token {
        let text: String
        let expires: Timestamp
    }

    private var methods: [RegistryHost: Method] = [:]
    private var tokens: [TokenKey: Token] = [:]
    private var chunkedRegistries: Set<RegistryHost> = []

    func method(of registry: RegistryHost) -> Method? { methods[registry] }

    func learn(_ method: Method, of registry: RegistryHost) { methods[registry] = method }

    /// A token that is still good at `now`.
    func token(for registry: RegistryHost, scopes: [String], at now: Timestamp) -> String? {
        let key = TokenKey(registry: registry, scopes: scopes)
        return tokens[key].flatMap { $0.expires > now ? $0.text : nil }
    }

    func keep(_ token: String, for registry: RegistryHost, scopes: [String], until end: Timestamp) {
        if tokens.count >= keptTokens { tokens = [:] }
        tokens[TokenKey(registry: registry, scopes: scopes)] = Token(text: token, expires: end)
    }

    func wantsChunks(_ registry: RegistryHost) -> Bool { chunkedRegistries.contains(registry) }

    func learnToChunk(for registry: RegistryHost) { chunkedRegistries.insert(registry) }
}

/// Tokens of long-lived clients; far more than one run asks for.
private let keptTokens = 1_000
