// SPDX-License-Identifier: Apache-2.0
// Decimal numbers without rounding, in 128 bits. Spec: Go's gopkg.in/inf.v0, as far as
// Kubernetes quantities need it.

/// `unscaled` × 10^-`scale`. What does not fit is nil: never a trap, never a rounded answer.
package struct ExactDecimal: Sendable {
    package let unscaled: Int128
    package let scale: Int

    package init(unscaled: Int128, scale: Int) {
        self.unscaled = unscaled
        self.scale = scale
    }

    /// Ten to the `exponent`; nil when it does not fit.
    package static func power(_ exponent: Int) -> Int128? {
        guard (0...38).contains(exponent) else { return nil }
        return (0..<exponent).reduce(Int128(1)) { power, _ in power * 10 }
    }

    private func aligned(to other: ExactDecimal) -> (Int128, Int128)? {
        guard let first = rescaled(max(scale, other.scale)),
            let second = other.rescaled(max(scale, other.scale))
        else { return nil }
        return (first, second)
    }

    /// The unscaled value at a scale that is not smaller.
    package func rescaled(_ wanted: Int) -> Int128? {
        if unscaled == 0 { return 0 }
        if wanted == scale { return unscaled }
        guard let factor = ExactDecimal.power(wanted - scale) else { return nil }
        let (value, overflow) = unscaled.multipliedReportingOverflow(by: factor)
        return overflow ? nil : value
    }

    package func adding(_ other: ExactDecimal) -> ExactDecimal? {
        guard let (first, second) = aligned(to: other),
            case (let sum, false) = first.addingReportingOverflow(second)
        else { return nil }
        return ExactDecimal(unscaled: sum, scale: max(scale, other.scale))
    }

    package var negated: ExactDecimal? {
        guard unscaled != .min else { return nil }
        return ExactDecimal(unscaled: -unscaled, scale: scale)
    }

    package func multiplied(by other: ExactDecimal) -> ExactDecimal? {
        let (product, overflow) = unscaled.multipliedReportingOverflow(by: other.unscaled)
        return overflow ? nil : ExactDecimal(unscaled: product, scale: scale + other.scale)
    }

    /// The quotient at the larger of both scales, rounded towards zero.
    package func divided(by other: ExactDecimal) -> ExactDecimal? {
        guard other.unscaled != 0 else { return nil }
        let wanted = max(scale, other.scale)
        let shift = other.scale + wanted - scale
        guard let factor = ExactDecimal.power(abs(shift)),
            case (let top, false) = unscaled.multipliedReportingOverflow(by: shift > 0 ? factor : 1),
            case (let bottom, false) = other.unscaled.multipliedReportingOverflow(
                by: shift < 0 ? factor : 1),
            case (let quotient, false) = top.dividedReportingOverflow(by: bottom)
        else { return nil }
        return ExactDecimal(unscaled: quotient, scale: wanted)
    }

    /// -1, 0 or 1; amounts too far apart to align compare as doubles.
    package func compared(to other: ExactDecimal) -> Int {
        guard let (first, second) = aligned(to: other) else {
            return double < other.double ? -1 : 1
        }
        return first < second ? -1 : first == second ? 0 : 1
    }

    /// The nearest double, but for the last bit.
    package var double: Double {
        var value = Double(unscaled)
        var left = min(abs(scale), 400)
        while left > 0 {
            let step = min(left, 22)
            let factor = Double(ExactDecimal.power(step) ?? 1)
            value = scale > 0 ? value / factor : value * factor
            left -= step
        }
        return value
    }

    /// Without zeros at the end of the unscaled value.
    package var trimmed: ExactDecimal {
        var (value, places) = (unscaled, scale)
        guard value != 0 else { return ExactDecimal(unscaled: 0, scale: 0) }
        while value.isMultiple(of: 10) {
            value /= 10
            places -= 1
        }
        return ExactDecimal(unscaled: value, scale: places)
    }

    /// All digits, without an exponent and without zeros at the end: `-0.5`, `1500`. Nil when a whole
    /// number has too many zeros for 128 bits.
    package var plainText: String? {
        let value = trimmed
        if value.scale <= 0 { return value.rescaled(0).map { String($0) } }
        let digits = zeroPadded(value.unscaled.magnitude, to: value.scale + 1)
        let sign = value.unscaled < 0 ? "-" : ""
        return "\(sign)\(digits.dropLast(value.scale)).\(digits.suffix(value.scale))"
    }
}
