// SPDX-License-Identifier: Apache-2.0
// Responses that AsyncHTTPClient cannot hold, refused before it sees them.
// Spec: RFC 9110 §15 (a status code has three digits and starts at 100), §15.2 (1xx responses).

internal import NIOCore
internal import NIOHTTP1
internal import Primitives

/// Passes the parts of HTTP/1.1 responses on as long as they come in order: informational heads,
/// one final head, its body, its end.
///
/// The parser reports any three digits as a status, and a body behind an informational head. The
/// state machine of AsyncHTTPClient ends the process at the part that follows. This handler is
/// installed between the two; it reports the first wrong part as an `InvalidResponse` and closes the
/// connection.
final class ResponseOrderHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    /// Informational responses since the last final one.
    private var informational = 0
    /// Whether a final head came and its end did not.
    private var isInside = false
    private var isRefused = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        do throws(InvalidResponse) {
            try check(unwrapInboundIn(data))
            context.fireChannelRead(data)
        } catch {
            isRefused = true
            context.fireErrorCaught(error)
            context.close(promise: nil)
        }
    }

    private func check(_ part: HTTPClientResponsePart) throws(InvalidResponse) {
        switch part {
        case .head(let head): try check(status: Int(clamping: head.status.code))
        case .body:
            guard isInside else { throw InvalidResponse("a body came before the final response") }
        case .end:
            guard isInside else { throw InvalidResponse("it ended before the final response") }
            isInside = false
        }
    }

    private func check(status: Int) throws(InvalidResponse) {
        guard (100...999).contains(status) else {
            throw InvalidResponse("\(status) is not a status; they start at 100")
        }
        guard !isInside else { throw InvalidResponse("one response came inside another") }
        // 101 ends what HTTP says on the connection, so it counts as final.
        guard status < 200, status != 101 else {
            informational = 0
            isInside = true
            return
        }
        informational += 1
        guard informational <= Limits.informationalResponses else {
            throw InvalidResponse(
                "more than \(Limits.informationalResponses) informational responses came before "
                    + "the final one")
        }
    }
}

/// A response that is not valid HTTP.
struct InvalidResponse: Error {
    let why: String

    init(_ why: String) { self.why = why }
}
