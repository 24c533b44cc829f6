// SPDX-License-Identifier: Apache-2.0
// From the check that failed to the reason of a verdict.
// Spec: docs/exit-codes-and-reasons.md, "Checks".

package import Signing

extension VerificationError.Code {
    /// The reason a policy gives; nil when the candidate is simply about something else.
    package var reason: ReasonCode? {
        switch self {
        case .otherType: nil
        case .malformed, .unsupported, .bytesNeeded, .certificateMalformed, .timestampMalformed,
            .logEntryMalformed,
            .checkpointMalformed, .embeddedRoot, .statementMalformed:
            .malformed
        case .overLimit: .limitExceeded
        case .otherSignerKind, .keyMismatch, .signatureMismatch, .otherAlgorithm,
            .identityMismatch, .claimMismatch,
            .certificateUntrusted,
            .certificatePurpose:
            .signerMismatch
        case .issuerMismatch: .issuerMismatch
        case .certificateOutsideValidity, .keyOutsideValidity, .signedTimeMissing,
            .timestampUntrusted, .timestampOutsideAuthority:
            .certificateExpired
        case .certificateTransparencyMissing, .certificateTransparencyInvalid, .logEntryMissing,
            .logUntrusted, .logOutsideValidity, .signedEntryTimestampMissing,
            .signedEntryTimestampInvalid,
            .inclusionProofMissing, .inclusionProofInvalid, .consistencyProofInvalid,
            .checkpointMissing,
            .checkpointSignatureInvalid, .checkpointMismatch, .witnessMissing, .entryKindMismatch,
            .entryArtifactMismatch, .entrySignatureMismatch, .entryKeyMismatch, .duplicateLogEntry:
            .notInLog
        case .timestampImprintMismatch, .timestampSignatureInvalid, .timestampNonceMismatch,
            .signatureInvalid:
            .signatureInvalid
        case .subjectMismatch, .messageDigestMismatch: .subjectMismatch
        }
    }
}
