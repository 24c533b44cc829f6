// SPDX-License-Identifier: Apache-2.0
// The limits of Registry, with where their numbers come from.

package import Primitives

extension Limits {
    /// Bytes of a token answer. go-containerregistry stops at 64 KiB too.
    package static let tokenAnswerBytes = 64 * 1024
    /// Bytes of an error body that are looked at.
    package static let errorBodyBytes = 16 * 1024
    /// Pages of one paginated list.
    package static let pagesPerList = 1_000
    /// Redirects of one request.
    package static let redirects = 10
    /// Nodes (manifests) of one evidence graph.
    package static let graphNodes = 10_000
    /// Challenges of one 401 answer. Real registries send one or two.
    package static let challengesPerAnswer = 16
    /// Times one request is sent before its failure counts. go-containerregistry: 3.
    package static let requestAttempts = 4
    /// Milliseconds before the first repetition; each further one waits twice as long.
    package static let firstRetryMilliseconds = 400
    /// Milliseconds of the longest wait between two repetitions.
    package static let longestRetryMilliseconds = 10_000
    /// Seconds of `Retry-After` we are willing to wait; a longer one ends the attempt at once.
    package static let retryAfterSeconds = 60
    /// Seconds for one document (manifest, list, token), from the request to its last byte.
    package static let documentSeconds = 60
    /// Seconds for one document or question, all its attempts, redirects, tokens and waits together.
    package static let requestSeconds = 2 * documentSeconds
    /// Pages of one list of referrers: ten on each of them are all that we would look at.
    package static let referrersPages = referrersPerDigest / 10
    /// Bytes a second under which a transfer is not slow but stalled.
    package static let slowestBytesPerSecond = 8 * 1024
    /// Times one broken blob transfer is taken up again.
    package static let transferResumes = 5
    /// Bytes of a blob that is kept in memory so that its upload can be repeated.
    package static let replayableBlobBytes = 4 * mebibyte
    /// Bytes of one upload chunk, kept in memory until the registry has it.
    package static let uploadChunkBytes = 16 * mebibyte
    /// Bytes a registry may demand as its smallest chunk. ECR: 5 MiB; GCS: 256 KiB.
    package static let largestMinimumChunkBytes = 128 * mebibyte
    /// Blobs of one copy on their way at the same time. skopeo: 6; crane: 4.
    package static let parallelTransfers = 4
    /// Times the index under a referrers tag is written before other writers have won.
    package static let referrersTagAttempts = 12
    /// Milliseconds after which a writer that read the index before us has written it.
    package static let referrersTagSettleMilliseconds = 250
    /// Tags of one repository.
    package static let tagsPerRepository = 1_000_000
    /// Bytes of all manifests of one graph, kept in memory. The largest real graphs have 2 MiB.
    package static let graphBytes = 256 * mebibyte
    /// Referrers looked at for one digest. Kyverno errors at 50 of any kind.
    package static let referrersPerDigest = 1_000
    /// Spellings of secrets that are looked for in texts from servers; the newest are kept. A request
    /// has about ten, and every redirect to signed storage adds some.
    package static let secretSpellings = 1_000
}
