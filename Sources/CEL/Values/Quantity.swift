// SPDX-License-Identifier: Apache-2.0
// Amounts with suffixes. Spec: Kubernetes, apimachinery, pkg/api/resource/quantity.go.

internal import Primitives

/// An amount in billionths, the precision Kubernetes keeps: `1500m`, `1.5Gi`, `1e3`.
///
/// As in Kubernetes, amounts with a binary suffix stop at 2^63-1 units. Deviation: an amount of
/// 2^127 billionths or more is an error; Kubernetes computes with numbers of any size.
struct Quantity: Sendable {
    let billionths: Int128
    /// The short form that Kubernetes computes with while it can.
    private let short: ShortAmount?

    private init(billionths: Int128, short: ShortAmount?) {
        self.billionths = billionths
        self.short = short
    }

    init(whole value: Int64) {
        self.init(
            billionths: Int128(value) * unitsPerOne, short: ShortAmount(value: value, exponent: 0))
    }

    /// The amount as a whole number, when Kubernetes has it at hand as one.
    ///
    /// Spec: resource.Quantity, `AsInt64`: only from the short form. `1.0`, `0.5Gi` and `1Pi` are
    /// no integers there, and policies must see the same.
    var integer: Int64? { short?.integer }

    /// Spec: resource.Quantity, `AsApproximateFloat64`, with the same loss.
    var approximate: Double {
        guard let short else { return Double(billionths) * 1e-9 }
        return Double(short.value) * (Double("1e\(short.exponent)") ?? .infinity)
    }

    /// Nil when the sum is too large.
    func adding(_ other: Quantity) -> Quantity? {
        let (sum, overflow) = billionths.addingReportingOverflow(other.billionths)
        // The smallest number of 128 bits has no opposite.
        guard !overflow, sum != .min else { return nil }
        return Quantity(billionths: sum, short: other.short.flatMap { short?.adding($0) })
    }

    /// Nil when the difference is too large.
    func subtracting(_ other: Quantity) -> Quantity? {
        let negative = other.short.flatMap { $0.value == .min ? nil : $0.negated }
        return adding(Quantity(billionths: -other.billionths, short: negative))
    }

    /// In decimals, without a suffix.
    var text: String {
        let (whole, part) = billionths.magnitude.quotientAndRemainder(
            dividingBy: UInt128(unitsPerOne))
        return (billionths < 0 ? "-" : "") + String(whole) + fractionText(part, places: 9)
    }

    /// What a text says about an amount.
    enum Reading {
        case amount(Quantity)
        case tooLarge
        case malformed
    }

    /// Nil for a text that is not a quantity, and for an amount that is too large.
    init?(_ text: String) {
        guard case .amount(let quantity) = Quantity.read(text) else { return nil }
        self = quantity
    }

    /// Reads a sign, decimals and a suffix. What is finer than a billionth is rounded away from
    /// zero.
    static func read(_ text: String) -> Reading {
        var rest = Array(text.utf8)[...]
        guard rest.count <= longestQuantity else { return .malformed }
        var isNegative = false
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            rest = rest.dropFirst()
        }
        let whole = rest.prefix(while: isDigitByte)
        rest = rest.dropFirst(whole.count)
        var fraction: ArraySlice<UInt8> = []
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fraction = rest.prefix(while: isDigitByte)
            rest = rest.dropFirst(fraction.count)
        }
        guard !whole.isEmpty || !fraction.isEmpty,
            let scale = QuantityScale(String(decoding: rest, as: UTF8.self))
        else { return .malformed }
        let amount = scaled(
            digits: Array(whole) + fraction, exponent: scale.decimal - fraction.count,
            times: scale.factor)
        guard let amount else { return .tooLarge }
        let short = ShortAmount(Array(whole), Array(fraction), scale)
        return .amount(
            Quantity(
                billionths: isNegative ? -amount : amount,
                short: isNegative ? short?.negated : short))
    }
}

extension Quantity: Hashable, Comparable {
    static func == (left: Quantity, right: Quantity) -> Bool {
        left.billionths == right.billionths
    }

    static func < (left: Quantity, right: Quantity) -> Bool {
        left.billionths < right.billionths
    }

    func hash(into hasher: inout Hasher) { hasher.combine(billionths) }
}

/// A number times a power of ten. Spec: apimachinery, pkg/api/resource/amount.go, `int64Amount`.
private struct ShortAmount {
    var value: Int64
    var exponent: Int

    init(value: Int64, exponent: Int) {
        self.value = value
        self.exponent = exponent
    }

    /// Spec: `ParseQuantity`: for up to 18 digits, fewer before a binary suffix, which takes no
    /// fraction, and nothing finer than a billionth.
    init?(_ whole: [UInt8], _ fraction: [UInt8], _ scale: QuantityScale) {
        let significant = whole.drop { $0 == UInt8(ascii: "0") }
        let count = max(1, significant.count)
        exponent = scale.decimal - fraction.count
        if scale.factor == 1 {
            guard count + fraction.count <= 18, exponent >= -9 else { return nil }
        } else {
            let power = scale.factor.trailingZeroBitCount
            guard fraction.isEmpty, 14 - count - power * 3 / 10 >= 0 else { return nil }
        }
        let digits = (significant + fraction).reduce(Int64(0)) {
            $0 * 10 + Int64($1 - UInt8(ascii: "0"))
        }
        let (product, overflow) = digits.multipliedReportingOverflow(by: Int64(scale.factor))
        guard !overflow else { return nil }
        value = product
    }

    var negated: ShortAmount { ShortAmount(value: -value, exponent: exponent) }

    var integer: Int64? { exponent >= 0 ? grown(by: exponent) : nil }

    func adding(_ other: ShortAmount) -> ShortAmount? {
        if other.value == 0 { return self }
        if value == 0 { return other }
        let lowest = min(exponent, other.exponent)
        guard let left = grown(by: exponent - lowest),
            let right = other.grown(by: other.exponent - lowest),
            case (let sum, false) = left.addingReportingOverflow(right)
        else { return nil }
        return ShortAmount(value: sum, exponent: lowest)
    }

    /// The value times a power of ten, when it fits.
    private func grown(by count: Int) -> Int64? {
        if value == 0 || count == 0 { return value }
        guard count <= 18 else { return nil }
        let factor = (0..<count).reduce(Int64(1)) { power, _ in power * 10 }
        let (product, overflow) = value.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }
}

/// What a suffix multiplies by: a power of ten, and a power of 1,024.
private struct QuantityScale {
    let decimal: Int
    let factor: Int128

    init?(_ suffix: String) {
        // A dictionary takes the Kelvin sign for a K.
        guard isASCII(suffix) else { return nil }
        if let exponent = [
            "": 0, "n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18,
        ][suffix] {
            (decimal, factor) = (exponent, 1)
        } else if let power = ["Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60][suffix] {
            (decimal, factor) = (0, 1 << power)
        } else {
            guard let letter = suffix.utf8.first, letter | 0x20 == UInt8(ascii: "e"),
                suffix.utf8.count <= 8, let exponent = Int(suffix.dropFirst())
            else { return nil }
            (decimal, factor) = (exponent, 1)
        }
    }
}

/// `digits` times `factor` times ten to the `exponent`, in billionths; nil when it is too large.
///
/// Spec: `ParseQuantity`: what is finer is rounded away from zero, and only amounts with a binary
/// suffix stop at 2^63-1.
private func scaled(digits: [UInt8], exponent: Int, times factor: Int128) -> Int128? {
    var significant = digits.drop { $0 == UInt8(ascii: "0") }
    var exponent = exponent + 9
    guard !significant.isEmpty else { return 0 }
    let largest = factor == 1 ? largestAmount : largestBinaryAmount
    // So many digits fit, and fewer with 2^60; what is cut makes the amount a little larger.
    let most = factor == 1 ? 37 : 19
    var isCut = false
    if significant.count > most {
        let cut = significant.dropFirst(most)
        isCut = cut.contains { $0 != UInt8(ascii: "0") }
        exponent += cut.count
        significant = significant.prefix(most)
    }
    var amount = significant.reduce(Int128(0)) { $0 * 10 + Int128($1 - UInt8(ascii: "0")) } * factor
    if isCut { amount += 1 }
    while exponent > 0, amount < largest {
        let (product, over) = amount.multipliedReportingOverflow(by: 10)
        amount = over ? largest : product
        exponent -= 1
    }
    var isInexact = false
    while exponent < 0, amount > 0 {
        let (tenth, rest) = amount.quotientAndRemainder(dividingBy: 10)
        isInexact = isInexact || rest != 0
        amount = tenth
        exponent += 1
    }
    guard amount >= largest else { return amount + (isInexact ? 1 : 0) }
    return factor == 1 ? nil : largest
}

private let unitsPerOne: Int128 = 1_000_000_000
private let largestAmount = Int128.max
private let largestBinaryAmount = Int128(Int64.max) * 1_000_000_000
private let longestQuantity = 1_000
