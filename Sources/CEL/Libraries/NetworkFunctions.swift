// SPDX-License-Identifier: Apache-2.0
// IP addresses and networks. Spec: Kubernetes, library/ip and library/cidr; cel-spec, network_ext.

internal import Primitives

extension CELLibrary {
    /// `ip`, `isIP`, `ip.isCanonical`, `cidr`, `isCIDR` and the methods of both.
    package static let network = CELLibrary(
        Content(overloads: addressOverloads + rangeOverloads, types: [addressType, rangeType]))
}

private let addressType = "net.IP"
private let rangeType = "net.CIDR"
private let address = CELType.opaque(addressType, [])
private let network = CELType.opaque(rangeType, [])

private let addressOverloads: [Overload] = [
    .global("ip", .string, address) { text, _ throws(EvaluationInterruption) in
        value(of: try readAddress(try text.string()))
    },
    .global("isIP", .string, .bool) { text, _ throws(EvaluationInterruption) in
        .bool(IPAddress(try text.string()) != nil)
    },
    .global("ip.isCanonical", .string, .bool) { text, _ throws(EvaluationInterruption) in
        let text = try text.string()
        return .bool(try readAddress(text).text == text)
    },
    .global("string", address, .string) { value, _ throws(EvaluationInterruption) in
        .string(try asAddress(value).text)
    },
    .method("family", on: address, .int) { value, _ throws(EvaluationInterruption) in
        .int(try asAddress(value).isVersion4 ? 4 : 6)
    },
    question("isUnspecified") { $0.bits == 0 },
    question("isLoopback", \.isLoopback),
    question("isLinkLocalMulticast", \.isLinkLocalMulticast),
    question("isLinkLocalUnicast", \.isLinkLocalUnicast),
    question("isGlobalUnicast", \.isGlobalUnicast),
]

private func question(
    _ name: String, _ answer: @escaping @Sendable (IPAddress) -> Bool
) -> Overload {
    .method(name, on: address, .bool) { value, _ throws(EvaluationInterruption) in
        .bool(answer(try asAddress(value)))
    }
}

private let rangeOverloads: [Overload] = [
    .global("cidr", .string, network) { text, _ throws(EvaluationInterruption) in
        value(of: try readRange(try text.string()))
    },
    .global("isCIDR", .string, .bool) { text, _ throws(EvaluationInterruption) in
        .bool(IPNetwork(try text.string()) != nil)
    },
    .global("string", network, .string) { value, _ throws(EvaluationInterruption) in
        .string(try asRange(value).text)
    },
    .method("ip", on: network, address) { range, _ throws(EvaluationInterruption) in
        value(of: try asRange(range).address)
    },
    .method("prefixLength", on: network, .int) { value, _ throws(EvaluationInterruption) in
        .int(Int64(try asRange(value).length))
    },
    .method("masked", on: network, network) { range, _ throws(EvaluationInterruption) in
        value(of: try asRange(range).masked)
    },
    .method("containsIP", on: network, address, .bool) {
        range, value, _ throws(EvaluationInterruption) in
        .bool(try asRange(range).contains(try asAddress(value)))
    },
    .method("containsIP", on: network, .string, .bool) {
        range, text, _ throws(EvaluationInterruption) in
        .bool(try asRange(range).contains(try readAddress(try text.string())))
    },
    .method("containsCIDR", on: network, network, .bool) {
        range, other, _ throws(EvaluationInterruption) in
        .bool(try asRange(range).contains(try asRange(other)))
    },
    .method("containsCIDR", on: network, .string, .bool) {
        range, text, _ throws(EvaluationInterruption) in
        .bool(try asRange(range).contains(try readRange(try text.string())))
    },
]

private func value(of address: IPAddress) -> CELValue {
    .opaque(OpaqueValue(typeName: addressType, content: .address(address), text: address.text))
}

private func value(of range: IPNetwork) -> CELValue {
    .opaque(OpaqueValue(typeName: rangeType, content: .network(range), text: range.text))
}

private func asAddress(_ value: CELValue) throws(EvaluationInterruption) -> IPAddress {
    guard case .address(let address) = try value.content() else { throw .noSuchOverload }
    return address
}

private func asRange(_ value: CELValue) throws(EvaluationInterruption) -> IPNetwork {
    guard case .network(let range) = try value.content() else { throw .noSuchOverload }
    return range
}

private func readAddress(_ text: String) throws(EvaluationInterruption) -> IPAddress {
    if let address = IPAddress(text) { return address }
    if text.utf8.contains(UInt8(ascii: "%")) {
        throw .failed(.conversion, "IP Address with zone value is not allowed")
    }
    if IPAddress(text, allowingMapped: true) != nil {
        throw .failed(.conversion, "IPv4-mapped IPv6 address is not allowed")
    }
    throw .failed(
        .conversion, "IP Address '\(plain(text))' parse error during conversion from string")
}

private func readRange(_ text: String) throws(EvaluationInterruption) -> IPNetwork {
    if let range = IPNetwork(text) { return range }
    if text.utf8.contains(UInt8(ascii: "%")) {
        throw .failed(.conversion, "CIDR with zone value is not allowed")
    }
    if let address = text.utf8.split(separator: "/").first.map(String.init),
        IPAddress(address) == nil, IPAddress(address, allowingMapped: true) != nil
    {
        throw .failed(.conversion, "IPv4-mapped IPv6 address is not allowed")
    }
    throw .failed(
        .conversion, "network address parse error during conversion from string: \(quoted(text))")
}
