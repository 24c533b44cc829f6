// SPDX-License-Identifier: Apache-2.0
// Decisions as records and reports: written, read again, told, counted.

import Keys
import OCI
import Primitives
import Signing
import TestSupport
import Testing

@testable import Policy

@Suite("decisions and reports")
struct DecisionTests {
    let trial: PolicyTrial

    init() throws { trial = try PolicyTrial() }

    private func samples() async throws -> [Decision] {
        let policy = PolicyText(keys: [trial.key.publicKey])
        var pinning = policy
        pinning.verification = []
        let image = try await trial.image()
        let unsigned = try await trial.facts(about: image)
        var found = [
            try decision(on: trial.written, by: try policy.compiled(), unsigned),
            try decision(on: "elsewhere.example.com/a", by: try policy.compiled()),
            try decision(on: "A B", by: try policy.compiled()),
        ]
        try await trial.sign(image)
        let signed = try await trial.facts(about: image)
        found.append(try decision(on: trial.written, by: try pinning.compiled(), signed))
        let demanding = try PolicyText(
            keys: [trial.key.publicKey], rekor: "signatureAlgorithm: sha256"
        ).compiled()
        found.append(try decision(on: trial.written, by: demanding, signed))
        return found
    }

    @Test("what is written is read again, the very same")
    func roundTrip() async throws {
        for decision in try await samples() {
            let text = decision.json.prettyText
            let again = try Decision(
                reading: try JSONReader(parsing: Array(text.utf8), named: "decision.json"))
            #expect(again == decision)
            #expect(again.json.compactText == decision.json.compactText)
            #expect(again.explanation == decision.explanation)
        }
    }

    @Test(
        "a stored decision with a field removed, added or of another type is refused or still one decision"
    )
    func mutations() async throws {
        for decision in try await samples() {
            for mutant in mutants(of: decision.json) {
                let reader = JSONReader(mutant, document: "decision.json")
                guard let read = try? Decision(reading: reader) else { continue }
                // Only optional fields can go; what is left must be told without a trap.
                #expect(!read.explanation.isEmpty)
                #expect((read.result == .pass) == (read.reason == nil))
            }
            var object = try #require(decision.json.object)
            object["extra"] = 1
            #expect(throws: Failure.self) {
                try Decision(reading: JSONReader(.object(object), document: "d"))
            }
            object["extra"] = nil
            object["format"] = "assay/decision/v9"
            #expect(throws: Failure.self) {
                try Decision(reading: JSONReader(.object(object), document: "d"))
            }
        }
    }

    @Test("an explanation holds the verdict, both sides, the evidence and the remedy")
    func explanation() async throws {
        let found = try await samples()[0]
        for part in [
            "fail UNSIGNED", "found:", "expected:", "signed/by-acme (Enforce)",
            found.image.digest?.description ?? "?",
            "assay sign --key cosign.key", "checks:",
            "verifyImages[0].attestors[0].entries[0].keys",
            found.rule?.digest.description ?? "?",
        ] { #expect(found.explanation.contains(part), "\(part)") }
    }

    @Test("text from outside cannot draw on the terminal")
    func hostileText() throws {
        let policies = try PolicyText(keys: [trial.key.publicKey]).compiled()
        let found = try decision(on: "evil\u{1B}[2Jname\n  result: pass", by: policies)
        #expect(!found.explanation.contains("\u{1B}"))
        #expect(!found.explanation.split(separator: "\n").contains("  result: pass"))
    }

    @Test("a word that a shell would read is quoted in a command")
    func shellWords() {
        let step = Remediation.Step.command([
            "assay", "sign", "a b", "it's", "$x", "", "r.io/a@sha256:1",
        ])
        #expect(step.description == #"assay sign 'a b' 'it'\''s' '$x' '' r.io/a@sha256:1"#)
    }

    @Test("a quote that a mark joins into one character is quoted too")
    func markedQuotes() {
        let step = Remediation.Step.command(["a'\u{301}b", "c\u{600}'d"])
        let wanted = "'a'\\''\u{301}b' 'c\u{600}'\\''d'"
        #expect(Array(step.description.utf8) == Array(wanted.utf8))
    }

    // MARK: Reports

    private func report(
        _ policy: PolicyText, _ names: [String], signed: Bool, auditWarn: Bool = false
    ) async throws -> ApplyReport {
        let image = try await trial.image()
        if signed { try await trial.sign(image) }
        let policies = try policy.compiled()
        let facts = try await trial.facts(about: image)
        return ApplyReport(
            policies: policies,
            evaluations: try names.map { try evaluation(of: try pod($0), by: policies, facts) },
            failures: [], auditWarn: auditWarn)
    }

    @Test("the report has Kyverno's lines, counts and exit code")
    func kyvernoLines() async throws {
        let policy = PolicyText(keys: [trial.key.publicKey])
        let failed = try await report(policy, [trial.written], signed: false)
        #expect(failed.text.hasPrefix("Applying 3 policy rule(s) to 1 resource(s)...\n\n"))
        #expect(
            failed.text.contains(
                "policy signed -> resource shop/Pod/backend failed:\n1 - by-acme failed to verify image \(trial.written): "
            ))
        #expect(failed.text.hasSuffix("\n\npass: 0, fail: 1, warn: 0, error: 0, skip: 0 "))
        #expect(failed.exitCode == 1)
        let passed = try await report(
            policy, [trial.written, "elsewhere.example.com/a"], signed: true)
        #expect(passed.summaryLine == "pass: 1, fail: 0, warn: 0, error: 0, skip: 1 ")
        #expect(passed.exitCode == 0)
        #expect(passed.text.contains("unmatched UNMATCHED"))
    }

    @Test("unknown counts as an error, and is neither a pass nor a fail")
    func unknownIsError() async throws {
        let policy = PolicyText(keys: [trial.key.publicKey], rekor: "rekor: {}")
        let found = try await report(policy, [trial.written], signed: true)
        #expect(found.summaryLine == "pass: 0, fail: 0, warn: 0, error: 1, skip: 0 ")
        #expect(found.exitCode == 1)
    }

    @Test(
        "a fail under Audit is a fail, or a warning when asked for; so is an unscored policy's",
        arguments: [
            ("Audit", false, "true", 1, 0), ("Audit", true, "true", 0, 1),
            ("Enforce", true, "true", 1, 0),
            ("Enforce", false, "false", 0, 1),
        ])
    func auditWarn(action: String, warn: Bool, scored: String, fails: Int, warns: Int) async throws
    {
        var policy = PolicyText(keys: [trial.key.publicKey])
        policy.spec = ["validationFailureAction: \(action)"]
        policy.annotations = ["policies.kyverno.io/scored": scored]
        let found = try await report(policy, [trial.written], signed: false, auditWarn: warn)
        #expect(found.counts.fail == fails)
        #expect(found.counts.warn == warns)
        #expect(found.exitCode == fails)
    }

    @Test(
        "what could not be decided stays an error beside a fail that is only a warning",
        arguments: [("true", true), ("false", false)])
    func undecidedBesideWarning(scored: String, auditWarn: Bool) async throws {
        var policy = PolicyText(keys: [trial.key.publicKey])
        policy.spec = ["validationFailureAction: Audit"]
        policy.annotations = ["policies.kyverno.io/scored": scored]
        let policies = try policy.compiled()
        let unsigned = try await trial.image()
        let other = trial.written + "-down"
        let failure = Failure(.unavailable, "cannot read \(other)", because: "the test says so")
        let pod = try ResourceManifest([
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "a", "namespace": "shop"],
            "spec": [
                "containers": [
                    ["name": "a", "image": .string(trial.written)],
                    ["name": "b", "image": .string(other)],
                ]
            ],
        ])
        let request = AdmissionRequest(
            object: pod, operation: .create, namespaceLabels: labelFinding(nil))
        let facts = try await trial.facts(about: unsigned)
        let found = try evaluation(of: request, by: policies) { image in
            image.written == other
                ? ImageFacts(
                    resolution: .unresolved(failure), evidence: .couldNotLook(failure))
                : facts
        }
        let report = ApplyReport(
            policies: policies, evaluations: [found], failures: [], auditWarn: auditWarn)
        #expect(report.counts.error == 1 && report.counts.warn == 0)
        #expect(report.exitCode == 1)
    }

    @Test("the report as data holds every decision and the counts of the five results")
    func json() async throws {
        let policy = PolicyText(keys: [trial.key.publicKey])
        let found = try await report(
            policy, [trial.written, "elsewhere.example.com/a"], signed: true
        ).json
        #expect(found["format"] == "assay/apply-report/v1")
        #expect(found["images"]?["pass"] == 1)
        #expect(found["images"]?["unmatched"] == 1)
        #expect(found["images"]?["excepted"] == 0)
        let decisions = try #require(found["decisions"]?.array)
        #expect(
            try decisions.map { try Decision(reading: JSONReader($0, document: "r")).result } == [
                .pass, .unmatched,
            ])
    }

    @Test("a resource that cannot be read counts as an error")
    func brokenResources() {
        let report = ApplyReport(
            policies: [], evaluations: [],
            failures: [Failure(.malformed, "cannot read the resource", because: "for the test")],
            auditWarn: false)
        #expect(report.counts.error == 1)
        #expect(report.exitCode == 1)
    }

    @Test("the same arguments give the same bytes")
    func deterministic() async throws {
        let image = try await trial.image()
        try await trial.sign(image)
        let facts = try await trial.facts(about: image)
        let text = PolicyText(keys: [trial.key.publicKey]).text
        let once = try evaluation(
            of: try pod(trial.written), by: try compiledPolicies([text]), facts)
        let again = try evaluation(
            of: try pod(trial.written), by: try compiledPolicies([text]), facts)
        #expect(once.decisions.map(\.json.compactText) == again.decisions.map(\.json.compactText))
    }
}

/// The value with each member or item removed, and with each value of another type, one at a time.
func mutants(of value: JSONValue) -> [JSONValue] {
    let others: [JSONValue] = [.null, .bool(true), 7, "x", [], [:], ["x"]]
    var found = others.filter { $0 != value }
    switch value {
    case .object(let object):
        for member in object {
            var without = object
            without[member.name] = nil
            found.append(.object(without))
            for mutant in mutants(of: member.value) {
                var changed = object
                changed[member.name] = mutant
                found.append(.object(changed))
            }
        }
    case .array(let items):
        for (index, item) in items.enumerated() {
            var without = items
            without.remove(at: index)
            found.append(.array(without))
            for mutant in mutants(of: item) {
                var changed = items
                changed[index] = mutant
                found.append(.array(changed))
            }
        }
    default: break
    }
    return found
}

@Suite("policies with one thing changed")
struct PolicyMutationTests {
    @Test("no single change of a policy makes an unsigned image pass, and none traps")
    func unsignedNeverPasses() async throws {
        let trial = try PolicyTrial()
        var policy = PolicyText(keys: [trial.key.publicKey, trial.other.publicKey])
        policy.verification.append(
            "attestations: [{type: 'https://slsa.dev/provenance/v1', conditions: [{any: [{key: '{{ a }}', operator: Equals, value: 1}]}]}]"
        )
        policy.rule = ["exclude: {any: [{resources: {namespaces: [kube-system]}}]}"]
        policy.spec.append("validationFailureActionOverrides: [{action: Audit, namespaces: [dev]}]")
        let image = try await trial.image()
        let facts = try await trial.facts(about: image)
        let pod = try pod(trial.written)
        var refused = 0
        for mutant in mutants(of: try node(policy.text).json) {
            guard let policies = try? compiledPolicies([mutant.compactText]) else {
                refused += 1
                continue
            }
            for decision in try evaluation(of: pod, by: policies, facts).decisions {
                #expect(decision.result != .pass, "\(mutant.prettyText)")
            }
        }
        #expect(refused > 300)
    }

    @Test("no cut of a policy's text traps, and what is left never lets an unsigned image pass")
    func prefixes() async throws {
        let trial = try PolicyTrial()
        let text = Array(PolicyText(keys: [trial.key.publicKey]).text.utf8)
        let facts = try await trial.facts(about: try await trial.image())
        let pod = try pod(trial.written)
        for length in stride(from: 0, to: text.count, by: 3) {
            let cut = String(decoding: text.prefix(length), as: UTF8.self)
            guard let policies = try? compiledPolicies([cut]) else { continue }
            for decision in try evaluation(of: pod, by: policies, facts).decisions {
                #expect(decision.result != .pass)
            }
        }
    }

    @Test("flipped bytes in a policy are refused or judged, and never trap")
    func flippedBytes() async throws {
        let trial = try PolicyTrial()
        let text = Array(PolicyText(keys: [trial.key.publicKey]).text.utf8)
        let facts = try await trial.facts(about: try await trial.image())
        let pod = try pod(trial.written)
        var random = SeededGenerator(seed: 11)
        for _ in 0..<400 {
            var mutant = text
            mutant[Int.random(in: mutant.indices, using: &random)] ^=
                UInt8(1) << UInt8.random(in: 0..<8, using: &random)
            let source = PolicySource(name: "p.yaml", content: mutant)
            guard let bundle = try? PolicyBundle(reading: [source]) else { continue }
            for decision in try evaluation(of: pod, by: bundle.policies, facts).decisions {
                #expect(decision.result != .pass)
            }
        }
    }

    @Test("resources with one thing changed are malformed or judged, and never trap")
    func resources() async throws {
        let trial = try PolicyTrial()
        let policies = try PolicyText(keys: [trial.key.publicKey]).compiled()
        let facts = try await trial.facts(about: try await trial.image())
        for mutant in mutants(of: try pod(trial.written, "nginx").json) {
            guard let resource = try? ResourceManifest(mutant),
                let found = try? evaluation(of: resource, by: policies, facts)
            else { continue }
            for decision in found.decisions { #expect(decision.result != .pass) }
        }
    }
}
