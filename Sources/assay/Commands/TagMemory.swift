// SPDX-License-Identifier: Apache-2.0
// The file of --tag-memory.

import Files
import Foundation
import Host
import Policy
import Primitives
import Workflows

/// A small JSON file that keeps a `TagHistory`.
struct TagMemory: Sendable {
    let history: TagHistory
    private let path: String

    /// Opens the file; one that is not there is an empty memory.
    init(at path: String) throws {
        self.path = path
        history = try TagMemory.read(path)
    }

    /// Keeps what passed everywhere it was judged. The file is read again and written under a lock,
    /// so that runs at the same time lose nothing of each other.
    func remember(_ decisions: [Decision], at now: Timestamp) throws {
        let news = history.news(in: decisions)
        guard !news.isEmpty else { return }
        try whileLocked(path) {
            let document = try TagMemory.read(path).adding(news).document(at: now)
            try writeFile(Array((document.prettyText + "\n").utf8), at: path, permissions: 0o644)
        }
    }

    private static func read(_ path: String) throws -> TagHistory {
        guard FileManager.default.fileExists(atPath: path) else { return TagHistory() }
        let content = try readFile(at: path, atMost: Limits.tagMemoryBytes, named: "the tag memory")
        return try TagHistory(parsing: content, named: path)
    }
}
