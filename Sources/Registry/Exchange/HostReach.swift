// SPDX-License-Identifier: Apache-2.0
// Where a host leads, told from its name alone: to this machine, to this link, or into the world.
// Spec: RFC 6890 (special-purpose addresses); RFC 6761 §6.3 (localhost).

package import Primitives

/// The part of the network a host name or address literal belongs to.
///
/// Only the text is looked at: a name that resolves to 127.0.0.1 is `elsewhere` here.
package enum HostReach: Hashable, Sendable {
    /// localhost, 127.0.0.0/8, ::1.
    case loopback
    /// 169.254.0.0/16, fe80::/10, and the metadata services of the clouds.
    case linkLocal
    /// 0.0.0.0/8 and ::, which many systems take for this machine.
    case unspecified
    case elsewhere

    /// - Throws: `rejected` for a host that ends in a number and is no dotted quad: resolvers read
    ///   `2130706433`, `0x7f.1` and `0177.0.0.1` as 127.0.0.1, people do not.
    package init(of hostName: String) throws(Failure) {
        let name = hostName.utf8.lowercased()
        if name.utf8.contains(":") {
            guard let bytes = ipv6Bytes(name) else {
                throw Failure(
                    .rejected, "will not use the host \(quoted(name))",
                    because: "it is not an IPv6 address in its usual form")
            }
            self = HostReach(ipv6: bytes)
            return
        }
        let labels = name.utf8.split(separator: ".", omittingEmptySubsequences: false)
        if let last = labels.last,
            last.utf8.allSatisfy(isDigitByte) || last.utf8.hasPrefix("0x")
        {
            guard let bytes = ipv4Bytes(name[...]) else {
                throw Failure(
                    .rejected, "will not use the host \(quoted(name))",
                    because: "it ends in a number and is not four decimal numbers from 0 to 255")
            }
            self = HostReach(ipv4: bytes)
        } else if name == "localhost" || name.utf8.hasSuffix(".localhost") {
            self = .loopback
        } else {
            self = metadataHosts.contains(name) ? .linkLocal : .elsewhere
        }
    }

    private init(ipv4 bytes: [UInt8]) {
        switch (bytes[0], bytes[1]) {
        case (127, _): self = .loopback
        case (169, 254): self = .linkLocal
        case (0, _): self = .unspecified
        default: self = metadataIPv4.contains(bytes) ? .linkLocal : .elsewhere
        }
    }

    private init(ipv6 bytes: [UInt8]) {
        let zeros = bytes.prefix { $0 == 0 }.count
        if zeros == 16 {
            self = .unspecified
        } else if zeros == 15, bytes[15] == 1 {
            self = .loopback
        } else if zeros >= 12 || bytes.starts(with: mappedPrefix) || bytes.starts(with: nat64Prefix)
        {
            // ::a.b.c.d, ::ffff:a.b.c.d and 64:ff9b::a.b.c.d reach the IPv4 address they hold.
            self = HostReach(ipv4: Array(bytes[12...]))
        } else if bytes[0] == 0xfe, bytes[1] & 0xc0 == 0x80 {
            self = .linkLocal
        } else {
            self = bytes == metadataIPv6 ? .linkLocal : .elsewhere
        }
    }
}

/// Holds what a registry says about other places against where the registry itself lives.
struct ReachRule: Sendable {
    let registry: WebAddress

    /// Refuses an address that would let a registry steer us to where it could not go itself.
    func check(_ address: WebAddress, as role: String) throws(Failure) {
        guard address.origin != registry.origin else { return }
        func refused(_ why: String) -> Failure {
            Failure(
                .rejected, "will not follow the registry's \(role)", at: .url(address.description),
                because: why)
        }
        if registry.scheme == .https, address.scheme == .http {
            throw refused("it leaves https for plain http")
        }
        let reach: HostReach
        do {
            reach = try HostReach(of: address.hostName)
        } catch {
            throw refused("\(quoted(address.hostName)): \(error.why)")
        }
        let own = try HostReach(of: registry.hostName)
        guard reach == .elsewhere || reach == own else {
            throw refused("\(address.hostName) is a \(reach.words) address and the registry is not")
        }
    }
}

extension HostReach {
    fileprivate var words: String {
        switch self {
        case .loopback: "loopback"
        case .linkLocal: "link-local or metadata"
        case .unspecified: "unspecified"
        case .elsewhere: "public"
        }
    }
}

/// Four decimal numbers without leading zeros.
private func ipv4Bytes(_ text: Substring) -> [UInt8]? {
    let parts = text.utf8.split(separator: ".", omittingEmptySubsequences: false)
    let bytes = parts.compactMap { part -> UInt8? in
        part.utf8.allSatisfy(isDigitByte) && (part.utf8.count == 1 || !part.utf8.hasPrefix("0"))
            ? UInt8(part) : nil
    }
    return parts.count == 4 && bytes.count == 4 ? bytes : nil
}

/// Spec: RFC 4291 §2.2, all three forms; zone identifiers are refused.
private func ipv6Bytes(_ text: String) -> [UInt8]? {
    func groups(_ part: Substring) -> [UInt8]? {
        if part.isEmpty { return [] }
        var bytes: [UInt8] = []
        let items = part.utf8.split(separator: ":", omittingEmptySubsequences: false)
        for (place, item) in items.enumerated() {
            if place == items.count - 1, item.utf8.contains(".") {
                guard let quad = ipv4Bytes(item) else { return nil }
                bytes += quad
            } else {
                guard (1...4).contains(item.utf8.count), item.utf8.allSatisfy(isHexByte),
                    let value = UInt16(item, radix: 16)
                else { return nil }
                bytes += [UInt8(value >> 8), UInt8(value & 0xff)]
            }
        }
        return bytes
    }
    guard let gap = text.utf8.split(atFirst: "::") else {
        return groups(text[...]).flatMap { $0.count == 16 ? $0 : nil }
    }
    guard let head = groups(gap.before), let tail = groups(gap.after),
        head.count + tail.count <= 14
    else { return nil }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
}

private let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
private let nat64Prefix: [UInt8] = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]
/// Metadata services outside the link-local range: Google's names, Alibaba, Oracle; AWS over IPv6.
private let metadataHosts: Set<String> = ["metadata", "metadata.google.internal", "instance-data"]
private let metadataIPv4: Set<[UInt8]> = [[100, 100, 100, 200], [192, 0, 0, 192]]
private let metadataIPv6: [UInt8] = [
    0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54,
]
