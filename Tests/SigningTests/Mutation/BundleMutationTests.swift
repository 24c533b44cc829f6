// SPDX-License-Identifier: Apache-2.0
// Accepted bundles with one thing changed: refused, or the very same answer; never a trap.

import Primitives
import Signing
import StandIns
import TestSupport
import Testing

@Suite("mutated bundles")
struct BundleMutationTests {
    /// What came of the changes to one bundle.
    private struct Tally {
        var refused = 0
        var accepted = 0
    }

    @Test(
        "150 changes to each accepted bundle of the suite are refused, or mean the same",
        .enabled(if: !AcceptedBundle.conformance.isEmpty, "the suites are not beside the project"),
        arguments: AcceptedBundle.conformance)
    func conformance(_ bundle: AcceptedBundle) throws {
        let tally = try change(bundle, times: 150, seed: 1)
        #expect(tally.refused > 75)
    }

    @Test("the accepted cases of the conformance suite are 21 or none")
    func count() {
        #expect([0, 21].contains(AcceptedBundle.conformance.count))
    }

    /// Split for the sake of parallel runs.
    @Test(
        "18,000 changes to accepted bundles of our own are refused, or mean the same",
        arguments: 0..<12)
    func standIns(_ part: Int) throws {
        let all = try AcceptedBundle.standIns.get()
        #expect(all.count == 57)
        let mine = all.indices.filter { $0 % 12 == part }
        var tally = Tally()
        for place in mine {
            let found = try change(all[place], times: 320, seed: UInt64(100 + place))
            tally.refused += found.refused
            tally.accepted += found.accepted
        }
        #expect(tally.refused > 160 * mine.count)
    }

    private func change(
        _ good: AcceptedBundle, times: Int, seed: UInt64
    ) throws -> Tally {
        let bundle = try SignatureBundle(parsing: good.bytes)
        let expected = good.verify(bundle)
        #expect(expected.problem == nil)
        let mutation = JSONMutation(of: try JSONValue(parsing: good.bytes, named: "the bundle"))
        var random = SeededGenerator(seed: seed)
        var tally = Tally()
        for round in 0..<times {
            let changed =
                round.isMultiple(of: 3)
                ? random.changed(good.bytes) : mutation.changed(&random)
            guard let read = try? SignatureBundle(parsing: changed) else {
                tally.refused += 1
                continue
            }
            // The same value gets the same answer: verifying knows nothing but the value.
            guard read != bundle else {
                tally.accepted += 1
                continue
            }
            let finding = good.verify(read)
            guard finding.problem == nil else {
                #expect(finding.signer == nil && finding.statement == nil)
                tally.refused += 1
                continue
            }
            tally.accepted += 1
            let places = differences(bundle, read)
            #expect(
                !places.contains(nil),
                "\(good.name), change \(round): accepted although what is signed differs, \(places)"
            )
            #expect(finding.signer == expected.signer)
            #expect(finding.statement == expected.statement)
        }
        return tally
    }
}
