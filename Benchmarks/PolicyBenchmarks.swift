// SPDX-License-Identifier: Apache-2.0
// What policies cost when every fact is known: the work that a webhook does for one request, and
// that `policy apply` does for each manifest.

internal import Keys
internal import OCI
internal import Policy
internal import Primitives
internal import Signing
internal import TestSupport

/// Fifty image policies of one signer, on Pods with one signed image.
struct PolicyBenchmarks {
    private let stopwatch = Stopwatch(roundLength: 100_000)
    private let policyCount = 50
    private let podCount = 1_000
    private let written = "registry.example.com/shop/backend:1.0"

    func run() async throws {
        let key = try TestKeys.ecdsaP256()
        let texts = (0..<policyCount).map { policy($0, key.publicKey) }
        let sources = texts.enumerated().map {
            PolicySource(name: "policy-\($0).yaml", content: Array($1.utf8))
        }
        let compiling = try stopwatch.measure { _ = try PolicyBundle(reading: sources) }
        print("compile: \(Int(compiling.median) / policyCount) µs a policy")
        let policies = try PolicyBundle(reading: sources).policies
        let request = try request(0)
        let facts = try await facts(for: request, by: policies, signedBy: key)
        let one = try stopwatch.measure { try evaluate(request, policies, facts) }
        print("1 Pod x \(policyCount) policies, facts known: \(Int(one.median)) µs")
        let requests = try (0..<podCount).map(self.request)
        forgetPeakMemory()
        let before = peakMemory()
        let begun = Stopwatch.processorTime
        let results = try requests.map { try evaluate($0, policies, facts) }
        let took = (Stopwatch.processorTime - begun) / 1_000
        print(
            "\(results.count) Pods x \(policyCount) policies, facts known: \(Int(took)) ms, "
                + "\((peakMemory() - before) / 1_024) MiB of results")
    }

    @discardableResult
    private func evaluate(
        _ request: AdmissionRequest, _ policies: [CompiledPolicy], _ facts: Facts
    ) throws -> Evaluation {
        guard
            case .done(let evaluation) = try Policy.evaluate(
                request, by: policies, facts: facts, at: nil),
            evaluation.results.allSatisfy({ $0.status == .pass })
        else { throw Failure(.bug, "cannot measure policies", because: "a Pod did not pass") }
        return evaluation
    }

    /// Everything that the evaluation asks for, until it asks for nothing.
    private func facts(
        for request: AdmissionRequest, by policies: [CompiledPolicy], signedBy key: PrivateKey
    ) async throws -> Facts {
        let storage = MemoryRepository()
        let image = try await smallImage(in: storage, says: "benchmark").descriptor
        let repository = try Repository(parsing: "registry.example.com/shop/backend")
        _ = try await EvidenceAttacher(destination: storage, key: key, settle: {}).write(
            .signature(on: image, in: repository, annotations: [:]), as: .bundle,
            created: Timestamp(seconds: 1_700_000_000))
        let evidence = try await EvidenceCollector(source: storage).everything(about: image.digest)
        var facts = Facts()
        while case .needs(let missing) = try Policy.evaluate(
            request, by: policies, facts: facts, at: nil)
        {
            for query in missing.images {
                facts.images[query] = ImageFacts(
                    resolution: .resolved(image), evidence: .looked(evidence))
            }
            for query in missing.signatures {
                facts.signatures[query] = query.signatures(in: evidence, trust: nil)
            }
        }
        return facts
    }

    private func request(_ number: Int) throws -> AdmissionRequest {
        AdmissionRequest(
            object: try ResourceManifest([
                "apiVersion": "v1", "kind": "Pod",
                "metadata": [
                    "name": .string("backend-\(number)"), "namespace": "shop",
                    "labels": ["app": "backend"],
                ],
                "spec": ["containers": [["name": "main", "image": .string(written)]]],
            ]), operation: .create, namespaceLabels: .known([:]))
    }

    private func policy(_ number: Int, _ key: PublicKey) -> String {
        """
        apiVersion: kyverno.io/v1
        kind: ClusterPolicy
        metadata: {name: signed-\(number)}
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
                        - keys: {publicKeys: \(JSONValue.string(key.pem).compactText), rekor: {ignoreTlog: true}}
        """
    }
}
