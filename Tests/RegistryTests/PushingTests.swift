// SPDX-License-Identifier: Apache-2.0
// Writing to registries: uploads that break, registries without a referrers API, other writers.

import HTTPTypes
import OCI
import Primitives
import Registry
import Synchronization
import TestSupport
import Testing

@Suite("writing to a registry")
struct PushingTests {
    private let bytes = (0..<1000).map { UInt8($0 % 251) }
    private var blob: Descriptor { Descriptor(of: bytes, as: .octets) }

    private func push(_ stage: Stage, from mountSource: Repository? = nil) async throws {
        let rest = Mutex(bytes)
        let content = ByteStream {
            rest.withLock { rest in
                defer { rest.removeFirst(min(70, rest.count)) }
                return rest.isEmpty ? nil : Array(rest.prefix(70))
            }
        }
        try await stage.repository.push(blob, content: content, mountSource: mountSource)
    }

    private func stored(_ stage: Stage) -> [UInt8]? {
        stage.registry.state.withLock {
            $0.repositories["acme/api"]?.blobs[blob.digest.description]
        }
    }

    @Test("a blob goes up in one PUT, with the Location's own query kept")
    func whole() async throws {
        let stage = try Stage()
        #expect(try await !stage.repository.has(blob))
        try await push(stage)
        #expect(stored(stage) == bytes)
        #expect(try await stage.repository.has(blob))
        let put = try #require(stage.registry.seen.first { $0.method == "PUT" })
        #expect(put.path.hasSuffix("?state=abc&digest=sha256%3A\(blob.digest.hex)"))
        #expect(put.fields[.contentLength] == "1000")
    }

    @Test("a large blob streams, and content that is not what it says is never completed")
    func stream() async throws {
        let stage = try Stage()
        let chunk = [UInt8](repeating: 5, count: Limits.mebibyte)
        let large = [[UInt8]](repeating: chunk, count: 5)
        let descriptor = Descriptor(of: Array(large.joined()), as: .octets)
        for last in [[UInt8](repeating: 6, count: chunk.count), chunk] {
            let rest = Mutex(Array(large.dropLast()) + [last])
            let content = ByteStream { rest.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
            if last == chunk {
                try await stage.repository.push(descriptor, content: content, mountSource: nil)
            } else {
                await expectFailure(.rejected, "the content is") {
                    try await stage.repository.push(descriptor, content: content, mountSource: nil)
                }
                #expect(try await !stage.repository.has(descriptor))
            }
        }
        #expect(try await stage.repository.has(descriptor))
    }

    @Test("a blob of a neighbour is mounted, and transferred where the registry will not mount")
    func mount() async throws {
        for mounts in [true, false] {
            let stage = try Stage()
            stage.registry.change {
                $0.mounts = mounts
                $0.repositories["acme/base"] = .init(blobs: [blob.digest.description: bytes])
            }
            try await push(stage, from: try Repository(parsing: "registry.example/acme/base"))
            #expect(stored(stage) == bytes)
            #expect(stage.registry.seen.contains { $0.method == "PUT" } == !mounts)
        }
        let denied = try Stage()
        denied.registry.intercept { request, _ in
            request.path.contains("mount=")
                ? answer(401, ["WWW-Authenticate": "Basic realm=x"]) : nil
        }
        try await push(denied, from: try Repository(parsing: "registry.example/acme/base"))
        #expect(stored(denied) == bytes)
        let stage = try Stage()
        try await push(stage, from: try Repository(parsing: "other.example/acme/base"))
        #expect(!stage.registry.seen.contains { $0.path.contains("mount=") })
    }

    @Test(
        "an upload Location on another host, port or scheme is refused and gets no byte",
        arguments: [
            "https://evil.example/upload", "http://registry.example/upload",
            "https://registry.example:8443/upload", "//127.0.0.1/upload",
        ])
    func foreignLocation(location: String) async throws {
        let stage = try Stage()
        stage.registry.intercept { request, _ in
            request.method == "POST" ? answer(202, ["Location": location]) : nil
        }
        await expectFailure(.rejected, "another host") { try await push(stage) }
        #expect(stage.registry.seen.count == 1)
    }

    @Test("chunks go up in order, and no smaller than the registry wants", arguments: [0, 400])
    func chunks(smallest: Int) async throws {
        let stage = try Stage(upload: .chunks(of: 300))
        stage.registry.change { $0.smallestChunk = smallest }
        try await push(stage)
        #expect(stored(stage) == bytes)
        let ranges = stage.registry.seen.filter { $0.method == "PATCH" }.map {
            $0.fields[.contentRange]
        }
        #expect(
            ranges
                == (smallest == 0
                    ? ["0-299", "300-599", "600-899", "900-999"] : ["0-399", "400-799", "800-999"]))
    }

    @Test("a chunk that breaks in the middle goes on at the byte the registry has")
    func chunkResume() async throws {
        let stage = try Stage(upload: .chunks(of: 300))
        let broken = Mutex(false)
        let registry = stage.registry
        registry.intercept { request, _ in
            guard request.method == "PATCH",
                request.fields[.contentRange]?.hasPrefix("300-") == true,
                broken.withLock({ was in
                    defer { was = true }
                    return !was
                })
            else { return nil }
            // The first 100 bytes arrive, then the connection is gone.
            registry.change { $0.uploads["1", default: []] += request.body.prefix(100) }
            throw stalled
        }
        try await push(stage)
        #expect(stored(stage) == bytes)
        let ranges = registry.seen.filter { $0.method == "PATCH" }.map { $0.fields[.contentRange] }
        #expect(ranges == ["0-299", "300-599", "400-599", "600-899", "900-999"])
    }

    @Test("a registry that claims bytes we did not send is refused")
    func lyingOffset() async throws {
        let stage = try Stage(upload: .chunks(of: 300))
        stage.registry.intercept { request, _ in
            request.method == "PATCH"
                ? answer(202, ["Location": "/v2/acme/api/blobs/uploads/1", "Range": "0-899"]) : nil
        }
        await expectFailure(.rejected, "says it has 900 bytes") { try await push(stage) }
    }

    @Test("a registry that claims more bytes than a number holds is refused, not counted with")
    func hugeRange() async throws {
        let stage = try Stage(upload: .chunks(of: 400))
        stage.registry.intercept { request, _ in
            guard request.method == "PATCH" else { return nil }
            return answer(
                202,
                [
                    "Location": "/v2/acme/api/blobs/uploads/1?state=abc",
                    "Range": "0-\(Int.max)",
                ])
        }
        await expectFailure(.malformed, "is not written like 0-99") {
            try await stage.put([UInt8](repeating: 1, count: 1000), .octets)
        }
    }

    @Test("a registry that answers 413 gets chunks instead")
    func tooLarge() async throws {
        let stage = try Stage()
        stage.registry.intercept { request, _ in
            request.method == "PUT" && request.body.count > 500 ? answer(413) : nil
        }
        try await push(stage)
        #expect(stored(stage) == bytes)
    }

    @Test("a registry that stored something else than we sent is not believed")
    func wrongEcho() async throws {
        let stage = try Stage()
        let lie = Digest(of: [9], by: .sha256)
        stage.registry.intercept { request, _ in
            request.method == "PUT"
                ? answer(201, ["Docker-Content-Digest": lie.description]) : nil
        }
        let index = try ImageIndex(manifests: []).manifest()
        await expectFailure(.rejected, "says it stored \(lie)") {
            try await stage.repository.push(index, tag: nil)
        }
        await expectFailure(.rejected, "says it stored \(lie)") { try await push(stage) }
    }

    // MARK: Referrers

    @Test("referrers come from the API, or from the tag, with type and annotations")
    func referrers() async throws {
        for hasAPI in [true, false] {
            let stage = try Stage()
            stage.registry.change { $0.hasReferrersAPI = hasAPI }
            let image = try await stage.image()
            let none = try await stage.repository.referrers(of: image.digest)
            #expect(none.descriptors.isEmpty)
            let one = try await stage.referrer(to: image, "one")
            let two = try await stage.referrer(to: image, "two")
            let found = try await stage.repository.referrers(of: image.digest)
            #expect(found.discovery == (hasAPI ? .referrersAPI : .referrersTag))
            #expect(Set(found.descriptors) == [one.descriptor, two.descriptor])
            #expect(found.descriptors.allSatisfy { $0.artifactType == .sigstoreBundle })
            try await stage.repository.delete(one.digest)
            let left = try await stage.repository.referrers(of: image.digest)
            #expect(left.descriptors == [two.descriptor])
        }
    }

    @Test("a registry that cannot be asked for referrers is a failure, not an empty list")
    func unanswered() async throws {
        for (status, kind) in [
            (500, Failure.Kind.unavailable), (403, .denied), (429, .rateLimited),
        ] {
            let stage = try Stage()
            stage.registry.intercept { _, _ in answer(status) }
            await expectFailure(kind, "answered \(status)") {
                _ = try await stage.repository.referrers(of: Digest(of: [], by: .sha256))
                    .complete()
            }
        }
    }

    @Test(
        "an API that does not open hides no list under the tag, and is told beside it",
        arguments: [401, 403, 410, 415, 429, 500])
    func closedAPI(status: Int) async throws {
        let stage = try Stage()
        stage.registry.change { $0.hasReferrersAPI = false }
        let image = try await stage.image()
        let one = try await stage.referrer(to: image, "one")
        stage.registry.intercept { request, _ in
            request.path.contains("/referrers/")
                ? answer(status, status == 410 ? ["Content-Type": "text/html"] : [:]) : nil
        }
        let found = try await stage.repository.referrers(of: image.digest)
        #expect(found.descriptors == [one.descriptor] && found.discovery == .referrersTag)
        #expect(found.failures.map(\.discovery) == [.referrersAPI])
    }

    @Test("what the first pages of a list name is kept when a later one cannot be read")
    func partialList() async throws {
        let stage = try Stage()
        let image = try await stage.image()
        let one = try await stage.referrer(to: image, "one")
        let list = ImageIndex(manifests: [one.descriptor]).json.compactBytes
        stage.registry.intercept { request, _ in
            guard request.path.contains("/referrers/") else { return nil }
            return request.path.contains("n=2")
                ? answer(500)
                : answer(200, ["Link": "<\(request.path)?n=2>; rel=next"], body: list)
        }
        let found = try await stage.repository.referrers(of: image.digest)
        #expect(found.descriptors == [one.descriptor] && found.discovery == .referrersAPI)
        #expect(found.failures.map(\.discovery) == [.referrersAPI])
    }

    @Test("a tag that cannot be read is told, whether the API opens or not", arguments: [404, 500])
    func closedTag(status: Int) async throws {
        let stage = try Stage()
        stage.registry.intercept { request, _ in
            answer(request.path.contains("/referrers/") ? status : 403)
        }
        let found = try await stage.repository.referrers(of: Digest(of: [], by: .sha256))
        #expect(found.descriptors.isEmpty)
        #expect(found.failures.last?.discovery == .referrersTag)
        #expect(found.failures.last?.failure.kind == .denied)
        #expect(found.failures.count == (status == 404 ? 1 : 2))
    }

    @Test("a referrers tag that holds an image reads as empty, and is never overwritten")
    func occupiedTag() async throws {
        let stage = try Stage()
        stage.registry.change { $0.hasReferrersAPI = false }
        let image = try await stage.image()
        let tag = Tag(for: image.digest)
        try await stage.repository.push(image, tag: tag)
        #expect(try await stage.repository.referrers(of: image.digest).descriptors.isEmpty)
        await expectFailure(.rejected, "the tag holds an image") {
            _ = try await stage.referrer(to: image, "one")
        }
        #expect(try await stage.repository.manifest(.tag(tag)) == image)
    }

    @Test("what we do not know in a list of referrers stays in it")
    func foreignFields() async throws {
        let stage = try Stage()
        stage.registry.change { $0.hasReferrersAPI = false }
        let image = try await stage.image()
        let entry =
            #"{"mediaType":"application/vnd.oci.image.manifest.v1+json","#
            + #""digest":"\#(Digest(of: [3], by: .sha256))","size":3,"x-new":{"a":[1.50]}}"#
        let text =
            #"{"schemaVersion":2,"mediaType":"\#(MediaType.ociIndex)","manifests":[\#(entry)],"x":1}"#
        let index = try Manifest(parsing: Array(text.utf8), as: .ociIndex)
        try await stage.repository.push(index, tag: Tag(for: image.digest))
        _ = try await stage.referrer(to: image, "one")
        let after = try await stage.repository.manifest(.tag(Tag(for: image.digest)))
        let written = String(decoding: after.bytes, as: UTF8.self)
        #expect(written.contains(entry) && written.contains(#""x":1"#))
        #expect(after.children.count == 2)
    }

    @Test("concurrent writers of one referrers tag lose nothing", arguments: [2, 5])
    func concurrentWriters(writers: Int) async throws {
        let stage = try Stage()
        stage.registry.change { $0.hasReferrersAPI = false }
        let image = try await stage.image()
        // All writers read the list before the first of them writes it.
        let readers = Mutex(0)
        let tag = Tag(for: image.digest).description
        stage.registry.intercept { request, _ in
            guard request.path.hasSuffix("/manifests/\(tag)"), request.method == "GET" else {
                return nil
            }
            let number = readers.withLock {
                $0 += 1
                return $0
            }
            guard number <= writers else { return nil }
            let answer = stage.registry.handle(request)
            while readers.withLock({ $0 }) < writers { await Task.yield() }
            return answer
        }
        let pushed = try await withThrowingTaskGroup(of: Manifest.self) { group in
            for number in 1...writers {
                group.addTask { try await stage.referrer(to: image, "writer \(number)") }
            }
            return try await group.reduce(into: Set<Digest>()) { $0.insert($1.digest) }
        }
        let found = try await stage.repository.referrers(of: image.digest)
        #expect(Set(found.descriptors.map(\.digest)) == pushed)
        #expect(pushed.count == writers)
    }
}
