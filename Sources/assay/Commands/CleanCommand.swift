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
            let root = try await connections.imageSource(image).place.resolve(image.reference)
            let evidence = try await EvidenceCollector(source: repository)
                .everything(about: root.digest)
            var (doomed, kept) = try await items(evidence, in: repository)
            if doomed.isEmpty {
                Talk.say("nothing to delete beside \(image.pinned(to: root.digest))")
            } else {
                for item in doomed { Talk.say("to delete: \(item.shown(in: name))") }
                try confirm()
            }
            for item in doomed {
                do {
                    try await item.delete(in: repository)
                    Talk.say("deleted \(item.shown(in: name))")
                } catch let failure as Failure where failure.kind == .unsupported {
                    kept.append(failure)
                }
            }
            if let last = kept.popLast() {
                for failure in kept { Talk.say(failure.description) }
                throw last
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

    /// What is to be deleted, and why other things that are listed as evidence are not.
    private func items(
        _ evidence: Evidence, in repository: RegistryRepository
    ) async throws -> ([DoomedEvidence], kept: [Failure]) {
        var found: [DoomedEvidence] = []
        var kept: [Failure] = []
        var referrers: Set<Digest> = []
        for candidate in evidence.candidates where isMeant(candidate) {
            switch candidate.carrier {
            case .signatureTag: found.append(.tag(Tag(for: evidence.subject, suffix: ".sig")))
            case .attestationTag: found.append(.tag(Tag(for: evidence.subject, suffix: ".att")))
            default:
                let digest = candidate.manifest
                guard referrers.insert(digest).inserted else { continue }
                switch try await repository.deletability(of: digest, about: evidence.subject) {
                case .deletable: found.append(.referrer(digest))
                case .gone: Talk.say("listed and not there: \(repository.name)@\(digest)")
                case .refused(let failure): kept.append(failure)
                }
            }
        }
        if type == .sbom || type == .all {
            let tag = Tag(for: evidence.subject, suffix: ".sbom")
            do {
                _ = try await repository.resolve(.tag(tag))
                found.append(.tag(tag))
            } catch let failure as Failure where failure.kind == .notFound {}
        }
        var items: [DoomedEvidence] = []
        for item in found where !items.contains(item) { items.append(item) }
        return (items, kept)
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

/// A manifest or tag to delete.
private enum DoomedEvidence: Equatable, Sendable {
    case referrer(Digest)
    case tag(Tag)

    func shown(in name: Repository) -> String {
        switch self {
        case .referrer(let digest): "\(name)@\(digest)"
        case .tag(let tag): "\(name):\(tag)"
        }
    }

    /// Deletes a referrer by its digest, and a tag alone. The manifest that a tag names may have
    /// other tags: it may be the image itself or another image, so it is never deleted in the tag's
    /// place.
    ///
    /// - Throws: `unsupported` where the registry does not delete tags.
    func delete(in repository: RegistryRepository) async throws {
        do {
            switch self {
            case .referrer(let digest): try await repository.delete(digest)
            case .tag(let tag): try await delete(tag, in: repository)
            }
        } catch let failure as Failure where failure.kind == .notFound {
            // It is already gone.
        }
    }

    private func delete(_ tag: Tag, in repository: RegistryRepository) async throws {
        do {
            try await repository.delete(tag)
        } catch let failure as Failure where failure.kind == .unsupported {
            throw Failure(
                .unsupported, failure.what, at: failure.place,
                because: "the registry does not delete tags; the manifest under the tag is not "
                    + "deleted in its place, because other tags may name it",
                next: "delete the tag with the registry's own tool or web page")
        }
    }
}
