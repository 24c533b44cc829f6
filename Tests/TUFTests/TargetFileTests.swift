// SPDX-License-Identifier: Apache-2.0
// Target files: found, fetched, checked, kept. Spec: TUF 1.0.34 §5.7.

import Primitives
import SimulatedUpdates
import Synchronization
import TUF
import Testing

@Suite("target files")
struct TargetFileTests {
    @Test("a listed file is fetched under its hash, checked and kept")
    func fetched() async throws {
        var world = try UpdateWorld()
        world.add("hello", as: "a/b.txt")
        try world.release()
        #expect(try await world.target("a/b.txt") == "hello")
        let hash = Digest(of: "hello".utf8, by: .sha256).hex
        #expect(world.server.takeRequests().last == "targets/a/\(hash).b.txt")
        #expect(try world.cache.target("a/b.txt") == Array("hello".utf8))
    }

    @Test("a kept file that still matches is not fetched again")
    func kept() async throws {
        var world = try UpdateWorld()
        world.add("hello", as: "file")
        try world.release()
        _ = try await world.target("file")
        _ = world.server.takeRequests()
        #expect(try await world.target("file") == "hello")
        #expect(!world.server.takeRequests().contains { $0.hasPrefix("targets/") })
    }

    @Test("a kept file that changed is fetched again")
    func changed() async throws {
        var world = try UpdateWorld()
        world.add("hello", as: "file")
        try world.release()
        _ = try await world.target("file")
        try world.cache.keep(Array("evil!".utf8), asTarget: "file")
        #expect(try await world.target("file") == "hello")
        #expect(try world.cache.target("file") == Array("hello".utf8))
    }

    @Test("a new release of a file replaces the kept one")
    func replaced() async throws {
        var world = try UpdateWorld()
        world.add("one", as: "file")
        try world.release()
        _ = try await world.target("file")
        world.add("two", as: "file")
        try world.release()
        #expect(try await world.target("file") == "two")
    }

    @Test(
        "a file that is not what was announced is refused, and what is kept stays",
        arguments: [
            ("Hello", MetadataProblem.Code.hashMismatch), ("hell", .lengthMismatch),
            ("", .lengthMismatch),
        ])
    func wrong(_ text: String, _ code: MetadataProblem.Code) async throws {
        var world = try UpdateWorld()
        world.add("older", as: "file")
        try world.release()
        _ = try await world.target("file")
        world.add("hello", as: "file")
        try world.release()
        let hash = Digest(of: "hello".utf8, by: .sha256).hex
        world.put(text, atTarget: "\(hash).file")
        await expectRefusal(code) { _ = try await world.target("file") }
        #expect(try world.cache.target("file") == Array("older".utf8))
    }

    @Test("no more bytes are read than were announced")
    func endless() async throws {
        var world = try UpdateWorld()
        world.add("hello", as: "file")
        try world.release()
        let hash = Digest(of: "hello".utf8, by: .sha256).hex
        world.put("hello, and more", atTarget: "\(hash).file")
        let failure = await #expect(throws: Failure.self) { _ = try await world.target("file") }
        #expect(failure?.kind == .overLimit)
    }

    @Test("a file larger than we keep in memory is not asked for")
    func tooLarge() async throws {
        var world = try UpdateWorld()
        world.edit(
            "targets", "targets", "file",
            to: [
                "length": .number(JSONNumber(Limits.targetFileBytes + 1)),
                "hashes": ["sha256": .string(String(repeating: "0", count: 64))],
            ])
        try world.release()
        await expectRefusal(.overLimit) { _ = try await world.target("file") }
        #expect(!world.server.takeRequests().contains { $0.hasPrefix("targets/") })
    }

    @Test("a file that the repository lacks is told from one that nobody lists")
    func missing() async throws {
        var world = try UpdateWorld()
        world.add("hello", as: "file")
        try world.release()
        world.server.contents.withLock {
            $0.files = $0.files.filter { if case .target = $0.key { false } else { true } }
        }
        await expectRefusal(.missing) { _ = try await world.target("file") }
        await expectRefusal(.targetUnknown) { _ = try await world.target("other") }
    }

    @Test("a server that does not answer is no answer about a file")
    func silent() async throws {
        var world = try UpdateWorld()
        world.add("hello", as: "file")
        try world.release()
        let hash = Digest(of: "hello".utf8, by: .sha256).hex
        _ = world.server.contents.withLock { $0.silent.insert(.target("\(hash).file")) }
        let failure = await #expect(throws: Failure.self) { _ = try await world.target("file") }
        #expect(failure?.kind == .unavailable)
    }

    @Test("every hash that we can compute has to fit, and one has to be there")
    func hashes() async throws {
        var world = try UpdateWorld()
        world.add("hello", as: "file")
        world.edit(
            "targets", "targets", "file", "hashes", "md5", to: "unknown kinds are passed over")
        try world.release()
        #expect(try await world.target("file") == "hello")
        world.edit(
            "targets", "targets", "file", "hashes", "sha512",
            to: .string(String(repeating: "0", count: 128)))
        try world.release()
        await expectRefusal(.hashMismatch) { _ = try await world.target("file") }
        world.edit("targets", "targets", "file", "hashes", to: ["md5": "00"])
        try world.release()
        world.put("hello", atTarget: "file")
        await expectRefusal(.hashMismatch) { _ = try await world.target("file") }
    }

    @Test("SHA-512 alone is enough, and then names the file")
    func sha512() async throws {
        var world = try UpdateWorld()
        let hash = Digest(of: "hello".utf8, by: .sha512).hex
        world.edit(
            "targets", "targets", "file", to: ["length": 5, "hashes": ["sha512": .string(hash)]])
        world.put("hello", atTarget: "\(hash).file")
        try world.release()
        #expect(try await world.target("file") == "hello")
    }

    @Test("without consistent snapshots a file has its plain name")
    func inconsistent() async throws {
        var world = try UpdateWorld()
        world.edit("root", "consistent_snapshot", to: false)
        try world.publish("root")
        world.add("hello", as: "a/file")
        try world.release()
        world.put("hello", atTarget: "a/file")
        #expect(try await world.target("a/file") == "hello")
        #expect(world.server.takeRequests().last == "targets/a/file")
    }

    @Test(
        "a path becomes an address step by step",
        arguments: [
            ("a b", "HASH.a%20b"), ("a/b?c#d", "a/HASH.b%3Fc%23d"), ("../x", "../HASH.x"),
            ("a%2Fb", "HASH.a%252Fb"), ("/x", "/HASH.x"), ("ü", "HASH.%C3%BC"),
        ])
    func addresses(_ path: String, _ address: String) async throws {
        var world = try UpdateWorld()
        world.add("hello", as: path)
        try world.release()
        #expect(try await world.target(path) == "hello")
        let hash = Digest(of: "hello".utf8, by: .sha256).hex
        #expect(
            world.server.takeRequests().last
                == "targets/" + address.replacing("HASH", with: hash))
    }
}

@Suite("updates without a network")
struct OfflineTests {
    @Test("what was kept is enough, and nobody is asked")
    func offline() async throws {
        var world = try UpdateWorld()
        try world.delegate(from: "targets", to: "A")
        world.add("hello", as: "file", to: "A")
        try world.publishDelegated()
        _ = try await world.target("file")
        _ = world.server.takeRequests()
        var updater = world.updater(from: .cache(now: world.now))
        #expect(try await updater.target("file") == Array("hello".utf8))
        #expect(world.server.takeRequests().isEmpty)
    }

    @Test("what expired is refused, unless freshness is not asked for")
    func expired() async throws {
        var world = try UpdateWorld()
        world.add("hello", as: "file")
        try world.release()
        _ = try await world.target("file")
        world.now = try Timestamp(parsing: "2036-01-01T00:00:00Z")
        await expectRefusal(.expired) {
            var updater = world.updater(from: .cache(now: world.now))
            try await updater.refresh()
        }
        var pinned = world.updater(from: .cache(now: nil))
        #expect(try await pinned.target("file") == Array("hello".utf8))
        #expect(pinned.state?.expires.description == "2026-03-31T12:00:00Z")
    }

    @Test("what is not there is told as such", arguments: ["timestamp", "snapshot", "targets"])
    func missing(_ role: String) async throws {
        let world = try UpdateWorld()
        try await world.refresh()
        try world.cache.forgetMetadata(of: role)
        var updater = world.updater(from: .cache(now: world.now))
        let failure = await #expect(throws: Failure.self) { try await updater.refresh() }
        #expect(failure?.kind == .notFound)
        #expect(failure?.why.contains(role) == true)
    }

    @Test("a target that was never fetched is told as such")
    func missingTarget() async throws {
        var world = try UpdateWorld()
        world.add("hello", as: "file")
        try world.release()
        try await world.refresh()
        var updater = world.updater(from: .cache(now: world.now))
        let failure = await #expect(throws: Failure.self) { _ = try await updater.target("file") }
        #expect(failure?.kind == .notFound)
    }

    @Test("a kept file that somebody changed is refused")
    func changed() async throws {
        let world = try UpdateWorld()
        try await world.refresh()
        let kept = try #require(try world.cache.metadata(of: "targets"))
        let text = String(decoding: kept, as: UTF8.self)
        try world.cache.keep(
            Array(text.replacing("2026-03", with: "2036-03").utf8), asMetadataOf: "targets")
        await expectRefusal(.thresholdNotMet) {
            var updater = world.updater(from: .cache(now: nil))
            try await updater.refresh()
        }
    }

    @Test("without a shipped root and without a kept one there is nothing to start from")
    func nothing() async throws {
        let world = try UpdateWorld()
        var updater = TrustUpdater(
            root: nil, from: .repository(world.server, now: world.now), cache: SimulatedCache())
        let failure = await #expect(throws: Failure.self) { try await updater.refresh() }
        #expect(failure?.kind == .notFound)
        #expect(world.server.takeRequests().isEmpty)
    }

    @Test(
        "a problem becomes a failure with a kind that fits",
        arguments: [
            (MetadataProblem.Code.malformed, Failure.Kind.malformed), (.overLimit, .overLimit),
            (.targetUnknown, .notFound), (.unsupportedSpecification, .unsupported),
            (.rollback, .rejected), (.expired, .rejected), (.missing, .rejected),
        ])
    func failures(_ code: MetadataProblem.Code, _ kind: Failure.Kind) {
        let failure = MetadataProblem(code, "timestamp", "because").failure
        #expect(failure.kind == kind)
        #expect(failure.description.contains("timestamp"))
    }
}
