// SPDX-License-Identifier: Apache-2.0
// Who we are, to whom we say it, and where a registry may send us.

import HTTPTypes
import OCI
import Primitives
import Synchronization
import TestSupport
import Testing

@testable import Registry

@Suite("authorization and reach")
struct AuthorizationTests {
    private let user = RegistryCredential.password(user: "ann", secret: "pa:ss")
    private let tag = ManifestReference.tag(Tag(for: Digest(of: [], by: .sha256)))

    /// A registry that wants the token `good`, from a token server that hands out `tokens` in turn.
    private func guarded(
        _ stage: Stage, realm: String = "https://auth.example/token", tokens: [String] = ["good"],
        answer body: String? = nil
    ) {
        let handedOut = Mutex(0)
        stage.registry.intercept { request, _ in
            if request.authority != "registry.example", request.path.hasPrefix("/token") {
                let number = handedOut.withLock {
                    $0 += 1
                    return $0
                }
                let token = tokens[min(number, tokens.count) - 1]
                return answer(
                    200,
                    body: (body ?? #"{"token":"","access_token":"\#(token)","expires_in":300}"#)
                        .utf8)
            }
            if request.fields[.authorization] == "Bearer good" { return nil }
            return answer(
                401,
                [
                    "WWW-Authenticate":
                        "Negotiate dG9r=, bEaReR Realm=\"\(realm)\",service=\"reg \\\"x\\\"\" , "
                        + "scope=\"repository:acme/api:pull\", Basic realm=\"x, y\""
                ])
        }
    }

    @Test("a token is fetched once with the user's name, and used until it is old")
    func bearer() async throws {
        let stage = try Stage(credential: user)
        guarded(stage)
        let image = try await stage.image()
        _ = try await stage.repository.manifest(.digest(image.digest))
        _ = try await stage.repository.manifest(.digest(image.digest))
        let tokens = stage.registry.seen.filter { $0.authority == "auth.example" }
        // One for writing, one for reading.
        #expect(tokens.count == 2)
        let first = try #require(tokens.first)
        #expect(first.fields[.authorization] == "Basic YW5uOnBhOnNz")
        #expect(first.path.contains("service=reg%20%22x%22"))
        #expect(first.path.contains("scope=repository%3Aacme%2Fapi%3Apull"))
        try await stage.clock.wait(milliseconds: 400_000)
        _ = try await stage.repository.manifest(.digest(image.digest))
        #expect(stage.registry.seen.filter { $0.authority == "auth.example" }.count == 3)
    }

    @Test("an identity token is exchanged with POST, never sent to the registry")
    func identityToken() async throws {
        let stage = try Stage(credential: .identityToken("secret&refresh"))
        guarded(stage)
        await expectFailure(.notFound, "MANIFEST_UNKNOWN") {
            _ = try await stage.repository.manifest(tag)
        }
        let request = try #require(stage.registry.seen.first { $0.authority == "auth.example" })
        #expect(request.method == "POST")
        let form = String(decoding: request.body, as: UTF8.self)
        #expect(form.contains("grant_type=refresh_token"))
        #expect(form.contains("refresh_token=secret%26refresh"))
        #expect(
            !stage.registry.seen.contains { $0.fields[.authorization]?.contains("secret") == true })
    }

    @Test("nobody gets a token without a name; a registry token is sent as it is")
    func otherCallers() async throws {
        for credential in [RegistryCredential.anonymous, .registryToken("good")] {
            let stage = try Stage(credential: credential)
            guarded(stage)
            await expectFailure(.notFound, "MANIFEST_UNKNOWN") {
                _ = try await stage.repository.manifest(tag)
            }
            let asked = stage.registry.seen.filter { $0.authority == "auth.example" }
            #expect(asked.count == (credential == .anonymous ? 1 : 0))
            #expect(asked.allSatisfy { $0.fields[.authorization] == nil })
        }
    }

    @Test("a registry that says 401 again and again is asked twice, then we are denied")
    func loop() async throws {
        let stage = try Stage(credential: user)
        guarded(stage, tokens: ["bad", "worse", "good"])
        await expectFailure(.denied, "answered 401") {
            _ = try await stage.repository.manifest(tag)
        }
        #expect(stage.registry.seen.filter { $0.authority == "registry.example" }.count == 2)
    }

    @Test("Basic is answered with the user's name, and an anonymous caller is told to log in")
    func basic() async throws {
        for credential in [user, .anonymous] {
            let stage = try Stage(credential: credential)
            stage.registry.intercept { request, _ in
                request.fields[.authorization] == "Basic YW5uOnBhOnNz"
                    ? nil : answer(401, ["WWW-Authenticate": "BASIC realm=x"])
            }
            if credential == user {
                await expectFailure(.notFound, "404") {
                    _ = try await stage.repository.manifest(tag)
                }
            } else {
                await expectFailure(.denied, "log in there first") {
                    _ = try await stage.repository.manifest(tag)
                }
            }
        }
    }

    @Test(
        "a realm on plain http, this machine, the link or a metadata service gets nothing",
        arguments: [
            "http://auth.example/token", "https://127.0.0.1/token", "https://localhost/token",
            "https://[::1]:80/token", "https://169.254.169.254/token", "https://[fe80::1]/token",
            "https://0.0.0.0/token", "https://[::ffff:127.0.0.1]/token", "https://2130706433/token",
            "https://0x7f.1/token", "https://127.1/token", "https://0177.0.0.1/token",
            "https://metadata.google.internal/token", "https://a.localhost/token",
            "https://ann:pw@auth.example/token", "ftp://auth.example/token",
        ])
    func realms(realm: String) async throws {
        let stage = try Stage(credential: user)
        guarded(stage, realm: realm)
        do {
            _ = try await stage.repository.manifest(tag)
            Issue.record("the realm was used")
        } catch let failure as Failure {
            #expect(failure.kind == .unavailable, "\(failure)")
            #expect(!failure.description.contains("pa:ss"))
        }
        #expect(stage.registry.seen.allSatisfy { $0.authority == "registry.example" })
    }

    /// What a token server at `realm` was sent by a client of the registry at 127.0.0.1:5000.
    private func requests(
        toRealm realm: String, as credential: RegistryCredential, plainHTTP: [String] = [],
        grants: Bool = true
    ) async throws -> (seen: [SeenRequest], failure: Failure?) {
        let stage = try Stage(
            host: "127.0.0.1:5000", credential: credential,
            plainHTTP: Set(try plainHTTP.map { try RegistryHost(parsing: $0) }))
        stage.registry.intercept { request, _ in
            if request.path.hasPrefix("/t") {
                return grants ? answer(200, body: #"{"token":"good"}"#.utf8) : answer(401)
            }
            return request.fields[.authorization] == "Bearer good"
                ? nil : answer(401, ["WWW-Authenticate": "Bearer realm=\"\(realm)/t\""])
        }
        var failure: Failure?
        do {
            _ = try await stage.repository.manifest(tag)
        } catch let thrown as Failure {
            failure = thrown
        }
        return (stage.registry.seen.filter { $0.path.hasPrefix("/t") }, failure)
    }

    @Test(
        "another machine over plain http is asked for a token without credentials",
        arguments: ["http://auth.example", "http://auth.example:5000", "http://10.0.0.1:5000"],
        [.password(user: "ann", secret: "pa:ss"), RegistryCredential.identityToken("refresh")])
    func otherMachine(realm: String, credential: RegistryCredential) async throws {
        let (seen, failure) = try await requests(toRealm: realm, as: credential)
        #expect(failure?.kind == .notFound)
        #expect(seen.count == 1)
        #expect(seen.allSatisfy { $0.fields[.authorization] == nil && $0.body.isEmpty })
        let refused = try await requests(toRealm: realm, as: credential, grants: false)
        #expect(refused.failure?.kind == .denied)
        #expect(refused.failure?.next?.contains("--plain-http-registry") == true)
        #expect(refused.seen.allSatisfy { $0.fields[.authorization] == nil && $0.body.isEmpty })
    }

    @Test(
        "credentials go to a token server over https, beside the registry, or named by the user",
        arguments: [
            ("https://auth.example", []), ("https://127.0.0.1:5001", []),
            ("http://127.0.0.1:5000", []), ("http://localhost:5001", []),
            ("http://127.0.0.1:80", []), ("http://auth.example:5001", ["auth.example:5001"]),
        ] as [(String, [String])])
    func entitled(realm: String, plainHTTP: [String]) async throws {
        let (seen, failure) = try await requests(toRealm: realm, as: user, plainHTTP: plainHTTP)
        #expect(failure?.kind == .notFound)
        #expect(seen.map { $0.fields[.authorization] } == ["Basic YW5uOnBhOnNz"])
    }

    @Test("a token answer that is too large, no JSON, or without a token is a failure")
    func tokenAnswers() async throws {
        let answers: [(String, Failure.Kind, String)] = [
            (String(repeating: " ", count: Limits.tokenAnswerBytes + 1), .overLimit, "more than"),
            ("<html>", .unavailable, "token server"),
            ("{}", .unavailable, "neither token nor access_token"),
            ("{\"token\":\"a\\r\\nX: y\"}", .unavailable, "characters that no token has"),
        ]
        for (body, kind, part) in answers {
            let stage = try Stage(credential: user)
            guarded(stage, answer: body)
            await expectFailure(kind, part) { _ = try await stage.repository.manifest(tag) }
        }
    }

    @Test("a redirect to another host, port or scheme gets no Authorization; the same host does")
    func redirects() async throws {
        for (target, keeps) in [
            ("https://storage.example/blob?sig=1", false),
            ("https://registry.example:444/blob", false),
            ("/elsewhere", true),
        ] {
            let stage = try Stage(credential: user)
            let bytes = Array("content".utf8)
            stage.registry.intercept { request, _ in
                if request.path.hasPrefix("/blob") || request.path == "/elsewhere" {
                    return answer(200, body: bytes)
                }
                return request.fields[.authorization] == nil
                    ? answer(401, ["WWW-Authenticate": "Basic realm=x"])
                    : answer(307, ["Location": target])
            }
            let blob = Descriptor(of: bytes, as: .octets)
            #expect(try await stage.repository.read(blob, atMost: 100) == bytes)
            let last = try #require(stage.registry.seen.last)
            #expect((last.fields[.authorization] != nil) == keeps, "\(target)")
        }
    }

    @Test(
        "a redirect to this machine, the link, a metadata service or down to http is refused",
        arguments: [
            "http://storage.example/b", "https://127.0.0.1/b", "http://169.254.169.254/latest",
            "https://169.254.169.254/latest", "https://[::1]/b", "https://0/b",
        ])
    func hostileRedirects(target: String) async throws {
        let stage = try Stage()
        stage.registry.intercept { _, _ in answer(302, ["Location": target]) }
        await expectFailure(.unavailable, "redirect") {
            _ = try await stage.repository.read(Descriptor(of: [1], as: .octets), atMost: 9)
        }
        #expect(stage.registry.seen.count == 1)
    }

    @Test(
        "a redirect whose address nobody can read is no answer",
        arguments: ["ftp://storage.example/b", "https://[::1/b", "https://a b/c", "https:///x"])
    func unreadableRedirects(target: String) async throws {
        let stage = try Stage()
        stage.registry.intercept { _, _ in answer(302, ["Location": target]) }
        await expectFailure(.unavailable, "cannot read registry.example/acme/api") {
            _ = try await stage.repository.manifest(tag)
        }
        #expect(stage.registry.seen.count == 1)
    }

    @Test("a token server that is down or is none is not a refusal, and not an absence")
    func tokenServerDown() async throws {
        for status in [nil, 500, 503, 404, 410, 204] {
            let stage = try Stage(credential: user)
            guarded(stage)
            let registry = stage.registry
            registry.intercept { request, _ in
                guard request.authority == "auth.example" else {
                    return answer(
                        401, ["WWW-Authenticate": "Bearer realm=\"https://auth.example/token\""])
                }
                guard let status else { throw stalled }
                return answer(status)
            }
            await expectFailure(.unavailable, status.map { "\($0)" } ?? "it stopped sending") {
                _ = try await stage.repository.manifest(tag)
            }
            // The registry itself is asked once: it answered.
            let asked = registry.seen.filter { $0.authority == "registry.example" }
            #expect(asked.count == 1)
        }
        let stage = try Stage(credential: user)
        stage.registry.intercept { request, _ in
            request.authority == "auth.example"
                ? answer(400, body: #"{"error":"invalid_grant"}"#.utf8)
                : answer(401, ["WWW-Authenticate": "Bearer realm=\"https://auth.example/token\""])
        }
        await expectFailure(.denied, "the token server refused the user") {
            _ = try await stage.repository.manifest(tag)
        }
    }

    @Test("redirects in a circle end")
    func circle() async throws {
        let stage = try Stage()
        stage.registry.intercept { _, _ in answer(302, ["Location": "/again"]) }
        await expectFailure(.overLimit, "more than \(Limits.redirects) redirects") {
            _ = try await stage.repository.manifest(tag)
        }
    }

    @Test("429 and 5xx are waited out, with Retry-After as seconds and as a date")
    func patience() async throws {
        // The clock of the stage starts at 2023-11-14T22:13:20Z.
        for (status, retryAfter, wait) in [
            (429, "7", 7000), (503, "Tue, 14 Nov 2023 22:13:25 GMT", 5000), (500, nil, 400),
            (429, "nonsense", 400),
        ] {
            let stage = try Stage()
            stage.registry.intercept { _, number in
                guard number == 1 else { return nil }
                return answer(status, retryAfter.map { ["Retry-After": $0] } ?? [:])
            }
            await expectFailure(.notFound, "404") { _ = try await stage.repository.manifest(tag) }
            #expect(stage.clock.waits == [wait])
        }
    }

    @Test("429 for ever is said to be a rate limit; a wait of an hour is not begun")
    func rateLimit() async throws {
        let stage = try Stage()
        stage.registry.intercept { _, _ in answer(429, ["Retry-After": "1"]) }
        await expectFailure(.rateLimited, "limits our rate") {
            _ = try await stage.repository.manifest(tag)
        }
        #expect(stage.registry.seen.count == Limits.requestAttempts)
        let other = try Stage()
        other.registry.intercept { _, _ in answer(429, ["Retry-After": "3600"]) }
        await expectFailure(.rateLimited, "limits our rate") {
            _ = try await other.repository.manifest(tag)
        }
        #expect(other.clock.waits.isEmpty)
    }

    @Test("a connection that cannot be made is tried again, then unavailable with the user's noun")
    func noConnection() async throws {
        let stage = try Stage()
        stage.registry.intercept { _, _ in throw stalled }
        await expectFailure(.unavailable, "cannot read registry.example/acme/api") {
            _ = try await stage.repository.manifest(tag)
        }
        #expect(stage.clock.waits == [400, 800, 1600])
    }

    @Test("https is spoken unless the host is this machine or was named for http")
    func schemes() throws {
        let rows: [(String, String)] = [
            ("ghcr.io", "https://ghcr.io/"), ("docker.io", "https://registry-1.docker.io/"),
            ("localhost:5000", "http://localhost:5000/"), ("127.0.0.9", "http://127.0.0.9/"),
            ("[::1]:5000", "http://[::1]:5000/"),
            ("127.0.0.1.evil.example", "https://127.0.0.1.evil.example/"),
            ("localhost.evil.example", "https://localhost.evil.example/"),
            ("plain.example", "http://plain.example/"),
        ]
        let options = RegistryOptions(plainHTTP: [try RegistryHost(parsing: "plain.example")])
        for (host, address) in rows {
            #expect(options.address(of: try RegistryHost(parsing: host)).description == address)
        }
    }

    @Test("a credential never shows its secret")
    func secrets() {
        var dumped = ""
        dump(user, to: &dumped)
        for text in ["\(user)", String(reflecting: user), dumped] {
            #expect(!text.contains("pa:ss"), "\(text)")
        }
    }
}
