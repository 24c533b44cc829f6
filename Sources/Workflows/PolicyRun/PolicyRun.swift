// SPDX-License-Identifier: Apache-2.0
// Policies on resources: evaluate, load the facts that are missing, evaluate again.

internal import OCI
package import Policy
package import Primitives
package import Signing

/// A source of facts about images. It never throws: that something could not be read is a fact too.
package protocol ImageFactSource: Sendable {
    /// Everything about one image; one question, with its own deadline.
    func facts(about image: NeededImage) async -> ImageFacts
}

/// One run of policies over resources. Each image is looked up once for each set of evidence that
/// its rules need, however many workloads use it, and at most `Limits.parallelImages` at a time.
package struct PolicyRun: Sendable {
    private let policies: [CompiledPolicy]
    private let trust: TrustedRoot?
    private let facts: any ImageFactSource
    private let now: Timestamp

    /// - Parameters:
    ///   - trust: the logs and authorities that policies require and do not name; nil if there are
    ///     none.
    ///   - now: the time that conditions see, the same for all resources.
    package init(
        policies: [CompiledPolicy], trust: TrustedRoot?, facts: any ImageFactSource,
        now: Timestamp
    ) {
        self.policies = policies
        self.trust = trust
        self.facts = facts
        self.now = now
    }

    /// The results, in the order of the resources. A resource that is malformed is a failure beside
    /// them.
    package func results(
        for resources: [ResourceManifest]
    ) async throws -> (evaluations: [Evaluation], failures: [Failure]) {
        let namespaces = NamespaceLabels(among: resources)
        var pending = resources.enumerated().map { position, resource in
            PendingEvaluation(
                input: EvaluationInput(
                    resource: resource, operation: .create,
                    namespaceLabels: namespaces.labels(
                        of: resource.identity.namespace, at: position),
                    trust: trust, now: now))
        }
        var known: [NeededImage: ImageFacts] = [:]
        while pending.contains(where: { !$0.isDone }) {
            let missing = try step(&pending, with: known)
            known.merge(try await load(missing)) { _, new in new }
        }
        return (pending.compactMap(\.evaluation), pending.compactMap(\.failure))
    }

    /// The result for one image, as the only container of a Pod in the namespace `default`.
    package func result(forImage image: String) async throws -> Evaluation {
        let pod = try ResourceManifest([
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "image"],
            "spec": ["containers": [["name": "image", "image": .string(image)]]],
        ])
        let (evaluations, failures) = try await results(for: [pod])
        guard let evaluation = evaluations.first else {
            throw failures.first
                ?? Failure(.bug, "cannot judge \(quoted(image))", because: "there is no result")
        }
        return evaluation
    }

    /// Evaluates what is not done yet; returns the images whose facts are missing.
    private func step(
        _ pending: inout [PendingEvaluation], with known: [NeededImage: ImageFacts]
    ) throws -> Set<NeededImage> {
        let evaluator = PolicyEvaluator(policies: policies)
        var missing: Set<NeededImage> = []
        for place in pending.indices where !pending[place].isDone {
            for image in pending[place].needs {
                pending[place].input.facts[image.written] = known[image]
            }
            do {
                switch try evaluator.evaluate(pending[place].input) {
                case .decided(let evaluation): pending[place].evaluation = evaluation
                case .needs(let images):
                    guard Set(images).isDisjoint(with: pending[place].needs) else {
                        throw Failure(
                            .bug, "cannot judge \(pending[place].input.resource.identity)",
                            because: "it asks for the same facts again")
                    }
                    pending[place].needs = images
                    missing.formUnion(images.filter { known[$0] == nil })
                }
            } catch let failure as Failure where failure.kind == .malformed {
                pending[place].failure = failure
            }
        }
        return missing
    }

    private func load(_ images: Set<NeededImage>) async throws -> [NeededImage: ImageFacts] {
        let loaded = try await inParallel(Array(images), atMost: Limits.parallelImages) { image in
            (image, await facts.facts(about: image))
        }
        return Dictionary(uniqueKeysWithValues: loaded)
    }
}

/// One resource on its way to a result.
private struct PendingEvaluation {
    var input: EvaluationInput
    /// What was asked for in the last step.
    var needs: [NeededImage] = []
    var evaluation: Evaluation?
    var failure: Failure?

    var isDone: Bool { evaluation != nil || failure != nil }
}
