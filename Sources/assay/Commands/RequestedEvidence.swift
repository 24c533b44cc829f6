// SPDX-License-Identifier: Apache-2.0
// The kind of evidence that `download` looks for.

import Primitives
import Signing

/// A kind of evidence, by which stored evidence is selected without verifying it.
enum RequestedEvidence: Sendable {
    case signature
    /// nil for any type.
    case attestation(PredicateType?)

    var type: PredicateType? {
        switch self {
        case .signature: .signature
        case .attestation(let type): type
        }
    }

    var noun: String {
        switch self {
        case .signature: "signature"
        case .attestation(let type): "attestation" + (type.map { " of type \($0)" } ?? "")
        }
    }

    /// Whether evidence of this kind can be at that location.
    func isKept(in location: EvidenceLocation) -> Bool {
        switch self {
        case .signature: location != .attestationTag
        case .attestation: location != .signatureTag
        }
    }

    /// Whether a candidate claims to be of this kind.
    func matches(_ candidate: SignedEntity) -> Bool {
        switch self {
        case .signature: candidate.claimedType == .signature
        case .attestation(nil): candidate.claimedType != .signature
        case .attestation(let type?): candidate.claimedType == type
        }
    }

    /// Why it is not known whether a candidate is of this kind; nil if it is known. `verify` and
    /// `verify-attestation` count the same candidates as evidence that does not verify.
    func obstacle(in candidate: SignedEntity) -> Failure? {
        guard isKept(in: candidate.location) else { return nil }
        if case .unreadable(let failure) = candidate.form { return failure }
        guard candidate.claimedType == nil, !matches(candidate) else { return nil }
        if case .bundle(let bundle) = candidate.form, case .messageSignature = bundle.content {
            guard case .signature = self else { return nil }
        }
        return Failure(
            .malformed, "cannot read \(candidate.digest)",
            because: "what it signs is no in-toto statement, or is too long to tell")
    }
}
