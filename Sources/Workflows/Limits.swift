// SPDX-License-Identifier: Apache-2.0
// The limits of Workflows, with where their numbers come from.

package import Primitives
internal import Signing

extension Limits {
    /// Images that one run of policies asks about at a time.
    package static let parallelImages = 4
    /// Draws of random bytes for one key. One in 2^32 is not below the order of P-256.
    package static let keyDraws = 8

    /// Bytes of the file in which a trust store names its source: two names and an address.
    package static let trustSourceBytes = 16_384

    // MARK: Signing services

    /// Bytes of a certificate authority's answer: a whole chain, as PEM inside JSON.
    package static let certificateAnswerBytes = 2 * certificatesPerChain * certificateBytes
    /// Bytes of a log's answer: one entry in base64, and its proof.
    package static let logAnswerBytes = 2 * logEntryBytes
    /// Times one request to a signing service is sent before its failure counts.
    package static let serviceAttempts = 3
    /// Seconds for one attempt. Spec: a Rekor v2 log answers when the entry is in the tree; clients
    /// are told to wait for at least 20.
    package static let serviceSeconds = 60
    /// Seconds for one question to a signing service, all its attempts and waits together.
    package static let serviceTotalSeconds = 2 * serviceSeconds
    /// Bytes of one message that is handed to something that signs elsewhere, where it needs all.
    package static let remoteMessageBytes = 16 * mebibyte
    /// Images that `sign --recursive` signs below one index: the largest official images list about
    /// 30 platforms, each with a BuildKit attestation beside it.
    package static let recursivelySigned = 500
}
