// SPDX-License-Identifier: Apache-2.0
// Policies from files: what `policy apply` and `verify --policy` have in common.

import Files
import Foundation
import Host
import Policy
import Primitives
import Signing
import Workflows

/// The policies of a command line, and the trusted material for them.
enum PolicyFiles {
    /// Every policy in these files and folders, with the keys beside them. Warnings are displayed.
    static func bundle(_ policies: [String], beside material: [String] = []) throws -> PolicyBundle
    {
        let bundle = try PolicyBundle(
            reading: try (policies + material).flatMap { path in
                try path == "-"
                    ? [standardInput()]
                    : yamlFiles(path).map {
                        PolicySource(
                            name: $0,
                            content: try readFile(
                                at: $0, atMost: Limits.yamlBytes, named: "the policy"))
                    }
            })
        guard !bundle.policies.isEmpty else {
            throw Failure(
                .usage, "cannot judge",
                because: "there is no policy in \(policies.joined(separator: ", "))")
        }
        for warning in bundle.policies.flatMap(\.warnings) {
            StandardError.warn(warning.description)
        }
        return bundle
    }

    /// The trusted material for requirements whose logs and authorities a policy does not name.
    ///
    /// A file that the user named must be usable. Without usable kept material the result of rules
    /// that need it is `unknown`; rules with keys need none.
    static func trust(_ options: TrustOptions) async throws -> TrustedMaterial? {
        do {
            return try await options.material(needed: true)
        } catch let failure as Failure where !TrustedMaterial.isNamed(options.trustedRoot) {
            StandardError.warn("nobody is believed but the policies' own keys and roots")
            StandardError.say(failure.description)
            return nil
        }
    }

    private static func standardInput() throws -> PolicySource {
        PolicySource(
            name: "stdin",
            content: try readStandardInput(atMost: Limits.yamlBytes, named: "the policies"))
    }

    /// The file itself, or every .yaml, .yml and .json file below a folder, in kubectl's order.
    static func yamlFiles(_ path: String) throws -> [String] {
        guard let isDirectory = LocalSource.isDirectory(path) else {
            throw Failure(
                .notFound, "cannot open \(quoted(path))", because: "there is no such file or folder"
            )
        }
        guard isDirectory else { return [path] }
        let files = try filesBelow(path, endingWith: manifestSuffixes)
        guard !files.isEmpty else {
            throw Failure(
                .usage, "cannot read \(quoted(path))",
                because: "there is no YAML or JSON file in it")
        }
        return files
    }
}

/// Spec: k8s.io/cli-runtime v0.32, builder.go, `FileExtensions`.
private let manifestSuffixes = [".json", ".yaml", ".yml"]
