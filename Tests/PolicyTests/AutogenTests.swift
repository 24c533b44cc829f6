// SPDX-License-Identifier: Apache-2.0
// Rules for pods, generated for what makes pods.

import Keys
import Primitives
import Signing
import TestSupport
import Testing

@testable import Policy

@Suite("autogen")
struct AutogenTests {
    private func names(_ change: (inout PolicyText) -> Void) throws -> [String] {
        var policy = PolicyText(keys: [try TestKeys.ecdsaP256().publicKey])
        change(&policy)
        return try policy.compiled()[0].rules.map(\.name)
    }

    @Test("a pod rule gives one for controllers and one for CronJobs")
    func both() throws {
        #expect(try names { _ in } == ["by-acme", "autogen-by-acme", "autogen-cronjob-by-acme"])
    }

    @Test(
        "the annotation chooses controllers, or none",
        arguments: [
            ("none", ["by-acme"]),
            ("all", ["by-acme", "autogen-by-acme", "autogen-cronjob-by-acme"]),
            ("Deployment,Job", ["by-acme", "autogen-by-acme"]),
            ("Deployment, CronJob", ["by-acme", "autogen-by-acme", "autogen-cronjob-by-acme"]),
            ("CronJob", ["by-acme", "autogen-cronjob-by-acme"]),
        ])
    func annotation(value: String, expected: [String]) throws {
        #expect(
            try names { $0.annotations = ["pod-policies.kyverno.io/autogen-controllers": value] }
                == expected)
    }

    @Test(
        "nothing is generated when a filter asks what a controller cannot answer",
        arguments: [
            "any: [{resources: {kinds: [Pod, Deployment]}}]",
            "any: [{resources: {kinds: [Pod], name: a}}]",
            "any: [{resources: {kinds: [Pod], names: [a]}}]",
            "any: [{resources: {kinds: [Pod], selector: {matchLabels: {a: b}}}}]",
            "any: [{resources: {kinds: [Pod], annotations: {a: b}}}]",
            "any: [{resources: {kinds: [Deployment]}}]", "any: [{resources: {kinds: ['*']}}]",
        ])
    func notGenerated(match: String) throws {
        #expect(try names { $0.match = [match] } == ["by-acme"])
    }

    @Test("an exclude by name stops it, one by namespace does not")
    func excludes() throws {
        #expect(
            try names { $0.rule = ["exclude: {any: [{resources: {kinds: [Pod], names: [a]}}]}"] }
                .count == 1)
        #expect(
            try names { $0.rule = ["exclude: {any: [{resources: {namespaces: [a]}}]}"] }.count == 3)
    }

    @Test("a generated name is cut at 63 characters")
    func longNames() throws {
        let name = String(repeating: "x", count: 60)
        var policy = PolicyText(keys: [try TestKeys.ecdsaP256().publicKey])
        policy.match = ["any: [{resources: {kinds: [Pod]}}]"]
        let text = policy.text.replacing("by-acme", with: name)
        let rules = try compiledPolicies([text])[0].rules.map(\.name)
        #expect(rules.map(\.count) == [60, 63, 63])
        #expect(rules[1].hasPrefix("autogen-x"))
    }

    @Test(
        "controllers are judged under the generated name, pods under the written one",
        arguments: [
            ("Pod", "by-acme"), ("Deployment", "autogen-by-acme"), ("DaemonSet", "autogen-by-acme"),
            ("StatefulSet", "autogen-by-acme"), ("ReplicaSet", "autogen-by-acme"),
            ("Job", "autogen-by-acme"),
            ("ReplicationController", "autogen-by-acme"), ("CronJob", "autogen-cronjob-by-acme"),
        ])
    func judged(kind: String, rule: String) async throws {
        let trial = try PolicyTrial()
        let facts = try await trial.facts(about: try await trial.image())
        let policies = try PolicyText(keys: [trial.key.publicKey]).compiled()
        let path = try #require(podSpecPaths[kind])
        let spec = path.reversed().reduce("{containers: [{name: a, image: '\(trial.written)'}]}") {
            "{\($1): \($0)}"
        }
        let text = "{apiVersion: v1, kind: \(kind), metadata: {name: x}, \(spec.dropFirst())"
        let decisions = try evaluation(of: try resource(text), by: policies, facts).decisions
        #expect(decisions.map(\.rule?.name) == [rule])
        #expect(decisions.map(\.result) == [.fail])
        #expect(
            decisions.map(\.image.use.pointer) == [
                "/" + path.joined(separator: "/") + "/containers/0/image"
            ])
    }

    @Test("an exclude of pods excludes their controllers too")
    func excludedControllers() throws {
        var policy = PolicyText(keys: [try TestKeys.ecdsaP256().publicKey])
        policy.rule = ["exclude: {any: [{resources: {kinds: [Pod], namespaces: [shop]}}]}"]
        let text =
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: x, namespace: shop}, spec: {template: {spec: {containers: [{name: a, image: registry.example.com/a}]}}}}"
        let found = try evaluation(of: try resource(text), by: try policy.compiled())
        #expect(found.results.isEmpty)
        #expect(found.decisions.map(\.result) == [.unmatched])
    }
}
