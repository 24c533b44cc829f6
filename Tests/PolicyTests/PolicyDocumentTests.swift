// SPDX-License-Identifier: Apache-2.0
// Reading policies: what is understood, what is refused, and where.

import FoundationEssentials
import Keys
import Primitives
import Signing
import TestSupport
import Testing

@testable import Policy

@Suite("policy documents")
struct PolicyDocumentTests {
    let key: String

    init() throws { key = quotedPEM(try TestKeys.ecdsaP256().publicKey) }

    private var good: PolicyText {
        get throws { PolicyText(keys: [try TestKeys.ecdsaP256().publicKey]) }
    }

    @Test("a policy with every field of this version is understood")
    func everything() throws {
        var policy = try good
        policy.annotations = ["policies.kyverno.io/title": "Signed"]
        policy.spec = [
            "validationFailureAction: audit", "applyRules: All", "background: false",
            "admission: true", "failurePolicy: Fail", "webhookTimeoutSeconds: 30",
            "webhookConfiguration: {failurePolicy: Ignore, timeoutSeconds: 10}",
            "emitWarning: true",
            "schemaValidation: true", "useServerSideApply: false", "generateExisting: false",
            "validationFailureActionOverrides: [{action: enforce, namespaces: ['prod-*'], namespaceSelector: {matchLabels: {a: b}}}]",
        ]
        policy.rule = [
            "reportProperties: {a: b}", "skipBackgroundRequests: true", "exclude: {}",
            "context: [{name: keys, configMap: {name: keys, namespace: kyverno}}, {name: a, variable: {value: 1}}]",
        ]
        policy.verification = [
            "skipImageReferences: ['*/debug:*']", "type: SigstoreBundle", "failureAction: Enforce",
            "cosignOCI11: true", "mutateDigest: true", "verifyDigest: true", "required: true",
            "useCache: true",
            "attestations: [{name: p, type: 'https://slsa.dev/provenance/v1', conditions: [{all: [{key: '{{ a }}', operator: Equals, value: 1, message: 'no'}]}]}]",
        ]
        policy.attestors = [
            "- count: 1", "  entries:",
            "  - {keys: {publicKeys: \(key), signatureAlgorithm: sha256, rekor: {url: 'https://r', ignoreTlog: true}, ctlog: {ignoreSCT: true}}, signatureAlgorithm: sha256}",
            "  - keyless: {issuer: i, issuerRegExp: ^i$, subject: s, subjectRegExp: ^s$, additionalExtensions: {githubWorkflowRef: b}, rekor: {url: 'https://r'}, ctlog: {ignoreSCT: false}}",
            "  - attestor: {entries: [{keys: {secret: {name: key, namespace: kyverno}}}]}",
            "  - keys: {publicKeys: 'k8s://kyverno/key'}",
            "  - keys: {publicKeys: '{{ keys.data.production }}'}",
        ]
        let compiled = try policy.compiled()
        #expect(compiled.count == 1)
        #expect(compiled[0].ruleCount == 3)
        #expect(compiled[0].identity.digest == Digest(of: policy.text.utf8, by: .sha256))
        #expect(compiled[0].warnings.isEmpty)
    }

    @Test(
        "an unknown field is malformed, at its own line",
        arguments: [
            "spec", "rule", "match", "verification", "attestor", "entry", "keys", "metadata",
        ])
    func unknownFields(level: String) throws {
        var policy = try good
        switch level {
        case "spec": policy.spec.append("colour: red")
        case "rule": policy.rule.append("colour: red")
        case "match": policy.match.append("colour: red")
        case "verification": policy.verification.append("colour: red")
        case "attestor": policy.attestors.insert("  colour: red", at: 1)
        case "entry":
            policy.attestors = ["- entries:", "  - colour: red", "    keys: {publicKeys: \(key)}"]
        case "keys":
            policy.attestors = [
                "- entries:", "  - keys: {publicKeys: \(key),", "           colour: red}",
            ]
        default: break
        }
        var text = policy.text
        if level == "metadata" {
            text = text.replacing("  name: signed", with: "  name: signed\n  colour: red")
        }
        let failure = try #require(refusal(text))
        let line = text.split(separator: "\n").firstIndex { $0.contains("colour") }.map { $0 + 1 }
        #expect(failure.kind == .malformed)
        #expect(failure.what == "cannot use the policy")
        guard case .file("policy-0.yaml", line, _)? = failure.place else {
            Issue.record("the place is \(String(describing: failure.place)), not line \(line ?? 0)")
            return
        }
    }

    @Test(
        "what Kyverno reads and Assay does not yet is unsupported, at its line",
        arguments: [
            ("rule", "preconditions: {all: []}"), ("rule", "celPreconditions: []"),
            ("rule", "imageExtractors: {Task: [{path: /a}]}"), ("rule", "mutate: {}"),
            ("rule", "generate: {}"), ("rule", "validate: {message: x}"),
            ("rule", "context: [{name: a, apiCall: {urlPath: /x}}]"),
            ("rule", "context: [{name: a, imageRegistry: {reference: x}}]"),
            ("rule", "context: [{name: a, globalReference: {name: x}}]"),
            ("verification", "type: Notary"), ("verification", "validate: {deny: {}}"),
            ("verification", "repository: ghcr.io/x"),
            ("verification", "imageRegistryCredentials: {}"),
            ("verification", "key: abc"), ("verification", "image: abc"),
            ("verification", "issuer: a"),
            ("spec", "webhookConfiguration: {matchConditions: []}"),
            ("entry", "certificates: {cert: x}"), ("entry", "repository: x"),
            ("entry", "keys: {kms: awskms}"),
            ("entry", "keys: {publicKeys: K, signatureAlgorithm: sha224}"),
        ])
    func unsupportedFields(level: String, line: String) throws {
        var policy = try good
        let line = line.replacing("publicKeys: K", with: "publicKeys: \(key)")
        switch level {
        case "rule": policy.rule.append(line)
        case "spec": policy.spec.append(line)
        case "verification": policy.verification.append(line)
        default: policy.attestors = ["- entries:", "  - \(line)"]
        }
        let failure = try #require(refusal(policy.text))
        #expect(failure.kind == .unsupported)
        let number = policy.text.split(separator: "\n").firstIndex { $0.contains(line) }.map {
            $0 + 1
        }
        guard case .file(_, number, _)? = failure.place else {
            Issue.record(
                "the place is \(String(describing: failure.place)), not line \(number ?? 0)")
            return
        }
    }

    @Test(
        "what Kyverno's own webhook refuses is malformed",
        arguments: [
            "count: 3 of 1", "count: 0", "no entries", "no trust", "two trusts", "keyless alone",
            "rekor without url", "keys without key", "keys twice", "bad key", "private key text",
            "mutate under audit", "no references", "empty references", "variable", "admission off",
            "timeout 31", "timeout 0", "long name", "two rules", "no rules", "bad action",
            "both types differ", "type is no URI", "type is signature",
            "attestation without signer",
            "override without namespaces", "bad autogen", "text flag", "keys with bad k8s",
            "bad chain",
        ])
    func refusedPolicies(name: String) throws {
        let failure = try #require(refusal(try brokenPolicy(name).text))
        #expect(failure.kind == .malformed, "\(failure)")
        #expect(failure.place?.description.hasPrefix("policy-0.yaml:") == true)
    }

    private func brokenPolicy(_ name: String) throws -> PolicyText {
        var policy = try good
        func entries(_ lines: String...) {
            policy.attestors = ["- entries:"] + lines.map { "  \($0)" }
        }
        let statement = "type: 'https://slsa.dev/provenance/v1'"
        switch name {
        case "count: 3 of 1": policy.attestors[0] = "- count: 3"
        case "count: 0": policy.attestors[0] = "- count: 0"
        case "no entries": policy.attestors = ["- entries: []"]
        case "no trust": entries("- annotations: {a: b}")
        case "two trusts": entries("- {keys: {publicKeys: \(key)}, keyless: {roots: a}}")
        case "keyless alone": entries("- keyless: {issuer: a}")
        case "rekor without url": entries("- keyless: {rekor: {ignoreTlog: true}}")
        case "keys without key": entries("- keys: {rekor: {ignoreTlog: true}}")
        case "keys twice": entries("- keys: {publicKeys: \(key), secret: {name: a}}")
        case "bad key": entries("- keys: {publicKeys: hello}")
        case "private key text":
            entries("- keys: {publicKeys: \(key.replacing("PUBLIC", with: "PRIVATE"))}")
        case "bad chain": entries("- keys: {publicKeys: \(key), ctlog: {tsaCertChain: x}}")
        case "keys with bad k8s": entries("- keys: {publicKeys: 'k8s://only'}")
        case "mutate under audit":
            policy.spec = []
            policy.verification[0] = "mutateDigest: true"
        case "no references": policy.references = "null"
        case "empty references": policy.references = "[]"
        case "variable": policy.references = "['{{ a }}']"
        case "admission off": policy.spec.append("admission: false")
        case "timeout 31": policy.spec.append("webhookTimeoutSeconds: 31")
        case "timeout 0": policy.spec.append("webhookConfiguration: {timeoutSeconds: 0}")
        case "long name": policy.rule.append("name: \(String(repeating: "x", count: 64))")
        case "bad action": policy.spec = ["validationFailureAction: Deny"]
        case "both types differ":
            policy.verification.append("attestations: [{\(statement), predicateType: 'https://x'}]")
        case "type is no URI": policy.verification.append("attestations: [{type: cyclonedx}]")
        case "type is signature":
            policy.verification.append(
                "attestations: [{type: 'https://sigstore.dev/cosign/sign/v1'}]")
        case "attestation without signer":
            policy.attestors = []
            policy.verification.append("attestations: [{\(statement)}]")
        case "override without namespaces":
            policy.spec.append("validationFailureActionOverrides: [{action: Audit}]")
        case "bad autogen":
            policy.annotations = ["pod-policies.kyverno.io/autogen-controllers": "Rocket"]
        case "text flag": policy.verification[1] = "verifyDigest: 'true'"
        case "no rules": policy.spec.append("rules: []")
        default: policy.spec.append("rules: []")
        }
        return policy
    }

    @Test("two policies of one name, and other kinds, are refused")
    func bundles() throws {
        let text = try good.text
        #expect(refusal(text, text)?.kind == .malformed)
        #expect(
            refusal("{apiVersion: v1, kind: Service, metadata: {name: a}}")?.kind == .unsupported)
        #expect(
            refusal(text.replacing("kyverno.io/v1", with: "kyverno.io/v9"))?.kind == .unsupported)
        #expect(refusal("kind: [1]")?.kind == .malformed)
        #expect(refusal("- 1")?.kind == .malformed)
    }

    @Test(
        "hostile YAML is refused and never traps",
        arguments: [
            "a: &a [*a]", "kind: ClusterPolicy\nkind: Policy", String(repeating: "[", count: 500),
            "\u{0}",
            "kind: ClusterPolicy\nspec: *gone", "kind: !!binary aaaa", "{", "? [a]: b",
        ])
    func hostile(text: String) { #expect(refusal(text) != nil) }

    @Test("attestors nested past the limit are refused")
    func nesting() throws {
        var policy = try good
        let depth = Limits.attestorDepth + 1
        let inner = "{keys: {publicKeys: \(key)}}"
        let nested = (0..<depth).reduce(inner) { text, _ in "{attestor: {entries: [\(text)]}}" }
        policy.attestors = ["- entries: [\(nested)]"]
        #expect(refusal(policy.text)?.kind == .overLimit)
    }

    @Test("what is legal and probably not meant is a warning")
    func warnings() throws {
        var policy = try good
        policy.spec = ["validationFailureAction: Audit"]
        policy.verification = []
        policy.match = ["any: [{resources: {kinds: [TaskRun]}}]"]
        let warnings = try policy.compiled()[0].warnings
        #expect(warnings.count == 2)
        #expect(warnings[0].text.contains("mutateDigest"))
        #expect(warnings[1].text.contains("TaskRun"))
    }

    @Test(
        "the suites' own image policies are read, or refused at a line",
        .enabled(if: Suites.areHere, "suites are not beside the project"),
        arguments: [
            ("policies/flux/verify-flux-images/verify-flux-images.yaml", nil),
            ("policies/other/verify-image-slsa/verify-image-slsa.yaml", nil),
            (
                "policies/other/verify-image-gcpkms/verify-image-gcpkms.yaml",
                Failure.Kind.unsupported
            ),
            ("policies/other/require-vulnerability-scan/require-vulnerability-scan.yaml", nil),
            ("policies/other/verify-image-cve-2022-42889/verify-image-cve-2022-42889.yaml", nil),
            (
                "policies/tekton/verify-tekton-taskrun-vuln-scan/verify-tekton-taskrun-vuln-scan.yaml",
                .unsupported
            ),
            (
                "policies/tekton/verify-tekton-pipeline-bundle-signatures/verify-tekton-pipeline-bundle-signatures.yaml",
                .unsupported
            ),
            ("cli/test/images/secure-images/policies.yaml", nil),
            ("cli/test/images/signatures/policies.yaml", nil),
        ])
    func suitePolicies(path: String, kind: Failure.Kind?) throws {
        let failure = refusal(try Suites.text(of: path))
        #expect(failure?.kind == kind, "\(failure.map { "\($0)" } ?? "it was read")")
        if let failure { #expect(failure.place?.description.hasPrefix("policy-0.yaml:") == true) }
    }

    @Test(
        "the suites' policies on their own resources give the results they expect",
        .enabled(if: Suites.areHere, "suites are not beside the project"))
    func suiteResults() throws {
        let policies = try compiledPolicies([
            try Suites.text(of: "cli/test/images/secure-images/policies.yaml")
        ])
        let file = try ManifestFile(
            parsing: Array(
                try Suites.text(of: "cli/test/images/secure-images/resources.yaml").utf8),
            named: "resources.yaml")
        for resource in file.resources where resource.identity.name == "tomcat" {
            let outcomes = try evaluation(of: resource, by: policies).results
            #expect(outcomes.map(\.status) == [.fail])
            #expect(outcomes.map(\.rule) == ["enforce-signatures"])
        }
    }
}

/// Outside policies, read in place.
enum Suites {
    static var areHere: Bool { (try? text(of: "cli/test/images/signatures/policies.yaml")) != nil }

    static func text(of path: String) throws -> String {
        guard let directory = SharedSuites.kyverno,
            let data = try? Data(contentsOf: directory.appendingPathComponent(path))
        else {
            throw Failure(.notFound, "cannot read \(path)", because: "the suites are not here")
        }
        return String(decoding: data, as: UTF8.self)
    }
}
