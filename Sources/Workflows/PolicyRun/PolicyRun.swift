// SPDX-License-Identifier: Apache-2.0
// Policies on resources: evaluate, find the facts that are missing, evaluate again.

internal import OCI
package import Policy
package import Primitives
package import Signing

/// Answers what an evaluation asks. It never throws: that something could not be read is a fact too.
package protocol FactSource: Sendable {
    /// Everything about one image; one question, with its own deadline.
    func facts(about image: ImageQuery) async -> ImageFacts
    /// The keys in a Secret or ConfigMap.
    func keys(_ key: StoredKey) async -> KeyLookup
}

/// One run of policies over resources. Each fact is found once, however many resources and policies
/// need it: an image is looked up once for each set of evidence that its rules need, and its
/// evidence is verified once for each signer. At most `Limits.parallelImages` at a time.
package struct PolicyRun: Sendable {
    private let policies: [CompiledPolicy]
    private let trust: TrustedRoot?
    private let source: any FactSource
    private let now: Timestamp

    /// - Parameters:
    ///   - trust: the logs and authorities that policies require and do not name; nil if there are
    ///     none.
    ///   - now: the time that conditions see, the same for all resources.
    package init(
        policies: [CompiledPolicy], trust: TrustedRoot?, facts: any FactSource,
        now: Timestamp
    ) {
        self.policies = policies
        self.trust = trust
        source = facts
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
                request: AdmissionRequest(
                    object: resource, operation: .create,
                    namespaceLabels: namespaces.labels(
                        of: resource.identity.namespace, at: position)))
        }
        var known = Facts()
        while pending.contains(where: { !$0.isDone }) {
            let missing = try await step(&pending, with: known)
            try await find(missing, &known)
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

    /// Evaluates what is not done yet; returns the facts that are missing.
    private func step(
        _ pending: inout [PendingEvaluation], with known: Facts
    ) async throws -> MissingFacts {
        let open = pending.indices.filter { !pending[$0].isDone }
        let requests = open.map { pending[$0].request }
        let steps = try await inParallel(requests, atMost: Limits.parallelImages) { request in
            PendingEvaluation.Step(request, by: policies, facts: known, at: now)
        }
        var missing = MissingFacts()
        for (index, step) in zip(open, steps) {
            switch step {
            case .done(let evaluation): pending[index].evaluation = evaluation
            case .failed(let failure): pending[index].failure = failure
            case .needs(let facts): missing.formUnion(facts)
            }
        }
        return missing
    }

    /// Finds all that is missing, so that no evaluation asks for it again. Verification is asked for
    /// when its evidence is known.
    private func find(_ missing: MissingFacts, _ known: inout Facts) async throws {
        try await answer(missing.images, in: &known.images) { await source.facts(about: $0) }
        try await answer(missing.keys, in: &known.keys) { await source.keys($0) }
        let facts = known
        try await answer(missing.signatures, in: &known.signatures) { query in
            query.signatures(in: try evidence(for: query, in: facts), trust: trust)
        }
        try await answer(missing.statements, in: &known.statements) { query in
            query.statements(in: try evidence(for: query, in: facts), trust: trust)
        }
    }

    private func answer<Query: Hashable & Sendable, Answer: Sendable>(
        _ queries: Set<Query>, in answers: inout [Query: Answer],
        by find: @escaping @Sendable (Query) async throws -> Answer
    ) async throws {
        let found = try await inParallel(Array(queries), atMost: Limits.parallelImages) {
            ($0, try await find($0))
        }
        for (query, answer) in found { answers[query] = answer }
    }

    private func evidence(
        for query: VerificationQuery, in facts: Facts
    ) throws(Failure) -> Evidence {
        guard let evidence = facts.evidence(for: query) else {
            throw Failure(
                .bug, "cannot judge \(query.image.name)",
                because: "it asks for the verification of evidence that was not read")
        }
        return evidence
    }
}

/// One resource on its way to a result.
private struct PendingEvaluation: Sendable {
    enum Step: Sendable {
        case needs(MissingFacts)
        case done(Evaluation)
        case failed(Failure)

        init(
            _ request: AdmissionRequest, by policies: [CompiledPolicy], facts: Facts,
            at time: Timestamp
        ) {
            do throws(Failure) {
                switch try evaluate(request, by: policies, facts: facts, at: time) {
                case .needs(let missing): self = .needs(missing)
                case .done(let evaluation): self = .done(evaluation)
                }
            } catch {
                self = .failed(error)
            }
        }
    }

    let request: AdmissionRequest
    var evaluation: Evaluation?
    var failure: Failure?

    var isDone: Bool { evaluation != nil || failure != nil }
}
