// SPDX-License-Identifier: Apache-2.0
// Signing without a key over the stand-ins: what comes of it, and every way it must not go.

import HTTPTypes
import Keys
import OCI
import Primitives
import Registry
import Signing
import SigningServiceDoubles
import StandIns
import Synchronization
import TestSupport
import Testing

@testable import Workflows

private let certificatePath = "/api/v2/signingCert"
private let uploadPath = "/api/v1/log/entries"
private let stampPath = "/api/v1/timestamp"

@Suite("signing without a key")
struct KeylessSignerTests {
    @Test(
        "a message and a statement, in logs of both versions and in none",
        arguments: [1, 2, nil], [KeylessStage.message, KeylessStage.statement])
    func signs(_ version: Int?, _ content: ContentToSign) async throws {
        let stage = try KeylessStage()
        let finished = try await stage.sign(content, log: version)
        let bundle = try SignatureBundle(parsing: finished.bundleBytes)
        #expect(bundle.version == .v03)
        let certificate = try #require(finished.certificate)
        #expect(certificate.identity == "mira@example.org")
        #expect(bundle.signer == .certificate([certificate.leaf.derBytes]))
        #expect(bundle.logEntries.count == (version == nil ? 0 : 1))
        #expect(bundle.timestamps.count == 1)
        #expect(finished.timestamps.map(\.time) == [stage.time])
        let message = signedBytes(of: bundle.content)
        #expect(certificate.leaf.publicKey.isValid(finished.parts.signature, over: message))
        #expect(finished.parts.content == bundle.content)
    }

    private func signedBytes(of content: SignatureBundle.Content) -> [UInt8] {
        switch content {
        case .envelope(let envelope): envelope.signedBytes
        case .messageSignature: Array("hello".utf8)
        }
    }

    @Test("no certificate of an authority is in the bundle")
    func noRoot() async throws {
        let stage = try KeylessStage()
        let text = String(decoding: try await stage.sign().bundleBytes, as: UTF8.self)
        for authority in stage.instance.certificateAuthority.chain {
            #expect(!text.contains(base64Text(authority)))
        }
        #expect(!text.contains("x509CertificateChain"))
    }

    @Test("each signature has a key of its own")
    func freshKeys() async throws {
        let stage = try KeylessStage()
        let first = try await stage.sign()
        let second = try await stage.sign()
        #expect(first.parts.key != second.parts.key)
    }

    @Test("the token goes to the certificate authority and nowhere else")
    func tokenStays() async throws {
        let stage = try KeylessStage()
        let secret = try stage.token().secret
        let finished = try await stage.sign(KeylessStage.statement)
        let bearers = stage.double.seen.filter { $0.authorization != nil }
        #expect(bearers.map(\.host) == ["fulcio.stand-in.example"])
        for seen in stage.double.seen where seen.path != certificatePath {
            #expect(!String(decoding: seen.body, as: UTF8.self).contains(secret))
        }
        #expect(!String(decoding: finished.bundleBytes, as: UTF8.self).contains(secret))
    }

    @Test("timestamps come before logs, and nothing is asked twice")
    func order() async throws {
        let stage = try KeylessStage()
        _ = try await stage.sign()
        #expect(
            stage.double.seen.map(\.path) == [certificatePath, stampPath, uploadPath])
    }

    @Test("nothing is sent before the notice was approved")
    func refusedNotice() async throws {
        let stage = try KeylessStage()
        let signer = try KeylessSigner(
            services: try stage.services(log: 1), client: stage.client, trust: try stage.trust,
            random: systemRandom)
        let shown = Mutex<UploadConsentRequest?>(nil)
        await expectFailure(.denied, "not today") {
            _ = try await signer.sign(KeylessStage.message, as: try stage.token()) { notice in
                shown.withLock { $0 = notice }
                throw Failure(.denied, "will not sign", because: "not today")
            }
        }
        #expect(stage.double.seen.isEmpty)
        let notice = try #require(shown.withLock { $0 })
        #expect(
            notice.hosts == [
                "fulcio.stand-in.example", "rekor.stand-in.example", "time.stand-in.example",
            ])
        #expect(notice.lines.joined().contains("mira@example.org"))
    }

    @Test("a token that cannot work is not sent: expired, or for somebody else")
    func uselessTokens() async throws {
        let stage = try KeylessStage()
        let signer = try KeylessSigner(
            services: try stage.services(log: 1), client: stage.client, trust: try stage.trust,
            random: systemRandom)
        await expectFailure(.denied, "not for \"sigstore\"") {
            let token = try stage.token(audience: "elsewhere")
            _ = try await signer.sign(KeylessStage.message, as: token) { _ in }
        }
        let token = try stage.token()
        try await stage.clock.wait(milliseconds: 600_000)
        await expectFailure(.denied, "it expired at") {
            _ = try await signer.sign(KeylessStage.message, as: token) { _ in }
        }
        #expect(stage.double.seen.isEmpty)
    }

    @Test("a token never goes over plain http to another machine")
    func plainHTTP() async throws {
        var plan = StandInSigstore.Plan(
            at: Timestamp(seconds: 1_700_000_000), keys: try StandInKeys())
        plan.addresses.fulcio = "http://fulcio.stand-in.example"
        let stage = try KeylessStage(try StandInSigstore(plan))
        await expectFailure(.denied, "not sent over plain http") { _ = try await stage.sign() }
        #expect(stage.double.seen.isEmpty)
        plan.addresses.fulcio = "http://127.0.0.1:5555"
        _ = try await KeylessStage(try StandInSigstore(plan)).sign()
    }

    static let certificateFaults: [(StandInFault, String)] = [
        (.certificateForeignAuthority, "certificate-untrusted"),
        (.certificateBrokenSignature, "certificate-untrusted"),
        (.certificateWrongPurpose, "certificate-purpose"),
        (.certificateAuthorityLeaf, "certificate-purpose"),
        (.certificateOtherName, "it names \"stranger@example.net\""),
        (.certificateSeveralNames, "it names 2 identities"),
        (.certificateNoName, "it names 0 identities"),
        (.certificateExpired, "certificate-outside-validity"),
        (.certificateNotYetValid, "certificate-outside-validity"),
        (.transparencyMissing, "certificate-transparency-missing"),
        (.transparencyForeignLog, "certificate-transparency"),
        (.transparencyForeignKey, "certificate-transparency"),
        (.transparencyOtherCertificate, "certificate-transparency"),
    ]

    @Test("a certificate that proves nothing is not used", arguments: certificateFaults)
    func certificates(_ fault: StandInFault, _ why: String) async throws {
        let stage = try KeylessStage(faults: [fault])
        await expectFailure(.rejected, why) { _ = try await stage.sign() }
        #expect(stage.double.seen.map(\.path) == [certificatePath], "nothing was logged")
    }

    @Test("a certificate for another key is not used")
    func foreignCertificate() async throws {
        let earlier = Mutex<[UInt8]>([])
        let instance = try StandInSigstore(at: Timestamp(seconds: 1_700_000_000))
        let first = try KeylessStage(instance)
        let finished = try await first.sign()
        let leaf = try #require(finished.certificate).leaf
        let chain =
            [leaf.pem] + instance.certificateAuthority.chain.map { pemText("CERTIFICATE", $0) }
        let answer: JSONValue = [
            "signedCertificateEmbeddedSct": [
                "chain": ["certificates": .array(chain.map { .string($0) })]
            ]
        ]
        earlier.withLock { $0 = answer.compactBytes }
        let stage = try KeylessStage(instance) { seen, _ in
            seen.path == certificatePath
                ? BentAnswer(status: 201, body: earlier.withLock { $0 }) : nil
        }
        await expectFailure(.rejected, "it is for another key") { _ = try await stage.sign() }
    }

    @Test("a promise beside the certificate has no place in a bundle")
    func detachedPromise() async throws {
        let instance = try StandInSigstore(at: Timestamp(seconds: 1_700_000_000))
        let state = Mutex(StandInService(instance, faults: [.transparencyMissing]))
        let bend: ServiceDouble.Bending = { seen, _ in
            guard seen.path == certificatePath else { return nil }
            let token = seen.authorization.map { String($0.dropFirst("Bearer ".count)) }
            let answer = state.withLock {
                $0.answer(
                    StandInRequest("POST", seen.path, bearerToken: token, body: seen.body),
                    at: instance.plan.time)
            }
            let text = String(decoding: answer.body, as: UTF8.self)
                .replacing("signedCertificateEmbeddedSct", with: "signedCertificateDetachedSct")
                .replacing(
                    "{\"chain\":", with: "{\"signedCertificateTimestamp\":\"YWJj\",\"chain\":")
            return .text(200, text)
        }
        let stage = try KeylessStage(instance, bending: bend)
        await expectFailure(.rejected, "a bundle has no place for that") {
            _ = try await stage.sign()
        }
        // An instance without such a log asks for no promise.
        let trust = trust(try stage.trust, promises: [])
        let signer = try KeylessSigner(
            services: try stage.services(log: 1), client: stage.client, trust: trust,
            random: systemRandom)
        _ = try await signer.sign(KeylessStage.message, as: try stage.token()) { _ in }
    }

    static let logFaults: [(StandInFault, Int, String)] = [
        (.promiseBroken, 1, "entry-promise-invalid"),
        (.proofMissing, 1, "inclusion-proof-missing"),
        (.proofWrongRoot, 1, ""), (.proofBrokenHash, 1, "inclusion-proof-invalid"),
        (.proofBrokenHash, 2, "inclusion-proof-invalid"),
        (.checkpointMissing, 1, "checkpoint-missing"),
        (.checkpointForeignKey, 1, "checkpoint-signature-invalid"),
        (.checkpointForeignKey, 2, "checkpoint-signature-invalid"),
        (.checkpointOtherTree, 2, ""), (.checkpointUnsigned, 2, "checkpoint-"),
    ]

    @Test("a log's answer that proves nothing is not used", arguments: logFaults)
    func logs(_ fault: StandInFault, _ version: Int, _ why: String) async throws {
        let stage = try KeylessStage(faults: [fault])
        do {
            _ = try await stage.sign(log: version)
            Issue.record("it was used")
        } catch let failure as Failure {
            #expect([.rejected, .malformed].contains(failure.kind), "\(failure)")
            #expect(failure.description.contains(why), "\(failure)")
        }
    }

    @Test("an entry about another signature is not used", arguments: [1, 2])
    func otherEntry(_ version: Int) async throws {
        let instance = try StandInSigstore(at: Timestamp(seconds: 1_700_000_000))
        let first = try KeylessStage(instance)
        _ = try await first.sign(log: version)
        let upload = try #require(first.double.seen.last)
        // The same log answers the second upload with the entry of the first.
        let service = Mutex(StandInService(instance))
        let stage = try KeylessStage(instance) { seen, _ in
            guard seen.path == upload.path else { return nil }
            let answer = service.withLock {
                $0.answer(
                    StandInRequest(seen.method, seen.path, body: upload.body),
                    at: instance.plan.time)
            }
            return BentAnswer(status: answer.status, body: answer.body)
        }
        await expectFailure(.rejected, "entry-") { _ = try await stage.sign(log: version) }
    }

    @Test("a log and an authority that the trusted root does not have are not believed")
    func otherInstance() async throws {
        let stage = try KeylessStage()
        let mine = try stage.trust
        let theirs = try KeylessStage().trust
        let rows: [(TrustedRoot, String)] = [
            (trust(mine, logs: theirs.logs), "log-untrusted"),
            (trust(mine, stamps: theirs.timestampAuthorities), "timestamp-untrusted"),
            (trust(mine, authorities: theirs.certificateAuthorities), "certificate-untrusted"),
            (
                trust(mine, promises: theirs.certificateTransparencyLogs),
                "certificate-transparency"
            ),
            (trust(mine, logs: []), "log-untrusted"),
            (trust(mine, stamps: []), "timestamp-untrusted"),
        ]
        for (trust, why) in rows {
            let signer = try KeylessSigner(
                services: try stage.services(log: 1), client: stage.client, trust: trust,
                random: systemRandom)
            await expectFailure(.rejected, why) {
                _ = try await signer.sign(KeylessStage.message, as: try stage.token()) { _ in }
            }
        }
    }

    private func trust(
        _ base: TrustedRoot, authorities: [CertificateAuthority]? = nil,
        promises: [TransparencyLog]? = nil, logs: [TransparencyLog]? = nil,
        stamps: [CertificateAuthority]? = nil
    ) -> TrustedRoot {
        TrustedRoot(
            logs: logs ?? base.logs,
            certificateAuthorities: authorities ?? base.certificateAuthorities,
            certificateTransparencyLogs: promises ?? base.certificateTransparencyLogs,
            timestampAuthorities: stamps ?? base.timestampAuthorities)
    }

    static let stampFaults: [(StandInFault, String)] = [
        (.timestampWrongImprint, "timestamp-imprint-mismatch"),
        (.timestampForeignAuthority, "timestamp-untrusted"),
        (.timestampBroken, "timestamp-signature-invalid"),
        (.timestampNoNonce, "timestamp-nonce-mismatch"),
        (.timestampOtherNonce, "timestamp-nonce-mismatch"),
        (.timestampRejected, "timestamp-malformed"),
        (.timestampTrailing, "timestamp-malformed"),
        (.timestampOutsideAuthority, "timestamp-"),
        (.timestampLate, "and the certificate is for"),
    ]

    @Test(
        "a timestamp that proves nothing is not used, and nothing is logged", arguments: stampFaults
    )
    func stamps(_ fault: StandInFault, _ why: String) async throws {
        // Every authority puts its certificates into the token when it is asked to.
        let stage = try KeylessStage(faults: [fault, .timestampCertificates])
        await expectFailure(.rejected, why) { _ = try await stage.sign() }
        #expect(!stage.double.seen.contains { $0.path == uploadPath })
    }

    @Test("answers with bytes changed are refused, or change nothing")
    func mutation() async throws {
        let instance = try StandInSigstore(at: Timestamp(seconds: 1_700_000_000))
        for (seed, path) in [certificatePath, stampPath, uploadPath].enumerated() {
            for round in 0..<40 {
                let service = Mutex(StandInService(instance))
                let stage = try KeylessStage(instance) { seen, _ in
                    guard seen.path == path else { return nil }
                    let token = seen.authorization.map { String($0.dropFirst("Bearer ".count)) }
                    let answer = service.withLock {
                        $0.answer(
                            StandInRequest(
                                seen.method, seen.path, bearerToken: token, body: seen.body),
                            at: instance.plan.time)
                    }
                    var generator = SeededGenerator(seed: UInt64(seed * 1_000 + round))
                    var body = answer.body
                    let place = Int.random(in: 0..<body.count, using: &generator)
                    switch round % 3 {
                    case 0: body[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                    case 1: body.removeSubrange(place...)
                    default: body.insert(UInt8.random(in: 0...255, using: &generator), at: place)
                    }
                    return BentAnswer(status: 200, body: body)
                }
                do {
                    let finished = try await stage.sign()
                    let bundle = try SignatureBundle(parsing: finished.bundleBytes)
                    #expect(bundle.content == finished.parts.content)
                    #expect(finished.certificate?.identity == "mira@example.org")
                } catch let failure as Failure {
                    #expect(
                        [.malformed, .rejected, .overLimit, .unsupported].contains(failure.kind))
                }
            }
        }
    }

    @Test("a key signs with no upload by default, and nobody is asked")
    func keyAlone() async throws {
        let stage = try KeylessStage()
        let key = try TestKeys.ecdsaP256()
        let parts = try SignedParts.message(
            digest: HashAlgorithm.sha256.hash(of: Array("hello".utf8)),
            signature: try key.sign(Array("hello".utf8)), by: .key(key.publicKey))
        let witness = Countersigner(
            services: .none, client: stage.client, trust: try stage.trust,
            random: systemRandom)
        let finished = try await witness.bundle(of: parts) { _ in
            Issue.record("nothing leaves the machine, so nobody is asked")
        }
        #expect(stage.double.seen.isEmpty)
        let bundle = try SignatureBundle(parsing: finished.bundleBytes)
        #expect(bundle.signer == .publicKey(hint: key.publicKey.hint))
        #expect(bundle.logEntries.isEmpty && bundle.timestamps.isEmpty)
    }

    @Test("a key's signature can be logged and stamped", arguments: [1, 2])
    func keyLogged(_ version: Int) async throws {
        let stage = try KeylessStage()
        let key = try TestKeys.ecdsaP256()
        let envelope = try Envelope(signing: Array("{}".utf8), as: "a/b", with: key)
        let parts = try SignedParts(.envelope(envelope), by: .key(key.publicKey))
        let witness = Countersigner(
            services: try stage.services(log: version), client: stage.client,
            trust: try stage.trust,
            random: systemRandom)
        let finished = try await witness.bundle(of: parts) { notice in
            #expect(notice.hosts.count == 2, "the certificate authority is not asked")
        }
        #expect(finished.logEntries.count == 1 && finished.timestamps.count == 1)
        #expect(!stage.double.seen.contains { $0.path == certificatePath })
    }

    @Test("a key that the log refuses is told before anything is published")
    func refusedKey() async throws {
        let stage = try KeylessStage()
        let key = try TestKeys.ed25519()
        let envelope = try Envelope(signing: Array("{}".utf8), as: "a/b", with: key)
        let witness = Countersigner(
            services: try stage.services(log: 2), client: stage.client, trust: try stage.trust,
            random: systemRandom)
        await expectFailure(.unsupported, "Ed25519") {
            _ = try await witness.bundle(
                of: try SignedParts(.envelope(envelope), by: .key(key.publicKey))
            ) { _ in }
        }
        #expect(stage.double.seen.isEmpty)
    }
}
