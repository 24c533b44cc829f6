// SPDX-License-Identifier: Apache-2.0
// What authorities are asked, and whether they answer it. Spec: RFC 3161 §2.4.1 and §2.2.

import Keys
import Primitives
import Signing
import StandIns
import TestSupport
import Testing

@Suite("timestamp requests")
struct TimestampRequestTests {
    static let nonce = Result { try TimestampNonce(randomBytes: [0xFF] + Array(2...8)) }
    static let authority = Result { try TestTimestampAuthority() }

    private func request(certificates: Bool = false, policy: String? = nil) throws
        -> TimestampRequest
    {
        try TimestampRequest(
            over: stampedMessage, hash: .sha256, nonce: try Self.nonce.get(),
            wantsCertificates: certificates, policy: policy)
    }

    @Test("a request is the DER of its definition")
    func encoding() throws {
        let full = try request(certificates: true, policy: "1.3.6.1.4.1.57264.2")
        #expect(
            full.derBytes
                == DEREncoding.sequence(
                    DEREncoding.integer(1),
                    DEREncoding.sequence(
                        DEREncoding.sequence(
                            DEREncoding.object("2.16.840.1.101.3.4.2.1"), DEREncoding.null),
                        DEREncoding.octets(HashAlgorithm.sha256.hash(of: stampedMessage))),
                    DEREncoding.object("1.3.6.1.4.1.57264.2"),
                    DEREncoding.integer(magnitude: [0xFF] + Array(2...8)),
                    DEREncoding.boolean(true)))
    }

    @Test("the stand-in reads our requests, in every hash", arguments: HashAlgorithm.allCases)
    func readable(_ hash: HashAlgorithm) throws {
        let request = try TimestampRequest(
            over: stampedMessage, hash: hash, nonce: nil, wantsCertificates: false)
        let query = try StandInTimestampQuery(derBytes: request.derBytes)
        #expect(query.imprint == request.imprint)
        #expect(query.imprint.count == hash.byteCount)
        #expect(query.nonce == nil)
        #expect(!query.wantsCertificates)
    }

    @Test("leading zeros of random bytes are no part of the nonce", arguments: [0, 1, 8])
    func zeros(_ count: Int) throws {
        let bytes = Array(repeating: UInt8(0), count: count) + [0x80, 1, 2, 3, 4, 5, 6, 7]
        #expect(
            try TimestampNonce(randomBytes: bytes)
                == TimestampNonce(randomBytes: [0x80, 1, 2, 3, 4, 5, 6, 7]))
        let zero = try TimestampNonce(randomBytes: Array(repeating: 0, count: 8))
        #expect(zero.description == "00")
    }

    @Test("too little and too much randomness for a nonce are refused", arguments: [0, 7, 64])
    func badNonce(_ count: Int) async {
        await expectFailure(.usage, "random bytes") {
            _ = try TimestampNonce(randomBytes: Array(repeating: 1, count: count))
        }
    }

    @Test(
        "a policy that is no object identifier is refused",
        arguments: [
            "", "1", "1.", ".1", "3.1", "1.40", "1.02", "1.-1", "1.2.x", "1.2.4294967296",
            "1.2.18446744073709551616", String(repeating: "1.", count: 40) + "1",
        ])
    func badPolicy(_ policy: String) async {
        await expectFailure(.usage, "not an object identifier") {
            _ = try request(policy: policy)
        }
    }

    @Test("the right answer to a request is taken")
    func answer() throws {
        let authority = try Self.authority.get()
        let nonce = DEREncoding.integer(magnitude: [0xFF] + Array(2...8))
        let bare = try authority.response { $0.contentTail = [nonce] }
        #expect(try request().token(inAnswer: bare).info.time == StampTimes.noon)
        let certified = try authority.response {
            $0.contentTail = [nonce]
            $0.certificates = [authority.standIn.leafDER]
        }
        #expect(
            try request(certificates: true, policy: "1.3.6.1.4.1.57264.2")
                .token(inAnswer: certified).embeddedCertificates.count == 1)
    }

    static let answers = [
        TimestampRule(
            "an answer about another message", .timestampImprintMismatch, "another message"
        ) { $0.imprint[0] ^= 1 },
        TimestampRule(
            "an answer with another hash", .timestampImprintMismatch, "another message or hash"
        ) {
            $0.imprintHash = StandInHash.sha512.algorithmIdentifier
            $0.imprint = StandInHash.sha512(stampedMessage)
        },
        TimestampRule("an answer without the nonce", .timestampNonceMismatch, "has no nonce") {
            $0.contentTail = []
        },
        TimestampRule("an answer with another nonce", .timestampNonceMismatch, "repeats") {
            $0.contentTail = [DEREncoding.integer(1)]
        },
        TimestampRule("an answer under another policy", .timestampUntrusted, "policy 1.2.3") {
            $0.policy = DEREncoding.object("1.2.3")
        },
        TimestampRule("an answer with uncalled certificates", .timestampMalformed, "not requested")
        {
            $0.certificates = [DEREncoding.sequence()]
        },
        TimestampRule("a rejection", .timestampMalformed, "rejection") {
            $0.status = DEREncoding.sequence(DEREncoding.integer(2))
        },
    ]

    @Test("an answer to another question is refused", arguments: answers)
    func refuses(_ rule: TimestampRule) throws {
        let response = try Self.authority.get().response {
            $0.contentTail = [DEREncoding.integer(magnitude: [0xFF] + Array(2...8))]
            try rule.bend(&$0)
        }
        let request = try request(policy: "1.3.6.1.4.1.57264.2")
        expectTimestampProblem(rule.code, rule.part) { _ = try request.token(inAnswer: response) }
    }

    @Test("an answer without the certificates that were asked for is refused")
    func missingCertificates() throws {
        let response = try Self.authority.get().response {
            $0.contentTail = [DEREncoding.integer(magnitude: [0xFF] + Array(2...8))]
        }
        let request = try request(certificates: true)
        expectTimestampProblem(.timestampMalformed, "holds no certificates") {
            _ = try request.token(inAnswer: response)
        }
    }
}
