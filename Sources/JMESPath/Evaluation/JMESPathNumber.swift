// SPDX-License-Identifier: Apache-2.0
// Numbers: integers are exact, others are IEEE doubles.
// Spec: JMESPath, "Data Types"; RFC 8259 §6. Go's texts: strconv.FormatFloat, encoding/json.

import FoundationEssentials
package import Primitives

/// A number in computations.
///
/// Deviation: go-jmespath computes in doubles only; Assay keeps integers above 2^53 exact.
package enum JMESPathNumber: Comparable {
    case whole(Int)
    case real(Double)

    package init(_ number: JSONNumber) {
        self =
            number.integer.map { .whole($0) } ?? .normal(number.double ?? 0)
    }

    package static func normal(_ value: Double) -> JMESPathNumber {
        if value.magnitude < 9e15, let whole = Int(exactly: value) { return .whole(whole) }
        return .real(value)
    }

    package var double: Double {
        switch self {
        case .whole(let value): Double(value)
        case .real(let value): value
        }
    }

    /// The integer, if the number is one.
    package var integer: Int? {
        switch self {
        case .whole(let value): value
        case .real(let value): Int(exactly: value)
        }
    }

    package func json() throws(EvaluationError) -> JSONValue {
        switch self {
        case .whole(let value): return .number(JSONNumber(value))
        case .real(let value):
            guard let number = JSONNumber(value) else {
                throw EvaluationError(.invalidValue, "the result is not a finite number")
            }
            return .number(number)
        }
    }

    package static func == (left: JMESPathNumber, right: JMESPathNumber) -> Bool {
        if case (.whole(let first), .whole(let second)) = (left, right) { return first == second }
        return left.double == right.double
    }

    package static func < (left: JMESPathNumber, right: JMESPathNumber) -> Bool {
        if case (.whole(let first), .whole(let second)) = (left, right) { return first < second }
        return left.double < right.double
    }

    package static func + (left: JMESPathNumber, right: JMESPathNumber) -> JMESPathNumber {
        if case (.whole(let first), .whole(let second)) = (left, right),
            case (let sum, false) = first.addingReportingOverflow(second)
        {
            return .whole(sum)
        }
        return .normal(left.double + right.double)
    }

    package static func - (left: JMESPathNumber, right: JMESPathNumber) -> JMESPathNumber {
        if case (.whole(let first), .whole(let second)) = (left, right),
            case (let difference, false) = first.subtractingReportingOverflow(second)
        {
            return .whole(difference)
        }
        return .normal(left.double - right.double)
    }

    package static func * (left: JMESPathNumber, right: JMESPathNumber) -> JMESPathNumber {
        if case (.whole(let first), .whole(let second)) = (left, right),
            case (let product, false) = first.multipliedReportingOverflow(by: second)
        {
            return .whole(product)
        }
        return .normal(left.double * right.double)
    }
}

/// Go's formats of a double: the shortest digits, with an exponent outside a range.
package enum GoFloatStyle {
    /// encoding/json: an exponent below 1e-6 and from 1e21.
    case json
    /// fmt's `%v`: an exponent below 1e-4 and from 1e21.
    case plain
    /// strconv's 'f': no exponent.
    case noExponent
}

package func goText(_ value: Double, _ style: GoFloatStyle) -> String {
    decimalText(digits: value.description, value == 0, style)
}

/// Deviation kept from Kyverno: numbers are written as float32, so 16777217 becomes "16777216".
package func goText(singlePrecision value: Double) -> String {
    let single = Float(value)
    return decimalText(digits: single.description, single == 0, .noExponent)
}

/// Swift and Go write the same digits, the shortest that parse to the same double; only the format
/// differs.
private func decimalText(digits text: String, _ isZero: Bool, _ style: GoFloatStyle) -> String {
    let isNegative = text.utf8.hasPrefix("-")
    let sign = isNegative ? "-" : ""
    if isZero { return sign + "0" }
    let digits = text.utf8.removingPrefix("-") ?? text[...]
    let parts = digits.utf8.split(separator: "e", maxSplits: 1)
    guard let mantissa = parts.first, mantissa.utf8.first.map(isDigitByte) == true else {
        return text
    }
    let halves = mantissa.utf8.split(separator: ".", maxSplits: 1)
    let fraction = halves.count == 2 && halves[1] != "0" ? String(halves[1]) : ""
    let whole = String(halves.first ?? "0")
    let exponent = parts.count == 2 ? Int(parts[1]) ?? 0 : 0
    let all = whole + fraction
    let stripped = String(Substring(all.utf8.drop { $0 == UInt8(ascii: "0") }))
    var significant = stripped
    while let shorter = significant.utf8.removingSuffix("0") { significant = String(shorter) }
    // The position of the decimal point, counted from the first significant digit.
    let point = whole.count + exponent - (all.count - stripped.count)
    let smallest = style == .json ? -5 : -3
    if style != .noExponent, point < smallest || point > 21 {
        return sign + exponentForm(significant, point - 1, style)
    }
    if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + significant }
    if significant.count <= point {
        return sign + significant + String(repeating: "0", count: point - significant.count)
    }
    return sign + significant.prefix(point) + "." + significant.dropFirst(point)
}

private func exponentForm(_ digits: String, _ exponent: Int, _ style: GoFloatStyle) -> String {
    let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
    let size = String(exponent.magnitude)
    // fmt writes at least two digits of an exponent; encoding/json removes the zero of e-09.
    let padded = size.count == 1 && style == .plain ? "0" + size : size
    return String(digits.prefix(1)) + fraction + "e" + (exponent < 0 ? "-" : "+") + padded
}
