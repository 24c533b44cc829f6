// SPDX-License-Identifier: Apache-2.0
// Policies and places that could not be read: evidence from elsewhere proves, and nothing else is
// decided.

import Keys
import OCI
import Primitives
import Signing
import TestSupport
import Testing

@testable import Policy

@Suite("policies and places that could not be read")
struct ClosedPlacePolicyTests {
    let trial: PolicyTrial

    init() throws { trial = try PolicyTrial() }

    private func close(_ place: String) {
        trial.storage.fail { request in
            request.contains(place)
                ? Failure(.denied, "cannot ask", because: "the test says so") : nil
        }
    }

    private func signed() throws -> [CompiledPolicy] {
        try PolicyText(keys: [trial.key.publicKey]).compiled()
    }

    /// A statement of provenance, which must name the builder where `isConditional`.
    private func attested(isConditional: Bool) throws -> [CompiledPolicy] {
        var policy = PolicyText()
        let key = quotedPEM(trial.key.publicKey)
        policy.verification += [
            "attestations:", "  - type: https://slsa.dev/provenance/v1",
            "    attestors: [{entries: [{keys: {publicKeys: \(key), rekor: {ignoreTlog: true}}}]}]",
        ]
        if isConditional {
            policy.verification.append(
                #"    conditions: [{all: [{key: "{{ builder }}", operator: Equals, value: good}]}]"#
            )
        }
        return try policy.compiled()
    }

    private func judged(_ image: Descriptor, by policy: [CompiledPolicy]) async throws -> Decision {
        try decision(on: trial.written, by: policy, try await trial.facts(about: image))
    }

    @Test("a signature under the tag passes, whatever keeps the referrers closed")
    func signature() async throws {
        let image = try await trial.image()
        try await trial.sign(image, as: .legacy)
        close("referrers")
        #expect(try await judged(image, by: try signed()).result == .pass)
    }

    @Test("without a signature that verifies a closed place leaves the image unknown")
    func unknown() async throws {
        let image = try await trial.image()
        close("referrers")
        var found = try await judged(image, by: try signed())
        #expect(found.result == .unknown && found.reason == .registryDenied)
        trial.storage.fail(with: nil)
        try await trial.sign(image, by: trial.other, as: .legacy)
        close("referrers")
        found = try await judged(image, by: try signed())
        #expect(found.result == .unknown && found.reason == .registryDenied)
    }

    @Test("a statement passes beside a closed place only where no other could break a condition")
    func conditions() async throws {
        let image = try await trial.image()
        let good = try await trial.attest(["builder": "good"], on: image)
        let hidden = try await trial.attest(["builder": "bad"], on: image)
        #expect(try await judged(image, by: try attested(isConditional: true)).result == .fail)
        close("manifest \(hidden)")
        #expect(try await judged(image, by: try attested(isConditional: false)).result == .pass)
        let open = try await judged(image, by: try attested(isConditional: true))
        #expect(open.result == .unknown && open.reason == .registryDenied)
        // A statement that was read and breaks a condition settles it.
        close("manifest \(good)")
        let broken = try await judged(image, by: try attested(isConditional: true))
        #expect(broken.result == .fail && broken.reason == .attestationPolicyFailed)
    }

    @Test("the tag of signatures says nothing about attestations")
    func otherTag() async throws {
        let image = try await trial.image()
        close(".sig")
        let found = try await judged(image, by: try attested(isConditional: true))
        #expect(found.reason == .attestationMissing)
    }

    @Test("junk that anybody may push turns no refusal into an open question")
    func junk() async throws {
        let image = try await trial.image()
        try await trial.sign(image, by: trial.other)
        let junk = try ImageManifest(
            config: Descriptor(of: Array("{}".utf8), as: .ociEmpty), layers: [],
            artifactType: .sigstoreBundle, subject: image
        ).manifest()
        try await trial.storage.push(junk, tag: nil)
        trial.storage.fail { request in
            request.contains("manifest \(junk.digest)")
                ? Failure(.unsupported, "cannot read it", because: "it is of an unknown kind")
                : nil
        }
        let found = try await judged(image, by: try signed())
        #expect(found.result == .fail && found.reason == .signerMismatch)
    }

    @Test("an origin that cannot be read leaves open whether evidence was lost")
    func closedOrigin() async throws {
        let image = try await trial.image()
        var facts = try await trial.facts(about: image)
        close("referrers")
        facts.origin = KnownImage(
            repository: try Repository(parsing: "origin.example.com/shop/backend"),
            digest: image.digest, evidence: try await trial.evidence(about: image.digest))
        var found = try decision(on: trial.written, by: try signed(), facts)
        #expect(found.result == .unknown && found.reason == .registryDenied)
        trial.storage.fail(with: nil)
        try await trial.sign(image, as: .legacy)
        close("referrers")
        facts.origin = KnownImage(
            repository: try Repository(parsing: "origin.example.com/shop/backend"),
            digest: image.digest, evidence: try await trial.evidence(about: image.digest))
        found = try decision(on: trial.written, by: try signed(), facts)
        #expect(found.reason == .evidenceLostAtMirror)
    }
}
