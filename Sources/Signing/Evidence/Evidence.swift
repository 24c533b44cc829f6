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

/// One door that was tried, and what was behind it.
package struct EvidenceSearch: Hashable, Sendable {
    package let carrier: EvidenceCarrier
    /// Items found there; 0 says that the door was open and the room empty.
    package let found: Int

    package init(carrier: EvidenceCarrier, found: Int) {
        self.carrier = carrier
        self.found = found
    }
}

/// The ways evidence travels beside an image.
package enum EvidenceCarrier: String, Hashable, Sendable, CaseIterable {
    case referrersAPI = "referrers API"
    case referrersTag = "referrers tag"
    case layout = "image layout"
    case signatureTag = ".sig tag"
    case attestationTag = ".att tag"

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
        self.carrier = carrier
        self.manifest = manifest
        self.digest = digest
        self.position = position
        self.form = form
        claimedType = form.claimedType
    }

    package var identity: String { "\(manifest)/\(position)" }
}

extension EvidenceCandidate.Form {
    fileprivate var claimedType: PredicateType? {
        switch self {
        case .simpleSigning: .signature
        case .envelope(let envelope, _, _): envelope.claimedType
        case .bundle(let bundle):
            if case .envelope(let envelope) = bundle.content { envelope.claimedType } else { nil }
        case .unreadable: nil
        }
    }
}

extension Envelope {
    fileprivate var claimedType: PredicateType? {
        guard payloadType == inTotoPayloadType else { return nil }
        return try? Statement(parsing: payload).predicateType
    }
}
