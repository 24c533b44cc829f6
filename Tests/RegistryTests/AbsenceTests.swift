// SPDX-License-Identifier: Apache-2.0
// "Not there" is concluded from answers that say so and nothing else; every other answer leaves it open.

import OCI
import Primitives
import Registry
import TestSupport
import Testing

@Suite("what says that something is not there")
struct AbsenceTests {
    /// The failure of reading a tag that is answered so; storage answers for blobs.
    private func failure(
        _ body: String, _ fields: [String: String] = [:], path: String = "acme/api"
    ) async throws -> Failure? {
        let stage = try Stage(path: path)
        stage.registry.intercept { _, _ in answer(404, fields, body: body.utf8) }
        do {
            if body.hasPrefix("<") {
                _ = try await stage.repository.read(Descriptor(of: [1], as: .octets), atMost: 10)
            } else {
                _ = try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
            }
            return nil
        } catch let failure as Failure {
            return failure
        }
    }

    @Test(
        "registries, clouds and frameworks say it in their ways",
        arguments: [
            // distribution, GitLab, GHCR, Docker Hub
            #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#,
            #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"1"}}]}"#,
            #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":"unknown tag=1"}]}"#,
            #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Name":"internal/login","Revision":"sha256:9a8b5b8a4d3c4b1f9a8b5b8a4d3c4b1f9a8b5b8a4d3c4b1f9a8b5b8a4d3c4b1f"}}]}"#,
            #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":"unknown manifest name=internal/login revision=sha256:9a8b5b8a4d3c4b1f9a8b5b8a4d3c4b1f9a8b5b8a4d3c4b1f9a8b5b8a4d3c4b1f"}]}"#,
            #"{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry","detail":{"name":"internal/login"}}]}"#,
            #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown to registry"}]}"#,
            // zot
            #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","description":"This error is returned when the manifest, identified by name and tag is unknown to the repository.","detail":{"reference":"1"}}]}"#,
            #"{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry","description":"This is returned if the name used during an operation is unknown to the registry.","detail":{"name":"internal/login"}}]}"#,
            // Harbor
            #"{"errors":[{"code":"NOT_FOUND","message":"artifact internal/login:1 not found"}]}"#,
            #"{"errors":[{"code":"NOT_FOUND","message":"repository internal/login not found"}]}"#,
            #"{"errors":[{"code":"NOT_FOUND","message":"project internal not found"}]}"#,
            // ECR
            #"{"errors":[{"code":"NAME_UNKNOWN","message":"The repository with name 'internal/login' does not exist in the registry with id '123456789012'"}]}"#,
            #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"Requested image not found"}]}"#,
            #"{"__type":"com.amazonaws.ecr#RepositoryNotFoundException","message":"not found"}"#,
            // Google
            #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"Failed to fetch \"1\" from request \"/v2/internal/login/manifests/1\"."}]}"#,
            #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"Requested entity was not found."}]}"#,
            #"{"errors":[{"code":"NAME_UNKNOWN","message":"Repository \"login\" not found"}]}"#,
            #"{"error":{"code":404,"message":"Requested entity was not found.","status":"NOT_FOUND","errors":[{"message":"Requested entity was not found.","domain":"global","reason":"notFound"}]}}"#,
            #"{"code":5,"message":"Not Found","details":[]}"#,
            // ACR
            #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest tagged by \"1\" is not found","detail":{"Name":"internal/login","Tag":"1"}}]}"#,
            #"{"error":{"code":"ResourceNotFound","message":"The resource was not found."}}"#,
            // Quay
            #"{"errors":[{"code":"MANIFEST_UNKNOWN","detail":{},"message":"manifest unknown"}]}"#,
            #"{"errors":[{"code":"TAG_EXPIRED","detail":{},"message":"Tag 1 was deleted or has expired. To pull, revive via time machine"}]}"#,
            // Artifactory, Nexus
            #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"The named manifest is not known to the registry.","detail":{"manifest":"internal/login"}}]}"#,
            #"{"errors":[{"status":404,"message":"Not Found"}]}"#,
            // go-containerregistry, olareg, Gitea
            #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"Unknown manifest"}]}"#,
            #"{"errors":[{"code":"METHOD_UNKNOWN","message":"We don't understand your method + url"}]}"#,
            #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown to registry","detail":"tag or digest was not found in repository"}]}"#,
            // Assay
            #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"this repository does not have the manifest","detail":{"tag":"1"}}]}"#,
            #"{"errors":[{"code":"NAME_UNKNOWN","message":"nothing was ever pushed to this repository","detail":{"name":"internal/login"}}]}"#,
            #"{"errors":[{"code":"UNSUPPORTED","message":"this registry has no referrers endpoint"}]}"#,
            #"{"errors":[{"code":"UNSUPPORTED","message":"there is no endpoint \"/v2/internal/login/manifests/1\""}]}"#,
            // Frameworks, and what repeats the request
            #"{"timestamp":1,"status":404,"error":"Not Found","path":"/v2/internal/login/manifests/1"}"#,
            #"{"timestamp":"2026-12-01T15:01:21.000+00:00","status":404,"error":"Not Found","message":"No message available","path":"/registry/v2/internal/login/manifests/1"}"#,
            #"{"status":404,"error":"Not Found","trace":"org.springframework.web.servlet.resource.NoResourceFoundException: No static resource v2/internal/login/manifests/1.\n\tat java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(X.java:1)","message":"No static resource v2/internal/login/manifests/1."}"#,
            #"{"type":"about:blank","title":"Not Found","status":404,"instance":"/v2/internal/login/manifests/1"}"#,
            #"{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.5","title":"Not Found","status":404,"traceId":"00-8b5b-01"}"#,
            #"{"message":"Cannot GET /v2/internal/login/manifests/1","error":"Not Found","statusCode":404}"#,
            #"{"message":"Route GET:/v2/internal/login/manifests/1 not found","error":"Not Found","statusCode":404}"#,
            #"{"error":true,"reason":"Not Found"}"#, #"{"ok":false,"error":"not found"}"#,
            #"{"detail":"Not Found"}"#, #""not found""#,
            "Cannot GET /v2/internal/login/manifests/1", "404 page not found\n", "404", "Not Found",
            "404 page not found: /v2/internal/login/manifests/1", "", "Not found.\n", "NotFound",
            #"{"errors":[{"code":"UNSUPPORTED","message":"The operation is unsupported."}]}"#,
            #"{"a":{"b":{"c":{"d":{"e":{"f":{"g":{"message":"manifest unknown"}}}}}}}}"#,
            // Storage
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>docker/registry/v2/internal/login</Key><RequestId>4442587FB7D0A2F9</RequestId><HostId>a/b+c=</HostId></Error>",
            "<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Details>No such object: images/docker/registry/v2/blobs/sha256/4b/4bf5122f/data</Details></Error>",
            "<Error><Code>BlobNotFound</Code><Message>The specified blob does not exist.\nRequestId:9c1d2b3a-001e-0011-2233-445566778899\nTime:2026-12-01T15:01:21.1234567Z</Message></Error>",
        ])
    func absences(body: String) async throws {
        let found = try await failure(body, path: "internal/login")
        #expect(found?.kind == .notFound, "\(found?.description ?? "none")")
    }

    @Test(
        "a word of absence beside another word is no absence",
        arguments: [
            #"{"status":400,"error":"Bad Request","message":"Token has expired"}"#,
            #"{"status":404,"error":"Not Found","message":"Token has expired"}"#,
            #"{"title":"Not Found","detail":"authentication failed"}"#,
            #"{"title":"Not Found","status":404,"type":"https://example.net/problems/token-expired"}"#,
            #"{"errors":[{"code":"MANIFEST_UNKNOWN"},{"code":"UPSTREAM"}]}"#,
            #"{"errors":[{"code":"MANIFEST_UNKNOWN"},{}]}"#,
            #"{"errors":[{"code":"NOT_FOUND"},null]}"#,
            #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"upstream authentication failed"}]}"#,
            #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"OCI index found, but accept header does not support OCI indexes"}]}"#,
            #"{"errors":[{"code":"UNKNOWN","message":"unknown error"}]}"#, #"{"errors":[]}"#,
            #"{"errors":[{"code":"UNSUPPORTED","message":"your plan ended"}]}"#,
            #"{"errors":[{"code":"NAME_INVALID","message":"ask your administrator"}]}"#,
            #"{"code":"NOT_FOUND","a":{"b":{"c":{"d":{"e":{"f":{"g":{"message":"access denied"}}}}}}}}"#,
            #"{"code":"NOT_FOUND","code":"DENIED"}"#, #"{"code":"NOT_FOUND""#,
            #"{"message":"not found","authorized":false}"#,
            #"{"AccessDenied":{"code":"NotFound"}}"#,
            #"{"message":"not found","retry":true}"#, #"{"message":"not found","retryAfter":30}"#,
            #"{"message":"not found","status":401}"#, #"{"message":"not found","code":16}"#,
            #"{"error":"Not Found","path":"/login?error=expired"}"#, #"{"status":400}"#,
            #"{"name":"UnauthorizedError","message":"not found"}"#, #"{"message":"found"}"#,
            "404 page not found\nupstream: access denied", "host not found", "unknown host",
            "not found: internal error", "request not allowed", "default backend - 404",
            "no Route matched with those values", "n\u{F6}t found", "Cannot get acme/api:1",
            "not found: auth/expired",
            #"{"code":"NOT_FOUND","message":"auth/expired"}"#,
            "No message available", "the status is unknown",
            "not found \u{200B}x", "registry.acme.at not found",
            "mirror.acme.name could not be found",
            "registry.unavailable.NotFoundException", "auth.token.expired.not found",
            "/v2/acme/api/upstream-down not found", "acme/offline: not found",
            "cannot get manifest: registry does not support http", "could not find registry",
            "no such registry", "could not get manifest from registry: bad request",
            "image not yet there: not found", "endpoint not found",
            "<Error><Code>AccessDenied</Code><Message>NoSuchKey</Message></Error>",
            "<Error><Code>InternalError</Code><Key>NoSuchKey</Key></Error>",
            "<Error><Message>NoSuchKey</Message></Error>",
            "<Error><Code>NoSuchKey</Code><Code>AccessDenied</Code></Error>",
            "<Error><Code>NoSuchKey</Code><a><Code>AccessDenied</Code></a></Error>",
            "<Error><Code>NoSuchKey</Code><Message>Request has expired</Message></Error>",
            "<Error><Code>NoSuchKey</Code></Error> access denied", "<Error><Code>NoSuchKey</Code>",
            "<Error><Code>NoSuchBucket</Code></Error>",
            "<?xml version=\"1.0\"?><Fault><Code>NoSuchKey</Code></Fault>",
        ])
    func noAbsences(body: String) async throws {
        let found = try await failure(body)
        #expect(found != nil && found?.kind != .notFound, "\(found?.description ?? "none")")
        // Nor does it mean that there is no referrers API.
        for status in [404, 400] {
            let stage = try Stage()
            stage.registry.intercept { _, _ in answer(status, body: body.utf8) }
            let listed = try await stage.repository.referrers(of: Digest(of: [], by: .sha256))
            #expect(listed.failures.count == 2)
        }
    }

    @Test("a header that tells another reason leaves it open, whatever the body says")
    func headers() async throws {
        let rows: [(String, String, Bool)] = [
            ("X-Amzn-ErrorType", "AccessDeniedException:http://internal.amazon.com/coral/", false),
            ("X-Amzn-ErrorType", "RepositoryNotFoundException:http://internal.amazon.com/x", true),
            ("x-ms-error-code", "AuthenticationFailed", false),
            ("x-ms-error-code", "BlobNotFound", true), ("X-Squid-Error", "ERR_DNS_FAIL 0", false),
            ("WWW-Authenticate", #"Bearer realm="https://a.example",error="invalid_token""#, false),
            ("WWW-Authenticate", "Basic realm=x", false), ("Retry-After", "30", false),
            ("Proxy-Status", "cdn; error=connection_timeout", false),
            ("Proxy-Status", "cdn; received-status=403", false),
            ("Proxy-Status", "cdn; received-status=404", true), ("Proxy-Status", "cdn", true),
            ("Warning", #"111 - "Revalidation failed""#, false),
            ("Warning", #"299 - "manifest unknown""#, true), ("grpc-status", "7", false),
            ("grpc-status", "5", true), ("Server", "internal/1.0", true),
            ("Docker-Distribution-Api-Version", "registry/2.0", true),
            ("Status", "503 Service Unavailable", false), ("Status", "404 Not Found", true),
            ("X-Upstream-Status", "502", false), ("CF-Cache-Status", "DYNAMIC", true),
            ("X-Message", "service unavailable", false), ("Refresh", "30", false),
            ("x-envoy-response-code-details", "no_healthy_upstream", false),
            ("x-envoy-response-code-details", "via_upstream", true),
            ("x-amzn-waf-action", "challenge", false), ("X-Maintenance", "on", false),
            ("X-Error", "manifest unknown:https timeout denied", false),
        ]
        for (name, value, isAbsence) in rows {
            for body in ["", #"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#] {
                let found = try await failure(body, [name: value])
                #expect((found?.kind == .notFound) == isAbsence, "\(name): \(value)")
            }
            for status in [404, 400] {
                let stage = try Stage()
                stage.registry.intercept { _, _ in answer(status, [name: value]) }
                let listed = try await stage.repository.referrers(of: Digest(of: [], by: .sha256))
                let open = isAbsence ? (status == 404 ? 0 : 1) : 2
                #expect(listed.failures.count == open, "\(status) \(name): \(value)")
            }
            let stage = try Stage()
            stage.registry.intercept { _, _ in answer(404, [name: value]) }
            let there = try? await stage.repository.hasManifest(.tag(try Tag(parsing: "1")))
            #expect((there == false) == isAbsence, "HEAD: \(name): \(value)")
        }
        let denied = try await failure("", ["x-ms-error-code": "InsufficientAccountPermissions"])
        #expect(denied?.kind == .denied)
    }

    @Test(
        "a repository's name takes no word of a service away",
        arguments: ["service", "backend", "registry", "upstream"])
    func namesOfServices(name: String) async throws {
        let found = try await failure("\(name) not found", path: "acme/\(name)")
        #expect(found != nil && found?.kind != .notFound, "\(name)")
        let named = #"{"message":"manifest for acme/\#(name):1 not found"}"#
        #expect(try await failure(named, path: "acme/\(name)")?.kind == .notFound)
    }

    @Test(
        "a page elsewhere that is not there is no absence of what was asked for",
        arguments: ["", "404 page not found", "session expired: sign in page not found"])
    func redirects(body: String) async throws {
        for target in ["/login?rd=x", "/sign/in/session/expired"] {
            let stage = try Stage()
            stage.registry.intercept { request, _ in
                request.path.hasPrefix("/v2/")
                    ? answer(302, ["Location": target]) : answer(404, body: body.utf8)
            }
            await #expect {
                try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
            } throws: {
                ($0 as? Failure).map { $0.kind != .notFound } ?? false
            }
            let listed = try await stage.repository.referrers(of: Digest(of: [], by: .sha256))
            #expect(listed.failures.count == 2)
        }
    }

    @Test(
        "a list is whole only if its header does not say otherwise",
        arguments: [
            ("OCI-Filters-Applied", "artifactType", false),
            ("Content-Range", "bytes 0-9/100", false),
            ("Warning", #"110 - "stale""#, false), ("Warning", #"299 - "use v2""#, true),
            ("Retry-After", "30", false), ("Proxy-Status", "p; error=timeout", false),
            ("grpc-status", "14", false), ("Server", "zot", true), ("Status", "200 OK", true),
        ])
    func partialLists(name: String, value: String, isWhole: Bool) async throws {
        let stage = try Stage()
        let list = #"{"schemaVersion":2,"mediaType":"\#(MediaType.ociIndex)","manifests":[]}"#
        stage.registry.intercept { request, _ in
            request.path.contains("/referrers/")
                ? answer(
                    200, ["Content-Type": MediaType.ociIndex.description, name: value],
                    body: list.utf8) : answer(404)
        }
        let listed = try await stage.repository.referrers(of: Digest(of: [], by: .sha256))
        #expect(listed.failures.isEmpty == isWhole)
    }

    @Test("no failure hides behind an absence, however the two are put together")
    func mixtures() async throws {
        var random = SeededGenerator(seed: 20)
        for _ in 0..<600 {
            let failure = failures.randomElement(using: &random) ?? ""
            let body = mixture(absences.randomElement(using: &random) ?? "", failure, &random)
            let found = try await self.failure(body)
            #expect(found != nil && found?.kind != .notFound, "\(body)")
        }
    }

    private func mixture(
        _ absence: String, _ failure: String, _ random: inout SeededGenerator
    ) -> String {
        let members = [
            "message", "detail", "title", "error", "reason", "description", "x", "status",
        ]
        let member = members.randomElement(using: &random) ?? ""
        let joint = [" ", ": ", "\n", "; ", ", ", " - ", ". ", " (", "\t", "/", "|", "", " -> "]
            .randomElement(
                using: &random)
        let pair = [absence, failure].shuffled(using: &random)
        let text = pair.joined(separator: joint ?? " ")
        let quoted = pair.map { JSONValue.string($0).compactText }
        let code = #""code":"MANIFEST_UNKNOWN""#
        return [
            text, #"{"\#(member)":\#(JSONValue.string(text).compactText)}"#,
            #"{"code":\#(quoted[0]),"\#(member)":\#(quoted[1])}"#,
            #"{"errors":[{\#(code),"\#(member)":\#(JSONValue.string(failure).compactText)}]}"#,
            #"{"errors":[{\#(code)},{"\#(member)":\#(JSONValue.string(failure).compactText)}]}"#,
            #"{\#(code),"a":[{"b":[[\#(quoted[1]),\#(quoted[0])]]}]}"#,
            "<Error><Code>NoSuchKey</Code><Message>\(text)</Message></Error>",
        ].randomElement(using: &random) ?? ""
    }

    private let absences = [
        "not found", "404 page not found", "manifest unknown", "NOT_FOUND", "Bad Request",
        "The operation is unsupported.", "NoSuchKey", "repository acme/api does not exist", "404",
        "method not allowed", "NAME_INVALID", "Requested entity was not found.",
    ]
    private let failures = [
        "access denied", "Token has expired", "authentication failed", "403", "try again later",
        "rate limit exceeded", "upstream returned 502", "TLS handshake failed", "no such host",
        "ThrottlingException", "service not found", "session expired", "please sign in",
        "AccessDenied",
        "internal error", "not authorized", "request not allowed", "error", "quota", "suspended",
        "connection refused", "unknown error", "license", "dial tcp 10.0.0.1:443: i/o timeout",
        "user not found", "token not found", "payment required", "read-only", "blocked by policy",
    ]
}

@Suite("what a tag holds, and what only looks like it")
struct HeldDocumentTests {
    @Test(
        "what is no manifest is content only if the registry says that it holds these bytes",
        arguments: [
            #"{"config":null,"error":"x"}"#, #"{"layers":[],"errors":[{"code":"X"}]}"#,
            #"{"schemaVersion":2,"manifests":[],"errors":[{"code":"X"}]}"#,
            #"{"schemaVersion":2,"config":{},"layers":[],"manifests":[]}"#, #"{"layers":7}"#,
            #"{"schemaVersion":2,"config":{},"layers":["#, #"{"Layers":[]}"#, "{", "[]", "text",
            #"{"schemaVersion":1,"name":"x","tag":"1","fsLayers":[]}"#, #"{"schemaVersion":2}"#,
        ])
    func content(body: String) async throws {
        let tag = ManifestReference.tag(try Tag(parsing: "1"))
        let digest = Digest(of: Array(body.utf8), by: .sha256)
        let other = Digest(of: [1], by: .sha256)
        for claimed in [nil, other.description, "sha256:1", digest.description] {
            let stage = try Stage()
            stage.registry.intercept { _, _ in
                answer(200, claimed.map { ["Docker-Content-Digest": $0] } ?? [:], body: body.utf8)
            }
            let isHeld = claimed == digest.description
            let found = try await failure { _ = try await stage.repository.manifest(tag) }
            let hasIndex = body.contains(#""manifests":[],"errors""#)
            #expect(isHeld ? (found == nil) == hasIndex : found?.kind == .unavailable, "\(body)")
            #expect(!isHeld || found?.isAboutContent != false)
            // Bytes that a digest names are content too.
            let named = try await failure {
                _ = try await stage.repository.manifest(.digest(digest))
            }
            #expect((named == nil) == hasIndex && named?.isAboutContent != false)
        }
    }

    @Test("a manifest that is cut anywhere says nothing about what is there")
    func cut() async throws {
        let whole = #"{"schemaVersion":2,"config":{},"layers":[],"annotations":{"a":"b"}}"#
        for count in 1..<whole.utf8.count {
            let stage = try Stage()
            let part = Array(whole.utf8.prefix(count))
            stage.registry.intercept { request, _ in
                request.path.contains("/referrers/") ? answer(404) : answer(200, body: part)
            }
            await expectFailure(.unavailable, "is no manifest") {
                _ = try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
            }
            let listed = try await stage.repository.referrers(of: Digest(of: [], by: .sha256))
            #expect(listed.failures.map(\.failure.kind) == [.unavailable])
        }
    }

    private func failure(_ act: () async throws -> Void) async throws -> Failure? {
        do {
            try await act()
            return nil
        } catch let failure as Failure {
            return failure
        }
    }
}
