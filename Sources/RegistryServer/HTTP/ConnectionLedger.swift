// SPDX-License-Identifier: Apache-2.0
// The limit on connections of one client, and which connection is closed at the limit.

internal import NIOCore
internal import NIOHTTPTypes
internal import Primitives
internal import Synchronization

/// The connections of a server, with the address that holds each.
///
/// When an address has as many as it may have, its longest idle connection is closed for the next
/// one, as HTTP allows at any time. If all are in the middle of a request, the next is refused. The
/// same rule holds for all connections together, so idle connections cannot keep other clients out.
final class ConnectionLedger: Sendable {
    private struct Entry {
        let channel: any Channel
        let client: String
        /// Nil while a request is in progress.
        var idleSince: NIODeadline?
    }

    private let entries = Mutex<[ObjectIdentifier: Entry]>([:])
    private let maximum: Int
    private let maximumPerClient: Int

    init(maximum: Int, maximumPerClient: Int) {
        self.maximum = maximum
        self.maximumPerClient = maximumPerClient
    }

    /// Takes a connection in and closes another one, or this one, if there are then too many.
    func add(_ channel: any Channel) {
        let client = clientName(channel.remoteAddress)
        let surplus = entries.withLock { entries -> (any Channel)? in
            let own = entries.values.count { $0.client == client }
            let isCrowded = own >= maximumPerClient
            guard isCrowded || entries.count >= maximum else {
                entries[ObjectIdentifier(channel)] = Entry(
                    channel: channel, client: client, idleSince: .now())
                return nil
            }
            let idle = entries.filter { !isCrowded || $0.value.client == client }
                .compactMap { key, entry in entry.idleSince.map { (key: key, since: $0) } }
                .min { $0.since < $1.since }
            guard let idle, let oldest = entries.removeValue(forKey: idle.key) else {
                return channel
            }
            entries[ObjectIdentifier(channel)] = Entry(
                channel: channel, client: client, idleSince: .now())
            return oldest.channel
        }
        surplus?.close(promise: nil)
    }

    func remove(_ channel: any Channel) {
        _ = entries.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) }
    }

    func setIdle(_ channel: any Channel, _ isIdle: Bool) {
        entries.withLock {
            $0[ObjectIdentifier(channel)]?.idleSince = isIdle ? .now() : nil
        }
    }
}

/// The key of a client: an IPv4 address, or the first 64 bits of an IPv6 address, because a client
/// can choose the rest.
private func clientName(_ address: SocketAddress?) -> String {
    guard let text = address?.ipAddress else { return "" }
    guard let address = IPAddress(text, allowingMapped: true), !address.isVersion4,
        !address.isMapped
    else { return text }
    return String(address.bits >> 64, radix: 16)
}

/// Tells the ledger of one connection.
final class ConnectionLedgerHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let ledger: ConnectionLedger
    private var requests = 0

    init(_ ledger: ConnectionLedger) { self.ledger = ledger }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { ledger.add(context.channel) }
    }

    func channelActive(context: ChannelHandlerContext) {
        ledger.add(context.channel)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        ledger.remove(context.channel)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { ledger.remove(context.channel) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head = unwrapInboundIn(data) {
            requests += 1
            ledger.setIdle(context.channel, false)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // An invitation to send a body has no end of its own.
        if case .end = unwrapOutboundIn(data) {
            requests -= 1
            if requests == 0 { ledger.setIdle(context.channel, true) }
        }
        context.write(data, promise: promise)
    }
}
