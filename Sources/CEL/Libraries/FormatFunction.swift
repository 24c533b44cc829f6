// SPDX-License-Identifier: Apache-2.0
// `'%s has %d'.format([name, count])`. Spec: cel-go, ext/strings, version 1 and later, "Format".

internal import Primitives

let formatOverloads: [Overload] = [
    .method("format", on: .string, .anyList, .string) {
        text, arguments, meter throws(EvaluationInterruption) in
        var formatter = Formatter(arguments: try arguments.items())
        return .string(try formatter.format(try text.string(), &meter))
    }
]

private func formatting(_ message: String) -> EvaluationInterruption {
    .failed(.invalidArgument, "error during formatting: \(message)")
}

private struct Formatter {
    let arguments: [CELValue]
    private var used = 0
    private var result = ""

    init(arguments: [CELValue]) { self.arguments = arguments }

    mutating func format(_ text: String, _ meter: inout CostMeter) throws(EvaluationInterruption)
        -> String
    {
        var rest = text.unicodeScalars[...]
        while let percent = rest.firstIndex(of: Unicode.Scalar("%")) {
            result.unicodeScalars.append(contentsOf: rest[..<percent])
            rest = rest[percent...].dropFirst()
            if rest.starts(with: ["%"]) {
                result += "%"
                rest = rest.dropFirst()
                continue
            }
            let precision = try takePrecision(&rest)
            guard let clause = rest.popFirst() else {
                throw formatting("unexpected end of string")
            }
            guard used < arguments.count else { throw formatting("index \(used) out of range") }
            used += 1
            let text = try clauseText(clause, arguments[used - 1], precision, &meter)
            try meter.chargeText(text.utf8.count)
            result += text
        }
        result.unicodeScalars.append(contentsOf: rest)
        return result
    }

    private func takePrecision(
        _ rest: inout String.UnicodeScalarView.SubSequence
    ) throws(EvaluationInterruption) -> Int? {
        guard rest.starts(with: ["."]) else { return nil }
        rest = rest.dropFirst()
        let digits = rest.prefix { "0123456789".unicodeScalars.contains($0) }
        rest = rest.dropFirst(digits.count)
        guard let precision = Int(String(digits)), precision <= mostDigits else {
            throw formatting("a precision is a number up to \(mostDigits)")
        }
        return precision
    }

    private func clauseText(
        _ clause: Unicode.Scalar, _ value: CELValue, _ precision: Int?, _ meter: inout CostMeter
    ) throws(EvaluationInterruption) -> String {
        switch clause {
        case "s": return try plainText(value, &meter, depth: 0)
        case "d": return try decimal(value)
        case "f":
            try chargeDigits(of: value, &meter)
            return try fixed(value, precision ?? 6)
        case "e":
            try chargeDigits(of: value, &meter)
            return try scientific(value, precision ?? 6)
        case "b": return try binary(value)
        case "x": return try hexadecimal(value)
        case "X": return try hexadecimal(value).utf8.uppercased()
        case "o": return try octal(value)
        default:
            throw formatting(
                "could not parse formatting clause: unrecognized formatting clause "
                    + "\"\(plain(String(clause)))\"")
        }
    }

    // MARK: %s

    private func plainText(
        _ value: CELValue, _ meter: inout CostMeter, depth: Int
    ) throws(EvaluationInterruption) -> String {
        try meter.charge(4)
        guard depth < deepestValue else { throw tooDeep }
        switch value {
        case .null: return "null"
        case .bool(let flag): return flag ? "true" : "false"
        case .int(let number): return String(number)
        case .uint(let number): return String(number)
        case .double(let number):
            if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
            return number.isNaN ? "NaN" : DecimalDigits(number).plainText
        case .string(let text):
            try meter.chargeText(text.utf8.count)
            return text
        case .bytes(let bytes):
            try meter.chargeText(bytes.count)
            return String(decoding: bytes, as: UTF8.self)
        case .timestamp(let time): return time.text
        case .duration(let length): return length.secondsText
        case .type(let name): return name
        case .list(let items):
            var texts: [String] = []
            for item in items { texts.append(try plainText(item, &meter, depth: depth + 1)) }
            return "[" + texts.joined(separator: ", ") + "]"
        case .map(let map): return try mapText(map, &meter, depth: depth)
        case .optional, .opaque:
            throw formatting(
                "string clause can only be used on strings, bools, bytes, ints, doubles, maps, "
                    + "lists, types, durations, and timestamps, was given \(value.typeName)"
            )
        }
    }

    /// Entries in the order of their keys' texts.
    private func mapText(
        _ map: CELMap, _ meter: inout CostMeter, depth: Int
    ) throws(EvaluationInterruption) -> String {
        var entries: [(key: String, text: String)] = []
        for (key, value) in zip(map.keys, map.values) {
            let name = try plainText(key.value, &meter, depth: depth + 1)
            let text = try plainText(value, &meter, depth: depth + 1)
            entries.append((name, "\(name): \(text)"))
        }
        entries.sort { isTextBefore($0.key, $1.key) }
        return "{" + entries.map(\.text).joined(separator: ", ") + "}"
    }

    // MARK: Numbers

    private func decimal(_ value: CELValue) throws(EvaluationInterruption) -> String {
        switch value {
        case .int(let number): return String(number)
        case .uint(let number): return String(number)
        case .double(let number):
            if let word = wordForNoDigits(number) { return word }
            return DecimalDigits(number).plainText
        default:
            throw formatting(
                "decimal clause can only be used on integers, was given \(value.typeName)")
        }
    }

    /// Computing all decimal digits of a double takes time quadratic in its exponent.
    private func chargeDigits(of value: CELValue, _ meter: inout CostMeter)
        throws(EvaluationInterruption)
    {
        guard case .double(let number) = value, number.isFinite, number != 0 else { return }
        let exponent = Int(number.exponent)
        try meter.charge(exponent * exponent / 50)
    }

    private func double(_ value: CELValue, _ clause: String) throws(EvaluationInterruption)
        -> Double
    {
        switch value {
        case .double(let number): return number
        case .int(let number): return Double(number)
        case .uint(let number): return Double(number)
        case .string(let text):
            if let number = ["NaN": Double.nan, "Infinity": .infinity, "-Infinity": -.infinity][
                text]
            {
                return number
            }
        default: break
        }
        throw formatting(
            "\(clause) clause can only be used on doubles, was given \(value.typeName)")
    }

    private func fixed(_ value: CELValue, _ precision: Int) throws(EvaluationInterruption) -> String
    {
        let number = try double(value, "fixed-point")
        if let word = wordForNoDigits(number) { return word }
        return ExactDouble(number).fixed(precision)
    }

    private func scientific(_ value: CELValue, _ precision: Int) throws(EvaluationInterruption)
        -> String
    {
        let number = try double(value, "scientific")
        if let word = wordForNoDigits(number) { return word }
        return ExactDouble(number).scientific(precision)
    }

    private func wordForNoDigits(_ number: Double) -> String? {
        if number.isNaN { return "NaN" }
        return number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : nil
    }

    private func binary(_ value: CELValue) throws(EvaluationInterruption) -> String {
        switch value {
        case .int(let number): return String(number, radix: 2)
        case .uint(let number): return String(number, radix: 2)
        case .bool(let flag): return flag ? "1" : "0"
        default:
            throw formatting(
                "only integers and bools can be formatted as binary, was given \(value.typeName)")
        }
    }

    private func octal(_ value: CELValue) throws(EvaluationInterruption) -> String {
        switch value {
        case .int(let number): return String(number, radix: 8)
        case .uint(let number): return String(number, radix: 8)
        default:
            throw formatting(
                "octal clause can only be used on integers, was given \(value.typeName)")
        }
    }

    private func hexadecimal(_ value: CELValue) throws(EvaluationInterruption) -> String {
        switch value {
        case .int(let number): return String(number, radix: 16)
        case .uint(let number): return String(number, radix: 16)
        case .string(let text): return hexText(text.utf8)
        case .bytes(let bytes): return hexText(bytes)
        default:
            throw formatting(
                "only integers, byte buffers, and strings can be formatted as hex, "
                    + "was given \(value.typeName)"
            )
        }
    }
}

/// A double with all its decimal digits (up to about 1,075), for rounding half to even exactly.
struct ExactDouble {
    private let isNegative: Bool
    /// Decimal digits, the most significant first.
    private var digits: [UInt8]
    /// The number of digits before the point; it may be negative.
    private var point: Int

    init(_ number: Double) {
        isNegative = number.sign == .minus
        guard number != 0 else {
            (digits, point) = ([], 0)
            return
        }
        let isNormal = number.isNormal
        var mantissa = number.significandBitPattern | (isNormal ? 1 << 52 : 0)
        let exponent = (isNormal ? Int(number.exponentBitPattern) : 1) - 1_075
        var whole: [UInt8] = []
        while mantissa > 0 {
            whole.append(UInt8(mantissa % 10))
            mantissa /= 10
        }
        whole.reverse()
        digits = whole
        point = whole.count
        for _ in 0..<max(0, exponent) { double() }
        for _ in 0..<max(0, -exponent) { halve() }
    }

    private mutating func double() {
        var carry: UInt8 = 0
        for position in digits.indices.reversed() {
            let value = digits[position] * 2 + carry
            digits[position] = value % 10
            carry = value / 10
        }
        if carry > 0 {
            digits.insert(carry, at: 0)
            point += 1
        }
    }

    private mutating func halve() {
        var rest: UInt8 = 0
        for position in digits.indices {
            let value = rest * 10 + digits[position]
            digits[position] = value / 2
            rest = value % 2
        }
        if rest > 0 { digits.append(5) }
        if digits.first == 0 {
            digits.removeFirst()
            point -= 1
        }
    }

    /// Keeps `count` digits, rounding half to even.
    private mutating func keep(_ count: Int) {
        guard count < digits.count else { return }
        guard count >= 0 else {
            digits = []
            return
        }
        let next = digits[count]
        let isHalf = next == 5 && digits[(count + 1)...].allSatisfy { $0 == 0 }
        let isOdd = count > 0 && digits[count - 1] % 2 == 1
        digits.removeLast(digits.count - count)
        guard isHalf ? isOdd : next >= 5 else { return }
        var position = count - 1
        while position >= 0 {
            if digits[position] < 9 {
                digits[position] += 1
                return
            }
            digits[position] = 0
            position -= 1
        }
        digits.insert(1, at: 0)
        point += 1
    }

    /// `123.450` for a precision of 3.
    func fixed(_ precision: Int) -> String {
        var rounded = self
        rounded.keep(point + precision)
        // The first written digit is before the point, even if it is a zero that is not stored.
        let whole = max(rounded.point, 1)
        let shift = rounded.point - whole
        let text = (0..<whole + precision).map { rounded.digit($0 + shift) }.joined()
        let sign = isNegative ? "-" : ""
        return sign + text.prefix(whole) + (precision > 0 ? "." + text.dropFirst(whole) : "")
    }

    /// `1.234500e+02` for a precision of 6.
    func scientific(_ precision: Int) -> String {
        var rounded = self
        rounded.keep(precision + 1)
        let digits = (0...precision).map { rounded.digit($0) }.joined()
        let exponent = rounded.digits.isEmpty ? 0 : rounded.point - 1
        let sign = isNegative ? "-" : ""
        return sign + digits.prefix(1) + (precision > 0 ? "." + digits.dropFirst() : "")
            + (exponent < 0 ? "e-" : "e+") + zeroPadded(abs(exponent))
    }

    private func digit(_ position: Int) -> String {
        digits.indices.contains(position) ? String(digits[position]) : "0"
    }
}

/// The maximum precision of `%f` and `%e`; doubles have at most 1,074 digits after the point.
private let mostDigits = 1_100
