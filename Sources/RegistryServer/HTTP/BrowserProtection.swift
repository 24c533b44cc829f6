// SPDX-License-Identifier: Apache-2.0
// Protection against requests that web pages make a browser send. Spec: RFC 9110 §7.2 (Host) and
// §15.5.20 (421); RFC 6454 §7 (Origin); W3C Fetch Metadata (Sec-Fetch-Site); RFC 6761 §6.3
// (localhost).

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Primitives

/// Refuses requests of other sites' web pages, because the registry has no accounts.
///
/// A page can send requests to every server that the browser can reach, loopback included
/// (cross-site requests). A page whose host name is changed to 127.0.0.1 after it was loaded can
/// also read the answers (DNS rebinding). Clients of registries send neither `Origin` nor
/// `Sec-Fetch-Site`, and call the registry by its own name.
struct BrowserProtection: Sendable {
    /// Whether only this machine reaches the server. The `Host` of a request must then be a name of
    /// this machine. Elsewhere the server cannot know its names, and clients use any of them.
    let isLoopback: Bool
    /// Further host names of this registry, in lower case and without a port: those of proxies.
    let names: [String]
    /// The host that the server listens on, in lower case.
    private let listeningHost: String

    init(listening address: ListenAddress, names: [String]) {
        // The same look-up as for listening; a name may lead to loopback.
        let socketAddress = try? SocketAddress.makeAddressResolvingHost(
            address.host, port: address.port)
        isLoopback = socketAddress.map(isLoopbackAddress) ?? false
        self.names = names.map { $0.utf8.lowercased() }
        listeningHost = address.host.utf8.lowercased()
    }

    func check(_ request: Request) throws(OCIError) {
        let authority = request.head.authority
        // Spec: RFC 9112 §3.2. The first `Host` is the authority; only a further one is a field.
        guard request.headers[.host] == nil else {
            throw OCIError(
                .badRequest, .denied,
                "the request names more than one host, in Host or in an absolute address")
        }
        if isLoopback, let authority, !isOwn(authority) {
            throw OCIError(
                .misdirectedRequest, .denied,
                "this registry serves this machine only and is not named \(quoted(authority)); "
                    + "serve with --allowed-host if it is")
        }
        if let origin = request.headers[.origin], !isOwn(origin: origin, for: authority) {
            throw OCIError(
                .forbidden, .denied, "the request comes from a web page of \(quoted(origin))")
        }
        let isReading = request.method == .get || request.method == .head
        if !isReading, let site = request.headers[.fetchSite],
            !["same-origin", "none"].contains(where: { isSame($0, site) })
        {
            throw OCIError(
                .forbidden, .denied, "the request comes from a web page of another site")
        }
    }

    /// An IP address needs no check: only this machine serves pages under its own addresses.
    private func isOwn(_ authority: String) -> Bool {
        guard let name = hostName(in: authority) else { return false }
        return name.utf8.elementsEqual("localhost".utf8)
            || name.utf8.reversed().starts(with: ".localhost".utf8.reversed())
            || (try? SocketAddress(ipAddress: name, port: 0)) != nil
            || isSame(name, listeningHost) || names.contains { isSame($0, name) }
    }

    /// Another port of the same host is another origin (RFC 6454 §4). Of a proxy only the scheme's
    /// own port is known.
    private func isOwn(origin: String, for authority: String?) -> Bool {
        for scheme in ["http://", "https://"] where origin.utf8.starts(with: scheme.utf8) {
            let site = String(decoding: origin.utf8.dropFirst(scheme.utf8.count), as: UTF8.self)
            if let authority, isSame(site.utf8.lowercased(), authority.utf8.lowercased()) {
                return true
            }
            return names.contains { isSame($0, site.utf8.lowercased()) }
        }
        return false
    }
}

/// The host of `host:port` in lower case, without brackets and without the dot of the root; nil
/// where something else than a port follows the host.
private func hostName(in authority: String) -> String? {
    let text = authority.utf8.lowercased().utf8
    let isBracketed = text.first == UInt8(ascii: "[")
    let name =
        isBracketed
        ? text.dropFirst().prefix { $0 != UInt8(ascii: "]") }
        : text.prefix { $0 != UInt8(ascii: ":") }
    var rest = text[name.endIndex...]
    if isBracketed {
        guard rest.popFirst() == UInt8(ascii: "]") else { return nil }
    }
    if let colon = rest.popFirst() {
        guard colon == UInt8(ascii: ":"), rest.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
    }
    let hasRootDot = !isBracketed && name.last == UInt8(ascii: ".")
    return String(Substring(hasRootDot ? name.dropLast() : name))
}

private func isLoopbackAddress(_ address: SocketAddress) -> Bool {
    guard let text = address.ipAddress, let found = IPAddress(text, allowingMapped: true) else {
        return false
    }
    return (found.embeddedVersion4 ?? found).isLoopback
}
