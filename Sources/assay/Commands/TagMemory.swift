// SPDX-License-Identifier: Apache-2.0
// Our own memory of what a tag pointed at when its image last passed.

import Foundation
import Host
import OCI
import Policy
import Primitives

/// A small JSON file, `NAME:TAG` to digest. It never makes an image pass: it explains why one fails.
struct TagMemory: Sendable {
    private let path: String
    private let tags: [String: Digest]

    /// Opens the file; one that is not there is an empty memory.
    init(at path: String) throws {
        self.path = path
        tags = try TagMemory.read(path)
    }

    func digest(of name: ImageName) -> Digest? { tags[key(name)] }

    /// Keeps what passed everywhere it was judged. The file is read again and written under a lock,
    /// so that runs at the same time lose nothing of each other.
    func remember(_ decisions: [Decision], at now: Timestamp) throws {
        var passed: [String: Digest] = [:]
        var spoiled: Set<String> = []
        for decision in decisions {
            guard let name = try? ImageName(parsing: decision.image.use.written), name.digest == nil
            else { continue }
            if decision.result == .pass, let digest = decision.image.digest {
                passed[key(name)] = digest
            } else {
                spoiled.insert(key(name))
            }
        }
        let news = passed.filter { !spoiled.contains($0.key) && tags[$0.key] != $0.value }
        guard !news.isEmpty else { return }
        try whileLocked(path) {
            let all = try TagMemory.read(path).merging(news) { _, new in new }
            let document: JSONValue = [
                "format": .string(tagMemoryFormat), "written": .string(now.description),
                "tags": JSONValue(sorted: ExactTextMap(all.mapValues(\.description))),
            ]
            try writeFile(Array((document.prettyText + "\n").utf8), at: path, permissions: 0o644)
        }
    }

    private static func read(_ path: String) throws -> [String: Digest] {
        guard FileManager.default.fileExists(atPath: path) else { return [:] }
        let content = try readFile(at: path, atMost: Limits.tagMemoryBytes, named: "the tag memory")
        let json = try JSONReader(parsing: content, named: path)
        let format = try json.required("format")
        guard try format.string() == tagMemoryFormat else {
            throw format.broken("it is not \(tagMemoryFormat)")
        }
        var known: [String: Digest] = [:]
        for (name, digest) in try json.required("tags").stringMap() {
            known[name] = try Digest(parsing: digest)
        }
        return known
    }

    private func key(_ name: ImageName) -> String {
        "\(name.repository):\(name.tag?.description ?? "latest")"
    }
}

private let tagMemoryFormat = "assay/tag-memory/v1"
