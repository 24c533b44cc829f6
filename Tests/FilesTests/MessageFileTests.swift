// SPDX-License-Identifier: Apache-2.0
// Files that are signed, hashed as they pass by.

import Keys
import Primitives
import TestSupport
import Testing

@testable import Files

@Suite("message files")
struct MessageFileTests {
    @Test("all hashes are those of the content, and it is kept up to the limit only")
    func hashes() throws {
        let directory = try TemporaryDirectory()
        let text = String(repeating: "0123456789", count: 60_000)
        try directory.write(text, to: "message")
        let path = directory.file("message")
        for (limit, isKept) in [(0, false), (599_999, false), (600_000, true), (700_000, true)] {
            let file = try MessageFile(at: path, keepingAtMost: limit)
            #expect(file.content == (isKept ? Array(text.utf8) : nil))
            for hash in HashAlgorithm.allCases {
                #expect(file.digests[hash] == hash.hash(of: Array(text.utf8)))
            }
        }
    }

    @Test("an empty file has hashes too, and what is no file is told")
    func edges() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("", to: "empty")
        let empty = try MessageFile(at: directory.file("empty"), keepingAtMost: 1)
        #expect(empty.content == [])
        #expect(empty.digests[.sha256] == HashAlgorithm.sha256.hash(of: []))
        await expectFailure(.notFound, "no such file") {
            _ = try MessageFile(at: directory.file("absent"), keepingAtMost: 0)
        }
        await expectFailure(.unavailable, "is a directory") {
            _ = try MessageFile(at: directory.path, keepingAtMost: 0)
        }
    }
}
