// SPDX-License-Identifier: Apache-2.0
// Responses that are not valid HTTP, from a peer that writes raw bytes.

import HTTPTypes
import OCI
import Primitives
import Registry
import TestSupport
import Testing

@testable import Host

@Suite("responses that are not valid HTTP")
struct InvalidResponseTests {
    /// The status and body of the answer to GET from a peer that sends these bytes.
    ///
    /// - Parameter idle: milliseconds after which silence ends the exchange. Large where an answer is
    ///   expected: beside the rest of the suite a thread may wait for minutes.
    private func answer(
        to text: String, idle: Int = 600_000
    ) async throws -> (status: Int, body: [UInt8]) {
        let server = LoopbackSocket()
        defer { server.close() }
        server.serve(text)
        let port = try #require(server.port)
        let transport = try HTTPTransport(
            extraCertificates: nil,
            timeouts: HTTPTransport.Timeouts(connectMilliseconds: 600_000, idleMilliseconds: idle))
        do {
            let answer = try await transport.send(
                HTTPRequest(
                    method: .get, scheme: "http", authority: "127.0.0.1:\(port)", path: "/"),
                body: .none, within: 600)
            let body = try await answer.body.collect(atMost: 1_000, named: "the answer")
            try await transport.shutdown()
            return (answer.head.status.code, body)
        } catch {
            try await transport.shutdown()
            throw error
        }
    }

    @Test(
        "a status under 100 is an error, whatever follows it",
        arguments: ["000", "001", "042", "099"],
        ["Content-Length: 0\r\n\r\n", "Content-Length: 3\r\n\r\nabc", "\r\n", ""])
    func lowStatus(status: String, rest: String) async throws {
        // Without the end of its head it is no response yet, and silence ends it.
        let words = rest.isEmpty ? "it stopped sending" : "\(Int(status) ?? 0) is not a status"
        await expectFailure(.unavailable, words) {
            _ = try await answer(
                to: "HTTP/1.1 \(status) X\r\n\(rest)", idle: rest.isEmpty ? 500 : 600_000)
        }
    }

    @Test(
        "a status that is not three digits is not HTTP",
        arguments: ["0", "20", "1000", "2000", "65536", "99999999999999999999", "-01", "0x1"])
    func otherDigits(status: String) async throws {
        await expectFailure(.unavailable, "what it sent is not HTTP") {
            _ = try await answer(to: "HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n")
        }
    }

    @Test(
        "an informational response without an end, or with a body, does not end the process",
        arguments: [
            "HTTP/1.1 100 C\r\nContent-Length: 3\r\n\r\nabc",
            "HTTP/1.1 102 P\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 000 X\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 199 X\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 100 C\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nabc",
            "HTTP/1.1 103 H\r\nConnection: close\r\n\r\n",
        ])
    func informationalBody(text: String) async throws {
        do {
            let answer = try await answer(to: text, idle: 2_000)
            // A parser that ignores such a body may go on to the final response.
            #expect(answer.status == 200 && answer.body.isEmpty)
        } catch let failure as Failure {
            #expect(failure.kind == .unavailable, "\(failure)")
        }
    }

    @Test("informational responses have a limit, and a final response behind them arrives")
    func informational() async throws {
        let final = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        func informational(_ count: Int) -> String {
            String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: count)
        }
        let limit = Limits.informationalResponses
        let answer = try await answer(to: informational(limit) + final)
        #expect(answer.status == 200 && answer.body == Array("ok".utf8))
        await expectFailure(.unavailable, "more than \(limit) informational responses") {
            _ = try await self.answer(to: informational(limit + 1) + final)
        }
    }

    @Test("unusual statuses from 200 to 999 arrive as they are", arguments: [299, 418, 600, 999])
    func unusual(status: Int) async throws {
        let answer = try await answer(to: "HTTP/1.1 \(status) X\r\nContent-Length: 1\r\n\r\na")
        #expect(answer.status == status && answer.body == [UInt8(ascii: "a")])
    }

    @Test("a second response that nobody asked for does not change the first, or end the process")
    func unasked() async throws {
        let one = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
        for second in [one + "b", "HTTP/1.1 000 X\r\n\r\n", "HTTP/1.1 100 C\r\n\r\n", "b"] {
            do {
                let answer = try await answer(to: one + "a" + second, idle: 2_000)
                #expect(answer.body == [UInt8(ascii: "a")])
            } catch let failure as Failure {
                #expect(failure.kind == .unavailable, "\(failure)")
            }
        }
    }

    @Test("a switch of protocols is an answer and not a crash")
    func switching() async throws {
        let text = "HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nabc"
        do {
            #expect(try await answer(to: text, idle: 2_000).status == 101)
        } catch let failure as Failure {
            #expect(failure.kind == .unavailable, "\(failure)")
        }
    }
}
