// SPDX-License-Identifier: Apache-2.0
// A transport that reports every request, for --verbose.

package import HTTPTypes
internal import Primitives
package import Registry

/// Reports each request and the status of its answer in one line. Header fields and bodies are not
/// reported, and neither is what follows a question mark in an address: secrets may be in them.
package struct ReportedTransport: Transport {
    private let transport: any Transport
    /// A redirect may repeat a secret in its path.
    private let sent = SentSecrets()
    private let report: @Sendable (String) -> Void

    package init(_ transport: any Transport, report: @escaping @Sendable (String) -> Void) {
        self.transport = transport
        self.report = report
    }

    package func send(
        _ request: HTTPRequest, body: RequestBody, within seconds: Int
    ) async throws -> TransportResponse {
        let started = ContinuousClock.now
        let path = Substring((request.path ?? "").utf8.prefix { $0 != UInt8(ascii: "?") })
        sent.note(request.headerFields)
        let place = sent.hidden(
            in: "\(request.scheme ?? "")://\(request.authority ?? "")\(path)")
        let what = "\(request.method.rawValue) \(plain(place))"
        do {
            let answer = try await transport.send(request, body: body, within: seconds)
            report("\(what): \(answer.head.status.code), \(milliseconds(since: started)) ms")
            return answer
        } catch {
            report("\(what): no answer, \(milliseconds(since: started)) ms")
            throw error
        }
    }

    private func milliseconds(since start: ContinuousClock.Instant) -> Int64 {
        let taken = (ContinuousClock.now - start).components
        return taken.seconds * 1000 + taken.attoseconds / 1_000_000_000_000_000
    }
}
