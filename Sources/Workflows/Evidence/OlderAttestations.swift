// SPDX-License-Identifier: Apache-2.0
// attest --replace: older attestations of the same type, wherever they are kept.
// Spec: cosign v3, cmd/cosign/cli/attest.go (--replace), pkg/cosign/remote.go (ReplaceOp).

internal import OCI
package import Primitives
package import Registry
package import Signing

/// The attestations that a new one replaces: those of the same type about the same image, of every
/// signer, as bundles, as envelopes in referrers, and under cosign's `.att` tag.
package struct OlderAttestations: Sendable {
    /// What the new attestation says.
    private let claim: UnsignedStatement
    /// The manifest or layer that holds the new attestation.
    private let kept: Digest?
    private let repository: RegistryRepository
    private let settle: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - kept: the manifest or layer that holds the new attestation; nil when none was stored.
    ///   - settle: waits longer than another writer needs between reading an old tag and writing it.
    package init(
        replacedBy claim: UnsignedStatement, kept: Digest?, in repository: RegistryRepository,
        settle: @escaping @Sendable () async throws -> Void
    ) {
        self.claim = claim
        self.kept = kept
        self.repository = repository
        self.settle = settle
    }

    /// Deletes them.
    ///
    /// - Parameter report: told what was deleted and what remains, as it happens.
    /// - Throws: also if some may have been missed.
    package func delete(reporting report: (EvidenceDeletion) -> Void) async throws {
        let evidence = try await EvidenceCollector(source: repository).collect(
            .only(claim.predicateType), about: subject
        ) { _ in false }
        let isOlder: (SignedEntity) -> Bool = {
            $0.claimedType == claim.predicateType && $0.manifest != kept && $0.digest != kept
        }
        let (tagged, referrers) = split(evidence.candidates)
        for (manifest, candidates) in referrers where candidates.contains(where: isOlder) {
            // A referrer may hold statements of several types.
            guard candidates.allSatisfy(isOlder) else {
                report(.remains("\(name(manifest)) remains: it holds other evidence too"))
                continue
            }
            try await deleteReferrer(manifest, report)
        }
        try await deleteLayers(Set(tagged.filter(isOlder).map(\.digest)), report)
        let unreadable = evidence.candidates.count {
            if case .unreadable = $0.form { true } else { false }
        }
        if unreadable > 0 {
            report(.remains("items that could not be read remain: \(unreadable)"))
        }
        if let obstacle = evidence.obstacle(to: claim.predicateType) {
            throw obstacle.during("cannot tell whether all older attestations were found")
        }
    }

    private var subject: Digest { claim.subject.digest }

    private func name(_ manifest: Digest) -> String { "\(repository.name)@\(manifest)" }

    /// What is under the `.att` tag, and the rest by its manifest.
    private func split(
        _ candidates: [SignedEntity]
    ) -> (tagged: [SignedEntity], referrers: [Digest: [SignedEntity]]) {
        let tags: [EvidenceLocation] = [.signatureTag, .attestationTag]
        return (
            candidates.filter { $0.location == .attestationTag },
            Dictionary(
                grouping: candidates.filter { !tags.contains($0.location) }, by: \.manifest)
        )
    }

    private func deleteReferrer(
        _ manifest: Digest, _ report: (EvidenceDeletion) -> Void
    ) async throws {
        switch try await repository.deletability(of: manifest, about: subject) {
        case .deletable:
            try await repository.delete(manifest)
            report(.deleted("deleted \(name(manifest))"))
        case .gone: break
        case .refused(let failure): report(.remains("\(failure.what): \(failure.why)"))
        }
    }

    private func deleteLayers(
        _ layers: Set<Digest>, _ report: (EvidenceDeletion) -> Void
    ) async throws {
        guard !layers.isEmpty else { return }
        let tag = Tag(for: subject, suffix: ".att")
        let legacyStore = LegacyStore(destination: repository, settle: settle)
        do {
            var count = try await legacyStore.remove(attestations: layers, about: subject)
            if count == nil {
                try await repository.delete(tag)
                count = layers.count
            }
            guard let count, count > 0 else { return }
            report(.deleted("deleted from \(repository.name):\(tag): attestations: \(count)"))
        } catch let failure as Failure where failure.kind == .unsupported {
            report(
                .remains(
                    "\(repository.name):\(tag) remains, with older attestations: the registry does "
                        + "not delete tags"))
        }
    }
}

/// What became of one piece of older evidence, in a sentence.
package enum EvidenceDeletion: Hashable, Sendable {
    case deleted(String)
    case remains(String)
}
