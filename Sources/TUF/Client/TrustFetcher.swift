// SPDX-License-Identifier: Apache-2.0
// What an update needs from outside: a repository to ask, and a place to keep what it trusts.

package import Primitives

/// A file of a repository, named by its encoded path below one of the two base addresses.
package enum RepositoryFile: Hashable, Sendable {
    case metadata(String)
    case target(String)
}

/// Asks a repository. Nothing it hands back is believed.
package protocol TrustFetcher: Sendable {
    /// The bytes of a file; nil when the repository answered that it has none of that name.
    ///
    /// - Throws: a `Failure`: `overLimit` as soon as more than `limit` bytes come, and
    ///   `unavailable` when the repository could not be asked, which says nothing about the file.
    func fetch(_ file: RepositoryFile, atMost limit: Int) async throws -> [UInt8]?
}

/// Keeps what was trusted. What comes out is checked again, up from the root that the updater was
/// given; so a cache can hide that something newer was seen, and no more than that. Only where no
/// root is given, the one in the cache is where trust starts.
package protocol TrustCache: Sendable {
    /// Metadata of a role; nil when there is none.
    func metadata(of role: String) throws(Failure) -> [UInt8]?
    func keep(_ bytes: [UInt8], asMetadataOf role: String) throws(Failure)
    func forgetMetadata(of role: String) throws(Failure)
    /// A root by its version, for the way from a given root to the newest; nil when there is none.
    func root(version: Int) throws(Failure) -> [UInt8]?
    func keep(_ bytes: [UInt8], asRootVersion version: Int) throws(Failure)
    /// A target file; nil when there is none.
    func target(_ path: String) throws(Failure) -> [UInt8]?
    func keep(_ bytes: [UInt8], asTarget path: String) throws(Failure)
}

/// Where an update takes its metadata from.
package enum TrustSource: Sendable {
    /// The repository; `now` is the one moment that all expiry is compared with (§5.1).
    case repository(any TrustFetcher, now: Timestamp)
    /// Only what was kept: nothing is asked. With `now` it must still be fresh; without, it is
    /// pinned, and nobody vouches that it is still the newest.
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
