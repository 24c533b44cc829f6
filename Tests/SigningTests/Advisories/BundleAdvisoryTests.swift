// SPDX-License-Identifier: Apache-2.0
// What once fooled other verifiers of bundles: from the bytes of a bundle to the verdict.
// docs/advisories.md lists all of them, with their tests.

import Keys
import Primitives
import Signing
import StandIns
import Testing

@Suite("advisories: bundles, end to end")
struct BundleAdvisoryTests {
    private func message(_ change: (inout StandInRecipe) -> Void = { _ in }) throws -> Attempt {
        try .byPerson(.artifact(StandIn.artifact), change)
    }

    /// The attempt at an instance that was planned differently.
    private func replanned(
        _ attempt: Attempt, _ change: (inout StandInSigstore.Plan) throws -> Void
    ) throws -> Attempt {
        var plan = attempt.instance.plan
        try change(&plan)
        return try attempt.with { $0.instance = try StandInSigstore(plan) }
    }

    @Test(
        "CVE-2026-24122: an intermediate that had expired refuses the leaf, with and without a log",
        arguments: [StandInRecipe.Log.rekor1, .none])
    func expiredIntermediate(_ log: StandInRecipe.Log) throws {
        let sound = try message { $0.log = log }
        #expect(try sound.outcome() == "accepted")
        let expired = try replanned(sound) {
            $0.intermediateValidity = ValidityPeriod(
                start: $0.validity.start, end: Timestamp(seconds: StandIn.time.seconds - 1))
        }
        #expect(try expired.outcome() == "certificate-outside-validity")
    }

    @Test("CVE-2026-54787: a key with a period needs a signed time inside it, and any time at all")
    func keyPeriod() throws {
        let key = try StandInKey(.p256)
        let sound = try Attempt.byKey(key, .artifact(StandIn.artifact))
        func trusted(_ start: Int, _ end: Int) throws -> TrustedSigner {
            .keys([
                TrustedKey(
                    key: try key.publicKey,
                    validFor: ValidityPeriod(
                        start: Timestamp(seconds: StandIn.time.seconds + start),
                        end: Timestamp(seconds: StandIn.time.seconds + end)))
            ])
        }
        // The timestamp is of second 5, the log's promise of second 6.
        for (start, end, outcome) in [
            (5, 6, "accepted"), (6, 7, "key-outside-validity"), (4, 5, "key-outside-validity"),
            (-10, 4, "key-outside-validity"), (7, 20, "key-outside-validity"),
        ] {
            #expect(
                try sound.with { $0.signer = try trusted(start, end) }.outcome() == outcome,
                "\(start) to \(end)")
        }
        let timeless = try sound.with {
            $0.signer = try trusted(-10, 20)
            $0.recipe.log = .rekor2
            $0.recipe.isTimestamped = false
        }
        #expect(try timeless.outcome() == "signed-time-missing")
    }

    @Test("CVE-2024-55655: a proven entry's time without the log's promise is nobody's word")
    func unsignedTime() throws {
        let sound = try message { $0.isTimestamped = false }
        #expect(try sound.outcome() == "accepted")
        let bent = sound.with { $0.recipe.faults = [.promiseMissing] }
        #expect(try bent.outcome() == "signed-time-missing")
    }

    /// Whoever holds a retired log's key can make entries with it to this day.
    @Test(
        "a log whose key has an end proves nothing unless somebody signed when the entry was made")
    func retiredLog() throws {
        let sound = try Attempt.byKey(try StandInKey(.p256), .artifact(StandIn.artifact))
        func logged(_ log: StandInRecipe.Log, stamped: Bool, until end: Int?) throws -> Attempt {
            var attempt = sound
            (attempt.recipe.log, attempt.recipe.isTimestamped) = (log, stamped)
            attempt.trust = { root in
                TrustedRoot(
                    logs: root.logs.map { log in
                        TransparencyLog(
                            baseURL: log.baseURL, publicKey: log.publicKey, keyID: log.keyID,
                            checkpointKeyID: log.checkpointKeyID,
                            validFor: ValidityPeriod(
                                start: log.validFor.start,
                                end: end.map { Timestamp(seconds: StandIn.time.seconds + $0) }),
                            operatorName: log.operatorName)
                    },
                    certificateAuthorities: root.certificateAuthorities,
                    certificateTransparencyLogs: root.certificateTransparencyLogs,
                    timestampAuthorities: root.timestampAuthorities)
            }
            return attempt
        }
        // The timestamp is of second 5, the log's promise of second 6.
        for (log, stamped, end, outcome) in [
            (StandInRecipe.Log.rekor2, false, nil, "accepted"),
            (.rekor2, false, 1_000_000, "signed-time-missing"),
            (.rekor2, true, 1_000_000, "accepted"), (.rekor2, true, 4, "log-outside-validity"),
            (.rekor1, false, 6, "accepted"), (.rekor1, false, 5, "log-outside-validity"),
        ] {
            let attempt = try logged(log, stamped: stamped, until: end)
            #expect(try attempt.outcome() == outcome, "\(log) \(stamped) \(end ?? -1)")
        }
        // Neither does it help to take the promise away.
        let bare = try logged(.rekor1, stamped: false, until: 1_000_000)
            .with { $0.recipe.faults = [.promiseMissing] }
        #expect(try bare.outcome() == "signed-time-missing")
    }

    @Test("sigstore-python #1088: an older version in the mediaType lowers no demand")
    func downgrade() throws {
        let rewrite: @Sendable (StandInBundle) throws -> [UInt8] = { made in
            // The leaf alone in a chain is what an honest 0.1 bundle may hold too.
            let leaf = made.json["verificationMaterial"]?["certificate"] ?? .null
            return made.json
                .replacing("mediaType", with: .string(StandInRecipe.Version.v1.mediaType))
                .replacing("verificationMaterial/certificate", with: nil)
                .replacing(
                    "verificationMaterial/x509CertificateChain",
                    with: ["certificates": [leaf]]
                )
                .replacing("verificationMaterial/tlogEntries/0/inclusionProof", with: nil)
                .compactBytes
        }
        let proven = VerificationRequirements.Transparency.logged(
            LogRequirements(proof: .inclusionProof, threshold: 1, witnesses: .none))
        let sound = try message()
        for (requirements, whole, stripped) in [
            (proven, "accepted", "inclusion-proof-missing"), (.oneLog, "accepted", "accepted"),
        ] {
            let attempt = sound.with { $0.requirements = $0.requiring(requirements) }
            #expect(try attempt.outcome() == whole)
            #expect(try attempt.with { $0.change = rewrite }.outcome() == stripped)
        }
    }

    @Test("sigstore-go #609: no expected digest at all fits no bundle")
    func noDigest() throws {
        for content in [StandInRecipe.Content.artifact(StandIn.artifact), Attempt.statement] {
            let attempt = try Attempt.byPerson(content)
            let bundle = try SignatureBundle(parsing: attempt.instance.bundle(attempt.recipe))
            let verifier = try SignatureVerifier(
                requirements: attempt.usualRequirements,
                root: TrustedRoot(parsing: attempt.instance.trustedRoot().compactBytes))
            let nothing = SignedArtifact(digests: [:])
            let finding = verifier.verify(bundle, about: nothing, type: nil)
            #expect(finding.signer == nil)
            #expect(finding.statement == nil)
            #expect(
                finding.problem?.code
                    == (content == Attempt.statement ? .subjectMismatch : .bytesNeeded))
        }
    }

    @Test("CVE-2024-45395: thousands of subjects or signatures are refused unread")
    func crowds() throws {
        let digest = Digest(of: StandIn.artifact, by: .sha256)
        let subject: JSONValue = ["digest": ["sha256": .string(digest.hex)]]
        func statement(_ count: Int) -> [UInt8] {
            let document: JSONValue = [
                "_type": "https://in-toto.io/Statement/v1",
                "subject": .array(Array(repeating: subject, count: count)),
                "predicateType": "https://example.org/p", "predicate": [:],
            ]
            return document.compactBytes
        }
        let most = Limits.subjectsPerStatement
        #expect(try Attempt.byPerson(.statement(statement(most))).outcome() == "accepted")
        #expect(try Attempt.byPerson(.statement(statement(most + 1))).outcome() == "over-limit")
        let failure = #expect(throws: Failure.self) {
            try Statement(parsing: statement(most + 1))
        }
        #expect(failure?.kind == .overLimit)
        let crowd = try Attempt.byPerson(Attempt.statement).with {
            $0.change = { made in
                let one = made.json["dsseEnvelope"]?["signatures"]?.array?.first ?? .null
                return made.json.replacing(
                    "dsseEnvelope/signatures", with: .array(Array(repeating: one, count: 5_000))
                ).compactBytes
            }
        }
        #expect(try crowd.outcome().hasPrefix("cannot read: overLimit"))
    }

    @Test("CVE-2026-49834: two words of one log, one clock or one certificate log count once")
    func countedTwice() throws {
        let other = try StandInSigstore(at: StandIn.time)
        let further = try TrustedRoot(parsing: other.trustedRoot().compactBytes)
        let generous = try message().with {
            $0.trust = { own in
                TrustedRoot(
                    logs: own.logs + further.logs,
                    certificateAuthorities: own.certificateAuthorities,
                    certificateTransparencyLogs: own.certificateTransparencyLogs
                        + further.certificateTransparencyLogs,
                    timestampAuthorities: own.timestampAuthorities + further.timestampAuthorities)
            }
        }
        #expect(try generous.outcome() == "accepted")
        let twoLogs = VerificationRequirements.Transparency.logged(
            LogRequirements(proof: .inclusionProofOrSET, threshold: 2, witnesses: .none))
        for (fault, requirements, outcome) in [
            (StandInFault.logTwice, generous.requiring(twoLogs), "duplicate-log-entry"),
            (
                .timestampTwice, generous.requiring(.oneLog, signedTimestampThreshold: 2),
                "signed-time-missing"
            ),
            (
                .transparencyTwice, generous.requiring(.oneLog, sctThreshold: 2),
                "certificate-transparency-missing"
            ),
        ] {
            let attempt = generous.with {
                $0.recipe.faults = [fault]
                $0.requirements = requirements
            }
            #expect(try attempt.outcome() == outcome, "\(fault)")
        }
    }

    @Test(
        "CVE-2025-29778: expressions alone are held against the certificate, like exact names",
        arguments: [
            ("^https://github[.]example[.]org/acme/.*$", ".*", "identity-mismatch"),
            ("mira@example[.]org", "https://accounts[.]example[.]net", "issuer-mismatch"),
            ("mira@example[.]org", "https://accounts[.]example[.]org", "accepted"),
            // The whole text must fit: a name that merely holds the expression is another's.
            ("mira@example", ".*", "identity-mismatch"),
        ])
    func expressions(subject: String, issuer: String, outcome: String) throws {
        let attempt = try message().with {
            $0.signer = .certificates([
                CertificateIdentity(
                    subjects: [try .wholeExpression(subject)],
                    issuers: [try .wholeExpression(issuer)])
            ])
        }
        #expect(try attempt.outcome() == outcome)
    }

    @Test("an identity without any pattern fits nobody")
    func noPattern() throws {
        let attempt = try message()
        for identity in [
            CertificateIdentity(subjects: [], issuers: [.exact(StandInIdentity.person.issuer)]),
            CertificateIdentity(
                subjects: [.exact(StandInIdentity.person.name.text)], issuers: []),
        ] {
            let outcome = try attempt.with { $0.signer = .certificates([identity]) }.outcome()
            #expect(outcome != "accepted")
        }
        #expect(try attempt.with { $0.signer = .certificates([]) }.outcome() != "accepted")
        #expect(
            try Attempt.byKey(try StandInKey(.p256), .artifact(StandIn.artifact))
                .with { $0.signer = .keys([]) }.outcome() == "key-mismatch")
    }

    @Test("CVE-2025-66506: a token of dots alone is refused without being cut up")
    func tokenOfDots() {
        for text in [String(repeating: ".", count: 4_000_000), "..", "a.b", "a.b.c.d"] {
            #expect(throws: Failure.self) { try IdentityToken(parsing: text) }
        }
    }
}
