// SPDX-License-Identifier: Apache-2.0
// What --verbose reports of a request.

import HTTPTypes
import OCI
import Registry
import Synchronization
import Testing

@testable import Host

@Suite("reported requests")
struct ReportedTransportTests {
    private struct Silent: Transport {
        func send(_ request: HTTPRequest, body: RequestBody, within seconds: Int) async throws
            -> TransportResponse
        {
            TransportResponse(head: HTTPResponse(status: .ok), body: ByteStream([]))
        }
    }

    @Test("neither a query nor a secret that a redirect repeats is reported")
    func secrets() async throws {
        let lines = Mutex<[String]>([])
        let transport = ReportedTransport(Silent()) { line in lines.withLock { $0.append(line) } }
        var request = HTTPRequest(
            method: .get, scheme: "https", authority: "registry.example", path: "/v2/?sig=abc")
        request.headerFields[.authorization] = "Basic YW5uOmNvcnJlY3QtaG9yc2U="
        _ = try await transport.send(request, body: .none, within: 1)
        request.headerFields[.authorization] = nil
        request.authority = "correct-horse.example"
        request.path = "/YW5uOmNvcnJlY3QtaG9yc2U%3D/b"
        _ = try await transport.send(request, body: .none, within: 1)
        let reported = lines.withLock { $0 }
        #expect(reported.first?.hasPrefix("GET https://registry.example/v2/: 200") == true)
        #expect(reported.last?.hasPrefix("GET https://[redacted].example/[redacted]") == true)
        #expect(!reported.joined().contains("YW5u"), "\(reported)")
    }
}
