// SPDX-License-Identifier: Apache-2.0
// Members that a format does not have: each format's own rule says whether they are ignored.

import Keys
import OCI
import Primitives
import Signing
import TestSupport
import Testing

@Suite("unknown members of signed documents")
struct UnknownMemberTests {
    private let key: PrivateKey
    private let subject = Digest(of: Array("image".utf8), by: .sha256)

    init() throws { key = try TestKeys.ecdsaP256() }

    private func statement(_ type: PredicateType = .signature) -> [UInt8] {
        Statement.document(about: subject, name: nil, predicateType: type, predicate: [:])
            .compactBytes
    }

    private func envelope(_ document: String) throws -> Envelope {
        try Envelope(reading: try JSONReader(parsing: Array(document.utf8), named: "the envelope"))
    }

    private func proofs(_ form: SignedEntity.Form) -> Int {
        let candidate = SignedEntity(
            location: .attestationTag, manifest: subject, digest: subject, position: 0, form: form)
        return Evidence(subject: subject, candidates: [candidate])
            .signatures(by: .key(key.publicKey)).proofs.count
    }

    @Test("a DSSE envelope with a certificate beside its signature, and any other member, is read")
    func envelopeMembers() throws {
        let signed = try Envelope(signing: statement(), as: inTotoPayloadType, with: key)
        let text = signed.json.compactText
        let pem = #"\u002d\u002d\u002d\u002d\u002dBEGIN CERTIFICATE\nMIIB\n"#
        for document in [
            text.replacing(#"{"sig":"#, with: #"{"cert":"\#(pem)","sig":"#),
            text.replacing(#"{"sig":"#, with: #"{"extension":{"kind":[1]},"sig":"#),
            text.replacing(#"{"payload":"#, with: #"{"added":{"a":[null]},"payload":"#),
        ] {
            #expect(document != text)
            let read = try envelope(document)
            #expect(proofs(.envelope(read, .none, storedAs: Array(document.utf8))) == 1)
        }
    }

    @Test("a member that decides is still refused when it comes twice")
    func duplicates() throws {
        let signed = try Envelope(signing: statement(), as: inTotoPayloadType, with: key)
        let text = signed.json.compactText
        for document in [
            text.replacing(#"{"sig":"#, with: #"{"sig":"AAAA","sig":"#),
            text.replacing(#"{"payload":"#, with: #"{"payload":"AAAA","payload":"#),
            text.replacing(#"{"payload":"#, with: #"{"payloadType":"x","payload":"#),
            text.replacing(#"{"sig":"#, with: #"{"cert":1,"cert":2,"sig":"#),
        ] {
            #expect(document != text)
            #expect(throws: Failure.self) { try envelope(document) }
        }
    }

    @Test("the payload and signature of an envelope are base64 in either alphabet")
    func alphabets() throws {
        let signed = try Envelope(signing: statement(), as: inTotoPayloadType, with: key)
        let text = signed.json.compactText.replacing("+", with: "-").replacing("=", with: "")
        let payload = base64Text(signed.payload)
        let document = text.replacing(
            base64Text(signed.signatures[0].bytes).replacing("+", with: "-").replacing(
                "=", with: ""),
            with: base64Text(signed.signatures[0].bytes).replacing("+", with: "-")
                .replacing("/", with: "_").replacing("=", with: "")
        ).replacing(
            payload.replacing("+", with: "-").replacing("=", with: ""),
            with: payload.replacing("+", with: "-").replacing("/", with: "_")
                .replacing("=", with: "")
        ).replacing("application/vnd.in-toto-json", with: inTotoPayloadType)
        #expect(try envelope(document).payload == signed.payload)
    }

    @Test("a bundle is protobuf JSON: unknown members are refused in it, its envelope included")
    func bundleMembers() throws {
        let signed = try Envelope(signing: statement(), as: inTotoPayloadType, with: key)
        let text = SignatureBundle.document(signed, signedBy: key.publicKey).compactText
        for document in [
            text.replacing(#"{"sig":"#, with: #"{"cert":"x","sig":"#),
            text.replacing(#"{"payload":"#, with: #"{"added":1,"payload":"#),
        ] {
            #expect(document != text)
            #expect(throws: Failure.self) { try SignatureBundle(parsing: Array(document.utf8)) }
        }
    }

    @Test("unknown members of a statement and of its subjects are ignored")
    func statementMembers() throws {
        let text = #"""
            {"_type":"https://in-toto.io/Statement/v1","added":1,"predicateType":"a:b","subject":
            [{"digest":{"sha256":"ab"},"uri":"x","mediaType":"y","content":"AA==","more":{}}]}
            """#
        #expect(try Statement(parsing: Array(text.utf8)).subjects.count == 1)
    }
}

@Suite("simple-signing payloads")
struct SimpleSigningPayloadTests {
    private let digest = Digest(of: Array("image".utf8), by: .sha256)

    private func claim(_ text: String) throws -> (digest: Digest, annotations: JSONObject) {
        try SimpleSigning(
            payload: Array(text.replacing("<digest>", with: "\(digest)").utf8), signature: [1]
        )
        .claim()
    }

    @Test(
        "the spellings of older writers are read",
        arguments: [
            #"{"critical":{"identity":{"docker-reference":"a"},"image":{"docker-manifest-digest":"<digest>"},"type":"cosign container image signature"},"optional":{"a":"b"}}"#,
            #"{"Critical":{"Identity":{"docker-reference":""},"Image":{"Docker-manifest-digest":"<digest>"},"Type":"cosign container image signature"},"Optional":{"a":"b"}}"#,
            #"{"critical":{"identity":{"docker-reference":""},"image":{"Docker-manifest-digest":"<digest>"},"type":"cosign container image signature"},"Optional":{"a":"b"}}"#,
            #"{"CRITICAL":{"IDENTITY":null,"IMAGE":{"DOCKER-MANIFEST-DIGEST":"<digest>"},"TYPE":"cosign container image signature"},"OPTIONAL":{"a":"b"}}"#,
        ])
    func spellings(payload: String) throws {
        let found = try claim(payload)
        #expect(found.digest == digest)
        #expect(found.annotations["a"]?.string == "b")
    }

    static let good =
        #"{"critical":{"identity":{"docker-reference":"a"},"image":{"docker-manifest-digest":"<digest>"},"type":"cosign container image signature"},"optional":null}"#

    @Test(
        "one name in two spellings is refused, at every level and in either order",
        arguments: [
            (#"{"critical":"#, #"{"Critical":{},"critical":"#),
            (#","optional":null"#, #","optional":null,"Optional":{}"#),
            (#"{"identity":"#, #"{"Identity":null,"identity":"#),
            (#""image":"#, #""Image":{"docker-manifest-digest":"<digest>"},"image":"#),
            (#""type":"#, #""TYPE":"cosign container image signature","type":"#),
            (
                #"{"docker-manifest-digest":"#,
                #"{"Docker-manifest-digest":"sha256:0","docker-manifest-digest":"#
            ),
            (#"{"docker-reference":"#, #"{"Docker-Reference":"b","docker-reference":"#),
            (#"{"critical":"#, #"{"critical":{},"critical":"#),
        ])
    func twice(_ part: String, _ change: String) throws {
        #expect(try claim(Self.good).digest == digest)
        let changed = Self.good.replacing(part, with: change)
        #expect(changed != Self.good)
        #expect(throws: Failure.self) { try claim(changed) }
    }

    @Test(
        "unknown members of what is critical are refused, and those of `optional` are not",
        arguments: [
            (#"{"critical":"#, #"{"added":1,"critical":"#, false),
            (#"{"identity":"#, #"{"added":null,"identity":"#, false),
            (#"{"docker-reference":"#, #"{"added":1,"docker-reference":"#, false),
            (#"{"docker-manifest-digest":"#, #"{"added":1,"docker-manifest-digest":"#, false),
            // Go folds the Kelvin sign to k and the long s to s; here they are other letters.
            (#"docker-manifest"#, "doc\u{212A}er-manifest", false),
            (#""identity":"#, "\"identity\":{},\"image\u{017F}\":", false),
            (#""docker-reference":"a""#, #""docker-reference":1"#, false),
            (
                #""type":"cosign container image signature""#,
                #""type":"atomic container signature""#, false
            ),
            (#""optional":null"#, #""optional":{"added":{"critical":1},"Added":2}"#, true),
        ])
    func unknown(_ part: String, _ change: String, isRead: Bool) throws {
        let changed = Self.good.replacing(part, with: change)
        #expect(changed != Self.good)
        #expect(((try? claim(changed)) != nil) == isRead)
    }
}

@Suite("predicate types")
struct PredicateTypeTests {
    @Test(
        "a type without a scheme is a type, as cosign 1 wrote it",
        arguments: [
            "cosign.sigstore.dev/attestation/vuln/v1", "cosign.sigstore.dev/attestation/v1",
            "example.org/a", "urn:a:b", "https://slsa.dev/provenance/v1", "a:b",
        ])
    func readable(type: String) throws {
        #expect(try PredicateType(uri: type).description == type)
        #expect(try PredicateType(named: type).description == type)
        let text =
            #"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"a":"b"}}],"predicateType":"\#(type)"}"#
        #expect(try Statement(parsing: Array(text.utf8)).predicateType.description == type)
    }

    @Test("it is another type than the one with a scheme")
    func exact() throws {
        let old = try PredicateType(named: "cosign.sigstore.dev/attestation/vuln/v1")
        #expect(try old != PredicateType(named: "vuln"))
        #expect(old.shortName == nil)
    }

    @Test(
        "a word, white space, other letters and too much are no type",
        arguments: ["", "sbom", "a b/c", "é/x", "a/\u{0}", "a/\n", ":", ":x", "x/\u{200B}"])
    func unreadable(type: String) {
        #expect(throws: Failure.self) { try PredicateType(uri: type) }
        #expect(throws: Failure.self) { try PredicateType(named: type) }
        let long = String(repeating: "a/", count: Limits.predicateTypeBytes)
        #expect(throws: Failure.self) { try PredicateType(uri: long) }
    }
}
