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
            ("index.docker.io/library/nginx*", "nginx:1.25", true),
            ("index.docker.io/library/nginx*", "index.docker.io/library/nginx:1.25", true),
            ("index.docker.io/nginx:*", "docker.io/library/nginx", true),
            ("registry-1.docker.io/acme/*", "acme/api", true),
            ("Registry-1.Docker.IO:443/acme/*", "acme/api", true),
            ("*.docker.io/acme/*", "acme/api", true),
            ("*.docker.io/acme/*", "mirror.docker.io/acme/api", true),
            ("index.docker.io*", "nginx", true),
            ("index.docker.io.example.com/*", "nginx", false),
            ("registry*/*", "nginx", false), ("*.example.com/*", "nginx", false),
            ("GHCR.io/acme/*", "ghcr.io/acme/api", true), ("GHCR.io*", "ghcr.io/acme/api", true),
            ("Localhost:5000/*", "localhost:5000/a", true),
            ("GHCR.io/acme/*:V1", "ghcr.io/acme/api:V1", true),
            ("*:V1", "ghcr.io/acme/api:V1", true), ("*:V1", "ghcr.io/acme/api:v1", false),
            ("nginx", "nginx", false), ("ghcr.io/acme/api", "ghcr.io/acme/api", false),
            ("ghcr.io/acme/api:latest", "ghcr.io/acme/api", true),
        ])
    func coverage(pattern: String, written: String, covers: Bool) throws {
        let name = try PolicyImageName(parsing: written)
        #expect(
            try name.isCovered(by: try ImagePattern(reading: try node("'\(pattern)'"))) == covers)
    }

    @Test(
        "a pattern that can fit no image says why",
        arguments: [
            ("someone/*", "it names no registry"), ("a-b/c*", "it names no registry"),
            ("nginx:1.25", "it names no registry"), ("library/nginx:*", "it names no registry"),
            ("acme/api", "it names no registry and no tag"), ("nginx", "no registry and no tag"),
            ("ghcr.io/acme/api", "does not match a tag"),
            ("https://ghcr.io/acme/*", "no scheme"), ("oci://ghcr.io/acme/*", "no scheme"),
            ("!ghcr.io/acme/*", "not negated"), ("ghcr.io/{a,b}/*", "braces and commas"),
            ("ghcr.io/a,ghcr.io/b", "braces and commas"),
            ("ghcr.io/acme/api:", "it ends where a tag"),
            ("ghcr.io/acme/api@", "it ends where a tag"),
            ("ghcr.io/Acme/*", "no capital letters"), ("*/API:*", "no capital letters"),
            ("ghcr.io//acme/*", "registry/path:tag"), ("/acme/*", "registry/path:tag"),
            ("ghcr.io:/a:*", "registry/path:tag"), ("ghcr.io/acme/", "registry/path:tag"),
            ("ghcr.io/acme/api@sha256:abc", "registry/path:tag"),
            ("ghcr.io/acme/api:1@sha256:*", "registry/path:tag"),
            ("ghcr.io/a b", "unreadable"), ("ghcr.io/acme/caf\u{E9}*", "registry/path:tag"),
            ("ghcr.io/acme/[ab]*", "registry/path:tag"), ("^ghcr.io/.*$", "registry/path:tag"),
        ])
    func misfits(pattern: String, why: String) throws {
        guard why != "unreadable" else {
            let written = try node("'\(pattern)'")
            #expect(throws: Failure.self) { try ImagePattern(reading: written) }
            return
        }
        let found = try ImagePattern(reading: try node("'\(pattern)'")).misfit
        #expect(found?.contains(why) == true, "\(pattern): \(found ?? "fits")")
    }

    @Test(
        "a pattern that can fit an image is not warned about",
        arguments: [
            "*", "?*", "docker.io/*", "docker.io/nginx*", "*nginx*", "*/nginx:*", "ghcr.io*",
            "localhost/*", "localhost*", "localhost:5000/a:*", "*:1.25", "*@sha256:*", "*:V1",
            "[::1]:5000/*", "10.0.0.1:5000/a/b:c", "ghcr.io/a?me/*", "ghcr.io/a__b/c-d.e:*",
            "index.docker.io/library/nginx*", "GHCR.io/acme/*", "*.azurecr.io/*", "*/*",
            "ghcr.io/acme/api@\(digest)", "ghcr.io/*/api:v1.*-rc?", "registry:5000/*",
            "*.dkr.ecr.*.amazonaws.com/*", "???.???.???.???/*",
        ])
    func fits(pattern: String) throws {
        #expect(try ImagePattern(reading: try node("'\(pattern)'")).misfit == nil)
    }

    @Test("patterns of both lists that fit nothing are warnings with file and line")
    func patternWarnings() throws {
        var policy = PolicyText()
        policy.references = #"["registry.example.com/*", "someone/*"]"#
        policy.verification += [#"skipImageReferences: ["!registry.example.com/x"]"#]
        let warnings = try policy.compiled().flatMap(\.warnings).map(\.description)
            .filter { $0.contains("matches no image") }
        #expect(warnings.count == 2, "\(warnings)")
        #expect(warnings.allSatisfy { $0.hasPrefix("policy-0.yaml:") }, "\(warnings)")
        #expect(warnings.first?.contains(#""someone/*" matches no image"#) == true, "\(warnings)")
        #expect(warnings.last?.contains("not negated") == true, "\(warnings)")
    }

    @Test("a tag beside a digest frees no image, because it is only a word")
    func skipping() throws {
        let pattern = try ImagePattern(reading: try node("'ghcr.io/acme/api:debug'"))
        #expect(try PolicyImageName(parsing: "ghcr.io/acme/api:debug").isFreed(by: pattern))
        #expect(
            try !PolicyImageName(parsing: "ghcr.io/acme/api:debug@\(digest)").isFreed(by: pattern))
    }

    @Test(
        "a pattern of skipImageReferences is spelt as images are, and frees no more",
        arguments: [
            ("index.docker.io/nginx*", "nginx", true),
            // Kyverno compares docker.io/nginx:latest, and would verify these.
            ("docker.io/library/nginx*", "nginx", false), ("*.docker.io/*", "nginx", false),
            ("GHCR.io/acme/*", "ghcr.io/acme/api", true), ("registry*/*", "nginx", false),
            ("index*", "nginx", false), ("nginx*", "nginx", false),
        ])
    func freedSpellings(pattern: String, written: String, isFreed: Bool) throws {
        let pattern = try ImagePattern(reading: try node("'\(pattern)'"))
        #expect(try PolicyImageName(parsing: written).isFreed(by: pattern) == isFreed)
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
