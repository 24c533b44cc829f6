// SPDX-License-Identifier: Apache-2.0
// Deleting evidence about an image: which manifests and tags, and how.

package import OCI
package import Primitives
package import Registry
package import Signing

/// The evidence that is meant, as cosign clean names it.
package enum EvidenceSelection: String, Sendable, CaseIterable {
    case signature, attestation, referrer, sbom, all

    fileprivate func includes(_ candidate: SignedEntity) -> Bool {
        let isTag = [.signatureTag, .attestationTag].contains(candidate.location)
        return switch self {
        case .all: true
        case .referrer: !isTag
        case .signature: candidate.location == .signatureTag || candidate.claimedType == .signature
        case .attestation:
            candidate.location == .attestationTag
                || (!isTag && candidate.claimedType != nil && candidate.claimedType != .signature)
        case .sbom: false
        }
    }
}

/// What can be deleted of the evidence about an image, and what cannot.
package struct DeletableEvidence: Sendable {
    /// Each once.
    package private(set) var items: [EvidenceHolder] = []
    /// Why other things that are listed as evidence are kept.
    package private(set) var kept: [Failure] = []
    /// Referrers that are listed and not there.
    package private(set) var gone: [Digest] = []

    /// Asks the repository that holds the evidence.
    package init(
        _ selection: EvidenceSelection, of evidence: Evidence, in repository: RegistryRepository
    ) async throws {
        var referrers: Set<Digest> = []
        for candidate in evidence.candidates where selection.includes(candidate) {
            switch candidate.location {
            case .signatureTag: add(.tag(Tag(for: evidence.subject, suffix: ".sig")))
            case .attestationTag: add(.tag(Tag(for: evidence.subject, suffix: ".att")))
            default:
                let digest = candidate.manifest
                guard referrers.insert(digest).inserted else { continue }
                switch try await repository.deletability(of: digest, about: evidence.subject) {
                case .deletable: add(.referrer(digest))
                case .gone: gone.append(digest)
                case .refused(let failure): kept.append(failure)
                }
            }
        }
        guard selection == .sbom || selection == .all else { return }
        let tag = Tag(for: evidence.subject, suffix: ".sbom")
        do {
            _ = try await repository.resolve(.tag(tag))
            add(.tag(tag))
        } catch let failure as Failure where failure.kind == .notFound {}
    }

    private mutating func add(_ item: EvidenceHolder) {
        if !items.contains(item) { items.append(item) }
    }
}

/// A manifest or tag that holds evidence.
package enum EvidenceHolder: Hashable, Sendable {
    case referrer(Digest)
    case tag(Tag)

    /// Deletes a referrer by its digest, and a tag alone. The manifest that a tag names may have
    /// other tags: it may be the image itself or another image, so it is never deleted in the tag's
    /// place. What is already gone is no failure.
    ///
    /// - Throws: `unsupported` where the registry does not delete tags.
    package func delete(in repository: RegistryRepository) async throws {
        do {
            switch self {
            case .referrer(let digest): try await repository.delete(digest)
            case .tag(let tag): try await delete(tag, in: repository)
            }
        } catch let failure as Failure where failure.kind == .notFound {}
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
