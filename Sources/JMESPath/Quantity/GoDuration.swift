// SPDX-License-Identifier: Apache-2.0
// Lengths of time as Go writes them: 1h2m3.5s. Spec: Go, time.ParseDuration, Duration.String.

import Primitives

/// Nanoseconds in 64 bits, as in Go; what does not fit is refused.
package struct GoDuration: Hashable, Sendable {
    package let nanoseconds: Int

    init(nanoseconds: Int) { self.nanoseconds = nanoseconds }

    /// Every number has a unit; only `0` needs none. Parts of a nanosecond are cut, or with
    /// `isExact` make it none.
    package init?(_ text: String, isExact: Bool = false) {
        var rest = Array(text.utf8)[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        if rest.elementsEqual("0".utf8) {
            nanoseconds = 0
            return
        }
        guard !rest.isEmpty else { return nil }
        var total: Int128 = 0
        while !rest.isEmpty {
            guard let part = durationPart(&rest, isExact: isExact) else { return nil }
            total += part
            guard total <= Int128(Int.max) + 1 else { return nil }
        }
        guard let value = Int(exactly: isNegative ? -total : total) else { return nil }
        nanoseconds = value
    }

    /// A number of seconds, cut to nanoseconds.
    init?(seconds: Double) {
        let value = (seconds * 1e9).rounded(.towardZero)
        guard let nanoseconds = Int(exactly: value) else { return nil }
        self.nanoseconds = nanoseconds
    }

    var seconds: Double {
        Double(nanoseconds / 1_000_000_000) + Double(nanoseconds % 1_000_000_000) / 1e9
    }

    /// `72h3m0.5s`; under a second the largest unit that gives a whole part: `1.5ms`.
    var text: String {
        let size = nanoseconds.magnitude
        let sign = nanoseconds < 0 ? "-" : ""
        switch size {
        case 0: return "0s"
        case ..<1_000: return "\(sign)\(size)ns"
        case ..<1_000_000: return sign + withFraction(size, places: 3) + "µs"
        case ..<1_000_000_000: return sign + withFraction(size, places: 6) + "ms"
        default: break
        }
        let minutes = size / 60_000_000_000
        let hours = minutes / 60
        let seconds = withFraction(size % 60_000_000_000, places: 9) + "s"
        if hours > 0 { return "\(sign)\(hours)h\(minutes % 60)m\(seconds)" }
        return minutes > 0 ? "\(sign)\(minutes)m\(seconds)" : sign + seconds
    }
}

/// One number and its unit, in nanoseconds, cut.
private func durationPart(_ rest: inout ArraySlice<UInt8>, isExact: Bool) -> Int128? {
    let whole = rest.prefix(while: isDigitByte)
    rest = rest.dropFirst(whole.count)
    var fraction = rest.prefix(0)
    if rest.first == UInt8(ascii: ".") {
        fraction = rest.dropFirst().prefix(while: isDigitByte)
        rest = rest.dropFirst(fraction.count + 1)
    }
    let unit = rest.prefix { !isDigitByte($0) && $0 != UInt8(ascii: ".") }
    rest = rest.dropFirst(unit.count)
    guard !whole.isEmpty || !fraction.isEmpty,
        let size = durationUnits[String(decoding: unit, as: UTF8.self)]
    else { return nil }
    let digits = whole.drop { $0 == UInt8(ascii: "0") }
    guard digits.count <= 19 else { return nil }
    let value = digits.reduce(Int128(0)) { $0 * 10 + Int128($1 - UInt8(ascii: "0")) }
    guard isExact else { return value * size + partOfUnit(fraction, size) }
    return exactPartOfUnit(fraction, size).map { value * size + $0 }
}

/// Nanoseconds in the decimals of a unit; nil when they are no whole number.
private func exactPartOfUnit(_ fraction: ArraySlice<UInt8>, _ size: Int128) -> Int128? {
    // No unit has more than 13 decimals of whole nanoseconds.
    let (kept, rest) = (fraction.prefix(15), fraction.dropFirst(15))
    guard let scale = ExactDecimal.power(kept.count),
        rest.allSatisfy({ $0 == UInt8(ascii: "0") })
    else { return nil }
    let product = kept.reduce(Int128(0)) { $0 * 10 + Int128($1 - UInt8(ascii: "0")) } * size
    return product.isMultiple(of: scale) ? product / scale : nil
}

/// Nanoseconds in the decimals of a unit, with Go's rounding: in doubles, and without the digits
/// that do not fit 63 bits.
private func partOfUnit(_ fraction: ArraySlice<UInt8>, _ size: Int128) -> Int128 {
    var value: UInt64 = 0
    var scale = 1.0
    for digit in fraction {
        guard value <= UInt64(Int64.max) / 10 else { break }
        let next = value * 10 + UInt64(digit - UInt8(ascii: "0"))
        guard next <= 1 << 63 else { break }
        value = next
        scale *= 10
    }
    return Int128(Double(value) * (Double(size) / scale))
}

private func withFraction(_ size: UInt, places: Int) -> String {
    let unit = (0..<places).reduce(UInt(1)) { unit, _ in unit * 10 }
    let (whole, part) = size.quotientAndRemainder(dividingBy: unit)
    guard part > 0 else { return "\(whole)" }
    var digits = String(part)
    digits = String(repeating: "0", count: places - digits.count) + digits
    while let shorter = digits.utf8.removingSuffix("0") { digits = String(shorter) }
    return "\(whole).\(digits)"
}

private let durationUnits: [String: Int128] = [
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": 1_000_000_000,
    "m": 60_000_000_000, "h": 3_600_000_000_000,
]
