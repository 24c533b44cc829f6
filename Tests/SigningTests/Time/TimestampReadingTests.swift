// SPDX-License-Identifier: Apache-2.0
// How a timestamp must be written to be read at all. Spec: RFC 3161 §2.4.2, RFC 5652 §5.

import Primitives
import Signing
import StandIns
import Testing

@Suite("reading timestamps")
struct TimestampReadingTests {
    static let authority = Result { try TestTimestampAuthority() }

    static let answers = [
        TimestampRule(
            "an answer that rejects is told in the authority's words", .timestampMalformed,
            #"rejection, "not today", data in the wrong format (badDataFormat)"#
        ) {
            $0.status = DEREncoding.sequence(
                DEREncoding.integer(2), DEREncoding.sequence(DEREncoding.utf8("not today")),
                DEREncoding.bits([0x04], unused: 2))
        },
        TimestampRule(
            "an answer that asks to wait is no timestamp, even with a token", .timestampMalformed,
            "waiting"
        ) { $0.status = DEREncoding.sequence(DEREncoding.integer(3)) },
        TimestampRule(
            "an answer with a status nobody defined is refused", .timestampMalformed,
            "its status is 6, 0 to 5 is expected"
        ) { $0.status = DEREncoding.sequence(DEREncoding.integer(6)) },
        TimestampRule(
            "an answer with a negative status is refused", .timestampMalformed, "out of range"
        ) { $0.status = DEREncoding.sequence([0x02, 0x01, 0xFF]) },
        TimestampRule(
            "an answer with a byte after its end is refused", .timestampMalformed,
            "not one DER value"
        ) { $0.trailing = [0] },
        TimestampRule(
            "a token that is no signed data is refused", .timestampMalformed,
            "1.2.840.113549.1.7.1, not CMS signed data"
        ) { $0.tokenType = DEREncoding.object("1.2.840.113549.1.7.1") },
    ]

    static let envelopes = [
        TimestampRule(
            "signed data of another version is refused", .timestampMalformed,
            "signed data version is 1, 3 is expected"
        ) { $0.version = DEREncoding.integer(1) },
        TimestampRule(
            "content of another type is refused", .timestampMalformed, "not a timestamp"
        ) { $0.contentType = DEREncoding.object("1.2.840.113549.1.7.1") },
        TimestampRule(
            "a token without a signer is refused", .timestampMalformed, "has 0 signers"
        ) { $0.signerCount = 0 },
        TimestampRule(
            "a token with two signers is refused", .timestampMalformed, "has 2 signers"
        ) { $0.signerCount = 2 },
        TimestampRule(
            "a token with a crowd of signers is refused before they are read", .overLimit,
            "more than 16"
        ) { $0.signerCount = 17 },
        TimestampRule(
            "a crowd of digest algorithms is refused before they are read", .overLimit,
            "more than 16"
        ) {
            $0.digestAlgorithms = Array(
                repeating: StandInHash.sha256.algorithmIdentifier, count: 17)
        },
        TimestampRule(
            "a signer whose digest algorithm is not announced is refused", .timestampMalformed,
            "not among the digest algorithms"
        ) { $0.digestAlgorithms = [StandInHash.sha512.algorithmIdentifier] },
        TimestampRule(
            "a crowd of certificates is refused before they are read", .overLimit, "more than 16"
        ) { $0.certificates = Array(repeating: DEREncoding.sequence(), count: 17) },
        TimestampRule(
            "an embedded attribute certificate is refused", .timestampMalformed,
            "not an X.509 certificate"
        ) { $0.certificates = [DEREncoding.tagged(2, [])] },
        TimestampRule(
            "a version that does not fit the signer's name is refused", .timestampMalformed,
            "its name needs 1"
        ) { $0.signerVersion = DEREncoding.integer(3) },
        TimestampRule(
            "a key identifier under version 1 is refused", .timestampMalformed, "its name needs 3"
        ) { $0.signerName = DEREncoding.primitive(0, [1, 2, 3]) },
        TimestampRule(
            "a signer without signed attributes is refused", .timestampMalformed,
            "no signed attributes"
        ) { $0.dropsAttributes = true },
        TimestampRule(
            "a signature with SHA-1 is refused", .unsupported, "1.3.14.3.2.26"
        ) { $0.digestAlgorithm = StandInHash.sha1.algorithmIdentifier },
        TimestampRule(
            "a signature algorithm nobody here checks is refused", .unsupported, "1.3.101.112"
        ) { $0.signatureAlgorithm = DEREncoding.sequence(DEREncoding.object("1.3.101.112")) },
        TimestampRule(
            "a signature with another hash than the content's is refused", .timestampMalformed,
            "ECDSA with SHA-384"
        ) {
            $0.signatureAlgorithm = DEREncoding.sequence(
                DEREncoding.object("1.2.840.10045.4.3.3"))
        },
        TimestampRule(
            "parameters of an algorithm that has none are refused", .timestampMalformed, "NULL"
        ) {
            $0.digestAlgorithm = DEREncoding.sequence(
                DEREncoding.object(StandInHash.sha256.objectIdentifier), DEREncoding.integer(1))
        },
    ]

    static let attributes = [
        TimestampRule(
            "signed attributes out of their order are refused", .timestampMalformed,
            "not in their order"
        ) {
            $0.encodeAttributes = { DEREncoding.element($1, $0.reversed().flatMap(\.self)) }
        },
        TimestampRule(
            "the same signed attribute twice is refused", .timestampMalformed, "is there twice"
        ) {
            $0.moreAttributes = [
                TokenDraft.attribute("1.2.840.113549.1.9.4", DEREncoding.octets([1]))
            ]
        },
        TimestampRule(
            "a signed attribute without a value is refused", .timestampMalformed, "has 0 values"
        ) { $0.moreAttributes = [TokenDraft.attribute("1.2.3.4")] },
        TimestampRule(
            "a signed attribute with two values is refused", .timestampMalformed, "has 2 values"
        ) {
            $0.moreAttributes = [
                TokenDraft.attribute("1.2.3.4", DEREncoding.integer(1), DEREncoding.integer(2))
            ]
        },
        TimestampRule(
            "a crowd of signed attributes is refused before they are read", .overLimit,
            "more than 16"
        ) {
            $0.moreAttributes = (0..<17).map {
                TokenDraft.attribute("1.2.3.\($0)", DEREncoding.integer(1))
            }
        },
        TimestampRule(
            "a signed content type that is not the content's is refused", .timestampMalformed,
            "signed content type"
        ) { $0.signedContentType = DEREncoding.object("1.2.840.113549.1.7.1") },
        TimestampRule(
            "attributes that name no certificate are refused", .timestampMalformed,
            "which certificate signed"
        ) { $0.reference = nil },
        TimestampRule(
            "an empty list of signing certificates is refused", .timestampMalformed,
            "names no certificate"
        ) { $0.reference = (47, DEREncoding.sequence(DEREncoding.sequence())) },
        TimestampRule(
            "a signing certificate named by an unknown hash is refused", .unsupported,
            "1.3.14.3.2.26"
        ) {
            $0.reference = (47, TokenDraft.reference(to: [], hash: .sha1, named: true))
        },
    ]

    static let contents = [
        TimestampRule(
            "content of another version is refused", .timestampMalformed,
            "content version is 2, 1 is expected"
        ) { $0.contentVersion = DEREncoding.integer(2) },
        TimestampRule(
            "an imprint of another length than its hash is refused", .timestampMalformed,
            "its imprint has 31 bytes, SHA-256 has 32"
        ) { $0.imprint.removeLast() },
        TimestampRule(
            "CVE-2025-66564: a policy of very many numbers is refused", .overLimit,
            "its policy has 40000 bytes"
        ) { $0.policy = DEREncoding.element(0x06, Array(repeating: 1, count: 40_000)) },
        TimestampRule(
            "a policy with a number that never ends is refused", .timestampMalformed,
            "object identifier"
        ) { $0.policy = DEREncoding.element(0x06, Array(repeating: 0xFF, count: 30)) },
        TimestampRule("an empty policy is refused", .timestampMalformed, "object identifier") {
            $0.policy = DEREncoding.element(0x06, [])
        },
        TimestampRule(
            "a serial number longer than it needs to be is refused", .timestampMalformed,
            "longer than it needs"
        ) { $0.serialNumber = [0x02, 0x02, 0x00, 0x07] },
        TimestampRule("a huge serial number is refused", .overLimit, "serial number has 65 bytes") {
            $0.serialNumber = DEREncoding.element(0x02, Array(repeating: 1, count: 65))
        },
        TimestampRule("a truth value other than 255 is refused", .timestampMalformed, "not DER") {
            $0.contentTail = [[0x01, 0x01, 0x01]]
        },
        TimestampRule("a default that is written out is refused", .timestampMalformed, "not DER") {
            $0.contentTail = [[0x01, 0x01, 0x00]]
        },
        TimestampRule(
            "an accuracy of 1000 milliseconds is refused", .timestampMalformed, "1 to 999"
        ) {
            $0.contentTail = [DEREncoding.sequence(DEREncoding.primitive(0, [0x03, 0xE8]))]
        },
        TimestampRule(
            "fields out of their order are refused", .timestampMalformed, "where it should end"
        ) {
            $0.contentTail = [DEREncoding.integer(5), DEREncoding.boolean(true)]
        },
        TimestampRule("a critical extension is refused", .unsupported, "1.2.3.4") {
            $0.contentTail = [
                DEREncoding.tagged(
                    1,
                    DEREncoding.sequence(
                        DEREncoding.object("1.2.3.4"), DEREncoding.boolean(true),
                        DEREncoding.octets([])))
            ]
        },
        TimestampRule("an extension twice is refused", .timestampMalformed, "is there twice") {
            let one = DEREncoding.sequence(DEREncoding.object("1.2.3.4"), DEREncoding.octets([]))
            $0.contentTail = [DEREncoding.tagged(1, one + one)]
        },
        TimestampRule("an empty list of extensions is refused", .timestampMalformed, "is empty") {
            $0.contentTail = [DEREncoding.tagged(1, [])]
        },
        TimestampRule("a crowd of extensions is refused", .overLimit, "more than 16") {
            $0.contentTail = [
                DEREncoding.tagged(1, (0..<17).flatMap { _ in DEREncoding.sequence() })
            ]
        },
        TimestampRule("a huge token is refused before it is read", .overLimit, "the limit is") {
            $0.moreAttributes = [
                TokenDraft.attribute(
                    "1.2.3.4", DEREncoding.octets(Array(repeating: 0, count: 140_000)))
            ]
        },
    ]

    @Test(
        "a timestamp that could be read in two ways is refused",
        arguments: answers + envelopes + attributes + contents)
    func refuses(_ rule: TimestampRule) throws {
        let response = try Self.authority.get().response(rule.bend)
        expectTimestampProblem(rule.code, rule.part) { _ = try TimestampToken(response: response) }
    }

    @Test(
        "a time that is not written as RFC 3161 says is refused",
        arguments: [
            "20260601120000", "202606011200Z", "20260601120000.Z", "20260601120000.50Z",
            "20260601120000+0000", "20260631120000Z", "20260601240000Z", "20260601120000,5Z",
            "2026060112000xZ", "", "Z", "20260601120000.5", "+0260601120000Z",
        ])
    func refusesTime(_ text: String) throws {
        let response = try Self.authority.get().response { $0.time = text }
        expectTimestampProblem(.timestampMalformed, "is not written like") {
            _ = try TimestampToken(response: response)
        }
    }

    @Test("a time with endless fractions is refused")
    func endlessFraction() throws {
        let response = try Self.authority.get().response {
            $0.time = "20260601120000." + String(repeating: "1", count: 100) + "Z"
        }
        expectTimestampProblem(.overLimit, "116 characters") {
            _ = try TimestampToken(response: response)
        }
    }

    @Test("fractions of a second are cut, not rounded", arguments: ["", ".1", ".999999"])
    func cutsFraction(_ fraction: String) throws {
        let response = try Self.authority.get().response { $0.time = "20260601120000\(fraction)Z" }
        #expect(try TimestampToken(response: response).info.time == StampTimes.noon)
    }

    @Test("BER with an indefinite length is refused in so many words")
    func indefiniteLength() throws {
        let bytes = try Self.authority.get().response()
        // SEQUENCE of indefinite length around the same elements, and the end-of-contents octets.
        let contents = bytes.dropFirst(4)
        expectTimestampProblem(.timestampMalformed, "indefinite (BER)") {
            _ = try TimestampToken(response: [0x30, 0x80] + contents + [0, 0])
        }
    }

    @Test("a length written longer than it needs to be is refused")
    func longLength() throws {
        let bytes = try Self.authority.get().response()
        expectTimestampProblem(.timestampMalformed, "longer than it needs to be") {
            _ = try TimestampToken(response: [0x30, 0x83, 0x00] + bytes.dropFirst(2))
        }
    }

    @Test("deeply nested values are refused without exhausting the stack")
    func nesting() {
        var bytes: [UInt8] = []
        for _ in 0..<20_000 { bytes = [0x30, 0x80] + bytes }
        let definite = (0..<60).reduce([UInt8]()) { inner, _ in DEREncoding.element(0x30, inner) }
        for hostile in [bytes, definite] {
            expectTimestampProblem(.timestampMalformed, "DER") {
                _ = try TimestampToken(response: hostile)
            }
        }
    }

    @Test("nothing, one byte, and a JSON document are no timestamps")
    func nothing() {
        for bytes in [[], [0x30], [0x30, 0x00], Array("{}".utf8)] as [[UInt8]] {
            expectTimestampProblem(.timestampMalformed, "") {
                _ = try TimestampToken(response: bytes)
            }
        }
    }

    @Test("a bare token is read only where the caller says so")
    func bareToken() throws {
        let authority = try Self.authority.get()
        let bare = try TokenDraft(by: authority, over: stampedMessage).bareToken()
        expectTimestampProblem(.timestampMalformed, "status") {
            _ = try TimestampToken(response: bare)
        }
        let token = try TimestampToken(bareToken: bare)
        #expect(token.info.time == StampTimes.noon)
        #expect(token.digest == Digest(of: bare, by: .sha256))
        let response = try authority.response()
        expectTimestampProblem(.timestampMalformed, "") {
            _ = try TimestampToken(bareToken: response)
        }
    }

    @Test("an answer granted with modifications is a timestamp")
    func grantedWithModifications() throws {
        let response = try Self.authority.get().response {
            $0.status = DEREncoding.sequence(DEREncoding.integer(1))
        }
        #expect(try TimestampToken(response: response).info.time == StampTimes.noon)
    }

    @Test("a rejection without a token is told too")
    func rejection() {
        expectTimestampProblem(.timestampMalformed, "gave no timestamp: rejection") {
            _ = try TimestampToken(response: StandInTimestampAuthority.rejection)
        }
    }

    @Test("a grant without a token is refused")
    func emptyGrant() {
        expectTimestampProblem(.timestampMalformed, "ends where its token is expected") {
            _ = try TimestampToken(
                response: DEREncoding.sequence(DEREncoding.sequence(DEREncoding.integer(0))))
        }
    }

    @Test("every optional field is read, and an extension that is not critical is stepped over")
    func everything() throws {
        let name = DEREncoding.tagged(
            0, DEREncoding.tagged(4, DistinguishedNameDraft(commonName: "clock").derBytes))
        let response = try Self.authority.get().response {
            $0.policy = DEREncoding.object("2.999.4294967295.1")
            $0.contentTail = [
                DEREncoding.sequence(
                    DEREncoding.integer(2), DEREncoding.primitive(0, [5]),
                    DEREncoding.primitive(1, [6])),
                DEREncoding.boolean(true), DEREncoding.integer(magnitude: [0xFE, 1]), name,
                DEREncoding.tagged(
                    1,
                    DEREncoding.sequence(DEREncoding.object("1.2.3.4"), DEREncoding.octets([1]))),
            ]
        }
        let info = try TimestampToken(response: response).info
        #expect(info.policy == "2.999.4294967295.1")
        #expect(info.serialNumber == [7])
        #expect(info.accuracy?.seconds == 2)
        #expect(info.accuracy?.milliseconds == 5)
        #expect(info.accuracy?.microseconds == 6)
        #expect(info.isOrdered)
        #expect(info.nonce?.description == "00fe01")
        #expect(info.authorityName == Array(name.dropFirst(2)))
    }
}
