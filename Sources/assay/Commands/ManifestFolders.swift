// SPDX-License-Identifier: Apache-2.0
// The manifests of `policy apply`, from files, folders and stdin.

import Host
import Policy
import Primitives

/// Everything that the files named with `--resource` hold.
struct ManifestFolders {
    private(set) var resources: [ResourceManifest] = []
    private(set) var unevaluated: [UnevaluatedResource] = []
    private(set) var others: [ManifestFile.OtherDocument] = []
    /// Errors: files of folders that cannot be read, and malformed objects.
    private(set) var failures: [Failure] = []

    /// - Throws: `Failure` when a file that was itself named cannot be read, or holds a document
    ///   that is not a Kubernetes object. Files of a folder are reported instead.
    init(reading paths: [String]) throws {
        for path in paths {
            if path == "-" {
                let content = try readStandardInput(
                    atMost: Limits.yamlBytes, named: "the manifests")
                try add(named: ManifestFile(parsing: content, named: "stdin"))
                continue
            }
            let files = try PolicyJudge.yamlFiles(path)
            guard files != [path] else {
                try add(named: ManifestFolders.file(path))
                continue
            }
            for file in files {
                do {
                    let manifests = try ManifestFolders.file(file)
                    add(manifests)
                    others += manifests.others
                } catch let failure as Failure {
                    failures.append(failure)
                }
            }
        }
    }

    private static func file(_ path: String) throws -> ManifestFile {
        try ManifestFile(
            parsing: readFile(at: path, atMost: Limits.yamlBytes, named: "the manifest"),
            named: path)
    }

    private mutating func add(_ file: ManifestFile) {
        resources += file.resources
        unevaluated += file.unevaluated
        failures += file.failures
    }

    /// Throws if a file that was itself named holds other documents than objects.
    private mutating func add(named file: ManifestFile) {
        add(file)
        failures += file.others.map {
            Failure(
                .malformed, "cannot read the resource", at: $0.place,
                because: "it is not a Kubernetes object: \($0.why)")
        }
    }
}
