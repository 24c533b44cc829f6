// SPDX-License-Identifier: Apache-2.0
// All entries of one bundle together: thresholds, duplicates, wrong and unknown ones.

import Keys
import Primitives
import Signing
import TestSupport
import Testing

@Suite("log entries together")
struct LogVerdictTests {
    private let sample: SignedSample
    private let first: SmallLog
    private let second: SmallLog

    init() throws {
        sample = try SignedSample.message()
        first = try SmallLog(
            .version1, key: TestKeys.ecdsaP256(), name: "first.example", operatorName: "one")
        second = try SmallLog(
            .version2, key: TestKeys.ed25519(), name: "second.example", operatorName: "two")
    }

    private func entry(_ log: SmallLog, _ sample: SignedSample? = nil) throws
        -> TransparencyLogEntry
    {
        let sample = sample ?? self.sample
        return log.generation == .version1
            ? try log.entry(try sample.hashedRecord(), .hashedRecord)
            : try log.entry(try sample.content.version2Body(), .hashedRecordVersion2)
    }

    private func verify(
        _ entries: [TransparencyLogEntry], logs: [SmallLog]? = nil, parties: Int = 1
    ) throws -> LogVerdict {
        try entries.verified(
            for: sample.content, by: (logs ?? [first, second]).map(\.log),
            requirements: LogRequirements(
                proof: .inclusionProof, threshold: parties, witnesses: .none))
    }

    @Test("entries of two operators are two parties")
    func twoParties() throws {
        let verdict = try verify([entry(first), entry(second)], parties: 2)
        #expect(verdict.parties == ["operator one", "operator two"])
        #expect(verdict.entries.count == 2)
    }

    @Test("two logs of one operator are one party")
    func oneOperator() throws {
        let sister = try SmallLog(
            .version1, key: TestKeys.ecdsaP256(), name: "sister.example", operatorName: "one")
        let entries = [try entry(first), try entry(sister)]
        #expect(try verify(entries, logs: [first, sister]).parties.count == 1)
        expectProblem(.logEntryMissing) {
            _ = try verify(entries, logs: [first, sister], parties: 2)
        }
    }

    @Test("no entry is log-entry-missing where one is asked for, and fine where none is")
    func noEntry() throws {
        expectProblem(.logEntryMissing) { _ = try verify([]) }
        #expect(try verify([], parties: 0).entries.isEmpty)
    }

    @Test("a wrong entry of a known log spoils the bundle, even where no entry is asked for")
    func wrongEntry() throws {
        let other = try entry(second, SignedSample.message("other"))
        for parties in [0, 1] {
            expectProblem(.entryArtifactMismatch) {
                _ = try verify([entry(first), other], parties: parties)
            }
        }
    }

    @Test("a wrong entry is named by its place")
    func place() throws {
        let other = try entry(second, SignedSample.message("other"))
        let problem = #expect(throws: VerificationError.self) {
            try verify([entry(first), other])
        }
        #expect(problem?.place == "log entry 2 of 2")
    }

    @Test("an entry of an unknown log counts for nothing, and is told")
    func unknownLog() throws {
        let stranger = try entry(SmallLog.version1("stranger.example"))
        let verdict = try verify([stranger, entry(first)])
        #expect(verdict.ignored.map(\.code) == [.logUntrusted])
        #expect(verdict.entries.count == 1)
        expectProblem(.logUntrusted) { _ = try verify([stranger]) }
        expectProblem(.logEntryMissing) { _ = try verify([stranger, entry(first)], parties: 2) }
    }

    @Test("one entry twice is duplicate-log-entry, known log or not")
    func duplicates() throws {
        let stranger = try entry(SmallLog.version1("stranger.example"))
        for twice in [try entry(first), stranger] {
            expectProblem(.duplicateLogEntry) { _ = try verify([twice, entry(second), twice]) }
        }
    }

    @Test("one entry under both ids of a log is duplicate-log-entry")
    func aliases() throws {
        let entry = try entry(second)
        let alias = [UInt8](repeating: 7, count: 32)
        let log = TransparencyLog(
            baseURL: second.log.baseURL, publicKey: second.log.publicKey, keyID: second.log.keyID,
            checkpointKeyID: alias, validFor: SmallLog.period)
        let copy = TransparencyLogEntry(
            logIndex: entry.logIndex, logID: alias, kind: entry.kind, claimedTime: nil,
            proofs: entry.proofs, body: entry.body)
        expectProblem(.duplicateLogEntry) {
            _ = try [entry, copy].verified(
                for: sample.content, by: [log], requirements: proofRequirements)
        }
    }

    @Test("33 entries are over the limit")
    func tooMany() throws {
        let entries = Array(repeating: try entry(first), count: Limits.proofsPerBundle + 1)
        expectProblem(.overLimit) { _ = try verify(entries) }
    }
}
