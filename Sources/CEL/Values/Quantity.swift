// SPDX-License-Identifier: Apache-2.0
// Amounts with suffixes. Spec: Kubernetes, apimachinery, pkg/api/resource/quantity.go.

/// An amount in billionths, the precision Kubernetes keeps: `1500m`, `1.5Gi`, `1e3`.
struct Quantity: Hashable, Sendable, Comparable {
    /// Between -(2^63-1) and 2^63-1 units.
    let billionths: Int128

    init(billionths: Int128) {
        self.billionths = min(max(billionths, -largestAmount), largestAmount)
    }

    init(whole value: Int64) { self.init(billionths: Int128(value) * unitsPerOne) }

    static func < (left: Quantity, right: Quantity) -> Bool {
        left.billionths < right.billionths
    }

    /// The amount as a whole number, when it is one.
    var integer: Int64? {
        let (whole, rest) = billionths.quotientAndRemainder(dividingBy: unitsPerOne)
        return rest == 0 ? Int64(exactly: whole) : nil
    }

    var approximate: Double { Double(billionths) / 1e9 }

    func adding(_ other: Quantity) -> Quantity {
        Quantity(billionths: billionths + other.billionths)
    }

    func subtracting(_ other: Quantity) -> Quantity {
        Quantity(billionths: billionths - other.billionths)
    }

    /// In decimals, without a suffix.
    var text: String {
        let (whole, part) = billionths.magnitude.quotientAndRemainder(
            dividingBy: UInt128(unitsPerOne))
        return (billionths < 0 ? "-" : "") + String(whole) + fractionText(Int64(part))
    }

    /// Reads a sign, decimals and a suffix. What is finer than a billionth is rounded away from
    /// zero, what is too large becomes the largest amount.
    init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        guard rest.count <= longestQuantity else { return nil }
        var isNegative = false
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            rest = rest.dropFirst()
        }
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        var fraction: ArraySlice<UInt8> = []
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fraction = rest.prefix(while: isDigit)
            rest = rest.dropFirst(fraction.count)
        }
        guard !whole.isEmpty || !fraction.isEmpty,
            let scale = QuantityScale(String(decoding: rest, as: UTF8.self))
        else { return nil }
        let amount = scaled(
            digits: Array(whole) + fraction, exponent: scale.decimal - fraction.count,
            times: scale.factor)
        self.init(billionths: isNegative ? -amount : amount)
    }
}

/// What a suffix multiplies by: a power of ten, and a power of 1,024.
private struct QuantityScale {
    let decimal: Int
    let factor: Int128

    init?(_ suffix: String) {
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

/// `digits` times `factor` times ten to the `exponent`, in billionths, never above the largest.
private func scaled(digits: [UInt8], exponent: Int, times factor: Int128) -> Int128 {
    var significant = digits.drop { $0 == UInt8(ascii: "0") }
    var exponent = exponent + 9
    guard !significant.isEmpty else { return 0 }
    // 18 digits times 2^60 fit; what is cut makes the amount a little larger.
    var isCut = false
    if significant.count > mostQuantityDigits {
        let cut = significant.dropFirst(mostQuantityDigits)
        isCut = cut.contains { $0 != UInt8(ascii: "0") }
        exponent += cut.count
        significant = significant.prefix(mostQuantityDigits)
    }
    var amount = significant.reduce(Int128(0)) { $0 * 10 + Int128($1 - UInt8(ascii: "0")) } * factor
    if isCut { amount += 1 }
    while exponent > 0, amount < largestAmount {
        let (product, over) = amount.multipliedReportingOverflow(by: 10)
        amount = over ? largestAmount : product
        exponent -= 1
    }
    var isInexact = false
    while exponent < 0, amount > 0 {
        let (tenth, rest) = amount.quotientAndRemainder(dividingBy: 10)
        isInexact = isInexact || rest != 0
        amount = tenth
        exponent += 1
    }
    return min(amount + (isInexact ? 1 : 0), largestAmount)
}

private let unitsPerOne: Int128 = 1_000_000_000
private let largestAmount = Int128(Int64.max) * 1_000_000_000
private let mostQuantityDigits = 19
private let longestQuantity = 1_000
