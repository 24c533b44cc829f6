// SPDX-License-Identifier: Apache-2.0
// An entry vouches for one artifact, one signature and one key, and for nothing else.

import Crypto
import CryptoExtras
import Keys
import Primitives
import Signing
import TestSupport
import Testing

@Suite("what log entries are about")
struct LogEntryBodyTests {
    private func verify(
        _ body: [UInt8], _ kind: TransparencyLogEntry.Kind, for content: SignedContent
    ) throws {
        let log = kind == .hashedRecordVersion2 ? try SmallLog.version2() : try SmallLog.version1()
        _ = try log.entry(body, kind).verified(
            for: content, by: [log.log], requirements: proofRequirements)
    }

    private func content(
        _ sample: SignedSample, signature: [UInt8]? = nil, verifier: SignedContent.Verifier? = nil,
        form: SignedContent.Form? = nil
    ) -> SignedContent {
        SignedContent(
            signature: signature ?? sample.content.signature,
            verifier: verifier ?? sample.content.verifier, form: form ?? sample.content.form)
    }

    /// Every kind with a body for it.
    private func kinds(_ certificate: [UInt8]?) throws -> [Logged] {
        let message = try SignedSample.message(certificate: certificate)
        let envelope = try SignedSample.envelope(certificate: certificate)
        return [
            Logged(message, try message.hashedRecord(), .hashedRecord),
            Logged(envelope, try envelope.loggedEnvelope(), .envelope),
            Logged(envelope, try envelope.loggedInToto(), .inToto),
            Logged(envelope, try envelope.loggedInToto(keyTwice: true), .inToto),
            Logged(envelope, try envelope.loggedInTotoVersion1(), .inTotoVersion1),
            Logged(message, try message.content.version2Body(), .hashedRecordVersion2),
            Logged(envelope, try envelope.content.version2Body(), .hashedRecordVersion2),
        ]
    }

    private struct Logged {
        let sample: SignedSample
        let body: [UInt8]
        let kind: TransparencyLogEntry.Kind

        init(_ sample: SignedSample, _ body: [UInt8], _ kind: TransparencyLogEntry.Kind) {
            (self.sample, self.body, self.kind) = (sample, body, kind)
        }
    }

    static let certificates: [[UInt8]?] = [nil, [1, 2, 3]]

    @Test(
        "every kind of entry vouches for its own content, by key and by certificate",
        arguments: certificates)
    func ownContent(certificate: [UInt8]?) throws {
        for logged in try kinds(certificate) {
            try verify(logged.body, logged.kind, for: logged.sample.content)
        }
    }

    @Test("an entry about another artifact is entry-artifact-mismatch", arguments: certificates)
    func otherArtifact(certificate: [UInt8]?) throws {
        let other = Array("other".utf8)
        let envelope = Envelope(payloadType: inTotoPayloadType, payload: other, signatures: [])
        for logged in try kinds(certificate) {
            let form: SignedContent.Form =
                if case .message = logged.sample.content.form { SignedContent.message(other) } else
                {
                    .envelope(envelope, storedAs: other)
                }
            expectProblem(.entryArtifactMismatch) {
                try verify(logged.body, logged.kind, for: content(logged.sample, form: form))
            }
        }
    }

    @Test("an entry about another signature is entry-signature-mismatch", arguments: certificates)
    func otherSignature(certificate: [UInt8]?) throws {
        for logged in try kinds(certificate) where logged.kind != .inTotoVersion1 {
            let signature = try logged.sample.key.sign(Array("artifact".utf8))
            expectProblem(.entrySignatureMismatch) {
                try verify(
                    logged.body, logged.kind, for: content(logged.sample, signature: signature))
            }
        }
    }

    @Test(
        "an entry about another key or certificate is entry-key-mismatch", arguments: certificates)
    func otherKey(certificate: [UInt8]?) throws {
        let key = try TestKeys.ecdsaP256().publicKey
        for logged in try kinds(certificate) {
            let own = logged.sample.content.verifier.key
            let others: [SignedContent.Verifier] = [
                .key(key), .certificate([1, 2, 4], key: own),
                certificate == nil ? .certificate([1, 2, 3], key: own) : .key(own),
            ]
            for verifier in others {
                expectProblem(.entryKeyMismatch) {
                    try verify(
                        logged.body, logged.kind, for: content(logged.sample, verifier: verifier))
                }
            }
        }
    }

    @Test("a signature spelt otherwise is another signature")
    func malleatedSignature() throws {
        for logged in try kinds(nil) where logged.kind != .inTotoVersion1 {
            let malleated = try malleated(logged.sample.content.signature)
            expectProblem(.entrySignatureMismatch) {
                try verify(
                    logged.body, logged.kind, for: content(logged.sample, signature: malleated))
            }
            expectProblem(.entrySignatureMismatch) {
                try verify(
                    logged.body, logged.kind,
                    for: content(logged.sample, signature: logged.sample.content.signature + [0]))
            }
        }
    }

    /// The other valid signature of the same message: s becomes n - s.
    private func malleated(_ signature: [UInt8]) throws -> [UInt8] {
        let order = try #require(
            bytes(fromHex: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"))
        let raw = Array(
            try P256.Signing.ECDSASignature(derRepresentation: signature).rawRepresentation)
        var difference: [UInt8] = []
        var borrow = 0
        for index in stride(from: 31, through: 0, by: -1) {
            let digit = Int(order[index]) - Int(raw[32 + index]) - borrow
            borrow = digit < 0 ? 1 : 0
            difference.insert(UInt8(digit & 0xFF), at: 0)
        }
        return Array(
            try P256.Signing.ECDSASignature(rawRepresentation: raw.prefix(32) + difference)
                .derRepresentation)
    }

    @Test("an entry for messages cannot vouch for an envelope, nor the other way")
    func otherKind() throws {
        let message = try SignedSample.message()
        let envelope = try SignedSample.envelope()
        expectProblem(.entryKindMismatch) {
            try verify(message.hashedRecord(), .hashedRecord, for: envelope.content)
        }
        for (body, kind) in [
            (try envelope.loggedEnvelope(), TransparencyLogEntry.Kind.envelope),
            (try envelope.loggedInToto(), .inToto),
            (try envelope.loggedInTotoVersion1(), .inTotoVersion1),
        ] {
            expectProblem(.entryKindMismatch) { try verify(body, kind, for: message.content) }
        }
    }

    @Test("an entry whose body says another kind than the entry, or an unknown one, is refused")
    func relabelled() throws {
        let message = try SignedSample.message()
        let unknown = TransparencyLogEntry.Kind(name: "rekord", version: "0.0.1")
        expectProblem(.entryKindMismatch) {
            try verify(message.hashedRecord(), .envelope, for: message.content)
        }
        expectProblem(.entryKindMismatch) {
            try verify(message.hashedRecord(), .hashedRecordVersion2, for: message.content)
        }
        expectProblem(.entryKindMismatch) {
            let body = Array(#"{"apiVersion":"0.0.1","kind":"rekord","spec":{}}"#.utf8)
            try verify(body, unknown, for: message.content)
        }
    }

    static let malformed = [
        "", "{}", "null", #"{"apiVersion":"0.0.1","kind":"hashedrekord"}"#,
        #"{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{},"signature":{}}}"#,
        #"{"apiVersion":"0.0.1","kind":"hashedrekord","kind":"hashedrekord","spec":{}}"#,
    ]

    @Test("a body that cannot be read is log-entry-malformed", arguments: malformed)
    func malformedBody(text: String) throws {
        let message = try SignedSample.message()
        expectProblem(.logEntryMalformed) {
            try verify(Array(text.utf8), .hashedRecord, for: message.content)
        }
    }

    @Test("an entry whose key is no PEM is log-entry-malformed")
    func noPEM() throws {
        let message = try SignedSample.message()
        let text = String(decoding: try message.hashedRecord(), as: UTF8.self)
        let body = text.replacing(try message.pem(), with: base64Text(Array("no PEM".utf8)))
        expectProblem(.logEntryMalformed) {
            try verify(Array(body.utf8), .hashedRecord, for: message.content)
        }
    }

    @Test("a hash that is not known here is unsupported, never taken for equal")
    func unknownHash() throws {
        let message = try SignedSample.message()
        let only256 = SignedContent.Form.message([.sha256: HashAlgorithm.sha256.hash(of: [1])])
        expectProblem(.unsupported) {
            try verify(
                message.hashedRecord(hash: .sha512), .hashedRecord,
                for: content(message, form: only256))
        }
        let text = String(decoding: try message.hashedRecord(), as: UTF8.self)
        expectProblem(.unsupported) {
            try verify(
                Array(text.replacing("\"sha256\"", with: "\"md5\"").utf8), .hashedRecord,
                for: message.content)
        }
    }

    @Test("an intoto 0.0.1 entry needs the stored envelope, because it holds no signature")
    func inTotoVersion1() throws {
        let sample = try SignedSample.envelope()
        guard case .envelope(let envelope, _) = sample.content.form else { return }
        for stored in [nil, Array("{}".utf8)] as [[UInt8]?] {
            expectProblem(.entrySignatureMismatch) {
                try verify(
                    sample.loggedInTotoVersion1(), .inTotoVersion1,
                    for: content(sample, form: .envelope(envelope, storedAs: stored)))
            }
        }
    }

    @Test("an entry with signatures that the envelope does not have is refused")
    func moreSignatures() throws {
        let sample = try SignedSample.envelope()
        let text = String(decoding: try sample.loggedEnvelope(), as: UTF8.self)
        let body = text.replacing(
            "\"signatures\":[",
            with: "\"signatures\":[{\"signature\":\"AAAA\",\"verifier\":\"\(try sample.pem())\"},")
        expectProblem(.entrySignatureMismatch) {
            try verify(Array(body.utf8), .envelope, for: sample.content)
        }
    }

    @Test("Rekor v2's leaf in other bytes is refused, even when it says the same")
    func otherLeaf() throws {
        let sample = try SignedSample.message()
        let text = String(decoding: try sample.content.version2Body(), as: UTF8.self)
        for body in [
            text + "\n", text.replacing(":{", with: ": {"),
            text.replacing("{\"apiVersion\"", with: "{\"extra\":1,\"apiVersion\""),
        ] {
            expectProblem(.logEntryMalformed) {
                try verify(Array(body.utf8), .hashedRecordVersion2, for: sample.content)
            }
        }
    }

    @Test("Rekor v2's hash and key details follow the key")
    func keyDetails() throws {
        for (make, name, hash) in [
            (TestKeys.ecdsaP256, "PKIX_ECDSA_P256_SHA_256", HashAlgorithm.sha256),
            (TestKeys.ecdsaP384, "PKIX_ECDSA_P384_SHA_384", .sha384),
            (TestKeys.ecdsaP521, "PKIX_ECDSA_P521_SHA_512", .sha512),
        ] {
            let sample = try SignedSample.envelope(key: make())
            let body = try sample.content.version2Body()
            let text = String(decoding: body, as: UTF8.self)
            #expect(text.contains("\"algorithm\":\"\(hash.protobufName)\""))
            #expect(text.contains("\"keyDetails\":\"\(name)\""))
            try verify(body, .hashedRecordVersion2, for: sample.content)
            for details in KeyDetails.logged(for: sample.key.publicKey) {
                try verify(
                    sample.content.version2Body(details: details), .hashedRecordVersion2,
                    for: sample.content)
            }
        }
    }

    @Test("Rekor v2's details of another key, or a hash that does not fit them, are refused")
    func otherKeyDetails() throws {
        let sample = try SignedSample.message()
        let text = String(decoding: try sample.content.version2Body(), as: UTF8.self)
        for (name, code) in [
            ("PKIX_ED25519_PH", VerificationError.Code.entryKeyMismatch),
            ("PKIX_ECDSA_P384_SHA_384", .entryKeyMismatch), ("", .entryKeyMismatch),
        ] {
            let body = text.replacing("PKIX_ECDSA_P256_SHA_256", with: name)
            expectProblem(code) {
                try verify(Array(body.utf8), .hashedRecordVersion2, for: sample.content)
            }
        }
        expectProblem(.entryArtifactMismatch) {
            try verify(
                Array(text.replacing("SHA2_256", with: "SHA2_512").utf8), .hashedRecordVersion2,
                for: sample.content)
        }
    }

    @Test("RSA keys have details by their size and padding, Ed25519 only with a hash")
    func otherDetails() throws {
        for bits in [2048, 3072, 4096] {
            let key = try _RSA.Signing.PrivateKey(keySize: .init(bitCount: bits)).publicKey
            let names = KeyDetails.logged(
                for: try PublicKey(derBytes: Array(key.derRepresentation))
            ).map(\.rawValue)
            #expect(names == ["PKIX_RSA_PKCS1V15_\(bits)_SHA256", "PKIX_RSA_PSS_\(bits)_SHA256"])
        }
        let ed25519 = KeyDetails.logged(for: try TestKeys.ed25519().publicKey)
        #expect(ed25519.map(\.rawValue) == ["PKIX_ED25519_PH"])
        #expect(ed25519.map(\.loggedHash) == [.sha512])
    }

    @Test("proposals have the form the logs ask for")
    func proposals() throws {
        let message = try SignedSample.message()
        #expect(
            try message.content.version1Proposal(hash: .sha256)["spec"]?["data"]?["hash"]?["value"]
                == .string(hexText(HashAlgorithm.sha256.hash(of: Array("artifact".utf8)))))
        let envelope = try SignedSample.envelope()
        let proposed = try envelope.content.version1Proposal(hash: .sha256)
        #expect(proposed["kind"] == "dsse")
        let text = try #require(proposed["spec"]?["proposedContent"]?["envelope"]?.string)
        let read = try Envelope(
            reading: JSONReader(parsing: Array(text.utf8), named: "proposal"))
        #expect(read.signatures.map(\.bytes) == [envelope.content.signature])
        let request = try envelope.content.version2Request()["hashedRekordRequestV002"]
        #expect(
            request?["digest"]
                == .string(base64Text(HashAlgorithm.sha256.hash(of: read.signedBytes))))
        #expect(
            request?["signature"]?["verifier"]?["keyDetails"] == "PKIX_ECDSA_P256_SHA_256")
    }
}
