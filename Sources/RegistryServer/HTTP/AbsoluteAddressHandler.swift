// SPDX-License-Identifier: Apache-2.0
// Requests whose target is a whole address. Spec: RFC 9112 §3.2.2, absolute-form.

internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes
internal import Primitives

/// Keeps the host of an absolute address, which the translation into HTTP types drops.
///
/// A target such as `http://host/v2/` names a host of its own. Where that host and the field `Host`
/// differ, both are passed on as fields, and `BrowserProtection` refuses the request.
final class AbsoluteAddressHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data), let host = authority(of: head.uri)
        else {
            return context.fireChannelRead(data)
        }
        let given = head.headers["Host"]
        if !given.contains(where: { isSame($0, host) }) {
            head.headers.add(name: "Host", value: host)
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    /// What is between `//` and the path; nil for a target that is not an absolute address.
    private func authority(of target: String) -> String? {
        let bytes = target.utf8
        guard bytes.first != UInt8(ascii: "/") else { return nil }
        let scheme = bytes.prefix { $0 != UInt8(ascii: ":") }
        let rest = bytes[scheme.endIndex...]
        guard rest.starts(with: "://".utf8) else { return nil }
        let host = rest.dropFirst(3).prefix { !"/?#".utf8.contains($0) }
        return String(Substring(host))
    }
}

/// Puts an `AbsoluteAddressHandler` behind the decoder, where the target is still as it was sent.
final class AbsoluteAddressInstaller: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart

    func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(AbsoluteAddressHandler(), position: .after(decoder))
        } catch {
            // Without it a request could name a host that is not looked at.
            context.close(promise: nil)
        }
    }
}
