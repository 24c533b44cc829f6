// SPDX-License-Identifier: Apache-2.0
// Metadata with bytes changed: refused, or the very same meaning; never a trap.

import Primitives
import SimulatedUpdates
import TestSupport
import Testing

@testable import TUF

@Suite("mutated metadata")
struct MutationTests {
    @Test(
        "a thousand variants of metadata are refused, or mean the same",
        arguments: [
            "2.root.json", "timestamp.json", "3.snapshot.json", "3.targets.json", "2.A.json",
        ])
    func variants(_ name: String) async throws {
        var world = try UpdateWorld()
        try world.delegate(from: "targets", to: "A")
        world.add("hello", as: "file", to: "A")
        try world.publishDelegated()
        try world.publish("root")
        try world.publishDelegated()
        let good = try #require(world.file(name))
        let sound = try await meaning(world)
        var random = SeededGenerator(seed: 20_261_123)
        var refused = 0
        for _ in 0..<200 {
            world.put(mutated(good, &random), at: name)
            world.cache = SimulatedCache()
            do {
                let found = try await meaning(world)
                // A root that is not there any more is a chain that ends earlier.
                #expect(found == sound)
            } catch is MetadataProblem {
                refused += 1
            } catch let failure as Failure {
                #expect(failure.kind == .overLimit)
                refused += 1
            }
        }
        #expect(refused > 100)
    }

    private func meaning(_ world: UpdateWorld) async throws -> [String] {
        var updater = world.updater()
        let content = try await updater.target("file")
        let state = try #require(updater.state)
        return [
            String(decoding: content, as: UTF8.self), "\(state.root.content.version)",
            "\(state.timestamp.content)", "\(state.snapshot.content.version)",
            "\(state.targets.metadata.content.version)", state.expires.description,
        ]
    }

    private func mutated(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(UInt8.random(in: 0x20...0x7E, using: &random), at: place)
            case 3: bytes[place] = bytes.randomElement(using: &random) ?? 0
            default: bytes = Array(bytes[..<max(place, 1)])
            }
        }
        return bytes
    }
}

@Suite("canonical JSON")
struct CanonicalJSONTests {
    @Test(
        "values have one encoding",
        arguments: [
            (
                #" { "b" : 1 , "a" : [ true , null , -5 , "x" ] } "#,
                #"{"a":[true,null,-5,"x"],"b":1}"#
            ),
            (#"{"\u00fc":"\\\"\n"}"#, "{\"ü\":\"\\\\\\\"\n\"}"), ("{}", "{}"), ("[]", "[]"),
            (#"{"a":1,"B":2,"":3}"#, #"{"":3,"B":2,"a":1}"#),
            (#""\ud83d\udd12/""#, "\"\u{1F512}/\""),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
        ])
    func encodings(_ text: String, _ canonical: String) throws {
        let value = try JSONValue(parsing: Array(text.utf8), named: "a value")
        #expect(try String(decoding: canonicalJSON(value), as: UTF8.self) == canonical)
    }

    @Test(
        "numbers that are not whole, or not in plain digits, have none",
        arguments: [
            "0.5", "1e2", "1.0", "-0", "1E-1",
        ])
    func numbers(_ text: String) throws {
        let value = try JSONValue(parsing: Array(text.utf8), named: "a value")
        #expect(throws: Failure.self) { try canonicalJSON(value) }
    }
}

@Suite("path patterns")
struct PathPatternTests {
    @Test(
        "patterns match as a shell's, and never across a /",
        arguments: [
            ("*", "file", true), ("*", "a/b", false), ("*/*", "a/b", true), ("a/*", "b/c", false),
            ("*.tgz", "foo.tgz", true), ("*.tgz", "foo.tgz.sig", false), ("foo-?", "foo-1", true),
            ("foo-?", "foo-12", false), ("foo-?", "foo-", false), ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false), ("[ab]c", "bc", true), ("[!ab]c", "bc", false),
            ("[!ab]c", "zc", true), ("[a-f]", "e", true), ("[a-f]", "g", false), ("[]]", "]", true),
            ("[a-]", "-", true), ("[a", "[a", true), ("[]", "[]", true), ("a[!]]c", "abc", true),
            ("", "", true), ("", "a", false), ("*", "", true), ("**", "abc", true),
            ("a//b", "a//b", true),
            ("/a", "a", false), ("A", "a", false), ("[f-a]", "b", false), ("ü*", "über", true),
            ("?", "ü", true), (".*", ".hidden", true), ("*", ".hidden", true),
        ])
    func matching(_ pattern: String, _ path: String, _ expected: Bool) throws {
        var steps = 10_000
        #expect(try PathPattern(pattern).matches(path, &steps) == expected)
    }
}
