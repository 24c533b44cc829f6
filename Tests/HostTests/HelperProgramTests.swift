// SPDX-License-Identifier: Apache-2.0
// What helper programs may do wrong, and what they are given.

import Foundation
import Glibc
import Primitives
import TestSupport
import Testing

@testable import Host

@Suite("helper programs")
struct HelperProgramTests {
    private func helper(
        _ script: String, in directory: TemporaryDirectory, seconds: Int = 30,
        _ more: [String: String] = [:]
    ) throws -> HelperProgram {
        let name = "helper-\(UUID().uuidString)"
        try directory.write("#!/bin/sh\n" + script, to: name, permissions: 0o755)
        let variables = ["PATH": "\(directory.path):/usr/bin:/bin"].merging(more) { $1 }
        return HelperProgram(
            name: name, purpose: "cannot ask", installation: nil,
            bounds: ChildProcess.Bounds(seconds: seconds, bytes: 100_000),
            environment: HelperEnvironment(forKeysOf: variables))
    }

    /// More than a pipe holds.
    private let input = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)

    /// A script, and what comes of it: the output and the end, or a kind of failure.
    private static let scripts: [(String, Result<ChildProcess.End, Failure>)] = [
        ("printf answer", .success(.exited(0))),
        ("exec <&-; printf answer; exit 3", .success(.exited(3))),
        ("head -c 1 >/dev/null; printf answer", .success(.exited(0))),
        ("printf answer; kill -9 $$", .success(.signaled(SIGKILL))),
        ("printf answer; kill -PIPE $$", .success(.signaled(SIGPIPE))),
        // The process that is left behind keeps the pipe open.
        ("printf answer; sleep 20 & exit 0", .success(.exited(0))),
        ("cat >/dev/null; exec 1>&- ; exit 1", .success(.exited(1))),
        ("exec cat /dev/zero", .failure(Failure(.overLimit, "", because: "answered more"))),
    ]

    @Test(
        "a helper that ignores its input, writes without end, crashes or leaves a process is no trap",
        arguments: 0..<25)
    func oddHelpers(round: Int) async throws {
        let directory = try TemporaryDirectory()
        for (script, expected) in HelperProgramTests.scripts {
            let helper = try helper(script, in: directory)
            switch expected {
            case .success(let end):
                let answer = try await helper.answer(to: ["get"], input: input)
                #expect(answer.end == end, "\(script)")
                let text = script.hasPrefix("cat") ? "" : "answer"
                #expect(String(decoding: answer.bytes, as: UTF8.self) == text, "\(script)")
            case .failure(let failure):
                await expectFailure(failure.kind, failure.why) {
                    _ = try await helper.answer(to: ["get"], input: input)
                }
            }
        }
    }

    @Test("a helper that hangs is killed when its time is over, or the task is cancelled")
    func hangs() async throws {
        let directory = try TemporaryDirectory()
        let slow = try helper("exec sleep 60", in: directory, seconds: 1)
        await expectFailure(.unavailable, "did not answer in 1 seconds") {
            _ = try await slow.answer(to: [], input: [])
        }
        let endless = try helper("exec sleep 60", in: directory)
        let begun = ContinuousClock.now
        await #expect(throws: CancellationError.self) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await endless.answer(to: [], input: []) }
                group.cancelAll()
                try await group.next()
            }
        }
        #expect(ContinuousClock.now - begun < .seconds(20))
    }

    @Test("a helper that is killed takes the programs that it started along")
    func group() async throws {
        let directory = try TemporaryDirectory()
        let script = "sleep 50 & echo $! >\(directory.path)/pid; wait"
        let slow = try helper(script, in: directory, seconds: 2)
        await expectFailure(.unavailable, "did not answer in 2 seconds") {
            _ = try await slow.answer(to: [], input: [])
        }
        let text = try String(contentsOfFile: directory.file("pid"), encoding: .utf8)
        let number = try #require(text.split(separator: "\n").first)
        var state = "alive"
        for _ in 0..<100 where state == "alive" {
            let path = "/proc/\(number)/stat"
            let line = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ") Z"
            // Without a parent that reaps it, a process that has ended is still listed.
            if line.contains(") Z") { state = "ended" }
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(state == "ended")
    }

    @Test("a helper reads its whole input, as a stream and by its name")
    func reads() async throws {
        let directory = try TemporaryDirectory()
        for script in ["wc -c", "cat /dev/stdin | wc -c", "wc -c </proc/self/fd/0"] {
            let answer = try await helper(script, in: directory).answer(to: [], input: input)
            #expect(String(decoding: answer.bytes, as: UTF8.self) == "1048576\n")
        }
    }

    @Test("a helper inherits no descriptor but the three standard ones")
    func descriptors() async throws {
        let directory = try TemporaryDirectory()
        let leaked = unsafe open(directory.path, O_RDONLY)
        defer { close(leaked) }
        try #require(fcntl(leaked, F_GETFD) & FD_CLOEXEC == 0)
        // ls itself has the folder that it lists.
        let answer = try await helper("exec ls /proc/self/fd", in: directory)
            .answer(to: [], input: [])
        #expect(String(decoding: answer.bytes, as: UTF8.self) == "0\n1\n2\n3\n")
    }

    @Test("a program in a relative folder of PATH is not run, nor a folder of its name")
    func search() async throws {
        let directory = try TemporaryDirectory()
        let helper = try helper("printf answer", in: directory)
        func asked(_ path: String) async throws -> [UInt8] {
            try await HelperProgram(
                name: helper.name, purpose: "cannot ask", installation: nil,
                bounds: helper.bounds, environment: HelperEnvironment(forKeysOf: ["PATH": path])
            ).answer(to: [], input: []).bytes
        }
        try FileManager.default.createDirectory(
            atPath: directory.file("first/\(helper.name)"), withIntermediateDirectories: true)
        #expect(
            try await asked("\(directory.path)/first:\(directory.path)") == Array("answer".utf8))
        let relative = "../../../../../../../../.." + directory.path
        await expectFailure(.notFound, "no program of that name") {
            _ = try await asked("\(relative)::.")
        }
    }

    @Test("a helper does not get the secrets that are for somebody else")
    func secrets() async throws {
        let pem = "\n-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nabc\n"
        let all = [
            "COSIGN_PASSWORD": "1", "ASSAY_REGISTRY_PASSWORD": "2", "VAULT_TOKEN": "3",
            "SIGSTORE_ID_TOKEN": "4", "COSIGN_PKCS11_PIN": "5", "BAO_TOKEN": "6",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "7", "BUILDKITE_AGENT_ACCESS_TOKEN": "10",
            "CI_KEY": pem, "HOME": "/h", "NAMED_KEY": "Bag Attributes: mine\n--" + pem,
            "PAIR": "-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n" + pem,
            "AWS_SECRET_ACCESS_KEY": "8", "GITHUB_TOKEN": "9", "CERTIFICATE": "-----BEGIN CERT",
        ]
        let common = ["AWS_SECRET_ACCESS_KEY", "CERTIFICATE", "GITHUB_TOKEN", "HOME"]
        let credentials = HelperEnvironment(forCredentialsOf: all).variables.keys.sorted()
        #expect(credentials == common)
        let keys = HelperEnvironment(forKeysOf: all).variables.keys.sorted()
        #expect(keys == (common + ["BAO_TOKEN", "VAULT_TOKEN"]).sorted())
        let directory = try TemporaryDirectory()
        let answer = try await helper("env", in: directory, all).answer(to: [], input: [])
        let text = String(decoding: answer.bytes, as: UTF8.self)
        #expect(text.contains("VAULT_TOKEN=3") && !text.contains("COSIGN"))
    }
}
