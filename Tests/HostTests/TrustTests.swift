// SPDX-License-Identifier: Apache-2.0
// An update repository behind HTTP, and the folder that keeps what it said.

import Foundation
import HTTPTypes
import OCI
import Primitives
import Registry
import Synchronization
import TUF
import TestSupport
import Testing

@testable import Host

/// Gives one answer to everything, and remembers what was asked.
private final class CannedTransport: Transport {
    let status: Int
    let chunks: [[UInt8]]
    let asked = Mutex<[String]>([])
    /// Chunks that were pulled.
    let pulled = Mutex(0)

    init(status: Int, chunks: [[UInt8]] = [Array("{}".utf8)]) {
        self.status = status
        self.chunks = chunks
    }

    func send(_ request: HTTPRequest, body: RequestBody, within seconds: Int) async throws
        -> TransportResponse
    {
        asked.withLock {
            $0.append("\(request.scheme ?? "")://\(request.authority ?? "")\(request.path ?? "")")
        }
        return TransportResponse(
            head: HTTPResponse(status: .init(code: status)),
            body: ByteStream { [self] in
                pulled.withLock { place in
                    defer { place += 1 }
                    return place < chunks.count ? chunks[place] : nil
                }
            })
    }
}

@Suite("update repositories behind HTTP")
struct TrustRepositoryTests {
    private func repository(
        _ transport: CannedTransport, at address: String = "https://example.com/tuf"
    ) throws -> TrustRepository {
        try TrustRepository(
            metadata: address, targets: "\(address)/targets", transport: transport,
            userAgent: "test")
    }

    @Test("what is there comes as it is")
    func there() async throws {
        let transport = CannedTransport(status: 200, chunks: [[1], [2, 3]])
        let repository = try repository(transport)
        #expect(try await repository.fetch(.metadata("1.root.json"), atMost: 3) == [1, 2, 3])
    }

    @Test("what is not there is nothing, however a server says so", arguments: [404, 403])
    func notThere(_ status: Int) async throws {
        let repository = try repository(CannedTransport(status: status))
        #expect(try await repository.fetch(.metadata("2.root.json"), atMost: 9) == nil)
    }

    @Test(
        "any other answer says nothing about the file",
        arguments: [400, 401, 407, 408, 410, 429, 500, 502, 503, 204, 206])
    func noAnswer(_ status: Int) async throws {
        let repository = try repository(CannedTransport(status: status))
        await expectFailure(.unavailable, "\(status)") {
            _ = try await repository.fetch(.metadata("2.root.json"), atMost: 9)
        }
    }

    @Test("redirects are not followed", arguments: [301, 302, 307, 308])
    func redirect(_ status: Int) async throws {
        let transport = CannedTransport(status: status)
        let repository = try repository(transport)
        await expectFailure(.unavailable, "redirects are not followed") {
            _ = try await repository.fetch(.target("x"), atMost: 9)
        }
        #expect(transport.asked.withLock { $0.count } == 1)
    }

    @Test("an endless answer is cut off at the limit")
    func endless() async throws {
        let transport = CannedTransport(
            status: 200, chunks: Array(repeating: [UInt8](repeating: 0, count: 100), count: 1_000))
        let repository = try repository(transport)
        await expectFailure(.overLimit, "more than 250 bytes") {
            _ = try await repository.fetch(.metadata("timestamp.json"), atMost: 250)
        }
        #expect(transport.pulled.withLock { $0 } == 3)
    }

    @Test(
        "files are below the address, with a slash between",
        arguments: [
            "https://example.com/tuf", "https://example.com/tuf/", "https://example.com/tuf?x",
        ])
    func addresses(_ address: String) async throws {
        let transport = CannedTransport(status: 200)
        let repository = try TrustRepository(
            metadata: address, targets: "http://127.0.0.1:8080", transport: transport,
            userAgent: "test")
        _ = try await repository.fetch(.metadata("1.a%2Fb.json"), atMost: 9)
        _ = try await repository.fetch(.target("a/b"), atMost: 9)
        #expect(
            transport.asked.withLock { $0 }
                == ["https://example.com/tuf/1.a%2Fb.json", "http://127.0.0.1:8080/a/b"])
    }

    @Test(
        "an address that is none is refused", arguments: ["", "ftp://x", "file:///etc", "https://"])
    func badAddress(_ address: String) async {
        await expectFailure(.malformed, "address") {
            _ = try TrustRepository(
                metadata: address, targets: nil, transport: CannedTransport(status: 200),
                userAgent: "test")
        }
    }

    @Test("without an address for target files none can be fetched")
    func noTargets() async throws {
        let repository = try TrustRepository(
            metadata: "https://example.com", targets: nil,
            transport: CannedTransport(status: 200), userAgent: "test")
        await expectFailure(.usage, "target files") {
            _ = try await repository.fetch(.target("x"), atMost: 9)
        }
    }
}

@Suite("the folder of an update")
struct TrustDirectoryTests {
    @Test("what is kept comes back, and what is not is nothing")
    func roundTrip() throws {
        let place = try TemporaryDirectory()
        let directory = try TrustDirectory(metadata: place.file("m"), targets: place.file("t"))
        #expect(try directory.metadata(of: "root") == nil)
        #expect(try directory.target("file") == nil)
        try directory.keep([1], asMetadataOf: "root")
        try directory.keep([2], asMetadataOf: "root")
        try directory.keep([3], asTarget: "file")
        #expect(try directory.metadata(of: "root") == [2])
        #expect(try directory.target("file") == [3])
        #expect(try place.read("m/root.json") == [2])
        #expect(try directory.root(version: 1) == nil)
        try directory.keep([4], asRootVersion: 1)
        #expect(try directory.root(version: 1) == [4])
        #expect(try directory.root(version: 2) == nil)
        try directory.forgetMetadata(of: "root")
        try directory.forgetMetadata(of: "root")
        #expect(try directory.metadata(of: "root") == nil)
    }

    @Test(
        "no name leads out of the folder (CVE-2026-24137, CVE-2021-41131)",
        arguments: [
            "../x", "/x", "a/b", "..", ".", ".hidden", "../../../../etc/x", "a\0b", "%2e%2e/x",
            "..\\x", "~", "-", " ", "ü/../x", "x\n",
        ])
    func names(_ name: String) throws {
        let place = try TemporaryDirectory()
        let directory = try TrustDirectory(metadata: place.file("m"), targets: place.file("t"))
        try directory.keep([1], asMetadataOf: name)
        try directory.keep([2], asTarget: name)
        #expect(try directory.metadata(of: name) == [1])
        #expect(try directory.target(name) == [2])
        let files = try FileManager.default.subpathsOfDirectory(atPath: place.path)
        #expect(files.count == 4, "\(files)")
        #expect(files.allSatisfy { $0.split(separator: "/").count <= 2 })
        #expect(!files.contains { $0.hasPrefix("t/.") }, "\(files)")
    }

    @Test("two names are two files")
    func distinct() throws {
        let place = try TemporaryDirectory()
        let directory = try TrustDirectory(metadata: place.file("m"), targets: place.file("t"))
        let names = ["a/b", "a%2Fb", "a%252Fb", "a_b", "A/B", ".a", "%2Ea"]
        for (number, name) in names.enumerated() {
            try directory.keep([UInt8(number)], asTarget: name)
            try directory.keep([UInt8(number)], asMetadataOf: name)
        }
        for (number, name) in names.enumerated() {
            #expect(try directory.target(name) == [UInt8(number)])
            #expect(try directory.metadata(of: name) == [UInt8(number)])
        }
    }

    @Test("a link is not followed: neither read nor written through")
    func links() throws {
        let place = try TemporaryDirectory()
        try place.write("secret", to: "elsewhere")
        let directory = try TrustDirectory(metadata: place.file("m"), targets: place.file("t"))
        try place.link("t/file", to: place.file("elsewhere"))
        #expect(try directory.target("file") == nil)
        try directory.keep([1], asTarget: "file")
        #expect(try place.read("elsewhere") == Array("secret".utf8))
        #expect(try directory.target("file") == [1])
    }

    @Test("a file larger than metadata may be was not kept by us")
    func tooLarge() throws {
        let place = try TemporaryDirectory()
        let directory = try TrustDirectory(metadata: place.file("m"), targets: nil)
        try place.write(
            String(repeating: " ", count: Limits.targetsMetadataBytes + 1), to: "m/root.json")
        #expect(try directory.metadata(of: "root") == nil)
    }

    @Test("one update at a time has the folder")
    func lock() async throws {
        let place = try TemporaryDirectory()
        let path = place.file("m")
        try TrustDirectory(metadata: path, targets: nil).keep([0], asMetadataOf: "counter")
        try await withThrowingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    let directory = try TrustDirectory(metadata: path, targets: nil)
                    try await directory.whileLocked {
                        let count = try directory.metadata(of: "counter")?.first ?? 0
                        await Task.yield()
                        try directory.keep([count + 1], asMetadataOf: "counter")
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try TrustDirectory(metadata: path, targets: nil).metadata(of: "counter") == [8])
    }

    @Test("the lock is let go of when the work fails")
    func failing() async throws {
        let place = try TemporaryDirectory()
        let directory = try TrustDirectory(metadata: place.file("m"), targets: nil)
        await expectFailure(.usage, "on purpose") {
            try await directory.whileLocked {
                throw Failure(.usage, "on purpose", because: "this test says so")
            }
        }
        #expect(try await directory.whileLocked { 1 } == 1)
    }
}
