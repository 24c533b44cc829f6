// SPDX-License-Identifier: Apache-2.0
// A key service in memory, for tests of what is asked and of what is done with the answer.

import Foundation
import HTTPTypes
import OCI
import Primitives
import Registry
import Synchronization

@testable import Host

/// What reached the service.
struct KeyServiceRequest: Sendable {
    let address: String
    let method: String
    let fields: [String: String]
    let body: JSONValue?

    var isRead: Bool { method == "GET" }
}

/// Answers each request by a closure and remembers them all.
final class KeyServiceDouble: Transport {
    private let answer: @Sendable (KeyServiceRequest) throws -> (status: Int, body: [UInt8])
    private let seen = Mutex<[KeyServiceRequest]>([])

    init(_ answer: @escaping @Sendable (KeyServiceRequest) throws -> (status: Int, body: [UInt8])) {
        self.answer = answer
    }

    /// A service that answers with JSON.
    convenience init(
        json: @escaping @Sendable (KeyServiceRequest) throws -> (status: Int, body: JSONValue)
    ) {
        self.init { request in
            let answer = try json(request)
            return (answer.status, answer.body.compactBytes)
        }
    }

    var requests: [KeyServiceRequest] { seen.withLock { $0 } }

    func send(_ request: HTTPRequest, body: RequestBody, within seconds: Int) async throws
        -> TransportResponse
    {
        var fields: [String: String] = [:]
        for field in request.headerFields { fields[field.name.canonicalName] = field.value }
        let content: [UInt8] = if case .bytes(let bytes) = body { bytes } else { [] }
        let told = KeyServiceRequest(
            address:
                "\(request.scheme ?? "")://\(request.authority ?? "")\(request.path ?? "")",
            method: request.method.rawValue, fields: fields,
            body: try? JSONValue(parsing: content, named: "the body"))
        seen.withLock { $0.append(told) }
        let answer = try answer(told)
        return TransportResponse(
            head: HTTPResponse(status: .init(code: answer.status)), body: ByteStream(answer.body))
    }
}

/// The clock stands still.
struct FixedClock: WallClock {
    var time = Timestamp(seconds: 1_440_938_160)

    func wait(milliseconds: Int) async throws {}
    func now() -> Timestamp { time }
}

/// An opener over a double, whose password nobody asks for.
func opener(
    _ environment: [String: String] = [:], _ transport: (any Transport)? = nil
) -> KeyOpener {
    KeyOpener(environment: environment, transport: transport, clock: FixedClock()) {
        throw Failure(.bug, "cannot ask", because: "no test asks for a password")
    }
}
