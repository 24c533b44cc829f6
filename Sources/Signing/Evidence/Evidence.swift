// SPDX-License-Identifier: Apache-2.0
// Unverified evidence about a digest.

package import OCI
package import Primitives

/// The unverified evidence about one digest, and the searched locations.
package struct Evidence: Sendable {
    /// The digest that the evidence claims to be about.
    package let subject: Digest
    /// The evidence that was found.
    package var candidates: [SignedEntity]
    /// The searched locations, with their results.
    package var searches: [EvidenceSearch]
    /// Entries of lists that could not be read: each may name a statement that fails a condition.
    package var unreadEntries: [Failure] = []

    package init(
        subject: Digest, candidates: [SignedEntity] = [], searches: [EvidenceSearch] = []
    ) {
        self.subject = subject
        self.candidates = candidates
        self.searches = searches
    }
}

/// One searched location, or one of its items that could not be read.
package struct EvidenceSearch: Hashable, Sendable {
    /// The outcome of a search.
    package enum Outcome: Hashable, Sendable {
        /// The number of items in the location; 0 means that it has none.
        case found(Int)
        /// There was no response, or access was denied: the content is unknown.
        case closed(Failure)
    }

    package let location: EvidenceLocation
    /// The referrer that could not be read; nil for a whole list or tag.
    package let item: Digest?
    package let outcome: Outcome

    package init(location: EvidenceLocation, found: Int) {
        self.location = location
        item = nil
        outcome = .found(found)
    }

    package init(location: EvidenceLocation, item: Digest? = nil, closed failure: Failure) {
        self.location = location
        self.item = item
        outcome = .closed(failure)
    }

    /// The number of items that were found.
    package var found: Int { if case .found(let count) = outcome { count } else { 0 } }

    /// Why the content of the location is unknown; nil if it was read.
    package var failure: Failure? {
        if case .closed(let failure) = outcome { failure } else { nil }
    }
}

extension Evidence {
    /// Whether all searched locations were read.
    package var isComplete: Bool { searches.allSatisfy { $0.failure == nil } }

    /// Why evidence of a type may be missing: the first closed search of a location that can hold
    /// it; nil if all such locations were read.
    ///
    /// With a closed search, a failed verification becomes "could not look". A successful one
    /// stays: one verified signature suffices. If all statements must meet conditions, a successful
    /// verification becomes "could not look" too.
    package func obstacle(to type: PredicateType) -> Failure? {
        searches.lazy.filter { $0.location.mayHold(type) }.compactMap(\.failure).first
    }
}

/// The locations of evidence beside an image.
package enum EvidenceLocation: String, Hashable, Sendable, CaseIterable {
    case referrersAPI = "referrers API"
    case referrersTag = "referrers tag"
    case layout = "image layout"
    case signatureTag = ".sig tag"
    case attestationTag = ".att tag"

    /// Whether the location can hold evidence of a type.
    fileprivate func mayHold(_ type: PredicateType) -> Bool {
        switch self {
        case .referrersAPI, .referrersTag, .layout: true
        case .signatureTag: type == .signature
        case .attestationTag: type != .signature
        }
    }

    package init(_ discovery: ReferrersResult.Discovery) {
        switch discovery {
        case .referrersAPI: self = .referrersAPI
        case .referrersTag: self = .referrersTag
        case .layout: self = .layout
        }
    }
}

/// One unverified piece of evidence: a bundle, a legacy signature, a legacy attestation, or
/// unreadable bytes.
package struct SignedEntity: Sendable {
    package enum Form: Sendable {
        case bundle(SignatureBundle)
        case simpleSigning(SimpleSigning)
        /// A legacy attestation with its stored bytes.
        case envelope(Envelope, LegacyAnnotations, storedAs: [UInt8])
        case unreadable(Failure)
    }

    package let location: EvidenceLocation
    /// The manifest with the evidence.
    package let manifest: Digest
    /// The digest of the evidence, which records refer to.
    package let digest: Digest
    /// The index among the layers of the manifest, because legacy signatures share one digest.
    package let position: Int
    package let form: Form
    /// The unverified predicate type, a hint for ordering and messages.
    package let claimedType: PredicateType?

    package init(
        location: EvidenceLocation, manifest: Digest, digest: Digest, position: Int, form: Form
    ) {
        var budget = Limits.claimedTypeBytes
        self.init(
            location: location, manifest: manifest, digest: digest, position: position, form: form,
            spending: &budget)
    }

    /// - Parameter budget: bytes of payloads that may still be searched for what they say they are.
    package init(
        location: EvidenceLocation, manifest: Digest, digest: Digest, position: Int, form: Form,
        spending budget: inout Int
    ) {
        self.location = location
        self.manifest = manifest
        self.digest = digest
        self.position = position
        self.form = form
        claimedType = form.claimedType(spending: &budget)
    }

    package var identity: String { "\(manifest)/\(position)" }

    /// The storage format.
    package var format: EvidenceFormat {
        if case .bundle = form { .bundle } else { .legacy }
    }
}

extension SignedEntity.Form {
    fileprivate func claimedType(spending budget: inout Int) -> PredicateType? {
        switch self {
        case .simpleSigning: return .signature
        case .envelope(let envelope, _, _): return envelope.claimedType(spending: &budget)
        case .bundle(let bundle):
            guard case .envelope(let envelope) = bundle.content else { return nil }
            return envelope.claimedType(spending: &budget)
        case .unreadable: return nil
        }
    }
}

extension Envelope {
    /// The predicate type in the payload, if it is unambiguous.
    ///
    /// A client with push permission can push a payload of any size, so the statement is not
    /// parsed, and the search spends from a budget.
    func claimedType(spending budget: inout Int) -> PredicateType? {
        claimedTypeText(spending: &budget).flatMap { try? PredicateType(uri: $0) }
    }

    /// The text of the predicate type, which may be invalid.
    func claimedTypeText(spending budget: inout Int) -> String? {
        guard payloadType == inTotoPayloadType else { return nil }
        return topLevelText(of: "predicateType", in: payload, spending: &budget)
    }
}
