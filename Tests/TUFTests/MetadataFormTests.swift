// SPDX-License-Identifier: Apache-2.0
// What metadata must look like before anybody's signature matters.

import Primitives
import SimulatedUpdates
import TUF
import Testing

@Suite("the form of metadata")
struct MetadataFormTests {
    @Test("a sound repository is trusted")
    func sound() async throws {
        let state = try await UpdateWorld().refresh()
        #expect(state.root.content.version == 1)
        #expect(state.timestamp.content.version == 1)
        #expect(state.snapshot.content.version == 1)
        #expect(state.targets.metadata.content.version == 1)
        #expect(state.expires.description == "2026-03-31T12:00:00Z")
    }

    @Test("bytes that are no metadata are refused", arguments: bytesRefused)
    func bytes(_ refusal: Refusal) async throws { try await refusal.happens() }

    @Test("fields that are not what the format demands are refused", arguments: fieldsRefused)
    func fields(_ refusal: Refusal) async throws { try await refusal.happens() }

    @Test("a root that could not protect anybody is refused", arguments: rootsRefused)
    func roots(_ refusal: Refusal) async throws { try await refusal.happens() }

    @Test("white space, order and spelling of escapes do not change what was signed")
    func spelling() async throws {
        var world = try UpdateWorld()
        try world.publish("timestamp")
        let text = String(decoding: try world.signed("timestamp"), as: UTF8.self)
        world.place(
            Array(text.replacing("\"signed\"", with: "\n\t\"\\u0073igned\"").utf8),
            as: "timestamp")
        #expect(try await world.refresh().timestamp.content.version == 2)
    }

    @Test("a field nobody knows is part of what was signed")
    func unknownField() async throws {
        var world = try UpdateWorld()
        try world.publish("timestamp")
        let text = String(decoding: try world.signed("timestamp"), as: UTF8.self)
        world.place(
            Array(text.replacing("nobody knows", with: "nobody knew").utf8), as: "timestamp")
        await expectRefusal(.thresholdNotMet) { try await world.refresh() }
    }

    @Test("text outside ASCII is signed as it is")
    func unicode() async throws {
        var world = try UpdateWorld()
        world.edit("timestamp", "x-note", to: "Zürich \u{1F512} \\ \" \u{2028}")
        try world.publish("timestamp")
        #expect(try await world.refresh().timestamp.content.version == 2)
    }
}

/// Puts these bytes where version 2 of the timestamp is.
private func timestamp(
    _ sentence: String, _ code: MetadataProblem.Code,
    _ bytes: @escaping @Sendable (String) -> String
) -> Refusal {
    Refusal(sentence, code, "timestamp") { world in
        try world.publish("timestamp")
        let text = String(decoding: try world.signed("timestamp"), as: UTF8.self)
        world.place(Array(bytes(text).utf8), as: "timestamp")
    }
}

private let bytesRefused: [Refusal] = [
    timestamp("an empty file", .malformed) { _ in "" },
    timestamp("bytes that are not JSON (CVE-2026-23991)", .malformed) { _ in "{\"signed\":" },
    timestamp("a JSON value that is no object (CVE-2026-23991)", .malformed) { _ in "[]" },
    timestamp("bytes after the end", .malformed) { $0 + "{}" },
    timestamp("one name twice in an object", .malformed) {
        "{\"signatures\":[]," + $0.dropFirst()
    },
    timestamp("a file without signed", .malformed) { $0.replacing("\"signed\"", with: "\"sign\"") },
    timestamp("a file without signatures", .malformed) {
        $0.replacing("\"signatures\"", with: "\"sigs\"")
    },
    timestamp("a signature without a key identifier", .malformed) {
        $0.replacing("\"keyid\"", with: "\"key\"")
    },
    timestamp("nesting without an end", .overLimit) {
        $0.replacing("\"nobody", with: String(repeating: "[", count: 70) + "\"nobody")
            .replacing(
                "\"fields nobody knows are signed too\"",
                with: String(repeating: "[", count: 70) + String(repeating: "]", count: 70))
    },
]

/// Signs a timestamp with one field changed.
private func field(
    _ sentence: String, _ code: MetadataProblem.Code, _ path: String..., value: JSONValue?
) -> Refusal {
    Refusal(sentence, code, "timestamp") { world in
        try world.publish("timestamp")
        world.drafts["timestamp"] = world.drafts["timestamp"]?.setting(path, to: value)
        try world.place(world.signed("timestamp"), as: "timestamp")
    }
}

private let fieldsRefused: [Refusal] = [
    field("a type that is not the role's", .wrongRole, "_type", value: "snapshot"),
    field("a type that is no string", .malformed, "_type", value: 1),
    field("no type", .malformed, "_type", value: nil),
    field(
        "a major version we do not know", .unsupportedSpecification, "spec_version", value: "2.0.0"),
    field(
        "a specification without a minor version", .unsupportedSpecification, "spec_version",
        value: "1"),
    field(
        "a specification with words in it", .unsupportedSpecification, "spec_version",
        value: "1.0.x"),
    field("no specification", .malformed, "spec_version", value: nil),
    field("no version", .malformed, "version", value: nil),
    field("version 0", .malformed, "version", value: 0),
    field("a negative version", .malformed, "version", value: -1),
    field("a version in a string", .malformed, "version", value: "2"),
    field(
        "a version beyond every integer", .malformed, "version",
        value: JSONNumber(1e40).map { .number($0) }),
    field(
        "a fraction in a field nobody knows", .malformed, "x-note",
        value: JSONNumber(0.5).map { .number($0) }),
    field("no time of expiry", .malformed, "expires", value: nil),
    field("a time of expiry that is none", .malformed, "expires", value: "2026-02-30T00:00:00Z"),
    field("a time of expiry in seconds", .malformed, "expires", value: 1_900_000_000),
    field("a timestamp without meta", .malformed, "meta", value: nil),
    field("a timestamp that names no snapshot", .malformed, "meta", value: [:]),
    field("a snapshot of version 0", .malformed, "meta", "snapshot.json", "version", value: 0),
    field("a negative length", .malformed, "meta", "snapshot.json", "length", value: -1),
    field("hashes without any", .malformed, "meta", "snapshot.json", "hashes", value: [:]),
    field(
        "a hash in upper case", .malformed, "meta", "snapshot.json", "hashes",
        value: ["sha256": .string(String(repeating: "A", count: 64))]),
    field(
        "a hash that is too short", .malformed, "meta", "snapshot.json", "hashes",
        value: ["sha256": "ab"]),
]

/// Publishes a root with one thing wrong in it.
private func root(
    _ sentence: String, _ code: MetadataProblem.Code,
    _ change: @escaping @Sendable (inout UpdateWorld) throws -> Void
) -> Refusal {
    Refusal(sentence, code, "root") { world in
        try change(&world)
        try world.publish("root")
    }
}

private let rootsRefused: [Refusal] = [
    root("a threshold of 0 (CVE-2026-23992)", .thresholdInvalid) {
        $0.edit("root", "roles", "timestamp", "threshold", to: 0)
    },
    root("a negative threshold", .thresholdInvalid) {
        $0.edit("root", "roles", "root", "threshold", to: -1)
    },
    root("a threshold that is no number", .malformed) {
        $0.edit("root", "roles", "root", "threshold", to: "1")
    },
    root("one key identifier twice in a role", .keyIDRepeated) { world in
        let id = JSONValue.string(world.signers["targets"]?.first?.id ?? "")
        world.edit("root", "roles", "targets", "keyids", to: [id, id])
    },
    root("a role that nobody is appointed for", .malformed) {
        $0.edit("root", "roles", "snapshot", to: nil)
    },
    root("no keys", .malformed) { $0.edit("root", "keys", to: nil) },
    root("no roles", .malformed) { $0.edit("root", "roles", to: nil) },
    root("a key without a type", .malformed) {
        $0.edit("root", "keys", "k", to: ["scheme": "x", "keyval": [:]])
    },
    root("a key without a scheme", .malformed) {
        $0.edit("root", "keys", "k", to: ["keytype": "x", "keyval": [:]])
    },
    root("a key whose value is no object", .malformed) {
        $0.edit("root", "keys", "k", to: ["keytype": "x", "scheme": "x", "keyval": "x"])
    },
    root("consistent_snapshot in a string", .malformed) {
        $0.edit("root", "consistent_snapshot", to: "true")
    },
    root("more keys than anybody has", .overLimit) { world in
        for number in 0...Limits.keysPerMetadata {
            world.edit(
                "root", "keys", "k\(number)", to: ["keytype": "x", "scheme": "x", "keyval": [:]])
        }
    },
    root("more key identifiers in a role than anybody has", .overLimit) { world in
        let ids = (0...Limits.keysPerMetadata).map { JSONValue.string("\($0)") }
        world.edit("root", "roles", "targets", "keyids", to: .array(ids))
    },
    Refusal("more signatures than anybody makes", .overLimit, "root") { world in
        try world.publish("root")
        let many = Array(
            repeating: "{\"keyid\":\"a\",\"sig\":\"\"}", count: Limits.signaturesPerMetadata + 1)
        let text = "{\"signed\":{},\"signatures\":[" + many.joined(separator: ",") + "]}"
        world.place(Array(text.utf8), as: "root")
    },
]
