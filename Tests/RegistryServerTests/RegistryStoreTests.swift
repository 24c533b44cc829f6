// SPDX-License-Identifier: Apache-2.0
// The folder of the embedded registry: restarts, rests of crashes, and who may have it.

import Files
import Foundation
import Glibc
import HTTPTypes
import HummingbirdTesting
import NIOCore
import OCI
import Primitives
import Testing

@testable import RegistryServer

@Suite("the store of the embedded registry")
struct RegistryStoreTests {
    private let repository = try? localRepository("team/app")

    @Test(
        "an upload goes on after a restart", arguments: HashAlgorithm.registered, [0, 1, 700_001])
    func resumes(algorithm: HashAlgorithm, half: Int) async throws {
        let directory = try TrialDirectory()
        var dice = TrialDice(seed: 50)
        let blob = dice.bytes(half) + dice.bytes(100)
        let digest = Digest(of: blob, by: algorithm)
        let kept = KeptPlace()
        try await withRegistry(in: directory) { client in
            let place = try await client.beginUpload(in: "team/app")
            try await client.send(.patch, place, body: Array(blob.prefix(half)))
            await kept.keep(place)
        }
        let place = await kept.place
        try await withRegistry(in: directory) { client in
            let status = try await client.send(.get, place)
            #expect(status.headers[.range] == "0-\(max(0, half - 1))")
            let answer = try await client.send(
                .put, "\(place)?digest=\(digest)", ["Content-Range": "\(half)-\(half + 99)"],
                body: Array(blob.suffix(100)))
            #expect(answer.status == .created)
            #expect(
                try await client.send(.get, "/v2/team/app/blobs/\(digest)").bytes == blob)
        }
        #expect(directory.files(below: "uploads") == [])
    }

    @Test(
        "a folder can be served again while a program that is being started has a copy of its lock")
    func inheritedLock() throws {
        let directory = try TrialDirectory()
        var store: RegistryStore? = try directory.store()
        let lock = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").first {
            let target = try? FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/self/fd/\($0)")
            return target == "\(directory.path)/lock"
        }
        // What a child has between its start and its exec, close-on-exec or not.
        let copy = fcntl(try #require(lock.flatMap { Int32($0) }), F_DUPFD_CLOEXEC, 3)
        defer { close(copy) }
        #expect(throws: Failure.self) { try directory.store() }
        withExtendedLifetime(store) {}
        store = nil
        _ = try directory.store()
    }

    @Test(
        "a folder can be served again as soon as the server has ended, whatever still has its store"
    )
    func endedServer() async throws {
        let directory = try TrialDirectory()
        let store = try directory.store()
        let server = EmbeddedRegistry(
            store: store, configuration: .standard, listen: .anyLocalPort, logger: quietLogger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (ports, found) = AsyncStream.makeStream(of: Int.self)
            group.addTask { try? await server.run { found.yield($0.port) } }
            for await _ in ports { break }
            group.cancelAll()
            try await group.waitForAll()
        }
        _ = try directory.store()
        withExtendedLifetime(store) {}
    }

    @Test("everything is still there after a restart")
    func survivesRestart() async throws {
        let directory = try TrialDirectory()
        let sample = RegistrySample.conformance[8]
        try await withRegistry(in: directory) { client in
            for (digest, blob) in sample.blobs {
                try await client.push(blob, as: digest, to: "a/b")
            }
            for manifest in sample.manifests {
                for reference in [manifest.digest.description] + manifest.tags {
                    _ = try await client.push(manifest, at: reference, to: "a/b")
                }
            }
        }
        try await withRegistry(in: directory) { client in
            for manifest in sample.manifests {
                let pulled = try await client.send(.get, "/v2/a/b/manifests/\(manifest.digest)")
                #expect(pulled.bytes == manifest.bytes)
            }
            let subject = try #require(sample.manifests[1].subject)
            let answer = try await client.send(.get, "/v2/a/b/referrers/\(subject)")
            #expect(try answer.json()["manifests"]?.array?.count == 3)
        }
    }

    @Test("content that two repositories have is kept once, and goes with the last of them")
    func sharing() throws {
        let directory = try TrialDirectory()
        let store = try directory.store()
        let first = try #require(repository)
        let second = try localRepository("other")
        let digest = try upload([1, 2, 3], to: first, store)
        _ = try upload([1, 2, 3], to: second, store)
        #expect(directory.files(below: "blobs").count == 1)
        #expect(try store.deleteBlob(digest, in: first))
        #expect(try store.blob(digest, in: first) == nil)
        #expect(try store.blob(digest, in: second) != nil)
        #expect(try store.deleteBlob(digest, in: second))
        #expect(directory.files(below: "blobs") == [])
    }

    @Test(
        "start-up sweeps rests: temporary files, nameless content, lone halves of uploads, old uploads"
    )
    func sweeps() throws {
        let directory = try TrialDirectory()
        do {
            let store = try directory.store()
            let repository = try #require(repository)
            let upload = try #require(
                try store.beginUpload(in: repository, algorithm: .sha256))
            store.release(upload)
        }
        let lone = String(repeating: "a", count: 32)
        let orphan = "blobs/sha256/aa/" + String(repeating: "a", count: 64)
        try FileManager.default.createDirectory(
            atPath: "\(directory.path)/blobs/sha256/aa", withIntermediateDirectories: true)
        for name in ["temporary/rest", "uploads/\(lone).data", "uploads/strange", orphan] {
            try Data([1]).write(to: URL(fileURLWithPath: "\(directory.path)/\(name)"))
        }
        _ = try directory.store()
        #expect(directory.files(below: "temporary") == [])
        #expect(directory.files(below: "blobs") == [])
        #expect(directory.files(below: "uploads").count == 2)
        _ = try directory.store(at: trialTime + Limits.uploadLifetimeSeconds + 3_600)
        #expect(directory.files(below: "uploads") == [])
    }

    @Test("a manifest is listed as a referrer only while it is there")
    func staleReferrer() throws {
        let directory = try TrialDirectory()
        let store = try directory.store()
        let repository = try #require(repository)
        let sample = RegistrySample("referrer", seed: 51) { sample in
            sample.index([], .init(subject: sample.index([])))
        }
        let manifest = try Manifest(parsing: sample.manifests[1].bytes, as: nil)
        let subject = sample.manifests[0].digest
        _ = try store.put(manifest, tags: [], in: repository, requiringBlobs: true)
        #expect(try store.referrer(manifest.digest, of: subject, in: repository) != nil)
        // What a crash between the steps of a push leaves.
        try removeFile(at: store.directory.manifest(manifest.digest, in: repository))
        #expect(try store.referrer(manifest.digest, of: subject, in: repository) == nil)
    }

    @Test("deleting a manifest takes its tags along")
    func deletedTags() throws {
        let directory = try TrialDirectory()
        let store = try directory.store()
        let repository = try #require(repository)
        let sample = RegistrySample("tagged", seed: 52) { $0.index([]) }
        let manifest = try Manifest(parsing: sample.manifests[0].bytes, as: nil)
        let tags = try ["one", "two"].map { try Tag(parsing: $0) }
        _ = try store.put(manifest, tags: tags, in: repository, requiringBlobs: true)
        #expect(try store.tags(of: repository) == tags)
        #expect(try store.deleteManifest(manifest.digest, in: repository))
        #expect(try store.tags(of: repository) == [])
        #expect(directory.files(below: "blobs") == [])
    }

    @Test("a folder is served by one process at a time")
    func lock() throws {
        let directory = try TrialDirectory()
        let store = try directory.store()
        let failure = #expect(throws: Failure.self) { try directory.store() }
        #expect(failure?.kind == .unavailable)
        withExtendedLifetime(store) {}
    }

    @Test("a folder that holds other things is not taken", arguments: ["layout", "letters.txt"])
    func foreignDirectory(name: String) throws {
        let directory = try TrialDirectory()
        try Data("something else".utf8).write(to: URL(fileURLWithPath: "\(directory.path)/\(name)"))
        let failure = #expect(throws: Failure.self) { try directory.store() }
        #expect(failure?.kind == .unsupported)
        #expect(directory.files(below: "") == [name])
    }

    @Test("an upload has one writer at a time")
    func oneWriter() throws {
        let directory = try TrialDirectory()
        let store = try directory.store()
        let repository = try #require(repository)
        let upload = try #require(try store.beginUpload(in: repository, algorithm: .sha256))
        guard case .busy = store.claimUpload(upload.id, in: repository) else {
            Issue.record("a second writer got the upload")
            return
        }
        store.release(upload)
        guard case .claimed = store.claimUpload(upload.id, in: repository) else {
            Issue.record("nobody holds the upload and nobody gets it")
            return
        }
    }

    @Test("pushes to one tag at the same time leave the tag on one whole manifest")
    func concurrentPushes() async throws {
        let directory = try TrialDirectory()
        let store = try directory.store()
        let repository = try #require(repository)
        let tag = try Tag(parsing: "latest")
        let manifests = try (0..<32).map { number in
            let sample = RegistrySample("\(number)", seed: 53) {
                $0.index([], .init(annotations: ["n": "\(number)"]))
            }
            return try Manifest(parsing: sample.manifests[0].bytes, as: nil)
        }
        await withTaskGroup(of: Void.self) { group in
            for manifest in manifests {
                group.addTask {
                    let outcome = try? store.put(
                        manifest, tags: [tag], in: repository, requiringBlobs: true)
                    #expect(outcome == .stored)
                }
            }
        }
        let last = try #require(try store.manifest(.tag(tag), in: repository))
        #expect(manifests.map(\.digest).contains(last.digest))
        for manifest in manifests {
            let found = try #require(
                try store.content(.digest(manifest.digest), in: repository))
            #expect(Array(found.content.readableBytesView) == manifest.bytes)
        }
        #expect(directory.files(below: "temporary") == [])
    }

    @Test("a manifest in memory is never older than the last push or deletion that was answered")
    func recentManifests() async throws {
        let directory = try TrialDirectory()
        try await withRegistry(in: directory) { client in
            let path = "/v2/team/app/manifests/latest"
            let readers = Task {
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            while !Task.isCancelled { _ = try? await client.send(.get, path) }
                        }
                    }
                }
            }
            defer { readers.cancel() }
            for number in 0..<60 {
                let sample = RegistrySample("\(number)", seed: 54) {
                    $0.index([], .init(annotations: ["n": "\(number)"]))
                }
                let manifest = sample.manifests[0]
                let pushed = try await client.push(manifest, at: "latest", to: "team/app")
                #expect(pushed.status == .created)
                for _ in 0..<2 {
                    #expect(try await client.send(.get, path).bytes == manifest.bytes)
                }
                let head = try await client.send(.head, path)
                #expect(head.header("Docker-Content-Digest") == manifest.digest.description)
                let place = "/v2/team/app/manifests/\(manifest.digest)"
                guard number % 3 == 0 else { continue }
                #expect(try await client.send(.get, place).status == .ok)
                #expect(try await client.send(.delete, place).status == .accepted)
                for gone in [place, path] {
                    #expect(try await client.send(.get, gone).status == .notFound)
                    #expect(try await client.send(.head, gone).status == .notFound)
                }
            }
        }
    }

    @Test("manifests in memory have a limit, and what is not kept is read again")
    func recentManifestsLimits() throws {
        let recent = RecentManifests()
        let repository = try #require(repository)
        func key(_ name: String) throws -> RecentManifests.Key {
            RecentManifests.Key(repository: repository, reference: .tag(try Tag(parsing: name)))
        }
        func keep(_ name: String, _ size: Int, changes: Int) throws {
            let content = ByteBuffer(repeating: 1, count: size)
            let manifest = StoredManifest(
                digest: Digest(of: [1], by: .sha256), mediaType: "m", size: size)
            recent.keep(manifest, content, at: try key(name), changes: changes)
        }
        try keep("large", Limits.recentManifestBytes + 1, changes: 0)
        #expect(try recent.manifest(at: key("large")) == nil)
        try keep("small", 1, changes: 0)
        #expect(try recent.manifest(at: key("small"))?.manifest.size == 1)
        let fitting = Limits.recentManifestsBytes / Limits.recentManifestBytes
        for number in 0..<fitting { try keep("n\(number)", Limits.recentManifestBytes, changes: 0) }
        #expect(try recent.manifest(at: key("small")) == nil)
        #expect(try recent.manifest(at: key("n\(fitting - 1)")) != nil)
        recent.forget()
        #expect(try recent.manifest(at: key("n\(fitting - 1)")) == nil)
        try keep("late", 1, changes: 0)
        #expect(try recent.manifest(at: key("late")) == nil)
        for number in 0...Limits.recentManifests { try keep("m\(number)", 1, changes: 1) }
        #expect(try recent.manifest(at: key("m0")) == nil)
        #expect(try recent.manifest(at: key("m\(Limits.recentManifests)")) != nil)
    }

    private func upload(_ blob: [UInt8], to repository: Repository, _ store: RegistryStore)
        throws -> Digest
    {
        var upload = try #require(try store.beginUpload(in: repository, algorithm: .sha256))
        try upload.append([ByteBuffer(bytes: blob)], to: try store.openFile(of: upload))
        let digest = Digest(of: blob, by: .sha256)
        #expect(try store.finish(upload, as: digest) == digest)
        return digest
    }
}

/// Carries an address from one server's life to the next.
private actor KeptPlace {
    private(set) var place = ""

    func keep(_ place: String) { self.place = place }
}

@Suite("addresses and routes of the embedded registry")
struct RegistryRouteTests {
    @Test(
        "a listen address",
        arguments: [
            ("127.0.0.1:5000", "127.0.0.1:5000"), ("[::1]:0", "[::1]:0"),
            (":5000", "127.0.0.1:5000"), ("localhost:80", "localhost:80"),
            ("0.0.0.0:65535", "0.0.0.0:65535"),
        ])
    func reads(text: String, expected: String) throws {
        #expect(try ListenAddress(parsing: text).description == expected)
    }

    @Test(
        "a text that is no listen address",
        arguments: ["", "5000", "::1:5000", "a:65536", "a:-1", "a:"])
    func refuses(text: String) {
        #expect(throws: Failure.self) { try ListenAddress(parsing: text) }
    }

    @Test("an address that cannot be taken is a failure that says so")
    func refusesAddress() async throws {
        let directory = try TrialDirectory()
        let server = EmbeddedRegistry(
            store: try directory.store(), configuration: .standard,
            listen: ListenAddress(host: "192.0.2.1", port: 1), logger: quietLogger)
        let failure = await #expect(throws: Failure.self) {
            try await server.run { _ in Issue.record("it listens") }
        }
        #expect(failure?.kind == .unavailable)
    }

    @Test(
        "a repository's name may look like an endpoint",
        arguments: ["blobs", "a/blobs", "a/manifests", "tags/list", "a/blobs/uploads", "referrers"])
    func trickyNames(name: String) throws {
        let repository = try localRepository(name)
        let tag = ManifestReference.tag(try Tag(parsing: "v1"))
        let digest = Digest(of: [], by: .sha512)
        #expect(try RegistryRoute(parsing: "/v2/\(name)/tags/list") == .tags(repository))
        #expect(
            try RegistryRoute(parsing: "/v2/\(name)/manifests/v1") == .manifest(tag, repository))
        #expect(
            try RegistryRoute(parsing: "/v2/\(name)/blobs/\(digest)") == .blob(digest, repository))
        #expect(try RegistryRoute(parsing: "/v2/\(name)/blobs/uploads/") == .uploads(repository))
        #expect(
            try RegistryRoute(parsing: "/v2/\(name)/referrers/\(digest)")
                == .referrers(digest, repository))
    }
}
