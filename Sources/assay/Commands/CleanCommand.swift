// SPDX-License-Identifier: Apache-2.0
// assay clean: deletes the evidence of an image.

import ArgumentParser
import OCI
import Primitives
import Registry
import Signing
import Workflows

struct CleanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clean",
        abstract: "Deletes the evidence beside an image in a registry.",
        discussion: """
            signature and attestation mean bundles and cosign's older tags alike; referrer means \
            bundles only, sbom the .sbom tag. A bundle that could not be read is deleted only by \
            referrer or all. A manifest is deleted only if its subject is the image, and of cosign's \
            tags only the tag. Exit codes: 0 nothing of the kind is left, 2 something could not be \
            deleted.
            """)

    @Argument(help: "The image.")
    var image: ImageLocation

    @Option(help: "The kind of evidence to delete.")
    var type: EvidenceSelection = .all

    @Flag(
        name: [.customShort("f"), .long],
        help: "Delete without a question; needed without a terminal.")
    var force = false

    @OptionGroup(title: "Registry") var access: RegistryAccessOptions

    func run() async throws {
        try await Connections.using(access, for: image) { connections in
            guard let repository = try connections.evidenceRepository(image) else {
                throw Failure(
                    .unsupported, "cannot clean \(image)",
                    because: "nothing is deleted from a layout on disk",
                    next: "assay copy --without-evidence \(image) oci:NEW")
            }
            let name = repository.name
            let root = try await connections.imageSource(image).place.resolve(image.reference)
            let evidence = try await EvidenceCollector(source: repository)
                .everything(about: root.digest)
            let found = try await DeletableEvidence(type, of: evidence, in: repository)
            for digest in found.gone {
                StandardError.say("listed and not there: \(name)@\(digest)")
            }
            var kept = found.kept
            if found.items.isEmpty {
                StandardError.say("nothing to delete beside \(image.pinned(to: root.digest))")
            } else {
                for item in found.items { StandardError.say("to delete: \(item.shown(in: name))") }
                try confirm()
            }
            for item in found.items {
                do {
                    try await item.delete(in: repository)
                    StandardError.say("deleted \(item.shown(in: name))")
                } catch let failure as Failure where failure.kind == .unsupported {
                    kept.append(failure)
                }
            }
            if let last = kept.popLast() {
                for failure in kept { StandardError.say(failure.description) }
                throw last
            }
            if let obstacle = evidence.searches.lazy.compactMap(\.failure).first {
                throw obstacle.during("cannot tell whether all evidence of \(image) was found")
            }
        }
    }

    private func confirm() throws(Failure) {
        guard !force else { return }
        guard StandardError.canAsk else {
            throw Failure(
                .usage, "cannot ask whether to delete that", because: "stdin is not a terminal",
                next: "add --force to delete without the question")
        }
        StandardError.say("delete it? [y/N]")
        guard let answer = readLine(), ["y", "Y", "yes"].contains(where: { isSame($0, answer) })
        else {
            throw Failure(.denied, "deleted nothing", because: "the answer was not yes")
        }
    }
}

extension EvidenceSelection: ExpressibleByArgument {}

extension EvidenceHolder {
    fileprivate func shown(in name: Repository) -> String {
        switch self {
        case .referrer(let digest): "\(name)@\(digest)"
        case .tag(let tag): "\(name):\(tag)"
        }
    }
}
