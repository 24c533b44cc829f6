// SPDX-License-Identifier: Apache-2.0
// Durations, quantities and numbers in conditions, compared without rounding.
// Spec: docs/kyverno.md, "Condition operators"; Go, time.ParseDuration; Kubernetes,
// resource.Quantity.

package import Primitives

/// A value that a condition can order: a number, or a string that is a duration or a quantity.
///
/// `5m` is both five minutes and five thousandths; the other operand decides which one counts.
package struct ConditionAmount: Hashable, Sendable {
    /// The duration in nanoseconds; a number is in seconds.
    private let duration: Int128?
    /// The quantity in billionths.
    private let quantity: Int128?
    /// Whether it is written as a duration such as `1h`, not as a number of seconds.
    package let isWrittenDuration: Bool

    /// Parses a value. The result is nil if it is not an amount, or has more digits than fit
    /// exactly.
    package init?(_ value: JSONValue) {
        switch value {
        case .number(let number):
            guard let amount = billionths(number.description) else { return nil }
            (duration, quantity, isWrittenDuration) = (amount, amount, false)
        case .string(let text):
            guard text.utf8.count <= longestAmount else { return nil }
            let found = GoDuration(text, isExact: true).map { Int128($0.nanoseconds) }
            (duration, quantity) = (found, billionths(text))
            // Spec: docs/kyverno.md, "Condition operators": "0" is not a duration.
            isWrittenDuration = found != nil && quantity != 0
            guard found != nil || quantity != nil else { return nil }
        default: return nil
        }
    }

    /// The order of two amounts, -1, 0 or 1; nil if they are of different kinds.
    ///
    /// They are compared as durations if one of them is written as a duration, else as quantities.
    /// Spec: docs/kyverno.md, "Condition operators".
    package func compared(to other: ConditionAmount) -> Int? {
        if isWrittenDuration || other.isWrittenDuration, let order = comparedAsDuration(to: other) {
            return order
        }
        guard let first = quantity, let second = other.quantity else { return nil }
        return first < second ? -1 : first == second ? 0 : 1
    }

    /// The order of two durations or numbers of seconds.
    package func comparedAsDuration(to other: ConditionAmount) -> Int? {
        guard let first = duration, let second = other.duration else { return nil }
        return first < second ? -1 : first == second ? 0 : 1
    }

    /// Whether it is a duration, or a number of seconds.
    package var isDuration: Bool { duration != nil }
}

/// Whether a string is any number of digits with a unit or an exponent.
package func isWrittenLikeAmount(_ text: String) -> Bool {
    var rest = Array(text.utf8)[...]
    if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") {
        rest = rest.dropFirst()
    }
    let number = rest.prefix { isDigitByte($0) || $0 == UInt8(ascii: ".") }
    guard number.contains(where: isDigitByte), number.count(where: { $0 == UInt8(ascii: ".") }) <= 1
    else { return false }
    rest = rest.dropFirst(number.count)
    if let letter = rest.first, letter | 0x20 == UInt8(ascii: "e"), rest.count > 1 {
        let exponent = rest.dropFirst()
        let digits = exponent.dropFirst(isDigitByte(exponent[exponent.startIndex]) ? 0 : 1)
        if !digits.isEmpty, digits.allSatisfy(isDigitByte) { return true }
    }
    let isUnit = rest.allSatisfy(isLetterByte)
    return rest.count <= 2 && isUnit
}

/// The order of versions in conditions. Spec: semver.org 2.0.0 §11.
package enum ConditionVersion {
    package static func isVersion(_ text: String) -> Bool {
        SemanticVersion(text) != nil
    }

    /// The order of two versions, -1, 0 or 1; nil if one of them is not a version. Build metadata
    /// is ignored.
    package static func compare(_ left: String, _ right: String) -> Int? {
        guard let first = SemanticVersion(left), let second = SemanticVersion(right) else {
            return nil
        }
        return first < second ? -1 : second < first ? 1 : 0
    }
}

private func billionths(_ text: String) -> Int128? {
    guard let written = Quantity.exactAmount(text)?.trimmed, written.scale <= 9,
        let amount = written.rescaled(9),
        amount.magnitude < ExactDecimal.power(Limits.amountExponent + 10)?.magnitude ?? 0
    else { return nil }
    return amount
}

/// The longest string of an amount in bytes: all significant digits, and a unit.
private let longestAmount = 100
