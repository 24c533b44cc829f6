// SPDX-License-Identifier: Apache-2.0
// Trust stores in memory: what they believe, what they import, and what an update changes.

import Primitives
import Signing
import SimulatedUpdates
import Synchronization
import TUF
import Testing

@testable import Workflows

/// A cache in memory that counts who locks it.
private final class MemoryCache: SharedTrustCache {
    private let cache = SimulatedCache()
    private let count = Mutex(0)

    var locks: Int { count.withLock { $0 } }

    func whileLocked<Result>(_ work: () async throws -> Result) async throws -> Result {
        count.withLock { $0 += 1 }
        return try await work()
    }

    func metadata(of role: String) throws(Failure) -> [UInt8]? { try cache.metadata(of: role) }
    func keep(_ bytes: [UInt8], asMetadataOf role: String) throws(Failure) {
        try cache.keep(bytes, asMetadataOf: role)
    }
    func forgetMetadata(of role: String) throws(Failure) { try cache.forgetMetadata(of: role) }
    func root(version: Int) throws(Failure) -> [UInt8]? { try cache.root(version: version) }
    func keep(_ bytes: [UInt8], asRootVersion version: Int) throws(Failure) {
        try cache.keep(bytes, asRootVersion: version)
    }
    func target(_ path: String) throws(Failure) -> [UInt8]? { try cache.target(path) }
    func keep(_ bytes: [UInt8], asTarget path: String) throws(Failure) {
        try cache.keep(bytes, asTarget: path)
    }
}

/// The files of a store in memory.
private final class MemoryStorage: TrustStorage {
    let name = "/trust"
    let files = Mutex<[TrustStoreFile: [UInt8]]>([:])
    let caches = Mutex<[String: MemoryCache]>([:])
    let fault = Mutex<Failure?>(nil)

    func read(_ file: TrustStoreFile) throws(Failure) -> [UInt8] {
        if let fault = fault.withLock({ $0 }) { throw fault }
        guard let bytes = files.withLock({ $0[file] }) else {
            throw Failure(.notFound, "cannot read it", because: "it is not there")
        }
        return bytes
    }

    func write(_ bytes: [UInt8], as file: TrustStoreFile) throws(Failure) {
        files.withLock { $0[file] = bytes }
    }

    func repositoryCache(_ name: String, creating: Bool) throws(Failure) -> MemoryCache? {
        caches.withLock { caches in
            if caches[name] == nil, creating { caches[name] = MemoryCache() }
            return caches[name]
        }
    }
}

@Suite("trust stores")
struct TrustStoreTests {
    private let storage = MemoryStorage()
    private var store: TrustStore<MemoryStorage> { TrustStore(storage: storage, isNamed: false) }
    private var world: UpdateWorld
    private let repository: UpdateRepository

    init() throws {
        world = try UpdateWorld()
        world.add(PublicGoodInstance.trustedRoot, as: "trusted_root.json")
        try world.release()
        repository = UpdateRepository(mirror: "https://tuf.example", root: world.shippedRoot)
    }

    private func update(from root: [UInt8]?) async throws -> TrustUpdate {
        try await store.update(repository, from: root, by: world.server, at: world.now)
    }

    private func clientTrustConfiguration() throws -> [UInt8] {
        try TrustedMaterial.shipped().clientTrustConfiguration().compactBytes
    }

    private func isShipped(_ material: TrustedMaterial) -> Bool {
        if case .shipped = material.origin { true } else { false }
    }

    @Test("an empty store believes what came with Assay, unless the user named it")
    func empty() async throws {
        #expect(try store.source() == nil)
        #expect(try store.followedRepository() == nil)
        #expect(isShipped(try await store.material(at: world.now)))
        let named = TrustStore(storage: storage, isNamed: true)
        let failure = await #expect(throws: Failure.self) {
            try await named.material(at: world.now)
        }
        #expect(failure?.kind == .notFound)
    }

    @Test("a source that cannot be read does not widen what is believed")
    func unreadable() async throws {
        storage.fault.withLock { $0 = Failure(.denied, "cannot read it", because: "no access") }
        let failure = await #expect(throws: Failure.self) {
            try await store.material(at: world.now)
        }
        #expect(failure?.kind == .denied)
    }

    @Test(
        "a source in another form is refused",
        arguments: [
            "{}", #"{"format":"assay/trust/v2","kind":"imported"}"#,
            #"{"format":"assay/trust/v1","kind":"else"}"#,
            #"{"format":"assay/trust/v1","kind":"repository","mirror":"https://a","folder":"../x"}"#,
            #"{"format":"assay/trust/v1","kind":"imported","from":"f","at":"today"}"#,
        ])
    func forms(text: String) throws {
        try storage.write(Array(text.utf8), as: .source)
        #expect(throws: Failure.self) { try store.source() }
    }

    @Test("what is imported is believed at any age, and has no updates")
    func imported() async throws {
        let content = try clientTrustConfiguration()
        let material = try store.importConfiguration(content, from: "f.json", at: world.now)
        #expect(material.signingConfiguration != nil)
        let later = Timestamp(seconds: world.now.seconds + 1_000_000_000)
        let found = try await store.material(at: later)
        #expect(found.document == material.document)
        #expect(try found.doubts(offline: false) == nil)
        #expect(try store.source() == .imported(from: "f.json", at: world.now))
        let failure = #expect(throws: Failure.self) { try store.followedRepository() }
        #expect(failure?.kind == .usage)
    }

    @Test("an import that cannot be read changes nothing")
    func brokenImport() throws {
        #expect(throws: Failure.self) {
            try store.importConfiguration(Array("{}".utf8), from: "f.json", at: world.now)
        }
        let isEmpty = storage.files.withLock(\.isEmpty)
        #expect(isEmpty)
    }

    @Test("an update is believed afterwards, and says what was there before")
    func updates() async throws {
        let first = try await update(from: world.shippedRoot)
        #expect(first.before == nil)
        #expect(first.material.signingConfiguration == nil)
        #expect(try store.followedRepository() == repository)
        let second = try await update(from: nil)
        #expect(second.before?.state == first.state)
        let material = try await store.material(at: world.now)
        #expect(material.document == Array(PublicGoodInstance.trustedRoot.utf8))
        #expect(try material.doubts(offline: false) == nil)
        let count = storage.caches.withLock(\.count)
        #expect(count == 1)
    }

    @Test("expired metadata is used only by a caller that says so")
    func expired() async throws {
        _ = try await update(from: world.shippedRoot)
        let later = Timestamp(seconds: world.now.seconds + 40 * 86_400)
        let material = try await store.material(at: later)
        let failure = #expect(throws: Failure.self) { try material.doubts(offline: false) }
        #expect(failure?.kind == .unavailable)
        #expect(try material.doubts(offline: true) != nil)
    }

    @Test("an update that fails leaves the source as it was")
    func failedUpdate() async throws {
        let content = try clientTrustConfiguration()
        _ = try store.importConfiguration(content, from: "f.json", at: world.now)
        world.server.contents.withLock { $0.files = [:] }
        await #expect(throws: Failure.self) { try await update(from: world.shippedRoot) }
        #expect(try store.source() == .imported(from: "f.json", at: world.now))
    }

    @Test("a trusted root that cannot be read does not replace one that can")
    func unreadableRoot() async throws {
        _ = try await update(from: world.shippedRoot)
        var other = world
        other.add("{}", as: "trusted_root.json")
        try other.release()
        let elsewhere = UpdateRepository(mirror: "https://other.example", root: other.shippedRoot)
        await #expect(throws: Failure.self) {
            try await store.update(
                elsewhere, from: other.shippedRoot, by: other.server, at: other.now)
        }
        #expect(try store.followedRepository() == repository)
    }

    @Test("metadata that does not fit together is read again while nobody updates it")
    func underWay() async throws {
        _ = try await update(from: world.shippedRoot)
        let kept = storage.caches.withLock { $0.values.first }
        let cache = try #require(kept)
        let before = cache.locks
        try cache.keep(Array("{}".utf8), asMetadataOf: "snapshot")
        await #expect(throws: Failure.self) { try await store.material(at: world.now) }
        #expect(cache.locks == before + 1)
    }

    @Test("a store that names a repository without a cache says so")
    func gone() async throws {
        _ = try await update(from: world.shippedRoot)
        storage.caches.withLock { $0 = [:] }
        let failure = await #expect(throws: Failure.self) {
            try await store.material(at: world.now)
        }
        #expect(failure?.kind == .notFound)
        #expect(failure?.next == "assay trust init")
    }

    @Test("another mirror and another root are other repositories")
    func names() {
        let names = [
            UpdateRepository(mirror: "https://a", root: [1]),
            UpdateRepository(mirror: "https://b", root: [1]),
            UpdateRepository(mirror: "https://a", root: [2]),
        ].map(\.cacheName)
        #expect(Set(names).count == 3)
        #expect(names.allSatisfy { $0.count == 32 })
    }
}
