// SPDX-License-Identifier: Apache-2.0
// Where outside conformance data and our own interop scripts are, when they are.

package import Foundation

/// Folders found by walking up from this file; `shared/` stands beside a checkout or above it.
package enum SharedSuites {
    package static let packageURLs = folder("shared/suites/purl/types")
    package static let jmespath = folder("shared/suites/jmespath")
    package static let kyverno = folder("shared/suites/kyverno-test")
    package static let cel = folder("shared/suites/cel")
    package static let sigstore = folder("shared/suites/sigstore-conformance/bundle-verify")
    package static let interop = folder("Tests/Interop")

    private static func folder(_ path: String) -> URL? {
        var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let candidate = folder.appendingPathComponent(path)
            if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
        }
        return nil
    }
}
