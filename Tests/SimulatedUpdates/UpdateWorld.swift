// SPDX-License-Identifier: Apache-2.0
// A repository, a client's cache and a clock, all of them ours: what happens to a client when a
// repository is kept well, badly, or by an attacker who stole some of its keys.

package import Primitives
package import Synchronization
package import TUF
internal import Testing

/// What the repository serves, and what it was asked for.
package final class SimulatedServer: TrustFetcher {
    package struct Contents {
        package var files: [RepositoryFile: [UInt8]] = [:]
        /// Files that never end.
        package var endless: Set<RepositoryFile> = []
        /// Files whose server does not answer.
        package var silent: Set<RepositoryFile> = []
        package var requests: [RepositoryFile] = []
    }

    package let contents = Mutex(Contents())

    package init() {}

    package func fetch(_ file: RepositoryFile, atMost limit: Int) async throws -> [UInt8]? {
        try contents.withLock { contents in
            contents.requests.append(file)
            if contents.silent.contains(file) {
                throw Failure(.unavailable, "cannot fetch", because: "nobody answered")
            }
            let bytes = contents.files[file]
            guard !contents.endless.contains(file), bytes?.count ?? 0 <= limit else {
                throw Failure(.overLimit, "cannot fetch", because: "more than \(limit) bytes came")
            }
            return bytes
        }
    }

    /// What was asked for since the last time, in short: `2.root.json`.
    package func takeRequests() -> [String] {
        contents.withLock { contents in
            defer { contents.requests = [] }
            return contents.requests.map {
                switch $0 {
                case .metadata(let name): name
                case .target(let name): "targets/\(name)"
                }
            }
        }
    }
}

/// A cache in memory.
package final class SimulatedCache: TrustCache {
    package let metadata = Mutex<[String: [UInt8]]>([:])
    package let targets = Mutex<[String: [UInt8]]>([:])
    package let roots = Mutex<[Int: [UInt8]]>([:])

    package init() {}

    package func metadata(of role: String) throws(Failure) -> [UInt8]? {
        metadata.withLock { $0[role] }
    }
    package func keep(_ bytes: [UInt8], asMetadataOf role: String) throws(Failure) {
        metadata.withLock { $0[role] = bytes }
    }
    package func forgetMetadata(of role: String) throws(Failure) {
        metadata.withLock { $0[role] = nil }
    }
    package func root(version: Int) throws(Failure) -> [UInt8]? { roots.withLock { $0[version] } }
    package func keep(_ bytes: [UInt8], asRootVersion version: Int) throws(Failure) {
        roots.withLock { $0[version] = bytes }
    }
    package func target(_ path: String) throws(Failure) -> [UInt8]? {
        targets.withLock { $0[path] }
    }
    package func keep(_ bytes: [UInt8], asTarget path: String) throws(Failure) {
        targets.withLock { $0[path] = bytes }
    }
}

/// Everything around one client.
package struct UpdateWorld {
    package let server = SimulatedServer()
    package var cache = SimulatedCache()
    package var now: Timestamp
    /// What each role will sign next.
    package var drafts: [String: JSONValue] = [:]
    package var signers: [String: [SimulatedKey]] = [:]
    /// Whether timestamp and snapshot announce lengths and hashes.
    package var announcesHashes = false
    /// The root the client was shipped with.
    package var shippedRoot: [UInt8] = []
    private var nextKey: UInt8 = 10

    /// A sound repository: version 1 of the four roles, one key each, fresh for 30 days.
    package init() throws {
        now = try Timestamp(parsing: "2026-03-01T12:00:00Z")
        for role in ["root", "timestamp", "snapshot", "targets"] {
            signers[role] = [try newKey()]
            drafts[role] = [
                "_type": .string(role), "spec_version": "1.0.34", "version": 0,
                "expires": "2026-03-31T12:00:00Z", "x-note": "fields nobody knows are signed too",
            ]
        }
        edit("root", "consistent_snapshot", to: true)
        for role in ["root", "timestamp", "snapshot", "targets"] { appoint(role) }
        edit("targets", "targets", to: [:])
        edit("snapshot", "meta", to: [:])
        edit("timestamp", "meta", to: [:])
        try publish("root", "targets", "snapshot", "timestamp")
        shippedRoot = try #require(file("1.root.json"))
    }

    package mutating func newKey() throws -> SimulatedKey {
        nextKey += 1
        return try .numbered(nextKey)
    }

    // MARK: The repository

    package mutating func edit(_ role: String, _ path: String..., to value: JSONValue?) {
        drafts[role] = (drafts[role] ?? [:]).setting(path, to: value)
    }

    package func version(_ role: String) -> Int { drafts[role]?["version"]?.integer ?? 0 }

    /// Writes the keys that now sign for a role into the root.
    package mutating func appoint(_ role: String, threshold: Int? = nil) {
        let keys = signers[role] ?? []
        for key in keys { edit("root", "keys", key.id, to: key.entry) }
        edit(
            "root", "roles", role,
            to: [
                "keyids": .array(keys.map { .string($0.id) }),
                "threshold": JSONValue.number(JSONNumber(threshold ?? max(keys.count, 1))),
            ])
    }

    /// Gives a role one new key instead of those it had; the next root says so.
    package mutating func rotateKey(of role: String) throws {
        signers[role] = [try newKey()]
        appoint(role)
    }

    /// Raises the version of each role, announces it in its parent and serves it.
    package mutating func publish(_ roles: String...) throws {
        for role in roles {
            edit(role, "version", to: .number(JSONNumber(version(role) + 1)))
            try serve(role)
        }
    }

    /// The usual release: targets, snapshot and timestamp, with everything announced.
    package mutating func release() throws { try publish("targets", "snapshot", "timestamp") }

    /// Signs a role as it stands, announces it and serves it.
    package mutating func serve(_ role: String) throws {
        let bytes = try signed(role)
        place(bytes, as: role)
        announce(role, bytes)
    }

    /// What a role's parent says of it.
    package mutating func announce(_ role: String, _ bytes: [UInt8]) {
        var entry: JSONValue = ["version": .number(JSONNumber(version(role)))]
        if announcesHashes {
            entry = entry.setting(["length"], to: .number(JSONNumber(bytes.count)))
            entry = entry.setting(
                ["hashes", "sha256"], to: .string(Digest(of: bytes, by: .sha256).hex))
        }
        switch role {
        case "root", "timestamp": break
        case "snapshot": edit("timestamp", "meta", "snapshot.json", to: entry)
        default: edit("snapshot", "meta", "\(role).json", to: entry)
        }
    }

    /// Serves bytes in place of a role's current version.
    package func place(_ bytes: [UInt8], as role: String) {
        let name = percentEncoded(role)
        put(bytes, at: "\(version(role)).\(name).json")
        if role != "root" { put(bytes, at: "\(name).json") }
    }

    /// The metadata file of a role, signed by its keys as they are now.
    package func signed(_ role: String, by keys: [SimulatedKey]? = nil) throws -> [UInt8] {
        let body = drafts[role] ?? [:]
        let message = signedBytes(body)
        var signatures: [JSONValue] = []
        for key in keys ?? signers[role] ?? [] {
            signatures.append(
                ["keyid": .string(key.id), "sig": .string(try key.signature(over: message))])
        }
        let document: JSONValue = ["signatures": .array(signatures), "signed": body]
        return Array(document.prettyText.utf8)
    }

    package func file(_ name: String) -> [UInt8]? {
        server.contents.withLock { $0.files[.metadata(name)] }
    }

    package func put(_ bytes: [UInt8]?, at name: String) {
        server.contents.withLock { $0.files[.metadata(name)] = bytes }
    }

    package func put(_ text: String, atTarget name: String) {
        server.contents.withLock { $0.files[.target(name)] = Array(text.utf8) }
    }

    /// Lists a file in a role's draft and serves it under its hash.
    package mutating func add(_ text: String, as path: String, to role: String = "targets") {
        let hash = Digest(of: text.utf8, by: .sha256).hex
        edit(
            role, "targets", path,
            to: [
                "length": .number(JSONNumber(text.utf8.count)),
                "hashes": ["sha256": .string(hash)],
            ])
        var steps = path.split(separator: "/", omittingEmptySubsequences: false).map {
            percentEncoded(String($0))
        }
        steps[steps.count - 1] = "\(hash).\(steps[steps.count - 1])"
        put(text, atTarget: steps.joined(separator: "/"))
    }

    /// Lets `role` delegate to `name`, with a key of the delegation's own.
    package mutating func delegate(
        from role: String, to name: String, paths: [JSONValue] = ["*"], terminating: Bool = false
    ) throws {
        let key = try newKey()
        if drafts[name] == nil {
            signers[name] = []
            drafts[name] = [
                "_type": "targets", "spec_version": "1.0.34", "version": 0,
                "expires": "2026-03-31T12:00:00Z", "targets": [:],
            ]
        }
        signers[name, default: []].append(key)
        edit(role, "delegations", "keys", key.id, to: key.entry)
        let roles = drafts[role]?["delegations"]?["roles"]?.array ?? []
        let delegation: JSONValue = [
            "name": .string(name), "keyids": [.string(key.id)], "threshold": 1,
            "terminating": .bool(terminating), "paths": .array(paths),
        ]
        edit(role, "delegations", "roles", to: .array(roles + [delegation]))
    }

    // MARK: The client

    package func updater(from source: TrustSource? = nil) -> TrustUpdater {
        TrustUpdater(
            root: shippedRoot, from: source ?? .repository(server, now: now), cache: cache)
    }

    @discardableResult
    package func refresh() async throws -> TrustState {
        var updater = updater()
        try await updater.refresh()
        return try #require(updater.state)
    }

    package func target(_ path: String) async throws -> String {
        var updater = updater()
        return String(decoding: try await updater.target(path), as: UTF8.self)
    }

    /// The version of a role that the client keeps.
    package func keptVersion(_ role: String) throws -> Int? {
        guard let bytes = try cache.metadata(of: role) else { return nil }
        return try JSONValue(parsing: bytes, named: role)["signed"]?["version"]?.integer
    }
}
