// SPDX-License-Identifier: Apache-2.0
// A registry on a folder of its own, and a client that speaks to it over loopback.

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import OCI
import Primitives
import Testing

@testable import RegistryServer

/// A folder that is gone when the test is over.
final class TrialDirectory: Sendable {
    let path: String

    init() throws {
        let parent = FileManager.default.temporaryDirectory
        path = parent.appendingPathComponent("assay-registry-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Paths of all files below, relative to the folder.
    func files(below place: String) -> [String] {
        let all = FileManager.default.enumerator(atPath: "\(path)/\(place)")
        return (all?.allObjects as? [String] ?? []).filter {
            let values = try? URL(fileURLWithPath: "\(path)/\(place)/\($0)")
                .resourceValues(forKeys: [.isRegularFileKey])
            return values?.isRegularFile == true
        }
    }

    func store(at seconds: Int = trialTime) throws -> RegistryStore {
        try RegistryStore(directory: path, now: Timestamp(seconds: seconds))
    }
}

/// The present as far as these tests go; files made by them are about this old or younger.
let trialTime = Int(Date().timeIntervalSince1970)

/// Speaks HTTP to one registry.
struct TrialClient: Sendable {
    let http: any TestClientProtocol

    @discardableResult
    func send(
        _ method: HTTPRequest.Method, _ path: String, _ headers: [String: String] = [:],
        body: [UInt8]? = nil
    ) async throws -> TestResponse {
        var fields = HTTPFields()
        for (name, value) in headers {
            fields[try #require(HTTPField.Name(name))] = value
        }
        return try await http.executeRequest(
            uri: path, method: method, headers: fields, body: body.map { ByteBuffer(bytes: $0) })
    }

    /// Pushes a blob by POST and PUT.
    func push(_ blob: [UInt8], as digest: Digest, to repository: String) async throws {
        let place = try await beginUpload(in: repository)
        let answer = try await send(.put, "\(place)?digest=\(digest)", body: blob)
        try #require(answer.status == .created)
    }

    func beginUpload(in repository: String) async throws -> String {
        let answer = try await send(.post, "/v2/\(repository)/blobs/uploads/")
        try #require(answer.status == .accepted)
        return try #require(answer.headers[.location])
    }

    func push(_ manifest: SampleManifest, at reference: String, to repository: String)
        async throws -> TestResponse
    {
        try await send(
            .put, "/v2/\(repository)/manifests/\(reference)", ["Content-Type": manifest.type],
            body: manifest.bytes)
    }
}

/// Runs a test against a registry that listens on loopback.
func withRegistry(
    _ configuration: RegistryConfiguration = .standard, in directory: TrialDirectory? = nil,
    _ test: @escaping @Sendable (TrialClient) async throws -> Void
) async throws {
    let directory = try directory ?? TrialDirectory()
    let store = try directory.store()
    defer { store.close() }
    let server = EmbeddedRegistry(
        store: store, configuration: configuration, listen: .anyLocalPort, logger: quietLogger)
    let application = server.application { _ in }
    try await application.test(.live) { client in
        try await test(TrialClient(http: client))
    }
}

let quietLogger: Logger = {
    var logger = Logger(label: "trial")
    logger.logLevel = .critical
    return logger
}()

extension TestResponse {
    var bytes: [UInt8] { Array(body.readableBytesView) }

    func json() throws -> JSONValue { try JSONValue(parsing: bytes, named: "the answer") }

    /// The code of each error in the document.
    func codes() throws -> [String] {
        try json()["errors"]?.array?.compactMap { $0["code"]?.string } ?? []
    }

    func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
}

/// Randomness that repeats (SplitMix64).
struct TrialDice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &+ 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}
