// SPDX-License-Identifier: Apache-2.0
// Other programs as oracles, in a folder that goes away.

import Foundation

/// Runs a shell command in a fresh folder and removes the folder afterwards.
///
/// Nil when the command fails or is not there.
package func shellOutput(_ command: String, files: [String: [UInt8]] = [:]) throws -> [UInt8]? {
    let directory = FileManager.default.temporaryDirectory
        .appendingPathComponent("assay-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    for (name, content) in files {
        let file = directory.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(content).write(to: file)
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "(\(command)) > .output 2> .errors < /dev/null"]
    process.currentDirectoryURL = directory
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    return Array(try Data(contentsOf: directory.appendingPathComponent(".output")))
}

/// Whether a program can be started here.
package func hasTool(_ name: String) -> Bool {
    (try? shellOutput("command -v \(name)")) != nil
}
