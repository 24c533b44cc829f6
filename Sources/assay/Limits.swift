// SPDX-License-Identifier: Apache-2.0
// The limits of assay, with where their numbers come from.

import Primitives

extension Limits {
    // MARK: Commands

    /// Seconds for one question to registries (one image to verify, show or sign), all its requests
    /// together, unless `--timeout` says otherwise. cosign's default is 3 minutes too.
    static let questionSeconds = 180
    /// Seconds of the longest `--timeout`: a day.
    static let longestQuestionSeconds = 86_400

    /// A file that is held in memory as a whole, because a signature is made or checked over the
    /// file itself (pure Ed25519). Larger files are known by their hashes.
    static let wholeMessageBytes = 256 * mebibyte

    // MARK: Files of our own

    /// Bytes of a tag memory: about 100,000 tags.
    static let tagMemoryBytes = 16 * mebibyte
    /// Bytes of a stored decision or report.
    static let decisionFileBytes = 64 * mebibyte
    /// Decisions in one report.
    static let decisionsPerReport = 100_000
}
