// SPDX-License-Identifier: Apache-2.0
// Where outside conformance data and our own interop scripts are, when they are.

package import Foundation

/// Folders found by walking up from this file; `shared/suites` is beside a checkout or above it.
///
/// `ASSAY_SUITES` names another folder with suites. Where it is empty there are none, as on a machine
/// that has only a clone.
package enum SharedSuites {
    package static let packageURLs = suite("purl/types")
    package static let jmespath = suite("jmespath")
    package static let kyverno = suite("kyverno-test")
    package static let cel = suite("cel")
    package static let sigstore = suite("sigstore-conformance/bundle-verify")
    package static let interop = directory("Tests/Interop")

    private static func suite(_ path: String) -> URL? {
        guard let suites = ProcessInfo.processInfo.environment["ASSAY_SUITES"] else {
            return directory("shared/suites/\(path)")
        }
        return suites.isEmpty ? nil : existing(URL(fileURLWithPath: suites).appending(path: path))
    }

    private static func directory(_ path: String) -> URL? {
        var directory = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        while directory.path != "/" {
            directory.deleteLastPathComponent()
            if let found = existing(directory.appending(path: path)) { return found }
        }
        return nil
    }

    private static func existing(_ url: URL) -> URL? {
        FileManager.default.fileExists(atPath: url.path) ? url : nil
    }
}
