// SPDX-License-Identifier: Apache-2.0
// Clients that hold connections: silent ones, slow ones, and too many of one address.

import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import RegistryServer

@Suite("limits of a registry's connections")
struct ConnectionLimitTests {
    private let head = HTTPRequestPart.head(
        HTTPRequest(method: .put, scheme: "http", authority: "localhost", path: "/v2/"))
    private let answer = HTTPResponsePart.head(HTTPResponse(status: .ok))

    private func slowSender() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(
            handler: SlowSenderHandler(
                SlowSenderHandler.SenderTimeouts(
                    firstHead: .seconds(10), nextHead: .seconds(60), period: .seconds(20),
                    bytesPerPeriod: 20_000)))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private func piece(_ count: Int) -> HTTPRequestPart {
        .body(ByteBuffer(repeating: 0, count: count))
    }

    @Test("the first head must come soon, later ones may take longer")
    func heads() throws {
        let silent = try slowSender()
        silent.embeddedEventLoop.advanceTime(by: .seconds(9))
        #expect(silent.isActive)
        silent.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!silent.isActive)

        let polite = try slowSender()
        for _ in 0..<3 {
            try polite.writeInbound(head)
            try polite.writeInbound(HTTPRequestPart.end(nil))
            // Work on an answer may take any time.
            polite.embeddedEventLoop.advanceTime(by: .seconds(1_000))
            try polite.writeOutbound(answer)
            try polite.writeOutbound(HTTPResponsePart.end(nil))
            polite.embeddedEventLoop.advanceTime(by: .seconds(59))
            #expect(polite.isActive)
        }
        polite.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!polite.isActive)
    }

    @Test("a body that drips ends its connection, a slow one does not")
    func bodies() throws {
        for (bytes, seconds, isLeft) in [(1, 10, true), (900, 1, true), (1_100, 1, false)] {
            let channel = try slowSender()
            try channel.writeInbound(head)
            for _ in 0..<(120 / seconds) where channel.isActive {
                channel.read()
                channel.embeddedEventLoop.advanceTime(by: .seconds(Int64(seconds)))
                guard channel.isActive else { break }
                try channel.writeInbound(piece(bytes))
            }
            #expect(channel.isActive != isLeft, "\(bytes) bytes in \(seconds) seconds")
        }
    }

    @Test("a fast start does not pay for a body that drips later")
    func fastStart() throws {
        let channel = try slowSender()
        try channel.writeInbound(head)
        channel.read()
        try channel.writeInbound(piece(1 << 24))
        for _ in 0..<8 where channel.isActive {
            channel.read()
            channel.embeddedEventLoop.advanceTime(by: .seconds(10))
            if channel.isActive { try channel.writeInbound(piece(1)) }
        }
        #expect(!channel.isActive)
    }

    @Test("a client is not blamed for the time in which the server does not read")
    func backPressure() throws {
        let channel = try slowSender()
        try channel.writeInbound(head)
        channel.read()
        try channel.writeInbound(piece(10))
        // Nothing is asked of the client: the disk is busy.
        channel.embeddedEventLoop.advanceTime(by: .seconds(1_000))
        #expect(channel.isActive)
    }

    private func connected(to ledger: ConnectionLedger, from address: String) throws
        -> EmbeddedChannel
    {
        let channel = EmbeddedChannel(handler: ConnectionLedgerHandler(ledger))
        try channel.connect(to: SocketAddress(ipAddress: address, port: 1)).wait()
        return channel
    }

    @Test("an address with too many connections loses its longest idle one, others lose none")
    func perClient() throws {
        let ledger = ConnectionLedger(maximum: 100, maximumPerClient: 3)
        let other = try connected(to: ledger, from: "192.0.2.1")
        let own = try (0..<3).map { _ in try connected(to: ledger, from: "127.0.0.1") }
        try own[0].writeInbound(head)
        let next = try connected(to: ledger, from: "127.0.0.1")
        #expect(
            [other, own[0], own[1], own[2], next].map(\.isActive) == [
                true, true, false, true, true,
            ])
        // An answered request is over, and its connection idle again.
        try own[0].writeOutbound(answer)
        try own[0].writeOutbound(HTTPResponsePart.end(nil))
        let last = try connected(to: ledger, from: "127.0.0.1")
        #expect([own[0], own[2], next, last].map(\.isActive) == [true, false, true, true])
    }

    @Test(
        "where every connection is in a request, the next is refused, and a closed one makes room")
    func busy() throws {
        let ledger = ConnectionLedger(maximum: 4, maximumPerClient: 2)
        var channels: [EmbeddedChannel] = []
        for address in ["2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2"] {
            let channel = try connected(to: ledger, from: address)
            try channel.writeInbound(head)
            channels.append(channel)
        }
        // One network of IPv6 is one client.
        for address in ["2001:db8::3", "192.0.2.3"] {
            let refused = try connected(to: ledger, from: address)
            #expect(!refused.isActive)
        }
        #expect(channels.allSatisfy { $0.isActive })
        try channels[3].close().wait()
        let next = try connected(to: ledger, from: "192.0.2.3")
        #expect(next.isActive)
    }

    @Test("requests share the memory for manifests, and give back what they took")
    func memory() {
        let budget = MemoryBudget(bytes: 100)
        do {
            let (first, second) = (budget.share(), budget.share())
            #expect(first.take(60) && second.take(40))
            #expect(!second.take(1) && !first.take(1))
            withExtendedLifetime((first, second)) {}
        }
        #expect(budget.share().take(100))
    }
}
