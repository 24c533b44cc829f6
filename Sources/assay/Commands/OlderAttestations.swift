// SPDX-License-Identifier: Apache-2.0
// attest --replace: older attestations of the same type, wherever they are kept.
// Spec: cosign v3, cmd/cosign/cli/attest.go (--replace), pkg/cosign/remote.go (ReplaceOp).

import Host
import OCI
import Primitives
import Registry
import Signing

/// The attestations that a new one replaces: those of the same type about the same image, of every
/// signer, as bundles, as envelopes in referrers, and under cosign's `.att` tag.
struct OlderAttestations: Sendable {
    /// What the new attestation says.
    let claim: Claim
    /// The manifest or layer that holds the new attestation.
    let kept: Digest?
    let repository: RegistryRepository

    /// Deletes them, and says what was deleted and what remains.
    ///
    /// - Throws: also if some may have been missed.
    func delete() async throws {
        let evidence = try await EvidenceCollector(source: repository).collect(
            .only(claim.predicateType), about: subject
        ) { _ in false }
        let isOlder: (EvidenceCandidate) -> Bool = {
            $0.claimedType == claim.predicateType && $0.manifest != kept && $0.digest != kept
        }
        let (tagged, referrers) = split(evidence.candidates)
        for (manifest, candidates) in referrers where candidates.contains(where: isOlder) {
            // A referrer may hold statements of several types.
            guard candidates.allSatisfy(isOlder) else {
                Talk.warn("\(name(manifest)) remains: it holds other evidence too")
                continue
            }
            try await deleteReferrer(manifest)
        }
        try await deleteLayers(Set(tagged.filter(isOlder).map(\.digest)))
        let unreadable = evidence.candidates.count {
            if case .unreadable = $0.form { true } else { false }
        }
        if unreadable > 0 {
            Talk.warn("items that could not be read remain: \(unreadable)")
        }
        if let obstacle = evidence.obstacle(to: claim.predicateType) {
            throw obstacle.during("cannot tell whether all older attestations were found")
        }
    }

    private var subject: Digest { claim.subject.digest }

    private func name(_ manifest: Digest) -> String { "\(repository.name)@\(manifest)" }

    /// What is under the `.att` tag, and the rest by its manifest.
    private func split(
        _ candidates: [EvidenceCandidate]
    ) -> (tagged: [EvidenceCandidate], referrers: [Digest: [EvidenceCandidate]]) {
        let tags: [EvidenceCarrier] = [.signatureTag, .attestationTag]
        return (
            candidates.filter { $0.carrier == .attestationTag },
            Dictionary(
                grouping: candidates.filter { !tags.contains($0.carrier) }, by: \.manifest)
        )
    }

    private func deleteReferrer(_ manifest: Digest) async throws {
        switch try await repository.deletability(of: manifest, about: subject) {
        case .deletable:
            try await repository.delete(manifest)
            Talk.say("deleted \(name(manifest))")
        case .gone: break
        case .refused(let failure): Talk.warn("\(failure.what): \(failure.why)")
        }
    }

    private func deleteLayers(_ layers: Set<Digest>) async throws {
        guard !layers.isEmpty else { return }
        let tag = Tag(for: subject, suffix: ".att")
        let shelf = LegacyShelf(destination: repository) {
            try await SystemPause().wait(milliseconds: tagSettlingTime)
        }
        do {
            if try await !shelf.remove(attestations: layers, about: subject) {
                try await repository.delete(tag)
            }
            Talk.say("deleted from \(repository.name):\(tag): attestations: \(layers.count)")
        } catch let failure as Failure where failure.kind == .unsupported {
            Talk.warn(
                "\(repository.name):\(tag) remains, with older attestations: the registry does not "
                    + "delete tags")
        }
    }
}
