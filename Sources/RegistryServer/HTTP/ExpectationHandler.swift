// SPDX-License-Identifier: Apache-2.0
// Answers "Expect: 100-continue", so that a client does not wait before it sends.
// Spec: RFC 9110 §10.1.1.

internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes
internal import Primitives

/// Invites the body as soon as a head asks whether it may come. Whether the request is any good is
/// told by its own answer; a client that waits in vain for the invitation loses a second.
final class ExpectationHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundOut = HTTPResponsePart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data),
            head.headerFields[.expect]?.utf8.lowercased() == "100-continue"
        {
            let invitation = HTTPResponsePart.head(HTTPResponse(status: .continue))
            context.writeAndFlush(wrapOutboundOut(invitation), promise: nil)
        }
        context.fireChannelRead(data)
    }
}
