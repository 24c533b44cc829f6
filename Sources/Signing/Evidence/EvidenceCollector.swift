// SPDX-License-Identifier: Apache-2.0
// Collects evidence beside an image: referrers first, then cosign's legacy tags.
// Spec: cosign BUNDLE_SPEC.md and SIGNATURE_SPEC.md; distribution-spec 1.1, "Listing Referrers".

package import OCI
package import Primitives

/// Collects the evidence about a digest in one repository.
///
/// An empty location is a search that found 0 items; a location that could not be read is a closed
/// search. After a closed search the other locations are searched too, because one of them can have
/// evidence that verifies.
package struct EvidenceCollector: Sendable {
    /// The wanted evidence. A narrower query needs fewer requests.
    package enum Query: Hashable, Sendable {
        /// All evidence.
        case everything
        /// Signatures, or attestations of one type. Referrers whose annotation names another
        /// type are read last, because the annotation is only a hint.
        case only(PredicateType)
    }

    private let source: any ArtifactSource

    /// Creates a collector of a repository.
    package init(source: any ArtifactSource) { self.source = source }

    /// Reads all evidence of all locations.
    package func everything(about subject: Digest) async throws -> Evidence {
        try await collect(.everything, about: subject) { _ in false }
    }

    /// Reads evidence in stages until `satisfied` returns true: referrers whose annotation matches,
    /// the other referrers, the `.sig` or `.att` tag, and referrers that are not evidence by their
    /// listed type, because the list can be wrong. Locations and items that could not be read, and
    /// reached limits (`Limits.candidatesPerDigest`, `Limits.evidenceBytesPerDigest`), are in
    /// `searches`.
    ///
    /// - Parameter satisfied: called after each stage that found something, except the last.
    /// - Throws: only errors other than `Failure`, such as cancellation.
    package func collect(
        _ query: Query, about subject: Digest, until satisfied: @Sendable (Evidence) -> Bool
    ) async throws -> Evidence {
        var reading = EvidenceReading(source: source, subject: subject)
        let (location, referrers, unlikely) = try await reading.referrers()
        let hinted = referrers.filter { hint($0, fits: query) }
        let others = referrers.filter { !hint($0, fits: query) }
        for stage in [hinted, others] where !stage.isEmpty {
            try await reading.read(stage, found: location)
            if satisfied(reading.evidence) { return reading.evidence }
        }
        let tags = legacyLocations(query)
        for location in tags {
            let known = reading.evidence.candidates.count
            try await reading.readTag(location)
            let isNew = reading.evidence.candidates.count > known
            let isLast = location == tags.last && unlikely.isEmpty
            if isNew, !isLast, satisfied(reading.evidence) { return reading.evidence }
        }
        try await reading.read(unlikely, found: location, saysOtherwise: true)
        return reading.evidence
    }
}

private func hint(_ referrer: Descriptor, fits query: EvidenceCollector.Query) -> Bool {
    guard case .only(let type) = query, let hint = referrer.annotations[predicateTypeAnnotation]
    else {
        return true
    }
    return hint == type.description
}

private func legacyLocations(_ query: EvidenceCollector.Query) -> [EvidenceLocation] {
    switch query {
    case .everything: [.signatureTag, .attestationTag]
    case .only(.signature): [.signatureTag]
    case .only: [.attestationTag]
    }
}

/// Spec: cosign BUNDLE_SPEC.md, annotations of a bundle's manifest.
let predicateTypeAnnotation = "dev.sigstore.bundle.predicateType"
