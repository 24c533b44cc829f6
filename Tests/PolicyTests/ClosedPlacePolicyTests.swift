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

    @Test("a statement that a list names and that is not there leaves a condition open")
    func goneStatement() async throws {
        let image = try await trial.image()
        try await trial.attest(["builder": "good"], on: image)
        let gone = try await trial.attest(["builder": "bad"], on: image)
        trial.storage.fail { request in
            request.contains("manifest \(gone)")
                ? Failure(.notFound, "cannot read it", because: "the registry says it is not there")
                : nil
        }
        #expect(try await judged(image, by: try attested(isConditional: false)).result == .pass)
        let open = try await judged(image, by: try attested(isConditional: true))
        #expect(open.result == .unknown && open.reason == .registryUnavailable)
    }

    @Test(
        "a statement beyond a limit was not judged: with a condition the image is unknown",
        arguments: ["subjects", "digests", "depth", "signatures"])
    func overLimit(excess: String) async throws {
        let image = try await trial.image()
        try await trial.attest(["builder": "good"], on: image)
        try await push(try largeEnvelope(excess, about: image), on: image)
        #expect(try await judged(image, by: try attested(isConditional: false)).result == .pass)
        let open = try await judged(image, by: try attested(isConditional: true))
        #expect(open.result == .unknown && open.reason == .limitExceeded)
        // A statement of another type beyond a limit is no answer to this question.
        let other = try await trial.image("b")
        try await trial.attest(["builder": "good"], on: other)
        try await trial.attest(["builder": "good"], of: "https://example.org/other", on: other)
        #expect(try await judged(other, by: try attested(isConditional: true)).result == .pass)
    }

    @Test("a statement that the signer signed and we refuse to read leaves a condition open")
    func ambiguousStatement() async throws {
        let image = try await trial.image()
        let text = """
            {"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"\(image.digest.hex)"}}],\
            "predicateType":"https://slsa.dev/provenance/v1","predicate":{"builder":"good","builder":"bad"}}
            """
        func envelope(by key: PrivateKey) throws -> Envelope {
            try Envelope(signing: Array(text.utf8), as: inTotoPayloadType, with: key)
        }
        try await push(try envelope(by: trial.key), on: image)
        let alone = try await judged(image, by: try attested(isConditional: true))
        #expect(alone.result == .fail && alone.reason == .malformed)
        try await trial.attest(["builder": "good"], on: image)
        #expect(try await judged(image, by: try attested(isConditional: false)).result == .pass)
        let open = try await judged(image, by: try attested(isConditional: true))
        #expect(open.result == .unknown && open.reason == .malformed)
        // Somebody else's is junk, which opens nothing.
        try await push(try envelope(by: trial.other), on: image)
        #expect(try await judged(image, by: try attested(isConditional: true)).result == .pass)
    }

    @Test("alone, a statement beyond a limit is neither there nor missing")
    func onlyOverLimit() async throws {
        let image = try await trial.image()
        try await push(try largeEnvelope("subjects", about: image), on: image)
        for isConditional in [true, false] {
            let open = try await judged(image, by: try attested(isConditional: isConditional))
            #expect(open.result == .unknown && open.reason == .limitExceeded)
        }
    }

    /// A signed statement by the right key that goes beyond one limit.
    private func largeEnvelope(_ excess: String, about image: Descriptor) throws -> Envelope {
        var digests: JSONObject = ["sha256": .string(image.digest.hex)]
        if excess == "digests" {
            for index in 0..<Limits.digestsPerSubject { digests["x\(index)"] = "00" }
        }
        let subject = JSONValue.object(["digest": .object(digests)])
        let count = excess == "subjects" ? Limits.subjectsPerStatement + 1 : 1
        var predicate: JSONValue = ["builder": "bad"]
        if excess == "depth" {
            for _ in 0...Limits.documentDepth {
                predicate = ["inner": predicate, "builder": "bad"]
            }
        }
        let statement: JSONValue = [
            "_type": "https://in-toto.io/Statement/v1",
            "subject": .array(Array(repeating: subject, count: count)),
            "predicateType": "https://slsa.dev/provenance/v1", "predicate": predicate,
        ]
        let one = try Envelope(
            signing: statement.compactBytes, as: inTotoPayloadType, with: trial.key)
        let signatures = excess == "signatures" ? Limits.signaturesPerEnvelope + 1 : 1
        return Envelope(
            payloadType: one.payloadType, payload: one.payload,
            signatures: Array(repeating: one.signatures[0], count: signatures))
    }

    /// Puts an envelope under the `.att` tag.
    private func push(_ envelope: Envelope, on image: Descriptor) async throws {
        let content = envelope.json.compactBytes
        var layer = Descriptor(of: content, as: .dsseEnvelope)
        layer.annotations[signatureAnnotation] = ""
        let manifest = try ImageManifest(
            config: Descriptor(of: Array("{}".utf8), as: .ociConfig), layers: [layer]
        ).manifest()
        try await trial.storage.push(layer, content: ByteStream(content), mountSource: nil)
        try await trial.storage.push(manifest, tag: Tag(for: image.digest, suffix: ".att"))
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
        #expect(found.reason == .evidenceMissingAtMirror)
    }
}
