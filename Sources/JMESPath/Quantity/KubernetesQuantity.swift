// SPDX-License-Identifier: Apache-2.0
// Amounts with a unit: 500m, 1.5Gi, 1e3. Spec: Kubernetes apimachinery, resource.Quantity:
// "quantity" grammar, canonical form.

import Primitives

/// An amount and the way it likes to be written.
struct KubernetesQuantity: Sendable {
    enum Form: Sendable {
        case decimal
        case binary
        case exponent
    }

    let amount: ExactDecimal
    let form: Form

    init(amount: ExactDecimal, form: Form) {
        self.amount = amount
        self.form = form
    }

    /// Spec: "<quantity> ::= <signedNumber><suffix>".
    ///
    /// Deviation: amounts past 128 bits are refused; Kubernetes computes with numbers of any size.
    init?(_ text: String) {
        guard let exact = KubernetesQuantity.exactAmount(text),
            let amount = exact.amount.bounded(exact.form)
        else { return nil }
        self.amount = amount
        // Spec: a part of one byte is written with a decimal suffix.
        let isPart = amount.double.magnitude < 1 && amount.unscaled != 0
        form = exact.form == .binary && isPart ? .decimal : exact.form
    }

    /// The amount as it is written: not rounded up to billionths, not cut at 2^63-1.
    static func exactAmount(_ text: String) -> (amount: ExactDecimal, form: Form)? {
        var rest = Array(text.utf8)[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        let whole = rest.prefix(while: isDigitByte)
        rest = rest.dropFirst(whole.count)
        var fraction = rest.prefix(0)
        if rest.first == UInt8(ascii: ".") {
            fraction = rest.dropFirst().prefix(while: isDigitByte)
            rest = rest.dropFirst(fraction.count + 1)
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return nil }
        // Zeros at the end count as digits that were written, while they fit.
        while fraction.last == UInt8(ascii: "0"), whole.count + fraction.count > 38 {
            fraction = fraction.dropLast()
        }
        let digits = String(decoding: whole + fraction, as: UTF8.self)
        guard digits.utf8.count <= 38, let value = Int128(digits),
            let unit = quantityUnit(String(decoding: rest, as: UTF8.self))
        else { return nil }
        let written = ExactDecimal(
            unscaled: isNegative ? -value : value, scale: fraction.count - unit.exponent)
        guard
            case (let grown, false) = written.unscaled.multipliedReportingOverflow(by: unit.factor)
        else { return nil }
        return (ExactDecimal(unscaled: grown, scale: written.scale), unit.form)
    }

    /// Spec: "Before serializing, Quantity will be put in canonical form": no fraction, the
    /// largest suffix.
    var text: String {
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
        var (mantissa, place) = (whole, 0)
        while mantissa.isMultiple(of: 1024), place < binarySuffixes.count - 1 {
            mantissa /= 1024
            place += 1
        }
        return "\(mantissa)" + binarySuffixes[place]
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

extension ExactDecimal {
    /// Spec: "No fraction finer than nano: rounded up"; a binary amount stops at 2^63-1.
    fileprivate func bounded(_ form: KubernetesQuantity.Form) -> ExactDecimal? {
        var value = self
        if scale > 9 {
            let step = scale - 9
            // So small that nothing is left but "more than zero".
            guard let factor = ExactDecimal.power(step) else {
                return ExactDecimal(unscaled: Int128(unscaled.signum()), scale: 9)
            }
            let (quotient, rest) = unscaled.quotientAndRemainder(dividingBy: factor)
            value = ExactDecimal(
                unscaled: quotient + (rest == 0 ? 0 : Int128(unscaled.signum())), scale: 9)
        }
        guard scale >= -40 else { return nil }
        let most = ExactDecimal(unscaled: Int128(Int64.max), scale: 0)
        guard form == .binary, let size = value.unscaled < 0 ? value.negated : value else {
            return value
        }
        guard size.compared(to: most) > 0 else { return value }
        return value.unscaled < 0 ? most.negated : most
    }
}

private func quantityUnit(_ suffix: String)
    -> (factor: Int128, exponent: Int, form: KubernetesQuantity.Form)?
{
    if let place = binarySuffixes.firstIndex(where: { isSame($0, suffix) }), place > 0 {
        return (Int128(1) << (10 * place), 0, .binary)
    }
    if let exponent = decimalSuffixes.first(where: { isSame($0.value, suffix) })?.key {
        return (1, exponent, .decimal)
    }
    guard let digits = suffix.utf8.removingPrefix("e") ?? suffix.utf8.removingPrefix("E"),
        let exponent = Int(digits), (-30...30).contains(exponent)
    else { return nil }
    return (1, exponent, .exponent)
}

private let binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
private let decimalSuffixes: [Int: String] = [
    -9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E",
]
