// SPDX-License-Identifier: Apache-2.0
// Protocols of the caller: the repository and the cache.

package import Primitives

/// A file of a repository, by its encoded path below one of the two base URLs.
package enum RepositoryFile: Hashable, Sendable {
    case metadata(String)
    case target(String)
}

/// Fetches files of a repository. The updater verifies them.
package protocol TrustFetcher: Sendable {
    /// The bytes of a file; nil if the repository responds that it does not exist.
    ///
    /// - Throws: a `Failure`: `overLimit` after more than `limit` bytes, `unavailable` if there is
    ///   no valid response, so that it is unknown whether the file exists.
    func fetch(_ file: RepositoryFile, atMost limit: Int) async throws -> [UInt8]?
}

/// Caches trusted files. The updater verifies cached files again, from the given root on, so a
/// manipulated cache can only hide that newer metadata was seen. If no root is given, trust starts
/// with the cached root.
package protocol TrustCache: Sendable {
    /// The metadata of a role; nil if there is none.
    func metadata(of role: String) throws(Failure) -> [UInt8]?
    func keep(_ bytes: [UInt8], asMetadataOf role: String) throws(Failure)
    func forgetMetadata(of role: String) throws(Failure)
    /// The root with a version, for the chain from a given root to the newest; nil if there is
    /// none.
    func root(version: Int) throws(Failure) -> [UInt8]?
    func keep(_ bytes: [UInt8], asRootVersion version: Int) throws(Failure)
    /// A target file; nil if there is none.
    func target(_ path: String) throws(Failure) -> [UInt8]?
    func keep(_ bytes: [UInt8], asTarget path: String) throws(Failure)
}

/// The source of an update's metadata.
package enum TrustSource: Sendable {
    /// The repository. All expiry checks use the time `now` (§5.1).
    case repository(any TrustFetcher, now: Timestamp)
    /// The cache only, without requests. With `now`, the metadata must not be expired; without, it
    /// is pinned and may be out of date.
    case cache(now: Timestamp?)

    var now: Timestamp? {
        switch self {
        case .repository(_, let now): now
        case .cache(let now): now
        }
    }

    var fetcher: (any TrustFetcher)? {
        if case .repository(let fetcher, _) = self { fetcher } else { nil }
    }
}
