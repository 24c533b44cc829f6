// SPDX-License-Identifier: Apache-2.0
// The cases of the OCI conformance suite, one by one, against a registry on loopback.
// Spec: OCI distribution-spec 1.1; opencontainers/distribution-spec, conformance.

import HTTPTypes
import Hummingbird
import HummingbirdTesting
import OCI
import Primitives
import Testing

@testable import RegistryServer

private let here = "conformance/repo1"
private let there = "conformance/repo2"

@Suite("the conformance suite's cases")
struct ConformanceTests {
    @Test("an empty registry answers")
    func empty() async throws {
        try await withRegistry { client in
            #expect(try await client.send(.get, "/v2/").status == .ok)
            #expect(try await client.send(.get, "/v2/\(here)/tags/list").status == .notFound)
            let nothing = Digest(of: [1, 2, 3], by: .sha256)
            let answer = try await client.send(.get, "/v2/\(here)/referrers/\(nothing)")
            #expect(answer.status == .ok)
            #expect(answer.headers[.contentType] == MediaType.ociIndex.description)
            let index = try answer.json()
            #expect(index["schemaVersion"]?.integer == 2)
            #expect(index["mediaType"]?.string == MediaType.ociIndex.description)
            #expect(index["manifests"]?.array == [])
        }
    }

    /// The ways to push a blob.
    enum Way: String, CaseIterable, Sendable {
        case postOnly, postAndPut, oneChunk, chunks, chunksAndLastInPut, stream
    }

    @Test(
        "a blob arrives whole by every way and algorithm", arguments: Way.allCases,
        HashAlgorithm.registered)
    func pushes(way: Way, algorithm: HashAlgorithm) async throws {
        try await withRegistry { client in
            for size in [0, 1, 512, 3_067] {
                var dice = TrialDice(seed: UInt64(size))
                let blob = dice.bytes(size)
                let digest = Digest(of: blob, by: algorithm)
                let answer = try await push(blob, as: digest, by: way, client)
                #expect(answer.status == .created)
                #expect(answer.header("Docker-Content-Digest") == digest.description)
                let place = try #require(answer.headers[.location])
                let pulled = try await client.send(.get, place)
                #expect(pulled.status == .ok && pulled.bytes == blob)
                try await checkBlob(blob, digest, client)
                let path = "/v2/\(here)/blobs/\(digest)"
                #expect(try await client.send(.delete, path).status == .accepted)
                #expect(try await client.send(.head, path).status == .notFound)
                #expect(try await client.send(.delete, path).status == .notFound)
            }
        }
    }

    @Test(
        "a blob that is not what its digest names is refused by every way",
        arguments: Way.allCases, HashAlgorithm.registered)
    func refusesWrongDigests(way: Way, algorithm: HashAlgorithm) async throws {
        try await withRegistry { client in
            var dice = TrialDice(seed: 7)
            let blob = dice.bytes(3_067)
            let digest = Digest(of: blob, by: algorithm)
            let answer = try await push(
                blob + Array("oh no".utf8), as: digest, by: way, client)
            #expect(answer.status == .badRequest)
            #expect(try answer.codes() == ["DIGEST_INVALID"])
            let path = "/v2/\(here)/blobs/\(digest)"
            #expect(try await client.send(.get, path).status == .notFound)
        }
    }

    @Test("chunks out of order are refused, and the upload goes on", arguments: [false, true])
    func chunksOutOfOrder(lastInPut: Bool) async throws {
        try await withRegistry { client in
            var dice = TrialDice(seed: 8)
            let blob = dice.bytes(3_067)
            let digest = Digest(of: blob, by: .sha256)
            var place = try await client.beginUpload(in: here)
            var start = 0
            while start < blob.count {
                let end = min(start + 1_024, blob.count)
                let wrong = end < blob.count ? end : 0
                let bad = try await client.send(
                    .patch, place, ["Content-Range": "\(wrong)-\(wrong + 9)"],
                    body: Array(blob[wrong..<wrong + 10]))
                #expect(bad.status == .rangeNotSatisfiable)
                #expect(bad.headers[.location] != nil)
                let status = try await client.send(.get, place)
                #expect(status.status == .noContent)
                #expect(status.headers[.range] == "0-\(max(0, start - 1))")
                place = try #require(status.headers[.location])
                let isLast = lastInPut && end == blob.count
                let answer = try await client.send(
                    isLast ? .put : .patch, isLast ? "\(place)?digest=\(digest)" : place,
                    ["Content-Range": "\(start)-\(end - 1)"], body: Array(blob[start..<end]))
                #expect(answer.status == (isLast ? .created : .accepted))
                start = end
            }
            if !lastInPut {
                let answer = try await client.send(.put, "\(place)?digest=\(digest)")
                #expect(answer.status == .created)
            }
            try await checkBlob(blob, digest, client)
        }
    }

    @Test("a blob is mounted, with a source, without one, and not when it is nowhere")
    func mounts() async throws {
        try await withRegistry { client in
            let blob = Array("mounted".utf8)
            let digest = Digest(of: blob, by: .sha256)
            let mount = "/v2/\(here)/blobs/uploads/?mount=\(digest)"
            let missing = try await client.send(.post, "\(mount)&from=\(there)")
            #expect(missing.status == .accepted)
            #expect(missing.headers[.location]?.contains("/uploads/") == true)
            #expect(try await client.send(.post, mount).status == .accepted)
            try await client.push(blob, as: digest, to: there)
            #expect(
                try await client.send(.head, "/v2/\(here)/blobs/\(digest)").status == .notFound)
            for query in ["&from=\(there)", ""] {
                let answer = try await client.send(.post, mount + query)
                #expect(answer.status == .created)
                #expect(answer.headers[.location] == "/v2/\(here)/blobs/\(digest)")
                try await checkBlob(blob, digest, client)
                try await client.send(.delete, "/v2/\(here)/blobs/\(digest)")
            }
            try await client.send(.delete, "/v2/\(there)/blobs/\(digest)")
            #expect(try await client.send(.post, mount).status == .accepted)
        }
    }

    @Test("an upload can be cancelled")
    func cancels() async throws {
        try await withRegistry { client in
            let place = try await client.beginUpload(in: here)
            #expect(try await client.send(.delete, place).status == .noContent)
            let gone = try await client.send(.get, place)
            #expect(gone.status == .notFound)
            #expect(try gone.codes() == ["BLOB_UPLOAD_UNKNOWN"])
        }
    }

    @Test(
        "every data set is pushed, listed, pulled and deleted",
        arguments: RegistrySample.conformance)
    func takesDataSets(sample: RegistrySample) async throws {
        try await withRegistry { client in
            for (digest, blob) in sample.blobs {
                try await client.push(blob, as: digest, to: here)
            }
            for manifest in sample.manifests {
                for reference in [manifest.digest.description] + manifest.tags {
                    try await push(manifest, at: reference, client)
                }
            }
            try await checkTags(sample, client)
            for manifest in sample.manifests {
                for reference in [manifest.digest.description] + manifest.tags {
                    try await check(manifest, at: reference, client)
                }
            }
            try await checkReferrers(sample, client)
            try await delete(sample, client)
        }
    }

    @Test(
        "an image that names a blob which is not there is refused, unless sparse images are taken")
    func sparseImages() async throws {
        let sample = RegistrySample("sparse", seed: 20) { $0.image() }
        let manifest = sample.manifests[0]
        try await withRegistry { client in
            let answer = try await client.push(manifest, at: "v1", to: here)
            #expect(answer.status == .badRequest)
            #expect(try answer.codes() == Array(repeating: "MANIFEST_BLOB_UNKNOWN", count: 3))
            #expect(
                try await client.send(.get, "/v2/\(here)/manifests/v1").status == .notFound)
        }
        var configuration = RegistryConfiguration.standard
        configuration.acceptsSparseImages = true
        try await withRegistry(configuration) { client in
            let answer = try await client.push(manifest, at: "v1", to: here)
            #expect(answer.status == .created)
        }
    }

    @Test("a push by digest sets the tags of its query", arguments: HashAlgorithm.registered)
    func tagParameters(algorithm: HashAlgorithm) async throws {
        let sample = RegistrySample("tags", seed: 21) {
            $0.algorithm = algorithm
            $0.index([])
        }
        try await withRegistry { client in
            let manifest = sample.manifests[0]
            let answer = try await client.push(
                manifest, at: "\(manifest.digest)?tag=one&tag=two", to: here)
            #expect(answer.status == .created)
            #expect(answer.header("OCI-Tag") == "one, two")
            for tag in ["one", "two"] { try await check(manifest, at: tag, client) }
        }
    }

    // MARK: Steps

    private func push(_ blob: [UInt8], as digest: Digest, by way: Way, _ client: TrialClient)
        async throws -> TestResponse
    {
        let uploads = "/v2/\(here)/blobs/uploads/"
        let octets = ["Content-Type": "application/octet-stream"]
        if way == .postOnly {
            return try await client.send(.post, "\(uploads)?digest=\(digest)", octets, body: blob)
        }
        let begun = try await client.send(
            .post, "\(uploads)?digest-algorithm=\(digest.algorithm.rawValue)")
        var place = try #require(begun.headers[.location])
        #expect(begun.header("Docker-Upload-UUID") != nil)
        if way == .postAndPut {
            return try await client.send(.put, "\(place)?digest=\(digest)", octets, body: blob)
        }
        let step = way == .oneChunk || way == .stream ? max(1, blob.count) : 1_024
        for start in stride(from: 0, to: blob.count, by: step) {
            let end = min(start + step, blob.count)
            let range =
                way == .stream ? octets : ["Content-Range": "\(start)-\(end - 1)"]
            if way == .chunksAndLastInPut, end == blob.count {
                return try await client.send(
                    .put, "\(place)?digest=\(digest)", range, body: Array(blob[start..<end]))
            }
            let answer = try await client.send(
                .patch, place, range, body: Array(blob[start..<end]))
            #expect(answer.status == .accepted)
            #expect(answer.headers[.range] == "0-\(end - 1)")
            place = try #require(answer.headers[.location])
        }
        return try await client.send(.put, "\(place)?digest=\(digest)")
    }

    private func checkBlob(_ blob: [UInt8], _ digest: Digest, _ client: TrialClient) async throws {
        let path = "/v2/\(here)/blobs/\(digest)"
        let head = try await client.send(.head, path)
        #expect(head.status == .ok && head.bytes.isEmpty)
        #expect(head.headers[.contentLength] == String(blob.count))
        #expect(head.header("Docker-Content-Digest") == digest.description)
        let pulled = try await client.send(.get, path)
        #expect(pulled.status == .ok && pulled.bytes == blob)
        #expect(pulled.headers[.contentLength] == String(blob.count))
    }

    private func push(_ manifest: SampleManifest, at reference: String, _ client: TrialClient)
        async throws
    {
        let answer = try await client.push(manifest, at: reference, to: here)
        #expect(answer.status == .created)
        #expect(answer.header("Docker-Content-Digest") == manifest.digest.description)
        #expect(answer.header("OCI-Subject") == manifest.subject?.description)
        let pulled = try await client.send(.get, try #require(answer.headers[.location]))
        #expect(pulled.bytes == manifest.bytes)
    }

    private func check(_ manifest: SampleManifest, at reference: String, _ client: TrialClient)
        async throws
    {
        for method in [HTTPRequest.Method.head, .get] {
            let answer = try await client.send(method, "/v2/\(here)/manifests/\(reference)")
            #expect(answer.status == .ok)
            #expect(answer.headers[.contentType] == manifest.type)
            #expect(answer.headers[.contentLength] == String(manifest.bytes.count))
            #expect(answer.header("Docker-Content-Digest") == manifest.digest.description)
            #expect(answer.bytes == (method == .get ? manifest.bytes : []))
        }
    }

    private func checkTags(_ sample: RegistrySample, _ client: TrialClient) async throws {
        let wanted = sample.manifests.flatMap(\.tags).sorted()
        for start in 0...wanted.count {
            let query = start == 0 ? "" : "?last=\(wanted[start - 1])"
            let answer = try await client.send(.get, "/v2/\(here)/tags/list\(query)")
            #expect(answer.status == .ok)
            let found = try answer.json()["tags"]?.array?.compactMap(\.string)
            #expect(found == Array(wanted[start...]))
        }
    }

    private func checkReferrers(_ sample: RegistrySample, _ client: TrialClient) async throws {
        let about = Dictionary(grouping: sample.manifests.filter { $0.subject != nil }) {
            $0.subject
        }
        for case (let subject?, let manifests) in about {
            let path = "/v2/\(here)/referrers/\(subject)"
            let all = try await client.send(.get, path)
            #expect(all.header("OCI-Filters-Applied") == nil)
            try expect(all, lists: manifests)
            for type in Set(manifests.compactMap(\.artifactType)) {
                let escaped = type.replacing("+", with: "%2B").replacing("/", with: "%2F")
                let some = try await client.send(.get, "\(path)?artifactType=\(escaped)")
                #expect(some.header("OCI-Filters-Applied") == "artifactType")
                try expect(some, lists: manifests.filter { $0.artifactType == type })
            }
        }
    }

    private func expect(_ answer: TestResponse, lists manifests: [SampleManifest]) throws {
        #expect(answer.status == .ok)
        let found = try #require(try answer.json()["manifests"]?.array)
        #expect(found.count == manifests.count)
        for manifest in manifests {
            let entry = found.first { $0["digest"]?.string == manifest.digest.description }
            #expect(entry?["mediaType"]?.string == manifest.type)
            #expect(entry?["size"]?.integer == manifest.bytes.count)
            #expect(entry?["artifactType"]?.string == manifest.artifactType)
            for (name, value) in manifest.annotations {
                #expect(entry?["annotations"]?[name]?.string == value)
            }
        }
    }

    private func delete(_ sample: RegistrySample, _ client: TrialClient) async throws {
        let references =
            sample.manifests.flatMap(\.tags)
            + sample.manifests.reversed().map(\.digest.description)
        for reference in references {
            let path = "/v2/\(here)/manifests/\(reference)"
            #expect(try await client.send(.delete, path).status == .accepted)
            #expect(try await client.send(.head, path).status == .notFound)
            #expect(try await client.send(.delete, path).status == .notFound)
        }
        for subject in Set(sample.manifests.compactMap(\.subject)) {
            let answer = try await client.send(.get, "/v2/\(here)/referrers/\(subject)")
            #expect(try answer.json()["manifests"]?.array == [])
        }
        for digest in sample.blobs.keys {
            let path = "/v2/\(here)/blobs/\(digest)"
            #expect(try await client.send(.delete, path).status == .accepted)
        }
    }
}
