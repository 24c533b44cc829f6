// SPDX-License-Identifier: Apache-2.0
// The TUF client: from a trusted root to verified target files.
//
// 1. Metadata and target files are verified before they are cached or returned.
// 2. All expiry checks use one time, the start of the update.
// 3. A `MetadataProblem` is an error of the repository; a `Failure` means that it could not be
//    read.
//
// Spec: TUF 1.0.34 §5, "Detailed client workflow".

package import Primitives

/// The result of an update: the verified metadata of the four top-level roles.
package struct TrustState: Hashable, Sendable {
    package let root: TrustedMetadata<RootContent>
    package let timestamp: TrustedMetadata<TimestampContent>
    package let snapshot: TrustedMetadata<SnapshotContent>
    package let targets: TargetsRole

    /// The earliest expiry of the four roles.
    package var expires: Timestamp {
        [
            root.content.expires, timestamp.content.expires, snapshot.content.expires,
            targets.metadata.content.expires,
        ].min() ?? timestamp.content.expires
    }
}

/// The client of one update repository.
///
/// It throws a `MetadataProblem` if the repository's content is invalid, and a `Failure` if the
/// repository or the cache cannot be read.
package struct TrustUpdater: Sendable {
    private let givenRoot: [UInt8]?
    private let source: TrustSource
    private let cache: any TrustCache
    /// The result of the last `refresh`.
    package private(set) var state: TrustState?

    /// - Parameter root: the root to start from, built in or given by the user; nil if the cache
    ///   was created with one. Newer roots in the cache that follow from it are used.
    package init(root: [UInt8]?, from source: TrustSource, cache: any TrustCache) {
        givenRoot = root
        self.source = source
        self.cache = cache
    }

    /// Updates the four top-level roles, and caches each of them as soon as it is trusted.
    package mutating func refresh() async throws {
        state = nil
        let root = try await updatedRoot()
        let timestamp = try await updatedTimestamp(root)
        let snapshot = try await updatedSnapshot(root, timestamp)
        let targets = try await updatedTargets(root, snapshot)
        state = TrustState(root: root, timestamp: timestamp, snapshot: snapshot, targets: targets)
    }

    /// The target file at `path`, from the cache if it is current, else fetched, verified and
    /// cached. The first call refreshes the metadata.
    ///
    /// Spec: TUF 1.0.34 §5.7.
    package mutating func target(_ path: String) async throws -> [UInt8] {
        let file = try await describe(path)
        if let kept = try cache.target(path), (try? file.check(kept)) != nil { return kept }
        let subject = "the target \(quoted(path))"
        guard let fetcher = source.fetcher else { throw notKept(subject) }
        guard file.length <= Limits.targetFileBytes else {
            throw MetadataProblem(
                .overLimit, subject,
                "it has \(file.length) bytes, the limit is \(Limits.targetFileBytes)")
        }
        let isConsistent = state?.root.content.hasConsistentSnapshots ?? true
        let address = RepositoryFile.target(file.address(isConsistent: isConsistent))
        guard let bytes = try await fetcher.fetch(address, atMost: file.length) else {
            throw MetadataProblem(.missing, subject, "the repository does not have it")
        }
        try file.check(bytes)
        try cache.keep(bytes, asTarget: path)
        return bytes
    }

    /// The description of the target by the first trusted role that lists it.
    ///
    /// Spec: TUF 1.0.34 §5.6.7, a pre-order depth-first search.
    ///
    /// Deviation: §5.6.7.1 ends the search without an error at the limit of roles, and at a role
    /// that cannot be verified. This search throws the reason: the target could be in a role that
    /// was not read.
    package mutating func describe(_ path: String) async throws -> TargetFile {
        if state == nil { try await refresh() }
        guard let state else {
            throw Failure(.bug, "cannot find a target", because: "there is no trusted metadata")
        }
        var search = TargetSearch(path)
        var role = state.targets
        while true {
            if let file = role.metadata.content.targets[path] { return file }
            guard let delegation = try search.next(after: role) else {
                throw MetadataProblem(
                    .targetUnknown, "the target \(quoted(path))", "no trusted role lists it")
            }
            role = try await delegated(delegation, state)
        }
    }

    // MARK: §5.2, §5.3: root

    private func updatedRoot() async throws -> TrustedMetadata<RootContent> {
        let first = try startingRoot()
        var root = first
        var rotations = 0
        // §5.3.2, §5.3.3, §5.3.9. The largest number has no successor.
        while root.content.version < Int.max, let bytes = try await nextRoot(after: root) {
            rotations += 1
            guard rotations <= Limits.rootRotations else {
                throw MetadataProblem(
                    .overLimit, "root",
                    "more than \(Limits.rootRotations) newer versions follow the trusted one")
            }
            root = try root.successor(bytes)
            try keepRoot(root)
        }
        let trusted = try root.trusted(at: source.now)
        // §5.3.11: recovers from versions that an attacker raised.
        let roles = [TopLevelRole.timestamp, .snapshot]
        if roles.contains(where: { first.content.withdrawsKey(of: $0, in: root.content) }) {
            for role in roles { try cache.forgetMetadata(of: role.rawValue) }
        }
        return trusted
    }

    private func nextRoot(after root: SignedMetadata<RootContent>) async throws -> [UInt8]? {
        guard let fetcher = source.fetcher else { return nil }
        return try await fetcher.fetch(
            .metadata("\(root.content.version + 1).root.json"), atMost: RootContent.byteLimit)
    }

    /// §5.2. Follows the cached roots from the given root, as it would follow fetched roots. At a
    /// cached root that does not follow, it continues with roots of the repository.
    private func startingRoot() throws -> SignedMetadata<RootContent> {
        guard let givenRoot else {
            guard let kept = try cache.metadata(of: TopLevelRole.root.rawValue) else {
                throw notKept("root")
            }
            return try SignedMetadata(given: kept)
        }
        var root = try SignedMetadata<RootContent>(given: givenRoot)
        while root.content.version < Int.max,
            let kept = try cache.root(version: root.content.version + 1),
            let next = try? root.successor(kept)
        {
            root = next
        }
        try keepRoot(root)
        return root
    }

    /// §5.3.8.
    private func keepRoot(_ root: SignedMetadata<RootContent>) throws {
        try cache.keep(root.bytes, asRootVersion: root.content.version)
        try cache.keep(root.bytes, asMetadataOf: TopLevelRole.root.rawValue)
    }

    // MARK: §5.4 to §5.6: timestamp, snapshot and targets

    private func updatedTimestamp(_ root: TrustedMetadata<RootContent>) async throws
        -> TrustedMetadata<TimestampContent>
    {
        let kept = try cache.metadata(of: TopLevelRole.timestamp.rawValue)
        guard let fetcher = source.fetcher else {
            guard let kept else { throw notKept("timestamp") }
            return try root.signedTimestamp(kept).trusted(at: source.now)
        }
        let old = kept.flatMap { try? root.signedTimestamp($0) }
        let bytes = try await fetched(
            "timestamp.json", as: "timestamp", atMost: TimestampContent.byteLimit, from: fetcher)
        switch try root.timestamp(bytes, following: old, at: source.now) {
        case .same(let trusted): return trusted
        case .newer(let trusted):
            try cache.keep(trusted.bytes, asMetadataOf: TopLevelRole.timestamp.rawValue)
            return trusted
        }
    }

    private func updatedSnapshot(
        _ root: TrustedMetadata<RootContent>, _ timestamp: TrustedMetadata<TimestampContent>
    ) async throws -> TrustedMetadata<SnapshotContent> {
        let kept = try cache.metadata(of: TopLevelRole.snapshot.rawValue)
        let now = source.now
        if let kept,
            let current = try? root.snapshot(
                kept, announcedBy: timestamp, following: nil, at: now)
        {
            return current
        }
        guard let fetcher = source.fetcher else {
            guard let kept else { throw notKept("snapshot") }
            return try root.snapshot(kept, announcedBy: timestamp, following: nil, at: now)
        }
        let old = kept.flatMap { try? root.signedSnapshot($0) }
        let file = timestamp.content.snapshot
        let bytes = try await fetched(
            name("snapshot", file, root), as: "snapshot",
            atMost: limit(file, SnapshotContent.byteLimit), from: fetcher)
        let snapshot = try root.snapshot(bytes, announcedBy: timestamp, following: old, at: now)
        try cache.keep(snapshot.bytes, asMetadataOf: TopLevelRole.snapshot.rawValue)
        return snapshot
    }

    private func updatedTargets(
        _ root: TrustedMetadata<RootContent>, _ snapshot: TrustedMetadata<SnapshotContent>
    ) async throws -> TargetsRole {
        let now = source.now
        return try await role("targets", root, snapshot) { bytes throws(MetadataProblem) in
            try snapshot.targets(bytes, under: root, at: now)
        }
    }

    private func delegated(_ delegation: DelegatedRole, _ state: TrustState) async throws
        -> TargetsRole
    {
        let now = source.now
        return try await role(delegation.name, state.root, state.snapshot) {
            bytes throws(MetadataProblem) in
            try state.snapshot.delegated(delegation, bytes, at: now)
        }
    }

    /// §5.6.1 to §5.6.6: the cached file if it passes all checks, else the repository's file.
    private func role(
        _ role: String, _ root: TrustedMetadata<RootContent>,
        _ snapshot: TrustedMetadata<SnapshotContent>,
        check: ([UInt8]) throws(MetadataProblem) -> TargetsRole
    ) async throws -> TargetsRole {
        let file = try snapshot.content.file(of: role)
        let kept = try cache.metadata(of: role)
        if let kept, let current = try? check(kept) { return current }
        let subject = role == "targets" ? "targets" : "the role \(quoted(role))"
        guard let fetcher = source.fetcher else {
            guard let kept else { throw notKept(subject) }
            return try check(kept)
        }
        let bytes = try await fetched(
            name(role, file, root), as: subject, atMost: limit(file, TargetsContent.byteLimit),
            from: fetcher)
        let trusted = try check(bytes)
        try cache.keep(bytes, asMetadataOf: role)
        return trusted
    }

    /// The name of a metadata file. Spec: TUF 1.0.34 §5.3.12, §6.2.1: with consistent snapshots it
    /// contains the version.
    private func name(
        _ role: String, _ file: MetadataFile, _ root: TrustedMetadata<RootContent>
    ) -> String {
        let encoded = percentEncoded(role)
        return root.content.hasConsistentSnapshots
            ? "\(file.version).\(encoded).json" : "\(encoded).json"
    }

    private func limit(_ file: MetadataFile, _ most: Int) -> Int {
        min(file.expected.length ?? most, most)
    }

    private func fetched(
        _ name: String, as subject: String, atMost limit: Int, from fetcher: any TrustFetcher
    ) async throws -> [UInt8] {
        guard let bytes = try await fetcher.fetch(.metadata(name), atMost: limit) else {
            throw MetadataProblem(
                .missing, subject, "the repository does not have \(quoted(name))")
        }
        return bytes
    }

    private func notKept(_ subject: String) -> Failure {
        Failure(
            .notFound, "cannot use the cached update metadata",
            because: "\(subject) is not in the cache",
            next: "run once with access to the update repository")
    }
}
