// SPDX-License-Identifier: Apache-2.0
// What connections do beside answering: inviting bodies, and leaving clients that stopped reading.
// Spec: RFC 9110 §10.1.1.

import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import RegistryServer

@Suite("handlers of a registry's connections")
struct ConnectionHandlerTests {
    @Test("a client that asks whether its body may come is told so, others are not")
    func invites() throws {
        let channel = EmbeddedChannel(handler: ExpectationHandler())
        for expectation in ["100-Continue", nil] {
            var head = HTTPRequest(method: .put, scheme: "http", authority: "a", path: "/v2/")
            head.headerFields[.expect] = expectation
            try channel.writeInbound(HTTPRequestPart.head(head))
            let answer = try channel.readOutbound(as: HTTPResponsePart.self)
            let expected = expectation.map { _ in
                HTTPResponsePart.head(HTTPResponse(status: .continue))
            }
            #expect(answer == expected)
            #expect(try channel.readInbound(as: HTTPRequestPart.self) == .head(head))
        }
    }

    @Test("a client that takes nothing is left, one that is owed nothing is not")
    func leaves() throws {
        let channel = EmbeddedChannel(handler: StalledReaderHandler(timeout: .seconds(60)))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let piece = HTTPResponsePart.body(ByteBuffer(string: "piece"))
        for _ in 0..<3 {
            // Taken at once: a flush of this channel is the client's reading.
            channel.writeAndFlush(piece, promise: nil)
            channel.embeddedEventLoop.advanceTime(by: .seconds(120))
            #expect(channel.isActive)
        }
        channel.write(piece, promise: nil)
        channel.embeddedEventLoop.advanceTime(by: .seconds(59))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(61))
        #expect(!channel.isActive)
    }
}
