// SPDX-License-Identifier: Apache-2.0
// Error codes, paging, ranges and switches of the embedded registry.
// Spec: OCI distribution-spec 1.1, "Error Codes", "Content Discovery"; RFC 9110 §14.

import HTTPTypes
import Hummingbird
import HummingbirdTesting
import OCI
import Primitives
import Testing

@testable import RegistryServer

private let absent = Digest(of: Array("absent".utf8), by: .sha256)

/// A request that is answered with an error, and which.
struct WrongRequest: Sendable, CustomTestStringConvertible {
    let method: HTTPRequest.Method
    let path: String
    var headers: [String: String] = [:]
    var body: [UInt8]?
    let status: Int
    let code: String

    var testDescription: String { "\(method) \(path.prefix(60)) \(code)" }

    init(
        _ method: HTTPRequest.Method, _ path: String, _ headers: [String: String] = [:],
        body: String? = nil, is status: Int, _ code: String
    ) {
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body.map { Array($0.utf8) }
        self.status = status
        self.code = code
    }

    static let unknownUpload = "/v2/known/blobs/uploads/" + String(repeating: "0", count: 32)
    static let manifestType = ["Content-Type": MediaType.ociManifest.description]
    static let empty = "{\"schemaVersion\":2,\"manifests\":[]}"

    static let all: [WrongRequest] = [
        WrongRequest(.get, "/v2/known/blobs/\(absent)", is: 404, "BLOB_UNKNOWN"),
        WrongRequest(.delete, "/v2/known/blobs/\(absent)", is: 404, "BLOB_UNKNOWN"),
        WrongRequest(.get, unknownUpload, is: 404, "BLOB_UPLOAD_UNKNOWN"),
        WrongRequest(.patch, unknownUpload, body: "x", is: 404, "BLOB_UPLOAD_UNKNOWN"),
        WrongRequest(.put, "\(unknownUpload)?digest=\(absent)", is: 404, "BLOB_UPLOAD_UNKNOWN"),
        WrongRequest(.delete, "/v2/known/blobs/uploads/..", is: 404, "BLOB_UPLOAD_UNKNOWN"),
        WrongRequest(.get, "/v2/known/blobs/sha256:abc", is: 400, "DIGEST_INVALID"),
        WrongRequest(.get, "/v2/known/blobs/md5:abc", is: 400, "DIGEST_INVALID"),
        WrongRequest(.get, "/v2/known/manifests/sha256:baddigeststring", is: 400, "DIGEST_INVALID"),
        WrongRequest(.get, "/v2/known/referrers/latest", is: 400, "DIGEST_INVALID"),
        WrongRequest(
            .post, "/v2/known/blobs/uploads/?digest-algorithm=md5", is: 400, "DIGEST_INVALID"),
        WrongRequest(
            .post, "/v2/known/blobs/uploads/?digest=\(absent)", body: "x", is: 400, "DIGEST_INVALID"
        ),
        WrongRequest(
            .put, "/v2/known/manifests/\(absent)", body: empty, is: 400, "DIGEST_INVALID"),
        WrongRequest(
            .put, "/v2/known/manifests/sha256:bad", body: empty, is: 400, "DIGEST_INVALID"),
        WrongRequest(.put, "/v2/known/manifests/v1", body: "{", is: 400, "MANIFEST_INVALID"),
        WrongRequest(
            .put, "/v2/known/manifests/v1", manifestType,
            body: "{\"schemaVersion\":1}", is: 400, "MANIFEST_INVALID"),
        WrongRequest(
            .put, "/v2/known/manifests/v1", manifestType,
            body: "{\"schemaVersion\":2,\"layers\":[],\"manifests\":[]}", is: 400,
            "MANIFEST_INVALID"),
        WrongRequest(
            .put, "/v2/known/manifests/v1", manifestType,
            body: "{\"schemaVersion\":2,\"mediaType\":\"\(MediaType.ociIndex)\",\"manifests\":[]}",
            is: 400, "MANIFEST_INVALID"),
        WrongRequest(.get, "/v2/known/manifests/absent", is: 404, "MANIFEST_UNKNOWN"),
        WrongRequest(.get, "/v2/known/manifests/\(absent)", is: 404, "MANIFEST_UNKNOWN"),
        WrongRequest(.delete, "/v2/known/manifests/\(absent)", is: 404, "MANIFEST_UNKNOWN"),
        WrongRequest(.get, "/v2/known/manifests/-bad", is: 400, "TAG_INVALID"),
        WrongRequest(.get, "/v2/Known/tags/list", is: 400, "NAME_INVALID"),
        WrongRequest(.get, "/v2//tags/list", is: 400, "NAME_INVALID"),
        WrongRequest(.get, "/v2/../secret/tags/list", is: 400, "NAME_INVALID"),
        WrongRequest(.get, "/v2/%2e%2e%2fsecret/manifests/v1", is: 400, "NAME_INVALID"),
        WrongRequest(.get, "/v2/known/_blobs/tags/list", is: 400, "NAME_INVALID"),
        WrongRequest(.post, "/v2/a%00b/blobs/uploads/", is: 400, "NAME_INVALID"),
        WrongRequest(
            .get, "/v2/\(String(repeating: "a", count: 300))/tags/list", is: 400, "NAME_INVALID"),
        WrongRequest(.get, "/v2/never/tags/list", is: 404, "NAME_UNKNOWN"),
        WrongRequest(.get, "/v2/never/manifests/v1", is: 404, "NAME_UNKNOWN"),
        WrongRequest(.get, "/v2/known/tags/list?n=-1", is: 400, "PAGINATION_NUMBER_INVALID"),
        WrongRequest(.get, "/v2/known/tags/list?n=x", is: 400, "PAGINATION_NUMBER_INVALID"),
        WrongRequest(.get, "/v2/known/elsewhere", is: 404, "UNSUPPORTED"),
        WrongRequest(.get, "/", is: 404, "UNSUPPORTED"),
        WrongRequest(.get, "/v2/%zz/tags/list", is: 400, "UNSUPPORTED"),
        WrongRequest(.get, "/v2/%ff/tags/list", is: 400, "UNSUPPORTED"),
        WrongRequest(.post, "/v2/known/tags/list", is: 405, "UNSUPPORTED"),
        WrongRequest(.get, "/v2/known/blobs/uploads/", is: 405, "UNSUPPORTED"),
        WrongRequest(.patch, "/v2/known/manifests/v1", is: 405, "UNSUPPORTED"),
    ]
}

@Suite("answers of the embedded registry")
struct RegistryResponseTests {
    private static let index = RegistrySample("index", seed: 30) { $0.index([]) }.manifests[0]

    @Test(
        "a wrong request gets its status and code, and changes nothing", arguments: WrongRequest.all
    )
    func errors(wrong: WrongRequest) async throws {
        try await withRegistry { client in
            try await client.push([], as: Digest(of: [], by: .sha256), to: "known")
            let answer = try await client.send(
                wrong.method, wrong.path, wrong.headers, body: wrong.body)
            #expect(answer.status.code == wrong.status)
            #expect(try answer.codes() == [wrong.code])
            #expect(answer.headers[.contentType] == "application/json")
            let tags = try await client.send(.get, "/v2/known/tags/list")
            #expect(try tags.json()["tags"]?.array == [])
        }
    }

    @Test("a manifest over the limit is refused before it is kept")
    func largeManifest() async throws {
        try await withRegistry { client in
            let large = Array(repeating: UInt8(ascii: " "), count: Limits.manifestBytes + 1)
            let answer = try await client.send(.put, "/v2/known/manifests/v1", body: large)
            #expect(answer.status == .contentTooLarge)
            #expect(try answer.codes() == ["MANIFEST_INVALID"])
        }
    }

    @Test("a chunk whose lengths disagree is refused and leaves the upload as it was")
    func chunkLengths() async throws {
        try await withRegistry { client in
            let place = try await client.beginUpload(in: "known")
            try await client.send(.patch, place, ["Content-Range": "0-2"], body: [1, 2, 3])
            let short = try await client.send(
                .patch, place, ["Content-Range": "3-9"], body: [4])
            #expect(short.status == .badRequest)
            #expect(try short.codes() == ["SIZE_INVALID"])
            let nonsense = try await client.send(
                .patch, place, ["Content-Range": "nine"], body: [4])
            #expect(nonsense.status == .rangeNotSatisfiable)
            #expect(try nonsense.codes() == ["BLOB_UPLOAD_INVALID"])
            #expect(try await client.send(.get, place).headers[.range] == "0-2")
            let digest = Digest(of: [1, 2, 3], by: .sha512)
            let without = try await client.send(.put, place)
            #expect(try without.codes() == ["DIGEST_INVALID"])
            #expect(try await client.send(.put, "\(place)?digest=\(digest)").status == .created)
        }
    }

    @Test("an upload belongs to its repository")
    func uploadOfAnotherRepository() async throws {
        try await withRegistry { client in
            let place = try await client.beginUpload(in: "mine")
            let theirs = place.replacing("/mine/", with: "/theirs/")
            #expect(try await client.send(.get, theirs).status == .notFound)
            #expect(try await client.send(.patch, theirs, body: [1]).status == .notFound)
            #expect(try await client.send(.delete, theirs).status == .notFound)
            #expect(try await client.send(.get, place).status == .noContent)
        }
    }

    @Test("a manifest without a mediaType keeps the one it was pushed with")
    func declaredMediaType() async throws {
        try await withRegistry { client in
            let type = MediaType.dockerManifestList.description
            let answer = try await client.send(
                .put, "/v2/known/manifests/v1", ["Content-Type": type],
                body: Array(WrongRequest.empty.utf8))
            #expect(answer.status == .created)
            let pulled = try await client.send(.get, "/v2/known/manifests/v1")
            #expect(pulled.headers[.contentType] == type)
        }
    }

    // MARK: Paging

    @Test("tags come in pages with links, in the order of their bytes")
    func tagPages() async throws {
        try await withRegistry { client in
            let names = ["B", "a", "a-1", "a.2", "b", "v10", "v9"]
            let query = names.map { "tag=\($0)" }.joined(separator: "&")
            let pushed = try await client.push(
                Self.index, at: "\(Self.index.digest)?\(query)", to: "known")
            #expect(pushed.status == .created)
            var found: [String] = []
            var next: String? = "/v2/known/tags/list?n=3"
            var pages = 0
            while let page = next {
                let answer = try await client.send(.get, page)
                #expect(try answer.json()["name"]?.string == "known")
                found += try answer.json()["tags"]?.array?.compactMap(\.string) ?? []
                next = linkTarget(answer)
                pages += 1
            }
            #expect(found == names && pages == 3)
            let none = try await client.send(.get, "/v2/known/tags/list?n=0")
            #expect(try none.json()["tags"]?.array == [] && linkTarget(none) == nil)
        }
    }

    @Test("repositories come in pages with links, nested ones too")
    func catalogPages() async throws {
        try await withRegistry { client in
            let names = ["a", "a/b", "a/b/blobs", "a/manifests", "z/tags"]
            for name in names {
                #expect(try await client.push(Self.index, at: "v1", to: name).status == .created)
                #expect(try await client.send(.get, "/v2/\(name)/tags/list").status == .ok)
            }
            var found: [String] = []
            var next: String? = "/v2/_catalog?n=2"
            while let page = next {
                let answer = try await client.send(.get, page)
                found += try answer.json()["repositories"]?.array?.compactMap(\.string) ?? []
                next = linkTarget(answer)
            }
            #expect(found == names)
        }
    }

    @Test("referrers come in pages, filtered or not", arguments: [nil, sampleType])
    func referrerPages(type: String?) async throws {
        let sample = RegistrySample("referrers", seed: 31) { sample in
            let subject = sample.index([])
            for number in 0..<5 {
                sample.index(
                    [],
                    .init(
                        artifactType: number == 2 ? "other/type" : sampleType, subject: subject,
                        annotations: ["n": "\(number)"]))
            }
        }
        let filter = type.map { "&artifactType=\($0.replacing("+", with: "%2B"))" } ?? ""
        try await withRegistry { client in
            for manifest in sample.manifests {
                let answer = try await client.push(
                    manifest, at: manifest.digest.description, to: "known")
                #expect(answer.status == .created)
            }
            var found: [String] = []
            var next: String? =
                "/v2/known/referrers/\(sample.manifests[0].digest)?n=2\(filter)"
            while let page = next {
                let answer = try await client.send(.get, page)
                #expect((answer.header("OCI-Filters-Applied") != nil) == (type != nil))
                let list = try answer.json()["manifests"]?.array ?? []
                #expect(list.count <= 2)
                found += list.compactMap { $0["digest"]?.string }
                next = linkTarget(answer)
            }
            let wanted = sample.manifests.dropFirst().filter {
                type == nil || $0.artifactType == type
            }
            #expect(found == wanted.map(\.digest.description).sorted())
        }
    }

    @Test("a list of referrers over 4 MiB comes in pages by itself")
    func heavyReferrers() async throws {
        let sample = RegistrySample("heavy", seed: 32) { sample in
            let subject = sample.index([])
            for number in 0..<3 {
                let weight = String(repeating: "\(number)", count: 2 * Limits.mebibyte)
                sample.index([], .init(subject: subject, annotations: ["w": weight]))
            }
        }
        try await withRegistry { client in
            for manifest in sample.manifests {
                _ = try await client.push(
                    manifest, at: manifest.digest.description, to: "known")
            }
            let path = "/v2/known/referrers/\(sample.manifests[0].digest)"
            var counts: [Int] = []
            var next: String? = path
            while let page = next {
                let answer = try await client.send(.get, page)
                counts.append(try answer.json()["manifests"]?.array?.count ?? 0)
                next = linkTarget(answer)
            }
            #expect(counts == [1, 1, 1])
        }
    }

    // MARK: Ranges

    @Test(
        "a range of a blob",
        arguments: [
            ("bytes=500-1499", 206, 500..<1_500), ("bytes=500-", 206, 500..<2_048),
            ("bytes=-500", 206, 1_548..<2_048), ("bytes=2000-5000", 206, 2_000..<2_048),
            ("bytes=0-0", 206, 0..<1), ("bytes=-5000", 206, 0..<2_048),
            ("bytes=500-0", 416, 0..<0), ("bytes=5000-10000", 416, 0..<0),
            ("bytes=2048-", 416, 0..<0), ("bytes=-0", 416, 0..<0), ("bytes=x-9", 416, 0..<0),
            ("bytes=99999999999999999999-", 416, 0..<0),
            ("bytes=0-1,4-5", 200, 0..<2_048), ("lines=1-2", 200, 0..<2_048),
        ])
    func ranges(range: String, status: Int, part: Range<Int>) async throws {
        try await withRegistry { client in
            var dice = TrialDice(seed: 40)
            let blob = dice.bytes(2_048)
            let digest = Digest(of: blob, by: .sha256)
            try await client.push(blob, as: digest, to: "known")
            let answer = try await client.send(
                .get, "/v2/known/blobs/\(digest)", ["Range": range])
            #expect(answer.status.code == status)
            switch status {
            case 206:
                #expect(answer.bytes == Array(blob[part]))
                let last = part.upperBound - 1
                #expect(answer.headers[.contentRange] == "bytes \(part.lowerBound)-\(last)/2048")
            case 416: #expect(answer.headers[.contentRange] == "bytes */2048")
            default: #expect(answer.bytes == blob)
            }
        }
    }

    @Test("a blob of several chunks comes whole, and in part across chunks")
    func largeBlob() async throws {
        try await withRegistry { client in
            let size = 3 * Limits.downloadChunkBytes + 17
            let blob = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) }
            let digest = Digest(of: blob, by: .sha256)
            try await client.push(blob, as: digest, to: "known")
            let path = "/v2/known/blobs/\(digest)"
            #expect(try await client.send(.get, path).bytes == blob)
            let start = Limits.downloadChunkBytes - 5
            let part = try await client.send(
                .get, path, ["Range": "bytes=\(start)-\(start + 9)"])
            #expect(part.bytes == Array(blob[start..<start + 10]))
        }
    }

    // MARK: Switches

    @Test("without the referrers API a registry is one from before 1.1")
    func withoutReferrers() async throws {
        var configuration = RegistryConfiguration.standard
        configuration.referrersAPI = false
        let sample = RegistrySample("subject", seed: 41) { sample in
            sample.index([], .init(subject: sample.index([])))
        }
        try await withRegistry(configuration) { client in
            let manifest = sample.manifests[1]
            let answer = try await client.push(manifest, at: "v1", to: "known")
            #expect(answer.status == .created && answer.header("OCI-Subject") == nil)
            let list = try await client.send(
                .get, "/v2/known/referrers/\(sample.manifests[0].digest)")
            #expect(list.status == .notFound)
        }
    }

    @Test("a registry that accepts no changes serves and refuses")
    func readOnly() async throws {
        let directory = try TrialDirectory()
        try await withRegistry(in: directory) { client in
            let answer = try await client.push(Self.index, at: "v1", to: "known")
            #expect(answer.status == .created)
        }
        var configuration = RegistryConfiguration.standard
        configuration.acceptsChanges = false
        try await withRegistry(configuration, in: directory) { client in
            #expect(try await client.send(.get, "/v2/known/manifests/v1").status == .ok)
            for (method, path) in [
                (HTTPRequest.Method.put, "manifests/v2"), (.delete, "manifests/v1"),
                (.post, "blobs/uploads/"),
            ] {
                let answer = try await client.send(method, "/v2/known/\(path)")
                #expect(answer.status == .methodNotAllowed)
                #expect(try answer.codes() == ["UNSUPPORTED"])
            }
        }
    }

    private func linkTarget(_ answer: TestResponse) -> String? {
        guard let link = answer.header("Link"), link.hasSuffix(">; rel=\"next\"") else {
            return nil
        }
        return String(link.dropFirst().prefix { $0 != ">" })
    }
}
