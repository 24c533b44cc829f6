// SPDX-License-Identifier: Apache-2.0
// Rules about envelopes, statements, bundles and payloads, and mutation of good ones.

import Keys
import OCI
import Primitives
import Signing
import TestSupport
import Testing

@Suite("signed documents")
struct DocumentTests {
    @Test("the pre-authentication encoding is the specification's own example")
    func preAuthentication() {
        // Spec: DSSE protocol.md, "Test Vectors".
        let encoded = preAuthenticationEncoding(
            payloadType: "http://example.com/HelloWorld", payload: Array("hello world".utf8))
        #expect(
            String(decoding: encoded, as: UTF8.self)
                == "DSSEv1 29 http://example.com/HelloWorld 11 hello world")
    }

    @Test("line breaks in the base64 of an envelope are skipped, as every Go reader does")
    func lineBreaks() throws {
        let text =
            #"{"payloadType":"x","payload":"aGV\nsbG8=\r\n","signatures":[{"sig":"\nAQ\r=="}]}"#
        let read = try Envelope(
            reading: try JSONReader(parsing: Array(text.utf8), named: "the envelope"))
        #expect(read.payload == Array("hello".utf8))
        #expect(read.signatures.map(\.bytes) == [[1]])
        let old = try SimpleSigning(payload: [], annotations: [signatureAnnotation: "AQ\r\n=="])
        #expect(old.signature == [1])
        for space in [" ", "\t", "\u{A0}"] {
            #expect(throws: Failure.self) {
                try SimpleSigning(payload: [], annotations: [signatureAnnotation: "AQ\(space)=="])
            }
        }
    }

    @Test("a document of more values than evidence has is refused before it is built")
    func manyValues() {
        let junk = "[" + String(repeating: "0,", count: Limits.evidenceValues) + "0]"
        let bundle = #"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","x":\#(junk)}"#
        let failure = #expect(throws: Failure.self) {
            try SignatureBundle(parsing: Array(bundle.utf8))
        }
        #expect(failure?.kind == .overLimit)
        let claim = #expect(throws: Failure.self) {
            try SimpleSigning(payload: Array(#"{"optional":{"a":\#(junk)}}"#.utf8), signature: [1])
                .claim()
        }
        #expect(claim?.kind == .overLimit)
    }

    static let badStatements = [
        (
            "no subject",
            #"{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"a:b"}"#
        ),
        (
            "null subject",
            #"{"_type":"https://in-toto.io/Statement/v1","subject":null,"predicateType":"a:b"}"#
        ),
        (
            "no digest",
            #"{"_type":"https://in-toto.io/Statement/v1","subject":[{}],"predicateType":"a:b"}"#
        ),
        (
            "empty digest",
            #"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{}}],"predicateType":"a:b"}"#
        ),
        (
            "unknown type",
            #"{"_type":"https://in-toto.io/Statement/v9","subject":[{"digest":{"a":"b"}}],"predicateType":"a:b"}"#
        ),
        (
            "no predicate type",
            #"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"a":"b"}}]}"#
        ),
        (
            "a name twice",
            #"{"_type":"https://in-toto.io/Statement/v1","_type":"x","subject":[{"digest":{"a":"b"}}],"predicateType":"a:b"}"#
        ),
        ("empty", ""), ("not JSON", "hello"),
    ]

    @Test(
        "a statement that two readers could read differently is refused", arguments: badStatements)
    func badStatement(_ name: String, _ text: String) {
        #expect(throws: Failure.self) { try Statement(parsing: Array(text.utf8)) }
    }

    @Test("both statement versions are read, and a missing predicate is null")
    func bothVersions() throws {
        for version in ["v1", "v0.1"] {
            let text =
                #"{"_type":"https://in-toto.io/Statement/\#(version)","subject":[{"digest":{"sha256":"ab"}}],"predicateType":"https://x/y"}"#
            let statement = try Statement(parsing: Array(text.utf8))
            #expect(statement.predicate == .null)
        }
    }

    private func goodBundle() throws -> (SignatureBundle, [UInt8], PrivateKey, Digest) {
        let key = try TestKeys.ecdsaP256()
        let subject = Digest(of: Array("image".utf8), by: .sha256)
        let statement = Statement.document(
            about: subject, name: nil, predicateType: .signature, predicate: [:])
        let envelope = try Envelope(
            signing: statement.compactBytes, as: inTotoPayloadType, with: key)
        let bytes = SignatureBundle.document(envelope, signedBy: key.publicKey).compactBytes
        return (try SignatureBundle(parsing: bytes), bytes, key, subject)
    }

    @Test("every field of a bundle that Assay writes is needed")
    func removedFields() throws {
        let (_, bytes, _, _) = try goodBundle()
        let document = try JSONValue(parsing: bytes, named: "bundle")
        for name in try #require(document.object).names {
            var object = try #require(document.object)
            object[name] = nil
            #expect(throws: Failure.self, "without \(name)") {
                try SignatureBundle(parsing: JSONValue.object(object).compactBytes)
            }
        }
    }

    @Test("a flipped byte or a cut end is refused, or gives the very same statement")
    func mutatedBundle() throws {
        let (_, bytes, key, subject) = try goodBundle()
        var random = SeededGenerator(seed: 42)
        for _ in 0..<400 {
            var mutated = bytes
            mutated[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8.random(
                in: 1...255, using: &random)
            try expectRefusedOrSame(mutated, key: key, subject: subject)
        }
        for length in stride(from: 0, to: bytes.count, by: 37) {
            #expect(throws: Failure.self) {
                try SignatureBundle(parsing: Array(bytes.prefix(length)))
            }
        }
    }

    private func expectRefusedOrSame(_ bytes: [UInt8], key: PrivateKey, subject: Digest) throws {
        guard let bundle = try? SignatureBundle(parsing: bytes) else { return }
        let candidate = SignedEntity(
            location: .referrersAPI, manifest: subject, digest: subject, position: 0,
            form: .bundle(bundle))
        let report = Evidence(subject: subject, candidates: [candidate])
            .signatures(by: .key(key.publicKey))
        guard !report.proofs.isEmpty else { return }
        guard case .envelope(let envelope) = bundle.content else {
            Issue.record("proof without an envelope")
            return
        }
        let same = Statement.document(
            about: subject, name: nil, predicateType: .signature, predicate: [:])
        #expect(envelope.payload == same.compactBytes)
    }

    @Test("bundles of a future version, with unknown fields, or with two signatures are refused")
    func strangeBundles() throws {
        let (_, bytes, _, _) = try goodBundle()
        let text = String(decoding: bytes, as: UTF8.self)
        let strange = [
            text.replacing("bundle.v0.3+json", with: "bundle.v0.4+json"),
            text.replacing("{\"mediaType\"", with: "{\"extra\":1,\"mediaType\""),
            text.replacing("\"signatures\":[", with: "\"signatures\":[{\"sig\":\"AAAA\"},"),
            text.replacing("\"hint\":\"", with: "\"hint\":\"\",\"other\":\""),
        ]
        for document in strange {
            #expect(document != text)
            #expect(throws: Failure.self) { try SignatureBundle(parsing: Array(document.utf8)) }
        }
    }

    @Test("cosign's short names stand for their types, and a name that is none is a usage failure")
    func shortNames() throws {
        #expect(try PredicateType(named: "spdxjson").description == "https://spdx.dev/Document")
        #expect(try PredicateType(named: "slsaprovenance1").shortName == "slsaprovenance1")
        #expect(try PredicateType(named: "https://a.example/b").shortName == nil)
        let failure = #expect(throws: Failure.self) { try PredicateType(named: "sbom") }
        #expect(failure?.kind == .usage)
    }

    @Test("predicates keep their numbers and order; text types become strings")
    func predicateForms() throws {
        let time = Timestamp(seconds: 0)
        let file = Array(#"{"z":1.50,"a":1e3}"#.utf8)
        let object = try PredicateForm(forTypeNamed: "vuln").predicate(from: file, at: time)
        #expect(object.compactText == #"{"z":1.50,"a":1e3}"#)
        let custom = try PredicateForm(forTypeNamed: "custom").predicate(from: file, at: time)
        #expect(custom["Data"]?.string == #"{"z":1.50,"a":1e3}"#)
        #expect(custom["Timestamp"]?.string == "1970-01-01T00:00:00Z")
        #expect(throws: Failure.self) {
            try PredicateForm(forTypeNamed: "vuln").predicate(from: Array("[]".utf8), at: time)
        }
    }
}
