// SPDX-License-Identifier: Apache-2.0
// Lengths of time as Go writes them: 1h2m3.5s. Spec: Go, time.ParseDuration, Duration.String.

/// A length of time in nanoseconds, up to about 292 years either way.
///
/// 64 bits are what Go and Kubernetes have. CEL's specification allows 10,000 years; its conformance
/// cases for ranges demand 64 bits.
package struct GoDuration: Hashable, Sendable, Comparable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// What a text is as a duration.
    package enum Reading: Hashable, Sendable {
        case duration(GoDuration)
        case outOfRange
        case malformed
    }

    /// Reads `1h30m`, `1.5s`, `-100ms`: a sign, then numbers with a unit each; only `0` needs no
    /// unit.
    ///
    /// - Parameter isExact: Parts of a nanosecond are dropped, as in Go; with `isExact` a text with
    ///   such parts is malformed, for comparisons that must not round.
    package static func read(_ text: String, isExact: Bool = false) -> Reading {
        var rest = Array(text.utf8)[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        if rest.elementsEqual("0".utf8) { return .duration(GoDuration(nanoseconds: 0)) }
        guard !rest.isEmpty else { return .malformed }
        var total: Int128 = 0
        while !rest.isEmpty {
            guard let part = durationPart(&rest, isExact: isExact) else { return .malformed }
            // The bound keeps the sum of any number of parts far from the end of 128 bits.
            total = min(total + part, tooLong)
        }
        guard let value = Int64(exactly: isNegative ? -total : total) else { return .outOfRange }
        return .duration(GoDuration(nanoseconds: value))
    }

    /// Nil for a text that is not a duration, and for one that does not fit 64 bits.
    package init?(_ text: String, isExact: Bool = false) {
        guard case .duration(let duration) = GoDuration.read(text, isExact: isExact) else {
            return nil
        }
        self = duration
    }

    /// A number of seconds, cut to nanoseconds.
    package init?(seconds: Double) {
        let value = (seconds * 1e9).rounded(.towardZero)
        guard let nanoseconds = Int64(exactly: value) else { return nil }
        self.nanoseconds = nanoseconds
    }

    package var seconds: Double {
        Double(nanoseconds / 1_000_000_000) + Double(nanoseconds % 1_000_000_000) / 1e9
    }

    /// As Go writes it: `72h3m0.5s`; under a second the largest unit that gives a whole part:
    /// `1.5ms`.
    package var text: String {
        let size = nanoseconds.magnitude
        let sign = nanoseconds < 0 ? "-" : ""
        switch size {
        case 0: return "0s"
        case ..<1_000: return "\(sign)\(size)ns"
        case ..<1_000_000: return sign + decimal(size, unit: 1_000, places: 3) + "µs"
        case ..<1_000_000_000: return sign + decimal(size, unit: 1_000_000, places: 6) + "ms"
        default: break
        }
        let minutes = size / 60_000_000_000
        let hours = minutes / 60
        let seconds = decimal(size % 60_000_000_000, unit: 1_000_000_000, places: 9) + "s"
        if hours > 0 { return "\(sign)\(hours)h\(minutes % 60)m\(seconds)" }
        return minutes > 0 ? "\(sign)\(minutes)m\(seconds)" : sign + seconds
    }

    /// As protobuf's JSON and CEL write it, in seconds only: `6347s`, `-0.5s`.
    package var secondsText: String {
        (nanoseconds < 0 ? "-" : "")
            + decimal(nanoseconds.magnitude, unit: 1_000_000_000, places: 9) + "s"
    }

    package static func < (left: GoDuration, right: GoDuration) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

/// One number and its unit, in nanoseconds; at most `tooLong`.
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
        let size = durationUnits[String(decoding: unit, as: UTF8.self)],
        let part = isExact ? exactPartOfUnit(fraction, size) : partOfUnit(fraction, size)
    else { return nil }
    let digits = whole.drop { $0 == UInt8(ascii: "0") }
    guard digits.count <= 19 else { return tooLong }
    return digits.reduce(Int128(0)) { $0 * 10 + Int128($1 - UInt8(ascii: "0")) } * size + part
}

/// Nanoseconds in the decimals of a unit; nil when they are no whole number.
private func exactPartOfUnit(_ fraction: ArraySlice<UInt8>, _ size: Int128) -> Int128? {
    // No unit has more than 13 decimals of whole nanoseconds.
    let (kept, rest) = (fraction.prefix(15), fraction.dropFirst(15))
    guard rest.allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
    let scale = kept.reduce(Int128(1)) { scale, _ in scale * 10 }
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

private func decimal(_ size: UInt64, unit: UInt64, places: Int) -> String {
    "\(size / unit)" + fractionText(size % unit, places: places)
}

/// More nanoseconds than 64 bits hold.
private let tooLong: Int128 = 1 << 64

private let durationUnits: [String: Int128] = [
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": 1_000_000_000,
    "m": 60_000_000_000, "h": 3_600_000_000_000,
]
