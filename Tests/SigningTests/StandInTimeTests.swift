// SPDX-License-Identifier: Apache-2.0
// The stand-in time-stamping authority, judged by openssl. Spec: RFC 3161.

import Primitives
import StandIns
import TestSupport
import Testing

@Suite("stand-in timestamps")
struct StandInTimeTests {
    private static func instance(_ kind: StandInKey.Kind) throws -> StandInSigstore {
        var plan = StandInSigstore.Plan(at: StandIn.time, keys: try StandInKeys())
        plan.keys.timestamp = try StandInKey(kind)
        return try StandInSigstore(plan)
    }

    /// What openssl says of a response to a query.
    private func verifies(
        _ response: [UInt8], _ query: StandInTimestampQuery, _ instance: StandInSigstore
    ) throws -> Bool {
        let chain = instance.timestampAuthority.chain.map { pemText("CERTIFICATE", $0) }
        return try shellOutput(
            """
            openssl ts -verify -queryfile query -in response -CAfile root -untrusted others \
            -attime \(StandIn.time.seconds)
            """,
            files: [
                "query": query.derBytes, "response": response,
                "root": Array(chain.suffix(1).joined().utf8),
                "others": Array(chain.dropLast().joined().utf8),
            ]) != nil
    }

    @Test(
        "openssl verifies a response", .enabled(if: hasTool("openssl"), "openssl is not here"),
        arguments: [StandInKey.Kind.p256, .p384, .p521, .rsa2048], [true, false])
    func openssl(_ kind: StandInKey.Kind, wantsCertificates: Bool) throws {
        let instance = try Self.instance(kind)
        let query = StandInTimestampQuery(
            imprint: sha256(StandIn.artifact), nonce: [0x80, 1, 2],
            wantsCertificates: wantsCertificates)
        let response = try instance.timestamp(for: query, at: StandIn.time)
        #expect(try verifies(response, query, instance))
    }

    @Test(
        "openssl refuses every fault it can see",
        .enabled(if: hasTool("openssl"), "openssl is not here"))
    func faults() throws {
        let instance = try StandIn.instance.get()
        let query = StandInTimestampQuery(
            imprint: sha256(StandIn.artifact), nonce: [1, 2], wantsCertificates: true)
        let unseen: Set<StandInFault> = [
            // About the bundle, or the time, which openssl only shows.
            .timestampMissing, .timestampTwice, .timestampLate, .timestampOutsideAuthority,
            .timestampCertificates, .timestampTrailing,
        ]
        for fault in StandInFault.allCases
        where fault.rawValue.hasPrefix("timestamp-") && !unseen.contains(fault) {
            let response = try instance.timestamp(for: query, at: StandIn.time, faults: [fault])
            #expect(try !verifies(response, query, instance), "\(fault.rawValue) is accepted")
        }
    }

    @Test("queries of openssl are read", .enabled(if: hasTool("openssl"), "openssl is not here"))
    func queries() throws {
        for (flags, hash) in [("-sha256 -cert", StandInHash.sha256), ("-sha512", .sha512)] {
            let bytes = try #require(
                try shellOutput(
                    "openssl ts -query -data artifact \(flags) -out query && cat query",
                    files: ["artifact": StandIn.artifact]))
            let query = try StandInTimestampQuery(derBytes: bytes)
            #expect(query.imprint == hash(StandIn.artifact) && query.hash == hash)
            #expect(query.wantsCertificates == flags.hasSuffix("-cert"))
            #expect(query.nonce?.isEmpty == false)
        }
    }

    @Test("a query that is cut or longer is refused")
    func badQueries() async throws {
        let query = StandInTimestampQuery(imprint: sha256([]), nonce: [1]).derBytes
        #expect(try StandInTimestampQuery(derBytes: query).derBytes == query)
        for length in 0..<query.count {
            await expectFailure(.malformed, "timestamp query") {
                _ = try StandInTimestampQuery(derBytes: Array(query.prefix(length)))
            }
        }
        await expectFailure(.malformed, "timestamp query") {
            _ = try StandInTimestampQuery(derBytes: query + [0])
        }
    }
}
