// SPDX-License-Identifier: Apache-2.0
// Policies from files, judged with facts from registries: what `policy apply` and `verify --policy`
// have in common.

import Foundation
import Host
import Policy
import Primitives
import Signing

/// Asks for what the evaluator needs to know, and hands it over.
struct PolicyJudge: Sendable {
    let bundle: PolicyBundle
    let trust: TrustedRoot?
    let finder: ImageFactFinder
    /// What conditions take for the time: one for everything that is judged.
    let now = SystemPause().now()

    /// Every policy in these files and folders, with the keys beside them. Warnings are told.
    static func bundle(_ policies: [String], beside material: [String] = []) throws -> PolicyBundle
    {
        let bundle = try PolicyBundle(
            reading: try (policies + material).flatMap { path in
                try path == "-"
                    ? [standardInput()]
                    : yamlFiles(path).map {
                        PolicySource(
                            name: $0,
                            content: try readFile(
                                at: $0, atMost: Limits.yamlBytes, named: "the policy"))
                    }
            })
        guard !bundle.policies.isEmpty else {
            throw Failure(
                .usage, "cannot judge",
                because: "there is no policy in \(policies.joined(separator: ", "))")
        }
        for warning in bundle.policies.flatMap(\.warnings) { Talk.warn(warning.description) }
        return bundle
    }

    /// The trust material for what policies demand and do not name.
    ///
    /// A file that somebody named must be usable. Kept material that is not makes only those rules
    /// `unknown` that need it: keys of one's own need none.
    static func trust(_ options: TrustOptions) async throws -> TrustMaterial? {
        do {
            return try await options.material(needed: true)
        } catch let failure as Failure where !TrustMaterial.isNamed(options.trustedRoot) {
            Talk.warn("nobody is believed but the policies' own keys and roots")
            Talk.say(failure.description)
            return nil
        }
    }

    /// Judges resources; those that cannot be read as what they claim to be are told apart.
    func judge(_ resources: [ResourceManifest]) async throws
        -> (evaluations: [Evaluation], failures: [Failure])
    {
        var evaluations: [Evaluation] = []
        var failures: [Failure] = []
        // Asked once for each image and wish, however many workloads use it.
        var known: [NeededImage: ImageFacts] = [:]
        let namespaces = NamespaceLabels(among: resources)
        for resource in resources {
            do {
                evaluations.append(
                    try await evaluation(
                        of: resource, labels: namespaces[resource.identity.namespace], &known))
            } catch let failure as Failure where failure.kind == .malformed {
                failures.append(failure)
            }
        }
        return (evaluations, failures)
    }

    /// Judges one image, as the only container of a Pod in the namespace `default`.
    func judge(image: String) async throws -> Evaluation {
        let pod = try ResourceManifest([
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "image"],
            "spec": ["containers": [["name": "image", "image": .string(image)]]],
        ])
        var known: [NeededImage: ImageFacts] = [:]
        return try await evaluation(of: pod, labels: nil, &known)
    }

    private func evaluation(
        of resource: ResourceManifest, labels: ExactTextMap<String>?,
        _ known: inout [NeededImage: ImageFacts]
    ) async throws -> Evaluation {
        let evaluator = PolicyEvaluator(policies: bundle.policies)
        var input = EvaluationInput(
            resource: resource, operation: .create, namespaceLabels: labels, trust: trust, now: now)
        for image in try evaluator.neededImages(input) {
            let facts =
                if let found = known[image] { found } else { await finder.facts(about: image) }
            known[image] = facts
            input.facts[image.written] = facts
        }
        switch try evaluator.evaluate(input) {
        case .decided(let evaluation): return evaluation
        case .needs(let images):
            throw Failure(
                .bug, "cannot judge \(resource.identity)",
                because: "facts are missing about \(images.map(\.written).joined(separator: ", "))"
            )
        }
    }

    private static func standardInput() throws -> PolicySource {
        PolicySource(
            name: "stdin",
            content: try readStandardInput(atMost: Limits.yamlBytes, named: "the policies"))
    }

    /// The file itself, or every .yaml, .yml and .json file below a folder, sorted.
    static func yamlFiles(_ path: String) throws -> [String] {
        guard let isFolder = LocalSource.isFolder(path) else {
            throw Failure(
                .notFound, "cannot open \(quoted(path))", because: "there is no such file or folder"
            )
        }
        guard isFolder else { return [path] }
        let files = try filesBelow(path, endingWith: manifestSuffixes)
        guard !files.isEmpty else {
            throw Failure(
                .usage, "cannot read \(quoted(path))",
                because: "there is no YAML or JSON file in it")
        }
        return files
    }
}

/// Spec: k8s.io/cli-runtime v0.32, builder.go, `FileExtensions`.
private let manifestSuffixes = [".json", ".yaml", ".yml"]
