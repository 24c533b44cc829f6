// SPDX-License-Identifier: Apache-2.0
// Conversions between types. Spec: cel-spec, langdef.md, "Type Conversion Functions".

internal import Primitives

private let a = CELType.parameter("A")

let conversionOverloads: [Overload] =
    [
        .global("dyn", a, .dyn) { value, _ throws(EvaluationInterruption) in value },
        .global("type", a, .type(a)) { value, _ throws(EvaluationInterruption) in
            .type(value.typeName)
        },
    ]
    + conversions("bool", .bool, from: [.bool, .string], boolean)
    + conversions(
        "int", .int, from: [.int, .uint, .double, .string, .timestamp, .duration], integer)
    + conversions("uint", .uint, from: [.uint, .int, .double, .string], unsigned)
    + conversions("double", .double, from: [.double, .int, .uint, .string], double)
    + conversions(
        "string", .string,
        from: [
            .string, .bool, .int, .uint, .double, .bytes, .timestamp, .duration,
        ], text)
    + conversions("bytes", .bytes, from: [.bytes, .string], bytes)
    + conversions("timestamp", .timestamp, from: [.timestamp, .string, .int], timestamp)
    + conversions("duration", .duration, from: [.duration, .string, .int], duration)

private func conversions(
    _ name: String, _ result: CELType, from sources: [CELType],
    _ body: @escaping @Sendable (CELValue) throws(EvaluationInterruption) -> CELValue
) -> [Overload] {
    sources.map { source in
        .global(name, source, result) { value, _ throws(EvaluationInterruption) in try body(value) }
    }
}

private func impossible(_ value: String, _ type: String) -> EvaluationInterruption {
    .failed(.conversion, "Type conversion error: \(quoted(value)) is no \(type)")
}

private func range(_ type: String) -> EvaluationInterruption {
    .failed(.outOfRange, "range error: the value does not fit \(type)")
}

private func boolean(_ value: CELValue) throws(EvaluationInterruption) -> CELValue {
    switch value {
    case .bool: return value
    case .string(let text):
        // Spec: Go, strconv.ParseBool.
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": return true
        case "0", "f", "F", "false", "FALSE", "False": return false
        default: throw impossible(text, "bool")
        }
    default: throw .noSuchOverload
    }
}

private func integer(_ value: CELValue) throws(EvaluationInterruption) -> CELValue {
    switch value {
    case .int: return value
    case .uint(let number):
        guard let result = Int64(exactly: number) else { throw range("an int") }
        return .int(result)
    case .double(let number):
        // The ends of the range are excluded: a double there may be rounded from a number outside.
        guard number > -9_223_372_036_854_775_808.0, number < 9_223_372_036_854_775_808.0 else {
            throw range("an int")
        }
        return .int(Int64(number))
    case .string(let text):
        guard let number = Int64(text)
        else { throw impossible(text, "int") }
        return .int(number)
    case .timestamp(let time): return .int(time.seconds)
    // Spec: cel-go, `duration_to_int64`: nanoseconds.
    case .duration(let length): return .int(length.nanoseconds)
    default: throw .noSuchOverload
    }
}

private func unsigned(_ value: CELValue) throws(EvaluationInterruption) -> CELValue {
    switch value {
    case .uint: return value
    case .int(let number):
        guard let result = UInt64(exactly: number) else { throw range("a uint") }
        return .uint(result)
    case .double(let number):
        guard number >= 0, number < 18_446_744_073_709_551_616.0 else { throw range("a uint") }
        return .uint(UInt64(number))
    case .string(let text):
        guard let first = text.utf8.first, isDigitByte(first), let number = UInt64(text) else {
            throw impossible(text, "uint")
        }
        return .uint(number)
    default: throw .noSuchOverload
    }
}

private func double(_ value: CELValue) throws(EvaluationInterruption) -> CELValue {
    switch value {
    case .double: return value
    case .int(let number): return .double(Double(number))
    case .uint(let number): return .double(Double(number))
    case .string(let text):
        guard let number = readDouble(text) else { throw impossible(text, "double") }
        return .double(number)
    default: throw .noSuchOverload
    }
}

/// Spec: Go, strconv.ParseFloat: decimals, exponents, and the words for NaN and infinity.
func readDouble(_ text: String) -> Double? {
    switch text.utf8.lowercased() {
    case "nan": return .nan
    case "inf", "+inf", "infinity", "+infinity": return .infinity
    case "-inf", "-infinity": return -.infinity
    default: break
    }
    let isDecimal = text.utf8.allSatisfy { isDigitByte($0) || "+-.eE".utf8.contains($0) }
    if let number = hexadecimalDouble(text) { return number }
    guard isDecimal, text.utf8.contains(where: isDigitByte) else { return nil }
    var spelled = text
    if spelled.utf8.hasSuffix(".") { spelled += "0" }
    guard let number = Double(spelled), number.isFinite else { return nil }
    return number
}

/// `0x1.8p+3`: the exponent is required.
private func hexadecimalDouble(_ text: String) -> Double? {
    let small = text.utf8.lowercased()
    let digits = Substring(small.utf8.drop { "+-".utf8.contains($0) })
    guard digits.utf8.hasPrefix("0x"), digits.utf8.contains("p") else { return nil }
    return Double(small).flatMap { $0.isFinite ? $0 : nil }
}

private func text(_ value: CELValue) throws(EvaluationInterruption) -> CELValue {
    switch value {
    case .string: return value
    case .bool(let flag): return .string(flag ? "true" : "false")
    case .int(let number): return .string(String(number))
    case .uint(let number): return .string(String(number))
    case .double(let number): return .string(shortestText(number))
    case .bytes(let bytes):
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .failed(.conversion, "invalid UTF-8 in bytes, cannot convert to string")
        }
        return .string(text)
    case .timestamp(let time): return .string(time.text)
    case .duration(let length): return .string(length.secondsText)
    default: throw .noSuchOverload
    }
}

private func bytes(_ value: CELValue) throws(EvaluationInterruption) -> CELValue {
    switch value {
    case .bytes: return value
    case .string(let text): return .bytes(Array(text.utf8))
    default: throw .noSuchOverload
    }
}

private func timestamp(_ value: CELValue) throws(EvaluationInterruption) -> CELValue {
    switch value {
    case .timestamp: return value
    case .int(let seconds):
        guard let time = CELTimestamp(seconds: seconds) else { throw timestampRange }
        return .timestamp(time)
    case .string(let text):
        switch readTimestamp(text) {
        case .time(let time): return .timestamp(time)
        case .outOfRange: throw timestampRange
        case .malformed: throw impossible(text, "timestamp")
        }
    default: throw .noSuchOverload
    }
}

private func duration(_ value: CELValue) throws(EvaluationInterruption) -> CELValue {
    switch value {
    case .duration: return value
    case .int(let nanoseconds): return .duration(GoDuration(nanoseconds: nanoseconds))
    case .string(let text):
        switch GoDuration.read(text) {
        case .duration(let length): return .duration(length)
        case .outOfRange: throw durationRange
        case .malformed: throw impossible(text, "duration")
        }
    default: throw .noSuchOverload
    }
}

/// The shortest digits that denote a double, with an exponent where Go's `%g` writes one.
package func shortestText(_ number: Double) -> String {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number < 0 ? "-Inf" : "+Inf" }
    if number == 0 { return number.sign == .minus ? "-0" : "0" }
    let decimal = DecimalDigits(number)
    let exponent = decimal.exponent
    guard exponent < -4 || exponent >= 6 else { return decimal.plainText }
    let head = decimal.digits.prefix(1)
    let tail = decimal.digits.dropFirst()
    return (number < 0 ? "-" : "") + head + (tail.isEmpty ? "" : "." + tail)
        + (exponent < 0 ? "e-" : "e+") + zeroPadded(abs(exponent))
}

/// The shortest digits that denote a double, and the position of the decimal point.
package struct DecimalDigits {
    package let isNegative: Bool
    package let digits: String
    /// Of the first digit: 0 for 1 to 9.
    package let exponent: Int

    package init(_ number: Double) {
        var mantissa = Substring(number.magnitude.description)
        var shift = 0
        if let sides = mantissa.utf8.split(atFirst: "e") {
            shift = Int(sides.after) ?? 0
            mantissa = sides.before
        }
        let parts = mantissa.utf8.split(separator: ".", omittingEmptySubsequences: false)
        let whole = parts[0]
        let all = whole + (parts.count > 1 ? parts[1] : "")
        let leading = all.utf8.prefix { $0 == UInt8(ascii: "0") }.count
        var digits = String(all.dropFirst(leading))
        while digits.utf8.hasSuffix("0") { digits.removeLast() }
        self.digits = digits.isEmpty ? "0" : digits
        exponent = digits.isEmpty ? 0 : whole.count - 1 - leading + shift
        isNegative = number < 0
    }

    /// Without an exponent.
    package var plainText: String {
        let sign = isNegative ? "-" : ""
        if exponent < 0 {
            return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits
        }
        if digits.count <= exponent + 1 {
            return sign + digits + String(repeating: "0", count: exponent + 1 - digits.count)
        }
        return sign + digits.prefix(exponent + 1) + "." + digits.dropFirst(exponent + 1)
    }
}
