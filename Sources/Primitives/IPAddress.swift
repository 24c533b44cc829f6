// SPDX-License-Identifier: Apache-2.0
// IP addresses and networks, in one spelling. Spec: RFC 4291 §2.2, RFC 5952, RFC 4632.

/// An IPv4 or IPv6 address without a zone.
package struct IPAddress: Hashable, Sendable {
    package let isVersion4: Bool
    /// The address as a number.
    package let bits: UInt128

    /// Bits of an address of this family.
    package var width: Int { isVersion4 ? 32 : 128 }

    package init(isVersion4: Bool, bits: UInt128) {
        self.isVersion4 = isVersion4
        self.bits = bits
    }

    /// Reads `192.0.2.1` or `2001:db8::1`; nil for anything else, a zone and a leading zero included.
    ///
    /// - Parameter allowingMapped: IPv4 in IPv6 (`::ffff:1.2.3.4`) is refused without it, as in
    ///   Kubernetes: one address would have two names. Readers that ask where an address leads
    ///   allow it, and look at `embeddedVersion4`.
    package init?(_ text: String, allowingMapped: Bool = false) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard text.utf8.count <= 45, let bits = version6Bits(text) else { return nil }
            guard allowingMapped || bits >> 32 != 0xFFFF else { return nil }
            self.init(isVersion4: false, bits: bits)
        } else {
            guard let bits = version4Bits(text) else { return nil }
            self.init(isVersion4: true, bits: UInt128(bits))
        }
    }

    /// The IPv4 address that an IPv6 address leads to: `::a.b.c.d`, `::ffff:a.b.c.d`, and
    /// `64:ff9b::a.b.c.d` of RFC 6052. Nil for any other, `::` and `::1` included.
    package var embeddedVersion4: IPAddress? {
        guard !isVersion4, bits > 1, embeddingPrefixes.contains(bits >> 32) else {
            return nil
        }
        return IPAddress(isVersion4: true, bits: bits & 0xFFFF_FFFF)
    }

    /// Whether this is IPv4 in IPv6, as sockets show an IPv4 client: `::ffff:1.2.3.4`.
    package var isMapped: Bool { !isVersion4 && bits >> 32 == 0xFFFF }

    private func starts(_ prefix: UInt128, _ length: Int) -> Bool {
        bits >> (width - length) == prefix
    }

    package var isLoopback: Bool { isVersion4 ? starts(127, 8) : bits == 1 }
    package var isMulticast: Bool { isVersion4 ? starts(0xE, 4) : starts(0xFF, 8) }
    package var isLinkLocalMulticast: Bool {
        isVersion4 ? starts(0xE00000, 24) : (bits >> 112) & 0xFF0F == 0xFF02
    }
    package var isLinkLocalUnicast: Bool { isVersion4 ? starts(0xA9FE, 16) : starts(0x3FA, 10) }
    package var isGlobalUnicast: Bool {
        let isBroadcast = isVersion4 && bits == 0xFFFF_FFFF
        return bits != 0 && !isLoopback && !isMulticast && !isLinkLocalUnicast && !isBroadcast
    }

    /// `192.0.2.1`, `2001:db8::1`: lower case, the longest run of zeros cut out.
    package var text: String {
        if isVersion4 {
            return [24, 16, 8, 0].map { String((bits >> $0) & 0xFF) }.joined(separator: ".")
        }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> (112 - 16 * $0)) }
        guard let run = longestZeros(groups) else {
            return groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        let left = groups[..<run.lowerBound].map { String($0, radix: 16) }.joined(separator: ":")
        let right = groups[run.upperBound...].map { String($0, radix: 16) }.joined(separator: ":")
        return left + "::" + right
    }
}

/// An address with the length of its network's part: `10.0.0.0/8`.
package struct IPNetwork: Hashable, Sendable {
    package let address: IPAddress
    package let length: Int

    private init(address: IPAddress, length: Int) {
        self.address = address
        self.length = length
    }

    package init?(_ text: String) {
        let parts = text.utf8.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(parts[0])),
            let length = decimal(parts[1].utf8, atMost: address.width)
        else { return nil }
        self.init(address: address, length: length)
    }

    package var text: String { "\(address.text)/\(length)" }

    package var masked: IPNetwork {
        let rest = address.width - length
        let bits = rest == 128 ? 0 : (address.bits >> rest) << rest
        return IPNetwork(
            address: IPAddress(isVersion4: address.isVersion4, bits: bits), length: length)
    }

    package func contains(_ other: IPAddress) -> Bool {
        guard other.isVersion4 == address.isVersion4 else { return false }
        let rest = address.width - length
        return rest == 128 || other.bits >> rest == address.bits >> rest
    }

    package func contains(_ other: IPNetwork) -> Bool {
        other.length >= length && contains(other.address)
    }
}

/// The first 96 bits of IPv6 addresses that hold an IPv4 address.
private let embeddingPrefixes: [UInt128] = [0, 0xFFFF, 0x64_FF9B << 64]

/// A number without leading zeros.
private func decimal(_ digits: some Collection<UInt8>, atMost limit: Int) -> Int? {
    guard (1...3).contains(digits.count), digits.allSatisfy(isDigitByte),
        digits.count == 1 || digits.first != UInt8(ascii: "0")
    else { return nil }
    let value = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    return value <= limit ? value : nil
}

private func version4Bits(_ text: String) -> UInt32? {
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bits: UInt32 = 0
    for part in parts {
        guard let octet = decimal(part, atMost: 255) else { return nil }
        bits = bits << 8 | UInt32(octet)
    }
    return bits
}

/// Groups of up to four digits, `::` for zeros once, and an IPv4 address as the last two groups.
private func version6Bits(_ text: String) -> UInt128? {
    let halves = text.utf8.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
    guard let left = groups(halves[0], isLast: halves.count == 1) else { return nil }
    if halves.count == 1 { return left.count == 8 ? joined(left) : nil }
    guard let right = groups(halves[1], isLast: true), left.count + right.count <= 7 else {
        return nil
    }
    return joined(left + Array(repeating: 0, count: 8 - left.count - right.count) + right)
}

private func groups(_ text: Substring, isLast: Bool) -> [UInt16]? {
    if text.isEmpty { return [] }
    let parts = text.utf8.split(separator: ":", omittingEmptySubsequences: false)
    var groups: [UInt16] = []
    for (number, part) in parts.enumerated() {
        if isLast, number == parts.count - 1, part.utf8.contains(UInt8(ascii: ".")) {
            guard let bits = version4Bits(String(part)) else { return nil }
            groups += [UInt16(bits >> 16), UInt16(bits & 0xFFFF)]
            continue
        }
        guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexByte),
            let group = UInt16(part, radix: 16)
        else { return nil }
        groups.append(group)
    }
    return groups
}

private func joined(_ groups: [UInt16]) -> UInt128 {
    groups.reduce(0) { $0 << 16 | UInt128($1) }
}

/// The longest run of two zeros or more; the first of equal ones.
private func longestZeros(_ groups: [UInt16]) -> Range<Int>? {
    var best: Range<Int>?
    var start = 0
    for index in 0...groups.count where index == groups.count || groups[index] != 0 {
        if index - start >= 2, index - start > (best?.count ?? 0) { best = start..<index }
        start = index + 1
    }
    return best
}
