// SPDX-License-Identifier: Apache-2.0
// Digits with zeros before them, and decimal fractions without zeros after them.

/// A whole number with at least `width` digits: `07`. A minus sign comes before the zeros.
package func zeroPadded(_ value: some FixedWidthInteger, to width: Int = 2) -> String {
    let digits = String(value.magnitude)
    let zeros = String(repeating: "0", count: max(0, width - digits.utf8.count))
    return (value < 0 ? "-" : "") + zeros + digits
}

/// The decimals of `value` / 10^`places`, which is below 1, with its point: `.5`. Zeros at the end
/// are left out, and zero is empty.
package func fractionText(_ value: some FixedWidthInteger, places: Int) -> String {
    guard value != 0 else { return "" }
    var digits = zeroPadded(value.magnitude, to: places)
    while let shorter = digits.utf8.removingSuffix("0") { digits = String(shorter) }
    return "." + digits
}
