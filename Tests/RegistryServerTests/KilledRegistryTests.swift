// SPDX-License-Identifier: Apache-2.0
// The built binary, killed while clients push: what it acknowledged is there, what is there is whole.

import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import OCI
import Primitives
import Testing

@testable import RegistryServer

@Suite(
    "a registry that is killed",
    .enabled(
        if: ServedDirectory.binary != nil,
        "there is no assay beside the tests and ASSAY_BINARY names none"))
struct KilledRegistryTests {
    @Test(
        "nothing that was acknowledged is lost and nothing half is shown",
        arguments: [1, 2, 3, 4, 5])
    func survivesKills(seed: UInt64) async throws {
        let directory = try TrialDirectory()
        let ledger = PushLedger()
        var dice = TrialDice(seed: seed)
        for round in 0..<4 {
            let server = try ServedDirectory(directory)
            await ledger.expectKill(after: Int.random(in: 1...60, using: &dice))
            await withTaskGroup(of: Void.self) { group in
                for client in 0..<4 {
                    let pusher = Pusher(
                        name: "r\(round)c\(client)", ledger: ledger, server: server)
                    let seed = dice.next()
                    group.addTask { await pusher.push(images: 5, seed: seed) }
                }
            }
            server.kill()
        }
        let server = try ServedDirectory(directory)
        defer { server.kill() }
        try await check(server, ledger)
        #expect(directory.files(below: "temporary") == [])
        for file in directory.files(below: "blobs") {
            let parts = file.split(separator: "/")
            let content = try Data(
                contentsOf: URL(fileURLWithPath: "\(directory.path)/blobs/\(file)"))
            let algorithm = try #require(HashAlgorithm(registered: String(parts[0])))
            #expect(Digest(of: content, by: algorithm).hex == String(parts[2]))
        }
    }

    /// Everything acknowledged is there, and everything that is there is whole.
    private func check(_ server: ServedDirectory, _ ledger: PushLedger) async throws {
        let connection = try await server.connect()
        let catalog = try await connection.get("/v2/_catalog").document()
        for repository in catalog["repositories"]?.array?.compactMap(\.string) ?? [] {
            let list = try await connection.get("/v2/\(repository)/tags/list").document()
            for tag in list["tags"]?.array?.compactMap(\.string) ?? [] {
                let answer = try await connection.get("/v2/\(repository)/manifests/\(tag)")
                #expect(answer.status == .ok)
                let manifest = try Manifest(parsing: answer.bytes, as: nil)
                for blob in manifest.blobs {
                    let content = try await connection.get("/v2/\(repository)/blobs/\(blob.digest)")
                    #expect(Digest(of: content.bytes, by: .sha256) == blob.digest)
                }
            }
        }
        let acknowledged = await ledger.acknowledged
        #expect(!acknowledged.isEmpty)
        for (path, digest) in acknowledged {
            let answer = try await connection.get(path)
            #expect(answer.status == .ok, "\(path) was acknowledged and is gone")
            #expect(Digest(of: answer.bytes, by: .sha256) == digest)
        }
        try await connection.shutdown()
    }
}

/// What the server said it has, and when it is to be killed.
private actor PushLedger {
    private(set) var acknowledged: [String: Digest] = [:]
    private var answersLeft = 0

    func expectKill(after answers: Int) { answersLeft = answers }

    func note(_ path: String, _ digest: Digest) { acknowledged[path] = digest }

    /// Counts an answer; true once, when it was the last one the server should give.
    func isLastAnswer() -> Bool {
        answersLeft -= 1
        return answersLeft == 0
    }
}

/// One client that pushes small images until it is done or the server is dead.
private struct Pusher: Sendable {
    let name: String
    let ledger: PushLedger
    let server: ServedDirectory

    func push(images: Int, seed: UInt64) async {
        var dice = TrialDice(seed: seed)
        guard let connection = try? await server.connect() else { return }
        for number in 0..<images {
            let config = dice.bytes(200)
            let layer = dice.bytes(Int.random(in: 1...200_000, using: &dice))
            let inChunks = Bool.random(using: &dice)
            do {
                try await push(config, inChunks: false, connection)
                try await push(layer, inChunks: inChunks, connection)
                try await pushManifest(config, layer, tag: "\(name)-\(number)", connection)
            } catch {
                break
            }
        }
        try? await connection.shutdown()
    }

    private var repository: String { "killed/\(name.suffix(2))" }

    private func push(_ blob: [UInt8], inChunks: Bool, _ connection: TestClient) async throws {
        let digest = Digest(of: blob, by: .sha256)
        let begun = try await send(.post, "/v2/\(repository)/blobs/uploads/", [], connection)
        let place = try #require(begun.headers[.location])
        var rest = blob[...]
        if inChunks {
            for _ in 0..<3 {
                let chunk = Array(rest.prefix(blob.count / 4))
                _ = try await send(.patch, place, chunk, connection)
                rest = rest.dropFirst(chunk.count)
            }
        }
        let answer = try await send(
            .put, "\(place)?digest=\(digest)", Array(rest), connection)
        guard answer.status == .created else { return }
        await ledger.note("/v2/\(repository)/blobs/\(digest)", digest)
    }

    private func pushManifest(
        _ config: [UInt8], _ layer: [UInt8], tag: String, _ connection: TestClient
    ) async throws {
        let image = ImageManifest(
            config: Descriptor(of: config, as: .ociConfig),
            layers: [Descriptor(of: layer, as: .ociLayerGzip)])
        let manifest = try image.manifest()
        let path = "/v2/\(repository)/manifests/\(tag)"
        let answer = try await send(.put, path, manifest.bytes, connection)
        #expect(answer.status == .created)
        await ledger.note(path, manifest.digest)
        await ledger.note("/v2/\(repository)/manifests/\(manifest.digest)", manifest.digest)
    }

    private func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: [UInt8], _ connection: TestClient
    ) async throws -> TestClient.Response {
        let answer = try await connection.execute(
            TestClient.Request(
                path, method: method, authority: "localhost", headers: [:],
                body: ByteBuffer(bytes: body)))
        if await ledger.isLastAnswer() { server.kill() }
        return answer
    }
}

/// The built binary, serving a folder on a port of its own.
private final class ServedDirectory: Sendable {
    /// `ASSAY_BINARY`, or `assay` in the folder of the test bundle.
    static let binary: String? = {
        let named = ProcessInfo.processInfo.environment["ASSAY_BINARY"]
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        let candidates = [named, bundle.appendingPathComponent("assay").path].compactMap { $0 }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    private let process: Process
    private let port: Int

    init(_ directory: TrialDirectory) throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.binary))
        process.arguments = ["registry", "serve", directory.path, "--listen", "127.0.0.1:0"]
        let said = Pipe()
        process.standardError = said
        try process.run()
        var text = ""
        while !text.contains("\n") {
            let more = said.fileHandleForReading.availableData
            try #require(!more.isEmpty, "the binary ended without an address: \(text)")
            text += String(decoding: more, as: UTF8.self)
        }
        let line = try #require(text.split(separator: "\n").first { $0.contains("http://") })
        port = try #require(line.split(separator: ":").last.flatMap { Int($0) })
    }

    func connect() async throws -> TestClient {
        let client = TestClient(host: "127.0.0.1", port: port)
        client.connect()
        _ = try await client.getChannel()
        return client
    }

    func kill() {
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }
}

extension TestClient.Response {
    fileprivate var bytes: [UInt8] { body.map { Array($0.readableBytesView) } ?? [] }

    fileprivate func document() throws -> JSONValue {
        try JSONValue(parsing: bytes, named: "the answer")
    }
}
