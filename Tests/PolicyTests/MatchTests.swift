// SPDX-License-Identifier: Apache-2.0
// Wildcards, kinds, selectors, match and exclude.

import Primitives
import Testing

@testable import Policy

@Suite("matching")
struct MatchTests {
    @Test(
        "a pattern put together from parts takes only some stars for patterns",
        arguments: [
            ("a*b-1", true), ("a*b-", true), ("axb-1", false), ("a*c-1", false), ("", false),
        ])
    func wildcardParts(text: String, fits: Bool) throws {
        let wildcard = Wildcard([("a", true), ("*b", false), ("-*", true)])
        #expect(wildcard.isPattern)
        #expect(try wildcard.matches(text) == fits)
        #expect(!Wildcard([("*?", false)]).isPattern)
    }

    @Test(
        "a wildcard covers the whole text, crosses slashes, and ? is one character",
        arguments: [
            ("*", "", true), ("*", "a/b:c", true), ("", "", true), ("", "a", false),
            ("ghcr.io/*", "ghcr.io/acme/api:1", true),
            ("ghcr.io/*", "evil.com/ghcr.io/acme", false),
            ("ghcr.io/acme/api", "ghcr.io/acme/api-debug", false), ("a?c", "abc", true),
            ("a?c", "ac", false), ("a?c", "aéc", true), ("*b*c", "abbbcc", true),
            ("*b*c", "abbb", false),
            ("a**b", "ab", true), ("**", "x", true), ("?*?", "x", false), ("?*?", "xy", true),
            ("*.*", "a", false), ("A", "a", false),
        ])
    func wildcards(pattern: String, text: String, fits: Bool) throws {
        #expect(try Wildcard(pattern).matches(text) == fits)
    }

    @Test("a wildcard that takes too many steps is a failure, not an answer")
    func wildcardLimit() {
        let pattern = String(repeating: "a", count: 500) + "b"
        let text = String(repeating: "a", count: 2_000)
        #expect { try Wildcard("*\(pattern)").matches(text) } throws: {
            ($0 as? Failure)?.kind == .overLimit
        }
    }

    @Test(
        "a kind selector is read as Kyverno reads it",
        arguments: [
            ("Pod", "*", "*", "Pod", ""), ("v1/Pod", "*", "v1", "Pod", ""),
            ("apps/v1/Deployment", "apps", "v1", "Deployment", ""), ("*/*", "*", "*", "*", "*"),
            ("Pod/ephemeralcontainers", "*", "*", "Pod", "ephemeralcontainers"),
            ("Pod.status", "*", "*", "Pod", "status"), ("*/Pod", "*", "*", "Pod", ""),
            ("v1/Pod/status", "*", "v1", "Pod", "status"),
            ("apps/v1/Deployment/scale", "apps", "v1", "Deployment", "scale"),
            ("tekton.dev/v1beta1/TaskRun.status", "tekton.dev", "v1beta1", "TaskRun", "status"),
        ])
    func kinds(text: String, group: String, version: String, kind: String, sub: String) throws {
        let selector = try #require(KindSelector(text))
        #expect(
            [
                selector.groups.description, selector.versions.description, selector.kind,
                selector.subresources.description,
            ] == [
                group, version, kind, sub,
            ])
    }

    @Test("what is no kind is refused", arguments: ["", "/", "a//b", "a/b/c/d/e", "Pod.", "Po d"])
    func brokenKinds(text: String) { #expect(KindSelector(text) == nil) }

    static let pod = """
        apiVersion: v1
        kind: Pod
        metadata:
          name: backend
          namespace: shop
          labels: {app: backend, tier: web, K: "\u{E9}"}
          annotations: {team: blue}
        spec: {containers: [{name: a, image: nginx}]}
        """

    @Test(
        "match and exclude decide which resources a rule speaks about",
        arguments: [
            ("any: [{resources: {kinds: [Pod]}}]", MatchResult.yes),
            ("resources: {kinds: [Pod]}", .yes),
            ("any: [{resources: {kinds: [Deployment]}}]", .no),
            ("any: [{resources: {kinds: ['*']}}]", .yes),
            ("any: [{resources: {kinds: [v2/Pod]}}]", .no),
            ("any: [{resources: {kinds: [apps/v1/Pod]}}]", .no),
            ("any: [{resources: {kinds: [Pod/status]}}]", .no),
            ("any: [{resources: {kinds: [Pod], name: 'back*'}}]", .yes),
            ("any: [{resources: {kinds: [Pod], names: [x, 'backen?']}}]", .yes),
            ("any: [{resources: {kinds: [Pod], names: [x]}}]", .no),
            ("any: [{resources: {kinds: [Pod], namespaces: ['sh*']}}]", .yes),
            ("any: [{resources: {kinds: [Pod], namespaces: [prod]}}]", .no),
            ("any: [{resources: {kinds: [Pod], selector: {matchLabels: {app: backend}}}}]", .yes),
            ("any: [{resources: {kinds: [Pod], selector: {matchLabels: {'a*': 'back*'}}}}]", .yes),
            ("any: [{resources: {kinds: [Pod], selector: {matchLabels: {app: x}}}}]", .no),
            (
                "any: [{resources: {kinds: [Pod], selector: {matchExpressions: [{key: tier, operator: In, values: [web]}]}}}]",
                .yes
            ),
            (
                "any: [{resources: {kinds: [Pod], selector: {matchExpressions: [{key: tier, operator: NotIn, values: [web]}]}}}]",
                .no
            ),
            (
                "any: [{resources: {kinds: [Pod], selector: {matchExpressions: [{key: gone, operator: DoesNotExist}]}}}]",
                .yes
            ),
            (
                "any: [{resources: {kinds: [Pod], selector: {matchExpressions: [{key: gone, operator: Exists}]}}}]",
                .no
            ),
            ("any: [{resources: {kinds: [Pod], annotations: {team: 'b*'}}}]", .yes),
            ("any: [{resources: {kinds: [Pod], annotations: {team: red}}}]", .no),
            ("any: [{resources: {kinds: [Pod], operations: [CREATE, UPDATE]}}]", .yes),
            ("any: [{resources: {kinds: [Pod], operations: [DELETE]}}]", .no),
            ("any: [{resources: {kinds: [Job]}}, {resources: {kinds: [Pod]}}]", .yes),
            (
                // A Kelvin sign in a key is not the K that a label has.
                "any: [{resources: {kinds: [Pod], selector: {matchLabels: {'\u{212A}': web}}}}]",
                .no
            ),
            (
                "any: [{resources: {kinds: [Pod], selector: {matchExpressions: [{key: K, operator: In, values: ['e\u{301}']}]}}}]",
                .no
            ),
            (
                "all: [{resources: {kinds: [Pod]}}, {resources: {kinds: [Pod], namespaces: [prod]}}]",
                .no
            ),
            (
                "all: [{resources: {kinds: [Pod]}}, {resources: {kinds: [Pod], namespaces: [shop]}}]",
                .yes
            ),
        ])
    func matches(match: String, answer: MatchResult) throws {
        #expect(try scope(match: match).answer(try input()) == answer)
    }

    @Test(
        "exclude takes out what fits one of its filters whole",
        arguments: [
            ("{}", MatchResult.yes), ("any: [{resources: {namespaces: [shop]}}]", .no),
            ("any: [{resources: {namespaces: [shop], names: [other]}}]", .yes),
            ("resources: {kinds: [Pod], names: ['*']}", .no),
            ("all: [{resources: {namespaces: [shop]}}, {resources: {names: [other]}}]", .yes),
        ])
    func excludes(exclude: String, answer: MatchResult) throws {
        let found = try scope(match: "resources: {kinds: [Pod]}", exclude: exclude)
        #expect(try found.answer(try input()) == answer)
    }

    @Test("a filter about the namespace's labels is undecided without them")
    func namespaceLabels() throws {
        let found = try scope(
            match:
                "any: [{resources: {kinds: [Pod], namespaceSelector: {matchLabels: {env: prod}}}}]")
        #expect(try found.answer(try input(labels: ["env": "prod"])) == .yes)
        #expect(try found.answer(try input(labels: [:])) == .no)
        guard case .undecided = try found.answer(try input()) else {
            Issue.record("missing labels were taken for an answer")
            return
        }
    }

    @Test("a filter about who asks is undecided, and settles nothing that is settled without it")
    func requester() throws {
        let subject = "subjects: [{kind: User, name: anna}]"
        let match = try scope(match: "any: [{resources: {kinds: [Pod]}, \(subject)}]")
        guard case .undecided = try match.answer(try input()) else {
            Issue.record("an unknown requester was taken for an answer")
            return
        }
        let other = try scope(match: "any: [{resources: {kinds: [Job]}, \(subject)}]")
        #expect(try other.answer(try input()) == .no)
        let exclude = try scope(
            match: "resources: {kinds: [Pod]}", exclude: "any: [{clusterRoles: [admin]}]")
        guard case .undecided = try exclude.answer(try input()) else {
            Issue.record("an unknown requester was taken for an answer")
            return
        }
    }

    @Test("a Pod rule also speaks about ephemeral containers that are added later")
    func ephemeralContainers() throws {
        let input = AdmissionRequest(
            object: try resource(Self.pod), operation: .update,
            subresource: "ephemeralcontainers", namespaceLabels: labelFinding(nil))
        #expect(try scope(match: "resources: {kinds: [Pod]}").answer(input) == .yes)
    }

    @Test(
        "a broken scope is refused",
        arguments: [
            "any: []", "{}", "any: [{}]", "resources: {kinds: []}", "resources: {names: [x]}",
            "any: [{resources: {kinds: [Pod]}}]\nall: [{resources: {kinds: [Pod]}}]",
            "any: [{resources: {kinds: [Pod]}}]\nresources: {kinds: [Pod]}",
            "resources: {kinds: [Pod], operations: [PATCH]}", "resources: {kinds: [Pod], extra: 1}",
            "resources: {kinds: [1]}", "resources: {kinds: Pod}", "resources: [Pod]",
            "resources: {kinds: [Pod], selector: {matchExpressions: [{key: a, operator: In}]}}",
            "resources: {kinds: [Pod], selector: {matchExpressions: [{key: a, operator: Near}]}}",
            "resources: {kinds: [Pod], selector: {matchLabels: {a: 1}}}",
            "resources: {kinds: [Pod]}\nsubjects: [{kind: Robot, name: x}]",
        ])
    func brokenScopes(match: String) {
        #expect { try scope(match: match) } throws: { ($0 as? Failure)?.kind == .malformed }
    }

    @Test("a List gives its items, and a namespace left out is default")
    func lists() throws {
        let text = """
            apiVersion: v1
            kind: List
            items:
              - {apiVersion: v1, kind: Pod, metadata: {name: a}}
              - {apiVersion: v1, kind: Pod, metadata: {generateName: b-}}
              - {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
            """
        let found = try ManifestFile(parsing: Array(text.utf8), named: "list.yaml").resources
        #expect(
            found.map(\.identity.description) == [
                "default/Pod/a", "default/Pod/b-", "/Namespace/shop",
            ])
    }

    private func input(labels: ByteStringMap<String>? = nil) throws -> AdmissionRequest {
        AdmissionRequest(
            object: try resource(Self.pod), operation: .create,
            namespaceLabels: labelFinding(labels))
    }

    @Test(
        "a part that is empty is refused at its line, because it would fit everything",
        arguments: [
            "any: [{resources: {}}]", "resources: {}", "all: [{resources: {namespaces: []}}]",
            "resources: {namespaces: []}", "resources: {names: [], kinds: [Pod]}",
            "resources: {kinds: []}", "resources: {selector: {}}",
            "resources: {selector: {matchLabels: {}}}", "resources: {annotations: {}}",
            "resources: {namespaceSelector: {matchExpressions: []}}", "resources: {name: ''}",
            "resources: {operations: []}", "resources: {namespaces: null}", "any: [{subjects: []}]",
            "roles: []", "any: []", "any: [{}]", "resources: null",
        ])
    func emptyParts(text: String) throws {
        for isMatch in [false, true] {
            let failure = #expect(throws: Failure.self) {
                try self.scope(
                    match: isMatch ? text : "resources: {kinds: [Pod]}",
                    exclude: isMatch ? nil : text)
            }
            #expect(failure?.why.contains("empty") == true || isMatch)
            guard case .file = failure?.place else {
                Issue.record("no line: \(String(describing: failure))")
                return
            }
        }
    }

    private func scope(match: String, exclude: String? = nil) throws -> MatchExclude {
        try MatchExclude(match: try node(match), exclude: try exclude.map(node))
    }
}

func node(_ yaml: String) throws -> YAMLNode {
    try #require(try YAMLNode.documents(parsing: Array(yaml.utf8), named: "test.yaml").first)
}
