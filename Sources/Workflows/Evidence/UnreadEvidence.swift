// SPDX-License-Identifier: Apache-2.0
// Places that may hold evidence and could not be read.

internal import OCI
package import Primitives
internal import Registry
internal import Signing

/// A list, a tag or a referrer that could not be read.
package struct UnreadEvidence: Hashable, Sendable {
    /// The place, or "referrer".
    package let what: String
    /// The referrer; nil for a list or tag.
    package let digest: Digest?
    package let subject: Digest
    package let failure: Failure

    /// nil for a search that was answered.
    init?(_ search: EvidenceSearch, about subject: Digest) {
        guard let failure = search.failure else { return nil }
        what = search.item == nil ? search.location.rawValue : "referrer"
        digest = search.item
        self.subject = subject
        self.failure = failure
    }

    init(_ gap: ArtifactGraph.MissingDescriptor) {
        what = "referrer"
        digest = gap.descriptor.digest
        subject = gap.role.subject ?? gap.descriptor.digest
        failure = gap.failure
    }

    /// nil for a place that the evidence search of a displayed subject has already reported.
    init?(_ place: ArtifactGraph.UnreadPlace, shown: Set<Digest>) {
        switch place.kind {
        case .referrers(let discovery):
            guard !shown.contains(place.subject) else { return nil }
            what = discovery.shown
        case .tag(_, let suffix):
            guard suffix == ".sbom" || !shown.contains(place.subject) else { return nil }
            what = "\(suffix) tag"
        }
        digest = nil
        subject = place.subject
        failure = place.failure
    }
}
