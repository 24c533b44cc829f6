// SPDX-License-Identifier: Apache-2.0
// Verdicts on attestations.

import Keys
import OCI
import Primitives
import Signing
import TestSupport
import Testing

@testable import Policy

@Suite("verdicts on attestations")
struct AttestationTests {
    let trial: PolicyTrial

    init() throws { trial = try PolicyTrial() }

    private func policy(
        conditions: String = "[{all: [{key: '{{ builder.id }}', operator: Equals, value: ci}]}]",
        ownAttestors: Bool = true
    ) throws -> PolicyText {
        let keys =
            "[{entries: [{keys: {publicKeys: \(quotedPEM(trial.key.publicKey)), rekor: {ignoreTlog: true}}}]}]"
        var policy = PolicyText()
        let attestors = ownAttestors ? ", attestors: \(keys)" : ""
        policy.verification.append(
            "attestations: [{type: 'https://slsa.dev/provenance/v1'\(attestors), conditions: \(conditions)}]"
        )
        if !ownAttestors { policy.attestors = []; policy.verification.append("attestors: \(keys)") }
        return policy
    }

    private func judged(_ image: Descriptor, _ policy: PolicyText? = nil) async throws -> Decision {
        let policy = try policy ?? self.policy()
        return try decision(
            on: trial.written, by: try policy.compiled(), try await trial.facts(about: image))
    }

    @Test("a statement that meets the conditions passes")
    func passes() async throws {
        let image = try await trial.image()
        try await trial.attest(["builder": ["id": "ci"]], on: image)
        let found = try await judged(image)
        #expect(found.result == .pass)
        #expect(found.message == "verified image attestations for \(trial.written)")
    }

    @Test("no statement, another type, another key and an unmet condition are told apart")
    func fails() async throws {
        let image = try await trial.image()
        try await trial.sign(image)
        let missing = try await judged(image)
        #expect(missing.reason == .attestationMissing)
        #expect(
            missing.message
                == "attestations not found for predicate type https://slsa.dev/provenance/v1")
        #expect(
            missing.remediation?.steps.first?.description
                == "assay attest --key cosign.key --type slsaprovenance1 --predicate predicate.json \(trial.repository)@\(image.digest)"
        )
        try await trial.attest(
            ["builder": ["id": "ci"]], of: "https://spdx.dev/Document", on: image)
        #expect(try await judged(image).reason == .attestationMissing)
        try await trial.attest(["builder": ["id": "ci"]], on: image, by: trial.other)
        #expect(try await judged(image).reason == .signerMismatch)
        try await trial.attest(["builder": ["id": "laptop"]], on: image)
        let unmet = try await judged(image)
        #expect(unmet.reason == .attestationPolicyFailed)
        #expect(unmet.found == #""laptop""#)
        #expect(unmet.expected == #"Equals "ci""#)
        #expect(unmet.decisive?.id == "verifyImages[0].attestations[0].conditions[0].all[0]")
        #expect(unmet.decisive?.evidence.count == 1)
        #expect(
            unmet.remediation?.steps == [
                .edit(
                    file: "pod.yaml", pointer: "/spec/containers/0/image", from: trial.written,
                    to: "a build whose statement of type https://slsa.dev/provenance/v1 has "
                        + #""ci" at /builder/id, not "laptop""#)
            ])
    }

    @Test("every verified statement must meet the conditions; what does not verify does not matter")
    func everyStatement() async throws {
        let image = try await trial.image()
        try await trial.attest(["builder": ["id": "ci"]], on: image)
        try await trial.attest(["builder": ["id": "evil"]], on: image, by: trial.other)
        #expect(try await judged(image).result == .pass)
        try await trial.attest(["builder": ["id": "laptop"]], on: image)
        #expect(try await judged(image).reason == .attestationPolicyFailed)
    }

    @Test("an absent path is told as absent and fails")
    func absentPath() async throws {
        let image = try await trial.image()
        try await trial.attest(["other": 1], on: image)
        let found = try await judged(image)
        #expect(found.reason == .attestationPolicyFailed)
        #expect(found.found == "absent")
    }

    @Test(
        "any needs one, all needs all, groups are joined by and",
        arguments: [
            (
                "[{any: [{key: '{{ a }}', operator: Equals, value: 1}, {key: '{{ b }}', operator: Equals, value: 9}]}]",
                ImageResult.pass
            ),
            (
                "[{any: [{key: '{{ a }}', operator: Equals, value: 8}, {key: '{{ b }}', operator: Equals, value: 9}]}]",
                .fail
            ),
            (
                "[{all: [{key: '{{ a }}', operator: Equals, value: 1}, {key: '{{ b }}', operator: Equals, value: 2}]}]",
                .pass
            ),
            (
                "[{all: [{key: '{{ a }}', operator: Equals, value: 1}]}, {all: [{key: '{{ b }}', operator: Equals, value: 9}]}]",
                .fail
            ),
            (
                "[{all: [{key: '{{ a }}', operator: Equals, value: 1}], any: [{key: '{{ b }}', operator: Equals, value: 9}]}]",
                .fail
            ),
            ("[]", .pass),
        ])
    func groups(conditions: String, result: ImageResult) async throws {
        let image = try await trial.image()
        try await trial.attest(["a": 1, "b": 2], on: image)
        #expect(try await judged(image, try policy(conditions: conditions)).result == result)
    }

    @Test("a condition that cannot be evaluated refuses, and tells why and what helps")
    func evaluationProblems() async throws {
        let image = try await trial.image()
        try await trial.attest(
            ["builder": ["id": "ci"], "request": ["name": "x"], "long": .string(longText)],
            on: image)
        for (key, reason, found, to) in [
            (
                "{{ length(builder.id.x.y) }}", ReasonCode.attestationPolicyFailed,
                "cannot be evaluated: argument 1 of length is null", "at /builder/id/x/y,"
            ),
            (
                "{{ builder.id || 'none' }}", .attestationPolicyFailed, #""ci""#, "at /builder/id,"
            ),
            ("{{ to_upper(builder.id) }}", .attestationPolicyFailed, #""CI""#, "to_upper"),
            ("{{ builder.gone.deep }}", .attestationPolicyFailed, "absent", "/builder/gone/deep"),
            ("{{ replace_all(long, 'a', long) }}", .limitExceeded, "cannot be evaluated:", "long"),
        ] {
            let conditions =
                "[{all: [{key: \(JSONValue.string(key).compactText), operator: Equals, value: x}]}]"
            let decision = try await judged(image, try policy(conditions: conditions))
            #expect(decision.result == .fail)
            #expect(decision.reason == reason, "\(key): \(decision.message)")
            #expect(decision.found.hasPrefix(found), "\(key): \(decision.found)")
            #expect(decision.remediation?.steps.first?.description.contains(to) == true, "\(key)")
        }
    }

    private var longText: String { String(repeating: "a", count: 20_000) }

    @Test("a statement that speaks in the policy's names is not heard, and that is told")
    func shadowedNames() async throws {
        let image = try await trial.image()
        try await trial.attest(
            ["request": ["namespace": "prod"], "image": ["tag": "9"]], on: image)
        let decision = try await judged(
            image,
            try policy(
                conditions:
                    "[{all: [{key: '{{ request.namespace }}', operator: Equals, value: prod, message: '{{ request.namespace }} is not {{ image.name }}''s'}]}]"
            ))
        #expect(decision.result == .fail)
        #expect(decision.found == #""shop"; the statement's own "request" is not read"#)
        #expect(decision.message.hasSuffix(": shop is not backend's"))
        #expect(decision.remediation?.steps.isEmpty == true)
        let told = try await judged(
            image,
            try policy(
                conditions:
                    "[{all: [{key: '{{ request.namespace }}', operator: Equals, value: shop}]}]"))
        #expect(told.result == .pass)
        #expect(told.found.contains(#"the statement's own "request" is not read"#))
    }

    @Test("without a clock a condition on the time leaves the image unknown")
    func noClock() async throws {
        let image = try await trial.image()
        try await trial.attest(["finished": "2023-11-14T00:00:00Z"], on: image)
        let conditions =
            "[{all: [{key: \"{{ time_since('', '{{ finished }}', '') }}\", operator: LessThan, value: 24h}]}]"
        let decision = try await judged(image, try policy(conditions: conditions))
        #expect(decision.result == .unknown)
        #expect(decision.reason == .policyError)
    }

    @Test("one choice of any that fails in its evaluation does not take the others away")
    func anyWithProblem() async throws {
        let image = try await trial.image()
        try await trial.attest(["a": 1], on: image)
        let conditions =
            "[{any: [{key: '{{ length(a) }}', operator: Equals, value: 1}, {key: '{{ a }}', operator: Equals, value: 1}]}]"
        #expect(try await judged(image, try policy(conditions: conditions)).result == .pass)
    }

    @Test("without attestors of its own an attestation is held to its rule's")
    func sharedAttestors() async throws {
        let image = try await trial.image()
        let shared = try policy(ownAttestors: false)
        try await trial.sign(image)
        try await trial.attest(["builder": ["id": "ci"]], on: image, by: trial.other)
        #expect(try await judged(image, shared).reason == .signerMismatch)
        try await trial.attest(["builder": ["id": "ci"]], on: image)
        #expect(try await judged(image, shared).result == .pass)
    }

    @Test("the evaluator asks for exactly what the rule needs")
    func wishes() throws {
        let request = AdmissionRequest(
            object: try pod(trial.written, "elsewhere.example.com/a"), operation: .create,
            namespaceLabels: labelFinding(nil))
        let step = try evaluate(
            request, by: try policy().compiled(), facts: Facts(), at: nil)
        guard case .needs(let missing) = step else {
            Issue.record("it decided without facts")
            return
        }
        #expect(missing.images.map(\.written) == [trial.written])
        #expect(missing.images.first?.types == [try PredicateType(named: "slsaprovenance1")])
        #expect(missing.keys.isEmpty && missing.signatures.isEmpty && missing.statements.isEmpty)
    }
}
