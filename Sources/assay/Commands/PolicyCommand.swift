// SPDX-License-Identifier: Apache-2.0
// assay policy apply: Kyverno policies on manifests, without a cluster.

import ArgumentParser
import Foundation
import Host
import OCI
import Policy
import Primitives
import Signing
import Workflows

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Kyverno policies, judged without a cluster.",
        subcommands: [PolicyApplyCommand.self, ExpressionCommand.self])
}

struct PolicyApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Judges the images of manifests by ClusterPolicies with verifyImages.",
        discussion: """
            Prints Kyverno's lines and, for every image, result, reason, found, expected and \
            remediation. Exit codes are Kyverno's: 0, or 1 when a rule failed or could not be decided. A \
            field or rule type that is not supported is an error with file and line. Namespaces among \
            the manifests give namespaceSelectors their labels. Manifests are read as kubectl reads \
            them. Deployers, and other resources that name images, are listed as not evaluated; a file in a \
            folder that is not a Kubernetes object is named, and one that cannot be read is an error.
            """)

    @Argument(help: "Policy files or folders, or - for stdin.")
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

    @Flag(help: "End with 1 when no rule matches an image, or a resource was not evaluated.")
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

    @OptionGroup var trust: TrustOptions
    @OptionGroup var access: RegistryAccessOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let paths = policies + keyMaterial + resource
        guard paths.count(where: { isSame($0, "-") }) <= 1 else {
            throw Failure(
                .usage, "cannot judge",
                because: "- was given more than once, and stdin can be read only once")
        }
        EvidenceRepository.warnIgnored(besideImages)
        let bundle = try PolicyFiles.bundle(policies, beside: keyMaterial)
        let manifests = try ManifestDirectories(reading: resource)
        let root = try await PolicyFiles.trust(trust)?.root
        let memory = try tagMemory.map { try TagMemory(at: $0) }
        let report = try await ProgressIndicator.whileWorking("looking at images") {
            try await Connections.using(access, for: nil, limiting: .each) { connections in
                let run = PolicyRun(
                    policies: bundle.policies, trust: root,
                    facts: FactLoader(
                        provider: connections, keys: bundle.keys, history: memory?.history,
                        mirrors: mirror.map(\.rule)),
                    now: SystemClock().now())
                let (evaluations, failures) = try await run.results(for: manifests.resources)
                return ApplyReport(
                    policies: bundle.policies, evaluations: evaluations,
                    failures: manifests.failures + failures, unevaluated: manifests.unevaluated,
                    others: manifests.others, auditWarn: auditWarn)
            }
        }
        switch output.output {
        case .text: StandardOutput.print(report.text)
        case .json: StandardOutput.print(report.json)
        }
        try memory?.remember(report.evaluations.flatMap(\.decisions), at: SystemClock().now())
        warn(about: report)
        let refused = report.exitCode != 0 || (denyUnmatched && report.holdsUnjudgedImages)
        try (refused ? ExitStatus.no : .yes).end()
    }

    private func warn(about report: ApplyReport) {
        let images = report.evaluations.flatMap(\.images)
        let unmatched = images.count { $0.result == .unmatched }
        if unmatched > 0 {
            StandardError.warn(
                "no rule matches " + (unmatched == 1 ? "1 image" : "\(unmatched) images")
                    + "; nothing was verified")
        }
        let unevaluated = report.unevaluated.count
        if unevaluated > 0 {
            StandardError.warn(
                (unevaluated == 1 ? "1 resource was" : "\(unevaluated) resources were")
                    + " not evaluated")
        }
        if !report.others.isEmpty {
            StandardError.warn(
                (report.others.count == 1
                    ? "1 document is not a Kubernetes object"
                    : "\(report.others.count) documents are not Kubernetes objects"))
        }
        if images.isEmpty, report.failures.isEmpty, unevaluated == 0 {
            StandardError.warn("nothing was judged: the manifests name no image")
        }
    }
}

/// `MIRROR=ORIGIN`: a repository prefix, and the one its content comes from.
struct MirrorArgument: ExpressibleByArgument, Sendable {
    let rule: MirrorRule

    init?(argument: String) {
        let parts = argument.utf8.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        rule = MirrorRule(mirror: parts[0].trimmingSlash, origin: parts[1].trimmingSlash)
    }
}

extension String {
    fileprivate var trimmingSlash: String { utf8.removingSuffix("/").map(String.init) ?? self }
}
