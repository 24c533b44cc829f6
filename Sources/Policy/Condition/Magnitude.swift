// SPDX-License-Identifier: Apache-2.0
// Texts that mean an amount: durations and Kubernetes quantities, compared without rounding.
// Spec: Go time.ParseDuration; Kubernetes resource.Quantity; reference kyverno.md §1.8.

import Primitives

/// An amount in billionths, exact. Texts with more digits than fit have no magnitude.
struct Magnitude: Hashable, Sendable, Comparable {
    private let billionths: Int128

    static func < (left: Magnitude, right: Magnitude) -> Bool { left.billionths < right.billionths }

    /// `1h30m`, `168h`, `250ms`: every number has a unit. Plain `0` is one too.
    init?(duration text: some StringProtocol) {
        var rest = Substring(text)
        let isNegative = rest.hasPrefix("-")
        if isNegative || rest.hasPrefix("+") { rest = rest.dropFirst() }
        guard !rest.isEmpty else { return nil }
        var total: Int128 = 0
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { !($0.isASCII && ($0.isNumber || $0 == ".")) }
            rest = rest.dropFirst(unit.count)
            guard let size = durationUnits[String(unit)],
                let part = scaled(number, by: size),
                case (let sum, false) = total.addingReportingOverflow(part)
            else { return nil }
            total = sum
        }
        billionths = isNegative ? -total : total
    }

    /// `500m`, `1.5Gi`, `1e3`, `42`.
    init?(quantity text: some StringProtocol) {
        var rest = Substring(text)
        let isNegative = rest.hasPrefix("-")
        if isNegative || rest.hasPrefix("+") { rest = rest.dropFirst() }
        let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let suffix = String(rest.dropFirst(number.count))
        guard let size = quantitySuffixes[suffix] ?? exponent(suffix),
            let amount = scaled(number, by: size)
        else { return nil }
        billionths = isNegative ? -amount : amount
    }

    /// A number, a duration or a quantity, whichever the value is.
    init?(_ value: JSONValue) {
        switch value {
        case .number(let number): self.init(quantity: number.description)
        case .string(let text):
            guard let found = Magnitude(duration: text) ?? Magnitude(quantity: text) else {
                return nil
            }
            self = found
        default: return nil
        }
    }
}

/// A decimal text times `size` billionths; nil when it is none, or does not fit exactly.
private func scaled(_ number: Substring, by size: Int128) -> Int128? {
    let parts = number.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, number.contains(where: \.isNumber), number.utf8.count <= 30
    else {
        return nil
    }
    let fraction = parts.count == 2 ? parts[1] : ""
    guard let digits = Int128(whole + fraction) else { return nil }
    let (product, overflow) = digits.multipliedReportingOverflow(by: size)
    guard !overflow, let divisor = powerOfTen(fraction.count), product % divisor == 0 else {
        return nil
    }
    return product / divisor
}

/// Spec: Quantity: decimal exponent `e3` or `E3`, in billionths.
private func exponent(_ suffix: String) -> Int128? {
    guard suffix.first == "e" || suffix.first == "E", let power = Int(suffix.dropFirst()),
        (-9...Limits.amountExponent).contains(power)
    else { return nil }
    return powerOfTen(power + 9)
}

private func powerOfTen(_ exponent: Int) -> Int128? {
    guard (0...Limits.amountExponent + 9).contains(exponent) else { return nil }
    return (0..<exponent).reduce(Int128(1)) { power, _ in power * 10 }
}

private let second: Int128 = 1_000_000_000

private let durationUnits: [String: Int128] = [
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": second,
    "m": 60 * second, "h": 3_600 * second,
]

private let quantitySuffixes: [String: Int128] = [
    "": second, "n": 1, "u": 1_000, "m": 1_000_000, "k": 1_000 * second, "M": 1_000_000 * second,
    "G": second * second, "T": 1_000 * second * second, "P": 1_000_000 * second * second,
    "E": second * second * second,
    "Ki": second << 10, "Mi": second << 20, "Gi": second << 30, "Ti": second << 40,
    "Pi": second << 50, "Ei": second << 60,
]
