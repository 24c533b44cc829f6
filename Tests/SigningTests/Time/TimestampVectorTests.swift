// SPDX-License-Identifier: Apache-2.0
// What real authorities sign is understood, and what the suite says must fail fails here if it is
// the timestamp that is wrong; and thousands of damaged ones never say anything else.

import Primitives
import Signing
import TestSupport
import Testing

@Suite(
    "timestamps of the conformance suite",
    .enabled(if: TimestampVector.directory != nil, "the suites are not beside the project"))
struct TimestampVectorTests {
    /// The vectors that are wrong in their timestamp; what is wrong in all others is elsewhere.
    static let refusals: [String: VerificationError.Code] = [
        "rekor2-timestamp-outside-trust-root-tsa-validity_fail": .timestampOutsideAuthority,
        "rekor2-timestamp-outside-tsa-cert-validity_fail": .timestampOutsideAuthority,
        "rekor2-timestamp-payload-mismatch_fail": .timestampImprintMismatch,
        "rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail": .timestampUntrusted,
        "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail": .timestampUntrusted,
    ]

    @Test("every vector with timestamps is read")
    func enough() {
        #expect(TimestampVector.all.count >= 29)
        #expect(Set(Self.refusals.keys).isSubset(of: TimestampVector.all.map(\.description)))
    }

    @Test(
        "real timestamps hold, or fail for the reason the suite gives them",
        arguments: TimestampVector.all)
    func behaves(_ vector: TimestampVector) throws {
        let verify = {
            try VerifiedTimestamps(
                responses: vector.responses, over: vector.message, by: vector.authorities,
                threshold: 1)
        }
        if let code = Self.refusals[vector.description] {
            expectTimestampProblem(code, "") { _ = try verify() }
        } else {
            let verified = try verify()
            #expect(verified.timestamps.count == vector.responses.count)
            #expect(verified.timestamps.allSatisfy { $0.policy == "1.3.6.1.4.1.57264.2" })
        }
    }

    @Test("the inclusive end of an authority's period is the timestamp's own second")
    func inclusiveEnd() throws {
        let vector = try #require(
            TimestampVector.all.first { $0.description == "trust-root-tsa-validity-end-inclusive" })
        let authority = try #require(vector.authorities.first)
        let token = try TimestampToken(response: vector.responses[0])
        #expect(token.info.time == authority.validFor.end)
        let earlier = try CertificateAuthority(
            chain: authority.chain,
            validFor: ValidityPeriod(
                start: authority.validFor.start,
                end: Timestamp(seconds: token.info.time.seconds - 1)),
            uri: nil, operatorName: nil)
        expectTimestampProblem(.timestampOutsideAuthority, "") {
            _ = try token.verified(over: vector.message, by: [earlier], nonce: nil)
        }
    }

    @Test(
        "a damaged real timestamp is refused, or says the very same",
        arguments: [
            "rekor2-timestamp-with-embedded-cert", "rekor2-timestamp-without-embedded-cert",
            "rekor2-timestamp-with-expired-cert-chain", "intoto-with-custom-trust-root",
        ])
    func mutation(_ name: String) throws {
        let vector = try #require(TimestampVector.all.first { $0.description == name })
        let good = vector.responses[0]
        let expected = try TimestampToken(response: good)
            .verified(over: vector.message, by: vector.authorities, nonce: nil)
        var random = SeededGenerator(seed: UInt64(good.count))
        var survivors = 0
        for _ in 0..<600 {
            let damaged = damage(good, &random)
            let verified = try? TimestampToken(response: damaged)
                .verified(over: vector.message, by: vector.authorities, nonce: nil)
            guard let verified, damaged != good else { continue }
            survivors += 1
            #expect(verified.time == expected.time)
            #expect(verified.certificate == expected.certificate)
            #expect(verified.serialNumber == expected.serialNumber)
        }
        // What is neither signed nor relied on may change: a status text, the embedded chain.
        #expect(survivors < 60)
    }

    private func damage(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var damaged = bytes
        for _ in 0...Int.random(in: 0..<2, using: &random) {
            let place = Int.random(in: damaged.indices, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: damaged[place] = UInt8.random(in: 0...255, using: &random)
            case 2: damaged.remove(at: place)
            case 3: damaged.insert(UInt8.random(in: 0...255, using: &random), at: place)
            case 4: damaged = Array(damaged.prefix(max(1, place)))
            default:
                let end = min(damaged.count, place + Int.random(in: 1...40, using: &random))
                damaged.insert(contentsOf: damaged[place..<end], at: place)
            }
        }
        return damaged
    }
}
