// SPDX-License-Identifier: Apache-2.0
// Who may speak of which target, and in which order they are asked. Spec: TUF 1.0.34 §5.6.7.

import Primitives
import SimulatedUpdates
import TUF
import Testing

@Suite("delegations")
struct DelegationTests {
    @Test("roles are asked depth first, in the order of the document", arguments: graphs)
    func order(_ graph: DelegationGraph) async throws {
        var world = try UpdateWorld()
        for edge in graph.edges {
            try world.delegate(
                from: edge.from, to: edge.to, paths: [.string(edge.paths)],
                terminating: edge.terminates)
        }
        try world.publishDelegated()
        try await world.refresh()
        _ = world.server.takeRequests()
        await expectRefusal(.targetUnknown) { _ = try await world.target("missing") }
        let asked = world.server.takeRequests().dropFirst(2)
        #expect(asked.map { String($0.dropLast(5).dropFirst(2)) } == graph.asked)
    }

    @Test("the first role that lists a target decides")
    func firstWins() async throws {
        var world = try UpdateWorld()
        try world.delegate(from: "targets", to: "A")
        try world.delegate(from: "targets", to: "B")
        world.add("from B", as: "file", to: "B")
        world.add("from A", as: "file", to: "A")
        try world.publishDelegated()
        #expect(try await world.target("file") == "from A")
    }

    @Test("the delegating role itself comes before those it delegates to")
    func parentWins() async throws {
        var world = try UpdateWorld()
        try world.delegate(from: "targets", to: "A")
        world.add("from A", as: "file", to: "A")
        world.add("from targets", as: "file")
        try world.publishDelegated()
        #expect(try await world.target("file") == "from targets")
        #expect(!world.server.takeRequests().contains("1.A.json"))
    }

    @Test("a role cannot speak of paths it was not given")
    func outOfScope() async throws {
        var world = try UpdateWorld()
        try world.delegate(from: "targets", to: "A", paths: ["a/*"])
        world.add("x", as: "b/file", to: "A")
        try world.publishDelegated()
        await expectRefusal(.targetUnknown) { _ = try await world.target("b/file") }
    }

    @Test("a delegated role that may not be trusted is refused", arguments: delegatedRefusals)
    func refused(_ refusal: DelegatedRefusal) async throws {
        var world = try UpdateWorld()
        try world.delegate(from: "targets", to: "A")
        world.add("x", as: "file", to: "A")
        try world.publishDelegated()
        try refusal.change(&world)
        await expectRefusal(refusal.code) { _ = try await world.target("file") }
        #expect(try world.cache.metadata(of: "A") == nil)
    }

    @Test("delegations of the wrong form are refused", arguments: malformedDelegations)
    func malformed(_ refusal: Refusal) async throws { try await refusal.happens() }

    /// python-tuf and go-tuf keep a role that they verified for one delegator and use it for
    /// another (go-tuf's CVE-2024-47534 was of this kind).
    @Test("a kept role is checked with the keys of this search's delegation (CVE-2024-47534)")
    func currentDelegator() async throws {
        var world = try UpdateWorld()
        try world.delegate(from: "targets", to: "A", paths: ["a/*"])
        try world.delegate(from: "targets", to: "B", paths: ["b/*"])
        try world.delegate(from: "A", to: "C", paths: ["a/*"])
        let keyOfA = try #require(world.signers["C"])
        try world.delegate(from: "B", to: "C", paths: ["b/*"])
        world.signers["C"] = keyOfA
        world.add("one", as: "a/file", to: "C")
        world.add("two", as: "b/file", to: "C")
        try world.publishDelegated()
        #expect(try await world.target("a/file") == "one")
        await expectRefusal(.thresholdNotMet) { _ = try await world.target("b/file") }
        // In one process as in two.
        var updater = world.updater()
        _ = try await updater.target("a/file")
        await expectRefusal(.thresholdNotMet) { _ = try await updater.target("b/file") }
    }

    @Test("a kept role that expired is not used, and a newer one is")
    func expiredCache() async throws {
        var world = try UpdateWorld()
        try world.delegate(from: "targets", to: "A")
        world.edit("A", "expires", to: "2026-03-02T00:00:00Z")
        world.add("1", as: "first", to: "A")
        world.add("2", as: "second", to: "A")
        try world.publishDelegated()
        #expect(try await world.target("first") == "1")
        world.now = try Timestamp(parsing: "2026-03-03T00:00:00Z")
        await expectRefusal(.expired) { _ = try await world.target("second") }
        world.edit("A", "expires", to: "2026-03-09T00:00:00Z")
        try world.publish("A", "snapshot", "timestamp")
        #expect(try await world.target("second") == "2")
    }

    @Test("a role is fetched once and kept")
    func kept() async throws {
        var world = try UpdateWorld()
        try world.delegate(from: "targets", to: "A")
        world.add("1", as: "first", to: "A")
        try world.publishDelegated()
        _ = try await world.target("first")
        _ = world.server.takeRequests()
        _ = try await world.target("first")
        #expect(world.server.takeRequests() == ["2.root.json", "timestamp.json"])
    }

    @Test("more roles than anybody needs end the search")
    func tooMany() async throws {
        var world = try UpdateWorld()
        for number in 0...Limits.delegationsVisited {
            try world.delegate(from: "targets", to: "role\(number)")
        }
        try world.publishDelegated()
        await expectRefusal(.overLimit) { _ = try await world.target("missing") }
    }

    @Test("patterns that take too long end the search")
    func slowPatterns() async throws {
        var world = try UpdateWorld()
        let pattern = JSONValue.string("*" + String(repeating: "a", count: 500) + "b")
        try world.delegate(
            from: "targets", to: "A", paths: Array(repeating: pattern, count: 300))
        try world.publishDelegated()
        await expectRefusal(.overLimit) {
            _ = try await world.target(String(repeating: "a", count: 1_000))
        }
    }

    @Test(
        "a role's name is one step of an address, whatever is in it",
        arguments: [
            ("?", "1.%3F.json"), ("#", "1.%23.json"), ("/x", "1.%2Fx.json"),
            ("../x", "1...%2Fx.json"), ("a b", "1.a%20b.json"), ("%2F", "1.%252F.json"),
            ("ü", "1.%C3%BC.json"), ("..", "1....json"),
        ])
    func names(_ name: String, _ address: String) async throws {
        var world = try UpdateWorld()
        try world.delegate(from: "targets", to: name)
        world.add("x", as: "file", to: name)
        try world.publishDelegated()
        #expect(try await world.target("file") == "x")
        #expect(world.server.takeRequests().contains(address))
    }

    @Test("hash prefixes cover the paths whose hash starts so")
    func hashPrefixes() async throws {
        var world = try UpdateWorld()
        try world.delegate(from: "targets", to: "A")
        let hash = Digest(of: "file".utf8, by: .sha256).hex
        world.changeDelegation { delegation in
            delegation.setting(["paths"], to: nil).setting(
                ["path_hash_prefixes"], to: [.string(String(hash.prefix(4)))])
        }
        world.add("x", as: "file", to: "A")
        world.add("y", as: "other", to: "A")
        try world.publishDelegated()
        #expect(try await world.target("file") == "x")
        await expectRefusal(.targetUnknown) { _ = try await world.target("other") }
    }

    @Test(
        "succinct roles are bins of the hash space (TAP 15)",
        arguments: [
            (1, "file", "bin-0"), (2, "file", "bin-0"), (8, "file", "bin-3b"),
            (9, "file", "bin-077"),
            (16, "file", "bin-3b9c"), (32, "file", "bin-3b9c358f"), (4, "other", "bin-d"),
        ])
    func bins(_ bits: Int, _ path: String, _ role: String) async throws {
        var world = try UpdateWorld()
        let key = try world.newKey()
        world.edit(
            "targets", "delegations",
            to: [
                "keys": [key.id: key.entry],
                "succinct_roles": [
                    "keyids": [.string(key.id)], "threshold": 1, "name_prefix": "bin",
                    "bit_length": .number(JSONNumber(bits)),
                ],
            ])
        world.drafts[role] = world.drafts["targets"]?.setting(["delegations"], to: nil)
            .setting(["version"], to: 0)
        world.signers[role] = [key]
        world.add("x", as: path, to: role)
        try world.publish(role)
        try world.release()
        #expect(try await world.target(path) == "x")
    }
}

extension UpdateWorld {
    /// Publishes every delegated role, and then the release that announces them.
    mutating func publishDelegated() throws {
        for role in drafts.keys.sorted()
        where !["root", "timestamp", "snapshot", "targets"].contains(role) {
            try publish(role)
        }
        try release()
    }

    /// Changes the first delegation of the top-level targets.
    mutating func changeDelegation(_ change: (JSONValue) -> JSONValue) {
        var roles = drafts["targets"]?["delegations"]?["roles"]?.array ?? []
        guard let first = roles.first else { return }
        roles[0] = change(first)
        edit("targets", "delegations", "roles", to: .array(roles))
    }
}

/// Who delegates to whom, and whom a search for something that is not there asks.
struct DelegationGraph: Sendable, CustomTestStringConvertible {
    struct Edge: Sendable {
        let from: String
        let to: String
        var paths = "*"
        var terminates = false
    }

    let testDescription: String
    let edges: [Edge]
    let asked: [String]

    init(_ sentence: String, _ edges: [Edge], _ asked: [String]) {
        testDescription = sentence
        self.edges = edges
        self.asked = asked
    }
}

private func edge(_ from: String, _ to: String, _ paths: String = "*", ends: Bool = false)
    -> DelegationGraph.Edge
{
    DelegationGraph.Edge(from: from, to: to, paths: paths, terminates: ends)
}

private let graphs: [DelegationGraph] = [
    DelegationGraph("one role", [edge("targets", "A")], ["A"]),
    DelegationGraph("two roles", [edge("targets", "A"), edge("targets", "B")], ["A", "B"]),
    DelegationGraph(
        "children before siblings",
        [edge("targets", "A"), edge("targets", "B"), edge("A", "C"), edge("A", "D")],
        ["A", "C", "D", "B"]),
    DelegationGraph(
        "grandchildren before siblings",
        [edge("targets", "A"), edge("targets", "B"), edge("A", "C"), edge("C", "D")],
        ["A", "C", "D", "B"]),
    DelegationGraph(
        "a terminating role ends the search behind its own delegations",
        [
            edge("targets", "A"), edge("targets", "B"), edge("A", "C", ends: true), edge("A", "D"),
            edge("C", "E"),
        ], ["A", "C", "E"]),
    DelegationGraph(
        "a terminating role that does not cover the path ends nothing",
        [edge("targets", "A", "*.py", ends: true), edge("targets", "B")], ["B"]),
    DelegationGraph(
        "branches that do not cover the path are not entered",
        [edge("targets", "A", "*.py"), edge("targets", "B"), edge("A", "C")], ["B"]),
    DelegationGraph(
        "a cycle is walked once",
        [
            edge("targets", "A"), edge("targets", "B"), edge("B", "C"), edge("C", "D"),
            edge("D", "B"),
        ], ["A", "B", "C", "D"]),
    DelegationGraph(
        "a role that delegates to itself", [edge("targets", "A"), edge("A", "A")], ["A"]),
    DelegationGraph(
        "a role reached by another way, when the first does not cover the path",
        [
            edge("targets", "A"), edge("targets", "B"), edge("A", "C", "*.py"), edge("B", "C"),
        ], ["A", "B", "C"]),
    DelegationGraph("a pattern of two steps does not cover one", [edge("targets", "A", "*/*")], []),
]

/// One thing wrong with the delegated role A.
struct DelegatedRefusal: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let code: MetadataProblem.Code
    let change: @Sendable (inout UpdateWorld) throws -> Void

    init(
        _ sentence: String, _ code: MetadataProblem.Code,
        _ change: @escaping @Sendable (inout UpdateWorld) throws -> Void
    ) {
        testDescription = sentence
        self.code = code
        self.change = change
    }
}

private let delegatedRefusals: [DelegatedRefusal] = [
    DelegatedRefusal("signed by a stranger", .thresholdNotMet) { world in
        world.signers["A"] = [try world.newKey()]
        try world.publishDelegated()
    },
    DelegatedRefusal("signed by the key of the role that delegates", .thresholdNotMet) { world in
        world.signers["A"] = world.signers["targets"]
        try world.publishDelegated()
    },
    DelegatedRefusal("signed by too few", .thresholdNotMet) { world in
        world.changeDelegation { $0.setting(["threshold"], to: 2) }
        try world.release()
    },
    DelegatedRefusal("expired", .expired) { world in
        world.edit("A", "expires", to: "2026-02-28T00:00:00Z")
        try world.publishDelegated()
    },
    DelegatedRefusal("not there", .missing) { $0.put(nil, at: "1.A.json") },
    DelegatedRefusal("of an older release", .versionMismatch) { world in
        try world.publishDelegated()
        world.put(world.file("1.A.json"), at: "2.A.json")
    },
    DelegatedRefusal("not the announced bytes", .hashMismatch) { world in
        world.announcesHashes = true
        try world.publishDelegated()
        let text = String(decoding: try world.signed("A"), as: UTF8.self)
        world.place(Array(text.replacing(": ", with: ":\t").utf8), as: "A")
    },
    DelegatedRefusal("no metadata at all", .malformed) { $0.place([0], as: "A") },
    DelegatedRefusal("another role's metadata", .wrongRole) { world in
        world.put(world.file("snapshot.json"), at: "1.A.json")
    },
    DelegatedRefusal("not in the snapshot", .notInSnapshot) { world in
        world.edit("snapshot", "meta", "A.json", to: nil)
        try world.publish("snapshot", "timestamp")
    },
]

/// Publishes targets with one thing wrong in its delegations.
private func delegations(
    _ sentence: String, _ code: MetadataProblem.Code,
    _ change: @escaping @Sendable (JSONValue) -> JSONValue
) -> Refusal {
    Refusal(sentence, code, "targets") { world in
        try world.delegate(from: "targets", to: "A")
        world.changeDelegation(change)
        try world.publishDelegated()
    }
}

private let malformedDelegations: [Refusal] = [
    delegations("to a top-level role", .malformed) { $0.setting(["name"], to: "timestamp") },
    delegations("to a role without a name", .malformed) { $0.setting(["name"], to: "") },
    delegations("to a name that is no string", .malformed) { $0.setting(["name"], to: 1) },
    delegations("to a name longer than a file's", .overLimit) {
        $0.setting(["name"], to: .string(String(repeating: "ä", count: 40)))
    },
    delegations("with a threshold of 0 (CVE-2026-23992)", .thresholdInvalid) {
        $0.setting(["threshold"], to: 0)
    },
    delegations("with one key identifier twice", .keyIDRepeated) {
        $0.setting(["keyids"], to: ["a", "a"])
    },
    delegations("without a word on terminating", .malformed) {
        $0.setting(["terminating"], to: nil)
    },
    delegations("of no paths at all", .malformed) { $0.setting(["paths"], to: nil) },
    delegations("of paths and hash prefixes", .malformed) {
        $0.setting(["path_hash_prefixes"], to: ["ab"])
    },
    delegations("of hash prefixes that are no hex", .malformed) {
        $0.setting(["paths"], to: nil).setting(["path_hash_prefixes"], to: ["AB"])
    },
    Refusal("to one role twice", .malformed, "targets") { world in
        try world.delegate(from: "targets", to: "A")
        try world.delegate(from: "targets", to: "A")
        try world.publishDelegated()
    },
    Refusal("to roles and to bins", .malformed, "targets") { world in
        try world.delegate(from: "targets", to: "A")
        world.edit(
            "targets", "delegations", "succinct_roles",
            to: ["keyids": [], "threshold": 1, "bit_length": 1, "name_prefix": "b"])
        try world.publishDelegated()
    },
    Refusal("to neither", .malformed, "targets") { world in
        world.edit("targets", "delegations", to: ["keys": [:]])
        try world.release()
    },
    Refusal("to bins of no bits", .malformed, "targets") { world in
        world.edit("targets", "delegations", to: bins(of: 0))
        try world.release()
    },
    Refusal("to more bins than 32 bits have", .malformed, "targets") { world in
        world.edit("targets", "delegations", to: bins(of: 33))
        try world.release()
    },
    Refusal("to more roles than anybody has", .overLimit, "targets") { world in
        let roles = Array(repeating: JSONValue.null, count: Limits.delegationsPerRole + 1)
        world.edit("targets", "delegations", to: ["keys": [:], "roles": .array(roles)])
        try world.release()
    },
]

private func bins(of bits: Int) -> JSONValue {
    [
        "keys": [:],
        "succinct_roles": [
            "keyids": [], "threshold": 1, "bit_length": .number(JSONNumber(bits)),
            "name_prefix": "b",
        ],
    ]
}
