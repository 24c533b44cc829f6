// SPDX-License-Identifier: Apache-2.0
// Proving who we are: Basic, and bearer tokens from a token server.
// Spec: distribution docs, "Token Authentication Specification" and "OAuth2 token endpoint";
// RFC 9110 §11; RFC 7617 (Basic); RFC 6750 (Bearer).

internal import HTTPTypes
internal import OCI
internal import Primitives

extension RegistrySession {
    /// What the `Authorization` field of a request to the registry says; nil while the registry has
    /// not asked.
    func authorization(for call: RegistryRequest) async throws -> String? {
        switch await cache.method(of: repository.registry) {
        case nil:
            return nil
        case .basic:
            return try basic(try await credentials.credential(for: repository), for: call)
        case .bearer(let realm, let service):
            let known = await cache.token(
                for: repository.registry, scopes: call.scopes, at: clock.now())
            if let known { return "Bearer \(known)" }
            return "Bearer \(try await freshToken(realm, service, scopes: call.scopes, call))"
        }
    }

    /// Answers a 401: picks one of the challenges and makes the next attempt able to pass.
    func renewAuthorization(after answer: RegistryResponse, for call: RegistryRequest) async throws
        -> RegistryRequest
    {
        let challenges = try challenges(in: answer)
        if let bearer = challenges.first(where: { $0.scheme == "bearer" }),
            let realmText = bearer.parameters["realm"]
        {
            let realm = try realm(realmText, for: call)
            var call = call
            // Spec: the scope that was missing is asked for first.
            if let wanted = bearer.parameters["scope"], !wanted.isEmpty {
                let missing = wanted.utf8.split(separator: " ").map(String.init)
                call.scopes = missing + call.scopes.filter { !missing.contains($0) }
            }
            let service = bearer.parameters["service"]
            let token = try await freshToken(realm, service, scopes: call.scopes, call)
            await cache.learn(.bearer(realm: realm, service: service), of: repository.registry)
            // Later calls ask with their own scopes; what was good for this call is good for them.
            let expires = Timestamp(seconds: clock.now().seconds + shortestTokenLife)
            await cache.keep(
                token, for: repository.registry, scopes: call.ownScopes, until: expires)
            return call
        }
        guard challenges.contains(where: { $0.scheme == "basic" }) else {
            throw answer.failure(
                because: "the registry asks for \(names(challenges)); Assay knows basic and bearer")
        }
        _ = try basic(try await credentials.credential(for: repository), for: call)
        await cache.learn(.basic, of: repository.registry)
        return call
    }

    private func challenges(in answer: RegistryResponse) throws(Failure) -> [AuthorizationChallenge]
    {
        var challenges: [AuthorizationChallenge] = []
        for field in answer.fields[values: .wwwAuthenticate] {
            do {
                challenges += try AuthorizationChallenge.list(parsing: field)
            } catch {
                throw answer.noAnswer("\(error.what): \(error.why)")
            }
        }
        return challenges
    }

    /// Where tokens come from, when we may go there.
    private func realm(_ text: String, for call: RegistryRequest) throws(Failure) -> HTTPURL {
        do {
            let realm = try HTTPURL(parsing: text)
            try RedirectPolicy(registry: base).check(realm, as: "token realm")
            return realm
        } catch {
            let error = cache.sent.hidden(in: error)
            throw Failure(
                .unavailable, call.what, at: error.place ?? .url(base.description),
                because: cache.sent.hidden(in: "\(error.what): \(error.why)"))
        }
    }

    private func names(_ challenges: [AuthorizationChallenge]) -> String {
        let names = challenges.map { quoted(cache.sent.hidden(in: $0.scheme)) }
        return names.isEmpty ? "credentials and does not say how" : names.joined(separator: ", ")
    }

    private func basic(_ credential: RegistryCredential, for call: RegistryRequest) throws(Failure)
        -> String
    {
        switch credential {
        case .password(let user, let secret):
            return "Basic \(base64Text("\(user):\(secret)".utf8))"
        case .registryToken(let token):
            return "Bearer \(try usable(token, for: call))"
        case .anonymous, .identityToken:
            throw Failure(
                .denied, call.what, at: .url(base.description),
                because: "the registry asks for a user and a password, and we are \(credential)",
                next: loginHint)
        }
    }

    /// A line break in a token would start another header field.
    private func usable(_ token: String, for call: RegistryRequest) throws(Failure) -> String {
        guard token.utf8.allSatisfy(isTokenCharacter) else {
            throw Failure(
                .usage, call.what, at: .url(base.description),
                because: "the registry token has characters that no token has: a line break, a "
                    + "space, or one outside ASCII",
                next: loginHint)
        }
        return token
    }

    var loginHint: String { "give credentials for \(repository.registry), or log in there first" }

    /// Whether a token server may see the user's credentials: if it is authenticated by TLS, is the
    /// registry itself, runs beside it on this machine, or is named for plain http by the user.
    ///
    /// docker and containerd send them to each realm that a registry names; with Docker Hub that is
    /// another host over https, and its certificate says who receives them. Over plain http nothing
    /// does once they leave the machine. Such a server is asked for a token without credentials.
    private func isEntitled(_ realm: HTTPURL) -> Bool {
        if realm.scheme == .https || realm.origin == base.origin { return true }
        if case (.loopback?, .loopback?) = (reach(of: realm), reach(of: base)) { return true }
        return options.schemes.contains { registry, scheme in
            scheme == .http && HTTPURL(of: registry, scheme: .http).origin == realm.origin
        }
    }

    private func reach(of address: HTTPURL) -> NetworkScope? {
        try? NetworkScope(of: address.hostName)
    }

    /// What to do after a refusal. Where credentials were kept back, a login does not help.
    private func hint(forTokensFrom realm: HTTPURL) -> String {
        guard !isEntitled(realm) else { return loginHint }
        return
            "\(cache.sent.hidden(in: realm.authority)) got no credentials, because it is another "
            + "service than the registry and speaks plain http; if it may have them, add "
            + "--plain-http-registry \(cache.sent.hidden(in: realm.authority))"
    }

    /// What to do after the registry refused a request with renewed authorization.
    func hintAfterRefusal() async -> String {
        guard case .bearer(let realm, _)? = await cache.method(of: repository.registry),
            let credential = try? await credentials.credential(for: repository),
            credential.isSentToTokenServers
        else { return loginHint }
        return hint(forTokensFrom: realm)
    }

    /// Gets a token for these scopes and keeps it as long as it is good.
    private func freshToken(
        _ realm: HTTPURL, _ service: String?, scopes: [String], _ call: RegistryRequest
    ) async throws -> String {
        let credential = try await credentials.credential(for: repository)
        if case .registryToken(let token) = credential { return try usable(token, for: call) }
        let answer = try await tokenDocument(
            realm, service, scopes: scopes, isEntitled(realm) ? credential : .anonymous, call)
        let granted: GrantedToken
        do {
            granted = try GrantedToken(parsing: answer)
        } catch {
            throw Failure(
                .unavailable, call.what, at: place(realm),
                because: cache.sent.hidden(in: "\(error.what): \(error.why)"))
        }
        cache.sent.note(granted.text)
        let expires = Timestamp(
            seconds: clock.now().seconds + min(granted.life, longestTokenLife) - tokenMargin)
        await cache.keep(granted.text, for: repository.registry, scopes: scopes, until: expires)
        return granted.text
    }

    /// Asks the token server; what that costs in time is taken from the call it is for.
    private func tokenDocument(
        _ realm: HTTPURL, _ service: String?, scopes: [String],
        _ credential: RegistryCredential, _ cause: RegistryRequest
    ) async throws -> [UInt8] {
        let what = "cannot get a token for \(repository)"
        if case .identityToken(let token) = credential {
            var form = "grant_type=refresh_token&client_id=assay"
            if let service { form += "&service=\(percentEncoded(service))" }
            form += "&scope=\(percentEncoded(scopes.joined(separator: " ")))"
            form += "&refresh_token=\(percentEncoded(token))"
            cache.sent.note(token)
            var call = RegistryRequest(.post, realm, what: what)
            call.deadline = cause.deadline
            call.body = .bytes(Array(form.utf8))
            call.fields[.contentType] = "application/x-www-form-urlencoded"
            return try await tokenAnswer(to: call, as: credential)
        }
        var address = realm
        if let service { address = address.adding("service", service) }
        for scope in scopes where !scope.isEmpty { address = address.adding("scope", scope) }
        var call = RegistryRequest(.get, address, what: what)
        call.deadline = cause.deadline
        if case .password(let user, let secret) = credential {
            call.fields[.authorization] = "Basic \(base64Text("\(user):\(secret)".utf8))"
        }
        return try await tokenAnswer(to: call, as: credential)
    }

    private func tokenAnswer(to call: RegistryRequest, as credential: RegistryCredential)
        async throws
        -> [UInt8]
    {
        let (answer, bytes) = try await document(call, atMost: Limits.tokenAnswerBytes)
        guard answer.status == 200 else {
            let failure = answer.failure(reading: bytes)
            // Spec: RFC 6749 §5.2: "400 (Bad Request)" is how a credential is refused.
            if failure.kind == .denied || answer.status == 400 {
                let who =
                    credential == .anonymous ? "a request without credentials" : "\(credential)"
                throw Failure(
                    .denied, call.what, at: place(call.address),
                    because: "the token server refused \(who): \(failure.why)",
                    next: hint(forTokensFrom: call.address))
            }
            // No token server there says nothing about what the registry holds.
            let isElsewhere = failure.kind == .notFound || failure.kind == .unsupported
            throw isElsewhere ? answer.noAnswer("the token server: \(failure.why)") : failure
        }
        return bytes
    }
}

/// What a token server hands out.
private struct GrantedToken {
    let text: String
    /// Seconds.
    let life: Int

    init(parsing answer: [UInt8]) throws(Failure) {
        let json = try JSONReader(parsing: answer, named: "the token server's answer")
        let texts = [
            try json.optional("token")?.string(), try json.optional("access_token")?.string(),
        ]
        guard let token = texts.compactMap({ $0 }).first(where: { !$0.isEmpty }) else {
            throw json.broken("it has neither token nor access_token")
        }
        guard token.utf8.allSatisfy(isTokenCharacter) else {
            throw json.broken("the token has characters that no token has")
        }
        text = token
        // Spec: "expires_in … If omitted, this defaults to 60 seconds", and it is at least that.
        life = max(try json.optional("expires_in")?.integer() ?? 0, shortestTokenLife)
    }
}

extension RegistryCredential {
    fileprivate var isSentToTokenServers: Bool {
        switch self {
        case .anonymous, .registryToken: false
        case .password, .identityToken: true
        }
    }
}

/// Spec: RFC 6750 §2.1 allows fewer; registries hand out others too.
private func isTokenCharacter(_ byte: UInt8) -> Bool { (0x21...0x7e).contains(byte) }

/// Seconds.
private let shortestTokenLife = 60
/// Seconds; a token server that says more is asked again anyway.
private let longestTokenLife = 24 * 3600
/// Seconds before its end at which a token is not used any more: the request has to arrive.
private let tokenMargin = 10
