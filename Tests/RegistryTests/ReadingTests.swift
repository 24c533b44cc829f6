// SPDX-License-Identifier: Apache-2.0
// Reading from registries that break, lie and stall.

import HTTPTypes
import OCI
import Primitives
import Registry
import Synchronization
import TestSupport
import Testing

@Suite("reading from a registry")
struct ReadingTests {
    @Test("a manifest is read by tag and by digest, and is the same")
    func manifests() async throws {
        let stage = try Stage()
        let image = try await stage.image()
        let byTag = try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
        let byDigest = try await stage.repository.manifest(.digest(image.digest))
        #expect(byTag == image && byDigest == image)
        let resolved = try await stage.repository.resolve(.tag(try Tag(parsing: "1")))
        #expect(resolved.digest == image.digest && resolved.size == image.bytes.count)
        let accept = stage.registry.seen.last?.fields[.accept] ?? ""
        for type in [MediaType.ociIndex, .ociManifest, .dockerManifest, .dockerManifestList] {
            #expect(accept.contains(type.description))
        }
    }

    @Test("sha512 names work from end to end")
    func longDigests() async throws {
        let stage = try Stage()
        let bytes = Array("long".utf8)
        let blob = Descriptor(of: bytes, as: .octets, by: .sha512)
        try await stage.repository.push(blob, content: ByteStream(bytes), mountSource: nil)
        #expect(try await stage.repository.read(blob, atMost: 100) == bytes)
        let json = try ImageManifest(config: blob, layers: []).manifest()
        let manifest = try Manifest(parsing: json.bytes, as: .ociManifest, by: .sha512)
        try await stage.repository.push(manifest, tag: nil)
        #expect(try await stage.repository.manifest(.digest(manifest.digest)) == manifest)
    }

    @Test("a manifest that is not what its digest names is refused")
    func wrongManifest() async throws {
        let stage = try Stage()
        let image = try await stage.image()
        let other = try ImageIndex(manifests: []).manifest()
        stage.registry.change {
            $0.repositories["acme/api"]?.manifests[image.digest.description]?.bytes = other.bytes
        }
        await expectFailure(.rejected, "what the registry sent is \(other.digest)") {
            _ = try await stage.repository.manifest(.digest(image.digest))
        }
    }

    @Test("a tag means what its bytes hash to, whatever Docker-Content-Digest says")
    func lyingDigestHeader() async throws {
        let stage = try Stage()
        let image = try await stage.image()
        let lie = Digest(of: [1], by: .sha256)
        stage.registry.intercept { request, _ in
            answer(
                200,
                [
                    "Docker-Content-Digest": lie.description,
                    "Content-Length": "\(image.bytes.count)",
                    "Content-Type": image.mediaType.description,
                ], body: request.method == "HEAD" ? [] : image.bytes)
        }
        let tag = ManifestReference.tag(try Tag(parsing: "1"))
        #expect(try await stage.repository.manifest(tag).digest == image.digest)
        for reference in [tag, .digest(image.digest)] {
            let found = try await stage.repository.resolve(reference)
            #expect(found.digest == image.digest && found.size == image.bytes.count)
        }
        #expect(!stage.registry.seen.suffix(2).contains { $0.method == "HEAD" })
    }

    @Test(
        "a body that is shorter than Content-Length is asked for again, and is a failure in the end",
        arguments: [1, 100])
    func shortBody(faults: Int) async throws {
        let stage = try Stage()
        let image = try await stage.image()
        let before = stage.registry.seen.count
        stage.registry.intercept { _, number in
            guard number <= before + faults else { return nil }
            return answer(
                200,
                [
                    "Content-Type": image.mediaType.description,
                    "Content-Length": "\(image.bytes.count)",
                ], body: image.bytes.dropLast(5))
        }
        if faults == 1 {
            let read = try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
            #expect(read == image)
        } else {
            let count = image.bytes.count
            await expectFailure(.unavailable, "\(count - 5) of the \(count) bytes") {
                _ = try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
            }
        }
    }

    @Test("a Content-Type that differs from the document's own type is refused")
    func lyingType() async throws {
        let stage = try Stage()
        let image = try await stage.image()
        stage.registry.intercept { _, _ in
            answer(200, ["Content-Type": MediaType.ociIndex.description], body: image.bytes)
        }
        await expectFailure(.malformed, "its Content-Type is \(MediaType.ociIndex)") {
            _ = try await stage.repository.manifest(.digest(image.digest))
        }
    }

    @Test("a document with both layers and manifests is refused")
    func twoDocuments() async throws {
        let stage = try Stage()
        let text = #"{"schemaVersion":2,"config":{},"layers":[],"manifests":[]}"#
        let fields = [
            "Content-Type": MediaType.ociManifest.description,
            "Docker-Content-Digest": Digest(of: Array(text.utf8), by: .sha256).description,
        ]
        stage.registry.intercept { _, _ in answer(200, fields, body: text.utf8) }
        await expectFailure(.malformed, "both layers and manifests") {
            _ = try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
        }
    }

    @Test("an oversize manifest is refused by its claim, and without one while it arrives")
    func oversize() async throws {
        let stage = try Stage()
        let sent = Mutex(0)
        stage.registry.intercept { _, number in
            if number == 1 {
                return answer(200, ["Content-Length": "\(Limits.manifestBytes + 1)"])
            }
            return TransportResponse(
                head: HTTPResponse(status: .ok),
                body: ByteStream {
                    sent.withLock { $0 += 1 }
                    return [UInt8](repeating: 32, count: Limits.mebibyte)
                })
        }
        let tag = ManifestReference.tag(try Tag(parsing: "1"))
        await expectFailure(.overLimit, "claims \(Limits.manifestBytes + 1) bytes") {
            _ = try await stage.repository.manifest(tag)
        }
        await expectFailure(.overLimit, "more than \(Limits.manifestBytes) bytes") {
            _ = try await stage.repository.manifest(tag)
        }
        #expect(sent.withLock { $0 } <= Limits.manifestBytes / Limits.mebibyte + 1)
    }

    @Test("a broken blob transfer goes on where it broke", arguments: [true, false])
    func resume(ranges: Bool) async throws {
        let stage = try Stage()
        let bytes = (0..<1000).map { UInt8($0 % 251) }
        try await stage.put(bytes, .octets)
        let before = stage.registry.seen.count
        stage.registry.intercept { _, number in
            if number == before + 1 {
                return brokenAnswer(200, body: Array(bytes[..<300]), then: stalled)
            }
            if number == before + 2 {
                return brokenAnswer(200, body: Array(bytes[..<500]), then: nil)
            }
            return ranges ? nil : answer(200, body: bytes)
        }
        let blob = Descriptor(of: bytes, as: .octets)
        #expect(try await stage.repository.read(blob, atMost: 1000) == bytes)
        let ranges = stage.registry.seen[before...].map { $0.fields[.range] }
        #expect(ranges == [nil, "bytes=300-", "bytes=500-"])
    }

    @Test("what a registry said before its error body broke off is told")
    func brokenErrorBody() async throws {
        let stage = try Stage()
        let said = #"{"errors":[{"code":"NAME_UNKNOWN","message":"no such name"}]}"#
        stage.registry.intercept { _, _ in
            brokenAnswer(404, body: Array(said.utf8), then: stalled)
        }
        await expectFailure(.notFound, "NAME_UNKNOWN") { _ = try await stage.repository.tags() }
    }

    @Test("an answer that goes on at another byte than it broke is refused")
    func wrongRange() async throws {
        let stage = try Stage()
        let bytes = [UInt8](repeating: 7, count: 100)
        stage.registry.intercept { _, number in
            number == 1
                ? brokenAnswer(200, body: Array(bytes[..<30]), then: stalled)
                : answer(206, ["Content-Range": "bytes 20-99/100"], body: bytes[20...])
        }
        await expectFailure(.unavailable, "does not go on at byte 30") {
            _ = try await stage.repository.read(Descriptor(of: bytes, as: .octets), atMost: 100)
        }
    }

    @Test("a blob that stalls for ever ends as unavailable, after a counted number of attempts")
    func stalledBlob() async throws {
        let stage = try Stage()
        stage.registry.intercept { _, _ in brokenAnswer(200, body: [], then: stalled) }
        await expectFailure(.unavailable, "it stopped sending") {
            _ = try await stage.repository.read(Descriptor(of: [1], as: .octets), atMost: 10)
        }
        #expect(stage.registry.seen.count == Limits.transferResumes + 1)
    }

    @Test("a blob with other content, too little or too much, never reaches the reader as whole")
    func wrongBlob() async throws {
        let wanted = Descriptor(of: Array("right".utf8), as: .octets)
        for (sent, part) in [("wrong", "the content is"), ("rightly", "more than 5 bytes")] {
            let stage = try Stage()
            stage.registry.intercept { _, _ in answer(200, body: sent.utf8) }
            await expectFailure(.rejected, part) {
                _ = try await stage.repository.read(wanted, atMost: 10)
            }
        }
        let stage = try Stage()
        stage.registry.intercept { _, _ in answer(200, ["Content-Length": "3"], body: "rig".utf8) }
        await expectFailure(.rejected, "claims 3 bytes, the blob has 5") {
            _ = try await stage.repository.read(wanted, atMost: 10)
        }
    }

    @Test("a web page is neither a manifest nor its absence, to GET and to HEAD")
    func webPages() async throws {
        let tag = ManifestReference.tag(try Tag(parsing: "1"))
        for status in [200, 404] {
            let stage = try Stage()
            stage.registry.intercept { request, _ in
                answer(
                    status, ["Content-Type": "Text/HTML; charset=utf-8"],
                    body: request.method == "HEAD" ? [] : Array("<html>".utf8))
            }
            await expectFailure(.unavailable, "web page") {
                _ = try await stage.repository.manifest(tag)
            }
            await expectFailure(.unavailable, "web page") {
                _ = try await stage.repository.resolve(tag)
            }
        }
        for (type, body) in [
            ("text/plain; charset=utf-8", "404 page not found\n"),
            (
                "application/json",
                #"{"errors":[{"code":"MANIFEST_UNKNOWN","detail":"acme/api:1"}]}"#
            ),
            ("application/json", #"{"errors":[{"code":"NAME_UNKNOWN"}]}"#), ("text/plain", ""),
            ("text/html", ""),
        ] {
            let stage = try Stage()
            stage.registry.intercept { _, _ in
                answer(404, ["Content-Type": type], body: body.utf8)
            }
            await expectFailure(.notFound, "answered 404") {
                _ = try await stage.repository.manifest(tag)
            }
        }
    }

    @Test(
        "a 404 that speaks of access, of rates or of a fault is no absence",
        arguments: [
            (#"{"errors":[{"code":"denied"}]}"#, Failure.Kind.denied),
            (#"{"errors":[{"code":"X"},{"code":"Unauthorized"}]}"#, .denied),
            (#"{"errors":[{"code":"TOOMANYREQUESTS"}]}"#, .rateLimited),
            (#"{"error":{"status":"x","code":"RESOURCE_EXHAUSTED"}}"#, .rateLimited),
            (#"{"errors":[{"code":"UNAVAILABLE"}]}"#, .unavailable),
            ("<!doctype html>", .unavailable), ("{}", .unavailable),
            ("no healthy upstream", .unavailable), (#"{"code":"403"}"#, .denied),
            (#"{"error_code":503}"#, .unavailable), ("authentication failed", .unavailable),
            (#"{"status":404,"error":"Not Found","message":"Access denied"}"#, .denied),
            (#"{"__type":"UnrecognizedClientException"}"#, .unavailable),
            (#"{"pad":""# + String(repeating: "x", count: 20_000) + #""}"#, .unavailable),
        ])
    func softAbsence(body: String, kind: Failure.Kind) async throws {
        let stage = try Stage()
        stage.registry.intercept { _, _ in answer(404, body: body.utf8) }
        await expectFailure(kind, "404") {
            _ = try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
        }
        await expectFailure(kind, "404") {
            _ = try await stage.repository.read(Descriptor(of: [1], as: .octets), atMost: 10)
        }
    }

    @Test(
        "an error that breaks off may leave out what it says, so it is no absence",
        arguments: [404, 400, 405, 406, 501])
    func brokenErrors(status: Int) async throws {
        for (fields, body, failure) in [
            (["Content-Length": "90"], "", nil), (["Content-Length": "90"], "Not Found", nil),
            ([:], "404 page not found", stalled),
            ([:], "404 page not found" + String(repeating: "\n", count: 20_000), nil),
        ] as [([String: String], String, Failure?)] {
            let stage = try Stage()
            stage.registry.intercept { _, _ in
                brokenAnswer(status, fields, body: Array(body.utf8), then: failure)
            }
            await expectFailure(.unavailable, "broke off") {
                _ = try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
            }
            await expectFailure(.unavailable, "broke off") {
                _ = try await stage.repository.read(Descriptor(of: [1], as: .octets), atMost: 10)
            }
            let listed = try await stage.repository.referrers(of: Digest(of: [], by: .sha256))
            #expect(listed.failures.map(\.failure.kind) == [.unavailable, .unavailable])
        }
    }

    @Test("storage behind a registry names a missing blob in XML")
    func storageWords() async throws {
        for (text, kind) in [
            ("<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code></Error>", Failure.Kind.notFound),
            ("<Error><Code>BlobNotFound</Code></Error>", .notFound),
            ("<Error><Code>AccessDenied</Code></Error>", .denied),
            ("<Error><Code>SlowDown</Code></Error>", .rateLimited),
        ] {
            let stage = try Stage()
            stage.registry.intercept { _, _ in answer(404, body: text.utf8) }
            await expectFailure(kind, "404") {
                _ = try await stage.repository.read(Descriptor(of: [1], as: .octets), atMost: 10)
            }
        }
    }

    @Test("a web page in place of a blob says nothing about the blob")
    func webPageForBlob() async throws {
        for fields in [["Content-Length": "6"], [:]] {
            let stage = try Stage()
            stage.registry.intercept { _, _ in
                answer(
                    200, fields.merging(["Content-Type": "text/html"]) { old, _ in old },
                    body: "<html>".utf8)
            }
            await expectFailure(.unavailable, "a web page instead of the blob") {
                _ = try await stage.repository.read(Descriptor(of: [1], as: .octets), atMost: 10)
            }
        }
        // A blob may be a page itself.
        let stage = try Stage()
        let page = Array("<html>".utf8)
        stage.registry.intercept { _, _ in
            answer(200, ["Content-Type": "text/html", "Content-Length": "6"], body: page)
        }
        #expect(
            try await stage.repository.read(Descriptor(of: page, as: .octets), atMost: 10) == page)
    }

    @Test("all attempts at a document together end in time, however slowly each one fails")
    func deadline() async throws {
        for trickles in [true, false] {
            let stage = try Stage()
            let clock = stage.clock
            stage.registry.intercept { request, _ in
                let spend = { @Sendable in
                    try await clock.wait(milliseconds: request.seconds * 1_000)
                }
                guard trickles else {
                    try await spend()
                    throw stalled
                }
                return TransportResponse(
                    head: HTTPResponse(status: .ok),
                    body: ByteStream {
                        try await spend()
                        throw stalled
                    })
            }
            let start = clock.now().seconds
            await expectFailure(.unavailable, "it stopped sending") {
                _ = try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
            }
            #expect(clock.now().seconds - start <= Limits.requestSeconds)
            #expect(stage.registry.seen.count == 2)
            #expect(stage.registry.seen.first?.seconds == Limits.documentSeconds)
        }
    }

    @Test("a wait that would end after the deadline is not begun")
    func longWaits() async throws {
        let stage = try Stage()
        stage.registry.intercept { _, _ in answer(503, ["Retry-After": "59"]) }
        await expectFailure(.unavailable, "answered 503") {
            _ = try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
        }
        #expect(stage.clock.waits == [59_000, 59_000])
    }

    @Test("a large blob has all the time its size needs")
    func blobTime() async throws {
        let stage = try Stage()
        stage.registry.intercept { _, _ in answer(404) }
        let size = 10 * 1024 * Limits.mebibyte
        let blob = Descriptor(mediaType: .octets, digest: Digest(of: [], by: .sha256), size: size)
        await expectFailure(.notFound, "404") { _ = try await stage.repository.stream(of: blob) }
        #expect(
            stage.registry.seen.first?.seconds
                == Limits.documentSeconds + size / Limits.slowestBytesPerSecond)
    }

    @Test(
        "a descriptor that claims more than any content has is refused",
        arguments: [1 << 62, Int.max, Limits.descriptorBytes + 1])
    func hugeClaims(size: Int) async throws {
        let layer = { (letter: Character) in
            #"{"mediaType":"application/vnd.oci.image.layer.v1.tar","size":\#(size),"#
                + #""digest":"sha256:\#(String(repeating: letter, count: 64))"}"#
        }
        let text =
            #"{"schemaVersion":2,"config":\#(layer("c")),"layers":[\#(layer("a")),\#(layer("b"))]}"#
        let stage = try Stage()
        stage.registry.intercept { _, _ in
            answer(200, ["Content-Type": MediaType.ociManifest.description], body: text.utf8)
        }
        let copy = ArtifactCopy(
            from: stage.repository, to: try Stage().repository, evidence: .include)
        await expectFailure(.overLimit, "claims \(size) bytes") {
            _ = try await copy.run(.tag(try Tag(parsing: "1")), tag: nil)
        }
    }

    @Test("tags come from all pages, sorted, once each")
    func tagPages() async throws {
        let stage = try Stage()
        let image = try await stage.image()
        for tag in ["b", "a", "c", "d"] {
            try await stage.repository.push(image, tag: try Tag(parsing: tag))
        }
        stage.registry.change { $0.pageSize = 2 }
        #expect(try await stage.repository.tags().map(\.description) == ["1", "a", "b", "c", "d"])
    }

    @Test("a list that leads back to itself, on for ever, or to another host is refused")
    func hostilePages() async throws {
        let links: [(String, Failure.Kind, String)] = [
            ("</v2/acme/api/tags/list>; rel=next", .unavailable, "leads back"),
            (
                "<https://evil.example/v2/acme/api/tags/list?n=1>; rel=\"next\"", .unavailable,
                "another host"
            ),
            ("<//169.254.169.254/latest>; rel=\"next\"", .unavailable, "another host"),
            ("<ftp://registry.example/x>; rel=next", .unavailable, "http:// or https://"),
            ("</v2/acme/api/tags/list?n=NUMBER>; rel=\"next\"", .overLimit, "more than 1000 pages"),
        ]
        for (link, kind, part) in links {
            let stage = try Stage()
            stage.registry.intercept { _, number in
                let link = link.replacing("NUMBER", with: "\(number)")
                return answer(200, ["Link": link], body: #"{"tags":null}"#.utf8)
            }
            await expectFailure(kind, part) { _ = try await stage.repository.tags() }
        }
    }

    @Test("statuses become kinds, and the registry's own words are shown and cut")
    func statuses() async throws {
        let kinds: [(Int, Failure.Kind)] = [
            (403, .denied), (404, .unavailable), (429, .rateLimited), (500, .unavailable),
            (503, .unavailable), (400, .unavailable), (405, .unavailable), (410, .unavailable),
            (418, .unavailable), (204, .unavailable), (206, .unavailable), (302, .unavailable),
        ]
        for (status, kind) in kinds {
            let stage = try Stage()
            let text = #"{"errors":[{"code":"TOLD","message":"because \#u{1b}[31m"}]}"#
            stage.registry.intercept { _, _ in answer(status, body: text.utf8) }
            await expectFailure(kind, "answered \(status) and says") {
                _ = try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
            }
        }
        let stage = try Stage()
        stage.registry.intercept { _, _ in
            answer(404, body: #"{"errors":[{"code":"UNAUTHORIZED"}]}"#.utf8)
        }
        await expectFailure(.denied, "UNAUTHORIZED") {
            _ = try await stage.repository.manifest(.tag(try Tag(parsing: "1")))
        }
    }
}
