// SPDX-License-Identifier: Apache-2.0
// assay policy apply: Kyverno policies on manifests, without a cluster.

import ArgumentParser
import Foundation
import Host
import OCI
import Policy
import Primitives

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Kyverno policies, judged without a cluster.",
        subcommands: [PolicyApplyCommand.self])
}

struct PolicyApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Judges the images of manifests by ClusterPolicies with verifyImages.",
        discussion: """
            Prints Kyverno's lines and, for every image, result, reason, found, expected and the way to \
            mend it. Exit codes are Kyverno's: 0, or 1 when a rule failed or could not be decided. A \
            field or rule type that is not understood is an error with file and line. Namespaces among \
            the manifests give namespaceSelectors their labels.
            """)

    @Argument(help: "Policy files or folders.")
    var policies: [String]

    @Option(
        name: [.customShort("r"), .long],
        help: "A manifest file or folder, or - for stdin; may be repeated.")
    var resource: [String]

    @Option(
        help: "A Secret or ConfigMap, as a file, that policies take keys from; may be repeated.")
    var keyMaterial: [String] = []

    @Flag(help: "Count what fails under Audit as a warning.")
    var auditWarn = false

    @Flag(help: "End with 1 when there is an image that no rule speaks about.")
    var denyUnmatched = false

    @Option(
        help:
            "A file that remembers which digest a tag meant when it last passed; tells a moved tag from an unsigned image."
    )
    var tagMemory: String?

    @Option(
        help:
            "MIRROR=ORIGIN, two repository prefixes; tells evidence that was lost on the way from evidence that never was. May be repeated."
    )
    var mirror: [MirrorArgument] = []

    @OptionGroup var access: RegistryAccessOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let bundle = try PolicyBundle(
            reading: try (policies + keyMaterial).flatMap { try yamlFiles($0) }.map {
                PolicySource(
                    name: $0,
                    content: try readFile(at: $0, atMost: Limits.yamlBytes, named: "the policy"))
            })
        guard !bundle.policies.isEmpty else {
            throw Failure(
                .usage, "cannot judge",
                because: "there is no policy in \(policies.joined(separator: ", "))")
        }
        for warning in bundle.policies.flatMap(\.warnings) { Talk.warn(warning.description) }
        let resources = try resources()
        let memory = try tagMemory.map { try TagMemory(at: $0) }
        let report = try await Patience.whileWorking("looking at images") {
            try await Connections.using(access, for: nil) { connections in
                try await judge(
                    resources, by: bundle,
                    ImageFactFinder(connections: connections, memory: memory, mirrors: mirror))
            }
        }
        switch output.output {
        case .text: Answer.print(report.text)
        case .json: Answer.print(report.json)
        }
        try memory?.remember(report.evaluations.flatMap(\.decisions), at: SystemPause().now())
        let unmatched = report.evaluations.flatMap(\.decisions).count { $0.result == .unmatched }
        if unmatched > 0 {
            Talk.warn(
                (unmatched == 1 ? "1 image is" : "\(unmatched) images are")
                    + " spoken about by no rule; nothing was verified")
        }
        if report.evaluations.flatMap(\.decisions).isEmpty, report.failures.isEmpty {
            Talk.warn("nothing was judged: the manifests name no image")
        }
        let refused = report.exitCode != 0 || (denyUnmatched && unmatched > 0)
        try (refused ? ExitStatus.no : .yes).end()
    }

    private func judge(
        _ resources: [ResourceManifest], by bundle: PolicyBundle, _ finder: ImageFactFinder
    ) async throws -> ApplyReport {
        let evaluator = PolicyEvaluator(policies: bundle.policies)
        var evaluations: [Evaluation] = []
        var failures: [Failure] = []
        // Asked once for each image and wish, however many workloads use it.
        var known: [NeededImage: ImageFacts] = [:]
        for resource in resources {
            var input = EvaluationInput(
                resource: resource, operation: .create,
                namespaceLabels: labels(of: resource, among: resources))
            do {
                for image in try evaluator.neededImages(input) {
                    let facts =
                        if let known = known[image] { known } else {
                            await finder.facts(about: image)
                        }
                    known[image] = facts
                    input.facts[image.written] = facts
                }
                switch try evaluator.evaluate(input) {
                case .decided(let evaluation): evaluations.append(evaluation)
                case .needs(let images):
                    throw Failure(
                        .bug, "cannot judge \(resource.identity)",
                        because:
                            "facts are missing about \(images.map(\.written).joined(separator: ", "))"
                    )
                }
            } catch  where (error as? Failure)?.kind == .malformed {
                if let failure = error as? Failure { failures.append(failure) }
            }
        }
        return ApplyReport(
            policies: bundle.policies, evaluations: evaluations, failures: failures,
            auditWarn: auditWarn)
    }

    private func resources() throws -> [ResourceManifest] {
        try resource.flatMap { path in
            if path == "-" {
                let content = try readStandardInput(
                    atMost: Limits.yamlBytes, named: "the manifests")
                return try ResourceManifest.list(parsing: content, named: "stdin")
            }
            return try yamlFiles(path).flatMap { file in
                try ResourceManifest.list(
                    parsing: try readFile(
                        at: file, atMost: Limits.yamlBytes, named: "the manifest"), named: file)
            }
        }
    }

    /// Labels of the resource's namespace, when exactly one Namespace of that name is among the
    /// manifests; two that differ would let the order of files decide, so nobody knows then.
    private func labels(of resource: ResourceManifest, among all: [ResourceManifest])
        -> [String: String]?
    {
        let name = resource.identity.namespace
        let found = all.filter {
            $0.identity.kind == "Namespace" && $0.identity.apiVersion == "v1"
                && $0.identity.name == name
        }
        guard let labels = found.first?.labels, found.allSatisfy({ $0.labels == labels }) else {
            return nil
        }
        return labels.merging(["kubernetes.io/metadata.name": name]) { _, real in real }
    }

    /// The file itself, or every .yaml, .yml and .json file below a folder, sorted.
    private func yamlFiles(_ path: String) throws -> [String] {
        guard let isFolder = LocalSource.isFolder(path) else {
            throw Failure(
                .notFound, "cannot open \(quoted(path))", because: "there is no such file or folder"
            )
        }
        guard isFolder else { return [path] }
        let names = try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
        let files = names.filter { name in
            [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
        }
        guard !files.isEmpty else {
            throw Failure(
                .usage, "cannot read \(quoted(path))",
                because: "there is no YAML or JSON file in it")
        }
        return files.map { path + "/" + $0 }
    }
}

/// `MIRROR=ORIGIN`: a repository prefix, and the one its content comes from.
struct MirrorArgument: ExpressibleByArgument, Sendable {
    let mirror: String
    let origin: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        (mirror, origin) = (parts[0].trimmingSlash, parts[1].trimmingSlash)
    }

    /// Where the repository's content comes from; nil when it is no mirror of this kind. A prefix
    /// ends at a slash or at the end: `ghcr.io/acme` is none of `ghcr.io/acme-evil/x`.
    func origin(of repository: Repository) throws(Failure) -> Repository? {
        let name = repository.description
        guard name == mirror || name.hasPrefix(mirror + "/") else { return nil }
        return try Repository(parsing: origin + name.dropFirst(mirror.count))
    }
}

extension String {
    fileprivate var trimmingSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
