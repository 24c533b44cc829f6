// SPDX-License-Identifier: Apache-2.0
// The reasons why evidence does not verify.

package import Primitives

/// The reason why evidence does not verify: the failed check, what was found, and what was
/// expected.
///
/// It is a verification result. If evidence cannot be read, the error is a `Failure`.
package struct VerificationError: Error, Hashable, Sendable {
    /// The checks that can fail, from the least to the most specific: if several candidates fail,
    /// the most specific failure is reported first.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        // The evidence is of another kind, or unreadable.
        case otherType = "other-type"
        case otherSignerKind = "other-signer-kind"
        case malformed = "malformed"
        case unsupported = "unsupported"
        case overLimit = "over-limit"
        /// Only a digest is known, and the signature is over the content, so it cannot be verified.
        case bytesNeeded = "bytes-needed"

        // Another signer.
        case keyMismatch = "key-mismatch"
        /// The signature does not verify with the key. Either the content was changed, or another
        /// key made the signature.
        case signatureMismatch = "signature-mismatch"
        /// The key made the signature, in another algorithm than the required one.
        case otherAlgorithm = "other-algorithm"
        case identityMismatch = "identity-mismatch"
        case issuerMismatch = "issuer-mismatch"
        case claimMismatch = "claim-mismatch"

        // The certificate.
        case certificateMalformed = "certificate-malformed"
        case embeddedRoot = "embedded-root"
        case certificateUntrusted = "certificate-untrusted"
        case certificateOutsideValidity = "certificate-outside-validity"
        case certificatePurpose = "certificate-purpose"
        case certificateTransparencyMissing = "certificate-transparency-missing"
        case certificateTransparencyInvalid = "certificate-transparency-invalid"

        // The time of signing.
        case timestampMalformed = "timestamp-malformed"
        case timestampImprintMismatch = "timestamp-imprint-mismatch"
        case timestampUntrusted = "timestamp-untrusted"
        case timestampSignatureInvalid = "timestamp-signature-invalid"
        case timestampOutsideAuthority = "timestamp-outside-authority"
        case timestampNonceMismatch = "timestamp-nonce-mismatch"
        case signedTimeMissing = "signed-time-missing"
        case keyOutsideValidity = "key-outside-validity"

        // The log entry.
        case logEntryMissing = "log-entry-missing"
        case logEntryMalformed = "log-entry-malformed"
        case logUntrusted = "log-untrusted"
        case logOutsideValidity = "log-outside-validity"
        case signedEntryTimestampMissing = "entry-promise-missing"
        case signedEntryTimestampInvalid = "entry-promise-invalid"
        case inclusionProofMissing = "inclusion-proof-missing"
        case inclusionProofInvalid = "inclusion-proof-invalid"
        case consistencyProofInvalid = "consistency-proof-invalid"
        case checkpointMissing = "checkpoint-missing"
        case checkpointMalformed = "checkpoint-malformed"
        case checkpointSignatureInvalid = "checkpoint-signature-invalid"
        case checkpointMismatch = "checkpoint-mismatch"
        case witnessMissing = "witness-missing"
        case entryKindMismatch = "entry-kind-mismatch"
        case entryArtifactMismatch = "entry-artifact-mismatch"
        case entrySignatureMismatch = "entry-signature-mismatch"
        case entryKeyMismatch = "entry-key-mismatch"
        case duplicateLogEntry = "duplicate-log-entry"

        // The content.
        /// The signature is valid, and the signed content is malformed or ambiguous.
        case statementMalformed = "statement-malformed"
        case subjectMismatch = "subject-mismatch"
        case messageDigestMismatch = "message-digest-mismatch"
        case signatureInvalid = "signature-invalid"
    }

    package let code: Code
    /// A message with what was found and what was expected, in lower case without a full stop.
    package let why: String
    /// The position in the evidence, as a JSON pointer or in words; nil for all of it.
    package let place: String?

    package init(_ code: Code, _ why: String, at place: String? = nil) {
        self.code = code
        self.why = why
        self.place = place
    }

    /// Creates the problem for a parser's failure.
    package init(_ code: Code, _ failure: Failure) {
        self.init(
            failure.kind == .overLimit ? .overLimit : code, "\(failure.what): \(failure.why)",
            at: failure.place?.description)
    }

    package func at(_ place: String) -> VerificationError {
        VerificationError(code, why, at: self.place.map { "\(place): \($0)" } ?? place)
    }
}

extension VerificationError: Comparable {
    /// The order by specificity.
    package static func < (left: VerificationError, right: VerificationError) -> Bool {
        left.code.rank < right.code.rank
    }
}

extension VerificationError.Code {
    var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
