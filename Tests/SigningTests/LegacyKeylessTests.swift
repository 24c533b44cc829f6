// SPDX-License-Identifier: Apache-2.0
// cosign's older layouts with certificates, log entries and timestamps in annotations.
// Spec: cosign specs/SIGNATURE_SPEC.md, specs/ATTESTATION_SPEC.md; docs/advisories.md.

import Keys
import OCI
import Primitives
import Signing
import StandIns
import TestSupport
import Testing

@Suite("older signatures by certificate")
struct LegacyKeylessTests {
    let image = Digest(of: Array("the image".utf8), by: .sha256)
    let name: Repository
    let sigstore: StandInSigstore
    let root: TrustedRoot

    init() throws {
        name = try Repository(parsing: "registry.example.com/shop/backend")
        sigstore = try StandIn.instance.get()
        root = try TrustedRoot(parsing: sigstore.trustedRoot().compactBytes)
    }

    // MARK: What is made

    private var signature: StandInRecipe {
        StandInRecipe(
            .artifact(SimpleSigning.payload(for: image, in: name, annotations: ["a": "b"])))
    }

    private var attestation: StandInRecipe {
        let statement = Statement.document(
            about: image, name: nil, predicateType: .spdx, predicate: [:])
        return StandInRecipe(.statement(statement.compactBytes))
    }

    private func evidence(_ layers: StandInLayer...) async throws -> Evidence {
        let repository = MemoryRepository()
        for isEnvelope in [false, true] {
            let chosen = layers.filter { $0.isEnvelope == isEnvelope }
            guard !chosen.isEmpty else { continue }
            var described: [Descriptor] = []
            for layer in chosen {
                var descriptor = Descriptor(
                    of: layer.content, as: isEnvelope ? .dsseEnvelope : .simpleSigning)
                descriptor.annotations = layer.annotations
                try await repository.push(
                    descriptor, content: ByteStream(layer.content), mountSource: nil)
                described.append(descriptor)
            }
            let manifest = try ImageManifest(
                config: Descriptor(of: Array("{}".utf8), as: .ociConfig), layers: described
            ).manifest()
            try await repository.push(
                manifest, tag: OCI.Tag(for: image, suffix: isEnvelope ? ".att" : ".sig"))
        }
        return try await EvidenceCollector(source: repository).everything(about: image)
    }

    private func verifier(
        transparency: VerificationRequirements.Transparency = .oneLog, timestamps: Int = 0,
        subject: String = "mira@example.org"
    ) throws -> SignatureVerifier {
        let identity = CertificateIdentity(
            subjects: [.exact(subject)], issuers: [.exact("https://accounts.example.org")])
        return try SignatureVerifier(
            requirements: VerificationRequirements(
                signer: .certificates([identity]), transparency: transparency,
                signedTimestampThreshold: timestamps, sctThreshold: 1, time: .signed,
                acceptsChains: false),
            root: root)
    }

    /// What is said of one layer: nil when it is proof.
    private func problem(
        _ layer: StandInLayer, by verifier: SignatureVerifier? = nil
    ) async throws -> VerificationError.Code? {
        let verifier = try verifier ?? self.verifier()
        let evidence = try await evidence(layer)
        guard layer.isEnvelope else {
            let report = evidence.signatures(by: verifier)
            return report.proofs.isEmpty ? try #require(report.mostSpecific).problem.code : nil
        }
        let report = evidence.attestations(of: .spdx, by: verifier)
        return report.proofs.isEmpty ? try #require(report.mostSpecific).problem.code : nil
    }

    // MARK: Good ones

    @Test("a signature verifies with log and timestamp, with either, and with annotations")
    func signatures() async throws {
        for (log, isTimestamped) in [
            (StandInRecipe.Log.rekor1, true), (.rekor1, false), (.none, true),
        ] {
            let layer = try sigstore.layer(
                signature.with { ($0.log, $0.isTimestamped) = (log, isTimestamped) })
            let wanted = try verifier(transparency: log == .none ? .ignored : .oneLog)
            let report = try await evidence(layer).signatures(by: wanted)
            #expect(report.proofs.count == 1, "\(report.mostSpecific?.why ?? "")")
            #expect(report.proofs.first?.annotations["a"] == "b")
            #expect(report.proofs.first?.location == .signatureTag)
            #expect(report.proofs.first?.signer.shown.contains("mira@example.org") == true)
        }
    }

    @Test(
        "an attestation verifies with each kind of entry that Rekor made for it",
        arguments: [LogEntryKind.dsse001, .intoto002])
    func attestations(kind: LogEntryKind) async throws {
        let layer = try sigstore.layer(
            attestation.with { ($0.entryKind, $0.isTimestamped) = (kind, false) })
        #expect(try await problem(layer) == nil)
    }

    @Test("an attestation's timestamp is over the whole envelope, a signature's over its bytes")
    func stamps() async throws {
        let strict = try verifier(transparency: .ignored, timestamps: 1)
        for recipe in [signature, attestation] {
            var layer = try sigstore.layer(recipe.with { $0.log = .none })
            #expect(try await problem(layer, by: strict) == nil)
            let other = layer.isEnvelope ? Array("sig".utf8) : layer.content
            let token = try sigstore.timestamp(
                for: StandInTimestampQuery(imprint: sha256(other)),
                at: Timestamp(seconds: StandIn.time.seconds + 5))
            layer["rfc3161timestamp"] =
                JSONValue.object(["SignedRFC3161Timestamp": .base64(token)]).compactText
            #expect(try await problem(layer, by: strict) == .timestampImprintMismatch)
        }
    }

    @Test("an attestation and a signature stay what they are")
    func kinds() async throws {
        let both = try await evidence(
            try sigstore.layer(signature), try sigstore.layer(attestation))
        #expect(both.signatures(by: try verifier()).proofs.count == 1)
        #expect(both.attestations(of: .spdx, by: try verifier()).proofs.count == 1)
        let other = try PredicateType(named: "slsaprovenance1")
        let report = both.attestations(of: other, by: try verifier())
        #expect(report.proofs.isEmpty)
        #expect(report.mostSpecific?.problem.code == .otherType)
    }

    @Test("several signatures in one manifest are told apart, though they share one payload")
    func several() async throws {
        let key = try StandInKey(.p256)
        let found = try await evidence(
            try sigstore.layer(signature.with { $0.signer = .identity(.workflow) }),
            try sigstore.layer(signature),
            try sigstore.layer(signature.with { ($0.signer, $0.log) = (.key(key), .none) }))
        #expect(found.candidates.count == 3)
        let report = found.signatures(by: try verifier())
        #expect(report.proofs.count == 1)
        #expect(
            Set(report.rejections.map(\.problem.code)) == [.issuerMismatch, .otherSignerKind])
        #expect(found.signatures(by: .key(try key.publicKey)).proofs.count == 1)
    }

    @Test("a certificate beside a key's signature says nothing where the key is trusted")
    func certificateBesideKey() async throws {
        let key = try StandInKey(.p256)
        let certified = try sigstore.layer(signature)
        for log in [StandInRecipe.Log.none, .rekor1] {
            var layer = try sigstore.layer(
                signature.with {
                    ($0.signer, $0.log, $0.isTimestamped) = (.key(key), log, false)
                })
            (layer["certificate"], layer["chain"]) = (certified["certificate"], certified["chain"])
            let trusted = SignatureVerifier.key(try key.publicKey)
            #expect(try await problem(layer, by: trusted) == nil)
            // By name it is not taken for the certificate's.
            #expect(try await problem(layer) == .signatureInvalid)
            // And a certificate's own signature is not the key's.
            #expect(try await problem(certified, by: trusted) == .keyMismatch)
            let logged = try SignatureVerifier(
                requirements: loggedKey(try key.publicKey), root: root)
            #expect(try await problem(layer, by: logged) == (log == .none ? .logEntryMissing : nil))
        }
    }

    /// Anybody can make a certificate for a key of somebody else, and log with it what the key
    /// signed; whoever watches the log for the key does not find that.
    @Test("a key's log entry is one by the key, not one under a certificate for it")
    func loggedUnderCertificate() async throws {
        let layer = try sigstore.layer(signature)
        let certificate = try Certificate(pem: try #require(layer["certificate"]))
        let trusted = SignatureVerifier.key(certificate.publicKey)
        #expect(try await problem(layer, by: trusted) == nil)
        let logged = try SignatureVerifier(
            requirements: loggedKey(certificate.publicKey), root: root)
        #expect(try await problem(layer, by: logged) == .entryKeyMismatch)
    }

    private func loggedKey(_ key: PublicKey) -> VerificationRequirements {
        VerificationRequirements(
            signer: .key(key), transparency: .oneLog, signedTimestampThreshold: 0, sctThreshold: 0,
            time: .signed, acceptsChains: false)
    }

    // MARK: Advisories

    @Test("CVE-2022-23649: the log entry of another signature proves nothing about this one")
    func borrowedEntry() async throws {
        for recipe in [signature, attestation] {
            var layer = try sigstore.layer(recipe.with { $0.isTimestamped = false })
            let other = try sigstore.layer(recipe.with { $0.isTimestamped = false })
            layer["bundle"] = other["bundle"]
            #expect(
                [.entrySignatureMismatch, .entryKeyMismatch]
                    .contains(try await problem(layer)))
        }
    }

    @Test("CVE-2026-22703: a good promise for an entry about something else is refused")
    func otherEntry() async throws {
        for recipe in [signature, attestation] {
            for fault in [
                StandInFault.logOtherArtifact, .logOtherSignature, .logOtherSigner, .logOtherBody,
            ] {
                let layer = try sigstore.layer(recipe.with { $0.faults = [fault] })
                let found = try #require(try await problem(layer), "\(fault.rawValue)")
                #expect(found.rawValue.contains("entry"), "\(fault.rawValue): \(found)")
            }
        }
    }

    @Test(
        "what is wrong with the certificate, the log or the time is refused",
        arguments: [
            StandInFault.certificateExpired, .certificateOtherName, .certificateOtherIssuer,
            .certificateForeignAuthority, .certificateWrongPurpose, .transparencyMissing,
            .transparencyForeignKey, .logUnknown, .promiseBroken, .promiseForAnother,
            .promiseOtherTime, .logLate, .bundleBrokenSignature, .bundleForeignSignature,
            .timestampWrongImprint, .timestampLate, .timestampBroken, .timestampForeignAuthority,
        ])
    func faults(fault: StandInFault) async throws {
        for recipe in [signature, attestation] {
            let layer = try sigstore.layer(recipe.with { $0.faults = [fault] })
            let strict = try verifier(timestamps: 1)
            #expect(try await problem(layer, by: strict) != nil)
        }
    }

    @Test("annotations that are empty are none, and others that cannot be read are a finding")
    func brokenAnnotations() async throws {
        let good = try sigstore.layer(signature)
        let cases: [(String, String?, VerificationError.Code?)] = [
            ("chain", "", nil), ("chain", nil, nil), ("rfc3161timestamp", "", nil),
            ("certificate", "", .otherSignerKind), ("certificate", nil, .otherSignerKind),
            ("certificate", "\n", .certificateMalformed),
            ("certificate", "-----BEGIN CERTIFICATE-----", .certificateMalformed),
            ("certificate", pemText("CERTIFICATE", [1, 2]), .certificateMalformed),
            ("certificate", pemText("PUBLIC KEY", [1, 2]), .certificateMalformed),
            ("chain", "x", .certificateMalformed), ("bundle", "", .logEntryMissing),
            ("bundle", nil, .logEntryMissing), ("bundle", "{}", .logEntryMalformed),
            ("bundle", "null", .logEntryMalformed), ("rfc3161timestamp", "{}", .malformed),
            ("rfc3161timestamp", "[", .malformed),
            ("rfc3161timestamp", #"{"SignedRFC3161Timestamp":"AAAA"}"#, .timestampMalformed),
        ]
        for (name, text, code) in cases {
            var layer = good
            layer[name] = text
            #expect(try await problem(layer) == code, "\(name) \(text ?? "absent")")
        }
    }

    @Test("a chain too long to be one is over the limit, and roots it brings are not believed")
    func chains() async throws {
        var layer = try sigstore.layer(signature)
        let certificate = try #require(layer["certificate"])
        layer["chain"] = String(repeating: certificate, count: Limits.certificatesPerChain)
        #expect(try await problem(layer) == .overLimit)
        let foreign = try StandInSigstore(at: StandIn.time)
        let brought = try foreign.layer(signature.with { $0.isTimestamped = false })
        #expect(brought["chain"]?.contains("CERTIFICATE") == true)
        let found = try #require(try await problem(brought))
        #expect([.logUntrusted, .certificateUntrusted].contains(found))
    }

    // MARK: Envelopes with several signatures

    @Test("one good signature on an envelope is enough, and which one is told")
    func severalOnOneEnvelope() async throws {
        let made = try sigstore.make(attestation.with { $0.isTimestamped = false })
        var layer = try sigstore.layer(attestation.with { $0.isTimestamped = false })
        guard case .certificate(let leaf) = made.signer else {
            Issue.record("there is no certificate")
            return
        }
        layer["certificate"] = pemText("CERTIFICATE", leaf)
        layer["bundle"] = made.entries.first?.annotation
        let stranger = try StandInKey(.p256).sign(made.signedBytes)
        for (signatures, place) in [
            ([made.signature, stranger], 1), ([stranger, made.signature], 2),
            ([stranger, stranger, made.signature], 3),
        ] {
            var envelope = try #require(made.envelope)
            envelope.signatures = signatures
            layer.content = envelope.json.compactBytes
            let report = try await evidence(layer).attestations(of: .spdx, by: try verifier())
            let proof = try #require(report.proofs.first, "\(report.mostSpecific?.why ?? "")")
            #expect(
                proof.checks.first?.outcome
                    == .passed("signature \(place) of \(signatures.count)"))
        }
        var envelope = try #require(made.envelope)
        envelope.signatures = [stranger, stranger]
        layer.content = envelope.json.compactBytes
        #expect(try await problem(layer) == .signatureInvalid)
    }

    // MARK: Claims

    @Test("what evidence says of itself is no proof, and what contradicts itself is not even that")
    func claims() async throws {
        let identity = CertificateIdentity(
            subjects: [.exact("mira@example.org")],
            issuers: [.exact("https://accounts.example.org")])
        let wanted = TrustedSigner.certificates([identity])
        let foreign = try StandInSigstore(at: StandIn.time)
        let open = try await evidence(try foreign.layer(signature), try foreign.layer(attestation))
        #expect(open.claims(of: .signature, by: wanted).claims.count == 1)
        #expect(open.claims(of: .spdx, by: wanted).claims.count == 1)
        #expect(open.claims(of: .signature, by: wanted).claims.first?.annotations["a"] == "b")
        #expect(open.signatures(by: try verifier()).proofs.isEmpty)
        let key = TrustedSigner.key(try TestKeys.ecdsaP256().publicKey)
        #expect(open.claims(of: .signature, by: key).claims.isEmpty)
        for fault in [
            StandInFault.bundleBrokenSignature, .certificateOtherName, .certificateOtherIssuer,
        ] {
            for recipe in [signature, attestation] {
                let layer = try sigstore.layer(recipe.with { $0.faults = [fault] })
                let report = try await evidence(layer)
                    .claims(of: layer.isEnvelope ? .spdx : .signature, by: wanted)
                #expect(report.claims.isEmpty)
                #expect(report.rejections.count == 1)
            }
        }
    }
}
