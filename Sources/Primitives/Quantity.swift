// SPDX-License-Identifier: Apache-2.0
// Amounts with a unit: 500m, 1.5Gi, 1e3. Spec: Kubernetes, apimachinery,
// pkg/api/resource/quantity.go: "quantity" grammar, canonical form.

/// An amount, and the way it is written.
///
/// As in Kubernetes, what is finer than a billionth is rounded away from zero, and amounts with a
/// binary suffix stop at 2^63-1 units. Deviation: amounts past 128 bits are refused; Kubernetes
/// computes with numbers of any size.
package struct Quantity: Sendable {
    /// Which suffixes the amount is written with.
    package enum Form: Sendable {
        case decimal
        case binary
        case exponent
    }

    /// What a text is as a quantity.
    package enum Reading: Sendable {
        case amount(Quantity)
        case tooLarge
        case malformed
    }

    package let amount: ExactDecimal
    package let form: Form
    /// The short form that Kubernetes computes with while it can.
    private let short: ShortAmount?

    private init(amount: ExactDecimal, form: Form, short: ShortAmount?) {
        self.amount = amount
        self.form = form
        self.short = short
    }

    /// An amount that was computed.
    package init(amount: ExactDecimal, form: Form) {
        self.init(amount: amount, form: form, short: nil)
    }

    package init(whole value: Int64) {
        self.init(
            amount: ExactDecimal(unscaled: Int128(value), scale: 0), form: .decimal,
            short: ShortAmount(value: value, exponent: 0))
    }

    /// Nil for a text that is not a quantity, and for an amount that is too large.
    package init?(_ text: String) {
        guard case .amount(let quantity) = Quantity.read(text) else { return nil }
        self = quantity
    }

    /// Spec: "<quantity> ::= <signedNumber><suffix>".
    package static func read(_ text: String) -> Reading {
        guard let written = WrittenQuantity(text) else { return .malformed }
        guard let amount = written.roundedAmount else { return .tooLarge }
        // Spec: a part of one byte is written with a decimal suffix.
        let isPart = amount.double.magnitude < 1 && amount.unscaled != 0
        let form = written.unit.form == .binary && isPart ? .decimal : written.unit.form
        return .amount(Quantity(amount: amount, form: form, short: ShortAmount(written)))
    }

    /// The amount as it is written: not rounded to billionths, and not stopped at 2^63-1. Nil for
    /// more digits than 128 bits hold.
    package static func exactAmount(_ text: String) -> ExactDecimal? {
        WrittenQuantity(text)?.exactAmount
    }

    /// The amount in billionths; nil for 2^127 of them or more.
    package var billionths: Int128? {
        amount.rescaled(9).flatMap { $0 == .min ? nil : $0 }
    }

    /// The amount as a whole number, when Kubernetes has it at hand as one.
    ///
    /// Spec: resource.Quantity, `AsInt64`: only from the short form. `1.0`, `0.5Gi` and `1Pi` are
    /// no integers there, and policies must see the same.
    package var integer: Int64? { short?.integer }

    /// Spec: resource.Quantity, `AsApproximateFloat64`, with the same loss.
    package var approximate: Double {
        guard let short else { return billionths.map { Double($0) * 1e-9 } ?? amount.double }
        return Double(short.value) * (Double("1e\(short.exponent)") ?? .infinity)
    }

    /// Nil when the sum is too large. It is written like the first amount.
    package func adding(_ other: Quantity) -> Quantity? {
        amount.adding(other.amount).map { sum in
            Quantity(
                amount: sum, form: form, short: other.short.flatMap { short?.adding($0) })
        }
    }

    /// Nil when the difference is too large. It is written like the first amount.
    package func subtracting(_ other: Quantity) -> Quantity? {
        other.amount.negated.flatMap { negative in
            adding(Quantity(amount: negative, form: other.form, short: other.short?.negated))
        }
    }

    /// In decimals, without a suffix, as CEL writes it.
    package var plainText: String { amount.plainText ?? text }

    /// Spec: "Before serializing, Quantity will be put in canonical form": no fraction, the
    /// largest suffix.
    package var text: String {
        let value = amount.trimmed
        guard value.unscaled != 0 else { return "0" }
        if form == .binary, value.scale <= 0, let whole = value.rescaled(0),
            whole.magnitude >= 1024
        {
            return binaryText(whole)
        }
        return decimalText(value)
    }

    private func binaryText(_ whole: Int128) -> String {
        var (mantissa, index) = (whole, 0)
        while mantissa.isMultiple(of: 1024), index < binarySuffixes.count - 1 {
            mantissa /= 1024
            index += 1
        }
        return "\(mantissa)" + binarySuffixes[index]
    }

    private func decimalText(_ value: ExactDecimal) -> String {
        var exponent = -value.scale
        var mantissa = value.unscaled
        while !exponent.isMultiple(of: 3) {
            let (grown, overflow) = mantissa.multipliedReportingOverflow(by: 10)
            if overflow { break }
            mantissa = grown
            exponent -= 1
        }
        if form != .exponent, let suffix = decimalSuffixes[exponent] {
            return "\(mantissa)\(suffix)"
        }
        return exponent == 0 ? "\(mantissa)" : "\(mantissa)e\(exponent)"
    }
}

extension JSONNumber {
    /// The number in its one decimal spelling, exact: `3.0` is `3`, `1e2` is `100`. Nil for more
    /// digits than fit.
    package var exactText: String? {
        guard description.utf8.count <= longestNumber else { return nil }
        return Quantity.exactAmount(description)?.plainText
    }
}

extension Quantity: Comparable {
    package static func == (left: Quantity, right: Quantity) -> Bool {
        left.amount.compared(to: right.amount) == 0
    }

    package static func < (left: Quantity, right: Quantity) -> Bool {
        left.amount.compared(to: right.amount) < 0
    }
}

// MARK: - Texts

/// A text in the grammar, taken apart: a sign, digits before and after the point, a unit.
private struct WrittenQuantity {
    let isNegative: Bool
    let whole: ArraySlice<UInt8>
    let fraction: ArraySlice<UInt8>
    let unit: QuantityUnit

    init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        guard rest.count <= longestQuantity else { return nil }
        isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        whole = rest.prefix(while: isDigitByte)
        rest = rest.dropFirst(whole.count)
        if rest.first == UInt8(ascii: ".") {
            fraction = rest.dropFirst().prefix(while: isDigitByte)
            rest = rest.dropFirst(fraction.count + 1)
        } else {
            fraction = rest.prefix(0)
        }
        guard !whole.isEmpty || !fraction.isEmpty, let unit = QuantityUnit(rest) else { return nil }
        self.unit = unit
    }

    /// Every digit as it is written; nil when they do not fit.
    var exactAmount: ExactDecimal? {
        var fraction = fraction
        // Zeros at the end count as digits that were written, while they fit.
        while fraction.last == UInt8(ascii: "0"), whole.count + fraction.count > mostDigits {
            fraction = fraction.dropLast()
        }
        guard whole.count + fraction.count <= mostDigits, (-30...30).contains(unit.exponent),
            case (let grown, false) = number(whole + fraction).multipliedReportingOverflow(
                by: unit.factor)
        else { return nil }
        return ExactDecimal(
            unscaled: isNegative ? -grown : grown, scale: fraction.count - unit.exponent)
    }

    /// Spec: `ParseQuantity`: "No fraction finer than nano: rounded up"; a binary amount stops at
    /// 2^63-1. Nil for an amount that is too large.
    var roundedAmount: ExactDecimal? {
        var digits = (whole + fraction).drop { $0 == UInt8(ascii: "0") }
        guard !digits.isEmpty else { return ExactDecimal(unscaled: 0, scale: 0) }
        var scale = fraction.count - unit.exponent
        var isInexact = false
        let most = mostDigits - unit.factorDigits
        if digits.count > most {
            let cut = digits.dropFirst(most)
            isInexact = cut.contains { $0 != UInt8(ascii: "0") }
            scale -= cut.count
            digits = digits.prefix(most)
        }
        // Less than 10 to the `mostDigits`, which fits.
        var size = number(digits) * unit.factor
        if scale > finestScale {
            // Without a power the amount is so small that only "more than zero" is left.
            let step = ExactDecimal.power(scale - finestScale) ?? .max
            isInexact = isInexact || !size.isMultiple(of: step)
            size /= step
            scale = finestScale
        }
        if isInexact { size += 1 }
        guard scale >= -40 else { return nil }
        let amount = ExactDecimal(unscaled: isNegative ? -size : size, scale: scale)
        guard unit.form == .binary,
            ExactDecimal(unscaled: size, scale: scale).compared(to: largestBinary) > 0
        else { return amount }
        return isNegative ? largestBinary.negated : largestBinary
    }
}

/// What a suffix multiplies by: a power of ten, and a power of 1,024.
private struct QuantityUnit {
    let exponent: Int
    let factor: Int128
    let form: Quantity.Form

    /// Decimal digits that the factor adds to a number, at most.
    var factorDigits: Int { factor == 1 ? 0 : factor.trailingZeroBitCount * 3 / 10 + 1 }

    init?(_ suffix: ArraySlice<UInt8>) {
        let index = binarySuffixes.firstIndex { suffix.elementsEqual($0.utf8) }
        if let index, index > 0 {
            (exponent, factor, form) = (0, 1 << (10 * index), .binary)
        } else if let known = decimalSuffixes.first(where: { suffix.elementsEqual($0.value.utf8) })
        {
            (exponent, factor, form) = (known.key, 1, .decimal)
        } else {
            guard let letter = suffix.first, letter | 0x20 == UInt8(ascii: "e"), suffix.count <= 8,
                let written = Int(String(decoding: suffix.dropFirst(), as: UTF8.self))
            else { return nil }
            (exponent, factor, form) = (written, 1, .exponent)
        }
    }
}

// MARK: - The short form

/// A number times a power of ten. Spec: apimachinery, pkg/api/resource/amount.go, `int64Amount`.
private struct ShortAmount {
    let value: Int64
    let exponent: Int

    init(value: Int64, exponent: Int) {
        self.value = value
        self.exponent = exponent
    }

    /// Spec: `ParseQuantity`: for up to 18 digits, fewer before a binary suffix, which takes no
    /// fraction, and nothing finer than a billionth.
    init?(_ written: WrittenQuantity) {
        let (fraction, unit) = (written.fraction, written.unit)
        let significant = written.whole.drop { $0 == UInt8(ascii: "0") }
        let count = max(1, significant.count)
        let exponent = unit.exponent - fraction.count
        if unit.form == .binary {
            let power = unit.factor.trailingZeroBitCount
            guard fraction.isEmpty, 14 - count - power * 3 / 10 >= 0 else { return nil }
        } else {
            guard count + fraction.count <= 18, exponent >= -9 else { return nil }
        }
        guard let size = Int64(exactly: number(significant + fraction) * unit.factor) else {
            return nil
        }
        self.init(value: written.isNegative ? -size : size, exponent: exponent)
    }

    /// Nil for the one value without an opposite.
    var negated: ShortAmount? {
        value == .min ? nil : ShortAmount(value: -value, exponent: exponent)
    }

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
        guard count <= 18, let factor = ExactDecimal.power(count) else { return nil }
        let (product, overflow) = value.multipliedReportingOverflow(by: Int64(factor))
        return overflow ? nil : product
    }
}

/// Of `mostDigits` digits at most.
private func number(_ digits: some Sequence<UInt8>) -> Int128 {
    digits.reduce(0) { $0 * 10 + Int128($1 - UInt8(ascii: "0")) }
}

private let binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
private let decimalSuffixes: [Int: String] = [
    -9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E",
]
private let largestBinary = ExactDecimal(unscaled: Int128(Int64.max), scale: 0)
/// Decimal digits that always fit 128 bits.
private let mostDigits = 38
/// Places behind the point that Kubernetes keeps.
private let finestScale = 9
/// Bytes of a quantity's text. Real ones have under 30.
private let longestQuantity = 1_000
/// Bytes of a number's text: every digit that can count, and an exponent.
private let longestNumber = 100
