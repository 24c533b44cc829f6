// SPDX-License-Identifier: Apache-2.0
// When a timestamp may be believed. Spec: RFC 3161 §2.2 and §2.3, RFC 5652 §5.4, RFC 5816.

import Crypto
import Keys
import Primitives
import Signing
import StandIns
import Testing

@Suite("verifying timestamps")
struct TimestampVerificationTests {
    static let authority = Result { try TestTimestampAuthority() }
    static let stranger = Result { try TestTimestampAuthority(named: "other") }

    @Test("a right timestamp gives its time, its authority and its name")
    func holds() throws {
        let authority = try Self.authority.get()
        let trusted = try authority.trusted()
        let token = try TimestampToken(response: authority.response())
        let stranger = try Self.stranger.get().trusted()
        let verified = try token.verified(
            over: stampedMessage, by: [stranger, trusted], nonce: nil)
        #expect(verified.time == StampTimes.noon)
        #expect(verified.authority == trusted)
        #expect(verified.certificate.derBytes == authority.standIn.leafDER)
        #expect(verified.hash == .sha256)
        #expect(verified.policy == "1.3.6.1.4.1.57264.2")
        #expect(verified.serialNumber == [7])
        #expect(verified.tokenDigest == token.digest)
    }

    // MARK: The message

    @Test(
        "each of the three hashes ties a timestamp to its message",
        arguments: [StandInHash.sha256, .sha384, .sha512])
    func imprintHashes(_ hash: StandInHash) throws {
        let response = try Self.authority.get().response {
            $0.imprintHash = hash.algorithmIdentifier
            $0.imprint = hash(stampedMessage)
        }
        #expect(try verified(response).time == StampTimes.noon)
    }

    static let imprints = [
        TimestampRule(
            "an imprint with SHA-1 ties a timestamp to nothing", .timestampImprintMismatch,
            "1.3.14.3.2.26"
        ) {
            $0.imprintHash = StandInHash.sha1.algorithmIdentifier
            $0.imprint = StandInHash.sha1(stampedMessage)
        },
        TimestampRule(
            "a timestamp of another message is refused", .timestampImprintMismatch, "is about"
        ) { $0.imprint = Array(SHA256.hash(data: [1])) },
        TimestampRule(
            "an imprint that is right under another hash's name is refused",
            .timestampImprintMismatch, "is about"
        ) {
            $0.imprintHash = StandInHash.sha512.algorithmIdentifier
            $0.imprint = StandInHash.sha256(stampedMessage) + StandInHash.sha256(stampedMessage)
        },
    ]

    // MARK: The signature

    static let signatures = [
        TimestampRule(
            "a signature with a bit turned is refused", .timestampSignatureInvalid,
            "was not made with the key"
        ) { $0.bendSignature = { $0[$0.count - 1] ^= 1 } },
        TimestampRule("an empty signature is refused", .timestampSignatureInvalid, "") {
            $0.bendSignature = { $0 = [] }
        },
        TimestampRule(
            "a signature by another key is refused", .timestampSignatureInvalid,
            "was not made with the key"
        ) { $0.key = try StandInKey() },
        TimestampRule(
            "a digest that is not the content's is refused", .timestampSignatureInvalid,
            "signed digest"
        ) { $0.messageDigest = Array(repeating: 0, count: 32) },
        TimestampRule(
            "a signature over the content instead of the attributes is refused",
            .timestampSignatureInvalid, ""
        ) {
            let (key, content) = ($0.key, $0.content)
            $0.bendSignature = { $0 = (try? key.sign(content)) ?? [] }
        },
    ]

    // MARK: The certificate

    static let certificates = [
        TimestampRule(
            "a signer named by another serial number is nobody we know", .timestampUntrusted,
            "not a timestamp authority of the trusted root"
        ) {
            $0.signerName = DEREncoding.sequence(
                try authority.get().standIn.leaf.issuer.derBytes, DEREncoding.integer(1))
        },
        TimestampRule(
            "a signer named by another issuer is nobody we know", .timestampUntrusted,
            "not a timestamp authority of the trusted root"
        ) {
            $0.signerName = DEREncoding.sequence(
                DistinguishedNameDraft(commonName: "x").derBytes,
                DEREncoding.integer(
                    magnitude: try authority.get().standIn.leaf.serialNumber))
        },
        TimestampRule(
            "a signed reference to another certificate is refused", .timestampUntrusted,
            "with another certificate"
        ) { $0.reference = (47, TokenDraft.reference(to: [1, 2, 3])) },
        TimestampRule(
            "an old signed reference to another certificate is refused", .timestampUntrusted,
            "with another certificate"
        ) { $0.reference = (12, TokenDraft.reference(to: [1, 2, 3], hash: .sha1)) },
        TimestampRule(
            "two signed references must both be right", .timestampUntrusted,
            "with another certificate"
        ) {
            $0.moreAttributes = [
                TokenDraft.attribute(
                    "1.2.840.113549.1.9.16.2.12", TokenDraft.reference(to: [1], hash: .sha1))
            ]
        },
        TimestampRule(
            "a signed reference with another serial number is refused", .timestampUntrusted,
            "with another certificate"
        ) {
            let leaf = try authority.get().standIn
            $0.reference = (
                47,
                TokenDraft.reference(
                    to: leaf.leafDER,
                    issuerSerial: DEREncoding.sequence(
                        DEREncoding.sequence(DEREncoding.tagged(4, leaf.leaf.issuer.derBytes)),
                        DEREncoding.integer(1)))
            )
        },
        TimestampRule(
            "an embedded certificate that is none is refused", .timestampMalformed, "certificate"
        ) { $0.certificates = [DEREncoding.sequence(DEREncoding.integer(1))] },
    ]

    @Test(
        "a timestamp that does not hold is refused", arguments: imprints + signatures + certificates
    )
    func refuses(_ rule: TimestampRule) throws {
        let response = try Self.authority.get().response(rule.bend)
        expectTimestampProblem(rule.code, rule.part) { _ = try verified(response) }
    }

    static let references: [(String, @Sendable (inout TokenDraft) throws -> Void)] = [
        (
            "SHA-1, first version",
            {
                $0.reference = (
                    12, TokenDraft.reference(to: try authority.get().standIn.leafDER, hash: .sha1)
                )
            }
        ),
        (
            "SHA-512, named",
            {
                $0.reference = (
                    47,
                    TokenDraft.reference(
                        to: try authority.get().standIn.leafDER, hash: .sha512, named: true)
                )
            }
        ),
        (
            "SHA-256, the default written out",
            {
                $0.reference = (
                    47,
                    TokenDraft.reference(to: try authority.get().standIn.leafDER, named: true)
                )
            }
        ),
        (
            "issuer and serial number too",
            {
                let leaf = try authority.get().standIn
                $0.reference = (
                    47,
                    TokenDraft.reference(
                        to: leaf.leafDER,
                        issuerSerial: DEREncoding.sequence(
                            DEREncoding.sequence(
                                DEREncoding.tagged(4, leaf.leaf.issuer.derBytes)),
                            DEREncoding.integer(magnitude: leaf.leaf.serialNumber)))
                )
            }
        ),
        (
            "signer by key identifier",
            {
                let key = try authority.get().standIn.key
                $0.signerVersion = DEREncoding.integer(3)
                $0.signerName = DEREncoding.primitive(
                    0, Array(SHA256.hash(data: key.publicDER).prefix(20)))
            }
        ),
        ("the leaf embedded", { $0.certificates = [try authority.get().standIn.leafDER] }),
        ("the chain embedded", { $0.certificates = try authority.get().standIn.chain }),
        ("an empty list of certificates", { $0.certificates = [] }),
        ("a stranger embedded", { $0.certificates = [try stranger.get().standIn.leafDER] }),
        (
            "unsigned attributes",
            {
                $0.signerTail = DEREncoding.tagged(
                    1, TokenDraft.attribute("1.2.3", DEREncoding.integer(1)))
            }
        ),
    ]

    @Test("the other ways to name the right certificate are understood", arguments: references)
    func understands(_ name: String, _ bend: @Sendable (inout TokenDraft) throws -> Void) throws {
        let response = try Self.authority.get().response(bend)
        #expect(try verified(response).time == StampTimes.noon, "\(name)")
    }

    static let keys: [(StandInKey.Kind, SignatureScheme, String, Bool)] = [
        (.p256, .ecdsa(.sha512), "1.2.840.10045.4.3.4", false),
        (.p384, .ecdsa(.sha256), "1.2.840.10045.4.3.2", false),
        (.p384, .ecdsa(.sha384), "1.2.840.10045.4.3.3", false),
        (.p521, .ecdsa(.sha512), "1.2.840.10045.4.3.4", false),
        (.rsa2048, .rsaPKCS1(.sha256), "1.2.840.113549.1.1.11", true),
        (.rsa2048, .rsaPKCS1(.sha384), "1.2.840.113549.1.1.12", true),
        (.rsa2048, .rsaPKCS1(.sha512), "1.2.840.113549.1.1.1", true),
    ]

    @Test("every kind of key signs timestamps, with any of the hashes", arguments: keys)
    func signs(_ kind: StandInKey.Kind, _ scheme: SignatureScheme, _ name: String, _ null: Bool)
        throws
    {
        let authority = try TestTimestampAuthority(kind)
        let algorithm = DEREncoding.sequence(
            DEREncoding.object(name), null ? DEREncoding.null : [])
        let response = try authority.response {
            $0.scheme = scheme
            $0.signatureAlgorithm = algorithm
        }
        let token = try TimestampToken(response: response)
        let trusted = try authority.trusted()
        #expect(
            try token.verified(over: stampedMessage, by: [trusted], nonce: nil).time
                == StampTimes.noon)
        let stranger = try TestTimestampAuthority(kind)
        expectTimestampProblem(.timestampSignatureInvalid, "") {
            let forged = try authority.response {
                $0.scheme = scheme
                $0.signatureAlgorithm = algorithm
                $0.key = stranger.standIn.key
            }
            _ = try TimestampToken(response: forged)
                .verified(over: stampedMessage, by: [trusted], nonce: nil)
        }
    }

    @Test("RSA PSS is checked where its parameters are the usual ones", arguments: [32, 20])
    func salted(_ salt: UInt64) throws {
        let authority = try TestTimestampAuthority(.rsa2048)
        let hash = StandInHash.sha256.algorithmIdentifier
        let response = try authority.response {
            $0.scheme = .rsaPSS(.sha256)
            $0.signatureAlgorithm = DEREncoding.sequence(
                DEREncoding.object("1.2.840.113549.1.1.10"),
                DEREncoding.sequence(
                    DEREncoding.tagged(0, hash),
                    DEREncoding.tagged(
                        1, DEREncoding.sequence(DEREncoding.object("1.2.840.113549.1.1.8"), hash)),
                    DEREncoding.tagged(2, DEREncoding.integer(salt))))
        }
        let trusted = try authority.trusted()
        if salt == 32 {
            let token = try TimestampToken(response: response)
            #expect(
                try token.verified(over: stampedMessage, by: [trusted], nonce: nil).time
                    == StampTimes.noon)
        } else {
            expectTimestampProblem(.unsupported, "RSA PSS") {
                _ = try TimestampToken(response: response)
            }
        }
    }

    private func verified(_ response: [UInt8]) throws -> VerifiedTimestamp {
        try TimestampToken(response: response)
            .verified(over: stampedMessage, by: [Self.authority.get().trusted()], nonce: nil)
    }
}
