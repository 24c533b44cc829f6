// SPDX-License-Identifier: Apache-2.0
// The limits of Signing and their sources.

package import Primitives

extension Limits {
    // MARK: Evidence

    /// Bytes of one bundle, envelope or signature payload. cosign's own default is 128 MiB.
    package static let evidenceBytes = 64 * mebibyte
    /// JSON values of one bundle, envelope or signature payload; an embedded statement is one
    /// value. The largest real ones have a few thousand.
    package static let evidenceValues = 100_000
    /// Bytes of all evidence of one digest, with manifests: almost four items of maximum size.
    package static let evidenceBytesPerDigest = 256 * mebibyte
    /// Bytes of all payloads of one digest that are searched for the types they name. No time limit
    /// ends the search; the statements of real images have less together.
    package static let claimedTypeBytes = 32 * mebibyte
    /// Work of one question, in bytes hashed for signature checks: two to four seconds. All
    /// evidence of one digest, hashed with all hashes, takes a third of it.
    package static let verificationWork = 2_048 * mebibyte
    /// The cost of one P-256 verification without hashing: 40 microseconds, in which this many
    /// bytes are hashed. P-384 takes 8 times as long, P-521 16 times.
    package static let signatureCheckWork = 64 * 1024
    /// Signatures or attestations verified for one digest. Real images have fewer than 20.
    package static let candidatesPerDigest = 200
    /// Subjects of one statement, as in Sigstore clients.
    package static let subjectsPerStatement = 1_024
    /// Digests of one subject, as in Sigstore clients.
    package static let digestsPerSubject = 32
    /// Signatures of one envelope. A bundle has exactly one; bare envelopes can have more.
    package static let signaturesPerEnvelope = 100
    /// Log entries, timestamps, or certificates in one bundle, as in sigstore-go.
    package static let proofsPerBundle = 32
    /// Bytes of a predicate type. Many servers reject longer URLs too.
    package static let predicateTypeBytes = 2_048
    /// Attempts to write a legacy tag. Ten concurrent signers need about as many.
    package static let tagWriteAttempts = 20

    // MARK: Files that are signed

    /// Bundles of one file, as for `candidatesPerDigest`.
    package static let bundlesPerFile = 200

    // MARK: Certificates, logs, timestamps

    /// Extensions of one certificate: the X.509 library's own limit. Fulcio's have up to 29.
    package static let extensionsPerCertificate = 32
    /// Names in one certificate, or in one list of name constraints. Fulcio writes exactly one.
    package static let namesPerCertificate = 100
    /// Signed certificate timestamps of one certificate. Fulcio's have one; browsers require three.
    package static let timestampsPerCertificate = 32
    /// Certificates of one PEM file or chain. The limits of sigstore-go and browsers are near 10.
    package static let certificatesPerChain = 16
    /// Bytes of one RFC 3161 response. Real ones with certificates are below 8 KiB.
    package static let timestampBytes = 128 * 1024
    /// Bytes of a number in a timestamp. Spec: RFC 3161 §2.4.2 requires support for 160 bits.
    package static let timestampIntegerBytes = 64
    /// Certificates, algorithms, attributes or extensions in one list of a timestamp. Real ones
    /// have up to 6.
    package static let timestampListElements = 16
    /// Bytes of one object identifier. Registered ones have fewer than 20.
    package static let objectIdentifierBytes = 64
    /// Bytes of one canonicalised log entry. Rekor's own limit for a request is 100 KiB by default.
    package static let logEntryBytes = 16 * mebibyte
    /// Bytes of one signed note, as in the specification of witnesses.
    package static let signedNoteBytes = 64 * 1024
    /// Signature lines of one note. Spec: C2SP signed-note requires a limit; Go's is 100.
    package static let signaturesPerNote = 100
    /// Bytes of one log signature. RSA with 4,096 bits has 512.
    package static let logSignatureBytes = 1_024
    /// Hashes of one Merkle proof. A tree of 2^63 leaves has 63 levels.
    package static let hashesPerProof = 63
    /// Bytes of one trusted root or signing configuration. The public-good one has 7 KiB.
    package static let trustedRootBytes = 4 * mebibyte
    /// Logs, authorities of each kind, or services of each kind in one trusted root or
    /// configuration.
    package static let trustAnchorsPerKind = 256
    /// Signature checks and search steps of chain building for one piece of evidence.
    package static let chainWork = 64

    // MARK: Signing services

    /// Bytes of one OIDC token. GitHub's have under 2 KiB; many servers limit headers to 8 KiB.
    package static let identityTokenBytes = 32 * 1024
    /// Audiences of one OIDC token. Real ones have one.
    package static let audiencesPerToken = 16
    /// The tolerated clock difference for the start of a token's validity, in seconds.
    package static let clockLeewaySeconds = 60
}
