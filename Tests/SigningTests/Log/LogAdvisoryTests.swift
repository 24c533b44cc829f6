// SPDX-License-Identifier: Apache-2.0
// What once fooled other verifiers, where transparency logs were the way in. One test for each.

import Crypto
import Keys
import Primitives
import Signing
import TestSupport
import Testing

@Suite("advisories: transparency logs")
struct LogAdvisoryTests {
    private func legacy(_ logged: LoggedSample) throws -> TransparencyLogEntry {
        let entry = logged.entry
        let annotation: JSONValue = [
            "SignedEntryTimestamp": .string(
                base64Text(try #require(entry.proofs.signedEntryTimestamp))),
            "Payload": [
                "body": .string(base64Text(entry.body)), "integratedTime": 1_750_000_000,
                "logIndex": .number(JSONNumber(entry.logIndex)),
                "logID": .string(hexText(entry.logID)),
            ],
        ]
        return try TransparencyLogEntry(legacyBundleAnnotation: annotation.compactText)
    }

    @Test("CVE-2022-23649: the log bundle of one signature pasted on another is refused")
    func pastedBundle() throws {
        let logged = try LoggedSample.version1()
        let entry = try legacy(logged)
        #expect(
            try logged.verify(entry, entryTimestampRequirements).integratedTime == SmallLog.time)
        let victim = SignedContent(
            signature: try logged.sample.key.sign(Array("artifact".utf8)),
            verifier: logged.sample.content.verifier, form: logged.sample.content.form)
        expectProblem(.entrySignatureMismatch) {
            _ = try entry.verified(
                for: victim, by: [logged.log.log], requirements: entryTimestampRequirements)
        }
    }

    @Test("CVE-2026-22703: a valid promise about something else proves nothing")
    func promiseAboutOther() throws {
        let logged = try LoggedSample.version1()
        let other = try SignedSample.message("malware", key: logged.sample.key)
        expectProblem(.entryArtifactMismatch) {
            _ = try legacy(logged).verified(
                for: other.content, by: [logged.log.log], requirements: entryTimestampRequirements)
        }
    }

    @Test("CVE-2022-36056: an entry with another certificate, signature or promise is refused")
    func otherMaterial() throws {
        let logged = try LoggedSample.version1()
        let own = logged.sample.content
        for (content, code) in [
            (
                SignedContent(
                    signature: own.signature,
                    verifier: .certificate([9, 9, 9], key: own.verifier.key), form: own.form),
                VerificationError.Code.entryKeyMismatch
            ),
            (
                SignedContent(signature: [9], verifier: own.verifier, form: own.form),
                .entrySignatureMismatch
            ),
        ] {
            expectProblem(code) {
                _ = try logged.entry.verified(
                    for: content, by: [logged.log.log], requirements: proofRequirements)
            }
        }
        expectProblem(.signedEntryTimestampInvalid) {
            _ = try logged.verify(
                logged.entry.with(promise: [1, 2, 3]), entryTimestampRequirements)
        }
    }

    @Test("CVE-2024-55655 (GHSA-hhfg-fwrw-87w7): a time without a promise is not believed")
    func unsignedTime() throws {
        let logged = try LoggedSample.version1()
        let forged = logged.entry.with(promise: nil).with(claimedTime: Timestamp(seconds: 5))
        let found = try logged.verify(forged)
        #expect(found.isInclusionProven)
        #expect(found.integratedTime == nil)
    }

    @Test("CVE-2026-49834 (GHSA-9vcr-p3rj-q5q6): two entries of one log are one party")
    func oneLogTwice() throws {
        let logged = try LoggedSample.version1()
        let again = logged.entry.with(logIndex: 2_000)
        let entries = [
            logged.entry, again.with(promise: try logged.log.promise(again)),
        ]
        let requirements = LogRequirements(proof: .inclusionProof, threshold: 2, witnesses: .none)
        expectProblem(.logEntryMissing) {
            _ = try entries.verified(
                for: logged.sample.content, by: [logged.log.log], requirements: requirements)
        }
    }

    @Test("CVE-2024-45395 (GHSA-cq38-jh5f-37mq): thousands of entries cost nothing")
    func endlessEntries() throws {
        let entry = try LoggedSample.version1().entry.json
        let list = JSONValue.array(Array(repeating: entry, count: 5_000))
        let failure = #expect(throws: Failure.self) {
            try TransparencyLogEntry.list(reading: JSONReader(list, document: "bundle"))
        }
        #expect(failure?.kind == .overLimit)
    }

    @Test("sigstore-python #1088: a bundle that drops its proof gains nothing by an older version")
    func downgrade() throws {
        // The version is no input of the verification: what is asked for is the caller's alone.
        let logged = try LoggedSample.version1()
        let stripped = logged.entry.with(inclusion: nil)
        expectProblem(.inclusionProofMissing) { _ = try logged.verify(stripped, proofRequirements) }
        #expect(try !logged.verify(stripped, entryTimestampRequirements).isInclusionProven)
    }

    @Test("CVE-2023-47122 (GHSA-xvrc-2wvh-49vc): a log that brings its own key is unknown")
    func ownKey() throws {
        let sample = try SignedSample.message()
        let trusted = try SmallLog.version1()
        let impostor = try SmallLog.version1()
        let entry = try impostor.entry(try sample.hashedRecord(), .hashedRecord)
        expectProblem(.logUntrusted) {
            _ = try entry.verified(
                for: sample.content, by: [trusted.log], requirements: proofRequirements)
        }
        // The same under the trusted log's id: the key is the trust root's, not the entry's.
        let renamed = TransparencyLogEntry(
            logIndex: entry.logIndex, logID: trusted.log.keyID, kind: entry.kind,
            claimedTime: entry.claimedTime, proofs: entry.proofs, body: entry.body)
        expectProblem(.signedEntryTimestampInvalid) {
            _ = try renamed.verified(
                for: sample.content, by: [trusted.log], requirements: proofRequirements)
        }
        expectProblem(.checkpointSignatureInvalid) {
            _ = try renamed.with(promise: nil).verified(
                for: sample.content, by: [trusted.log], requirements: proofRequirements)
        }
    }

    @Test("sigstore-go #635: a body that was not logged is refused, whatever it says")
    func bodyNotLogged() throws {
        let logged = try LoggedSample.version2()
        let victim = try SignedSample.message("malware")
        let forged = logged.entry.with(body: try victim.content.version2Body())
        expectProblem(.inclusionProofInvalid) {
            _ = try forged.verified(
                for: victim.content, by: [logged.log.log], requirements: proofRequirements)
        }
        expectProblem(.entryArtifactMismatch) {
            _ = try logged.entry.verified(
                for: victim.content, by: [logged.log.log], requirements: proofRequirements)
        }
    }

    @Test("sigstore-go #611: a malleated ECDSA signature is not the logged one")
    func malleatedSignature() throws {
        for logged in [try LoggedSample.version1(), try LoggedSample.version2()] {
            let own = logged.sample.content
            // The same r and s with a length in two bytes: not DER, and not these bytes.
            let loose = [own.signature[0], 0x81] + own.signature.dropFirst()
            let content = SignedContent(
                signature: Array(loose), verifier: own.verifier, form: own.form)
            expectProblem(.entrySignatureMismatch) {
                _ = try logged.entry.verified(
                    for: content, by: [logged.log.log], requirements: proofRequirements)
            }
        }
    }

    @Test("sigstore-java 57e134d: a valid entry of another artifact in the bundle is refused")
    func bundleWithWrongEntry() throws {
        let logged = try LoggedSample.version1()
        let other = try SignedSample.message("another artifact", certificate: [1, 2, 3])
        let wrong = try logged.log.entry(try other.hashedRecord(), .hashedRecord)
        for entries in [[wrong], [logged.entry, wrong.with(logIndex: 7)]] {
            let repromised = try entries.map { $0.with(promise: try logged.log.promise($0)) }
            expectProblem(.entryArtifactMismatch) {
                _ = try repromised.verified(
                    for: logged.sample.content, by: [logged.log.log],
                    requirements: proofRequirements)
            }
        }
    }
}
