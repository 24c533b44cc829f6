// SPDX-License-Identifier: Apache-2.0
// Timestamp, snapshot and targets: what may follow what. Spec: TUF 1.0.34 §5.4 to §5.6.

import Primitives
import SimulatedUpdates
import Synchronization
import TUF
import Testing

@Suite("timestamp, snapshot and targets")
struct TopLevelTests {
    @Test("a timestamp that may not follow is refused", arguments: timestampRefusals)
    func timestamp(_ refusal: Refusal) async throws { try await refusal.happens() }

    @Test("a snapshot that may not follow is refused", arguments: snapshotRefusals)
    func snapshot(_ refusal: Refusal) async throws { try await refusal.happens() }

    @Test("targets that may not follow are refused", arguments: targetsRefusals)
    func targets(_ refusal: Refusal) async throws { try await refusal.happens() }

    @Test("the same timestamp again ends the update quietly, with what is kept")
    func sameTimestamp() async throws {
        var world = try UpdateWorld()
        try await world.refresh()
        let kept = try world.cache.metadata(of: "timestamp")
        world.edit("timestamp", "meta", "snapshot.json", "version", to: 100)
        try world.place(world.signed("timestamp"), as: "timestamp")
        _ = world.server.takeRequests()
        #expect(try await world.refresh().timestamp.content.snapshot.version == 1)
        #expect(try world.cache.metadata(of: "timestamp") == kept)
        #expect(world.server.takeRequests() == ["2.root.json", "timestamp.json"])
    }

    @Test("a kept timestamp that expired is not made fresh by the same one again")
    func sameExpired() async throws {
        var world = try UpdateWorld()
        try await world.refresh()
        world.edit("root", "expires", to: "2027-01-01T00:00:00Z")
        try world.publish("root")
        world.now = try Timestamp(parsing: "2026-04-01T00:00:00Z")
        await expectRefusal(.expired) { try await world.refresh() }
    }

    @Test("kept metadata that expired still helps to get what is newer")
    func expiredCache() async throws {
        var world = try UpdateWorld()
        try await world.refresh()
        world.now = try Timestamp(parsing: "2026-04-01T00:00:00Z")
        for role in ["root", "timestamp", "snapshot", "targets"] {
            world.edit(role, "expires", to: "2026-05-01T00:00:00Z")
        }
        try world.publish("root", "targets", "snapshot", "timestamp")
        #expect(try await world.refresh().timestamp.content.version == 2)
    }

    @Test("metadata is fresh until the second before it expires")
    func lastSecond() async throws {
        var world = try UpdateWorld()
        world.now = try Timestamp(parsing: "2026-03-31T11:59:59Z")
        try await world.refresh()
        world.now = try Timestamp(parsing: "2026-03-31T12:00:00Z")
        await expectRefusal(.expired) { try await world.refresh() }
    }

    @Test("only what changed is fetched")
    func incremental() async throws {
        var world = try UpdateWorld()
        try await world.refresh()
        try world.publish("snapshot", "timestamp")
        _ = world.server.takeRequests()
        try await world.refresh()
        #expect(
            world.server.takeRequests() == ["2.root.json", "timestamp.json", "2.snapshot.json"])
    }

    @Test("without consistent snapshots names carry no versions")
    func inconsistent() async throws {
        var world = try UpdateWorld()
        world.edit("root", "consistent_snapshot", to: false)
        try world.publish("root")
        try await world.refresh()
        #expect(
            world.server.takeRequests()
                == [
                    "2.root.json", "3.root.json", "timestamp.json", "snapshot.json",
                    "targets.json",
                ])
    }

    @Test("announced lengths and hashes that fit are no hindrance")
    func announced() async throws {
        var world = try UpdateWorld()
        world.announcesHashes = true
        try world.release()
        try await world.refresh()
        try world.release()
        #expect(try await world.refresh().targets.metadata.content.version == 3)
    }

    @Test("what is kept is compared with, though its hash is not the announced one any more")
    func keptBaseline() async throws {
        var world = try UpdateWorld()
        world.announcesHashes = true
        try world.release()
        try await world.refresh()
        world.edit("snapshot", "meta", "targets.json", "version", to: 1)
        try world.publish("snapshot", "timestamp")
        await expectRefusal(.rollback) { try await world.refresh() }
    }

    @Test("a timestamp older than the one before is refused (CVE-2022-29173)")
    func olderTimestamp() async throws {
        var world = try UpdateWorld()
        try world.publish("timestamp")
        try await world.refresh()
        world.put(world.file("1.timestamp.json"), at: "timestamp.json")
        await expectRefusal(.rollback) { try await world.refresh() }
        #expect(try world.keptVersion("timestamp") == 2)
    }

    @Test("a timestamp that names an older snapshot is refused (CVE-2022-29173)")
    func olderSnapshot() async throws {
        var world = try UpdateWorld()
        try world.release()
        try await world.refresh()
        world.edit("timestamp", "meta", "snapshot.json", "version", to: 1)
        try world.publish("timestamp")
        _ = world.server.takeRequests()
        await expectRefusal(.rollback) { try await world.refresh() }
        #expect(try world.keptVersion("timestamp") == 2)
        #expect(world.server.takeRequests().last == "timestamp.json")
    }

    @Test("a snapshot that names older targets is refused (CVE-2022-29173)")
    func olderTargets() async throws {
        var world = try UpdateWorld()
        try world.release()
        try await world.refresh()
        world.edit("snapshot", "meta", "targets.json", "version", to: 1)
        try world.publish("snapshot", "timestamp")
        await expectRefusal(.rollback) { try await world.refresh() }
        #expect(try world.keptVersion("snapshot") == 2)
    }

    @Test(
        "an endless file is cut off, whatever its role",
        arguments: [
            "timestamp.json", "2.snapshot.json", "2.targets.json",
        ])
    func endless(_ name: String) async throws {
        var world = try UpdateWorld()
        try await world.refresh()
        try world.release()
        _ = world.server.contents.withLock { $0.endless.insert(.metadata(name)) }
        let failure = await #expect(throws: Failure.self) { try await world.refresh() }
        #expect(failure?.kind == .overLimit)
    }

    @Test("no more bytes are read than were announced")
    func announcedLimit() async throws {
        var world = try UpdateWorld()
        world.announcesHashes = true
        try world.release()
        let bytes = try #require(world.file("2.snapshot.json"))
        world.place(bytes + [0x20], as: "snapshot")
        let failure = await #expect(throws: Failure.self) { try await world.refresh() }
        #expect(failure?.kind == .overLimit)
    }

    @Test(
        "a server that does not answer is no answer",
        arguments: [
            "timestamp.json", "2.snapshot.json", "2.targets.json",
        ])
    func silent(_ name: String) async throws {
        var world = try UpdateWorld()
        try await world.refresh()
        try world.release()
        _ = world.server.contents.withLock { $0.silent.insert(.metadata(name)) }
        let failure = await #expect(throws: Failure.self) { try await world.refresh() }
        #expect(failure?.kind == .unavailable)
    }

    @Test(
        "a broken file in the cache is fetched again",
        arguments: [
            "timestamp", "snapshot", "targets",
        ])
    func brokenCache(_ role: String) async throws {
        let world = try UpdateWorld()
        try await world.refresh()
        let kept = try world.cache.metadata(of: role)
        try world.cache.keep(Array("{".utf8), asMetadataOf: role)
        try await world.refresh()
        #expect(try world.cache.metadata(of: role) == kept)
    }

    @Test("a cached file that somebody else signed is not used")
    func forgedCache() async throws {
        var world = try UpdateWorld()
        try await world.refresh()
        world.edit("timestamp", "version", to: 99)
        let forged = try world.signed("timestamp", by: [world.newKey()])
        try world.cache.keep(forged, asMetadataOf: "timestamp")
        #expect(try await world.refresh().timestamp.content.version == 1)
    }
}

/// Publishes with a role signed by a key that nobody appointed.
private func stranger(_ role: String) -> Refusal {
    Refusal("signed by a key that nobody appointed", .thresholdNotMet, role) { world in
        world.signers[role] = [try world.newKey()]
        try world.release()
    }
}

/// Publishes with a role signed by another role's key.
private func otherRole(_ role: String, _ other: String) -> Refusal {
    Refusal("signed by the \(other) key", .thresholdNotMet, role) { world in
        world.signers[role] = world.signers[other]
        try world.release()
    }
}

private func expired(_ role: String) -> Refusal {
    Refusal("expired, though newly published (freeze)", .expired, role) { world in
        world.edit(role, "expires", to: "2026-02-28T00:00:00Z")
        try world.release()
    }
}

private func missing(_ role: String, _ name: String) -> Refusal {
    Refusal("not there", .missing, role) { world in
        try world.release()
        world.put(nil, at: name)
    }
}

private func changed(_ role: String) -> Refusal {
    Refusal("changed after it was signed", .thresholdNotMet, role) { world in
        try world.release()
        let text = String(decoding: try world.signed(role), as: UTF8.self)
        world.place(Array(text.replacing("2026-03-31", with: "2036-03-31").utf8), as: role)
    }
}

private let timestampRefusals: [Refusal] = [
    stranger("timestamp"), otherRole("timestamp", "snapshot"), expired("timestamp"),
    missing("timestamp", "timestamp.json"), changed("timestamp"),
    Refusal("a snapshot under its name", .wrongRole, "timestamp") { world in
        world.put(world.file("snapshot.json"), at: "timestamp.json")
    },
]

private let snapshotRefusals: [Refusal] = [
    stranger("snapshot"), otherRole("snapshot", "timestamp"), expired("snapshot"),
    missing("snapshot", "2.snapshot.json"), changed("snapshot"),
    Refusal("another version than the timestamp names", .versionMismatch, "snapshot") { world in
        try world.release()
        world.put(world.file("1.snapshot.json"), at: "2.snapshot.json")
    },
    Refusal("another hash than the timestamp names", .hashMismatch, "snapshot") { world in
        world.announcesHashes = true
        try world.release()
        let text = String(decoding: try world.signed("snapshot"), as: UTF8.self)
        world.place(Array(text.replacing(": ", with: ":\t").utf8), as: "snapshot")
    },
    Refusal("fewer bytes than the timestamp names", .lengthMismatch, "snapshot") { world in
        world.announcesHashes = true
        try world.release()
        world.place(sortedCompact(try world.signed("snapshot")), as: "snapshot")
    },
    Refusal("hashes of kinds that nobody computes", .hashMismatch, "snapshot") { world in
        try world.publish("snapshot")
        world.edit("timestamp", "meta", "snapshot.json", "hashes", to: ["md5": "00"])
        try world.publish("timestamp")
    },
    Refusal("a role that is not listed any more", .roleRemoved, "snapshot") { world in
        world.edit("snapshot", "meta", "targets.json", to: nil)
        try world.publish("snapshot", "timestamp")
    },
    Refusal("targets under its name", .wrongRole, "snapshot") { world in
        try world.release()
        world.put(world.file("2.targets.json"), at: "2.snapshot.json")
    },
]

private let targetsRefusals: [Refusal] = [
    stranger("targets"), otherRole("targets", "snapshot"), expired("targets"),
    missing("targets", "2.targets.json"), changed("targets"),
    Refusal("of another release than the snapshot (mix and match)", .versionMismatch, "targets") {
        world in
        try world.release()
        world.put(world.file("1.targets.json"), at: "2.targets.json")
    },
    Refusal("another hash than the snapshot names", .hashMismatch, "targets") { world in
        world.announcesHashes = true
        try world.release()
        let text = String(decoding: try world.signed("targets"), as: UTF8.self)
        world.place(Array(text.replacing(": ", with: ":\t").utf8), as: "targets")
    },
    Refusal("fewer bytes than the snapshot names", .lengthMismatch, "targets") { world in
        world.announcesHashes = true
        try world.release()
        world.place(sortedCompact(try world.signed("targets")), as: "targets")
    },
    Refusal("a target without a length", .malformed, "targets") { world in
        world.edit("targets", "targets", "a", to: ["hashes": ["sha256": "00"]])
        try world.release()
    },
    Refusal("a target without hashes", .malformed, "targets") { world in
        world.edit("targets", "targets", "a", to: ["length": 1])
        try world.release()
    },
    Refusal("a target of negative length", .malformed, "targets") { world in
        world.edit("targets", "targets", "a", to: ["length": -1, "hashes": ["sha256": "00"]])
        try world.release()
    },
    Refusal("no list of targets", .malformed, "targets") { world in
        world.edit("targets", "targets", to: nil)
        try world.release()
    },
]

/// The same document in fewer bytes.
private func sortedCompact(_ bytes: [UInt8]) -> [UInt8] {
    (try? JSONValue(parsing: bytes, named: "metadata"))?.compactBytes ?? []
}
