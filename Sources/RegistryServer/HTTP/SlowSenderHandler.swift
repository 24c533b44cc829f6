// SPDX-License-Identifier: Apache-2.0
// Closes connections whose client sends a request too slowly, so that they do not use up the limit.

internal import NIOCore
internal import NIOHTTPTypes

/// Watches the head and the body of each request.
///
/// A head must be whole after some seconds, however its bytes come. A body must bring a number of
/// bytes in each period of waiting for the client; the time in which this server itself does not read,
/// because the disk is slower, does not count.
final class SlowSenderHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// What a client may take its time for.
    struct SenderTimeouts: Sendable {
        /// Until the first head of a connection is whole.
        let firstHead: TimeAmount
        /// From an answer to the next head.
        let nextHead: TimeAmount
        /// Waiting for a body is looked at in periods of this length.
        let period: TimeAmount
        let bytesPerPeriod: Int
    }

    private let timeouts: SenderTimeouts
    private var headWatch: Scheduled<Void>?
    private var bodyWatch: Scheduled<Void>?
    private var requests = 0
    private var isInBody = false
    /// Since when the client is waited for; nil while nothing is asked of it.
    private var waitingSince: NIODeadline?
    private var waited = TimeAmount.zero
    private var received = 0

    init(_ timeouts: SenderTimeouts) { self.timeouts = timeouts }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { expectHead(context, in: timeouts.firstHead) }
    }

    func channelActive(context: ChannelHandlerContext) {
        expectHead(context, in: timeouts.firstHead)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    func read(context: ChannelHandlerContext) {
        if isInBody, waitingSince == nil { waitingSince = context.eventLoop.now }
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            requests += 1
            headWatch?.cancel()
            headWatch = nil
            isInBody = true
            startPeriod(context)
        case .body(let piece):
            countWaiting(context)
            received += piece.readableBytes
        case .end:
            isInBody = false
            bodyWatch?.cancel()
            bodyWatch = nil
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            requests -= 1
            if requests == 0 { expectHead(context, in: timeouts.nextHead) }
        }
        context.write(data, promise: promise)
    }

    private func expectHead(_ context: ChannelHandlerContext, in time: TimeAmount) {
        headWatch?.cancel()
        headWatch = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
            context.close(promise: nil)
        }
    }

    private func startPeriod(_ context: ChannelHandlerContext) {
        (waitingSince, waited, received) = (nil, .zero, 0)
        watchBody(context, in: timeouts.period)
    }

    private func watchBody(_ context: ChannelHandlerContext, in time: TimeAmount) {
        bodyWatch?.cancel()
        bodyWatch = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
            self.countWaiting(context, goingOn: true)
            if self.waited < self.timeouts.period {
                self.watchBody(context, in: self.timeouts.period - self.waited)
            } else if self.received < self.timeouts.bytesPerPeriod {
                context.close(promise: nil)
            } else {
                let isWaiting = self.waitingSince != nil
                self.startPeriod(context)
                if isWaiting { self.waitingSince = context.eventLoop.now }
            }
        }
    }

    private func countWaiting(_ context: ChannelHandlerContext, goingOn: Bool = false) {
        guard let since = waitingSince else { return }
        let now = context.eventLoop.now
        waited = waited + (now - since)
        waitingSince = goingOn ? now : nil
    }

    private func stop() {
        headWatch?.cancel()
        bodyWatch?.cancel()
        (headWatch, bodyWatch) = (nil, nil)
    }
}
