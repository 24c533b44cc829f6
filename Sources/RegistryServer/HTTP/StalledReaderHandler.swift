// SPDX-License-Identifier: Apache-2.0
// Ends connections whose client has stopped reading, so that they cannot use up all there are.

internal import NIOCore
internal import NIOHTTPTypes

/// Watches what was written and not taken. A client that takes no whole piece of an answer for one
/// to two times `patience` is disconnected; a client that is owed nothing may wait as long as the
/// idle limit of the connection lets it.
final class StalledReaderHandler: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let timeout: TimeAmount
    private var untaken = 0
    private var somethingWasTaken = false
    private var watch: Scheduled<Void>?

    init(timeout: TimeAmount) { self.timeout = timeout }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let taken = promise ?? context.eventLoop.makePromise(of: Void.self)
        untaken += 1
        taken.futureResult.assumeIsolated().whenComplete { _ in
            self.untaken -= 1
            self.somethingWasTaken = true
        }
        if watch == nil { startWatch(context) }
        context.write(data, promise: taken)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        watch?.cancel()
        watch = nil
    }

    private func startWatch(_ context: ChannelHandlerContext) {
        somethingWasTaken = false
        watch = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            self.watch = nil
            guard self.untaken > 0 else { return }
            if self.somethingWasTaken {
                self.startWatch(context)
            } else {
                context.close(promise: nil)
            }
        }
    }
}
