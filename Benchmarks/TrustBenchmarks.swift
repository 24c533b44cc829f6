// SPDX-License-Identifier: Apache-2.0
// Refreshing trust from an update repository that answers at once, out of memory.

internal import Keys
internal import Primitives
internal import StandIns
internal import Synchronization
internal import TUF

/// A sound repository with one target, held in memory: what a refresh costs besides the network.
struct BenchmarkRepository: TrustFetcher {
    let files: [RepositoryFile: [UInt8]]
    let root: [UInt8]

    private static let names = ["root", "targets", "snapshot", "timestamp"]

    /// Ed25519 keys, one for each role; the target is as large as a trusted root.
    init(target: [UInt8]) throws {
        var keys: [String: StandInKey] = [:]
        for name in BenchmarkRepository.names { keys[name] = try StandInKey(.ed25519) }
        let hash = Digest(of: target, by: .sha256).hex
        let contents: [String: JSONObject] = [
            "root": BenchmarkRepository.root(keys),
            "targets": [
                "targets": [
                    "trusted_root.json": [
                        "length": .number(target.count), "hashes": ["sha256": .string(hash)],
                    ]
                ]
            ],
            "snapshot": ["meta": ["targets.json": ["version": 1]]],
            "timestamp": ["meta": ["snapshot.json": ["version": 1]]],
        ]
        var files: [RepositoryFile: [UInt8]] = [.target("\(hash).trusted_root.json"): target]
        for (name, content) in contents {
            guard let key = keys[name] else { continue }
            let bytes = try BenchmarkRepository.signed(content, as: name, by: key)
            files[.metadata("1.\(name).json")] = bytes
            files[.metadata("\(name).json")] = bytes
        }
        self.files = files
        root = files[.metadata("1.root.json")] ?? []
    }

    func fetch(_ file: RepositoryFile, atMost limit: Int) async throws -> [UInt8]? { files[file] }

    private static func root(_ keys: [String: StandInKey]) -> JSONObject {
        var (entries, roles): (JSONObject, JSONObject) = ([:], [:])
        for (name, key) in keys {
            let entry = entry(of: key)
            let identifier = identifier(of: key)
            entries[identifier] = entry
            roles[name] = ["keyids": [.string(identifier)], "threshold": 1]
        }
        return [
            "consistent_snapshot": true, "keys": .object(entries), "roles": .object(roles),
        ]
    }

    private static func entry(of key: StandInKey) -> JSONValue {
        [
            "keytype": "ed25519", "scheme": "ed25519",
            "keyval": ["public": .string(hexText(key.publicRaw))],
        ]
    }

    private static func identifier(of key: StandInKey) -> String {
        Digest(of: canonicalJSON(entry(of: key)), by: .sha256).hex
    }

    private static func signed(
        _ content: JSONObject, as role: String, by key: StandInKey
    ) throws -> [UInt8] {
        var body = content
        body["_type"] = .string(role)
        body["spec_version"] = "1.0.34"
        body["version"] = 1
        body["expires"] = "2026-03-31T12:00:00Z"
        let signature = try key.sign(canonicalJSON(.object(body)))
        let document: JSONValue = [
            "signatures": [
                ["keyid": .string(identifier(of: key)), "sig": .string(hexText(signature))]
            ],
            "signed": .object(body),
        ]
        return document.compactBytes
    }
}

/// A cache in memory; a copy made before a refresh stays as it was.
final class BenchmarkCache: TrustCache {
    private struct Files {
        var metadata: [String: [UInt8]] = [:]
        var roots: [Int: [UInt8]] = [:]
        var targets: [String: [UInt8]] = [:]
    }

    private let files = Mutex(Files())

    func metadata(of role: String) -> [UInt8]? { files.withLock { $0.metadata[role] } }
    func keep(_ bytes: [UInt8], asMetadataOf role: String) {
        files.withLock { $0.metadata[role] = bytes }
    }
    func forgetMetadata(of role: String) { files.withLock { $0.metadata[role] = nil } }
    func root(version: Int) -> [UInt8]? { files.withLock { $0.roots[version] } }
    func keep(_ bytes: [UInt8], asRootVersion version: Int) {
        files.withLock { $0.roots[version] = bytes }
    }
    func target(_ path: String) -> [UInt8]? { files.withLock { $0.targets[path] } }
    func keep(_ bytes: [UInt8], asTarget path: String) {
        files.withLock { $0.targets[path] = bytes }
    }
}

/// A whole refresh and its target, from nothing and with everything kept already.
func measureTrustUpdates(
    _ stopwatch: Stopwatch, target: [UInt8]
) async throws -> [(name: String, cost: Cost)] {
    let repository = try BenchmarkRepository(target: target)
    let now = try Timestamp(parsing: "2026-03-01T12:00:00Z")
    func update(_ cache: BenchmarkCache) async throws {
        var updater = TrustUpdater(
            root: repository.root, from: .repository(repository, now: now), cache: cache)
        try await updater.refresh()
        guard try await updater.target("trusted_root.json") == target else {
            throw Failure(.bug, "cannot measure an update", because: "another target came")
        }
    }
    let kept = BenchmarkCache()
    try await update(kept)
    return [
        (
            "first update: four roles and a target",
            try await stopwatch.measure {
                try await update(BenchmarkCache())
            }
        ),
        ("update with nothing new", try await stopwatch.measure { try await update(kept) }),
    ]
}
