// SPDX-License-Identifier: Apache-2.0
// Rules of log entries: promises, proofs, checkpoints, and what they must be about.

import Keys
import Primitives
import Signing
import TestSupport
import Testing

/// A sample with its entry in a log; a place for the one thing a test changes.
struct LoggedSample {
    let sample: SignedSample
    let log: SmallLog
    let entry: TransparencyLogEntry

    static func version1() throws -> LoggedSample {
        let sample = try SignedSample.message(certificate: [1, 2, 3])
        let log = try SmallLog.version1()
        return LoggedSample(
            sample: sample, log: log,
            entry: try log.entry(try sample.hashedRecord(), .hashedRecord))
    }

    static func version2() throws -> LoggedSample {
        let sample = try SignedSample.message(certificate: [1, 2, 3])
        let log = try SmallLog.version2()
        return LoggedSample(
            sample: sample, log: log,
            entry: try log.entry(try sample.content.version2Body(), .hashedRecordVersion2))
    }

    func verify(
        _ entry: TransparencyLogEntry? = nil, _ requirements: LogRequirements = proofRequirements
    ) throws -> VerifiedLogEntry {
        try (entry ?? self.entry).verified(
            for: sample.content, by: [log.log], requirements: requirements)
    }

    /// The entry with a note in its proof.
    func noted(_ note: String?) throws -> TransparencyLogEntry {
        entry.with(inclusion: try #require(entry.proofs.inclusion).with(checkpoint: note))
    }

    var leaves: [[UInt8]] { log.earlier + [entry.body] + [Array("a later entry".utf8)] }
}

@Suite("promises of logs")
struct LogPromiseTests {
    @Test("a time is trusted when the log signed it")
    func promisedTime() throws {
        let found = try LoggedSample.version1().verify()
        #expect(found.integratedTime == SmallLog.time)
        #expect(found.isInclusionProven)
        #expect(found.logIndex == 1_005)
    }

    @Test("a promise is enough only where the caller says so")
    func promiseOnly() throws {
        let logged = try LoggedSample.version1()
        let entry = logged.entry.with(inclusion: nil)
        let found = try logged.verify(entry, entryTimestampRequirements)
        #expect(found.integratedTime == SmallLog.time)
        #expect(!found.isInclusionProven)
        expectProblem(.inclusionProofMissing) { _ = try logged.verify(entry) }
    }

    @Test("neither promise nor proof is entry-promise-missing where a promise would do")
    func neither() throws {
        let logged = try LoggedSample.version1()
        expectProblem(.signedEntryTimestampMissing) {
            _ = try logged.verify(
                logged.entry.with(inclusion: nil).with(promise: nil), entryTimestampRequirements)
        }
    }

    @Test("a promise over another index, time or body is refused, even beside a good proof")
    func otherPayload() throws {
        let logged = try LoggedSample.version1()
        let later = Timestamp(seconds: SmallLog.time.seconds + 1)
        for entry in [
            logged.entry.with(logIndex: 1_006), logged.entry.with(claimedTime: later),
            logged.entry.with(promise: try logged.log.promise(logged.entry.with(body: [0]))),
            logged.entry.with(promise: [0x30, 0x00]),
        ] {
            expectProblem(.signedEntryTimestampInvalid) { _ = try logged.verify(entry) }
        }
    }

    @Test("a promise by another key of the same log id is refused")
    func otherKey() throws {
        let logged = try LoggedSample.version1()
        let promise = try TestKeys.ecdsaP256().sign(try logged.entry.promisedBytes())
        expectProblem(.signedEntryTimestampInvalid) {
            _ = try logged.verify(logged.entry.with(promise: promise))
        }
    }

    @Test("logs with P-384, P-521 and Ed25519 keys promise too", arguments: [1, 2, 3])
    func keyKinds(place: Int) throws {
        let log = try SmallLog(.version1, key: TestKeys.algorithms[place]())
        let sample = try SignedSample.message()
        let entry = try log.entry(try sample.hashedRecord(), .hashedRecord)
        let found = try entry.verified(
            for: sample.content, by: [log.log], requirements: proofRequirements)
        #expect(found.integratedTime == SmallLog.time)
    }

    @Test("the log's key must be valid at the promised time, both ends inclusive")
    func validity() throws {
        let key = try TestKeys.ecdsaP256()
        let sample = try SignedSample.message()
        let now = SmallLog.time.seconds
        for (start, end, isGood) in [
            (now, now, true), (now + 1, now + 2, false), (now - 2, now - 1, false),
        ] {
            let period = ValidityPeriod(
                start: Timestamp(seconds: start), end: Timestamp(seconds: end))
            let log = try SmallLog(.version1, key: key, period: period)
            let entry = try log.entry(try sample.hashedRecord(), .hashedRecord)
            let verify = {
                try entry.verified(
                    for: sample.content, by: [log.log], requirements: proofRequirements)
            }
            if isGood {
                _ = try verify()
            } else {
                expectProblem(.logOutsideValidity) { _ = try verify() }
            }
        }
    }

    @Test("a log that stands twice in the trust root is good in either of its periods")
    func twoPeriods() throws {
        let logged = try LoggedSample.version1()
        let early = TransparencyLog(
            baseURL: logged.log.log.baseURL, publicKey: logged.log.log.publicKey,
            keyID: logged.log.log.keyID,
            validFor: ValidityPeriod(start: Timestamp(seconds: 0), end: Timestamp(seconds: 1)))
        _ = try logged.entry.verified(
            for: logged.sample.content, by: [early, logged.log.log], requirements: proofRequirements
        )
        expectProblem(.logOutsideValidity) {
            _ = try logged.entry.verified(
                for: logged.sample.content, by: [early], requirements: proofRequirements)
        }
    }

    @Test("numbers that canonical JSON cannot tell apart cannot be promised")
    func inexactNumbers() throws {
        let logged = try LoggedSample.version1()
        let large = logged.entry.with(logIndex: 1 << 53 + 1)
        let promised = large.with(promise: try logged.log.promise(large))
        let neighbour = promised.with(logIndex: 1 << 53)
        for entry in [promised, neighbour] {
            expectProblem(.signedEntryTimestampInvalid) { _ = try logged.verify(entry) }
        }
    }

    @Test("Rekor v2 makes no promises: one in its entry is refused, and none ever suffices")
    func version2() throws {
        let logged = try LoggedSample.version2()
        let timed = logged.entry.with(claimedTime: SmallLog.time)
        expectProblem(.signedEntryTimestampInvalid) {
            _ = try logged.verify(timed.with(promise: try logged.log.promise(timed)))
        }
        expectProblem(.inclusionProofMissing) {
            _ = try logged.verify(logged.entry.with(inclusion: nil), entryTimestampRequirements)
        }
        #expect(try logged.verify(timed).integratedTime == nil)
    }
}

@Suite("inclusion in logs")
struct LogInclusionTests {
    @Test("an entry of Rekor v2 is proven by its own index")
    func version2() throws {
        let found = try LoggedSample.version2().verify()
        #expect(found.logIndex == 5)
        #expect(found.integratedTime == nil)
        #expect(found.checkpoint?.size == 7)
    }

    @Test("a proof without a checkpoint is refused, even where a promise would do")
    func missingCheckpoint() throws {
        let logged = try LoggedSample.version1()
        expectProblem(.checkpointMissing) {
            _ = try logged.verify(logged.noted(nil), entryTimestampRequirements)
        }
    }

    @Test("a proof that does not hold is refused, even where a promise would do")
    func brokenProof() throws {
        let logged = try LoggedSample.version1()
        let inclusion = try #require(logged.entry.proofs.inclusion)
        var hashes = inclusion.hashes
        hashes[0][0] ^= 1
        for changed in [
            inclusion.with(hashes: hashes), inclusion.with(logIndex: 4),
            inclusion.with(logIndex: 7), inclusion.with(hashes: []),
        ] {
            expectProblem(.inclusionProofInvalid) {
                _ = try logged.verify(
                    logged.entry.with(inclusion: changed), entryTimestampRequirements)
            }
        }
    }

    @Test("a checkpoint that cannot be read is checkpoint-malformed")
    func malformedCheckpoint() throws {
        let logged = try LoggedSample.version1()
        expectProblem(.checkpointMalformed) { _ = try logged.verify(logged.noted("text")) }
    }

    @Test("a checkpoint by another key, name or hint is refused")
    func checkpointSignature() throws {
        let logged = try LoggedSample.version1()
        let note = try logged.log.checkpoint(logged.leaves)
        let text = try SignedNote(parsing: note).text
        let signature = try logged.log.key.sign(Array(text.utf8))
        let other = try TestKeys.ecdsaP256().sign(Array(text.utf8))
        let hint = logged.log.log.keyID.prefix(4)
        for line in [
            "— log.example \(base64Text([9, 9, 9, 9] + signature))\n",
            "— log.example \(base64Text(hint + other))\n",
            "— other.example \(base64Text(hint + signature))\n",
        ] {
            expectProblem(.checkpointSignatureInvalid) {
                _ = try logged.verify(logged.noted(text + "\n" + line))
            }
        }
    }

    @Test("lines of unknown keys beside the log's are ignored, in any order")
    func unknownLines() throws {
        let logged = try LoggedSample.version1()
        let text = try SignedNote(parsing: logged.log.checkpoint(logged.leaves)).text
        let line = try logged.log.line(text)
        let unknown = "— log.example \(base64Text([9, 9, 9, 9, 1]))\n— w.example AQIDBAUG\n"
        for lines in [unknown + line, line + unknown] {
            _ = try logged.verify(logged.noted(text + "\n" + lines))
        }
    }

    @Test("the hint may come from the checkpoint key id of the trust root")
    func checkpointKeyID() throws {
        let logged = try LoggedSample.version1()
        let text = try SignedNote(parsing: logged.log.checkpoint(logged.leaves)).text
        let signature = try logged.log.key.sign(Array(text.utf8))
        let entry = try logged.noted(
            "\(text)\n— log.example \(base64Text([7, 7, 7, 7] + signature))\n")
        let log = TransparencyLog(
            baseURL: "https://log.example:443/", publicKey: logged.log.log.publicKey,
            keyID: logged.log.log.keyID, checkpointKeyID: [7, 7, 7, 7],
            validFor: SmallLog.period)
        _ = try entry.verified(
            for: logged.sample.content, by: [log], requirements: proofRequirements)
    }

    @Test("a checkpoint of another log, or of the other generation, is checkpoint-mismatch")
    func origin() throws {
        let first = try LoggedSample.version1()
        for origin in ["log.example", "other.example - 1", "log.example - ", "log.example - 1x"] {
            expectProblem(.checkpointMismatch) {
                _ = try first.verify(
                    first.noted(try first.log.checkpoint(first.leaves, origin: origin)))
            }
        }
        let second = try LoggedSample.version2()
        expectProblem(.checkpointMismatch) {
            _ = try second.verify(
                second.noted(try second.log.checkpoint(second.leaves, origin: "log.example - 1")))
        }
    }

    @Test("Rekor v1's root and size must be the checkpoint's")
    func version1Agreement() throws {
        let logged = try LoggedSample.version1()
        let inclusion = try #require(logged.entry.proofs.inclusion)
        let root = NaiveTree.root(logged.leaves.dropLast())
        for changed in [
            inclusion.with(rootHash: root), inclusion.with(rootHash: []),
            inclusion.with(treeSize: 6), inclusion.with(treeSize: 0),
        ] {
            expectProblem(.checkpointMismatch) {
                _ = try logged.verify(logged.entry.with(inclusion: changed))
            }
        }
    }

    @Test("Rekor v2's root and size may be absent, and must not differ")
    func version2Agreement() throws {
        let logged = try LoggedSample.version2()
        let inclusion = try #require(logged.entry.proofs.inclusion)
        let bare = inclusion.with(logIndex: 0, rootHash: [], treeSize: 0)
        _ = try logged.verify(logged.entry.with(inclusion: bare))
        for changed in [
            inclusion.with(rootHash: [UInt8](repeating: 0, count: 32)), inclusion.with(treeSize: 8),
        ] {
            expectProblem(.checkpointMismatch) {
                _ = try logged.verify(logged.entry.with(inclusion: changed))
            }
        }
    }

    @Test("Rekor v2's index comes from the entry, and the proof's must not differ")
    func version2Index() throws {
        let logged = try LoggedSample.version2()
        let inclusion = try #require(logged.entry.proofs.inclusion)
        expectProblem(.inclusionProofInvalid) {
            _ = try logged.verify(logged.entry.with(inclusion: inclusion.with(logIndex: 4)))
        }
        expectProblem(.inclusionProofInvalid) {
            _ = try logged.verify(
                logged.entry.with(logIndex: 4, inclusion: inclusion.with(logIndex: 0)))
        }
    }

    @Test("without a promise the proven index is the leaf's, and there is no time")
    func provenIndex() throws {
        let logged = try LoggedSample.version1()
        let found = try logged.verify(logged.entry.with(promise: nil).with(logIndex: 99))
        #expect(found.logIndex == 5)
        #expect(found.integratedTime == nil)
    }

    @Test("the log's key can be held to a time that somebody else vouches for, ends inclusive")
    func validityAtOtherTime() throws {
        let found = try LoggedSample.version2().verify()
        for seconds in [1_700_000_000, 1_750_000_000, 1_800_000_000] {
            try found.requireLogValid(at: [Timestamp(seconds: seconds)])
        }
        for seconds in [1_699_999_999, 1_800_000_001] {
            expectProblem(.logOutsideValidity) {
                try found.requireLogValid(
                    at: [Timestamp(seconds: 1_750_000_000), Timestamp(seconds: seconds)])
            }
        }
        expectProblem(.signedTimeMissing) { try found.requireLogValid(at: []) }
    }

    @Test("an entry of an unknown log names its id and the known ones")
    func unknownLog() throws {
        let logged = try LoggedSample.version1()
        let other = try SmallLog.version1("other.example")
        let problem = #expect(throws: VerificationError.self) {
            try logged.entry.verified(
                for: logged.sample.content, by: [other.log], requirements: proofRequirements)
        }
        #expect(problem?.code == .logUntrusted)
        #expect(problem?.why.contains(hexText(logged.log.log.keyID)) == true)
        #expect(problem?.why.contains(hexText(other.log.keyID)) == true)
    }
}

extension TransparencyLogEntry {
    func with(logIndex: Int, inclusion: Inclusion) -> TransparencyLogEntry {
        with(logIndex: logIndex).with(inclusion: inclusion)
    }
}
