// SPDX-License-Identifier: Apache-2.0
// Services that answer badly, slowly, endlessly, or send us elsewhere.

import HTTPTypes
import Keys
import OCI
import Primitives
import Registry
import Signing
import SigningServiceDoubles
import StandIns
import Synchronization
import TestSupport
import Testing

@testable import Workflows

private let certificatePath = "/api/v2/signingCert"
private let uploadPath = "/api/v1/log/entries"
private let stampPath = "/api/v1/timestamp"

@Suite("questions to signing services")
struct ServiceClientTests {
    /// A stage whose service at `path` always answers so.
    private func stage(_ path: String, _ answer: BentAnswer) throws -> KeylessStage {
        try KeylessStage { seen, _ in seen.path == path ? answer : nil }
    }

    private func count(_ stage: KeylessStage, _ path: String) -> Int {
        stage.double.seen.count { $0.path == path }
    }

    static let statuses: [(Int, Failure.Kind, Int)] = [
        (400, .rejected, 1), (401, .denied, 1), (403, .denied, 1), (404, .notFound, 1),
        (408, .unavailable, 3), (413, .overLimit, 1), (422, .rejected, 1), (429, .rateLimited, 3),
        (500, .unavailable, 3), (503, .unavailable, 3), (204, .unavailable, 1),
        (301, .rejected, 1), (307, .rejected, 1),
    ]

    @Test("each refusal has its kind, and only what may pass is asked again", arguments: statuses)
    func status(_ status: Int, _ kind: Failure.Kind, _ attempts: Int) async throws {
        for path in [certificatePath, uploadPath, stampPath] {
            let stage = try stage(path, .text(status, #"{"code":3,"message":"told \#(status)"}"#))
            await expectFailure(kind, "says \"told \(status)\"") { _ = try await stage.sign() }
            #expect(count(stage, path) == attempts)
        }
    }

    @Test("a failure says which service, and the words of the service are cut and escaped")
    func words() async throws {
        let evil = "\u{1B}[2J" + String(repeating: "x", count: 5_000)
        let stage = try stage(stampPath, .text(400, evil))
        do {
            _ = try await stage.sign()
            Issue.record("it signed")
        } catch let failure as Failure {
            #expect(failure.why.hasPrefix("the timestamp authority time.stand-in.example: "))
            #expect(failure.why.contains("\\u{1b}[2J"))
            #expect(failure.why.count < 250)
        }
    }

    @Test("the identity token is not shown where an authority repeats it", arguments: [401, 307])
    func repeatedToken(status: Int) async throws {
        let stage = try KeylessStage { seen, _ in
            guard seen.path == certificatePath, let sent = seen.authorization else { return nil }
            let token = sent.dropFirst("Bearer ".count)
            return BentAnswer(
                status: status, fields: [.location: "https://\(token).example/"],
                body: Array("bad token \(token) in \(sent)".utf8))
        }
        do {
            _ = try await stage.sign()
            Issue.record("it signed")
        } catch let failure as Failure {
            let sent = try #require(stage.double.seen.compactMap(\.authorization).first)
            #expect(failure.why.contains("bad token [redacted]"), "\(failure)")
            #expect(!failure.description.contains(sent.dropFirst(7).prefix(12)), "\(failure)")
        }
    }

    @Test("an endless answer is cut off at the limit of its kind")
    func endless() async throws {
        for path in [certificatePath, stampPath, uploadPath] {
            let stage = try stage(path, BentAnswer(isEndless: true))
            await expectFailure(.overLimit, "it has more than") { _ = try await stage.sign() }
            #expect(count(stage, path) == 1)
        }
    }

    @Test("of an endless error only the start is read")
    func endlessError() async throws {
        let stage = try stage(stampPath, BentAnswer(status: 400, isEndless: true))
        await expectFailure(.rejected, "it answered 400") { _ = try await stage.sign() }
    }

    static let garbage = ["", "{}", "[]", "null", "\u{0}", "<html>", "{\"a\":{}}", "[[[["]

    @Test("a malformed answer is refused", arguments: garbage)
    func malformed(_ text: String) async throws {
        for (path, version) in [(certificatePath, 1), (uploadPath, 1), ("/api/v2/log/entries", 2)] {
            let stage = try stage(path, .text(200, text))
            do {
                _ = try await stage.sign(log: version)
                Issue.record("it was used")
            } catch let failure as Failure {
                #expect([.malformed, .rejected].contains(failure.kind), "\(failure)")
            }
        }
        let stage = try stage(stampPath, .text(200, text))
        await expectFailure(.rejected, "timestamp-malformed") { _ = try await stage.sign() }
    }

    @Test("a service that fails once is asked again, after a wait")
    func once() async throws {
        for path in [certificatePath, stampPath, uploadPath] {
            let stage = try KeylessStage { seen, number in
                seen.path == path && number == 1 ? .text(503, "later") : nil
            }
            _ = try await stage.sign()
            #expect(stage.clock.waits == [Limits.firstRetryMilliseconds])
        }
    }

    @Test("a connection that breaks is made again, and at last told")
    func broken() async throws {
        let stage = try KeylessStage { seen, _ in
            guard seen.path == stampPath else { return nil }
            throw Failure(.unavailable, "cannot talk to it", because: "it closed the connection")
        }
        await expectFailure(.unavailable, "it closed the connection") {
            _ = try await stage.sign()
        }
        #expect(count(stage, stampPath) == Limits.serviceAttempts)
    }

    static let retries: [(String, Int, [Int])] = [
        ("7", 3, [7_000, 7_000]), ("0", 3, [400, 800]), ("61", 1, []), ("soon", 3, [400, 800]),
        ("-1", 1, []), ("99999999999999999999", 3, [400, 800]),
    ]

    @Test("Retry-After is kept when it is not too long", arguments: retries)
    func retryAfter(_ text: String, _ attempts: Int, _ waits: [Int]) async throws {
        let stage = try stage(
            stampPath, BentAnswer(status: 429, fields: [.retryAfter: text], body: []))
        await expectFailure(.rateLimited, "429") { _ = try await stage.sign() }
        #expect(count(stage, stampPath) == attempts)
        #expect(stage.clock.waits == waits)
    }

    @Test("waits end when the time for one question is over")
    func patience() async throws {
        let stage = try stage(
            stampPath, BentAnswer(status: 429, fields: [.retryAfter: "60"], body: []))
        await expectFailure(.rateLimited, "429") { _ = try await stage.sign() }
        #expect(count(stage, stampPath) == 2)
    }

    @Test("no redirect is followed, and where it leads is told without its secrets")
    func redirects() async throws {
        for target in ["https://evil.example/x?token=secret", "/elsewhere"] {
            let stage = try stage(
                certificatePath, BentAnswer(status: 307, fields: [.location: target]))
            do {
                _ = try await stage.sign()
                Issue.record("it signed")
            } catch let failure as Failure {
                #expect(failure.kind == .rejected)
                #expect(failure.why.contains("no redirect is followed"))
                #expect(!failure.description.contains("secret"))
            }
            #expect(Set(stage.double.seen.map(\.host)) == ["fulcio.stand-in.example"])
        }
    }

    /// A stage whose log has the entry already and says where.
    private func duplicate(at location: String?) throws -> KeylessStage {
        let instance = try StandInSigstore(at: Timestamp(seconds: 1_700_000_000))
        let service = Mutex(StandInService(instance))
        return try KeylessStage(instance) { seen, _ in
            guard seen.path.hasPrefix(uploadPath) else { return nil }
            let request = StandInRequest(seen.method, seen.path, body: seen.body)
            // The second answer to one upload is that it is there.
            var answer = service.withLock { $0.answer(request, at: instance.plan.time) }
            if seen.method == "POST" {
                answer = service.withLock { $0.answer(request, at: instance.plan.time) }
            }
            var bent = BentAnswer(status: answer.status, body: answer.body)
            if let found = answer.location {
                bent.fields[.location] = location.map {
                    $0.replacing("PLACE", with: found)
                }
            }
            return bent
        }
    }

    @Test(
        "an entry that is there already is fetched from the same log",
        arguments: ["PLACE", "https://rekor.stand-in.examplePLACE"])
    func conflict(_ location: String) async throws {
        let stage = try duplicate(at: location)
        let finished = try await stage.sign()
        #expect(finished.logEntries.count == 1)
        #expect(stage.double.seen.last?.method == "GET")
        #expect(stage.double.seen.last?.host == "rekor.stand-in.example")
    }

    @Test(
        "an entry that is said to be on another host is not fetched",
        arguments: [
            "https://evil.examplePLACE", "//evil.examplePLACE",
            "http://rekor.stand-in.examplePLACE",
            "https://rekor.stand-in.example:8443PLACE",
            "https://rekor.stand-in.example.evil.examplePLACE",
        ])
    func foreignConflict(_ location: String) async throws {
        let stage = try duplicate(at: location)
        await expectFailure(.rejected, "on another host") { _ = try await stage.sign() }
        #expect(stage.double.seen.last?.method == "POST")
    }

    @Test("a duplicate that nobody can find is told")
    func lostConflict() async throws {
        let stage = try duplicate(at: nil)
        await expectFailure(.unavailable, "and not where") { _ = try await stage.sign() }
    }

    @Test("a duplicate that is another entry is not used")
    func otherConflict() async throws {
        let stage = try KeylessStage { seen, _ in
            guard seen.path == uploadPath, seen.method == "POST" else { return nil }
            return BentAnswer(
                status: 409, fields: [.location: "/api/v1/log/entries/other"])
        }
        await expectFailure(.notFound, "it answered 404") { _ = try await stage.sign() }
    }
}
