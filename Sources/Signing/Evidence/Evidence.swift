// SPDX-License-Identifier: Apache-2.0
// What was found beside a digest, before anybody believed a word of it.

package import OCI
package import Primitives

/// Everything found that claims to be about one digest, and where was looked.
package struct Evidence: Sendable {
    package let subject: Digest
    package var candidates: [EvidenceCandidate]
    package var searches: [EvidenceSearch]

    package init(
        subject: Digest, candidates: [EvidenceCandidate] = [], searches: [EvidenceSearch] = []
    ) {
        self.subject = subject
        self.candidates = candidates
        self.searches = searches
    }
}

/// One place that was searched, or one item of it that could not be read.
package struct EvidenceSearch: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        /// The place answered and holds so many items; 0 says that it holds none.
        case found(Int)
        /// The place did not answer, or denied access: its content is not known.
        case closed(Failure)
    }

    package let carrier: EvidenceCarrier
    /// The referrer that could not be read; nil when this is about the whole list or tag.
    package let item: Digest?
    package let outcome: Outcome

    package init(carrier: EvidenceCarrier, found: Int) {
        self.carrier = carrier
        item = nil
        outcome = .found(found)
    }

    package init(carrier: EvidenceCarrier, item: Digest? = nil, closed failure: Failure) {
        self.carrier = carrier
        self.item = item
        outcome = .closed(failure)
    }

    /// Items that were found.
    package var found: Int { if case .found(let count) = outcome { count } else { 0 } }

    /// Why the content of the place is not known; nil when it answered.
    package var failure: Failure? {
        if case .closed(let failure) = outcome { failure } else { nil }
    }
}

extension Evidence {
    /// Whether every place that was searched answered.
    package var isComplete: Bool { searches.allSatisfy { $0.failure == nil } }

    /// Why evidence of that type may have been missed: the first search for it that was closed. Nil
    /// when every place that can hold such evidence answered.
    ///
    /// With a closed search "no" becomes "could not look", and "yes" stays: one signature that
    /// verifies is enough. Where every statement must meet conditions, "yes" becomes "could not
    /// look" too.
    package func obstacle(to type: PredicateType) -> Failure? {
        searches.lazy.filter { $0.carrier.mayHold(type) }.compactMap(\.failure).first
    }
}

/// The ways evidence travels beside an image.
package enum EvidenceCarrier: String, Hashable, Sendable, CaseIterable {
    case referrersAPI = "referrers API"
    case referrersTag = "referrers tag"
    case layout = "image layout"
    case signatureTag = ".sig tag"
    case attestationTag = ".att tag"

    /// Whether evidence of that type is ever kept there.
    fileprivate func mayHold(_ type: PredicateType) -> Bool {
        switch self {
        case .referrersAPI, .referrersTag, .layout: true
        case .signatureTag: type == .signature
        case .attestationTag: type != .signature
        }
    }

    package init(_ door: ReferrersAnswer.Door) {
        switch door {
        case .referrersAPI: self = .referrersAPI
        case .referrersTag: self = .referrersTag
        case .layout: self = .layout
        }
    }
}

/// One piece of evidence as it was found: a bundle, an old signature, an old envelope, or bytes
/// that are none of these.
package struct EvidenceCandidate: Sendable {
    package enum Form: Sendable {
        case bundle(SignatureBundle)
        case simpleSigning(SimpleSigning)
        /// An older attestation, with its bytes as they are stored.
        case envelope(Envelope, LegacyAttachments, storedAs: [UInt8])
        case unreadable(Failure)
    }

    package let carrier: EvidenceCarrier
    /// The manifest it hangs in.
    package let manifest: Digest
    /// The bytes themselves: what a record refers to.
    package let digest: Digest
    /// Its place among the layers of the manifest, because old signatures share one digest.
    package let position: Int
    package let form: Form
    /// What it says it is, before verification: a hint for ordering and for words.
    package let claimedType: PredicateType?

    package init(
        carrier: EvidenceCarrier, manifest: Digest, digest: Digest, position: Int, form: Form
    ) {
        var budget = Limits.claimedTypeBytes
        self.init(
            carrier: carrier, manifest: manifest, digest: digest, position: position, form: form,
            spending: &budget)
    }

    /// - Parameter budget: bytes of payloads that may still be searched for what they say they are.
    package init(
        carrier: EvidenceCarrier, manifest: Digest, digest: Digest, position: Int, form: Form,
        spending budget: inout Int
    ) {
        self.carrier = carrier
        self.manifest = manifest
        self.digest = digest
        self.position = position
        self.form = form
        claimedType = form.claimedType(spending: &budget)
    }

    package var identity: String { "\(manifest)/\(position)" }

    /// The family of storage it belongs to.
    package var format: EvidenceFormat {
        if case .bundle = form { .bundle } else { .legacy }
    }
}

extension EvidenceCandidate.Form {
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
    /// The type that its payload names, as far as every reader would read that one.
    ///
    /// Anybody may push a payload of any size, so the statement is not read for it, and what is
    /// searched is taken from a budget.
    func claimedType(spending budget: inout Int) -> PredicateType? {
        claimedTypeText(spending: &budget).flatMap { try? PredicateType(uri: $0) }
    }

    /// The same as it is written, whether or not it is a type.
    func claimedTypeText(spending budget: inout Int) -> String? {
        guard payloadType == inTotoPayloadType else { return nil }
        return topLevelText(of: "predicateType", in: payload, spending: &budget)
    }
}
