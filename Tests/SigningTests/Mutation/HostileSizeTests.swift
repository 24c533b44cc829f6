// SPDX-License-Identifier: Apache-2.0
// Evidence that is far too large, deep or long, or says it is: the right "no", after bounded work.
//
// Where a reader has to give up early the input is so large that going on would take the
// tests' whole time limit; they look at no clock of their own.

import Keys
import Primitives
import Signing
import StandIns
import Testing

@Suite("hostile sizes", .timeLimit(.minutes(5)))
struct HostileSizeTests {
    private func kind(_ read: () throws -> Void) -> String {
        do {
            try read()
            return "read"
        } catch let failure as Failure {
            return failure.kind == .overLimit ? "over-limit" : failure.kind.rawValue
        } catch let problem as VerificationError {
            return problem.code.rawValue
        } catch {
            return "\(error)"
        }
    }

    private func bundle(_ material: String, _ content: String) -> [UInt8] {
        Array(
            (#"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":"#
                + material + "," + content + "}").utf8)
    }

    private func list(_ item: String, _ count: Int) -> String {
        "[" + Array(repeating: item, count: count).joined(separator: ",") + "]"
    }

    // MARK: JSON

    @Test("64 MiB of nested JSON are given up at the depth's limit", arguments: ["[", #"{"a":"#])
    func nested(_ opening: String) {
        let bytes = Array(
            String(repeating: opening, count: 64 * 1024 * 1024 / opening.utf8.count).utf8)
        #expect(kind { _ = try SignatureBundle(parsing: bytes) } == "over-limit")
        #expect(kind { _ = try TrustedRoot(parsing: bytes) } == "over-limit")
        #expect(kind { _ = try Statement(parsing: bytes) } == "over-limit")
    }

    @Test("a number of a million digits is no position in a log")
    func digits() {
        let number = String(repeating: "9", count: 1_000_000)
        for text in [number, "1e\(number)", "0.\(number)", "\"\(number)\""] {
            let entry = """
                {"logIndex":\(text),"logId":{"keyId":"\(base64Text([UInt8](repeating: 0, count: 32)))"},\
                "kindVersion":{"kind":"dsse","version":"0.0.1"},"canonicalizedBody":"AA=="}
                """
            #expect(
                kind {
                    _ = try TransparencyLogEntry(
                        reading: JSONReader(parsing: Array(entry.utf8), named: "the entry"))
                } == "malformed")
        }
    }

    // MARK: Counts

    @Test(
        "lists are counted before anything in them is read",
        arguments: [
            #"{"x509CertificateChain":{"certificates":LIST}}"#,
            #"{"publicKey":{},"tlogEntries":LIST}"#,
            #"{"publicKey":{},"timestampVerificationData":{"rfc3161Timestamps":LIST}}"#,
        ])
    func materialLists(_ material: String) {
        let items = list(#"{"unknown":1}"#, 10_000)
        let bytes = bundle(
            material.replacing("LIST", with: items), #""messageSignature":{"signature":"AA=="}"#)
        #expect(kind { _ = try SignatureBundle(parsing: bytes) } == "over-limit")
    }

    @Test("10,000 signatures, subjects or hashes are counted first too")
    func contentLists() {
        let signatures = list(#"{"unknown":1}"#, 10_000)
        let envelope = #"{"payload":"","payloadType":"a","signatures":"# + signatures + "}"
        #expect(
            kind {
                _ = try Envelope(
                    reading: JSONReader(parsing: Array(envelope.utf8), named: "the envelope"))
            } == "over-limit")
        let subjects = list("{}", 10_000)
        let statement =
            #"{"_type":"https://in-toto.io/Statement/v1","predicateType":"a:b","subject":"#
            + subjects + "}"
        #expect(kind { _ = try Statement(parsing: Array(statement.utf8)) } == "over-limit")
        let proof =
            #"{"logId":{"keyId":"KEY"},"kindVersion":{"kind":"a","version":"b"},"#
            + #""canonicalizedBody":"AA==","inclusionProof":{"hashes":"# + list("0", 10_000) + "}}"
        let entry = proof.replacing("KEY", with: base64Text([UInt8](repeating: 0, count: 32)))
        #expect(
            kind {
                _ = try TransparencyLogEntry(
                    reading: JSONReader(parsing: Array(entry.utf8), named: "the entry"))
            } == "over-limit")
    }

    @Test("10,000 certificates of one file are over the limit, small or large")
    func certificates() throws {
        let authority = try StandIn.instance.get().certificateAuthority
        let pem = pemText("CERTIFICATE", authority.rootDER)
        for block in [pem, pemText("CERTIFICATE", [0x30, 0x00])] {
            let text = String(repeating: block, count: 10_000)
            #expect(kind { _ = try Certificate.list(pem: text) } == "over-limit")
            #expect(kind { _ = try PublicKey.list(pem: text) } != "read")
        }
    }

    // MARK: DER

    /// What reads DER, each with its own "no".
    private func readDER(_ bytes: [UInt8]) -> [String] {
        [
            kind { _ = try Certificate(derBytes: bytes) },
            kind { _ = try PublicKey(derBytes: bytes) },
            kind { _ = try PrivateKey(pkcs8: bytes) },
            kind { _ = try PrivateKey(sec1: bytes) },
            kind { _ = try EncryptedPKCS8(derBytes: bytes) },
            kind { _ = try TimestampToken(response: bytes) },
            kind { _ = try TimestampToken(bareToken: bytes) },
        ]
    }

    @Test(
        "DER that claims more than it has, or more than fits a number, is malformed",
        arguments: [
            [0x30, 0x80], [0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF],
            [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x30, 0x88] + [UInt8](repeating: 0xFF, count: 8),
            [0x30, 0x88, 0x7F] + [UInt8](repeating: 0xFF, count: 7),
            [0x30, 0x89] + [UInt8](repeating: 0xFF, count: 9),
            [0x30, 0xFF] + [UInt8](repeating: 0xFF, count: 127),
            [0x3F] + [UInt8](repeating: 0xFF, count: 4_000), [0x30, 0x06, 0x30, 0x84, 0x7F, 0xFF],
            [0x30, 0x04, 0x06, 0x88, 0xFF, 0xFF], [0x30], [],
        ] as [[UInt8]])
    func lengths(_ bytes: [UInt8]) {
        for answer in readDER(bytes) + readDER(bytes + [UInt8](repeating: 0, count: 1_000)) {
            #expect(
                ["malformed", "timestamp-malformed", "unsupported"].contains(answer), "\(answer)")
        }
    }

    @Test(
        "DER nested thousands of levels deep does not use up the stack",
        arguments: [0x30, 0x31, 0xA0])
    func nestedDER(_ tag: UInt8) {
        var bytes: [UInt8] = []
        // Lengths from the inside out; up to the largest certificate that is read.
        while bytes.count < 31_000 {
            let count = bytes.count
            let header: [UInt8] =
                count < 0x80
                ? [UInt8(count)]
                : count < 0x100
                    ? [0x81, UInt8(count)] : [0x82, UInt8(count >> 8), UInt8(count & 0xFF)]
            bytes = [tag] + header + bytes
        }
        for answer in readDER(bytes) {
            #expect(
                ["malformed", "timestamp-malformed", "unsupported"].contains(answer), "\(answer)")
        }
    }

    @Test(
        "an object identifier with a million arcs is over a limit, and one with 20,000 is refused")
    func objectIdentifiers() throws {
        for (arcs, expected) in [
            (1_000_000, ["over-limit"]),
            (20_000, ["malformed", "timestamp-malformed", "unsupported", "over-limit"]),
        ] {
            let identifier = DEREncoding.element(0x06, [UInt8](repeating: 1, count: arcs))
            let bytes = DEREncoding.element(
                0x30, DEREncoding.element(0x30, identifier) + identifier)
            #expect(expected.contains(kind { _ = try Certificate(derBytes: bytes) }))
            #expect(expected.contains(kind { _ = try TimestampToken(response: bytes) }))
            let key = kind { _ = try PublicKey(derBytes: bytes) }
            #expect(key != "read")
        }
    }

    // MARK: Base64 and notes

    @Test("8 MiB that are not base64 are refused, whatever field they are in")
    func base64() {
        for filler in ["A", "é", "=", "_"] {
            let text = String(repeating: filler, count: 8 * 1024 * 1024 / filler.utf8.count) + "!"
            let inEnvelope = bundle(
                #"{"publicKey":{}}"#,
                #""dsseEnvelope":{"payload":"\#(text)","payloadType":"a","signatures":[{"sig":"AA=="}]}"#
            )
            #expect(kind { _ = try SignatureBundle(parsing: inEnvelope) } == "malformed")
        }
    }

    @Test("a log entry's fields are measured before they are decoded")
    func entryFields() {
        let long = String(repeating: "A", count: 4 * 1024 * 1024)
        let good = base64Text([UInt8](repeating: 0, count: 32))
        for (key, promise) in [(long, "AA=="), (good, long)] {
            let entry = """
                {"logId":{"keyId":"\(key)"},"kindVersion":{"kind":"dsse","version":"0.0.1"},\
                "inclusionPromise":{"signedEntryTimestamp":"\(promise)"},"canonicalizedBody":"AA=="}
                """
            #expect(
                kind {
                    _ = try TransparencyLogEntry(
                        reading: JSONReader(parsing: Array(entry.utf8), named: "the entry"))
                } == "over-limit")
        }
    }

    @Test("notes with a million lines, above or below the blank one, are over the limit")
    func notes() {
        let above = String(repeating: "a\n", count: 1_000_000) + "\n— a AAAAAAAA\n"
        let below = "a\n\n" + String(repeating: "— a AAAAAAAA\n", count: 1_000_000)
        let blank = String(repeating: "\n", count: 1_000_000)
        for note in [above, below, blank] {
            #expect(kind { _ = try SignedNote(parsing: note) } == "over-limit")
            #expect(kind { _ = try Checkpoint(parsing: note) } == "over-limit")
        }
    }

    @Test("a note full of signature lines is over the limit, one full of text is read once")
    func fullNotes() {
        let lines = "a\n\n" + String(repeating: "— a AAAAAAAA\n", count: 4_000)
        #expect(kind { _ = try SignedNote(parsing: lines) } == "over-limit")
        let text = String(repeating: "a\n", count: 32_000) + "\n— a AAAAAAAA\n"
        #expect(kind { _ = try SignedNote(parsing: text) } == "read")
        #expect(kind { _ = try Checkpoint(parsing: text) } == "checkpoint-malformed")
    }
}
