// SPDX-License-Identifier: Apache-2.0
// Whom a keyless policy believes: authorities, logs and timestamps, named or trusted already.

import Keys
import OCI
import Primitives
import Signing
import StandIns
import TestSupport
import Testing

@testable import Policy

@Suite("trust of keyless policies")
struct KeylessTrustTests {
    private func ours() throws -> StandInSigstore { try Instance.ours.get() }
    private func foreign() throws -> StandInSigstore { try Instance.foreign.get() }

    // MARK: Nothing to believe

    @Test("without trust material the absent and the wrong are still a plain no")
    func withoutTrust() async throws {
        let keyless = try await KeylessTrial()
        let policy = keyless.policy(keyless.entry())
        #expect(try await keyless.judged(policy, trusting: nil).reason == .unsigned)
        try await keyless.hang(try keyless.attestation())
        #expect(try await keyless.judged(policy, trusting: nil).reason == .unsigned)
        try await keyless.hang(keyless.signature { $0.signer = .identity(.workflow) })
        #expect(try await keyless.judged(policy, trusting: nil).reason == .issuerMismatch)
        try await keyless.hang(keyless.signature { $0.faults = [.bundleBrokenSignature] })
        #expect(try await keyless.judged(policy, trusting: nil).reason == .signatureInvalid)
        try await keyless.hang(keyless.signature())
        let open = try await keyless.judged(policy, trusting: nil)
        #expect(open.result == .unknown)
        #expect(open.reason == .trustMaterialMissing)
        #expect(
            open.expected == "a signature by mira@example.org from https://accounts.example.org")
        #expect(open.remediation?.steps == [])
        #expect(open.remediation?.summary.contains("--trusted-root") == true)
    }

    @Test("the same holds for attestations and for keys whose log nobody knows")
    func withoutTrustElsewhere() async throws {
        let keyless = try await KeylessTrial()
        let provenance = keyless.provenancePolicy(keyless.entry())
        try await keyless.hang(keyless.signature())
        #expect(try await keyless.judged(provenance, trusting: nil).reason == .attestationMissing)
        try await keyless.hang(try keyless.attestation())
        #expect(
            try await keyless.judged(provenance, trusting: nil).reason == .trustMaterialMissing)
        let logged = keyless.policy(keyless.keyEntry(rekor: "{}"))
        #expect(try await keyless.judged(logged, trusting: nil).reason == .signerMismatch)
        try await keyless.trial.sign(keyless.image, annotations: ["stage": "built"])
        let open = try await keyless.judged(logged, trusting: nil)
        #expect(open.reason == .trustMaterialMissing)
        var tested = keyless.policy()
        tested.attestors = [
            "- entries: [{annotations: {stage: tested}, \(keyless.keyEntry(rekor: "{}").dropFirst())]"
        ]
        #expect(try await keyless.judged(tested, trusting: nil).reason == .signerMismatch)
    }

    @Test("what is missing from a trusted root is unknown, and named")
    func missingParts() async throws {
        let keyless = try await KeylessTrial()
        try await keyless.hang(keyless.signature())
        let root = keyless.root
        let roots: [(TrustedRoot, String)] = [
            (
                TrustedRoot(
                    logs: root.logs, certificateAuthorities: [],
                    certificateTransparencyLogs: root.certificateTransparencyLogs,
                    timestampAuthorities: root.timestampAuthorities), "certificate authorities"
            ),
            (
                TrustedRoot(
                    logs: [], certificateAuthorities: root.certificateAuthorities,
                    certificateTransparencyLogs: root.certificateTransparencyLogs,
                    timestampAuthorities: root.timestampAuthorities), "rekor.stand-in.example"
            ),
            (
                TrustedRoot(
                    logs: root.logs, certificateAuthorities: root.certificateAuthorities,
                    certificateTransparencyLogs: [],
                    timestampAuthorities: root.timestampAuthorities),
                "certificate transparency log"
            ),
        ]
        for (root, missing) in roots {
            let found = try await keyless.judged(keyless.policy(keyless.entry()), trusting: root)
            #expect(found.reason == .trustMaterialMissing)
            #expect(found.found.contains(missing), "\(found.found)")
        }
    }

    // MARK: Authorities

    @Test("roots of one's own take the place of the trusted root's, in any order")
    func ownRoots() async throws {
        let keyless = try await KeylessTrial()
        try await keyless.hang(keyless.signature())
        let chain = try ours().certificateAuthority.chain
        for roots in [chain, chain.reversed(), Array(chain.prefix(1))] {
            let found = try await keyless.judged(keyless.entry(["roots": quotedPEM(roots)]))
            #expect(found.result == .pass, "\(found.found)")
        }
        let strangers = try foreign().certificateAuthority.chain
        let found = try await keyless.judged(keyless.entry(["roots": quotedPEM(strangers)]))
        #expect(found.reason == .signerMismatch)
        let all = try await keyless.judged(keyless.entry(["roots": quotedPEM(strangers + chain)]))
        #expect(all.result == .pass)
        let leaf = try ours().certificate(
            for: .person, publicKey: try StandInKey(.p256).publicDER, at: Instance.time)
        let refused = refusal(keyless.policy(keyless.entry(["roots": quotedPEM([leaf])])).text)
        #expect(refused?.kind == .malformed)
    }

    @Test("a policy that brings everybody it believes needs no trusted root", arguments: [1, 2])
    func selfContained(generation: Int) async throws {
        let keyless = try await KeylessTrial()
        try await keyless.hang(
            keyless.signature { $0.log = generation == 1 ? .rekor1 : .rekor2 })
        let sigstore = try ours()
        let (url, key) =
            generation == 1
            ? (sigstore.rekor1.baseURL, sigstore.rekor1.key)
            : (sigstore.rekor2.baseURL, sigstore.rekor2.key)
        func policy(_ logKey: StandInKey) -> PolicyText {
            keyless.policy(
                keyless.entry([
                    "roots": quotedPEM(sigstore.certificateAuthority.chain),
                    "rekor": "{url: '\(url)', pubkey: \(quotedPEM(logKey))}",
                    "ctlog": "{pubkey: \(quotedPEM(sigstore.certificateLog.key)), tsaCertChain: "
                        + "\(quotedPEM(sigstore.timestampAuthority.chain))}",
                ]))
        }
        let found = try await keyless.judged(policy(key), trusting: nil)
        #expect(found.result == .pass, "\(found.found)")
        let other = try await keyless.judged(policy(try StandInKey(key.kind)), trusting: nil)
        #expect(other.reason == .notInLog)
    }

    @Test("CVE-2026-24122: an authority that had expired when it was signed is refused")
    func expiredAuthority() async throws {
        let keyless = try await KeylessTrial()
        var plan = StandInSigstore.Plan(at: Instance.time, keys: try StandInKeys())
        plan.intermediateValidity = ValidityPeriod(
            start: Timestamp(seconds: Instance.time.seconds - 7200),
            end: Timestamp(seconds: Instance.time.seconds - 3600))
        let expired = try StandInSigstore(plan)
        try await keyless.hang(keyless.signature(), by: expired)
        let root = try TrustedRoot(parsing: expired.trustedRoot().compactBytes)
        let trusted = try await keyless.judged(keyless.policy(keyless.entry()), trusting: root)
        #expect(trusted.reason == .certificateExpired, "\(trusted.found)")
        let roots = quotedPEM(expired.certificateAuthority.chain)
        let written = try await keyless.judged(
            keyless.policy(keyless.entry(["roots": roots])), trusting: root)
        #expect(written.result == .fail, "\(written.found)")
    }

    // MARK: Logs

    @Test("only the log that the policy names counts")
    func namedLog() async throws {
        let keyless = try await KeylessTrial()
        try await keyless.hang(keyless.signature())
        func judged(_ rekor: String) async throws -> Decision {
            try await keyless.judged(keyless.entry(rekor: rekor))
        }
        #expect(try await judged("{url: 'https://rekor.stand-in.example/'}").result == .pass)
        #expect(try await judged("{url: 'https://log.stand-in.example'}").reason == .notInLog)
        let unknown = try await judged("{url: 'https://rekor.example.com'}")
        #expect(unknown.reason == .trustMaterialMissing)
        #expect(unknown.found.contains("rekor.example.com"))
        #expect(try await judged("{url: 'https://rekor.sigstore.dev'}").result == .unknown)
    }

    @Test("with ignoreTlog a timestamp must say when it was signed")
    func ignoredLog() async throws {
        let rekor = "{url: 'https://rekor.stand-in.example', ignoreTlog: true}"
        let keyless = try await KeylessTrial()
        try await keyless.hang(keyless.signature { ($0.log, $0.isTimestamped) = (.none, false) })
        let entry = keyless.entry(rekor: rekor)
        #expect(try await keyless.judged(entry).reason == .certificateExpired)
        try await keyless.hang(keyless.signature { $0.log = .none })
        #expect(try await keyless.judged(entry).result == .pass)
        #expect(try await keyless.judged(keyless.entry()).reason == .notInLog)
        let timeless = TrustedRoot(
            logs: keyless.root.logs, certificateAuthorities: keyless.root.certificateAuthorities,
            certificateTransparencyLogs: keyless.root.certificateTransparencyLogs,
            timestampAuthorities: [])
        let open = try await keyless.judged(keyless.policy(entry), trusting: timeless)
        #expect(open.reason == .trustMaterialMissing)
    }

    @Test("certificate logs: ignored, trusted, or named by key")
    func certificateLogs() async throws {
        let keyless = try await KeylessTrial()
        try await keyless.hang(keyless.signature { $0.faults = [.transparencyMissing] })
        #expect(try await keyless.judged(keyless.entry()).reason == .notInLog)
        #expect(
            try await keyless.judged(keyless.entry(["ctlog": "{ignoreSCT: true}"])).result == .pass)
        try await keyless.hang(keyless.signature())
        let known = try ours().certificateLog.key
        #expect(
            try await keyless.judged(keyless.entry(["ctlog": "{pubkey: \(quotedPEM(known))}"]))
                .result == .pass)
        let stranger = try StandInKey(.p256)
        #expect(
            try await keyless.judged(keyless.entry(["ctlog": "{pubkey: \(quotedPEM(stranger))}"]))
                .reason == .notInLog)
    }

    // MARK: Timestamps

    @Test("a policy that names a timestamp authority wants its stamp")
    func timestampAuthority() async throws {
        let keyless = try await KeylessTrial()
        let chain = try ours().timestampAuthority.chain
        func entry(_ chain: [[UInt8]]) -> String {
            keyless.entry(["ctlog": "{tsaCertChain: \(quotedPEM(chain))}"])
        }
        try await keyless.hang(keyless.signature { $0.isTimestamped = false })
        #expect(try await keyless.judged(entry(chain)).reason == .certificateExpired)
        #expect(try await keyless.judged(keyless.entry()).result == .pass)
        try await keyless.hang(keyless.signature())
        for order in [chain, chain.reversed()] {
            let found = try await keyless.judged(entry(order))
            #expect(found.result == .pass, "\(found.found)")
        }
        let strangers = try foreign().timestampAuthority.chain
        #expect(try await keyless.judged(entry(strangers)).reason == .certificateExpired)
        #expect(
            refusal(keyless.policy(entry(chain + strangers)).text)?.kind == .malformed)
    }

    // MARK: Keys and logs

    @Test("a key's log entry is demanded, found and verified")
    func loggedKey() async throws {
        let keyless = try await KeylessTrial()
        let key = try StandInKey(.p256)
        let entry = { (rekor: String) in
            "{keys: {publicKeys: \(quotedPEM(key)), rekor: \(rekor)}}"
        }
        let url = "{url: 'https://rekor.stand-in.example'}"
        try await keyless.hang(
            keyless.signature { ($0.signer, $0.log) = (.key(key), .none) })
        let unlogged = try await keyless.judged(entry(url))
        #expect(unlogged.reason == .notInLog)
        #expect(
            unlogged.remediation?.steps == [
                .edit(
                    file: "policy-0.yaml",
                    pointer:
                        "/spec/rules/0/verifyImages/0/attestors/0/entries/0/keys/rekor/ignoreTlog",
                    from: nil, to: "true")
            ])
        #expect(try await keyless.judged(entry("{ignoreTlog: true}")).result == .pass)
        try await keyless.hang(keyless.signature { $0.signer = .key(key) })
        #expect(try await keyless.judged(entry(url)).result == .pass)
        let pinned =
            "{pubkey: \(quotedPEM(try ours().rekor1.key)), url: 'https://rekor.stand-in.example'}"
        #expect(
            try await keyless.judged(keyless.policy(entry(pinned)), trusting: nil).result == .pass)
    }

    // MARK: Everything that can be wrong

    /// What the policy demands: one log entry and one signed time, by the person.
    ///
    /// Not wrong here: private authorities need bundles that bring their intermediates.
    static let harmful = StandInFault.allCases.filter { fault in
        guard fault != .bundleChain else { return false }
        let recipe = StandInRecipe(.statement([]))
        return fault.concerns(recipe) && !fault.isHarmless(in: recipe)
    }

    @Test("no bent bundle passes", arguments: harmful)
    func neverPasses(fault: StandInFault) async throws {
        let keyless = try await KeylessTrial()
        let recipes = [
            keyless.signature { $0.faults = [fault] },
            try keyless.attestation { $0.faults = [fault] },
        ]
        for recipe in recipes { try await keyless.hang(recipe) }
        for policy in [
            keyless.policy(keyless.entry()), keyless.provenancePolicy(keyless.entry()),
        ] {
            let found = try await keyless.judged(policy)
            #expect(found.result == .fail, "\(found.found)")
            let blind = try await keyless.judged(policy, trusting: nil)
            #expect(blind.result != .pass)
        }
    }

    @Test("a harmless oddity does not refuse a good bundle")
    func harmless() async throws {
        for fault in StandInFault.allCases where fault.isHarmless {
            let keyless = try await KeylessTrial()
            try await keyless.hang(keyless.signature { $0.faults = [fault] })
            let found = try await keyless.judged(keyless.entry())
            #expect(found.result == .pass, "\(fault.rawValue): \(found.found)")
        }
    }

    @Test(
        "what is wrong has its own reason",
        arguments: [
            (StandInFault.bundleBrokenSignature, ReasonCode.signatureInvalid),
            (.bundleForeignSignature, .signatureInvalid), (.bundleOtherPayload, .signatureInvalid),
            (.certificateOtherName, .signerMismatch),
            (.certificateForeignAuthority, .signerMismatch),
            (.certificateWrongPurpose, .signerMismatch), (.certificateOtherIssuer, .issuerMismatch),
            (.certificateNoIssuer, .issuerMismatch), (.certificateExpired, .certificateExpired),
            (.certificateNotYetValid, .certificateExpired), (.transparencyMissing, .notInLog),
            (.transparencyForeignKey, .notInLog), (.logUnknown, .notInLog),
            (.logOtherArtifact, .notInLog), (.logOtherSignature, .notInLog),
            (.logOtherSigner, .notInLog), (.promiseBroken, .notInLog), (.proofWrongRoot, .notInLog),
            (.checkpointForeignKey, .notInLog), (.timestampWrongImprint, .signatureInvalid),
            (.bundleUnknownVersion, .malformed),
        ])
    func reasons(fault: StandInFault, reason: ReasonCode) async throws {
        let keyless = try await KeylessTrial()
        try await keyless.hang(keyless.signature { $0.faults = [fault] })
        let found = try await keyless.judged(keyless.entry())
        #expect(found.reason == reason, "\(found.found)")
        try await keyless.hang(keyless.signature())
        #expect(try await keyless.judged(keyless.entry()).result == .pass)
    }
}
