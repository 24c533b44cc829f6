// SPDX-License-Identifier: Apache-2.0
// COSIGN_REPOSITORY: evidence in another repository than the image.
// Spec: cosign v3.1.2, pkg/oci/remote/options.go, GetEnvTargetRepository; referrers.go; write.go.

import Foundation
import OCI
import Primitives
import Synchronization

/// The repository that COSIGN_REPOSITORY names.
enum EvidenceRepository {
    private static let variable = "COSIGN_REPOSITORY"

    /// nil when the variable is not set, or is empty, as for cosign.
    static func named() throws(Failure) -> Repository? {
        guard let text = ProcessInfo.processInfo.environment[variable], !text.isEmpty else {
            return nil
        }
        do {
            return try Repository(parsing: text)
        } catch {
            throw Failure(
                .usage, "cannot use \(variable)", because: "\(error.what): \(error.why)",
                next: "set it to a repository such as registry.example/signatures, or unset it")
        }
    }

    /// Warns that a command does not read the variable although it is set.
    static func warnIgnored(_ why: String) {
        guard let text = ProcessInfo.processInfo.environment[variable], !text.isEmpty else {
            return
        }
        Talk.warn("\(variable) is not used here: \(why)")
    }

    /// Says where evidence is.
    static func say(_ what: String, _ repository: Repository) {
        Talk.say("\(what) \(repository), as \(variable) says")
    }
}

extension ImageLocation {
    /// Where evidence about the image is stored, as it is typed: beside the image, or in the
    /// repository that COSIGN_REPOSITORY names.
    func evidencePlace() throws -> String {
        guard case .registry = place, let evidence = try EvidenceRepository.named() else {
            return repositoryText
        }
        return evidence.description
    }
}

/// Why `policy apply` and `verify --policy` do not read the variable.
let besideImages = "policies ask for evidence beside each image, as Kyverno does"

/// Why `push` and `load` do not write to it.
let besideCopies = "the evidence of the layout is stored beside the image"

/// An image in one repository and its evidence in another.
///
/// Referrers of the image's digest and cosign's evidence tags are asked for in the evidence
/// repository, and everything that is written goes there. Other reads go to the image's repository.
final class SeparateEvidence: ArtifactDestination {
    private let images: any ArtifactSource
    private let evidence: any ArtifactDestination
    /// The digests of manifests and blobs that the evidence repository has named.
    private let found = Mutex<Set<Digest>>([])

    init(of images: any ArtifactSource, in evidence: any ArtifactDestination) {
        self.images = images
        self.evidence = evidence
    }

    var sourceName: String { images.sourceName }

    func manifest(_ reference: ManifestReference) async throws -> Manifest {
        guard isEvidence(reference) else { return try await images.manifest(reference) }
        let manifest = try await evidence.manifest(reference)
        note([manifest.digest] + (manifest.blobs + manifest.children).map(\.digest))
        return manifest
    }

    func resolve(_ reference: ManifestReference) async throws -> Descriptor {
        guard isEvidence(reference) else { return try await images.resolve(reference) }
        let descriptor = try await evidence.resolve(reference)
        note([descriptor.digest])
        return descriptor
    }

    func hasManifest(_ reference: ManifestReference) async throws -> Bool {
        isEvidence(reference)
            ? try await evidence.hasManifest(reference) : try await images.hasManifest(reference)
    }

    func referrers(of subject: Digest) async throws -> ReferrersAnswer {
        let answer = try await evidence.referrers(of: subject)
        note(answer.descriptors.map(\.digest))
        return answer
    }

    func tags() async throws -> [Tag] { try await images.tags() }

    func unverifiedStream(of descriptor: Descriptor) async throws -> ByteStream {
        let isEvidence = found.withLock { $0.contains(descriptor.digest) }
        return isEvidence
            ? try await evidence.unverifiedStream(of: descriptor)
            : try await images.unverifiedStream(of: descriptor)
    }

    func has(_ blob: Descriptor) async throws -> Bool { try await evidence.has(blob) }

    func push(
        _ blob: Descriptor, content: ByteStream, mountingFrom neighbour: Repository?
    ) async throws {
        try await evidence.push(blob, content: content, mountingFrom: neighbour)
        note([blob.digest])
    }

    func push(_ manifest: Manifest, tag: Tag?) async throws {
        try await evidence.push(manifest, tag: tag)
        note([manifest.digest])
    }

    private func isEvidence(_ reference: ManifestReference) -> Bool {
        switch reference {
        case .digest(let digest): found.withLock { $0.contains(digest) }
        case .tag(let tag): isCosignTag(tag)
        }
    }

    private func note(_ digests: [Digest]) { found.withLock { $0.formUnion(digests) } }
}

/// `sha256-<hex>.sig`, `.att` or `.sbom`.
private func isCosignTag(_ tag: Tag) -> Bool {
    let bytes = Array(tag.description.utf8)
    for prefix in ["sha256-", "sha512-"] where bytes.starts(with: prefix.utf8) {
        let hex = bytes.dropFirst(prefix.utf8.count).prefix(hexDigits)
        let suffix = bytes.dropFirst(prefix.utf8.count + hexDigits)
        return hex.count == hexDigits && hex.allSatisfy(isLowerHex)
            && [".sig", ".att", ".sbom"].contains { suffix.elementsEqual($0.utf8) }
    }
    return false
}

/// Hex digits of a digest in a tag. Spec: distribution-spec 1.1, "Referrers Tag Schema".
private let hexDigits = 64
