// SPDX-License-Identifier: Apache-2.0
// Addresses that a registry hands us, in parts that are compared as what they are.
// Spec: RFC 3986; RFC 9110 §4.2 (http and https), §4.2.4 (no user information).

package import OCI
package import Primitives

/// An http or https address: scheme, host, port, and the path with its query.
///
/// There is no user information and no fragment, and every byte is printable ASCII, so nothing in
/// an address can start a new header or hide where it leads.
package struct HTTPURL: Hashable, Sendable, CustomStringConvertible {
    package enum Scheme: String, Hashable, Sendable {
        case http, https

        var port: Int { self == .http ? 80 : 443 }
    }

    /// Whom a request reaches; credentials belong to one origin.
    ///
    /// Spec: RFC 6454 §4.
    package struct Origin: Hashable, Sendable {
        let scheme: Scheme
        let hostName: String
        let port: Int
    }

    package let scheme: Scheme
    /// Host and port as written, in lower case.
    package let authority: String
    /// The path, and the query if there is one: `/v2/acme/api/tags/list?n=10`.
    package let target: String

    /// Reads an absolute address.
    package init(parsing text: some StringProtocol) throws(Failure) {
        func broken(_ why: String) -> Failure {
            Failure(.malformed, "cannot read the address \(quoted(shown(text)))", because: why)
        }
        guard text.utf8.count <= Limits.addressBytes else {
            throw broken("it has more than \(Limits.addressBytes) characters")
        }
        guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw broken("it has characters that no address has")
        }
        let parts = String(text).utf8.split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let scheme = Scheme(rawValue: parts[0].utf8.lowercased()),
            parts[1].utf8.hasPrefix("//")
        else {
            throw broken("it does not start with http:// or https://")
        }
        let rest = Substring(parts[1].utf8.dropFirst(2))
        let authority = rest.utf8.prefix(beforeAny: "/?#").utf8.lowercased()
        do {
            _ = try RegistryHost(parsing: authority)
        } catch {
            throw broken("what follows // is not a host name or address with an optional port")
        }
        let below = Substring(rest.utf8.dropFirst(authority.utf8.count))
        let target = String(below.utf8.prefix(before: "#"))
        self.init(
            scheme: scheme, authority: authority,
            target: target.utf8.hasPrefix("/") ? target : "/\(target)")
    }

    init(scheme: Scheme, authority: String, target: String) {
        self.scheme = scheme
        self.authority = authority
        self.target = target
    }

    /// Where a registry lives.
    package init(of registry: RegistryHost, scheme: Scheme) {
        // Docker Hub's registry has a name of its own.
        let authority =
            registry == .dockerHub ? "registry-1.docker.io" : registry.description
        self.init(scheme: scheme, authority: authority, target: "/")
    }

    /// The host without its port, brackets removed.
    package var hostName: String { Authority(authority).host }

    package var origin: Origin {
        let parts = Authority(authority)
        let port = parts.port.flatMap { Int($0) }
        return Origin(scheme: scheme, hostName: parts.host, port: port ?? scheme.port)
    }

    /// The address without its query: signed addresses carry secrets there.
    package var description: String {
        "\(scheme)://\(authority)\(target.utf8.prefix(before: "?"))"
    }

    /// The address that `reference` means when it is found in an answer from this one.
    ///
    /// Spec: RFC 3986 §5.2, without the removal of dot segments, which is the server's business.
    package func resolving(_ reference: String) throws(Failure) -> HTTPURL {
        let path = target.utf8.prefix(before: "?")
        let start = "\(scheme)://\(authority)"
        let firstPart = reference.utf8.prefix(beforeAny: "/?#")
        if firstPart.utf8.contains(":") { return try HTTPURL(parsing: reference) }
        if reference.utf8.hasPrefix("//") {
            return try HTTPURL(parsing: "\(scheme):\(reference)")
        }
        if reference.utf8.hasPrefix("/") { return try HTTPURL(parsing: start + reference) }
        if reference.isEmpty || reference.utf8.hasPrefix("?") || reference.utf8.hasPrefix("#") {
            return try HTTPURL(parsing: start + path + reference)
        }
        let directory = path[...(path.utf8.lastIndex(of: "/") ?? path.startIndex)]
        return try HTTPURL(parsing: start + directory + reference)
    }

    /// The same address with another path and query.
    func at(_ target: String) -> HTTPURL {
        HTTPURL(scheme: scheme, authority: authority, target: target)
    }

    /// The same address with one more query parameter.
    func adding(_ name: String, _ value: String) -> HTTPURL {
        at(target + (target.utf8.contains("?") ? "&" : "?") + name + "=" + percentEncoded(value))
    }
}

/// Outside text that was meant as an address, without what may be a secret in it.
private func shown(_ text: some StringProtocol) -> String {
    let start = String(String(text).utf8.prefix(beforeAny: "?#"))
    guard let at = start.utf8.firstIndex(of: "@") else { return start }
    return "…" + start[at...]
}
