// SPDX-License-Identifier: Apache-2.0
// assay clean: deletes the evidence of an image.

import ArgumentParser
import OCI
import Primitives
import Registry
import Signing

struct CleanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clean",
        abstract: "Deletes the evidence beside an image in a registry.",
        discussion: """
            signature and attestation mean bundles and cosign's older tags alike; referrer means \
            bundles only, sbom the .sbom tag. A referrer that could not be read is deleted only by \
            referrer or all. Exit codes: 0 nothing of the kind is left, 2 something could not be deleted.
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case signature, attestation, referrer, sbom, all
    }

    @Argument(help: "The image.")
    var image: ImageLocation

    @Option(help: "The kind of evidence to delete.")
    var type: Kind = .all

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
            let root = try await connections.imageSource(image).resolve(image.reference)
            let evidence = try await EvidenceCollector(source: repository)
                .everything(about: root.digest)
            let doomed = try await items(evidence, in: repository)
            if doomed.isEmpty {
                Talk.say("nothing to delete beside \(image.pinned(to: root.digest))")
            } else {
                for item in doomed { Talk.say("to delete: \(item.shown(in: name))") }
                try confirm()
            }
            for item in doomed {
                try await item.delete(in: repository)
                Talk.say("deleted \(item.shown(in: name))")
            }
            if let obstacle = evidence.searches.lazy.compactMap(\.failure).first {
                throw obstacle.during("cannot tell whether all evidence of \(image) was found")
            }
        }
    }

    private func confirm() throws(Failure) {
        guard !force else { return }
        guard Talk.canAsk else {
            throw Failure(
                .usage, "cannot ask whether to delete that", because: "stdin is not a terminal",
                next: "add --force to delete without the question")
        }
        Talk.say("delete it? [y/N]")
        guard let answer = readLine(), ["y", "Y", "yes"].contains(where: { isSame($0, answer) })
        else {
            throw Failure(.denied, "deleted nothing", because: "the answer was not yes")
        }
    }

    private func items(
        _ evidence: Evidence, in repository: RegistryRepository
    ) async throws -> [DoomedEvidence] {
        var found: [DoomedEvidence] = []
        for candidate in evidence.candidates where isMeant(candidate) {
            let item: DoomedEvidence =
                switch candidate.carrier {
                case .signatureTag:
                    .tag(Tag(for: evidence.subject, suffix: ".sig"), candidate.manifest)
                case .attestationTag:
                    .tag(Tag(for: evidence.subject, suffix: ".att"), candidate.manifest)
                default: .referrer(candidate.manifest)
                }
            if !found.contains(item) { found.append(item) }
        }
        if type == .sbom || type == .all {
            let tag = Tag(for: evidence.subject, suffix: ".sbom")
            do {
                found.append(.tag(tag, try await repository.resolve(.tag(tag)).digest))
            } catch let failure as Failure where failure.kind == .notFound {}
        }
        return found
    }

    private func isMeant(_ candidate: EvidenceCandidate) -> Bool {
        let isTag = [.signatureTag, .attestationTag].contains(candidate.carrier)
        return switch type {
        case .all: true
        case .referrer: !isTag
        case .signature: candidate.carrier == .signatureTag || candidate.claimedType == .signature
        case .attestation:
            candidate.carrier == .attestationTag
                || (!isTag && candidate.claimedType != nil && candidate.claimedType != .signature)
        case .sbom: false
        }
    }
}

/// A manifest to delete.
private enum DoomedEvidence: Equatable, Sendable {
    case referrer(Digest)
    /// A tag and the manifest it names.
    case tag(Tag, Digest)

    func shown(in name: Repository) -> String {
        switch self {
        case .referrer(let digest): "\(name)@\(digest)"
        case .tag(let tag, _): "\(name):\(tag)"
        }
    }

    /// Many registries cannot delete a tag alone; then the manifest, which holds only evidence, is
    /// deleted.
    func delete(in repository: RegistryRepository) async throws {
        do {
            switch self {
            case .referrer(let digest): try await repository.delete(digest)
            case .tag(let tag, let digest):
                do {
                    try await repository.delete(tag)
                } catch let failure as Failure where failure.kind == .unsupported {
                    try await repository.delete(digest)
                }
            }
        } catch let failure as Failure where failure.kind == .notFound {
            // It is already gone.
        }
    }
}
