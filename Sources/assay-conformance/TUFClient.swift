// SPDX-License-Identifier: Apache-2.0
// The protocol of tuf-conformance: init, refresh and download. Spec: tuf-conformance, CLIENT-CLI.md.

import Files
import Host
import Primitives
import TUF

/// One call of the suite: flags in any order, and one command among them.
struct TUFCommand {
    private enum Verb {
        case start(root: String)
        case refresh
        case download
    }

    private let verb: Verb
    private let options: [String: String]
    /// In the order in which they were given.
    private let targetNames: [String]

    /// Nil when the arguments are not of this protocol.
    init?(_ arguments: [String]) {
        var options: [String: String] = [:]
        var targets: [String] = []
        var words: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.utf8.hasPrefix("--") else {
                words.append(argument)
                continue
            }
            let parts = argument.utf8.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
                return nil
            }
            if name == "--target-name" { targets.append(value) } else { options[name] = value }
        }
        switch (words.first, words.count) {
        case ("init", 2): verb = .start(root: words[1])
        case ("refresh", 1): verb = .refresh
        case ("download", 1): verb = .download
        default: return nil
        }
        self.options = options
        targetNames = targets
    }

    /// 0 when it was done, 1 when any part of it was not.
    func run() async -> Int32 {
        do {
            try await attempt()
            return 0
        } catch let problem as MetadataProblem {
            return complain(problem.description)
        } catch {
            return complain("\(error)")
        }
    }

    private func attempt() async throws {
        let metadataDirectory = try option("--metadata-dir")
        switch verb {
        case .start(let path):
            let root = try readFile(at: path, atMost: Limits.rootMetadataBytes, named: "the root")
            let directory = try TrustDirectory(metadata: metadataDirectory, targets: nil)
            try await directory.whileLocked {
                try directory.keep(
                    try SignedMetadata<RootContent>(given: root).bytes, asMetadataOf: "root")
            }
        case .refresh:
            let directory = try TrustDirectory(metadata: metadataDirectory, targets: nil)
            try await updating(directory, targets: nil) { updater in try await updater.refresh() }
        case .download:
            let directory = try TrustDirectory(
                metadata: metadataDirectory, targets: try option("--target-dir"))
            let targets = try option("--target-base-url")
            try await updating(directory, targets: targets) { updater in
                try await updater.refresh()
                for name in targetNames { _ = try await updater.target(name) }
            }
        }
    }

    private func updating(
        _ directory: TrustDirectory, targets: String?,
        _ work: (inout TrustUpdater) async throws -> Void
    ) async throws {
        try await withTransport { transport in
            let repository = try TrustRepository(
                metadata: try option("--metadata-url"), targets: targets, transport: transport,
                userAgent: "assay-conformance")
            var updater = TrustUpdater(
                root: nil, from: .repository(repository, now: SystemClock().now()), cache: directory
            )
            try await directory.whileLocked { try await work(&updater) }
        }
    }

    private func option(_ name: String) throws(Failure) -> String {
        guard let value = options[name] else {
            throw Failure(.usage, "cannot start", because: "\(name) is missing")
        }
        return value
    }
}
