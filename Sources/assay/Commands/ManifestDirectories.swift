// SPDX-License-Identifier: Apache-2.0
// The manifests of `policy apply`, from files, folders and stdin.

import Files
import Foundation
import Host
import Policy
import Primitives

/// Everything that the files named with `--resource` hold.
struct ManifestDirectories {
    private(set) var resources: [ResourceManifest] = []
    private(set) var unevaluated: [UnevaluatedResource] = []
    private(set) var others: [ManifestFile.OtherDocument] = []
    /// Errors: files of folders that cannot be read, and malformed objects.
    private(set) var failures: [Failure] = []
    private var isForDeployer = false

    /// - Throws: `Failure` when a file that was itself named cannot be read, or holds a document
    ///   that is not a Kubernetes object. Files of a folder are reported instead.
    init(reading paths: [String]) throws {
        for path in paths {
            if path == "-" {
                let content = try readStandardInput(
                    atMost: Limits.yamlBytes, named: "the manifests")
                // Whatever a kustomization of a stream names is not in the stream.
                try add(named: ManifestFile(parsing: content, named: "stdin") { _ in false })
                continue
            }
            if LocalSource.isDirectory(path) == true {
                try add(directory: path)
            } else {
                let manifests = try ManifestDirectories.file(path) {
                    isFileBeside($0)
                        && ManifestDirectories.isNamed($0, besides: path, in: paths)
                }
                add(named: manifests)
            }
        }
        guard isForDeployer else { return }
        for index in resources.indices {
            resources[index].creationDoubt =
                "a file of Kustomize or another deployer among the manifests decides whether its "
                + "Namespace is created, when, and with which labels; judge what that builds, such as "
                + "the output of kustomize build"
        }
    }

    private mutating func add(directory: String) throws {
        let files = try FilesBelow(
            directory, endingWith: manifestSuffixes, named: kustomizationFiles)
        guard !files.paths.isEmpty || !files.failures.isEmpty else {
            throw Failure(
                .usage, "cannot read \(quoted(directory))",
                because: "there is no YAML or JSON file in it")
        }
        failures += files.failures
        for file in files.paths {
            do {
                let manifests = try ManifestDirectories.file(file) {
                    ManifestDirectories.isRead($0, from: file, below: directory)
                }
                add(manifests)
                others += manifests.others
            } catch let failure as Failure {
                failures.append(failure)
            }
        }
    }

    /// Whether a file next to the kustomization is named too, by itself or with its directory.
    private static func isNamed(
        _ resource: String, besides kustomization: String, in paths: [String]
    ) -> Bool {
        let path = withoutDots(parentDirectory(of: kustomization) + "/" + resource)
        return paths.map(withoutDots).contains {
            isSame($0, path) || $0 == "." || path.utf8.hasPrefix($0 + "/")
        }
    }

    /// The same path without the `./` at its start and the `/` at its end.
    private static func withoutDots(_ path: String) -> String {
        var path = path
        while let rest = path.utf8.removingPrefix("./") { path = String(rest) }
        while path.utf8.count > 1, let rest = path.utf8.removingSuffix("/") { path = String(rest) }
        return path
    }

    /// Whether a path in a kustomization is a folder, or a file of manifests, below the folder that
    /// is read. What a link leads to may be somewhere else.
    private static func isRead(_ resource: String, from file: String, below root: String) -> Bool {
        guard let start = file.utf8.removingPrefix(root + "/") else { return false }
        var steps = start.utf8.split(separator: "/").dropLast().map(String.init)
        let parts = resource.utf8.split(separator: "/", omittingEmptySubsequences: false)
        for (index, part) in parts.map(String.init).enumerated() {
            switch part {
            case ".": continue
            case "": if index < parts.count - 1 || index == 0 { return false }
            case "..": if steps.popLast() == nil { return false }
            default: steps.append(part)
            }
            let path = ([root] + steps).joined(separator: "/")
            if steps.isEmpty || isPlainDirectory(path) { continue }
            return index == parts.count - 1 && isManifestFile(path)
                && LocalSource.isDirectory(path) == false
        }
        return true
    }

    /// Links to folders are not followed.
    private static func isPlainDirectory(_ path: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return attributes?[.type] as? FileAttributeType == .typeDirectory
    }

    private static func file(_ path: String, isRead: (String) -> Bool) throws -> ManifestFile {
        try ManifestFile(
            parsing: readFile(at: path, atMost: Limits.yamlBytes, named: "the manifest"),
            named: path, isRead: isRead)
    }

    private mutating func add(_ file: ManifestFile) {
        resources += file.resources
        unevaluated += file.unevaluated
        failures += file.failures
        isForDeployer = isForDeployer || file.isForDeployer
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
