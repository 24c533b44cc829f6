// SPDX-License-Identifier: Apache-2.0
// Image names in policies, and images in resources.

import Primitives
import Testing

@testable import Policy

private let digest = "sha256:" + String(repeating: "a", count: 64)

@Suite("images")
struct ImageTests {
    @Test(
        "a name has Kyverno's canonical spelling first",
        arguments: [
            ("nginx", "docker.io/nginx:latest"), ("nginx:1.25", "docker.io/nginx:1.25"),
            ("acme/api", "docker.io/acme/api:latest"), ("ghcr.io/acme/api:1", "ghcr.io/acme/api:1"),
            ("localhost/a", "localhost/a:latest"), ("reg:5000/a:b", "reg:5000/a:b"),
            ("GHCR.io/acme/api:1", "ghcr.io/acme/api:1"),
            ("ghcr.io:443/acme/api", "ghcr.io/acme/api:latest"),
            ("index.docker.io/library/nginx", "docker.io/nginx:latest"),
            ("ghcr.io/acme/api:1@\(digest)", "ghcr.io/acme/api@\(digest)"),
            ("[::1]:5000/a", "[::1]:5000/a:latest"),
        ])
    func canonical(written: String, spelling: String) throws {
        #expect(try PolicyImageName(parsing: written).description == spelling)
    }

    @Test(
        "a pattern covers every spelling of the same image, and no other image",
        arguments: [
            ("*", "nginx", true), ("docker.io/nginx*", "nginx", true),
            ("docker.io/library/*", "nginx", true),
            ("docker.io/*", "library/nginx:1", true), ("ghcr.io/*", "GHCR.io/acme/api", true),
            ("ghcr.io/*", "ghcr.io:443/acme/api", true),
            ("ghcr.io:443/*", "ghcr.io:443/acme/api", true),
            ("ghcr.io:443/*", "ghcr.io/acme/api", true),
            ("[::1]/*", "[::1]:443/acme/api", true), ("[::1]:443/*", "[::1]/acme/api", true),
            ("docker.io/acme/*", "index.docker.io:443/acme/x:1", true),
            ("docker.io/acme/*", "registry-1.docker.io:443/acme/x:1", true),
            ("docker.io/nginx*", "docker.io:443/nginx", true),
            ("docker.io:443/nginx*", "nginx", true), ("ghcr.io:443/*", "ghcr.io:8443/a", false),
            ("ghcr.io/*", "ghcr.io:8443/acme/api", false),
            ("ghcr.io/acme/*", "ghcr.io/acme-evil/api", false),
            ("ghcr.io/acme/api:*", "ghcr.io/acme/api:1", true),
            ("ghcr.io/acme/api:*", "ghcr.io/acme/api@\(digest)", true),
            ("ghcr.io/acme/api:*", "ghcr.io/acme/api2@\(digest)", false),
            ("ghcr.io/acme/api:1", "ghcr.io/acme/api:1@\(digest)", true),
            ("ghcr.io/acme/api:2", "ghcr.io/acme/api:1@\(digest)", false),
            ("ghcr.io/acme/api@*", "ghcr.io/acme/api:1@\(digest)", true),
            ("ghcr.io/acme/api@*", "ghcr.io/acme/api:1", false),
            ("nginx", "nginx", false), ("ghcr.io/acme/api", "ghcr.io/acme/api", false),
            ("ghcr.io/acme/api:latest", "ghcr.io/acme/api", true),
        ])
    func coverage(pattern: String, written: String, covers: Bool) throws {
        let name = try PolicyImageName(parsing: written)
        #expect(
            try name.isCovered(by: try ImagePattern(reading: try node("'\(pattern)'"))) == covers)
    }

    @Test("a tag beside a digest frees no image, because it is only a word")
    func skipping() throws {
        let pattern = try ImagePattern(reading: try node("'ghcr.io/acme/api:debug'"))
        #expect(try PolicyImageName(parsing: "ghcr.io/acme/api:debug").isFreed(by: pattern))
        #expect(
            try !PolicyImageName(parsing: "ghcr.io/acme/api:debug@\(digest)").isFreed(by: pattern))
    }

    @Test(
        "a pattern with a variable, a space or nothing is refused",
        arguments: [
            "'ghcr.io/{{ x }}'", "'$(x)'", "''", "'a b'", "1", "[a]",
        ])
    func brokenPatterns(text: String) throws {
        let written = try node(text)
        #expect(throws: Failure.self) { try ImagePattern(reading: written) }
    }

    static let template = """
        initContainers: [{name: setup, image: a}, {name: sidecar, image: b, restartPolicy: Always}]
        containers: [{name: main, image: c}, {name: none}]
        ephemeralContainers: [{name: debug, image: d}]
        volumes:
          - {name: model, image: {reference: e, pullPolicy: Always}}
          - {name: disk, rbd: {image: not-an-image}}
          - {name: empty, image: {}}
        """

    @Test(
        "every image of every kind of workload is found, with its pointer",
        arguments: [
            ("Pod", "v1", ["spec"]), ("PodTemplate", "v1", ["template", "spec"]),
            ("ReplicationController", "v1", ["spec", "template", "spec"]),
            ("Deployment", "apps/v1", ["spec", "template", "spec"]),
            ("DaemonSet", "apps/v1", ["spec", "template", "spec"]),
            ("StatefulSet", "apps/v1", ["spec", "template", "spec"]),
            ("ReplicaSet", "apps/v1", ["spec", "template", "spec"]),
            ("Job", "batch/v1", ["spec", "template", "spec"]),
            ("CronJob", "batch/v1", ["spec", "jobTemplate", "spec", "template", "spec"]),
        ])
    func workloads(kind: String, version: String, path: [String]) throws {
        let spec = path.reversed().reduce(try node(Self.template).json) { inner, name in
            .object([name: inner])
        }
        var json = try #require(spec.object)
        json["kind"] = .string(kind)
        json["apiVersion"] = .string(version)
        json["metadata"] = ["name": "x"]
        let images = try ResourceManifest(.object(json)).images()
        let root = "/" + path.joined(separator: "/")
        #expect(images.map(\.written) == ["a", "b", "c", "d", "e"])
        #expect(images.map(\.owner) == ["setup", "sidecar", "main", "debug", "model"])
        #expect(
            images.map(\.pointer) == [
                "\(root)/initContainers/0/image", "\(root)/initContainers/1/image",
                "\(root)/containers/0/image", "\(root)/ephemeralContainers/0/image",
                "\(root)/volumes/0/image/reference",
            ])
    }

    @Test("a resource without pods has no images", arguments: ["Service", "ConfigMap", "TaskRun"])
    func others(kind: String) throws {
        let found = try resource(
            "{apiVersion: v1, kind: \(kind), metadata: {name: a}, spec: {containers: [{image: x}]}}"
        )
        #expect(try found.images().isEmpty)
        #expect(!found.isWorkload)
    }

    @Test(
        "images that cannot be read are malformed, not absent",
        arguments: [
            "containers: [{name: a, image: 1}]", "containers: {a: b}", "containers: [a]",
            "initContainers: nope", "volumes: [{name: a, image: x}]",
            "containers: [{name: 1, image: x}]",
            "containers: [{name: a, image: [x]}]", "volumes: [{image: {reference: {}}}]",
        ])
    func malformed(spec: String) throws {
        let found = try resource(
            "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {\(spec)}}")
        #expect { try found.images() } throws: { ($0 as? Failure)?.kind == .malformed }
    }
}
