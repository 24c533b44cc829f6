// SPDX-License-Identifier: Apache-2.0
// Lists of referrers: which answers are lists, which say that there is no API, and which say nothing.

import HTTPTypes
import OCI
import Primitives
import Registry
import Synchronization
import TestSupport
import Testing

@Suite("lists of referrers")
struct ReferrersListTests {
    @Test(
        "a registry without the API is known by its answer", arguments: [404, 400, 405, 406, 501])
    func noAPI(status: Int) async throws {
        let stage = try Stage()
        stage.registry.intercept { request, _ in
            request.path.contains("/referrers/")
                ? answer(status, ["Content-Type": "text/html"]) : nil
        }
        let found = try await stage.repository.referrers(of: Digest(of: [], by: .sha256))
        #expect(found == ReferrersResult(descriptors: [], discovery: .referrersTag))
    }

    @Test(
        "a registry without the API says so in many ways, and names and digests in them mean nothing",
        arguments: [
            (404, "404 page not found\n"), (405, "Method Not Allowed"), (501, ""),
            (404, "404 page not found: /v2/internal/login/referrers/x"),
            (
                404,
                #"{"errors":[{"code":"NAME_UNKNOWN","message":"internal/login is not known"}]}"#
            ),
            (404, #"{"errors":[{"code":"NOT_FOUND","detail":{"name":"internal/login"}}]}"#),
            (
                400,
                #"{"errors":[{"code":"UNSUPPORTED","message":"The operation is unsupported."}]}"#
            ),
            (
                404,
                #"{"errors":[{"code":"UNSUPPORTED","message":"this registry has no referrers endpoint"}]}"#
            ),
            (404, #"{"message":"referrers not found"}"#), (404, "referrers API not supported"),
            (400, #"{"errors":[{"code":"DIGEST_INVALID"}]}"#), (406, #"{"message":"not found"}"#),
            (404, #"{"timestamp":1,"status":404,"error":"Not Found","path":"/v2/x"}"#),
        ])
    func wordsOfNoAPI(status: Int, body: String) async throws {
        let stage = try Stage(path: "internal/login")
        stage.registry.intercept { request, _ in
            request.path.contains("/referrers/") ? answer(status, body: body.utf8) : nil
        }
        let found = try await stage.repository.referrers(of: Digest(of: [], by: .sha256))
        #expect(found == ReferrersResult(descriptors: [], discovery: .referrersTag))
    }

    @Test(
        "an entry whose digest can be read is a referrer, whatever else of it cannot be",
        arguments: [
            #""platform":{}"#, #""platform":{"os":"linux"}"#, #""data":"""#,
            #""annotations":{"a":null}"#, #""artifactType":7"#, #""urls":"x""#,
        ])
    func oddField(field: String) async throws {
        let stage = try Stage()
        let image = try await stage.image()
        let one = try await stage.referrer(to: image, "one")
        let entry =
            #"{"mediaType":"\#(MediaType.ociManifest)","size":\#(one.bytes.count),"digest":"\#(one.digest)",\#(field)}"#
        stage.registry.intercept { request, _ in
            request.path.contains("/referrers/")
                ? answer(200, body: #"{"schemaVersion":2,"manifests":[\#(entry)]}"#.utf8) : nil
        }
        let found = try await stage.repository.referrers(of: image.digest)
        #expect(found.descriptors.map(\.digest) == [one.digest])
    }

    @Test("an error document with the status 200 is no manifest, and not a broken one either")
    func errorWithStatus200() async throws {
        for (body, said) in [
            (#"{"errors":[{"code":"UNAUTHORIZED"}]}"#, "UNAUTHORIZED"), (#"{"error":"no"}"#, "no"),
            ("Unauthorized", "Unauthorized"), ("null", "null"), ("[]", "[]"),
            (#"{"schemaVersion":2,"errors":[{"code":"X"}]}"#, "X"),
        ] {
            let stage = try Stage()
            stage.registry.intercept { _, _ in answer(200, body: body.utf8) }
            await expectFailure(.unavailable, "is no manifest: \"\(said)\"") {
                _ = try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
            }
        }
    }

    @Test(
        "a list with members that no index has is not complete, and what it names is read",
        arguments: [
            #""errors":[{"code":"UNAVAILABLE"}]"#, #""message":"x""#, #""status":503"#,
            #""__type":"ThrottlingException""#, #""fault":{"faultstring":"quota"}"#,
            #""reason":"Forbidden""#, #""errorMessage":"x""#, #""statusCode":401"#, #""layers":[]"#,
            #""config":null"#, #""mediaType":"application/vnd.oci.image.manifest.v1+json""#,
            #""mediaType":"text""#, #""mediaType":7"#, #""Errors":[]"#,
        ])
    func errorBesideList(member: String) async throws {
        let stage = try Stage()
        let image = try await stage.image()
        let one = try await stage.referrer(to: image, "one")
        let tag = "/manifests/\(Tag(for: image.digest))"
        for entry in ["", one.descriptor.json.compactText] {
            for path in ["/referrers/", tag] {
                let list = #"{"schemaVersion":2,"manifests":[\#(entry)],\#(member)}"#
                stage.registry.intercept { request, _ in
                    guard request.path.contains(path) else {
                        return request.path.contains("/referrers/") ? answer(404) : nil
                    }
                    return answer(200, body: list.utf8)
                }
                let found = try await stage.repository.referrers(of: image.digest)
                #expect(found.descriptors.map(\.digest) == (entry.isEmpty ? [] : [one.digest]))
                #expect(found.failures.map(\.failure.kind) == [.unavailable], "\(path) \(list)")
            }
        }
    }

    @Test("a list that is encoded is no list")
    func encodedList() async throws {
        let stage = try Stage()
        stage.registry.intercept { request, _ in
            request.path.contains("/referrers/")
                ? answer(200, ["Content-Encoding": "gzip"], body: #"{"manifests":[]}"#.utf8) : nil
        }
        await expectFailure(.unavailable, "encoded as") {
            _ = try await stage.repository.referrers(of: Digest(of: [], by: .sha256)).complete()
        }
        #expect(stage.registry.seen.allSatisfy { $0.fields[.acceptEncoding] == "identity" })
    }

    @Test("a list of referrers is read whatever type it is served as")
    func referrersTypes() async throws {
        for type in [
            "application/json", "text/plain; charset=utf-8", nil,
            MediaType.dockerManifestList.description, MediaType.ociIndex.description,
        ] {
            let stage = try Stage()
            let image = try await stage.image()
            let one = try await stage.referrer(to: image, "one")
            let list = ImageIndex(manifests: [one.descriptor]).json.compactBytes
            stage.registry.intercept { request, _ in
                request.path.contains("/referrers/")
                    ? answer(200, type.map { ["Content-Type": $0] } ?? [:], body: list) : nil
            }
            let found = try await stage.repository.referrers(of: image.digest)
            #expect(
                found
                    == ReferrersResult(descriptors: [one.descriptor], discovery: .referrersAPI))
        }
    }

    @Test("what is no list of referrers means that we could not look, never that there are none")
    func noList() async throws {
        let index = MediaType.ociIndex.description
        let bad = #"{"manifests":[{"mediaType":"a/b","size":1,"digest":"sha256:12"}]}"#
        let rows: [(Int, String?, String, Failure.Kind, String)] = [
            (200, "text/html", "<html>log in</html>", .unavailable, "web page"),
            (200, "text/html", #"{"manifests":[]}"#, .unavailable, "web page"),
            (200, index, "", .unavailable, "no such list"),
            (200, nil, "", .unavailable, "no such list"),
            (200, "application/json", "{}", .unavailable, "no such list"),
            (200, index, #"{"manifests":null}"#, .unavailable, "no such list"),
            (200, index, bad, .malformed, "/manifests/0/digest"),
            (200, index, #"{"Manifests":[]}"#, .unavailable, "no such list"),
            (204, nil, "", .unavailable, "answered 204"),
            (206, index, #"{"manifests":[]}"#, .unavailable, "answered 206"),
            (302, nil, "", .unavailable, "answered 302"),
            (410, "text/plain", "gone", .unavailable, "answered 410"),
            (404, nil, #"{"errors":[{"code":"DENIED"}]}"#, .denied, "DENIED"),
            (404, nil, #"{"errors":[{"code":"UNAUTHORIZED"}]}"#, .denied, "UNAUTHORIZED"),
            (400, nil, #"{"errors":[{"code":"DENIED"}]}"#, .denied, "DENIED"),
            (501, nil, #"{"errors":[{"code":"denied"}]}"#, .denied, "denied"),
            (404, nil, #"{"error":{"code":"Forbidden"}}"#, .denied, "answered 404"),
            (405, nil, #"{"error":"unauthorized"}"#, .denied, "unauthorized"),
            (
                404, nil, #"{"errors":[{"code":"A"},{"code":"B"},{"code":"C"},{"code":"DENIED"}]}"#,
                .denied, "answered 404"
            ),
            (404, nil, #"{"errors":[{"code":"TOOMANYREQUESTS"}]}"#, .rateLimited, "TOOMANY"),
            (400, nil, #"{"code":"too_many_requests"}"#, .rateLimited, "answered 400"),
            (404, nil, #"{"errors":[{"code":"UNAVAILABLE"}]}"#, .unavailable, "UNAVAILABLE"),
            (400, nil, #"{"__type":"ThrottlingException"}"#, .rateLimited, "answered 400"),
            (400, nil, #"{"__type":"AccessDeniedException"}"#, .denied, "answered 400"),
            (400, nil, "<Error><Code>AccessDenied</Code></Error>", .unavailable, "web page"),
            (400, nil, #"{"errors":[{"code":"NOT_AUTHORIZED"}]}"#, .denied, "NOT_AUTHORIZED"),
            (400, nil, #"{"code":"UNKNOWN","message":"too many requests"}"#, .rateLimited, "400"),
            (400, nil, #"{"error":{"status":"PERMISSION_DENIED"}}"#, .denied, "400"),
            (400, nil, #"{"status":"UNAUTHENTICATED"}"#, .denied, "400"),
            (400, nil, #"{"reason":"Forbidden"}"#, .denied, "400"),
            (400, nil, #"{"title":"Unauthorized"}"#, .denied, "400"),
            (400, nil, #"{"error":"invalid_token"}"#, .denied, "400"),
            (400, nil, "Rate limit exceeded", .rateLimited, "400"),
            (400, nil, "Access denied", .denied, "400"),
            (501, nil, #"{"errors":[{"code":"SERVICE_UNAVAILABLE"}]}"#, .unavailable, "501"),
            (501, nil, "temporarily unavailable", .unavailable, "501"),
            (404, nil, #"{"errors":[{"code":"AUTHENTICATION_REQUIRED"}]}"#, .denied, "404"),
            (404, nil, #"{"code":403,"message":"no"}"#, .denied, "404"),
            (404, nil, #"{"errors":[{"code":"SERVERERROR"}]}"#, .unavailable, "404"),
            (404, nil, #"{"errors":[{"code":"BLOCKED"}]}"#, .denied, "404"),
            (404, "application/json", "<!-- page --><p>", .unavailable, "web page"),
            (404, "application/json", "\u{FEFF}<meta>", .unavailable, "web page"),
            (404, "application/json", "<?xml version=\"1.0\"?><html/>", .unavailable, "web page"),
            (404, "text/html", "<p>Log in</p>", .unavailable, "web page"),
            (404, "text/plain", " \n<!DOCTYPE html><title>x", .unavailable, "web page"),
            (400, nil, "<HTML>", .unavailable, "web page"),
            (405, "application/xhtml+xml", "<a/>", .unavailable, "web page"),
            (406, nil, "<head>", .unavailable, "web page"),
            (501, nil, "<body>", .unavailable, "web page"),
            (404, nil, String(repeating: "x", count: 1 << 14), .unavailable, "longer than"),
        ]
        for (status, type, body, kind, part) in rows {
            let stage = try Stage()
            stage.registry.intercept { request, _ in
                guard request.path.contains("/referrers/") else { return nil }
                return answer(
                    status, type.map { ["Content-Type": $0] } ?? [:], body: body.utf8)
            }
            await expectFailure(kind, part) {
                _ = try await stage.repository.referrers(of: Digest(of: [], by: .sha256))
                    .complete()
            }
        }
    }

    @Test(
        "an entry that cannot be read hides no other, in the API and under the tag",
        arguments: [
            #"{"mediaType":"a/b","size":1,"digest":"sha256:12"}"#, #"{"size":1}"#, "7",
            #"{"mediaType":"a/b","size":-1,"digest":"sha512:12"}"#,
        ])
    func oddEntry(odd: String) async throws {
        for path in ["/referrers/", "/manifests/sha256-"] {
            let stage = try Stage()
            let image = try await stage.image()
            let one = try await stage.referrer(to: image, "one")
            let two = try await stage.referrer(to: image, "two")
            let entries = [one.descriptor.json.compactText, odd, two.descriptor.json.compactText]
            let list = #"{"schemaVersion":2,"manifests":[\#(entries.joined(separator: ","))]}"#
            stage.registry.intercept { request, _ in
                guard request.path.contains(path) else {
                    return request.path.contains("/referrers/") ? answer(404) : nil
                }
                let digest = Digest(of: Array(list.utf8), by: .sha256).description
                return answer(
                    200,
                    [
                        "Content-Type": MediaType.ociIndex.description,
                        "Docker-Content-Digest": digest,
                    ], body: list.utf8)
            }
            let found = try await stage.repository.referrers(of: image.digest)
            #expect(found.descriptors == [one.descriptor, two.descriptor])
            #expect(found.failures.map(\.discovery) == [found.discovery])
            #expect(found.failures.allSatisfy { $0.failure.isAboutContent })
        }
    }

    @Test("a referrers API that hangs leaves time for the tags")
    func hangingList() async throws {
        let stage = try Stage()
        let clock = stage.clock
        let image = try await stage.image()
        let repository = stage.client.forQuestion(of: 20).repository(stage.repository.name)
        stage.registry.intercept { request, _ in
            guard request.path.contains("/referrers/") else { return nil }
            try await clock.wait(milliseconds: request.seconds * 1_000)
            throw stalled
        }
        let start = clock.now().seconds
        let found = try await repository.referrers(of: image.digest)
        #expect(found.failures.map(\.failure.kind) == [.unavailable])
        #expect(clock.now().seconds - start <= 12)
        #expect(try await repository.manifest(.digest(image.digest)) == image)
    }

    @Test("a list of referrers whose second page is not there, or that has too many, is a failure")
    func referrersPages() async throws {
        for (goesOn, kind, part) in [
            (false, Failure.Kind.unavailable, "page 2"),
            (true, .overLimit, "more than \(Limits.referrersPages) pages"),
        ] {
            let stage = try Stage()
            stage.registry.intercept { request, number in
                guard goesOn || number == 1 else { return answer(404) }
                return answer(
                    200, ["Link": "<\(request.path.prefix { $0 != "?" })?n=\(number)>; rel=next"],
                    body: #"{"manifests":[]}"#.utf8)
            }
            await expectFailure(kind, part) {
                _ = try await stage.repository.referrers(of: Digest(of: [], by: .sha256))
                    .complete()
            }
        }
    }
}
