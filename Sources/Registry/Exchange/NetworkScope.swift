// SPDX-License-Identifier: Apache-2.0
// Where a host leads, told from its name alone: to this machine, to this link, or into the world.
// Spec: RFC 6890 (special-purpose addresses); RFC 6761 §6.3 (localhost).

package import Primitives

/// The part of the network a host name or address literal belongs to.
///
/// Only the text is looked at: a name that resolves to 127.0.0.1 is `elsewhere` here.
package enum NetworkScope: Hashable, Sendable {
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
            guard let address = IPAddress(name, allowingMapped: true) else {
                throw Failure(
                    .rejected, "will not use the host \(quoted(name))",
                    because: "it is not an IPv6 address in its usual form")
            }
            self = NetworkScope(of: address)
            return
        }
        let labels = name.utf8.split(separator: ".", omittingEmptySubsequences: false)
        if let last = labels.last,
            last.utf8.allSatisfy(isDigitByte) || last.utf8.hasPrefix("0x")
        {
            guard let address = IPAddress(name) else {
                throw Failure(
                    .rejected, "will not use the host \(quoted(name))",
                    because: "it ends in a number and is not four decimal numbers from 0 to 255")
            }
            self = NetworkScope(of: address)
        } else if name == "localhost" || name.utf8.hasSuffix(".localhost") {
            self = .loopback
        } else {
            self = metadataHosts.contains(name) ? .linkLocal : .elsewhere
        }
    }

    private init(of address: IPAddress) {
        if let embedded = address.embeddedVersion4 {
            self = NetworkScope(of: embedded)
        } else if address.isLoopback {
            self = .loopback
        } else if address.isVersion4 ? address.bits >> 24 == 0 : address.bits == 0 {
            self = .unspecified
        } else {
            let isNear = address.isLinkLocalUnicast || metadataAddresses.contains(address)
            self = isNear ? .linkLocal : .elsewhere
        }
    }
}

/// Holds what a registry says about other places against where the registry itself lives.
struct RedirectPolicy: Sendable {
    let registry: HTTPURL

    /// Refuses an address that would let a registry steer us to where it could not go itself.
    func check(_ address: HTTPURL, as role: String) throws(Failure) {
        guard address.origin != registry.origin else { return }
        func refused(_ why: String) -> Failure {
            Failure(
                .rejected, "will not follow the registry's \(role)", at: .url(address.description),
                because: why)
        }
        if registry.scheme == .https, address.scheme == .http {
            throw refused("it leaves https for plain http")
        }
        let scope: NetworkScope
        do {
            scope = try NetworkScope(of: address.hostName)
        } catch {
            throw refused("\(quoted(address.hostName)): \(error.why)")
        }
        let own = try NetworkScope(of: registry.hostName)
        guard scope == .elsewhere || scope == own else {
            throw refused("\(address.hostName) is a \(scope.words) address and the registry is not")
        }
    }
}

extension NetworkScope {
    fileprivate var words: String {
        switch self {
        case .loopback: "loopback"
        case .linkLocal: "link-local or metadata"
        case .unspecified: "unspecified"
        case .elsewhere: "public"
        }
    }
}

/// Metadata services outside the link-local range: Google's names, Alibaba, Oracle; AWS over IPv6.
private let metadataHosts: Set<String> = ["metadata", "metadata.google.internal", "instance-data"]
private let metadataAddresses = Set(
    ["100.100.100.200", "192.0.0.192", "fd00:ec2::254"].compactMap { IPAddress($0) })
