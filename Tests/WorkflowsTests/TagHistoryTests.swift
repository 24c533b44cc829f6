// SPDX-License-Identifier: Apache-2.0
// Rules about mirrors and remembered tags.

import OCI
import Policy
import Primitives
import Testing
import Workflows

@Suite("mirrors and remembered tags")
struct TagHistoryTests {
    @Test(
        "a rule of mirrors fits whole path elements",
        arguments: [
            ("ghcr.io/acme", "ghcr.io/acme/x", "origin.example/team/x"),
            ("ghcr.io/acme", "ghcr.io/acme", "origin.example/team"),
            ("ghcr.io/acme", "ghcr.io/acme-evil/x", nil), ("ghcr.io/acme", "quay.io/acme/x", nil),
        ])
    func mirrors(mirror: String, name: String, origin: String?) throws {
        let rule = MirrorRule(mirror: mirror, origin: "origin.example/team")
        let found = try rule.origin(of: try Repository(parsing: name))
        #expect(found?.description == origin)
    }

    @Test("a history reads what it wrote, and refuses another format")
    func document() throws {
        let digest = Digest(of: [1], by: .sha256)
        let text = """
            {"format":"assay/tag-memory/v1","written":"2026-01-01T00:00:00Z",
            "tags":{"registry.example.com/app:1":"\(digest)"}}
            """
        let history = try TagHistory(parsing: Array(text.utf8), named: "tags.json")
        let name = try ImageName(parsing: "registry.example.com/app:1")
        #expect(history.digest(of: name) == digest)
        let written = history.document(at: Timestamp(seconds: 0)).compactBytes
        let again = try TagHistory(parsing: written, named: "tags.json")
        #expect(again.digest(of: name) == digest)
        for wrong in ["{}", #"{"format":"v9","tags":{}}"#, #"{"format":"assay/tag-memory/v1"}"#] {
            #expect(throws: Failure.self) {
                try TagHistory(parsing: Array(wrong.utf8), named: "tags.json")
            }
        }
    }
}
