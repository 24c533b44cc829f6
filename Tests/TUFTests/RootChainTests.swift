// SPDX-License-Identifier: Apache-2.0
// From one root to the next. Spec: TUF 1.0.34 §5.2, §5.3.

import Primitives
import SimulatedUpdates
import Synchronization
import TUF
import Testing

@Suite("the chain of roots")
struct RootChainTests {
    @Test("a root that breaks the chain is refused", arguments: rootRefusals)
    func refused(_ refusal: Refusal) async throws { try await refusal.happens() }

    @Test("roots are taken one after the other, each signed by the old and the new keys")
    func chain() async throws {
        var world = try UpdateWorld()
        for _ in 2...5 {
            let old = try #require(world.signers["root"])
            world.signers["root"] = [try world.newKey()]
            world.edit("root", "keys", to: [:])
            for role in ["root", "timestamp", "snapshot", "targets"] { world.appoint(role) }
            let new = try #require(world.signers["root"])
            world.signers["root"] = old + new
            try world.publish("root")
            world.signers["root"] = new
        }
        #expect(try await world.refresh().root.content.version == 5)
        #expect(try world.keptVersion("root") == 5)
    }

    @Test("the requests are those of the specification, in its order")
    func requests() async throws {
        var world = try UpdateWorld()
        try await world.refresh()
        #expect(
            world.server.takeRequests()
                == ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"])
        try world.publish("root")
        try await world.refresh()
        #expect(
            world.server.takeRequests() == ["2.root.json", "3.root.json", "timestamp.json"])
    }

    @Test("a root in the middle of the chain may have expired")
    func expiredInBetween() async throws {
        var world = try UpdateWorld()
        world.edit("root", "expires", to: "2026-01-01T00:00:00Z")
        try world.publish("root")
        world.edit("root", "expires", to: "2026-03-31T12:00:00Z")
        try world.publish("root")
        #expect(try await world.refresh().root.content.version == 3)
    }

    @Test("an expired last root is kept, and nothing after it is looked at")
    func expiredLast() async throws {
        var world = try UpdateWorld()
        world.edit("root", "expires", to: "2026-03-01T12:00:00Z")
        try world.publish("root", "timestamp")
        await expectRefusal(.expired) { try await world.refresh() }
        #expect(try world.keptVersion("root") == 2)
        #expect(try world.keptVersion("timestamp") == nil)
        #expect(world.server.takeRequests() == ["2.root.json", "3.root.json"])
    }

    @Test("a good root stays trusted when the one after it is bad")
    func progress() async throws {
        var world = try UpdateWorld()
        try world.publish("root")
        world.signers["root"] = [try world.newKey()]
        try world.publish("root")
        await expectRefusal(.thresholdNotMet) { try await world.refresh() }
        #expect(try world.keptVersion("root") == 2)
    }

    @Test("a gap ends the chain: what lies behind it is never asked for (CVE-2020-15163)")
    func gap() async throws {
        var world = try UpdateWorld()
        try world.publish("root", "root")
        world.put(nil, at: "2.root.json")
        #expect(try await world.refresh().root.content.version == 1)
        #expect(!world.server.takeRequests().contains("3.root.json"))
    }

    @Test("endless rotations end (CVE-2020-6174), and the next update goes on from there")
    func endlessRotations() async throws {
        var world = try UpdateWorld()
        for _ in 0...Limits.rootRotations { try world.publish("root") }
        await expectRefusal(.overLimit) { try await world.refresh() }
        #expect(try world.keptVersion("root") == Limits.rootRotations + 1)
        #expect(try await world.refresh().root.content.version == Limits.rootRotations + 2)
    }

    @Test("a root that lowers its threshold still needs the old number of old keys")
    func loweredThreshold() async throws {
        var world = try UpdateWorld()
        let further = try world.newKey()
        world.signers["root"]?.append(further)
        world.appoint("root", threshold: 2)
        try world.publish("root")
        try await world.refresh()
        world.signers["root"]?.removeLast()
        world.appoint("root", threshold: 1)
        try world.publish("root")
        await expectRefusal(.thresholdNotMet) { try await world.refresh() }
        #expect(try world.keptVersion("root") == 2)
    }

    @Test("an endless root is cut off (CVE-2020-6173)")
    func endlessRoot() async throws {
        let world = try UpdateWorld()
        _ = world.server.contents.withLock { $0.endless.insert(.metadata("2.root.json")) }
        await #expect(throws: Failure.self) { try await world.refresh() }
    }

    @Test("a server that does not answer does not end the chain of roots: we could not look")
    func silence() async throws {
        let world = try UpdateWorld()
        _ = world.server.contents.withLock { $0.silent.insert(.metadata("2.root.json")) }
        let failure = await #expect(throws: Failure.self) { try await world.refresh() }
        #expect(failure?.kind == .unavailable)
        #expect(try world.keptVersion("timestamp") == nil)
    }

    @Test("the shipped root must be signed by its own keys")
    func unsignedStart() async throws {
        var world = try UpdateWorld()
        world.shippedRoot = try world.signed("root", by: [world.newKey()])
        await expectRefusal(.thresholdNotMet) { try await world.refresh() }
        #expect(world.server.takeRequests().isEmpty)
    }

    @Test("a newer root in the cache is preferred to the shipped one")
    func cachedRoot() async throws {
        var world = try UpdateWorld()
        try world.publish("root")
        try await world.refresh()
        _ = world.server.takeRequests()
        try await world.refresh()
        #expect(world.server.takeRequests().first == "3.root.json")
    }

    @Test("an older root in the cache gives way to the shipped one")
    func newerShipped() async throws {
        var world = try UpdateWorld()
        try await world.refresh()
        try world.publish("root")
        world.shippedRoot = try #require(world.file("2.root.json"))
        _ = world.server.takeRequests()
        try await world.refresh()
        #expect(world.server.takeRequests().first == "3.root.json")
        #expect(try world.keptVersion("root") == 2)
    }

    @Test("a forged root in the cache is not believed, however new it says it is")
    func forgedCache() async throws {
        let world = try UpdateWorld()
        try await world.refresh()
        var forger = world
        forger.signers["root"] = [try forger.newKey()]
        forger.appoint("root")
        forger.edit("root", "version", to: 2)
        try world.cache.keep(try forger.signed("root"), asRootVersion: 2)
        try world.cache.keep(try forger.signed("root"), asMetadataOf: "root")
        #expect(try await world.refresh().root.content.version == 1)
        var offline = world.updater(from: .cache(now: world.now))
        try await offline.refresh()
        #expect(offline.state?.root.content.version == 1)
    }

    @Test("kept roots lead on from the shipped one without a network")
    func keptChain() async throws {
        var world = try UpdateWorld()
        try world.publish("root", "root")
        try await world.refresh()
        _ = world.server.takeRequests()
        var offline = world.updater(from: .cache(now: world.now))
        try await offline.refresh()
        #expect(offline.state?.root.content.version == 3)
        #expect(world.server.takeRequests().isEmpty)
    }

    @Test("without a shipped root the one in the cache is where trust starts")
    func noShippedRoot() async throws {
        var world = try UpdateWorld()
        try world.publish("root")
        try await world.refresh()
        var updater = TrustUpdater(
            root: nil, from: .repository(world.server, now: world.now), cache: world.cache)
        _ = world.server.takeRequests()
        try await updater.refresh()
        #expect(world.server.takeRequests().first == "3.root.json")
    }

    @Test("a broken root in the cache gives way to the shipped one")
    func brokenCache() async throws {
        let world = try UpdateWorld()
        try world.cache.keep(Array("{}".utf8), asMetadataOf: "root")
        #expect(try await world.refresh().root.content.version == 1)
    }
}

@Suite("recovery from versions that an attacker drove up")
struct RecoveryTests {
    @Test("a rotated timestamp key lets the timestamp start again")
    func timestamp() async throws {
        var world = try UpdateWorld()
        world.edit("timestamp", "version", to: 98)
        try world.publish("timestamp")
        try await world.refresh()
        try world.rotateKey(of: "timestamp")
        try world.publish("root")
        world.edit("timestamp", "version", to: 1)
        try world.publish("timestamp")
        #expect(try await world.refresh().timestamp.content.version == 2)
    }

    @Test("rotated snapshot and timestamp keys let the snapshot start again")
    func snapshot() async throws {
        var world = try UpdateWorld()
        world.edit("snapshot", "version", to: 98)
        try world.publish("snapshot", "timestamp")
        try await world.refresh()
        try world.rotateKey(of: "timestamp")
        try world.rotateKey(of: "snapshot")
        try world.publish("root")
        world.edit("snapshot", "version", to: 1)
        try world.publish("snapshot", "timestamp")
        #expect(try await world.refresh().snapshot.content.version == 2)
    }

    @Test("a rotated snapshot key lets the targets start again")
    func targets() async throws {
        var world = try UpdateWorld()
        world.edit("targets", "version", to: 98)
        try world.release()
        try await world.refresh()
        try world.rotateKey(of: "snapshot")
        try world.publish("root")
        world.edit("targets", "version", to: 1)
        try world.release()
        #expect(try await world.refresh().targets.metadata.content.version == 2)
    }

    @Test("a further key alone makes nobody forget what was newest")
    func additionalKey() async throws {
        var world = try UpdateWorld()
        try world.publish("timestamp", "timestamp")
        try await world.refresh()
        let further = try world.newKey()
        world.signers["timestamp"]?.append(further)
        world.appoint("timestamp", threshold: 1)
        try world.publish("root")
        world.edit("timestamp", "version", to: 1)
        try world.publish("timestamp")
        await expectRefusal(.rollback) { try await world.refresh() }
    }
}

private let rootRefusals: [Refusal] = [
    Refusal("a root that the old keys did not sign", .thresholdNotMet, "root") { world in
        try world.rotateKey(of: "root")
        try world.publish("root")
    },
    Refusal("a root that its own keys did not sign", .thresholdNotMet, "root") { world in
        let old = world.signers["root"]
        try world.rotateKey(of: "root")
        world.signers["root"] = old
        try world.publish("root")
    },
    Refusal("a root that too few of its own keys signed", .thresholdNotMet, "root") { world in
        let further = try world.newKey()
        world.signers["root"]?.append(further)
        world.appoint("root", threshold: 2)
        world.signers["root"]?.removeLast()
        try world.publish("root")
    },
    Refusal("a root without signatures", .thresholdNotMet, "root") { world in
        world.signers["root"] = []
        try world.publish("root")
    },
    Refusal("a root that skips a version (CVE-2020-15163)", .versionMismatch, "root") { world in
        world.edit("root", "version", to: 2)
        try world.publish("root")
        world.put(world.file("3.root.json"), at: "2.root.json")
    },
    Refusal("the same root once more under the next name", .versionMismatch, "root") { world in
        world.put(world.file("1.root.json"), at: "2.root.json")
    },
    Refusal("the largest version there is", .versionMismatch, "root") { world in
        world.edit("root", "version", to: .number(JSONNumber(Int.max)))
        world.put(try world.signed("root"), at: "2.root.json")
    },
    Refusal("a timestamp under a root's name", .wrongRole, "root") { world in
        world.put(world.file("timestamp.json"), at: "2.root.json")
    },
]
