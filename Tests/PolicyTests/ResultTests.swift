// SPDX-License-Identifier: Apache-2.0
// Results beyond signatures: digests, moved tags, mirrors, scope, actions.

import Keys
import OCI
import Primitives
import Signing
import TestSupport
import Testing

@testable import Policy

@Suite("results and reasons")
struct ResultTests {
    let trial: PolicyTrial

    init() throws { trial = try PolicyTrial() }

    private func policy(_ verification: [String] = ["mutateDigest: false", "verifyDigest: false"])
        throws -> PolicyText
    {
        var policy = PolicyText(keys: [trial.key.publicKey])
        policy.verification = verification
        return policy
    }

    // MARK: Digests

    @Test(
        "a tag needs a digest beside it when the policy says so, unless it is pinned on the way in",
        arguments: [
            (["mutateDigest: false", "verifyDigest: true"], false, ImageResult.fail),
            (["mutateDigest: false", "verifyDigest: true"], true, .pass),
            (["mutateDigest: true", "verifyDigest: true"], false, .pass),
            (["mutateDigest: false", "verifyDigest: false"], false, .pass), ([], false, .pass),
            (["mutateDigest: false"], false, .fail),
        ])
    func digests(verification: [String], writesDigest: Bool, result: ImageResult) async throws {
        let image = try await trial.image()
        try await trial.sign(image)
        let name = writesDigest ? "\(trial.written)@\(image.digest)" : trial.written
        let found = try decision(
            on: name, by: try policy(verification).compiled(), try await trial.facts(about: image))
        #expect(found.result == result)
        if result == .fail {
            #expect(found.reason == .digestRequired)
            #expect(found.message == "missing digest for \(name)")
            #expect(
                found.remediation?.steps == [
                    .edit(
                        file: "pod.yaml", pointer: "/spec/containers/0/image", from: name,
                        to: "\(name)@\(image.digest)")
                ])
        }
        let isPinned = verification.isEmpty || verification[0] == "mutateDigest: true"
        #expect(
            found.patch
                == (isPinned
                    ? Decision.Patch(
                        pointer: "/spec/containers/0/image", value: "\(name)@\(image.digest)")
                    : nil))
    }

    @Test("nothing is pinned that did not pass")
    func noPatch() async throws {
        let image = try await trial.image()
        let found = try decision(
            on: trial.written, by: try policy([]).compiled(), try await trial.facts(about: image))
        #expect(found.result == .fail)
        #expect(found.patch == nil)
    }

    @Test("an unsigned image without a digest is told both, in the order to mend them")
    func bothFixes() async throws {
        let image = try await trial.image()
        let found = try decision(
            on: trial.written, by: try policy(["mutateDigest: false"]).compiled(),
            try await trial.facts(about: image))
        #expect(found.reason == .unsigned)
        #expect(found.checks.compactMap(\.reason) == [.unsigned, .digestRequired])
        #expect(found.remediation?.steps.count == 2)
    }

    @Test(
        "required without attestors fails; an entry that demands nothing is no pass",
        arguments: [(true, ImageResult.fail), (false, .unmatched)])
    func required(isRequired: Bool, result: ImageResult) throws {
        var policy = PolicyText()
        policy.verification.append("required: \(isRequired)")
        let found = try decision(on: trial.written, by: try policy.compiled())
        #expect(found.result == result)
        if isRequired { #expect(found.message == "unverified image \(trial.written)") }
    }

    @Test(
        "an entry that only pins is no pass: the image is unmatched, and pinned where asked",
        arguments: [
            (["required: false", "mutateDigest: true", "verifyDigest: true"], true),
            (["required: false", "mutateDigest: true", "verifyDigest: false"], true),
            (["required: false", "mutateDigest: false", "verifyDigest: true"], false),
        ])
    func onlyPins(verification: [String], isPinned: Bool) async throws {
        let image = try await trial.image()
        var policy = PolicyText()
        policy.verification = verification
        let name = isPinned ? trial.written : "\(trial.repository)@\(image.digest)"
        let found = try evaluation(
            of: try pod(name), by: try policy.compiled(), try await trial.facts(about: image))
        #expect(found.decisions.map(\.result) == [.unmatched])
        #expect(found.decisions.map(\.reason) == [.unmatched])
        #expect((found.decisions[0].patch?.value == "\(name)@\(image.digest)") == isPinned)
        #expect(found.results.map(\.status) == [.skip])
        let again = try Decision(
            reading: JSONReader(found.decisions[0].json, document: "d"))
        #expect(again == found.decisions[0])
        if !isPinned {
            let tag = try decision(
                on: trial.written, by: try policy.compiled(), try await trial.facts(about: image))
            #expect(tag.reason == .digestRequired)
        }
    }

    @Test("a rule that only pins adds its pin to another rule's pass, and no unmatched")
    func pinsBesideAVerdict() async throws {
        let image = try await trial.image()
        var pinning = PolicyText()
        pinning.verification = ["required: false", "mutateDigest: true"]
        let policies = try compiledPolicies([
            pinning.text.replacing("name: signed", with: "name: pinning"), try policy().text,
        ])
        let unsigned = try evaluation(
            of: try pod(trial.written), by: policies, try await trial.facts(about: image))
        #expect(unsigned.decisions.map(\.reason) == [.unsigned])
        #expect(unsigned.decisions[0].patch == nil)
        try await trial.sign(image)
        let signed = try evaluation(
            of: try pod(trial.written), by: policies, try await trial.facts(about: image))
        #expect(signed.decisions.map(\.result) == [.pass])
        #expect(signed.decisions[0].patch?.value == "\(trial.written)@\(image.digest)")
    }

    @Test("an annotation of the resource is never believed")
    func forgedAnnotation() async throws {
        let image = try await trial.image()
        let forged = try resource(
            """
            apiVersion: v1
            kind: Pod
            metadata:
              name: a
              annotations: {kyverno.io/verify-images: '{"\(trial.written)":"pass"}'}
            spec: {containers: [{name: a, image: '\(trial.written)'}]}
            """)
        let found = try evaluation(
            of: forged, by: try policy().compiled(), try await trial.facts(about: image))
        #expect(found.decisions.map(\.reason) == [.unsigned])
    }

    // MARK: What explains a fail

    @Test("a tag that left a signed digest for an unsigned one has moved")
    func tagMoved() async throws {
        let signed = try await trial.image("signed")
        try await trial.sign(signed)
        let rebuilt = try await trial.image("rebuilt")
        var facts = try await trial.facts(about: rebuilt)
        facts.remembered = KnownImage(
            repository: trial.repository, digest: signed.digest,
            evidence: try await trial.evidence(about: signed.digest))
        let found = try decision(on: trial.written, by: try policy().compiled(), facts)
        #expect(found.result == .fail)
        #expect(found.reason == .tagMoved)
        #expect(found.found == rebuilt.digest.description)
        #expect(found.expected.hasPrefix(signed.digest.description))
        #expect(
            found.remediation?.steps.map(\.description) == [
                "assay copy \(trial.repository)@\(signed.digest) \(trial.written)"
            ])
        // Where a digest must be written anyway, writing the signed one is all there is to do.
        let pinning = try decision(
            on: trial.written, by: try policy(["mutateDigest: false"]).compiled(), facts)
        #expect(pinning.reason == .tagMoved)
        #expect(
            pinning.remediation?.steps == [
                .edit(
                    file: "pod.yaml", pointer: "/spec/containers/0/image", from: trial.written,
                    to: "\(trial.repository)@\(signed.digest)")
            ])
        // What the remedy prints turns the verdict green.
        let mended = try decision(
            on: "\(trial.repository)@\(signed.digest)", by: try policy().compiled(),
            try await trial.facts(about: signed))
        #expect(mended.result == .pass)
    }

    @Test("a memory never makes an image pass, and explains nothing it cannot prove")
    func memoryIsNoProof() async throws {
        let (image, before) = (try await trial.image(), try await trial.image("before"))
        try await trial.sign(before, by: trial.other)
        var facts = try await trial.facts(about: image)
        let evidence = try await trial.evidence(about: before.digest)
        facts.remembered = KnownImage(
            repository: trial.repository, digest: before.digest, evidence: evidence)
        #expect(
            try decision(on: trial.written, by: try policy().compiled(), facts).reason == .unsigned)
        try await trial.sign(before)
        let signed = try await trial.evidence(about: before.digest)
        facts.remembered = KnownImage(
            repository: try Repository(parsing: "registry.example.com/other"),
            digest: before.digest, evidence: signed)
        #expect(
            try decision(on: trial.written, by: try policy().compiled(), facts).reason == .unsigned)
        facts.remembered = KnownImage(
            repository: trial.repository, digest: before.digest, evidence: signed)
        let pinned = "\(trial.written)@\(image.digest)"
        #expect(try decision(on: pinned, by: try policy().compiled(), facts).reason == .unsigned)
    }

    @Test("evidence that the origin has and the mirror has not was lost on the way")
    func missingAtMirror() async throws {
        let image = try await trial.image()
        let bare = try await trial.facts(about: image)
        try await trial.sign(image)
        var facts = bare
        let origin = try Repository(parsing: "origin.example.com/shop/backend")
        facts.origin = KnownImage(
            repository: origin, digest: image.digest,
            evidence: try await trial.evidence(about: image.digest))
        let found = try decision(on: trial.written, by: try policy().compiled(), facts)
        #expect(found.reason == .evidenceMissingAtMirror)
        #expect(
            found.remediation?.steps.map(\.description) == [
                "assay copy \(origin)@\(image.digest) \(trial.repository):1.0"
            ])
    }

    // MARK: Scope

    @Test("an image no rule speaks about is unmatched, and says where to add it")
    func unmatched() async throws {
        let found = try decision(on: "mirror.example.com/a:1", by: try policy().compiled())
        #expect(found.result == .unmatched)
        #expect(found.reason == .unmatched)
        #expect(found.rule == nil)
        #expect(
            found.remediation?.steps == [
                .edit(
                    file: "policy-0.yaml",
                    pointer: "/spec/rules/0/verifyImages/0/imageReferences/-",
                    from: nil, to: "mirror.example.com/a:*")
            ])
        #expect(try decision(on: "a", by: []).result == .unmatched)
    }

    @Test(
        "a skipped image is not verified, and is told as unmatched with the pattern that freed it")
    func skipped() throws {
        var policy = try policy()
        policy.verification.append("skipImageReferences: ['*/debug*']")
        let name = "registry.example.com/debug:1"
        let found = try evaluation(of: try pod(name), by: try policy.compiled())
        #expect(found.decisions.map(\.result) == [.unmatched])
        #expect(found.decisions[0].found.contains("*/debug*"))
        #expect(found.results.map(\.status) == [.skip])
    }

    @Test(
        "images that are no names fail as malformed",
        arguments: [
            "localhost:05701/a/b:1", "registry.example.com:0443/a", "", " ", "a/UPPER",
            "a@sha256:1", "a:b:c", "http://a/b",
        ])
    func brokenNames(name: String) throws {
        let found = try decision(on: name, by: try policy().compiled())
        #expect(found.result == .fail)
        #expect(found.reason == .malformed)
    }

    @Test("each container is judged on its own, ephemeral ones and image volumes too")
    func everyContainer() async throws {
        let image = try await trial.image()
        let names = (0..<4).map { "\(trial.repository):\($0)" }
        let found = try evaluation(
            of: try resource(
                """
                {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {
                 initContainers: [{name: i, image: '\(names[0])'}], containers: [{name: c, image: '\(names[1])'}],
                 ephemeralContainers: [{name: e, image: '\(names[2])'}], volumes: [{name: v, image: {reference: '\(names[3])'}}]}}
                """), by: try policy().compiled(), try await trial.facts(about: image))
        #expect(found.decisions.map(\.image.use.written) == names)
        #expect(found.decisions.allSatisfy { $0.reason == .unsigned })
        #expect(found.results.map(\.status) == [.fail])
    }

    @Test("a rule that cannot be decided makes its images unknown")
    func undecided() throws {
        var policy = try policy()
        policy.match = [
            "any: [{resources: {kinds: [Pod], namespaceSelector: {matchLabels: {a: b}}}}]"
        ]
        let found = try evaluation(of: try pod(trial.written), by: try policy.compiled())
        #expect(found.decisions.map(\.result) == [.unknown])
        #expect(found.decisions.map(\.reason) == [.policyError])
        #expect(found.decisions.first?.found.contains("no Namespace has this name") == true)
        #expect(found.results.map(\.status) == [.error])
    }

    @Test("a match that takes too many steps makes the images unknown, not free")
    func wildcardLimit() throws {
        var policy = try policy()
        let (pattern, name) = (
            String(repeating: "a", count: 500), String(repeating: "a", count: 2_000)
        )
        policy.match = ["any: [{resources: {kinds: [Pod], names: ['*\(pattern)b']}}]"]
        let found = try evaluation(
            of: try resource(
                "{apiVersion: v1, kind: Pod, metadata: {name: \(name)}, spec: {containers: [{name: a, image: x}]}}"
            ),
            by: try policy.compiled())
        #expect(found.decisions.map(\.reason) == [.limitExceeded])
        #expect(found.decisions.map(\.result) == [.unknown])
    }

    @Test("a namespaced Policy speaks in its own namespace only")
    func namespacedPolicy() async throws {
        let image = try await trial.image()
        var policy = try policy()
        policy.kind = "Policy"
        let facts = try await trial.facts(about: image)
        #expect(
            try decision(on: trial.written, by: try policy.compiled(), facts).result == .unmatched)
        let here = policy.text.replacing(
            "  name: signed", with: "  name: signed\n  namespace: shop")
        #expect(
            try decision(on: trial.written, by: try compiledPolicies([here]), facts).result == .fail
        )
    }

    @Test("a deletion is not judged")
    func deletion() throws {
        let found = try evaluation(
            of: try pod(trial.written), by: try policy().compiled(), operation: .delete)
        #expect(found.decisions.isEmpty)
    }

    // MARK: Several entries and rules

    @Test("entries of one rule that cover the same image must all be met")
    func entriesAreAnd() async throws {
        let image = try await trial.image()
        try await trial.sign(image)
        let policy = try policy()
        let second = PolicyText(keys: [trial.other.publicKey])
        let entry = second.text.split(separator: "\n").drop { !$0.contains("- imageReferences") }
        let text = policy.text + entry.joined(separator: "\n") + "\n"
        let found = try decision(
            on: trial.written, by: try compiledPolicies([text]), try await trial.facts(about: image)
        )
        #expect(found.result == .fail)
        #expect(found.decisive?.id.hasPrefix("verifyImages[1]") == true)
    }

    @Test(
        "applyRules One stops after the first rule that spoke about an image",
        arguments: [("All", 2), ("One", 1)])
    func applyRules(mode: String, count: Int) async throws {
        let image = try await trial.image()
        var policy = try policy()
        policy.spec.append("applyRules: \(mode)")
        let rule = policy.text.split(separator: "\n").drop { !$0.contains("- name: by-acme") }
        let text =
            policy.text + rule.joined(separator: "\n").replacing("by-acme", with: "second") + "\n"
        let found = try evaluation(
            of: try pod(trial.written), by: try compiledPolicies([text]),
            try await trial.facts(about: image))
        #expect(found.decisions.count == count)
    }

    @Test(
        "the action is the rule's own, then an override's, then the policy's",
        arguments: [
            (["validationFailureAction: Audit"], "", FailureAction.audit),
            (["validationFailureAction: enforce"], "", .enforce), ([], "", .audit),
            (["validationFailureAction: Audit"], "failureAction: Enforce", .enforce),
            (
                ["validationFailureActionOverrides: [{action: Enforce, namespaces: ['sh*']}]"], "",
                .enforce
            ),
            (
                ["validationFailureActionOverrides: [{action: Enforce, namespaces: [prod]}]"], "",
                .audit
            ),
            (
                ["validationFailureActionOverrides: [{action: Enforce, namespaces: [shop]}]"],
                "failureAction: Audit", .audit
            ),
            (
                [
                    "validationFailureActionOverrides: [{action: Audit, namespaceSelector: {matchLabels: {a: b}}}]"
                ], "", .enforce
            ),
            (
                [
                    "validationFailureActionOverrides: [{action: Enforce, namespaces: [prod], namespaceSelector: {matchLabels: {a: b}}}]"
                ], "", .audit
            ),
        ])
    func actions(spec: [String], entry: String, action: FailureAction) async throws {
        let image = try await trial.image()
        var policy = try policy()
        policy.spec = spec.isEmpty ? ["background: true"] : spec
        if !entry.isEmpty { policy.verification.append(entry) }
        let found = try decision(
            on: trial.written, by: try policy.compiled(), try await trial.facts(about: image))
        #expect(found.rule?.action == action)
        #expect(found.result == .fail)
    }
}
