// SPDX-License-Identifier: Apache-2.0
// What an evaluation asks for: everything of one round together, and nothing twice.

import Keys
import OCI
import Policy
import Primitives
import Signing
import TestSupport
import Testing

@Suite("facts that an evaluation asks for")
struct FactTests {
    private let trial: PolicyTrial

    init() throws { trial = try PolicyTrial() }

    private func request(_ images: String...) throws -> AdmissionRequest {
        let containers = images.enumerated().map { index, image in
            JSONValue.object(["name": .string("c\(index)"), "image": .string(image)])
        }
        return AdmissionRequest(
            object: try ResourceManifest([
                "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "a", "namespace": "shop"],
                "spec": ["containers": .array(containers)],
            ]), operation: .create, namespaceLabels: labelFinding(nil))
    }

    /// What is missing; nil if the evaluation is done.
    private func missing(
        _ request: AdmissionRequest, by policies: [CompiledPolicy], _ facts: Facts
    ) throws -> MissingFacts? {
        switch try evaluate(request, by: policies, facts: facts, at: nil) {
        case .needs(let missing): missing
        case .done: nil
        }
    }

    /// Policies of different names with one key each.
    private func policies(_ keys: [PublicKey]) throws -> [CompiledPolicy] {
        try compiledPolicies(
            keys.enumerated().map { index, key in
                PolicyText(keys: [key]).text.replacing(
                    "  name: signed", with: "  name: signed-\(index)")
            })
    }

    @Test("fifty policies with one key ask for an image and for its verification once")
    func reuse() async throws {
        let image = try await trial.image()
        try await trial.sign(image)
        let policies = try policies(Array(repeating: trial.key.publicKey, count: 50))
        let request = try request(trial.written)
        var facts = Facts()
        let first = try #require(try missing(request, by: policies, facts))
        #expect(first.images.count == 1 && first.signatures.isEmpty)
        for query in first.images { facts.images[query] = try await trial.facts(about: image) }
        let second = try #require(try missing(request, by: policies, facts))
        #expect(second.images.isEmpty && second.signatures.count == 1)
        for query in second.signatures {
            let evidence = try #require(facts.evidence(for: query))
            facts.signatures[query] = query.signatures(in: evidence, trust: nil)
        }
        guard case .done(let found) = try evaluate(request, by: policies, facts: facts, at: nil)
        else {
            Issue.record("it asks for more")
            return
        }
        #expect(found.results.map(\.status) == Array(repeating: .pass, count: 50))
    }

    @Test("different keys, and different images, are different questions of one round")
    func oneRound() async throws {
        let image = try await trial.image()
        let policies = try policies([trial.key.publicKey, trial.other.publicKey])
        let request = try request(trial.written, trial.written + "-b", trial.written)
        var facts = Facts()
        let first = try #require(try missing(request, by: policies, facts))
        #expect(first.images.count == 2)
        for query in first.images { facts.images[query] = try await trial.facts(about: image) }
        let second = try #require(try missing(request, by: policies, facts))
        #expect(second.signatures.count == 4)
    }

    @Test("nothing is asked on DELETE, or about an image that no rule matches")
    func nothing() throws {
        let policies = try policies([trial.key.publicKey])
        let delete = AdmissionRequest(
            object: try pod(trial.written), operation: .delete, namespaceLabels: labelFinding(nil))
        #expect(try missing(delete, by: policies, Facts()) == nil)
        let other = try request("elsewhere.example.com/a:1")
        #expect(try missing(other, by: policies, Facts()) == nil)
    }

    @Test(
        "a count that the keys of a Secret cannot reach is refused with the policy, and without it unknown"
    )
    func fewStoredKeys() async throws {
        let image = try await trial.image()
        try await trial.sign(image)
        let facts = try await trial.facts(about: image)
        let secret =
            "{apiVersion: v1, kind: Secret, metadata: {name: key, namespace: kyverno}, data: {cosign.pub: \(base64Text(trial.key.publicKey.pem.utf8))}}"
        var policy = PolicyText()
        policy.attestors = [
            "- count: 2",
            "  entries: [{keys: {secret: {name: key, namespace: kyverno}, rekor: {ignoreTlog: true}}}]",
        ]
        #expect(throws: Failure.self) { try policyBundle([policy.text, secret]) }
        let alone = try policyBundle([policy.text])
        let found = try evaluation(
            of: AdmissionRequest(
                object: try pod(trial.written), operation: .create,
                namespaceLabels: labelFinding(nil)), by: alone.policies,
            keys: try policyBundle([secret]).keys
        ) { _ in facts }
        #expect(found.decisions.map(\.result) == [.unknown])
        #expect(found.decisions.map(\.reason) == [.policyError])
    }

    @Test("two Secrets of one name that differ are refused, in either order")
    func differentSecrets() throws {
        func secret(_ key: PrivateKey) -> String {
            "{apiVersion: v1, kind: Secret, metadata: {name: key, namespace: kyverno}, data: {cosign.pub: \(base64Text(key.publicKey.pem.utf8))}}"
        }
        let (one, other) = (secret(trial.key), secret(trial.other))
        _ = try policyBundle([one, one])
        for pair in [[one, other], [other, one]] {
            #expect { try policyBundle(pair) } throws: { ($0 as? Failure)?.kind == .malformed }
        }
    }

    @Test("a Secret without a key is no attestor that is met")
    func noKeys() async throws {
        let image = try await trial.image()
        try await trial.sign(image)
        var policy = PolicyText()
        policy.attestors = [
            "- entries: [{keys: {secret: {name: key, namespace: kyverno}, rekor: {ignoreTlog: true}}}]"
        ]
        let policies = try policy.compiled()
        let request = try request(trial.written)
        var facts = Facts()
        for query in try #require(try missing(request, by: policies, facts)).images {
            facts.images[query] = try await trial.facts(about: image)
        }
        for key in try #require(try missing(request, by: policies, facts)).keys {
            facts.keys[key] = .found([])
        }
        guard case .done(let found) = try evaluate(request, by: policies, facts: facts, at: nil)
        else {
            Issue.record("it asks for more")
            return
        }
        #expect(found.decisions.map(\.result) == [.unknown])
        #expect(found.decisions.map(\.reason) == [.trustMaterialMissing])
    }

    @Test("two attestors that name the same Secret are one signer")
    func repeatedStoredKeys() async throws {
        let image = try await trial.image()
        try await trial.sign(image)
        let facts = try await trial.facts(about: image)
        let secret =
            "{apiVersion: v1, kind: Secret, metadata: {name: key, namespace: kyverno}, data: {cosign.pub: \(base64Text(trial.key.publicKey.pem.utf8))}}"
        let stored = "{keys: {secret: {name: key, namespace: kyverno}, rekor: {ignoreTlog: true}}}"
        let inline =
            "{keys: {publicKeys: \(quotedPEM(trial.key.publicKey)), rekor: {ignoreTlog: true}}}"
        for entries in ["\(stored), \(stored)", "\(stored), \(inline)"] {
            var policy = PolicyText()
            policy.attestors = ["- {count: 2, entries: [\(entries)]}"]
            let bundle = try policyBundle([policy.text])
            let found = try evaluation(
                of: AdmissionRequest(
                    object: try pod(trial.written), operation: .create,
                    namespaceLabels: labelFinding(nil)), by: bundle.policies,
                keys: try policyBundle([secret]).keys
            ) { _ in facts }
            #expect(found.decisions.map(\.result) == [.unknown], "\(entries)")
        }
    }
}
