// SPDX-License-Identifier: Apache-2.0
// Keys of metadata: which kinds count, and how often. Spec: TUF 1.0.34 §4.2.

import Primitives
import SimulatedUpdates
import TUF
import Testing

@Suite("keys of metadata")
struct MetadataKeyTests {
    @Test(
        "every kind of key that metadata knows signs a timestamp",
        arguments: [
            "ed25519", "ecdsa", "ecdsa-sha2-nistp256", "rsassa-pss-sha256", "rsa-pkcs1v15-sha256",
        ])
    func kinds(_ kind: String) async throws {
        var world = try UpdateWorld()
        let key: SimulatedKey =
            switch kind {
            case "ed25519": try world.newKey()
            case "ecdsa", "ecdsa-sha2-nistp256": .ecdsa(type: kind)
            default: try .rsa(scheme: kind)
            }
        world.signers["timestamp"] = [key]
        world.appoint("timestamp")
        try world.publish("root", "timestamp")
        #expect(try await world.refresh().timestamp.content.version == 2)
        let text = String(decoding: try world.signed("timestamp"), as: UTF8.self)
        world.place(Array(text.replacing("2026-03-31", with: "2036-03-31").utf8), as: "timestamp")
        world.cache = SimulatedCache()
        await expectRefusal(.thresholdNotMet) { try await world.refresh() }
    }

    @Test(
        "a signature in another RSA padding than the key states does not count",
        arguments: [
            ("rsassa-pss-sha256", "rsa-pkcs1v15-sha256"),
            ("rsa-pkcs1v15-sha256", "rsassa-pss-sha256"),
        ])
    func padding(_ made: String, _ stated: String) async throws {
        var world = try UpdateWorld()
        var key = try SimulatedKey.rsa(scheme: made)
        key.entry = key.entry.setting(["scheme"], to: .string(stated))
        world.signers["timestamp"] = [key]
        world.appoint("timestamp")
        try world.publish("root", "timestamp")
        await expectRefusal(.thresholdNotMet) { try await world.refresh() }
    }

    @Test("one key under two identifiers counts once (GHSA-3633-5h82-39pq)")
    func sameKeyTwice() async throws {
        var world = try UpdateWorld()
        let key = try world.newKey()
        var again = key
        again.id = "another-name"
        again.entry = key.entry.setting(["x-owner"], to: "somebody else")
        world.signers["timestamp"] = [key, again]
        world.appoint("timestamp", threshold: 2)
        try world.publish("root", "timestamp")
        await expectRefusal(.thresholdNotMet) { try await world.refresh() }
        let further = try world.newKey()
        world.signers["timestamp"]?.append(further)
        world.appoint("timestamp", threshold: 2)
        try world.publish("root", "timestamp")
        #expect(try await world.refresh().timestamp.content.version == 3)
    }

    @Test("one key identifier twice among the signatures is refused, whatever else signed")
    func sameSignatureTwice() async throws {
        var world = try UpdateWorld()
        let key = try world.newKey()
        world.signers["timestamp"] = [key, try world.newKey()]
        world.appoint("timestamp", threshold: 2)
        try world.publish("root")
        world.signers["timestamp"] = [key, key]
        try world.publish("timestamp")
        await expectRefusal(.keyIDRepeated) { try await world.refresh() }
        #expect(try world.keptVersion("timestamp") == nil)
    }

    @Test(
        "a threshold is met by any of the keys, beside strangers' signatures",
        arguments: [
            ([0, 1, 2], true), ([4, 2, 0], true), ([0, 1], false),
            ([0, 1, 9], false), ([9, 8, 0, 7, 1, 3], true), ([], false),
        ])
    func thresholds(_ signing: [Int], _ suffices: Bool) async throws {
        var world = try UpdateWorld()
        let keys = try (0..<10).map { try SimulatedKey.numbered(UInt8(100 + $0)) }
        world.signers["snapshot"] = Array(keys[0..<5])
        world.appoint("snapshot", threshold: 3)
        try world.publish("root")
        world.signers["snapshot"] = signing.map { keys[$0] }
        try world.release()
        if suffices {
            #expect(try await world.refresh().snapshot.content.version == 2)
        } else {
            await expectRefusal(.thresholdNotMet) { try await world.refresh() }
        }
    }

    @Test("a threshold that the keys can never reach is refused when it matters")
    func unreachable() async throws {
        var world = try UpdateWorld()
        world.appoint("snapshot", threshold: 2)
        try world.publish("root")
        try world.release()
        await expectRefusal(.thresholdNotMet) { try await world.refresh() }
        #expect(try world.keptVersion("root") == 2)
    }

    @Test("a key that cannot be used is passed over", arguments: unusableKeys)
    func unusable(_ entry: JSONValue) async throws {
        var world = try UpdateWorld()
        var key = try world.newKey()
        key.entry = entry
        world.signers["timestamp"]?.append(key)
        world.appoint("timestamp", threshold: 1)
        try world.publish("root", "timestamp")
        #expect(try await world.refresh().timestamp.content.version == 2)
        world.appoint("timestamp", threshold: 2)
        try world.publish("root", "timestamp")
        await expectRefusal(.thresholdNotMet) { try await world.refresh() }
    }

    @Test("an identifier without a key is passed over")
    func missingKey() async throws {
        var world = try UpdateWorld()
        let further = try world.newKey()
        world.signers["timestamp"]?.append(further)
        world.appoint("timestamp", threshold: 1)
        let id = try #require(world.signers["timestamp"]?.last?.id)
        world.edit("root", "keys", id, to: nil)
        try world.publish("root", "timestamp")
        #expect(try await world.refresh().timestamp.content.version == 2)
    }

    @Test("an identifier is a name: fields it does not cover do no harm")
    func fieldsBesideTheKey() async throws {
        var world = try UpdateWorld()
        let id = try #require(world.signers["timestamp"]?.first?.id)
        world.edit("root", "keys", id, "keyid_hash_algorithms", to: ["md5"])
        try world.publish("root", "timestamp")
        #expect(try await world.refresh().timestamp.content.version == 2)
    }

    @Test("places left for signatures still to come are passed over", arguments: ["", "zz", "00"])
    func emptySignature(_ signature: String) async throws {
        var world = try UpdateWorld()
        let signer = try #require(world.signers["timestamp"]?.first)
        let absent = try world.newKey()
        world.signers["timestamp"] = [signer, absent]
        world.appoint("timestamp", threshold: 1)
        try world.publish("root")
        world.signers["timestamp"] = [signer]
        try world.publish("timestamp")
        let text = String(decoding: try world.signed("timestamp"), as: UTF8.self)
        let place = "{\"keyid\":\"\(absent.id)\",\"sig\":\"\(signature)\"},"
        world.place(
            Array(text.replacing("\"signatures\": [", with: "\"signatures\": [" + place).utf8),
            as: "timestamp")
        #expect(try await world.refresh().timestamp.content.version == 2)
    }
}

private let unusableKeys: [JSONValue] = [
    ["keytype": "sigstore-oidc", "scheme": "Fulcio", "keyval": ["identity": "a", "issuer": "b"]],
    ["keytype": "ed25519", "scheme": "ed25519", "keyval": ["public": "00"]],
    ["keytype": "ed25519", "scheme": "ed25519", "keyval": ["public": "not hex"]],
    ["keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": ["public": "no PEM"]],
    ["keytype": "rsa", "scheme": "rsassa-pss-sha256", "keyval": ["public": ""]],
    ["keytype": "rsa", "scheme": "unheard-of", "keyval": ["public": ""]],
    [
        "keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256",
        "keyval": ["public": .string(ed25519PEM)],
    ],
]

/// A key of another kind than its entry says.
private let ed25519PEM = """
    -----BEGIN PUBLIC KEY-----
    MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
    -----END PUBLIC KEY-----

    """
