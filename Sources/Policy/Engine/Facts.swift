// SPDX-License-Identifier: Apache-2.0
// What an evaluation knows, and what it asks for. The caller fetches; the evaluator never does.

package import OCI
package import Primitives
package import Signing

/// An image that an evaluation asks about.
package struct ImageQuery: Hashable, Sendable {
    /// The image reference as the object has it.
    package let written: String
    package let name: ImageName
    /// The predicate types of the evidence that rules need; empty if only the digest is needed.
    package let types: Set<PredicateType>
}

/// The digest that an image reference means now. "Could not find out" is never "nothing there".
package enum ImageResolution: Sendable {
    case resolved(Descriptor)
    case unresolved(Failure)
}

/// The evidence at a digest. Places that could not be read are part of the evidence: a proof that
/// was found elsewhere is still a proof.
package enum EvidenceLookup: Sendable {
    case looked(Evidence)
    case couldNotLook(Failure)
}

/// Another digest, or another repository, that may explain why an image fails.
package struct KnownImage: Sendable {
    package let repository: Repository
    package let digest: Digest
    package let evidence: Evidence

    package init(repository: Repository, digest: Digest, evidence: Evidence) {
        self.repository = repository
        self.digest = digest
        self.evidence = evidence
    }
}

/// Everything that is known about one image reference.
package struct ImageFacts: Sendable {
    package let resolution: ImageResolution
    package let evidence: EvidenceLookup
    /// The digest that the tag had when its image last passed. It never makes an image pass: it
    /// tells a tag that moved from an image that was never signed.
    package var remembered: KnownImage?
    /// The same digest in the repository that this one mirrors.
    package var origin: KnownImage?

    package init(
        resolution: ImageResolution, evidence: EvidenceLookup, remembered: KnownImage? = nil,
        origin: KnownImage? = nil
    ) {
        self.resolution = resolution
        self.evidence = evidence
        self.remembered = remembered
        self.origin = origin
    }
}

/// Which evidence of an image: that of its digest, or that of an image that explains a fail.
package enum EvidenceLocator: Hashable, Sendable {
    case current, remembered, origin
}

/// "What does this evidence prove about that signer?" The answer is a fact like any other: whoever
/// evaluates many requests verifies each piece of evidence once, and keeps the answer.
package struct VerificationQuery: Hashable, Sendable {
    package let image: ImageQuery
    package let evidence: EvidenceLocator
    package let type: PredicateType
    package let signer: SignerQuery
}

/// The answer to a `VerificationQuery`.
package enum VerificationFact<Proof: Sendable>: Sendable {
    case verified(VerificationReport<Proof>)
    /// There is no trusted material to verify with, and what the evidence states without it.
    case untrusted(Failure, ClaimReport)
}

/// Facts by what was asked. A question that is not in it was not answered yet.
package struct Facts: Sendable {
    package var images: [ImageQuery: ImageFacts] = [:]
    package var keys: [StoredKey: KeyLookup] = [:]
    package var signatures: [VerificationQuery: VerificationFact<VerifiedSignature>] = [:]
    package var statements: [VerificationQuery: VerificationFact<VerifiedStatement>] = [:]

    package init() {}

    /// The evidence that a query is about; nil if it was not collected.
    package func evidence(for query: VerificationQuery) -> Evidence? {
        guard let facts = images[query.image] else { return nil }
        switch query.evidence {
        case .current:
            guard case .looked(let evidence) = facts.evidence else { return nil }
            return evidence
        case .remembered: return facts.remembered?.evidence
        case .origin: return facts.origin?.evidence
        }
    }
}

/// Questions that an evaluation has no answers to yet.
package struct MissingFacts: Hashable, Sendable {
    package internal(set) var images: Set<ImageQuery> = []
    package internal(set) var keys: Set<StoredKey> = []
    package internal(set) var signatures: Set<VerificationQuery> = []
    package internal(set) var statements: Set<VerificationQuery> = []

    package init() {}

    package var isEmpty: Bool {
        images.isEmpty && keys.isEmpty && signatures.isEmpty && statements.isEmpty
    }

    package mutating func formUnion(_ other: MissingFacts) {
        images.formUnion(other.images)
        keys.formUnion(other.keys)
        signatures.formUnion(other.signatures)
        statements.formUnion(other.statements)
    }
}

/// Reads facts for one evaluation, and notes each one that is missing. Since a question is asked
/// where its answer is used, asking and deciding cannot differ.
struct FactReader {
    private let facts: Facts
    private(set) var missing = MissingFacts()

    init(_ facts: Facts) { self.facts = facts }

    mutating func image(_ query: ImageQuery) -> ImageFacts? {
        answer(to: query, in: facts.images, noting: &missing.images)
    }

    /// What is known about an image, without asking for it.
    func known(_ query: ImageQuery) -> ImageFacts? { facts.images[query] }

    mutating func keys(_ key: StoredKey) -> KeyLookup? {
        answer(to: key, in: facts.keys, noting: &missing.keys)
    }

    mutating func signatures(
        _ query: VerificationQuery
    ) -> VerificationFact<VerifiedSignature>? {
        answer(to: query, in: facts.signatures, noting: &missing.signatures)
    }

    mutating func statements(
        _ query: VerificationQuery
    ) -> VerificationFact<VerifiedStatement>? {
        answer(to: query, in: facts.statements, noting: &missing.statements)
    }
}

/// The answer; if there is none yet, the question is noted.
private func answer<Query: Hashable, Answer>(
    to query: Query, in answers: [Query: Answer], noting missing: inout Set<Query>
) -> Answer? {
    if let found = answers[query] { return found }
    missing.insert(query)
    return nil
}
