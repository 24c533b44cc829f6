// SPDX-License-Identifier: Apache-2.0
// Verdicts over real signatures: what passes, what fails, and why.

import Keys
import OCI
import Primitives
import Signing
import TestSupport
import Testing

@testable import Policy

@Suite("verdicts on signatures")
struct EvaluationTests {
    let trial: PolicyTrial

    init() throws { trial = try PolicyTrial() }

    private func policies(
        _ keys: [PublicKey]? = nil, count: Int? = nil, rekor: String = "rekor: {ignoreTlog: true}"
    ) throws -> [CompiledPolicy] {
        try PolicyText(keys: keys ?? [trial.key.publicKey], rekor: rekor, count: count).compiled()
    }

    @Test("a signed image passes, in both formats", arguments: EvidenceFormat.allCases)
    func passes(format: EvidenceFormat) async throws {
        let image = try await trial.image()
        try await trial.sign(image, as: format)
        let found = try decision(
            on: trial.written, by: try policies(), try await trial.facts(about: image))
        #expect(found.result == .pass)
        #expect(found.reason == nil)
        #expect(found.remediation == nil)
        #expect(found.image.digest == image.digest)
        #expect(found.message == "verified image signatures for \(trial.written)")
        #expect(found.checks.first?.evidence.count == 1)
    }

    @Test("an unsigned image fails, and the remedy signs its digest")
    func unsigned() async throws {
        let image = try await trial.image()
        let found = try decision(
            on: trial.written, by: try policies(), try await trial.facts(about: image))
        #expect(found.result == .fail)
        #expect(found.reason == .unsigned)
        #expect(found.expected == "a signature by the key \(trial.key.publicKey.fingerprint)")
        #expect(found.found.contains("referrers API (0)"))
        #expect(
            found.remediation?.steps == [
                .command([
                    "assay", "sign", "--key", "cosign.key", "\(trial.repository)@\(image.digest)",
                ])
            ])
        #expect(
            found.message.hasPrefix(
                "failed to verify image \(trial.written): .attestors[0].entries[0].keys: "))
    }

    @Test("an attestation by the right key is no signature")
    func attestationIsNoSignature() async throws {
        let image = try await trial.image()
        try await trial.attest(["a": 1], on: image)
        let found = try decision(
            on: trial.written, by: try policies(), try await trial.facts(about: image))
        #expect(found.reason == .unsigned)
    }

    @Test("another key, another image and broken bytes are told apart")
    func wrongEvidence() async throws {
        let image = try await trial.image()
        try await trial.sign(image, by: trial.other)
        let wrong = try decision(
            on: trial.written, by: try policies(), try await trial.facts(about: image))
        #expect(wrong.reason == .signerMismatch)
        let signed = try await trial.image("signed")
        try await trial.sign(signed)
        let evidence = try await trial.evidence(about: signed.digest)
        let borrowed = Evidence(subject: image.digest, candidates: evidence.candidates)
        let facts = ImageFacts(resolution: .resolved(image), evidence: .looked(borrowed))
        #expect(
            try decision(on: trial.written, by: try policies(), facts).reason == .subjectMismatch)
    }

    @Test("evidence about another digest than the image's is never used")
    func evidenceOfAnother() async throws {
        let (image, signed) = (try await trial.image(), try await trial.image("signed"))
        try await trial.sign(signed)
        let facts = ImageFacts(
            resolution: .resolved(image),
            evidence: .looked(try await trial.evidence(about: signed.digest)))
        let found = try decision(on: trial.written, by: try policies(), facts)
        #expect(found.result == .fail)
        #expect(found.reason == .subjectMismatch)
    }

    @Test("a digest in the name is what is judged, and a registry that answers another is refused")
    func digestWins() async throws {
        let (image, signed) = (try await trial.image(), try await trial.image("signed"))
        try await trial.sign(signed)
        let facts = try await trial.facts(about: signed)
        let name = "\(trial.written)@\(image.digest)"
        #expect(try decision(on: name, by: try policies(), facts).reason == .subjectMismatch)
        let good = "\(trial.written)@\(signed.digest)"
        #expect(try decision(on: good, by: try policies(), facts).result == .pass)
    }

    @Test(
        "what could not be found out is unknown, with the reason of the failure",
        arguments: [
            (Failure.Kind.denied, ReasonCode.registryDenied, ImageResult.unknown),
            (.unavailable, .registryUnavailable, .unknown),
            (.notFound, .registryUnavailable, .unknown),
            (.rateLimited, .rateLimited, .unknown), (.overLimit, .limitExceeded, .unknown),
            (.malformed, .malformed, .unknown), (.rejected, .subjectMismatch, .fail),
            (.unsupported, .policyError, .unknown), (.bug, .policyError, .unknown),
        ])
    func obstacles(kind: Failure.Kind, reason: ReasonCode, result: ImageResult) async throws {
        let failure = Failure(kind, "cannot ask", because: "for the test")
        let unresolved = ImageFacts(
            resolution: .unresolved(failure), evidence: .couldNotLook(failure))
        let first = try decision(on: trial.written, by: try policies(), unresolved)
        #expect(first.result == result)
        #expect(first.reason == reason)
        let image = try await trial.image()
        let blind = ImageFacts(resolution: .resolved(image), evidence: .couldNotLook(failure))
        let second = try decision(on: trial.written, by: try policies(), blind)
        #expect(second.result == result)
        #expect(second.reason == reason)
        #expect(second.found.contains("for the test"))
    }

    @Test("an image that is not there is told as that, not as a silent registry")
    func absentImage() throws {
        let failure = Failure(.notFound, "cannot read the manifest", because: "404")
        let found = try decision(
            on: trial.written, by: try policies(),
            ImageFacts(resolution: .unresolved(failure), evidence: .couldNotLook(failure)))
        #expect(found.reason == .registryUnavailable)
        #expect(found.found.hasPrefix("the registry answered, and the image is not there"))
        #expect(found.expected.contains("the image \(trial.written)"))
        #expect(found.remediation?.summary.contains("the registry answered") == true)
    }

    @Test(
        "sets are joined by and, entries by count",
        arguments: [
            // signers, count, keys (first, second, third), result
            ([0], 1, [0, 1], ImageResult.pass), ([0], 2, [0, 1], .fail),
            ([0, 1], 2, [0, 1], .pass),
            ([0, 1], 2, [0, 1, 2], .pass), ([0, 0], 2, [0, 1], .fail), ([], 1, [0, 1], .fail),
            ([2], 1, [0, 1], .fail), ([0, 1, 2], 3, [0, 1, 2], .pass),
        ])
    func counts(signers: [Int], count: Int, keys: [Int], result: ImageResult) async throws {
        let all = [trial.key, trial.other, try TestKeys.ed25519()]
        let image = try await trial.image()
        for signer in signers { try await trial.sign(image, by: all[signer]) }
        let found = try decision(
            on: trial.written,
            by: try policies(keys.map { all[$0].publicKey }, count: count),
            try await trial.facts(about: image))
        #expect(found.result == result)
        if result == .fail { #expect(found.remediation?.steps.isEmpty == false) }
    }

    @Test("two sets must both be met")
    func setsAreAnd() async throws {
        let image = try await trial.image()
        try await trial.sign(image)
        var policy = PolicyText(keys: [trial.key.publicKey])
        policy.attestors += PolicyText(keys: [trial.other.publicKey]).attestors
        let one = try decision(
            on: trial.written, by: try policy.compiled(), try await trial.facts(about: image))
        #expect(one.reason == .signerMismatch)
        try await trial.sign(image, by: trial.other)
        let both = try decision(
            on: trial.written, by: try policy.compiled(), try await trial.facts(about: image))
        #expect(both.result == .pass)
    }

    @Test("one key written twice is one signer")
    func doubledKeys() throws {
        let key = trial.key.publicKey
        #expect(refusal(PolicyText(keys: [key, key], count: 2).text)?.kind == .malformed)
        #expect(try PolicyText(keys: [key, key], count: 1).compiled().count == 1)
    }

    @Test("several keys in one text are several entries")
    func manyBlocks() async throws {
        var policy = PolicyText(keys: [trial.key.publicKey])
        let text = trial.key.publicKey.pem + trial.other.publicKey.pem
        let keys =
            "    - keys: {publicKeys: \(JSONValue.string(text).compactText), rekor: {ignoreTlog: true}}"
        policy.attestors = ["- count: 1", "  entries:", keys]
        let image = try await trial.image()
        try await trial.sign(image, by: trial.other)
        let facts = try await trial.facts(about: image)
        #expect(try decision(on: trial.written, by: try policy.compiled(), facts).result == .pass)
        policy.attestors = ["- entries:", keys]
        #expect(try decision(on: trial.written, by: try policy.compiled(), facts).result == .fail)
    }

    @Test("a nested set counts as one entry")
    func nested() async throws {
        let image = try await trial.image()
        try await trial.sign(image, by: trial.other)
        var policy = PolicyText()
        let inner = [trial.key, trial.other].map {
            "{keys: {publicKeys: \(quotedPEM($0.publicKey)), rekor: {ignoreTlog: true}}}"
        }
        policy.attestors = [
            "- entries: [{attestor: {count: 1, entries: [\(inner.joined(separator: ", "))]}}]"
        ]
        let facts = try await trial.facts(about: image)
        #expect(try decision(on: trial.written, by: try policy.compiled(), facts).result == .pass)
        policy.attestors = [
            "- entries: [{attestor: {count: 2, entries: [\(inner.joined(separator: ", "))]}}]"
        ]
        #expect(try decision(on: trial.written, by: try policy.compiled(), facts).result == .fail)
    }

    private func result(
        of attestors: String, on image: Descriptor
    ) async throws -> Decision {
        var policy = PolicyText()
        policy.attestors = ["- \(attestors)"]
        return try decision(
            on: trial.written, by: try policy.compiled(), try await trial.facts(about: image))
    }

    private func entry(
        _ key: PrivateKey, _ annotations: String = "{}", rekor: String = "{ignoreTlog: true}"
    ) throws -> String {
        "{keys: {publicKeys: \(quotedPEM(key.publicKey)), rekor: \(rekor)}, "
            + "annotations: \(annotations)}"
    }

    @Test("every demand on one key must be met, whatever stands first")
    func demandsOnOneKey() async throws {
        let (built, tested) = (
            try entry(trial.key, "{stage: built}"), try entry(trial.key, "{stage: tested}")
        )
        let image = try await trial.image()
        try await trial.sign(image, annotations: ["stage": "built"])
        for entries in ["[\(built), \(tested)]", "[\(tested), \(built)]"] {
            let found = try await result(of: "entries: \(entries)", on: image)
            #expect(found.result == .fail)
            #expect(found.reason == .signerMismatch)
        }
        try await trial.sign(image, annotations: ["stage": "tested"])
        #expect(
            try await result(of: "entries: [\(built), \(tested)]", on: image).result == .pass)
        #expect(
            try await result(of: "{count: 1, entries: [\(built), \(tested)]}", on: image).result
                == .pass)
    }

    @Test("a demanded log is not dropped because the key stands there without one")
    func logsOfOneKey() async throws {
        let (free, logged) = (try entry(trial.key), try entry(trial.key, rekor: "{}"))
        let image = try await trial.image()
        try await trial.sign(image)
        for entries in ["[\(free), \(logged)]", "[\(logged), \(free)]"] {
            let found = try await result(of: "entries: \(entries)", on: image)
            #expect(found.result == .unknown)
            #expect(found.reason == .trustMaterialMissing)
        }
    }

    @Test("a count that there are too few different keys for is refused when it is read")
    func impossibleCounts() throws {
        let key = try entry(trial.key)
        for entries in [
            "[\(key), {attestor: {entries: [\(key)]}}]",
            "[\(key), \(try entry(trial.key, "{stage: built}"))]",
            "[{attestor: {entries: [\(key)]}}, {attestor: {entries: [\(key)]}}]",
        ] {
            var policy = PolicyText()
            policy.attestors = ["- {count: 2, entries: \(entries)}"]
            #expect(refusal(policy.text)?.kind == .malformed)
            policy.attestors = ["- {entries: \(entries)}"]
            #expect(refusal(policy.text) == nil)
        }
    }

    @Test("one key counts once, however deep it stands")
    func nestedKeysCountOnce() async throws {
        let (key, other) = (try entry(trial.key), try entry(trial.other))
        let image = try await trial.image()
        try await trial.sign(image)
        let either = "{attestor: {count: 1, entries: [\(key), \(other)]}}"
        let sets = [
            "{count: 2, entries: [\(key), \(either)]}", "{count: 2, entries: [\(either), \(key)]}",
            "{count: 2, entries: [\(either), \(either)]}",
            "{count: 2, entries: [{attestor: {entries: [\(either)]}}, \(key)]}",
        ]
        for set in sets {
            let found = try await result(of: set, on: image)
            #expect(found.result == .fail)
            #expect(found.reason == .signerMismatch)
            #expect(found.found.contains("1 different signers"))
            #expect(found.remediation?.steps.isEmpty == false)
        }
        try await trial.sign(image, by: trial.other)
        for set in sets { #expect(try await result(of: set, on: image).result == .pass) }
    }

    @Test("annotations must be in the signed payload")
    func annotations() async throws {
        let image = try await trial.image()
        try await trial.sign(image, annotations: ["env": "test"])
        var policy = PolicyText()
        let keys =
            "keys: {publicKeys: \(quotedPEM(trial.key.publicKey)), rekor: {ignoreTlog: true}}"
        for (value, result) in [("test", ImageResult.pass), ("prod", .fail)] {
            policy.attestors = ["- entries: [{\(keys), annotations: {env: \(value)}}]"]
            let found = try decision(
                on: trial.written, by: try policy.compiled(), try await trial.facts(about: image))
            #expect(found.result == result)
        }
    }

    @Test(
        "a demanded log makes a good signature unknown, never a pass; an unsigned image still fails",
        arguments: [
            "signatureAlgorithm: sha256", "rekor: {}", "rekor: {url: 'https://rekor.example.com'}",
            "rekor: {ignoreTlog: false}",
        ])
    func demandedLog(rekor: String) async throws {
        let image = try await trial.image()
        let unsigned = try decision(
            on: trial.written, by: try policies(rekor: rekor), try await trial.facts(about: image))
        #expect(unsigned.reason == .unsigned)
        try await trial.sign(image)
        let found = try decision(
            on: trial.written, by: try policies(rekor: rekor), try await trial.facts(about: image))
        #expect(found.result == .unknown)
        #expect(found.reason == .trustMaterialMissing)
        #expect(
            found.remediation?.steps == [
                .edit(
                    file: "policy-0.yaml",
                    pointer:
                        "/spec/rules/0/verifyImages/0/attestors/0/entries/0/keys/rekor/ignoreTlog",
                    from: nil, to: "true")
            ])
    }

    @Test("an identity that did not sign does not hide a key that did")
    func keyless() async throws {
        let image = try await trial.image()
        try await trial.sign(image)
        var policy = PolicyText()
        let keyless =
            "{keyless: {issuer: i, subject: s, rekor: {url: 'https://rekor.sigstore.dev'}}}"
        policy.attestors = ["- entries: [\(keyless)]"]
        let facts = try await trial.facts(about: image)
        let found = try decision(on: trial.written, by: try policy.compiled(), facts)
        #expect(found.result == .fail)
        #expect(found.reason == .signerMismatch)
        let key =
            "{keys: {publicKeys: \(quotedPEM(trial.key.publicKey)), rekor: {ignoreTlog: true}}}"
        policy.attestors = ["- {count: 1, entries: [\(keyless), \(key)]}"]
        #expect(try decision(on: trial.written, by: try policy.compiled(), facts).result == .pass)
        policy.attestors = ["- {count: 2, entries: [\(keyless), \(key)]}"]
        #expect(
            try decision(on: trial.written, by: try policy.compiled(), facts).result == .fail)
    }

    @Test("a key comes from a Secret or ConfigMap beside the policy; without it nothing is decided")
    func storedKeys() async throws {
        let image = try await trial.image()
        try await trial.sign(image)
        let facts = try await trial.facts(about: image)
        let pem = trial.key.publicKey.pem
        let secret =
            "{apiVersion: v1, kind: Secret, metadata: {name: key, namespace: kyverno}, data: {cosign.pub: \(base64Text(pem.utf8))}}"
        let map =
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: key, namespace: kyverno}, data: {cosign.pub: \(quotedPEM(trial.key.publicKey))}}"
        let context = "context: [{name: keys, configMap: {name: key, namespace: kyverno}}]"
        for (source, holder) in [
            ("secret: {name: key, namespace: kyverno}", secret),
            ("publicKeys: 'k8s://kyverno/key'", secret),
            ("publicKeys: 'k8s://kyverno/key'", map),
            (#"publicKeys: '{{ keys.data."cosign.pub" }}'"#, map),
        ] {
            var policy = PolicyText()
            policy.rule = [context]
            policy.attestors = ["- entries: [{keys: {\(source), rekor: {ignoreTlog: true}}}]"]
            let bundle = try policyBundle([policy.text, holder])
            for (keys, expected) in [
                (bundle.keys, nil), (KeyMaterial(), ReasonCode.trustMaterialMissing),
            ] {
                let found = try evaluation(
                    of: AdmissionRequest(
                        object: try pod(trial.written), operation: .create,
                        namespaceLabels: labelFinding(nil)), by: bundle.policies, keys: keys
                ) { _ in facts }
                #expect(found.decisions.map(\.result) == [expected == nil ? .pass : .unknown])
                #expect(found.decisions.map(\.reason) == [expected])
            }
        }
    }
}
