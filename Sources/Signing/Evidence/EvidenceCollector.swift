// SPDX-License-Identifier: Apache-2.0
// Finding evidence beside an image: referrers first, cosign's older tags after.
// Spec: cosign BUNDLE_SPEC.md and SIGNATURE_SPEC.md; distribution-spec 1.1, "Listing Referrers".

package import OCI
package import Primitives

/// Looks for evidence in one repository. "Nothing there" and "could not look" are different
/// results: a search that found 0 items, and a search that is closed. After a closed search the
/// other places are still searched, because one of them may hold the proof.
package struct EvidenceCollector: Sendable {
    /// What is looked for; a narrower query costs fewer requests.
    package enum Wish: Hashable, Sendable {
        case everything
        /// Signatures, or attestations of one type. Referrers whose annotation names another
        /// type are left for later: the annotation is a hint, so they are read when the wish is
        /// not met without them.
        case only(PredicateType)
    }

    private let source: any ArtifactSource

    package init(source: any ArtifactSource) { self.source = source }

    /// Reads everything every carrier holds.
    package func everything(about subject: Digest) async throws -> Evidence {
        try await collect(.everything, about: subject) { _ in false }
    }

    /// Reads stage by stage until `satisfied`: referrers that hint at the wish, the other
    /// referrers, the `.sig` or `.att` tag, then referrers that the list calls something else than
    /// evidence, because the list may be wrong. What could not be read is in the `searches` of the
    /// evidence, and so is a limit that was reached (`Limits.candidatesPerDigest`,
    /// `Limits.evidenceBytesPerDigest`).
    ///
    /// - Parameter satisfied: called after a stage that found something and is not the last.
    /// - Throws: only errors other than `Failure`, such as cancellation.
    package func collect(
        _ wish: Wish, about subject: Digest, until satisfied: @Sendable (Evidence) -> Bool
    ) async throws -> Evidence {
        var reading = EvidenceReading(source: source, subject: subject)
        let (carrier, referrers, unlikely) = try await reading.referrers()
        let hinted = referrers.filter { hint($0, fits: wish) }
        let others = referrers.filter { !hint($0, fits: wish) }
        for stage in [hinted, others] where !stage.isEmpty {
            try await reading.read(stage, found: carrier)
            if satisfied(reading.evidence) { return reading.evidence }
        }
        let tags = legacyCarriers(wish)
        for carrier in tags {
            let known = reading.evidence.candidates.count
            try await reading.readTag(carrier)
            let isNew = reading.evidence.candidates.count > known
            let isLast = carrier == tags.last && unlikely.isEmpty
            if isNew, !isLast, satisfied(reading.evidence) { return reading.evidence }
        }
        try await reading.read(unlikely, found: carrier, saysOtherwise: true)
        return reading.evidence
    }
}

private func hint(_ referrer: Descriptor, fits wish: EvidenceCollector.Wish) -> Bool {
    guard case .only(let type) = wish, let hint = referrer.annotations[predicateTypeAnnotation]
    else {
        return true
    }
    return hint == type.description
}

private func legacyCarriers(_ wish: EvidenceCollector.Wish) -> [EvidenceCarrier] {
    switch wish {
    case .everything: [.signatureTag, .attestationTag]
    case .only(.signature): [.signatureTag]
    case .only: [.attestationTag]
    }
}

/// Spec: cosign BUNDLE_SPEC.md, annotations of a bundle's manifest.
let predicateTypeAnnotation = "dev.sigstore.bundle.predicateType"
