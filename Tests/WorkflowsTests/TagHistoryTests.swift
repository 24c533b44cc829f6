// SPDX-License-Identifier: Apache-2.0
// Rules about mirrors and remembered tags.

import OCI
import Primitives
import Testing
import Workflows

@testable import Policy

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

    private let old = Digest(of: [1], by: .sha256)
    private let new = Digest(of: [2], by: .sha256)

    private func decision(_ image: String, _ result: ImageResult, _ digest: Digest?) -> Decision {
        let resource = ResourceIdentity(
            apiVersion: "v1", kind: "Pod", namespace: "default", name: "web", generateName: "")
        let use = ImageUse(
            role: .container, owner: "c", pointer: "/spec/containers/0/image", written: image)
        return Decision(
            rule: nil,
            request: .init(
                resource: resource, operation: .create, subresource: "", digest: old, file: nil),
            image: .init(use: use, normalized: nil, digest: digest), result: result, reason: nil,
            checks: [], patch: nil, remediation: nil, message: "")
    }

    private func news(of decisions: [Decision]) -> TagHistory {
        let before = TagHistory().adding(
            TagHistory().news(in: [decision("example.com/kept:1", .pass, old)]))
        return before.news(in: decisions)
    }

    @Test("a tag is news when its image passed and had another digest before, or none")
    func newDigests() throws {
        let found = news(of: [
            decision("example.com/kept:1", .pass, new), decision("example.com/a", .pass, old),
        ])
        let kept = try ImageName(parsing: "example.com/kept:1")
        #expect(found.digest(of: kept) == new)
        #expect(found.digest(of: try ImageName(parsing: "example.com/a:latest")) == old)
        let merged = TagHistory().adding(found)
        #expect(merged.digest(of: kept) == new && !merged.isEmpty)
    }

    @Test(
        "nothing is news that is known, pinned, unread, without a digest, or no pass everywhere",
        arguments: [
            [("example.com/kept:1", ImageResult.pass, 1)],
            [("example.com/a@sha256:\(String(repeating: "0", count: 64))", .pass, 1)],
            [("A B", .pass, 1)], [("example.com/a:1", .pass, 0)],
            [("example.com/a:1", .fail, 1)], [("example.com/a:1", .unknown, 1)],
            [("example.com/a:1", .pass, 1), ("example.com/a:1", .fail, 1)],
            [("example.com/a:1", .excepted, 1), ("example.com/a:1", .pass, 1)],
        ])
    func noNews(images: [(String, ImageResult, Int)]) {
        let decisions = images.map { decision($0.0, $0.1, $0.2 == 0 ? nil : old) }
        #expect(news(of: decisions).isEmpty)
    }
}
