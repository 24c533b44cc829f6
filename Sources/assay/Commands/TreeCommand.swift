// SPDX-License-Identifier: Apache-2.0
// assay tree: all evidence a digest has, where it was found, and whether it verifies.

import ArgumentParser
import Keys
import OCI
import Primitives
import Registry
import Signing
import Workflows

struct TreeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tree",
        abstract: "Shows all evidence an image has, where it was found, and whether it verifies.",
        discussion: """
            Without --key or --certificate-identity nothing is verified, and the tree says so. The exit code is 0 whatever \
            the tree shows, and 2 when a place could not be read that may hold more; `assay verify` judges.
            """)

    @Argument(help: "The image.")
    var image: ImageLocation

    @OptionGroup var signer: SignerOptions

    @OptionGroup var access: RegistryAccessOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let judge = signer.isEmpty ? nil : try await signer.judge()
        let verifier = judge?.verifier
        let tree = try await Connections.using(access, for: image) { connections in
            let located = try await connections.source(image)
            return try await EvidenceTree.found(
                for: located.reference, in: CachingSource(located.place),
                verifier: verifier)
        }
        switch output.output {
        case .text: StandardOutput.print(tree.lines(image).joined(separator: "\n"))
        case .json: StandardOutput.print(tree.json(image))
        }
        if output.output == .text, let trust = judge?.trust {
            StandardError.say("trust: \(trust.source)")
        }
        guard tree.isComplete else {
            StandardError.say(
                "unknown: not all places could be read; there may be more evidence than is shown")
            return try ExitStatus.unknown.end()
        }
    }
}

extension EvidenceTree {
    func lines(_ image: ImageLocation) -> [String] {
        var lines: [String] = []
        for branch in branches {
            let platform = branch.platform.map { " (\($0))" } ?? ""
            lines.append(
                branch.isRoot
                    ? image.pinned(to: branch.subject.digest)
                    : "└─ \(branch.subject.digest)\(platform)")
            var leaves = branch.items.map {
                "\($0.what)  [\($0.location)]  \($0.digest)  \(mark($0))"
            }
            leaves += unread.filter { $0.subject == branch.subject.digest }.map(\.line)
            if leaves.isEmpty { leaves = ["no evidence"] }
            for (index, leaf) in leaves.enumerated() {
                lines.append("   \(index == leaves.count - 1 ? "└─" : "├─") \(leaf)")
            }
        }
        for missing in missingDescriptors {
            let why =
                missing.isGone ? "listed, and not there" : "cannot be read: \(missing.failure.why)"
            lines.append("└─ \(missing.descriptor.digest)  \(why)")
        }
        let shown = Set(branches.map(\.subject.digest))
        for item in unread where !shown.contains(item.subject) {
            lines.append("└─ \(item.line), about \(item.subject)")
        }
        return lines
    }

    private func mark(_ item: Item) -> String {
        switch item.verifies {
        case true: item.signer?.label.map { "verifies, by \($0)" } ?? "verifies"
        case false: "does not verify: \(item.why ?? "")"
        case nil: item.why ?? "not checked"
        }
    }

    func json(_ image: ImageLocation) -> JSONValue {
        [
            "image": .string(image.description), "subjects": .array(branches.map(json)),
            "missing": .array(missingDescriptors.map { .string($0.descriptor.digest.description) }),
            "unread": .array(unread.map(\.json)),
        ]
    }

    private func json(_ branch: Branch) -> JSONValue {
        var object: JSONObject = [
            "digest": .string(branch.subject.digest.description),
            "mediaType": .string(branch.subject.mediaType.description),
        ]
        if let platform = branch.platform { object["platform"] = .string(platform.description) }
        object["evidence"] = .array(branch.items.map(json))
        return .object(object)
    }

    private func json(_ item: Item) -> JSONValue {
        var object: JSONObject = [
            "what": .string(item.what), "carrier": .string(item.location),
            "digest": .string(item.digest.description),
        ]
        if let verifies = item.verifies { object["verifies"] = .bool(verifies) }
        if let signer = item.signer { object["signer"] = signer.json }
        if let why = item.why { object["why"] = .string(why) }
        return .object(object)
    }
}

extension VerifiedSigner {
    /// Who it is, where that says more than the key that was asked for.
    fileprivate var label: String? {
        switch self {
        case .key(let trusted): trusted.name == nil ? nil : shown
        case .certificate: shown
        }
    }
}
