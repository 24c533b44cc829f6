// SPDX-License-Identifier: Apache-2.0
// Why a verdict is not a pass. Spec: docs/exit-codes-and-reasons.md, "Reason codes".

import Primitives

/// The closed list of reasons. A new one is a new `version`.
package enum ReasonCode: String, Hashable, Sendable, CaseIterable {
    case unsigned = "UNSIGNED"
    case signerMismatch = "SIGNER_MISMATCH"
    case issuerMismatch = "ISSUER_MISMATCH"
    case signatureInvalid = "SIGNATURE_INVALID"
    case notInLog = "NOT_IN_LOG"
    case certificateExpired = "CERTIFICATE_EXPIRED"
    case attestationMissing = "ATTESTATION_MISSING"
    case attestationPolicyFailed = "ATTESTATION_POLICY_FAILED"
    case attestationStale = "ATTESTATION_STALE"
    case subjectMismatch = "SUBJECT_MISMATCH"
    case digestRequired = "DIGEST_REQUIRED"
    case tagMoved = "TAG_MOVED"
    case tagMutable = "TAG_MUTABLE"
    case evidenceMissingAtMirror = "EVIDENCE_LOST_AT_MIRROR"
    case registryDenied = "REGISTRY_DENIED"
    case registryUnavailable = "REGISTRY_UNAVAILABLE"
    case rateLimited = "RATE_LIMITED"
    case trustMaterialMissing = "TRUST_MATERIAL_MISSING"
    case malformed = "MALFORMED"
    case limitExceeded = "LIMIT_EXCEEDED"
    case unmatched = "UNMATCHED"
    case exceptionExpired = "EXCEPTION_EXPIRED"
    case policyError = "POLICY_ERROR"

    package static let version = 1

    /// How much a reason tells when several attestors were not met: tampered before wrong, wrong
    /// before absent.
    var specificityRank: Int {
        switch self {
        case .signatureInvalid: 9
        case .subjectMismatch: 8
        case .notInLog: 7
        case .certificateExpired: 6
        case .signerMismatch, .issuerMismatch: 5
        case .attestationPolicyFailed: 4
        case .malformed: 3
        case .attestationMissing, .unsigned: 2
        default: 1
        }
    }
}

/// The five results.
package enum ImageResult: String, Hashable, Sendable, CaseIterable {
    case pass, fail, unknown, unmatched, excepted
}

extension Failure {
    /// The reason of an image about which something could not be found out.
    ///
    /// The result is then `unknown`. Content that does not have the digest it was asked for by is a
    /// wrong response: a `fail`.
    ///
    /// Spec: docs/exit-codes-and-reasons.md, "Five results of a check".
    package var lookupReason: ReasonCode {
        switch kind {
        case .denied: .registryDenied
        case .unavailable, .notFound: .registryUnavailable
        case .rateLimited: .rateLimited
        case .overLimit: .limitExceeded
        case .malformed: .malformed
        case .rejected: .subjectMismatch
        case .unsupported, .usage, .bug: .policyError
        }
    }

    var lookupOutcome: CheckOutcome { kind == .rejected ? .refused : .undetermined }

    /// What happened, in one line.
    var line: String { "\(what): \(why)" + (place.map { " (\($0))" } ?? "") }

    /// The reason of a rule that could not be evaluated.
    var policyReason: ReasonCode {
        switch kind {
        case .overLimit: .limitExceeded
        case .malformed: .malformed
        default: .policyError
        }
    }
}
