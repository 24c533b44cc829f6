// SPDX-License-Identifier: Apache-2.0
// What the registry client needs from the world: one request at a time, and a clock.

package import HTTPTypes
package import OCI
package import Primitives

/// What is sent along with a request.
package enum RequestBody: Sendable {
    case none
    case bytes([UInt8])
    /// Exactly `length` bytes, read once; such a request is never repeated.
    case stream(ByteStream, length: Int)

    /// Whether the same request can be sent a second time.
    var isReplayable: Bool { if case .stream = self { false } else { true } }

    /// Bytes.
    package var length: Int {
        switch self {
        case .none: 0
        case .bytes(let bytes): bytes.count
        case .stream(_, let length): length
        }
    }
}

/// An answer: its head, and a body that arrives as it is pulled.
package struct TransportResponse: Sendable {
    package let head: HTTPResponse
    package let body: ByteStream

    package init(head: HTTPResponse, body: ByteStream) {
        self.head = head
        self.body = body
    }
}

/// Sends one HTTP request and hands back its answer, whatever the status is.
///
/// A transport follows no redirects, repeats nothing and adds no credentials. When the connection
/// cannot be made, breaks or stays silent too long, it throws a `Failure` of kind `unavailable`,
/// from `send` or from the body; a failure thrown by a streamed request body passes unchanged.
package protocol Transport: Sendable {
    /// - Parameter seconds: how long the whole exchange may take, the last byte of the answer's
    ///   body included.
    func send(_ request: HTTPRequest, body: RequestBody, within seconds: Int) async throws
        -> TransportResponse
}

/// The clock, for waiting between two attempts and for the age of tokens.
package protocol WallClock: Sendable {
    func wait(milliseconds: Int) async throws
    func now() -> Timestamp
}
