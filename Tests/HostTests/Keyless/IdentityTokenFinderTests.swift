// SPDX-License-Identifier: Apache-2.0
// Where identity tokens are looked for, in which order, and what is refused.

import Files
import Foundation
import HTTPTypes
import Primitives
import Registry
import Signing
import SigningServiceDoubles
import StandIns
import TestSupport
import Testing
import Workflows

@testable import Host

private let gitHub = [
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://pipelines.example/token?api-version=2",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-secret",
]
private let buildkite = [
    "BUILDKITE_AGENT_ACCESS_TOKEN": "agent-secret", "BUILDKITE_JOB_ID": "0192-ab",
]

@Suite("finding identity tokens")
struct IdentityTokenFinderTests {
    /// A token of `subject`, and a stage whose pipelines hand out tokens of their own names.
    private func stage() throws -> (KeylessStage, @Sendable (String) throws -> String) {
        let instance = try StandInSigstore(at: Timestamp(seconds: 1_700_000_000))
        let token: @Sendable (String) throws -> String = { subject in
            try instance.identityProvider.token(
                claims: ["sub": .string(subject)], at: instance.plan.time)
        }
        let stage = try KeylessStage(instance) { seen, _ in
            switch seen.host {
            case "pipelines.example": .text(200, #"{"value":"\#(try token("github"))"}"#)
            case "agent.buildkite.com": .text(201, #"{"token":"\#(try token("buildkite"))"}"#)
            default: nil
            }
        }
        return (stage, token)
    }

    private func finder(
        _ stage: KeylessStage, _ explicit: String?, _ environment: [String: String],
        file: String = "/nowhere/oidc-token"
    ) -> IdentityTokenFinder {
        IdentityTokenFinder(
            explicit: explicit, environment: environment, client: stage.client, mountedFile: file)
    }

    @Test("the first place that is there decides")
    func order() async throws {
        let (stage, token) = try stage()
        let directory = try TemporaryDirectory()
        let file = directory.path + "/token"
        try writeFile(Array((try token("file") + "\n").utf8), at: file, permissions: 0o600)
        let mounted = directory.path + "/mounted"
        try writeFile(Array(try token("mounted").utf8), at: mounted, permissions: 0o600)
        let variable = ["SIGSTORE_ID_TOKEN": try token("variable")]
        let all = variable.merging(gitHub) { $1 }.merging(buildkite) { $1 }
        let pipelines = gitHub.merging(buildkite) { $1 }
        let rows: [(String?, [String: String], String, String)] = [
            (try token("explicit"), all, mounted, "explicit"), (file, all, mounted, "file"),
            (nil, all, mounted, "variable"), (nil, pipelines, mounted, "github"),
            (nil, buildkite, mounted, "mounted"), (nil, buildkite, "/nowhere/x", "buildkite"),
            (nil, ["SIGSTORE_ID_TOKEN": ""].merging(gitHub) { $1 }, mounted, "github"),
            (nil, ["ACTIONS_ID_TOKEN_REQUEST_URL": "https://x.example"], mounted, "mounted"),
        ]
        for (explicit, environment, file, subject) in rows {
            let found = try await finder(stage, explicit, environment, file: file).token()
            #expect(found.subject == subject)
        }
    }

    @Test("GitHub is asked for our audience, with its own secret and nobody else's")
    func asksGitHub() async throws {
        let (stage, _) = try stage()
        _ = try await finder(stage, nil, gitHub).token()
        let seen = try #require(stage.double.seen.first)
        #expect(seen.method == "GET" && seen.host == "pipelines.example")
        #expect(seen.authorization == "Bearer request-secret")
        #expect(stage.double.targets == ["/token?api-version=2&audience=sigstore"])
    }

    @Test("the Buildkite agent is asked for our audience")
    func asksBuildkite() async throws {
        let (stage, _) = try stage()
        _ = try await finder(stage, nil, buildkite).token()
        let seen = try #require(stage.double.seen.first)
        #expect(seen.path == "/v3/jobs/0192-ab/oidc/tokens")
        #expect(seen.authorization == "Token agent-secret")
        #expect(String(decoding: seen.body, as: UTF8.self) == #"{"audience":"sigstore"}"#)
    }

    @Test("where there is none, everything that was looked for is told")
    func nothing() async throws {
        let (stage, _) = try stage()
        for name in [
            "--identity-token", "SIGSTORE_ID_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL",
            "/nowhere/oidc-token", "BUILDKITE_AGENT_ACCESS_TOKEN", "opens no browser",
        ] {
            await expectFailure(.usage, name) { _ = try await finder(stage, nil, [:]).token() }
        }
        #expect(stage.double.seen.isEmpty)
    }

    @Test("a place that is there and does not work is a failure, not a reason to look elsewhere")
    func noFallThrough() async throws {
        let (stage, token) = try stage()
        let rows: [(String?, [String: String], Failure.Kind, String)] = [
            ("/nowhere/token", gitHub, .notFound, "/nowhere/token"),
            (nil, ["SIGSTORE_ID_TOKEN": "x"].merging(gitHub) { $1 }, .malformed, "three parts"),
            ("eyJbroken", gitHub, .malformed, "the token that was given"),
        ]
        for (explicit, environment, kind, why) in rows {
            await expectFailure(kind, why) {
                _ = try await finder(stage, explicit, environment).token()
            }
        }
        #expect(stage.double.seen.isEmpty)
        let wrong = try stage.instance.identityProvider.token(
            claims: ["sub": "a"], audience: "other", at: stage.time)
        await expectFailure(.denied, "SIGSTORE_ID_TOKEN") {
            _ = try await finder(stage, nil, ["SIGSTORE_ID_TOKEN": wrong]).token()
        }
        try await stage.clock.wait(milliseconds: 900_000)
        await expectFailure(.denied, "it expired at") {
            _ = try await finder(stage, try token("late"), [:]).token()
        }
    }

    @Test("what is not a token is never shown")
    func secrecy() async throws {
        let (stage, _) = try stage()
        for secret in ["eyJhbGciOi.secret-part", "eyJ" + String(repeating: "s", count: 5_000)] {
            do {
                _ = try await finder(stage, secret, [:]).token()
                Issue.record("it was a token")
            } catch {
                #expect(!"\(error)".contains(secret.suffix(10)))
            }
        }
    }

    static let badAnswers: [(BentAnswer, Failure.Kind, String)] = [
        (.text(200, "{}"), .unavailable, "\"value\" is missing"),
        (.text(200, "<html>"), .unavailable, "GitHub Actions"),
        (.text(200, #"{"value":7}"#), .unavailable, "not a string"),
        (.text(200, #"{"value":"abc"}"#), .malformed, "three parts"),
        (.text(403, "no"), .denied, "403"), (.text(404, "no"), .notFound, "404"),
        (
            BentAnswer(status: 302, fields: [.location: "https://evil.example"]), .rejected,
            "no redirect is followed"
        ),
        (BentAnswer(isEndless: true), .overLimit, "65536 bytes"),
    ]

    @Test("a bad answer of a pipeline is told", arguments: badAnswers)
    func badAnswer(_ answer: BentAnswer, _ kind: Failure.Kind, _ why: String) async throws {
        let stage = try KeylessStage { _, _ in answer }
        await expectFailure(kind, why) { _ = try await finder(stage, nil, gitHub).token() }
        #expect(Set(stage.double.seen.map(\.host)) == ["pipelines.example"])
    }

    static let badEnvironments: [([String: String], Failure.Kind, String)] = [
        (["ACTIONS_ID_TOKEN_REQUEST_URL": "ftp://x.example"], .malformed, "http"),
        (["ACTIONS_ID_TOKEN_REQUEST_URL": "http://x.example"], .denied, "over plain http"),
        (["ACTIONS_ID_TOKEN_REQUEST_TOKEN": "a\r\nb: c"], .malformed, "characters that no token"),
    ]

    @Test(
        "secrets go over https only, and start no header of their own", arguments: badEnvironments)
    func environment(_ bent: [String: String], _ kind: Failure.Kind, _ why: String) async throws {
        let (stage, _) = try stage()
        await expectFailure(kind, why) {
            _ = try await finder(stage, nil, gitHub.merging(bent) { $1 }).token()
        }
        #expect(stage.double.seen.isEmpty)
    }

    @Test("a job's identifier does not become a path of its own")
    func jobIdentifier() async throws {
        let (stage, _) = try stage()
        for job in ["../../admin", "a b", "x"] {
            let environment = buildkite.merging(["BUILDKITE_JOB_ID": job]) { $1 }
            await expectFailure(.malformed, "is not the identifier of a job") {
                _ = try await finder(stage, nil, environment).token()
            }
        }
        #expect(stage.double.seen.isEmpty)
    }

    @Test("a file that is no text, or too long, is no token")
    func badFiles() async throws {
        let (stage, _) = try stage()
        let directory = try TemporaryDirectory()
        let file = directory.path + "/token"
        try writeFile([0xff, 0xfe], at: file, permissions: 0o600)
        await expectFailure(.malformed, "it is not text") {
            _ = try await finder(stage, file, [:]).token()
        }
        let long = [UInt8](repeating: 0x61, count: Limits.identityTokenBytes + 1)
        try writeFile(long, at: file, permissions: 0o600)
        await expectFailure(.overLimit, "more than") {
            _ = try await finder(stage, nil, [:], file: file).token()
        }
    }
}
