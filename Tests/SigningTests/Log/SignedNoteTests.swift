// SPDX-License-Identifier: Apache-2.0
// Signed notes, checkpoints and witnesses. Spec: C2SP signed-note, tlog-checkpoint, tlog-cosignature.

import Crypto
import CryptoExtras
import Keys
import Primitives
import Signing
import TestSupport
import Testing

@Suite("signed notes")
struct SignedNoteTests {
    static let root = base64Text(HashAlgorithm.sha256.hash(of: []))
    static let line = "— log.example \(base64Text([1, 2, 3, 4, 5, 6]))\n"

    @Test("a note is split at its last blank line, and its text keeps its final newline")
    func lastBlankLine() throws {
        let note = try SignedNote(parsing: "one\n\ntwo\n\n\(Self.line)")
        #expect(note.text == "one\n\ntwo\n")
        #expect(
            note.signatures == [.init(name: "log.example", hint: [1, 2, 3, 4], bytes: [5, 6])])
        #expect(note.description == "one\n\ntwo\n\n\(Self.line)")
    }

    static let malformed = [
        ("no blank line", "text\n\(line)"), ("no signature", "text\n\n"), ("nothing", ""),
        ("no text", "\n\(line)"), ("no newline at the end", "text\n\n\(line.dropLast())"),
        ("a hyphen for the dash", "text\n\n- log.example AQIDBAUG\n"),
        ("no key name", "text\n\n—  AQIDBAUG\n"), ("two spaces", "text\n\n— a  AQIDBAUG\n"),
        ("a fourth part", "text\n\n— a AQIDBAUG x\n"),
        ("a plus in the name", "text\n\n— a+b AQIDBAUG\n"),
        ("a wide space in the name", "text\n\n— a\u{2003}b AQIDBAUG\n"),
        ("no base64", "text\n\n— a !!!!\n"), ("a hint alone", "text\n\n— a AQIDBA==\n"),
        ("base64 with loose bits", "text\n\n— a AQIDBAV=\n"),
        ("a tab", "te\txt\n\n\(line)"), ("a carriage return", "text\r\n\n\(line)"),
        ("an empty line after it", "text\n\n\(line)\n"),
    ]

    @Test("a note in any other form is malformed", arguments: malformed)
    func malformedNote(_ name: String, _ note: String) {
        expectProblem(.checkpointMalformed) { _ = try SignedNote(parsing: note) }
    }

    @Test("a note that is not UTF-8 is malformed")
    func notUTF8() {
        expectProblem(.checkpointMalformed) {
            _ = try SignedNote(parsing: [0xFF] + Array("\n\n\(Self.line)".utf8))
        }
    }

    @Test("a note of 64 KiB and a byte, or with 101 signatures, is over the limit")
    func limits() throws {
        let long = String(repeating: "a", count: Limits.signedNoteBytes) + "\n\n" + Self.line
        expectProblem(.overLimit) { _ = try SignedNote(parsing: long) }
        let lines = String(repeating: Self.line, count: Limits.signaturesPerNote)
        #expect(try SignedNote(parsing: "text\n\n" + lines).signatures.count == 100)
        expectProblem(.overLimit) { _ = try SignedNote(parsing: "text\n\n" + lines + Self.line) }
    }

    static let malformedCheckpoints = [
        ("two lines", "log\n5\n"), ("no origin", "\n5\n\(root)\n"),
        ("a size with a leading zero", "log\n05\n\(root)\n"),
        ("a signed size", "log\n+5\n\(root)\n"), ("a negative size", "log\n-5\n\(root)\n"),
        ("a size of 2^63", "log\n9223372036854775808\n\(root)\n"),
        ("a size that is no number", "log\nfive\n\(root)\n"),
        ("a short root", "log\n5\nAAAA\n"), ("a root in hex", "log\n5\nabcdef\n"),
        ("an empty extension line", "log\n5\n\(root)\n\nmore\n"),
    ]

    @Test("a checkpoint in any other form is malformed", arguments: malformedCheckpoints)
    func malformedCheckpoint(_ name: String, _ text: String) {
        expectProblem(.checkpointMalformed) { _ = try Checkpoint(parsing: text + "\n" + Self.line) }
    }

    @Test("a checkpoint's size may be 0 or 2^63-1, and its extension lines are kept")
    func checkpointParts() throws {
        for size in ["0", "9223372036854775807"] {
            let checkpoint = try Checkpoint(
                parsing: "log - 1\n\(size)\n\(Self.root)\nTimestamp: 1\n\n\(Self.line)")
            #expect(String(checkpoint.size) == size)
            #expect(checkpoint.origin == "log - 1")
            #expect(checkpoint.extensionLines == ["Timestamp: 1"])
        }
    }

    @Test("ECDSA, Ed25519 and RSA keys sign notes")
    func keyKinds() throws {
        let text = "text\n"
        for make in TestKeys.algorithms {
            let key = try make()
            try expectSigned(text, try key.sign(Array(text.utf8)), by: key.publicKey)
        }
        let rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let signature = try rsa.signature(
            for: SHA256.hash(data: Array(text.utf8)), padding: .insecurePKCS1v1_5)
        try expectSigned(
            text, Array(signature.rawRepresentation),
            by: try PublicKey(derBytes: Array(rsa.publicKey.derRepresentation)))
    }

    private func expectSigned(_ text: String, _ signature: [UInt8], by key: PublicKey) throws {
        let hint = try #require(noteKeyID(name: "log.example", key: key)).prefix(4)
        let line = "— log.example \(base64Text(hint + signature))\n"
        let note = try SignedNote(parsing: "\(text)\n\(Self.line)\(line)")
        #expect(note.isSigned(names: ["log.example"], hints: [Array(hint)], key: key))
        #expect(!note.isSigned(names: ["other.example"], hints: [Array(hint)], key: key))
        #expect(!note.isSigned(names: ["log.example"], hints: [[9, 9, 9, 9]], key: key))
        let changed = try SignedNote(parsing: "texu\n\n\(line)")
        #expect(!changed.isSigned(names: ["log.example"], hints: [Array(hint)], key: key))
    }

    @Test("the key id of an Ed25519 key is the one of signed-note's own example")
    func keyIdentifier() throws {
        // Spec: Go's sumdb/note: PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW
        let raw = try #require(bytes(fromBase64: "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"))
        let prefix = try #require(bytes(fromHex: "302a300506032b6570032100"))
        let key = try PublicKey(derBytes: prefix + raw.dropFirst())
        let identifier = try #require(noteKeyID(name: "PeterNeumann", key: key))
        #expect(hexText(identifier.prefix(4)) == "c74f20a3")
    }
}

@Suite("witnesses")
struct WitnessTests {
    private struct Cosigner {
        let key: PrivateKey
        let witness: Witness

        init(_ name: String, key: PrivateKey? = nil) throws {
            self.key = try key ?? TestKeys.ed25519()
            witness = try Witness(name: name, key: self.key.publicKey)
        }

        func line(_ text: String, seconds: Int = 1_750_000_000) throws -> String {
            let signature = try key.sign(cosignedMessage(text: text, seconds: seconds))
            let time = (0..<8).map { UInt8(truncatingIfNeeded: seconds >> (56 - 8 * $0)) }
            return "— \(witness.name) \(base64Text(witness.hint + time + signature))\n"
        }
    }

    private let sample: SignedSample
    private let log: SmallLog
    private let entry: TransparencyLogEntry

    init() throws {
        sample = try SignedSample.message()
        log = try SmallLog.version2()
        entry = try log.entry(try sample.content.version2Body(), .hashedRecordVersion2)
    }

    private func verify(
        _ lines: (String) throws -> String, _ witnesses: [Cosigner], atLeast: Int
    ) throws -> VerifiedLogEntry {
        let inclusion = try #require(entry.proofs.inclusion)
        let note = try #require(inclusion.checkpoint)
        let text = try SignedNote(parsing: note).text
        let requirements = LogRequirements(
            proof: .inclusionProof, threshold: 1,
            witnesses: WitnessRequirements(witnesses: witnesses.map(\.witness), atLeast: atLeast))
        return try entry.with(inclusion: inclusion.with(checkpoint: note + (try lines(text))))
            .verified(for: sample.content, by: [log.log], requirements: requirements)
    }

    @Test("witnesses that signed are told with their times, and enough of them suffice")
    func enough() throws {
        let (one, two) = (try Cosigner("w1.example"), try Cosigner("w2.example"))
        let found = try verify(
            { try one.line($0) + two.line($0, seconds: 5) }, [one, two], atLeast: 2)
        #expect(found.witnesses.map(\.witness.name) == ["w1.example", "w2.example"])
        #expect(found.witnesses.map(\.time.seconds) == [1_750_000_000, 5])
    }

    @Test("too few witnesses, or unknown ones, are witness-missing")
    func tooFew() throws {
        let (one, two) = (try Cosigner("w1.example"), try Cosigner("w2.example"))
        expectProblem(.witnessMissing) {
            _ = try verify({ try one.line($0) + two.line($0) }, [one], atLeast: 2)
        }
        expectProblem(.witnessMissing) { _ = try verify({ _ in "" }, [one, two], atLeast: 1) }
    }

    @Test("one witness that signed twice, or under two names, counts once")
    func distinct() throws {
        let one = try Cosigner("w1.example")
        let alias = try Cosigner("w2.example", key: one.key)
        expectProblem(.witnessMissing) {
            _ = try verify(
                { try one.line($0) + one.line($0, seconds: 7) + alias.line($0) }, [one, alias],
                atLeast: 2)
        }
    }

    @Test("a cosignature over another note, another time or under another name counts for nothing")
    func wrongCosignatures() throws {
        let one = try Cosigner("w1.example")
        let other = try Cosigner("w2.example", key: one.key)
        let lines: [(String) throws -> String] = [
            { _ in try one.line("other\n") },
            { text in
                let signature = try one.key.sign(cosignedMessage(text: text, seconds: 2))
                let time: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 1]
                return "— w1.example \(base64Text(one.witness.hint + time + signature))\n"
            },
            { text in try other.line(text) },
            { text in
                let time = [UInt8](repeating: 0xFF, count: 8)
                let rest = [UInt8](repeating: 0, count: 64)
                return "— w1.example \(base64Text(one.witness.hint + time + rest))\n"
            },
        ]
        for line in lines {
            expectProblem(.witnessMissing) { _ = try verify(line, [one], atLeast: 1) }
        }
    }

    @Test("a promise alone has no checkpoint that a witness could have signed")
    func promiseOnly() throws {
        let log = try SmallLog.version1()
        let entry = try log.entry(try sample.hashedRecord(), .hashedRecord).with(inclusion: nil)
        let requirements = LogRequirements(
            proof: .inclusionProofOrSET, threshold: 1,
            witnesses: WitnessRequirements(
                witnesses: [try Cosigner("w1.example").witness], atLeast: 1))
        expectProblem(.witnessMissing) {
            _ = try entry.verified(for: sample.content, by: [log.log], requirements: requirements)
        }
    }

    @Test("a witness is read from its published line, and only with its own hint")
    func published() throws {
        let key = try TestKeys.ed25519().publicKey
        let witness = try Witness(name: "w.example", key: key)
        let material = base64Text([4] + key.derBytes.suffix(32))
        let line = "w.example+\(hexText(witness.hint))+\(material)"
        #expect(try Witness(verifierKey: line) == witness)
        let bad = [
            "w.example+00000000+\(material)", "v.example+\(hexText(witness.hint))+\(material)",
            "w.example+\(hexText(witness.hint))", "", "++", String(line.dropLast()),
            "w.example+\(hexText(witness.hint))+\(base64Text([1] + key.derBytes.suffix(32)))",
        ]
        for text in bad {
            #expect(throws: Failure.self) { try Witness(verifierKey: text) }
        }
    }

    @Test("a witness with another kind of key, or a name with a plus, cannot be configured")
    func configuration() throws {
        let ecdsa = try TestKeys.ecdsaP256().publicKey
        let ed25519 = try TestKeys.ed25519().publicKey
        #expect(throws: Failure.self) { try Witness(name: "w.example", key: ecdsa) }
        #expect(throws: Failure.self) { try Witness(name: "a+b", key: ed25519) }
        #expect(throws: Failure.self) { try Witness(name: "", key: ed25519) }
    }
}
