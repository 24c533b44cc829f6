// SPDX-License-Identifier: Apache-2.0
// What once fooled policy engines. docs/advisories.md lists all of them, with their tests.

import Keys
import Policy
import Primitives
import TestSupport
import Testing

@Suite("advisories: policies")
struct PolicyAdvisoryTests {
    private func marked(_ image: String, _ metadata: String) throws -> ResourceManifest {
        try resource(
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: backend, namespace: shop, \(metadata)}
            spec: {containers: [{name: a, image: \(image)}]}
            """)
    }

    @Test(
        "CVE-2023-34091: a resource that says it is being deleted is judged like any other",
        arguments: [
            "deletionTimestamp: \"2024-01-01T00:00:00Z\"",
            "deletionTimestamp: \"2024-01-01T00:00:00Z\", deletionGracePeriodSeconds: 0, "
                + "finalizers: [example.org/stay]",
        ])
    func markedForDeletion(metadata: String) async throws {
        let trial = try PolicyTrial()
        let policies = try PolicyText(keys: [trial.key.publicKey]).compiled()
        let image = try await trial.image()
        let facts = try await trial.facts(about: image)
        let pod = try marked(trial.written, metadata)
        let decisions = try evaluation(of: pod, by: policies, facts).decisions
        #expect(decisions.map(\.result) == [.fail])
        let updated = try evaluation(of: pod, by: policies, facts, operation: .update).decisions
        #expect(updated.map(\.result) == [.fail])
    }

    @Test("CVE-2022-35930: a valid attestation of another type than the policy's is a fail")
    func otherType() async throws {
        let trial = try PolicyTrial()
        let image = try await trial.image()
        try await trial.attest(["a": 1], of: "https://example.org/u", on: image)
        let key = quotedPEM(trial.key.publicKey)
        func verdict(_ type: String) async throws -> [ImageResult] {
            var policy = PolicyText()
            policy.verification += [
                "attestations:", "  - type: \(type)", "    attestors:",
                "      - entries:",
                "          - keys: {publicKeys: \(key), rekor: {ignoreTlog: true}}",
            ]
            let facts = try await trial.facts(about: image)
            return try evaluation(of: try pod(trial.written), by: policy.compiled(), facts)
                .decisions.map(\.result)
        }
        #expect(try await verdict("https://example.org/u") == [.pass])
        #expect(try await verdict("https://example.org/t") == [.fail])
    }
}
