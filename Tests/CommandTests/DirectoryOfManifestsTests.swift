// SPDX-License-Identifier: Apache-2.0
// Which files of a folder `policy apply` reads.

import Foundation
import Testing

@Suite("Folders of manifests", .enabled(if: BuiltBinary.isHere, "the assay binary is not built"))
struct DirectoryOfManifestsTests {
    /// Code points that join with the dot of `.yaml` into one character.
    @Test(
        "a name that ends in a prepended code point does not hide its suffix",
        arguments: ["\u{600}", "\u{D4E}", "\u{110BD}"])
    func prependedCodePoints(mark: String) throws {
        try BuiltBinary.withTemporaryDirectory { directory in
            let manifests = directory.appendingPathComponent("manifests")
            try FileManager.default.createDirectory(
                at: manifests, withIntermediateDirectories: false)
            try text("nginx:1").write(
                to: manifests.appendingPathComponent("a.yaml"), atomically: false, encoding: .utf8)
            // Written by the shell: its name reaches the folder byte for byte.
            try text("hidden:1").write(
                to: directory.appendingPathComponent("pod.txt"), atomically: false, encoding: .utf8)
            try policy.write(
                to: directory.appendingPathComponent("policy.yaml"), atomically: false,
                encoding: .utf8
            )
            let outcome = try BuiltBinary.shell(
                "cp pod.txt 'manifests/x\(mark).yaml' && assay policy apply policy.yaml -r manifests",
                in: directory)
            #expect(outcome.output.contains("hidden:1"), "\(outcome.output)\(outcome.errors)")
        }
    }

    /// The folder `m` with a kustomization in `m/k` that lists `resource`.
    private func write(_ resource: String, below directory: URL) throws {
        for name in ["m/k/sub", "m/k/named.yaml", "m/other", "outside"] {
            try FileManager.default.createDirectory(
                at: directory.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        for name in ["m/k/pod.yaml", "m/k/pod.txt", "m/k/sub/pod.yaml", "outside/pod.yaml"] {
            try text("nginx:1").write(
                to: directory.appendingPathComponent(name), atomically: false, encoding: .utf8)
        }
        for (link, target) in [
            ("folder", "../../outside"), ("folder.yaml", "../../outside"),
            ("file.yaml", "../../outside/pod.yaml"), ("gone.yaml", "nothing"),
        ] {
            try FileManager.default.createSymbolicLink(
                atPath: directory.appendingPathComponent("m/k/\(link)").path,
                withDestinationPath: target)
        }
        let head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        try (head + "resources: ['\(resource)']\n").write(
            to: directory.appendingPathComponent("m/k/kustomization.yaml"), atomically: false,
            encoding: .utf8)
        try policy.write(
            to: directory.appendingPathComponent("policy.yaml"), atomically: false, encoding: .utf8)
    }

    @Test(
        "what a kustomization names is read, or listed as not evaluated",
        arguments: [
            ("pod.yaml", true), ("./pod.yaml", true), ("sub", true), ("sub/", true),
            ("./sub/.", true), ("sub/pod.yaml", true), ("sub/../pod.yaml", true),
            ("../other", true), ("..", true), (".", true), ("../k/pod.yaml", true),
            ("named.yaml", true), ("file.yaml", true),
            ("missing.yaml", false), ("missing", false), ("pod.txt", false), ("../..", false),
            ("../../outside", false), ("../../m/other", false), ("/etc", false), ("", false),
            ("sub//pod.yaml", false), ("pod.yaml/", false), ("pod.yaml/x", false),
            ("folder", false), ("folder/pod.yaml", false), ("folder.yaml", false),
            ("folder/../pod.yaml", false), ("gone.yaml", false), ("https://x.example/y", false),
            ("github.com/acme/base?ref=main", false), ("sub/missing/../pod.yaml", false),
        ])
    func kustomizations(resource: String, isRead: Bool) throws {
        try BuiltBinary.withTemporaryDirectory { directory in
            try write(resource, below: directory)
            let outcome = try BuiltBinary.shell(
                "assay policy apply policy.yaml -r m", in: directory)
            #expect(
                outcome.output.contains("/resources/0") != isRead,
                "\(outcome.output)\(outcome.errors)")
        }
    }

    @Test(
        "a kustomization that is named by itself vouches only for files that are named too",
        arguments: [
            ("-r m/k/kustomization.yaml", false), ("-r ./m/k/kustomization.yaml", false),
            ("-r m/k/kustomization.yaml -r m/k/pod.yaml", true),
            ("-r ./m/k/kustomization.yaml -r m/k/pod.yaml", true),
            ("-r m/k/kustomization.yaml -r outside/pod.yaml", false),
            ("-r m/k/kustomization.yaml -r m/k/", true), ("-r - < m/k/kustomization.yaml", false),
        ])
    func namedKustomizations(options: String, isRead: Bool) throws {
        try BuiltBinary.withTemporaryDirectory { directory in
            try write("pod.yaml", below: directory)
            let outcome = try BuiltBinary.shell(
                "assay policy apply policy.yaml \(options)", in: directory)
            #expect(
                outcome.output.contains("/resources/0") != isRead,
                "\(options): \(outcome.output)\(outcome.errors)")
        }
    }

    @Test("a pipe that is named, and one of the shell's, are read")
    func pipes() throws {
        try BuiltBinary.withTemporaryDirectory { directory in
            try write("pod.yaml", below: directory)
            for command in [
                "assay policy apply policy.yaml -r <(cat m/k/pod.yaml)",
                "assay policy apply policy.yaml -r /dev/stdin < m/k/pod.yaml",
                "cat m/k/pod.yaml | assay policy apply policy.yaml -r /dev/stdin",
                "cat m/k/pod.yaml | assay policy apply policy.yaml -r -",
                "rm -f p; mkfifo p; (sleep 0.2; cat m/k/pod.yaml > p) & "
                    + "assay policy apply policy.yaml -r p",
                "assay policy apply <(cat policy.yaml) -r m/k/pod.yaml",
            ] {
                let outcome = try BuiltBinary.shell(command, in: directory)
                #expect(
                    outcome.output.contains("nginx:1"),
                    "\(command): \(outcome.output)\(outcome.errors)")
            }
        }
    }

    @Test("a Namespace after its Pod does not decide about the Pod, in a file or a folder")
    func namespaceOrder() throws {
        let pod = text("registry.example.com/a:1")
            .replacing("{name: pod}", with: "{name: pod, namespace: shop}")
        let namespace =
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {check: 'no'}}\n"
        let selecting = policy.replacing(
            "kinds: [Pod]}}]}",
            with: "kinds: [Pod], namespaceSelector: {matchLabels: {check: 'yes'}}}}]}")
        #expect(selecting != policy)
        try BuiltBinary.withTemporaryDirectory { directory in
            try FileManager.default.createDirectory(
                at: directory.appendingPathComponent("m/a"), withIntermediateDirectories: true)
            for (name, content) in [
                ("policy.yaml", selecting), ("before.yaml", namespace + "---\n" + pod),
                ("after.yaml", pod + "---\n" + namespace), ("m/a/pod.yaml", pod),
                ("m/a.yaml", namespace),
            ] {
                try content.write(
                    to: directory.appendingPathComponent(name), atomically: false, encoding: .utf8)
            }
            for (resource, isKnown) in [
                ("before.yaml", true), ("after.yaml", false), ("m", false),
                ("m/a.yaml -r m/a", true), ("m/a -r m/a.yaml", false),
            ] {
                let outcome = try BuiltBinary.shell(
                    "assay policy apply policy.yaml -r \(resource)", in: directory)
                #expect(
                    (outcome.output + outcome.errors).contains("stands after the resource")
                        != isKnown, "\(resource): \(outcome.output)\(outcome.errors)")
                #expect((outcome.status == 0) == isKnown, "\(resource)")
            }
        }
    }

    @Test(
        "a kustomization, or a file of another deployer, leaves the labels of Namespaces unknown",
        arguments: [
            ("kustomization.yaml", "resources: [pod.yaml]\n"),
            ("kustomization.yaml", "resources: [pod.yaml, ns.yaml]\n"),
            ("kustomization.yaml", "resources: [ns.yaml, pod.yaml]\nsortOptions: {order: fifo}\n"),
            ("../Kustomization", "resources: [k]\n"), ("sub/kustomization.yml", "resources: []\n"),
            ("fleet.yaml", "namespaceLabels: {check: 'yes'}\n"), ("Chart.yaml", "name: a\n"),
        ])
    func namespacesOfKustomizations(name: String, content: String) throws {
        let pod = text("registry.example.com/a:1")
            .replacing("{name: pod}", with: "{name: pod, namespace: shop}")
        let selecting = policy.replacing(
            "kinds: [Pod]}}]}",
            with: "kinds: [Pod], namespaceSelector: {matchLabels: {check: 'yes'}}}}]}")
        try BuiltBinary.withTemporaryDirectory { directory in
            try FileManager.default.createDirectory(
                at: directory.appendingPathComponent("m/k/sub"), withIntermediateDirectories: true)
            for (path, content) in [
                ("policy.yaml", selecting), ("m/k/pod.yaml", pod),
                (
                    "m/k/ns.yaml",
                    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {check: 'no'}}\n"
                ),
            ] {
                try content.write(
                    to: directory.appendingPathComponent(path), atomically: false, encoding: .utf8)
            }
            let apply = "assay policy apply policy.yaml -r m"
            #expect(try BuiltBinary.shell(apply, in: directory).status == 0)
            try content.write(
                to: directory.appendingPathComponent("m/k/\(name)"), atomically: false,
                encoding: .utf8)
            let outcome = try BuiltBinary.shell(apply, in: directory)
            #expect(outcome.status == 1, "\(outcome.output)\(outcome.errors)")
            #expect((outcome.output + outcome.errors).contains("judge what that builds"))
        }
    }

    private func text(_ image: String) -> String {
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: pod}
        spec: {containers: [{name: c, image: "\(image)"}]}

        """
    }

    /// It matches no image, so nothing is fetched.
    private let policy = """
        apiVersion: kyverno.io/v1
        kind: ClusterPolicy
        metadata: {name: signed}
        spec:
          validationFailureAction: Enforce
          rules:
            - name: r
              match: {any: [{resources: {kinds: [Pod]}}]}
              verifyImages:
                - imageReferences: ["registry.example.com/*"]
                  mutateDigest: false
                  verifyDigest: false
                  attestors:
                    - entries:
                        - keys:
                            publicKeys: |-
                              -----BEGIN PUBLIC KEY-----
                              MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEvPudnhEVu98Y8M6/Bsp656Yyq6nd
                              yYAfYvZ7TrfU7ihMMo9tomnvGt7KpR9WelAw1WSGfvm4Jt8b9ieV7bYTRA==
                              -----END PUBLIC KEY-----

        """
}
