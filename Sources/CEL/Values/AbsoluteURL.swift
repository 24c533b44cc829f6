// SPDX-License-Identifier: Apache-2.0
// URLs as Go parses them. Spec: Go, net/url, ParseRequestURI; RFC 3986.

internal import Primitives

/// An absolute URI or an absolute path. A `#` starts no fragment: it is part of its component.
struct AbsoluteURL: Hashable, Sendable {
    let scheme: String
    let host: String
    let rawPath: String
    let rawQuery: String
    let text: String

    init?(_ text: String) {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }),
            let (scheme, afterScheme) = splitScheme(text)
        else { return nil }
        self.text = text
        self.scheme = scheme.utf8.lowercased()
        let parts = afterScheme.utf8.split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var rest = parts[0]
        rawQuery = parts.count > 1 ? String(parts[1]) : ""
        guard rest.utf8.hasPrefix("/") else {
            // `mailto:x` is an absolute URI without host and path.
            guard !scheme.isEmpty else { return nil }
            (host, rawPath) = ("", "")
            return
        }
        if !scheme.isEmpty, let below = rest.utf8.removingPrefix("//") {
            let authority = below.utf8.prefix(before: "/")
            rest = below[authority.endIndex...]
            let address = authority.utf8.split(atLast: "@")?.after ?? authority
            guard isHost(address), isUserInfo(authority[..<address.startIndex]) else { return nil }
            host = String(address)
        } else {
            host = ""
        }
        guard percentDecoded(rest) != nil else { return nil }
        rawPath = String(rest)
    }

    /// The host without its port and without the brackets of IPv6.
    var hostname: String { Authority(host).host }

    var port: String { Authority(host).port ?? "" }

    /// The path as written if that is a valid encoding of it, else with the necessary escapes.
    var escapedPath: String {
        if rawPath.utf8.allSatisfy(isPathByte) { return rawPath }
        return (percentDecoded(rawPath[...]) ?? []).map { byte in
            isUnreserved(byte) || "$&+,/:;=@".utf8.contains(byte)
                ? String(Unicode.Scalar(byte)) : escaped(byte)
        }.joined()
    }

    /// The names and values of the query in their order, without invalid pairs.
    var query: [(name: String, value: String)] {
        rawQuery.utf8.split(separator: "&").compactMap { pair in
            guard !pair.utf8.contains(";") else { return nil }
            let parts = pair.utf8.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = formText(parts[0]),
                let value = formText(parts.count > 1 ? parts[1] : "")
            else { return nil }
            return (name, value)
        }
    }
}

/// The scheme before the first `:`, if there is one, and the rest; nil for `:x`.
private func splitScheme(_ text: String) -> (String, Substring)? {
    for position in text.utf8.indices {
        let byte = text.utf8[position]
        let isLetter = byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
        if isLetter { continue }
        let isInner = isDigitByte(byte) || "+-.".utf8.contains(byte)
        if isInner, position != text.startIndex { continue }
        if byte == UInt8(ascii: ":") {
            guard position != text.startIndex else { return nil }
            return (String(text[..<position]), text[text.utf8.index(after: position)...])
        }
        break
    }
    return ("", text[...])
}

/// Spec: Go, validOptionalPort and the characters of a host.
private func isHost(_ host: Substring) -> Bool {
    var name = host
    if host.utf8.hasPrefix("[") {
        guard let end = host.utf8.lastIndex(of: "]") else { return false }
        guard isPort(host[host.utf8.index(after: end)...]) else { return false }
        name = host[...end]
    } else if let colon = host.utf8.lastIndex(of: ":") {
        guard isPort(host[colon...]) else { return false }
        name = host[..<colon]
    }
    guard
        name.utf8.allSatisfy({
            $0 >= 0x80 || isUnreserved($0) || "!$&'()*+,;=:[]<>\"%".utf8.contains($0)
        })
    else { return false }
    return percentDecoded(name) != nil
}

private func isPort(_ text: Substring) -> Bool {
    text.isEmpty || (text.utf8.hasPrefix(":") && text.utf8.dropFirst().allSatisfy(isDigitByte))
}

private func isUserInfo(_ text: Substring) -> Bool {
    text.utf8.dropLast().allSatisfy { isUnreserved($0) || "!$&'()*+,;=:%@".utf8.contains($0) }
        && percentDecoded(text) != nil
}

private func isUnreserved(_ byte: UInt8) -> Bool {
    isDigitByte(byte) || isLetterByte(byte)
        || "-_.~".utf8.contains(byte)
}

private func isPathByte(_ byte: UInt8) -> Bool {
    isUnreserved(byte) || "!$&'()*+,;=:@[]%/".utf8.contains(byte)
}

private func formText(_ text: Substring) -> String? {
    let spaced = text.utf8.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 }
    return percentDecoded(Substring(decoding: spaced, as: UTF8.self)).map {
        String(decoding: $0, as: UTF8.self)
    }
}

private func escaped(_ byte: UInt8) -> String {
    "%" + hexText([byte]).utf8.uppercased()
}
