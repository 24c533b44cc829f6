// SPDX-License-Identifier: Apache-2.0
// The client of sigstore-conformance as the suite runs it: its arguments in their order, relative
// paths, a copy of the suite's files as working folder. Spec: sigstore-conformance, cli_protocol.md.

import Foundation
import Primitives
import TestSupport
import Testing

/// The built client and the suite's files.
enum ConformanceClient {
    static let path = URL(fileURLWithPath: BuiltBinary.path).deletingLastPathComponent()
        .appendingPathComponent("assay-conformance").path

    static var isHere: Bool { FileManager.default.isExecutableFile(atPath: path) }

    static let cases = expectedOutcomes.keys.sorted()

    /// One call; its status and its one line.
    static func run(_ arguments: [String], in directory: URL, from work: String = ".") throws
        -> (status: Int32, answer: JSONValue)
    {
        let words = ([path] + arguments).map { "'\($0)'" }.joined(separator: " ")
        let outcome = try BuiltBinary.shell("cd '\(work)' && exec \(words)", in: directory)
        try #require(outcome.errors.isEmpty, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n")
        try #require(lines.count == 1, "\(outcome.output)")
        return (
            outcome.status,
            try JSONValue(parsing: Array(lines[0].utf8), named: "the client's answer")
        )
    }

    /// The arguments of the suite's test_verify.
    static func verification(of name: String, in assets: URL, byDigest: Bool) throws -> [String] {
        let directory = "bundle-verify/\(name)"
        func exists(_ file: String) -> Bool {
            FileManager.default.fileExists(
                atPath: assets.appendingPathComponent("\(directory)/\(file)").path)
        }
        func text(_ file: String) throws -> String? {
            guard exists(file) else { return nil }
            return try String(
                contentsOf: assets.appendingPathComponent("\(directory)/\(file)"), encoding: .utf8
            ).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        var arguments = ["verify-bundle", "--bundle", "\(directory)/bundle.sigstore.json"]
        if exists("key.pub") {
            arguments += ["--key", "\(directory)/key.pub"]
        } else {
            arguments += ["--certificate-identity", try text("identity") ?? subject]
            arguments += ["--certificate-oidc-issuer", try text("issuer") ?? issuer]
        }
        if exists("trusted_root.json") {
            arguments += ["--trusted-root", "\(directory)/trusted_root.json"]
        }
        let artifact = exists("artifact") ? "\(directory)/artifact" : "bundle-verify/a.txt"
        guard byDigest else { return arguments + [artifact] }
        let content = try Data(contentsOf: assets.appendingPathComponent(artifact))
        return arguments + ["\(Digest(of: [UInt8](content), by: .sha256))"]
    }

    private static let subject =
        "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/"
        + ".github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
    private static let issuer = "https://token.actions.githubusercontent.com"
}

@Suite(
    "the conformance client: verify-bundle",
    .enabled(if: ConformanceClient.isHere, "assay-conformance is not built"))
struct ConformanceVerificationTests {
    @Test(
        "a case ends in the status the suite wants, for the reason it names",
        .enabled(if: SharedSuites.sigstore != nil, "the suites are not beside the project"),
        arguments: ConformanceClient.cases)
    func behaves(_ name: String) throws {
        let suite = try #require(SharedSuites.sigstore)
        try BuiltBinary.withTemporaryDirectory { directory in
            // A copy: a client that writes beside what it reads is found out by nobody else.
            let assets = directory.appendingPathComponent("assets")
            let copy = assets.appendingPathComponent("bundle-verify")
            try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
            for item in [name, "a.txt"] {
                try FileManager.default.copyItem(
                    at: suite.appendingPathComponent(item),
                    to: copy.appendingPathComponent(item))
            }
            for byDigest in [false, true] {
                let arguments = try ConformanceClient.verification(
                    of: name, in: assets, byDigest: byDigest)
                let (status, answer) = try ConformanceClient.run(
                    arguments, in: directory, from: assets.path)
                #expect(status == (name.hasSuffix("_fail") ? 1 : 0))
                #expect(answer["verified"] == .bool(status == 0))
                #expect(outcome(answer) == expectedOutcomes[name], "\(answer.compactText)")
            }
        }
    }

    private func outcome(_ answer: JSONValue) -> String? {
        let reason = answer["reason"]?.string
        return answer["undecided"] == true ? reason.map { "cannot read: \($0)" } : reason
    }

    @Test(
        "a wrong call is a failure with its reason, and verifies nothing",
        arguments: [
            ["verify-bundle"], ["verify-bundle", "a.txt"], ["verify-bundle", "--bundle"],
            ["verify-bundle", "--bundle", "b", "--key", "k", "a", "b"],
            ["verify-bundle", "--bundle", "b", "--bundle", "b", "--key", "k", "a"],
            ["verify-bundle", "--bundle", "b", "--unknown", "k", "a"],
            ["verify-bundle", "--staging", "--bundle", "b", "--key", "k", "a"],
            ["verify-bundle", "--bundle", "b", "--certificate-identity", "i", "a"],
            ["sign-bundle", "--staging", "--identity-token", "t", "--bundle", "b", "a"],
            ["sign-bundle", "--bundle", "b", "a"],
        ])
    func wrongCalls(_ arguments: [String]) throws {
        try BuiltBinary.withTemporaryDirectory { directory in
            let (status, answer) = try ConformanceClient.run(arguments, in: directory)
            #expect(status == 1)
            #expect(answer["undecided"] == true)
            #expect(answer["reason"] == "usage")
            #expect(
                answer[arguments[0] == "sign-bundle" ? "signed" : "verified"] == false)
        }
    }
}

@Suite(
    "the conformance client: sign-bundle",
    .enabled(
        if: ConformanceClient.isHere && RunningStandIns.isHere,
        "assay-conformance or assay-stand-ins is not built"), .serialized)
struct ConformanceSigningTests {
    private let artifact = Array("an artifact\n".utf8)

    private var statement: [UInt8] {
        let digest = Digest(of: artifact, by: .sha256)
        return Array(
            (#"{"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "a","digest": "#
                + #"{"sha256": "\#(digest.hex)"}}], "predicateType": "https://example.org/p"}"#)
                .utf8)
    }

    private func sign(_ file: String, _ flags: [String], _ config: String, in directory: URL) throws
        -> (status: Int32, answer: JSONValue)
    {
        let token = try String(
            contentsOf: directory.appendingPathComponent("trust/identity_token"), encoding: .utf8)
        return try ConformanceClient.run(
            ["sign-bundle"] + flags + [
                "--identity-token", token, "--bundle", "out.json", "--trusted-root",
                "trust/trusted_root.json", "--signing-config", "trust/\(config).json", file,
            ], in: directory)
    }

    private func withStandIns(_ faults: [String] = [], _ work: (URL) throws -> Void) throws {
        try BuiltBinary.withTemporaryDirectory { directory in
            try Data(artifact).write(to: directory.appendingPathComponent("artifact"))
            try Data(statement).write(to: directory.appendingPathComponent("statement.json"))
            let services = try RunningStandIns(
                directory: directory.appendingPathComponent("trust"), faults: faults)
            try withExtendedLifetime(services) { try work(directory) }
        }
    }

    @Test(
        "what is signed verifies: file or statement, logs of both versions",
        arguments: ["signing_config", "signing_config_rekor2"], [false, true])
    func roundTrip(config: String, isStatement: Bool) throws {
        try withStandIns { directory in
            let signed = try sign(
                isStatement ? "statement.json" : "artifact", isStatement ? ["--in-toto"] : [],
                config, in: directory)
            try #require(signed.status == 0, "\(signed.answer.compactText)")
            let bundle = try JSONValue(
                parsing: [UInt8](
                    Data(contentsOf: directory.appendingPathComponent("out.json"))),
                named: "the bundle")
            // Spec: the suite: one certificate and no chain in 0.3; the payload byte for byte.
            #expect(bundle["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json")
            let material = bundle["verificationMaterial"]
            #expect(material?["certificate"] != nil)
            #expect(material?["x509CertificateChain"] == nil)
            let kind = material?["tlogEntries"]?.array?.first?["kindVersion"]
            #expect(kind?["version"] == (config.hasSuffix("2") ? "0.0.2" : "0.0.1"))
            if isStatement {
                #expect(
                    bundle["dsseEnvelope"]?["payload"]?.string == base64Text(statement))
            }
            let trust = ["--trusted-root", "trust/trusted_root.json"]
            for (identity, status, reason) in [
                ("mira@example.org", Int32(0), "accepted"),
                ("someone@example.org", 1, "identity-mismatch"),
            ] {
                let issuer = try self.issuer(in: directory)
                let found = try ConformanceClient.run(
                    [
                        "verify-bundle", "--bundle", "out.json", "--certificate-identity",
                        identity, "--certificate-oidc-issuer", issuer,
                    ] + trust + ["artifact"], in: directory)
                #expect(found.status == status, "\(found.answer.compactText)")
                #expect(found.answer["reason"]?.string == reason)
            }
        }
    }

    /// The stand-ins' issuer is their own address.
    private func issuer(in directory: URL) throws -> String {
        let config = try JSONValue(
            parsing: [UInt8](
                Data(contentsOf: directory.appendingPathComponent("trust/signing_config.json"))),
            named: "the signing configuration")
        return try #require(config["oidcUrls"]?.array?.first?["url"]?.string)
    }

    @Test(
        "a service that proves nothing makes no bundle",
        arguments: [
            "proof-broken-hash", "promise-broken", "checkpoint-foreign-key", "timestamp-broken",
            "transparency-foreign-key", "certificate-other-name", "certificate-foreign-authority",
        ])
    func badService(fault: String) throws {
        try withStandIns([fault]) { directory in
            let signed = try sign("artifact", [], "signing_config", in: directory)
            #expect(signed.status == 1)
            #expect(signed.answer["signed"] == false, "\(signed.answer.compactText)")
            #expect(
                !FileManager.default.fileExists(
                    atPath: directory.appendingPathComponent("out.json").path))
        }
    }
}

/// `assay-stand-ins serve` on a free port, for as long as a story needs it.
final class RunningStandIns {
    private let process = Process()

    static let path = URL(fileURLWithPath: BuiltBinary.path).deletingLastPathComponent()
        .appendingPathComponent("assay-stand-ins").path

    static var isHere: Bool { FileManager.default.isExecutableFile(atPath: path) }

    init(directory: URL, faults: [String]) throws {
        let log = directory.appendingPathExtension("log")
        try Data().write(to: log)
        process.executableURL = URL(fileURLWithPath: RunningStandIns.path)
        process.arguments =
            ["serve", "--folder", directory.path] + faults.flatMap { ["--fault", $0] }
        process.standardOutput = try FileHandle(forWritingTo: log)
        process.standardError = try FileHandle(forWritingTo: log)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        for _ in 0..<600 where process.isRunning {
            if try String(contentsOf: log, encoding: .utf8).contains("listening on") { return }
            usleep(50_000)
        }
        throw Failure(
            .unavailable, "cannot start the stand-ins",
            because: plain(try String(contentsOf: log, encoding: .utf8)))
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
    }
}
