// SPDX-License-Identifier: Apache-2.0
// Running the built binary and its peers, as a person would.

import Foundation
import Primitives

/// The repository, the binary under test, and a way to run things.
enum BuiltBinary {
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// `ASSAY_BINARY`, or the debug build that `swift test` made.
    static let path: String = {
        if let named = ProcessInfo.processInfo.environment["ASSAY_BINARY"] { return named }
        let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        for directory in [root.appendingPathComponent(".build/debug"), beside] {
            let candidate = directory.appendingPathComponent("assay").path
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        return root.appendingPathComponent(".build/debug/assay").path
    }()

    static var isHere: Bool { FileManager.default.isExecutableFile(atPath: path) }

    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Runs a shell command in a folder, with the binary first in PATH and the given variables.
    static func shell(
        _ command: String, in directory: URL, variables: [String: String] = [:]
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // A server under test in this process ignores signals, and children inherit that: a story
        // could not end the peers it started.
        process.arguments = [
            "--default-signal=TERM,INT", "timeout", "--kill-after=10", "300", "bash", "-c", command,
        ]
        process.currentDirectoryURL = directory
        process.environment = environment(variables)
        let (output, errors) = (
            directory.appendingPathComponent(".out"), directory.appendingPathComponent(".err")
        )
        for file in [output, errors] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus,
            output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
    }

    /// Where nobody has kept anything yet.
    private static let dataHome =
        FileManager.default.temporaryDirectory.path + "/assay-test-data-\(UUID().uuidString)"

    static func environment(_ variables: [String: String]) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
        environment["PATH"] = "\(directory):\(environment["PATH"] ?? "/usr/bin:/bin")"
        environment["ASSAY"] = path
        environment["ASSAY_ROOT"] = root.path
        environment["NO_COLOR"] = "1"
        environment["COSIGN_PASSWORD"] = "correct horse"
        environment["SOURCE_DATE_EPOCH"] = nil
        environment["COSIGN_REPOSITORY"] = nil
        environment["DOCKER_CONFIG"] = "/nonexistent"
        // What whoever runs the tests believes must not change them.
        environment["ASSAY_TRUST"] = nil
        environment["XDG_DATA_HOME"] = dataHome
        environment["ASSAY_TRUSTED_ROOT"] = nil
        return environment.merging(variables) { _, new in new }
    }

    /// A folder that is gone afterwards.
    static func withTemporaryDirectory<Result>(_ work: (URL) throws -> Result) throws -> Result {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("assay-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        return try work(directory)
    }
}

/// `assay registry serve` on a free port, for as long as a story needs it.
final class RunningRegistry {
    private let process = Process()
    let address: String

    init(directory: URL, arguments: [String] = []) throws {
        let log = directory.appendingPathExtension("log")
        try Data().write(to: log)
        process.executableURL = URL(fileURLWithPath: BuiltBinary.path)
        process.arguments =
            ["registry", "serve", directory.path, "--listen", "127.0.0.1:0"] + arguments
        process.standardError = try FileHandle(forWritingTo: log)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        address = try RunningRegistry.bound(log, process)
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
    }

    private static func bound(_ log: URL, _ process: Process) throws -> String {
        for _ in 0..<600 where process.isRunning {
            let text = String(decoding: try Data(contentsOf: log), as: UTF8.self)
            if let range = text.range(of: "listening on http://"),
                let end = text[range.upperBound...].firstIndex(of: "\n")
            {
                return String(text[range.upperBound..<end])
            }
            usleep(50_000)
        }
        let text = String(decoding: try Data(contentsOf: log), as: UTF8.self)
        throw Failure(.unavailable, "cannot start the registry", because: plain(text))
    }
}
