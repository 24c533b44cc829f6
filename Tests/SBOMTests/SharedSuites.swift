// SPDX-License-Identifier: Apache-2.0
// Where outside conformance data and our own interop scripts are, when they are.

import Foundation

/// Folders found by walking up from this file.
enum SharedSuites {
    static let packageURLs = find("shared/suites/purl/types")
    static let interop = find("Tests/Interop")

    private static func find(_ path: String) -> URL? {
        var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let candidate = folder.appendingPathComponent(path)
            if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
        }
        return nil
    }
}
