// SPDX-License-Identifier: Apache-2.0
// What once fooled verifiers of cosign's older layouts: pasted annotations, odd shapes, other types.

import Keys
import OCI
import Primitives
import Signing
import StandIns
import TestSupport
import Testing

@Suite("advisories: older layouts, end to end")
struct LegacyAdvisoryTests {
    private let image = Digest(of: Array("image".utf8), by: .sha256)
    private let other = Digest(of: Array("malware".utf8), by: .sha256)
    private let bundle = "dev.sigstore.cosign/bundle"
    private let certificate = "dev.sigstore.cosign/certificate"

    @Test("CVE-2022-23649: a logged signature's annotation does not serve one that nobody logged")
    func pasted() throws {
        let key = try StandInKey(.p256)
        let logged = try LegacySample(on: image, by: key)
        #expect(try logged.outcome(about: image) == "accepted")
        // The same signer, the same payload, another signature; and another payload.
        let again = try LegacySample(on: image, by: key, leaf: logged.leaf)
        let annotation = LegacySample.annotation(logged.entry)
        #expect(
            try again.outcome(about: image, [bundle: annotation]) == "entry-signature-mismatch")
        let stolen = try LegacySample(on: other, by: key, leaf: logged.leaf)
        #expect(
            try stolen.outcome(about: other, [bundle: annotation]) == "entry-artifact-mismatch")
        #expect(try again.outcome(about: image, [bundle: .none]) == "log-entry-missing")
    }

    @Test("CVE-2026-22703: the log's promise about something else opens nothing")
    func promiseAboutOther() throws {
        let sample = try LegacySample(on: image, by: try StandInKey(.p256))
        let stranger = try LegacySample(on: other, by: try StandInKey(.p256))
        let annotation = LegacySample.annotation(stranger.entry)
        #expect(
            try sample.outcome(about: image, [bundle: annotation]) == "entry-artifact-mismatch")
        var forged = stranger.entry
        forged.body = sample.entry.body
        #expect(
            try sample.outcome(about: image, [bundle: LegacySample.annotation(forged)])
                == "entry-promise-invalid")
    }

    @Test("CVE-2022-36056: a certificate, payload or signature beside the wrong other is refused")
    func mixed() throws {
        let sample = try LegacySample(on: image, by: try StandInKey(.p256))
        let second = try LegacySample(on: image, by: try StandInKey(.p256))
        #expect(
            try sample.outcome(
                about: image, [certificate: pemText("CERTIFICATE", second.leaf)])
                == "signature-invalid")
        #expect(
            try sample.outcome(
                about: image, [signatureAnnotation: base64Text(second.signature)])
                == "signature-invalid")
        let stolen = try LegacySample(on: other, by: try StandInKey(.p256))
        #expect(try sample.outcome(about: other, payload: stolen.payload) == "signature-invalid")
        #expect(try sample.outcome(about: other) == "subject-mismatch")
    }

    @Test("cosign 3.0.5: odd shapes are refused in words, and none is a trap")
    func oddShapes() throws {
        let sample = try LegacySample(on: image, by: try StandInKey(.p256))
        #expect(try sample.outcome(about: image, payload: []) == "signature-invalid")
        // An empty annotation is none: then nobody has a certificate.
        #expect(try sample.outcome(about: image, [certificate: ""]) == "other-signer-kind")
        #expect(try sample.outcome(about: image, [certificate: "x"]) == "certificate-malformed")
        #expect(try sample.outcome(about: image, [signatureAnnotation: ""]) == "malformed")
        #expect(try sample.outcome(about: image, [bundle: "null"]) == "log-entry-malformed")
        #expect(try sample.outcome(about: image, [bundle: "{}"]) == "log-entry-malformed")
        let key = try TestKeys.ecdsaP256()
        for text in ["", "null", "{}", #"{"critical":null,"optional":null}"#, "[]"] {
            let payload = Array(text.utf8)
            let old = SimpleSigning(payload: payload, signature: try key.sign(payload))
            let report = report(of: .simpleSigning(old), by: key)
            #expect(report.mostSpecific?.problem.code == .malformed, "\(text)")
        }
        let nothing = try Attempt.byPerson(.artifact(StandIn.artifact)).with {
            $0.change = {
                $0.json.replacing("verificationMaterial/tlogEntries", with: []).compactBytes
            }
        }
        #expect(try nothing.outcome() == "log-entry-missing")
    }

    @Test("cosign 3.0.5: null for optional is what cosign writes for no annotations")
    func nullAnnotations() throws {
        let key = try TestKeys.ecdsaP256()
        let payload = SimpleSigning.payload(
            for: image, in: try Repository(parsing: "registry.example.com/a"), annotations: [:])
        #expect(String(decoding: payload, as: UTF8.self).contains(#""optional":null"#))
        let old = SimpleSigning(payload: payload, signature: try key.sign(payload))
        let report = report(of: .simpleSigning(old), by: key)
        #expect(report.proofs.map(\.annotations) == [[:]])
    }

    private func report(
        of form: SignedEntity.Form, by key: PrivateKey
    ) -> VerificationReport<VerifiedSignature> {
        evidence(form).signatures(by: .key(key.publicKey))
    }

    private func evidence(_ form: SignedEntity.Form) -> Evidence {
        Evidence(
            subject: image,
            candidates: [
                SignedEntity(
                    location: .attestationTag, manifest: image, digest: image, position: 0,
                    form: form)
            ])
    }

    /// One envelope in a bundle and in the older layout.
    private func forms(
        _ payload: [UInt8], as type: String, by key: PrivateKey
    ) throws -> [SignedEntity.Form] {
        let envelope = try Envelope(signing: payload, as: type, with: key)
        return [
            .bundle(
                try SignatureBundle(
                    parsing: SignatureBundle.document(envelope, signedBy: key.publicKey)
                        .compactBytes)),
            .envelope(envelope, .none, storedAs: envelope.json.compactBytes),
        ]
    }

    private func statement(
        _ type: PredicateType, subject: JSONValue?
    ) -> [UInt8] {
        Statement.document(about: image, name: nil, predicateType: type, predicate: [:])
            .replacing("subject", with: subject ?? [["digest": ["sha256": .string(image.hex)]]])
            .compactBytes
    }

    @Test(
        "CVE-2026-39395: a signed payload that is no statement of the wanted type is no attestation"
    )
    func otherPayloads() throws {
        let key = try TestKeys.ecdsaP256()
        let good = statement(.custom, subject: nil)
        let cases: [([UInt8], String, VerificationError.Code?)] = [
            (good, inTotoPayloadType, nil),
            (Array("no JSON at all".utf8), inTotoPayloadType, .statementMalformed),
            ([], inTotoPayloadType, .statementMalformed),
            (good + [0x20, 0x7B], inTotoPayloadType, .statementMalformed),
            (good, "text/plain", .malformed),
            (statement(.spdx, subject: nil), inTotoPayloadType, .otherType),
            (statement(.signature, subject: nil), inTotoPayloadType, .otherType),
            (statement(.custom, subject: .null), inTotoPayloadType, .statementMalformed),
            (statement(.custom, subject: []), inTotoPayloadType, .statementMalformed),
            (statement(.custom, subject: [.null]), inTotoPayloadType, .statementMalformed),
            (statement(.custom, subject: [["name": "a"]]), inTotoPayloadType, .statementMalformed),
            (
                statement(.custom, subject: [["name": "a", "digest": [:]]]), inTotoPayloadType,
                .statementMalformed
            ),
            (
                statement(.custom, subject: [["digest": ["sha256": .string(other.hex)]]]),
                inTotoPayloadType, .subjectMismatch
            ),
        ]
        for (payload, type, code) in cases {
            for form in try forms(payload, as: type, by: key) {
                let report = evidence(form).attestations(of: .custom, by: .key(key.publicKey))
                #expect(report.proofs.isEmpty == (code != nil))
                #expect(
                    report.mostSpecific?.problem.code == code,
                    "\(String(decoding: payload, as: UTF8.self))")
            }
        }
    }

    @Test("CVE-2022-35929: attestations of another type are not the one that was asked for")
    func noneOfTheType() throws {
        let key = try TestKeys.ecdsaP256()
        for form in try forms(statement(.spdx, subject: nil), as: inTotoPayloadType, by: key) {
            let report = evidence(form).attestations(of: .cycloneDX, by: .key(key.publicKey))
            #expect(report.proofs.isEmpty)
            guard case .unsigned = report.answer else {
                Issue.record("\(report.answer)")
                continue
            }
        }
    }

    @Test("cosign 3: an image that is only attested is told so, and is not signed")
    func attestedNotSigned() throws {
        let key = try TestKeys.ecdsaP256()
        for form in try forms(statement(.custom, subject: nil), as: inTotoPayloadType, by: key) {
            let report = report(of: form, by: key)
            #expect(report.proofs.isEmpty)
            #expect(report.mostSpecific?.problem.code == .otherType)
        }
    }
}
