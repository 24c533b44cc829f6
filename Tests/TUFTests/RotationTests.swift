// SPDX-License-Identifier: Apache-2.0
// Keys that come, go and are stolen: who must have signed, for every set of signers there can be.
// Spec: TUF 1.0.34 §5.3.4, §5.4.2, §5.5.3, §5.6.3.

import Primitives
import SimulatedUpdates
import TUF
import Testing

/// A role's keys by number, and how many of them must sign.
struct KeySet: Sendable, CustomTestStringConvertible {
    let numbers: Set<UInt8>
    let threshold: Int

    init(_ threshold: Int, of numbers: Set<UInt8>) {
        (self.threshold, self.numbers) = (threshold, numbers)
    }

    var testDescription: String { "\(threshold) of \(numbers.sorted())" }

    func keys() throws -> [SimulatedKey] { try numbers.sorted().map(SimulatedKey.numbered) }

    func isMet(by signers: Set<UInt8>) -> Bool {
        signers.intersection(numbers).count >= threshold
    }

    /// Every set of signers out of these keys, others' and a stranger's.
    static func signers(outOf sets: KeySet...) -> [Set<UInt8>] {
        let pool = sets.reduce(into: Set<UInt8>([109])) { $0.formUnion($1.numbers) }.sorted()
        return (0..<(1 << pool.count)).map { bits in
            Set(pool.enumerated().filter { bits >> $0.offset & 1 == 1 }.map(\.element))
        }
    }
}

@Suite("rotations of keys")
struct RotationTests {
    @Test(
        "a root counts exactly when enough of the old keys and enough of its own signed it",
        arguments: [
            (KeySet(1, of: [101]), KeySet(1, of: [102])),
            (KeySet(1, of: [101, 102]), KeySet(2, of: [101, 102])),
            (KeySet(2, of: [101, 102, 103]), KeySet(1, of: [101, 102, 103])),
            (KeySet(3, of: [101, 102, 103, 104]), KeySet(3, of: [101, 102, 104, 105])),
            (KeySet(2, of: [101, 102]), KeySet(2, of: [103, 104])),
        ])
    func root(old: KeySet, new: KeySet) async throws {
        for signers in KeySet.signers(outOf: old, new) {
            var world = try UpdateWorld()
            let first = world.signers["root"] ?? []
            world.signers["root"] = try old.keys()
            world.appoint("root", threshold: old.threshold)
            world.signers["root"] = first + (try old.keys())
            try world.publish("root")
            world.signers["root"] = try new.keys()
            world.appoint("root", threshold: new.threshold)
            world.signers["root"] = try signers.sorted().map(SimulatedKey.numbered)
            try world.publish("root")
            let client = world
            if old.isMet(by: signers), new.isMet(by: signers) {
                #expect(try await client.refresh().root.content.version == 3, "\(signers)")
            } else {
                await expectRefusal(.thresholdNotMet) { try await client.refresh() }
                #expect(try client.keptVersion("root") == 2, "\(signers)")
            }
        }
    }

    @Test(
        "another role's metadata counts exactly when enough of the keys in the root signed it",
        arguments: ["timestamp", "snapshot", "targets"],
        [
            KeySet(1, of: [101]), KeySet(2, of: [101, 102]), KeySet(3, of: [101, 102, 103, 104]),
        ])
    func others(role: String, keys: KeySet) async throws {
        for signers in KeySet.signers(outOf: keys, KeySet(1, of: [108])) {
            var world = try UpdateWorld()
            world.signers[role] = try keys.keys()
            world.appoint(role, threshold: keys.threshold)
            try world.publish("root")
            world.signers[role] = try signers.sorted().map(SimulatedKey.numbered)
            try world.release()
            let client = world
            if keys.isMet(by: signers) {
                try await client.refresh()
                #expect(try client.keptVersion(role) == 2, "\(signers)")
            } else {
                await expectRefusal(.thresholdNotMet) { try await client.refresh() }
                #expect(try client.keptVersion(role) == nil, "\(signers)")
            }
        }
    }
}
