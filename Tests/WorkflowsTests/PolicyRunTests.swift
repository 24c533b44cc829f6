// SPDX-License-Identifier: Apache-2.0
// Runs of policies: what is asked, how often, and what becomes of the answers.

import Keys
import OCI
import Policy
import Primitives
import Signing
import Synchronization
import TestSupport
import Testing
import Workflows

/// Answers every question with "could not look", and counts.
private final class CountingFacts: FactSource {
    private struct State {
        var asked: [String] = []
        var running = 0
        var most = 0
    }

    private let state = Mutex(State())

    var asked: [String] { state.withLock { $0.asked } }
    var most: Int { state.withLock { $0.most } }

    func keys(_ key: StoredKey) async -> KeyLookup { .missing("no Secret was given") }

    func facts(about image: ImageQuery) async -> ImageFacts {
        state.withLock {
            $0.asked.append(image.written)
            $0.running += 1
            $0.most = max($0.most, $0.running)
        }
        for _ in 0..<100 { await Task.yield() }
        state.withLock { $0.running -= 1 }
        let failure = Failure(.unavailable, "cannot read \(image.written)", because: "it is down")
        return ImageFacts(resolution: .unresolved(failure), evidence: .couldNotLook(failure))
    }
}

@Suite("runs of policies")
struct PolicyRunTests {
    private let now = Timestamp(seconds: 1_700_000_000)

    private func policies() throws -> [CompiledPolicy] {
        let key = try TestKeys.ecdsaP256().publicKey.pem
        let text = """
            apiVersion: kyverno.io/v1
            kind: ClusterPolicy
            metadata: {name: signed}
            spec:
              validationFailureAction: Enforce
              rules:
                - name: by-acme
                  match: {any: [{resources: {kinds: [Pod]}}]}
                  verifyImages:
                    - imageReferences: ["registry.example.com/*"]
                      mutateDigest: false
                      verifyDigest: false
                      attestors:
                        - entries:
                            - keys: {publicKeys: \(JSONValue.string(key).compactText), rekor: {ignoreTlog: true}}
            """
        return try PolicyBundle(
            reading: [PolicySource(name: "policy.yaml", content: Array(text.utf8))]
        ).policies
    }

    private func pods(_ images: [String]) throws -> [ResourceManifest] {
        try images.enumerated().map { index, image in
            try ResourceManifest([
                "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string("pod-\(index)")],
                "spec": ["containers": [["name": "main", "image": .string(image)]]],
            ])
        }
    }

    private func run(_ facts: CountingFacts) throws -> PolicyRun {
        PolicyRun(policies: try policies(), trust: nil, facts: facts, now: now)
    }

    @Test("each image is asked about once, however many resources use it, and in parallel")
    func asksOnce() async throws {
        let names = (0..<(3 * Limits.parallelImages)).map { "registry.example.com/app:\($0)" }
        let facts = CountingFacts()
        let (found, failures) = try await run(facts).results(for: try pods(names + names))
        #expect(failures.isEmpty && found.count == 2 * names.count)
        #expect(facts.asked.sorted() == names.sorted())
        #expect(facts.most > 1 && facts.most <= Limits.parallelImages)
        #expect(found.flatMap(\.decisions).allSatisfy { $0.result == .unknown })
        // In the order of the resources.
        let shown = found.flatMap(\.decisions).map(\.image.use.written)
        #expect(shown == names + names)
    }

    @Test("an image that no rule covers is not asked about")
    func uncovered() async throws {
        let facts = CountingFacts()
        let found = try await run(facts).result(forImage: "other.example.com/app:1")
        #expect(facts.asked.isEmpty)
        #expect(found.decisions.map(\.result) == [.unmatched])
    }

    @Test("a resource that cannot be read is a failure beside the results of the others")
    func unreadable() async throws {
        let broken = try ResourceManifest([
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "broken"],
            "spec": ["containers": [["name": "main", "image": 7]]],
        ])
        let facts = CountingFacts()
        let good = try pods(["registry.example.com/app:1"])
        let (found, failures) = try await run(facts).results(for: [broken] + good)
        #expect(failures.map(\.kind) == [.malformed])
        #expect(found.count == 1 && facts.asked == ["registry.example.com/app:1"])
    }
}
