// SPDX-License-Identifier: Apache-2.0
// All timestamps of a bundle, counted by authority. Spec: CVE-2026-49834, CVE-2024-45395.

import Primitives
import Signing
import StandIns
import Testing

@Suite("timestamps of a bundle")
struct VerifiedTimestampsTests {
    struct Clocks {
        let first: TestTimestampAuthority
        let second: TestTimestampAuthority
        let stranger: TestTimestampAuthority
    }

    static let clocks = Result {
        Clocks(
            first: try TestTimestampAuthority(named: "first"),
            second: try TestTimestampAuthority(named: "second"),
            stranger: try TestTimestampAuthority(named: "stranger"))
    }

    private func trusted() throws -> [CertificateAuthority] {
        let clocks = try Self.clocks.get()
        return [try clocks.first.trusted(), try clocks.second.trusted()]
    }

    private func verify(_ responses: [[UInt8]], threshold: Int) throws -> VerifiedTimestamps {
        try VerifiedTimestamps(
            responses: responses, over: stampedMessage, by: try trusted(), threshold: threshold)
    }

    @Test("timestamps of two authorities are two witnesses")
    func two() throws {
        let clocks = try Self.clocks.get()
        let verified = try verify(
            [clocks.first.response(), clocks.second.response()], threshold: 2)
        #expect(verified.timestamps.count == 2)
        #expect(verified.authorityCount == 2)
        #expect(verified.uncounted.isEmpty)
    }

    @Test("CVE-2026-49834: two timestamps of one authority count once")
    func sameAuthority() throws {
        let first = try Self.clocks.get().first
        let responses = [
            try first.response(), try first.response { $0.serialNumber = DEREncoding.integer(8) },
        ]
        expectTimestampProblem(.signedTimeMissing, "of 1 authority hold, 2 are required") {
            _ = try verify(responses, threshold: 2)
        }
        let verified = try verify(responses, threshold: 1)
        #expect(verified.timestamps.count == 2)
        #expect(verified.authorityCount == 1)
    }

    @Test("the very same timestamp twice counts once")
    func sameToken() throws {
        let response = try Self.clocks.get().first.response()
        expectTimestampProblem(.signedTimeMissing, "") {
            _ = try verify([response, response], threshold: 2)
        }
    }

    @Test("two entries of one operator are one witness, whatever their keys")
    func sameOperator() throws {
        let clocks = try Self.clocks.get()
        let responses = [try clocks.first.response(), try clocks.second.response()]
        let count = { (first: String?, second: String?) throws in
            try VerifiedTimestamps(
                responses: responses, over: stampedMessage,
                by: [clocks.first.trusted(by: first), clocks.second.trusted(by: second)],
                threshold: 1
            ).authorityCount
        }
        #expect(try count("one", "one") == 1)
        #expect(try count("one", "two") == 2)
        #expect(try count("one", nil) == 2)
        #expect(try count(nil, nil) == 2)
    }

    @Test("entries that share their address or their keys are one witness")
    func sharedParts() throws {
        let clock = try Self.clocks.get().first
        let listed = try clock.trusted()
        #expect(listed.isOneParty(with: try clock.trusted(withLeaf: false)))
        #expect(
            listed.isOneParty(
                with: try clock.trusted(for: StampTimes.period("2026-02-01T00:00:00Z", nil))))
        let named = try TestTimestampAuthority(named: "first").trusted()
        #expect(listed.isOneParty(with: named), "the same address")
        #expect(!listed.isOneParty(with: try Self.clocks.get().second.trusted()))
    }

    @Test("a timestamp of an unknown authority does not count, and is told")
    func stranger() throws {
        let clocks = try Self.clocks.get()
        let responses = [try clocks.stranger.response(), try clocks.first.response()]
        let verified = try verify(responses, threshold: 1)
        #expect(verified.timestamps.count == 1)
        #expect(verified.uncounted.map(\.code) == [.timestampUntrusted])
        #expect(verified.uncounted.map(\.place) == ["timestamp 1 of 2"])
        expectTimestampProblem(.signedTimeMissing, "1 of unknown authorities do not count") {
            _ = try verify(responses, threshold: 2)
        }
        expectTimestampProblem(.timestampUntrusted, "not a timestamp authority") {
            _ = try verify([responses[0]], threshold: 1)
        }
    }

    @Test("a timestamp of an unknown authority is not even asked what it is about")
    func strangerAboutSomethingElse() throws {
        let clocks = try Self.clocks.get()
        let verified = try verify(
            [clocks.first.response(), clocks.stranger.response(over: [1])], threshold: 1)
        #expect(verified.uncounted.count == 1)
    }

    static let spoilers: [TimestampRule] = [
        TimestampRule(
            "one about something else", .timestampImprintMismatch, "is about"
        ) { $0.imprint[0] ^= 1 },
        TimestampRule("one that is wrongly signed", .timestampSignatureInvalid, "") {
            $0.bendSignature = { $0[$0.count - 1] ^= 1 }
        },
        TimestampRule("one out of its authority's time", .timestampOutsideAuthority, "") {
            $0.time = "20250601120000Z"
        },
        TimestampRule("one that cannot be read", .timestampMalformed, "") { $0.trailing = [0] },
        TimestampRule("a rejection", .timestampMalformed, "rejection") {
            $0.status = DEREncoding.sequence(DEREncoding.integer(2))
        },
    ]

    @Test("beside enough good timestamps, a bad one refuses them all", arguments: spoilers)
    func spoiler(_ rule: TimestampRule) throws {
        let clocks = try Self.clocks.get()
        let good = [try clocks.first.response(), try clocks.second.response()]
        for responses in [
            good + [try clocks.first.response(rule.bend)],
            [try clocks.first.response(rule.bend)] + good,
        ] {
            expectTimestampProblem(rule.code, rule.part) {
                _ = try verify(responses, threshold: 1)
            }
        }
    }

    @Test("no timestamps are enough only where none are required")
    func none() throws {
        #expect(try verify([], threshold: 0).timestamps.isEmpty)
        expectTimestampProblem(
            .signedTimeMissing, "of 0 different authorities hold, 1 is required"
        ) { _ = try verify([], threshold: 1) }
    }

    @Test("a bad timestamp is refused where none is required, too")
    func badThough() throws {
        let response = try Self.clocks.get().first.response(over: [1])
        expectTimestampProblem(.timestampImprintMismatch, "") {
            _ = try verify([response], threshold: 0)
        }
    }

    @Test("CVE-2024-45395: a crowd of timestamps is refused before any is read")
    func crowd() {
        expectTimestampProblem(.overLimit, "there are 33 timestamps, the limit is 32") {
            _ = try verify(Array(repeating: [], count: 33), threshold: 1)
        }
    }
}
