// SPDX-License-Identifier: Apache-2.0
// The limits of Signing, with where their numbers come from.

package import Primitives

extension Limits {
    // MARK: Evidence

    /// Bytes of one bundle, envelope or signature payload. cosign's own default is 128 MiB.
    package static let evidenceBytes = 64 * mebibyte
    /// Values of one bundle, envelope or signature payload, whose statement is one text in it. The
    /// largest real ones have a few thousand.
    package static let evidenceValues = 100_000
    /// Bytes of all evidence read for one digest, manifests included: almost four of the largest.
    package static let evidenceBytesPerDigest = 256 * mebibyte
    /// Bytes of all payloads of one digest that are searched for the types they name. No time limit ends
    /// the search; the statements of real images have less together.
    package static let claimedTypeBytes = 32 * mebibyte
    /// Work of one question to evidence, in bytes hashed for signature checks: hashing them takes two
    /// to four seconds. All that may be read for one digest, hashed in every way, takes a third.
    package static let verificationWork = 2_048 * mebibyte
    /// What one P-256 check costs beside its hashing: 40 microseconds, which hash so many bytes. P-384
    /// takes 8 times as long, P-521 16 times.
    package static let signatureCheckWork = 64 * 1024
    /// Signatures or attestations tried for one digest. Real images carry fewer than 20.
    package static let candidatesPerDigest = 200
    /// Subjects of one statement. Spec: Sigstore clients stop at 1,024.
    package static let subjectsPerStatement = 1_024
    /// Digests of one subject. Sigstore clients stop at 32.
    package static let digestsPerSubject = 32
    /// Signatures read from one envelope. A bundle has exactly one; bare envelopes may have more.
    package static let signaturesPerEnvelope = 100
    /// Log entries, timestamps, or certificates in one bundle. sigstore-go stops at 32 too.
    package static let proofsPerBundle = 32
    /// Bytes of a predicate type. Longer addresses are refused by many servers too.
    package static let predicateTypeBytes = 2_048
    /// Times an old evidence tag is written before a signer gives up. Ten signers at once need
    /// about as many.
    package static let tagWriteAttempts = 20

    // MARK: Files that are signed

    /// The bundles beside one file. Source: as `candidatesPerDigest`.
    package static let bundlesPerFile = 200

    // MARK: Certificates, logs, timestamps

    /// Extensions of one certificate: the X.509 library's own limit. Fulcio's have up to 29.
    package static let extensionsPerCertificate = 32
    /// Names in one certificate, or in one list of name constraints. Fulcio writes exactly one.
    package static let namesPerCertificate = 100
    /// Signed certificate timestamps of one certificate. Fulcio's have one; browsers ask for three.
    package static let timestampsPerCertificate = 32
    /// Certificates of one PEM file or chain. sigstore-go and web browsers stop near 10.
    package static let certificatesPerChain = 16
    /// Bytes of one RFC 3161 response. Real ones, certificates embedded, stay under 8 KiB.
    package static let timestampBytes = 128 * 1024
    /// Bytes of a number in a timestamp. Spec: RFC 3161 §2.4.2 asks for serial numbers of 160 bits.
    package static let timestampIntegerBytes = 64
    /// Certificates, algorithms, attributes or extensions in one list of a timestamp. Real ones
    /// have up to 6.
    package static let timestampListElements = 16
    /// Bytes of one object identifier. Registered ones stay under 20.
    package static let objectIdentifierBytes = 64
    /// Bytes of one canonicalised log entry. Rekor's own limit for a request is 100 KiB by default.
    package static let logEntryBytes = 16 * mebibyte
    /// Bytes of one signed note. The specification of witnesses stops at 64 KiB too.
    package static let signedNoteBytes = 64 * 1024
    /// Signature lines of one note. Spec: C2SP signed-note asks verifiers to stop at a number; Go: 100.
    package static let signaturesPerNote = 100
    /// Bytes of one signature of a log. RSA with 4,096 bits has 512.
    package static let logSignatureBytes = 1_024
    /// Hashes of one Merkle proof: a tree of 2^63 leaves has 63 levels.
    package static let hashesPerProof = 63
    /// Bytes of one trusted root or signing configuration. The public-good one has 7 KiB.
    package static let trustedRootBytes = 4 * mebibyte
    /// Logs, authorities of each kind, services of each kind in one trusted root or configuration.
    package static let trustAnchorsPerKind = 256
    /// Signature checks that building chains for one piece of evidence may cost, and ways it may walk.
    package static let chainWork = 64

    // MARK: Signing services

    /// Bytes of one OIDC token. GitHub's have under 2 KiB; many servers stop at 8 KiB of header.
    package static let identityTokenBytes = 32 * 1024
    /// Audiences of one OIDC token. Real ones have one.
    package static let audiencesPerToken = 16
    /// Seconds that two clocks may differ when a token says from when on it is valid.
    package static let clockLeewaySeconds = 60
}
