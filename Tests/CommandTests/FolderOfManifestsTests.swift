// SPDX-License-Identifier: Apache-2.0
// Which files of a folder `policy apply` reads.

import Foundation
import Testing

@Suite("Folders of manifests", .enabled(if: BuiltBinary.isHere, "the assay binary is not built"))
struct FolderOfManifestsTests {
    /// Code points that join with the dot of `.yaml` into one character.
    @Test(
        "a name that ends in a prepended code point does not hide its suffix",
        arguments: ["\u{600}", "\u{D4E}", "\u{110BD}"])
    func prependedCodePoints(mark: String) throws {
        try BuiltBinary.withTemporaryFolder { folder in
            let manifests = folder.appendingPathComponent("manifests")
            try FileManager.default.createDirectory(
                at: manifests, withIntermediateDirectories: false)
            try text("nginx:1").write(
                to: manifests.appendingPathComponent("a.yaml"), atomically: false, encoding: .utf8)
            // Written by the shell: its name reaches the folder byte for byte.
            try text("hidden:1").write(
                to: folder.appendingPathComponent("pod.txt"), atomically: false, encoding: .utf8)
            try policy.write(
                to: folder.appendingPathComponent("policy.yaml"), atomically: false, encoding: .utf8
            )
            let outcome = try BuiltBinary.shell(
                "cp pod.txt 'manifests/x\(mark).yaml' && assay policy apply policy.yaml -r manifests",
                in: folder)
            #expect(outcome.output.contains("hidden:1"), "\(outcome.output)\(outcome.errors)")
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
