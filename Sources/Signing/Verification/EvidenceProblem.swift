// SPDX-License-Identifier: Apache-2.0
// Why evidence does not prove what was asked. One closed list, for people, policies and tests.

package import Primitives

/// A "no", with its reason: which check did not hold, and what was found against what was expected.
///
/// It is a result, never a crash and never "could not look"; that one is a `Failure`.
package struct EvidenceProblem: Error, Hashable, Sendable {
    /// The checks that can fail. Declared from the least telling to the most telling: where several
    /// candidates fail, the one that came furthest is told first.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        // It is something else, or nothing readable.
        case otherType = "other-type"
        case otherSignerKind = "other-signer-kind"
        case malformed = "malformed"
        case unsupported = "unsupported"
        case overLimit = "over-limit"
        /// Only a digest was given, and the signature is over the bytes: nobody can tell.
        case bytesNeeded = "bytes-needed"

        // Somebody else made it.
        case keyMismatch = "key-mismatch"
        /// The signature does not verify with the key, and nothing tells whether the content was
        /// changed or another key made it.
        case signatureMismatch = "signature-mismatch"
        /// The key made it, in another algorithm than the one that is demanded by name.
        case otherAlgorithm = "other-algorithm"
        case identityMismatch = "identity-mismatch"
        case issuerMismatch = "issuer-mismatch"
        case claimMismatch = "claim-mismatch"

        // Its certificate.
        case certificateMalformed = "certificate-malformed"
        case embeddedRoot = "embedded-root"
        case certificateUntrusted = "certificate-untrusted"
        case certificateOutsideValidity = "certificate-outside-validity"
        case certificatePurpose = "certificate-purpose"
        case certificateTransparencyMissing = "certificate-transparency-missing"
        case certificateTransparencyInvalid = "certificate-transparency-invalid"

        // Its time.
        case timestampMalformed = "timestamp-malformed"
        case timestampImprintMismatch = "timestamp-imprint-mismatch"
        case timestampUntrusted = "timestamp-untrusted"
        case timestampSignatureInvalid = "timestamp-signature-invalid"
        case timestampOutsideAuthority = "timestamp-outside-authority"
        case timestampNonceMismatch = "timestamp-nonce-mismatch"
        case signedTimeMissing = "signed-time-missing"
        case keyOutsideValidity = "key-outside-validity"

        // Its log entry.
        case logEntryMissing = "log-entry-missing"
        case logEntryMalformed = "log-entry-malformed"
        case logUntrusted = "log-untrusted"
        case logOutsideValidity = "log-outside-validity"
        case entryPromiseMissing = "entry-promise-missing"
        case entryPromiseInvalid = "entry-promise-invalid"
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

        // What it says.
        /// The signer signed the bytes, and they are not a statement that all readers read the same
        /// way.
        case statementMalformed = "statement-malformed"
        case subjectMismatch = "subject-mismatch"
        case messageDigestMismatch = "message-digest-mismatch"
        case signatureInvalid = "signature-invalid"
    }

    package let code: Code
    /// The sentence for people: found against expected. Lower case, no full stop.
    package let why: String
    /// A JSON pointer or a few words that say where in the evidence; nil for all of it.
    package let place: String?

    package init(_ code: Code, _ why: String, at place: String? = nil) {
        self.code = code
        self.why = why
        self.place = place
    }

    /// What reading it said, as a problem of the evidence.
    package init(_ code: Code, _ failure: Failure) {
        self.init(
            failure.kind == .overLimit ? .overLimit : code, "\(failure.what): \(failure.why)",
            at: failure.place?.description)
    }

    package func at(_ place: String) -> EvidenceProblem {
        EvidenceProblem(code, why, at: self.place.map { "\(place): \($0)" } ?? place)
    }
}

extension EvidenceProblem: Comparable {
    /// How far a candidate came before it failed.
    package static func < (left: EvidenceProblem, right: EvidenceProblem) -> Bool {
        left.code.rank < right.code.rank
    }
}

extension EvidenceProblem.Code {
    var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
