// SPDX-License-Identifier: Apache-2.0
// Where a trust store keeps its files.

package import Primitives
internal import Signing
package import TUF

/// The files of one trust store: a folder, or memory in tests.
package protocol TrustStorage: Sendable {
    associatedtype Cache: SharedTrustCache

    /// Where it is, for people.
    var name: String { get }

    /// - Throws: `notFound` when there is no such file, `overLimit` when it is too large.
    func read(_ file: TrustStoreFile) throws(Failure) -> [UInt8]

    /// Writes the file whole or not at all.
    func write(_ bytes: [UInt8], as file: TrustStoreFile) throws(Failure)

    /// What is kept of one update repository.
    ///
    /// - Parameters:
    ///   - name: 32 hex digits.
    ///   - creating: whether it is made where it is not.
    /// - Returns: nil when it is not there and not made.
    func repositoryCache(_ name: String, creating: Bool) throws(Failure) -> Cache?
}

/// A file of a trust store, beside the caches of its repositories.
package enum TrustStoreFile: Hashable, Sendable {
    /// Says what is trusted; see `TrustStore`.
    case source
    /// The client trust configuration that was imported.
    case importedConfiguration

    /// Bytes at most.
    package var byteLimit: Int {
        switch self {
        case .source: Limits.trustSourceBytes
        case .importedConfiguration: 2 * Limits.trustedRootBytes
        }
    }
}

/// A cache that several processes update, one after the other.
package protocol SharedTrustCache: TrustCache {
    /// Runs `work` while no other process updates the cache.
    ///
    /// - Throws: `unavailable` when another one does for too long.
    func whileLocked<Result>(_ work: () async throws -> Result) async throws -> Result
}
