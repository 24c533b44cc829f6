// SPDX-License-Identifier: Apache-2.0
// Good notes and entries with something broken: refused, or the very same proof; never a trap.

import Keys
import Primitives
import Signing
import TestSupport
import Testing

@Suite("mutated log evidence")
struct LogMutationTests {
    /// One change somewhere: a byte, a cut, a doubled or removed stretch.
    private func mutated(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var changed = bytes
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let length = Int.random(in: 1...min(16, bytes.count - place), using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1: changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: changed[place] = UInt8.random(in: 0...255, using: &random)
        case 3: changed = Array(bytes.prefix(place))
        case 4: changed.removeSubrange(place..<place + length)
        default: changed.insert(contentsOf: bytes[place..<place + length], at: place)
        }
        return changed
    }

    @Test("2,000 broken entries of each generation are refused, or prove the very same")
    func entries() throws {
        for (seed, logged) in [try LoggedSample.version1(), try LoggedSample.version2()]
            .enumerated()
        {
            let good = try logged.verify()
            let bytes = logged.entry.json.compactBytes
            var random = SeededGenerator(seed: UInt64(seed))
            var survivors = 0
            for _ in 0..<2_000 {
                let text = mutated(bytes, &random)
                guard let json = try? JSONReader(parsing: text, named: "entry"),
                    let entry = try? TransparencyLogEntry(reading: json),
                    let found = try? logged.verify(entry)
                else { continue }
                survivors += 1
                // A removed promise takes the time and the global index with it.
                #expect(
                    found.integratedTime == good.integratedTime || found.integratedTime == nil)
                #expect(found.logIndex == good.logIndex || found.integratedTime == nil)
                #expect(found.checkpoint?.rootHash == good.checkpoint?.rootHash)
                #expect(entry.body == logged.entry.body)
            }
            #expect(survivors < 100, "\(survivors) of 2,000 variants were taken")
        }
    }

    @Test("2,000 broken annotations are refused, or prove the very same")
    func annotations() throws {
        let logged = try LoggedSample.version1()
        let promise = try #require(logged.entry.proofs.signedEntryTimestamp)
        let annotation: JSONValue = [
            "SignedEntryTimestamp": .string(base64Text(promise)),
            "Payload": [
                "body": .string(base64Text(logged.entry.body)), "integratedTime": 1_750_000_000,
                "logIndex": 1005, "logID": .string(hexText(logged.entry.logID)),
            ],
        ]
        var random = SeededGenerator(seed: 3)
        for _ in 0..<2_000 {
            let text = mutated(annotation.compactBytes, &random)
            guard
                let entry = try? TransparencyLogEntry(
                    legacyBundleAnnotation: String(decoding: text, as: UTF8.self)),
                let found = try? logged.verify(entry, entryTimestampRequirements)
            else { continue }
            #expect(found.integratedTime == SmallLog.time)
            #expect(found.logIndex == 1_005)
            #expect(entry == logged.entry.with(inclusion: nil))
        }
    }

    @Test("2,000 broken checkpoints are refused, or say the very same")
    func notes() throws {
        for (seed, logged) in [try LoggedSample.version1(), try LoggedSample.version2()]
            .enumerated()
        {
            let note = Array(try logged.log.checkpoint(logged.leaves).utf8)
            let good = try SignedNote(parsing: note)
            let key = logged.log.log.publicKey
            let hint = Array(logged.log.log.keyID.prefix(4))
            var random = SeededGenerator(seed: UInt64(10 + seed))
            for _ in 0..<2_000 {
                guard let found = try? SignedNote(parsing: mutated(note, &random)),
                    found.isSigned(names: ["log.example"], hints: [hint], key: key)
                else { continue }
                #expect(found.text == good.text)
                _ = try Checkpoint(reading: found)
            }
        }
    }

    @Test("2,000 broken bodies never trap, and never pass for the good one")
    func bodies() throws {
        let sample = try SignedSample.envelope()
        let log = try SmallLog.version1()
        var random = SeededGenerator(seed: 20)
        let bodies: [([UInt8], TransparencyLogEntry.Kind)] = [
            (try sample.loggedEnvelope(), .envelope), (try sample.loggedInToto(), .inToto),
            (try sample.loggedInTotoVersion1(), .inTotoVersion1),
            (try sample.content.version2Body(), .hashedRecordVersion2),
        ]
        for (body, kind) in bodies {
            let entry = try log.entry(body, kind)
            for _ in 0..<500 {
                let changed = mutated(body, &random)
                guard changed != body else { continue }
                _ = try? LogEntryBody(parsing: changed, as: kind)
                #expect(throws: VerificationError.self) {
                    try entry.with(body: changed).verified(
                        for: sample.content, by: [log.log], requirements: proofRequirements)
                }
            }
        }
    }
}
