// SPDX-License-Identifier: Apache-2.0
// JSON in its one canonical form, which logs hash and sign. Spec: RFC 8785 (JCS).

extension JSONValue {
    /// The canonical form: no white space, members sorted, numbers as ECMAScript writes them, UTF-8.
    ///
    /// Fails for a number that no binary floating-point value stands for, such as 1e400.
    ///
    /// Spec: RFC 8785 §3.2.
    package var canonicalBytes: [UInt8] {
        get throws(Failure) {
            var writer = CanonicalJSONWriter()
            try writer.write(self)
            return writer.bytes
        }
    }
}

private struct CanonicalJSONWriter {
    var bytes: [UInt8] = []

    mutating func write(_ value: JSONValue) throws(Failure) {
        switch value {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .number(let number): bytes += try canonicalText(of: number).utf8
        case .string(let text): writeString(text)
        case .array(let items):
            bytes.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                try write(item)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object): try writeObject(object)
        }
    }

    /// Spec: RFC 8785 §3.2.3: members are sorted by the UTF-16 code units of their names.
    private mutating func writeObject(_ object: JSONObject) throws(Failure) {
        let members = object.members.sorted {
            $0.name.utf16.lexicographicallyPrecedes($1.name.utf16)
        }
        bytes.append(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            writeString(member.name)
            bytes.append(UInt8(ascii: ":"))
            try write(member.value)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    /// Spec: RFC 8785 §3.2.2.2: the five short escapes, `\u00xx` for the other control characters,
    /// everything else as it is.
    private mutating func writeString(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes += "\\\"".utf8
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case 0x08: bytes += "\\b".utf8
            case 0x09: bytes += "\\t".utf8
            case 0x0A: bytes += "\\n".utf8
            case 0x0C: bytes += "\\f".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0..<0x20: bytes += "\\u00\(hexText([byte]))".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

/// Spec: RFC 8785 §3.2.2.3: the number's IEEE 754 double, as ECMAScript's Number::toString writes it.
private func canonicalText(of number: JSONNumber) throws(Failure) -> String {
    guard let value = number.double, value.isFinite else {
        throw Failure(
            .malformed, "cannot write canonical JSON",
            because: "the number \(quoted(number.description)) is no IEEE 754 double")
    }
    // Minus zero is written as zero.
    guard value != 0 else { return "0" }
    let (digits, point) = shortestDecimal(value.magnitude)
    return (value < 0 ? "-" : "") + ecmaScriptText(digits: digits, point: point)
}

/// The shortest digits that give the value back, and where the decimal point stands: the value is
/// 0.d1d2d3… times ten to the power of `point`.
private func shortestDecimal(_ value: Double) -> (digits: [UInt8], point: Int) {
    // Swift's description is the shortest one too; only its notation differs.
    let parts = value.description.utf8.split(separator: UInt8(ascii: "e"))
    let mantissa = parts.first.map(Array.init) ?? []
    let exponent = parts.dropFirst().first.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
    let whole = mantissa.prefix { $0 != UInt8(ascii: ".") }
    var digits = whole + mantissa.dropFirst(whole.count + 1)
    var point = whole.count + exponent
    while digits.first == UInt8(ascii: "0") {
        digits = digits.dropFirst()
        point -= 1
    }
    while digits.last == UInt8(ascii: "0") { digits = digits.dropLast() }
    return (Array(digits), point)
}

/// Spec: ECMA-262 §6.1.6.1.20, Number::toString, with its k (digits) and n (point).
private func ecmaScriptText(digits: [UInt8], point n: Int) -> String {
    let k = digits.count
    let zero = UInt8(ascii: "0")
    let text: [UInt8]
    switch n {
    case k...21 where k <= 21: text = digits + [UInt8](repeating: zero, count: n - k)
    case 1...21: text = digits.prefix(n) + [UInt8(ascii: ".")] + digits.dropFirst(n)
    case -5...0: text = [zero, UInt8(ascii: ".")] + [UInt8](repeating: zero, count: -n) + digits
    default:
        let fraction = k == 1 ? [] : [UInt8(ascii: ".")] + digits.dropFirst()
        let sign = n - 1 < 0 ? "-" : "+"
        text = digits.prefix(1) + fraction + Array("e\(sign)\((n - 1).magnitude)".utf8)
    }
    return String(decoding: text, as: UTF8.self)
}
