// SPDX-License-Identifier: Apache-2.0
// What a plain (unquoted) scalar means to Kubernetes.
// Spec: go-yaml v2.4, resolve.go, which sigs.k8s.io/yaml v1.6 reads every manifest with.

/// The value of a plain scalar.
enum PlainScalar: Equatable {
    case value(JSONValue)
    /// `.inf` or `.nan`. JSON has no such number, and kubectl refuses the document.
    case notFinite

    init(_ text: String) {
        switch text {
        case "", "~", "null", "Null", "NULL": self = .value(.null)
        case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
            self = .value(true)
        case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
            self = .value(false)
        case ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
            "-.Inf", "-.INF":
            self = .notFinite
        default: self = .value(number(text).map { .number($0) } ?? .string(text))
        }
    }

    /// The name that a mapping's plain key stands for; nil where sigs.k8s.io/yaml has none or where
    /// it is a number that only float arithmetic can write.
    ///
    /// Spec: sigs.k8s.io/yaml v1.6, `convertToJSONableObject`: numbers and booleans become strings.
    var name: String? {
        switch self {
        case .value(.string(let text)): text
        case .value(.bool(let value)): value ? "true" : "false"
        case .value(.number(let number)): fractionName(number)
        default: nil
        }
    }
}

/// Go writes a fraction as the shortest 32-bit float; outside these bounds with an exponent.
private func fractionName(_ number: JSONNumber) -> String? {
    if number.description.utf8.allSatisfy({ $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "e") }) {
        return number.description
    }
    guard let value = number.double, abs(value) >= 0.001, abs(value) < 100_000 else { return nil }
    let text = Float(value).description
    return text.utf8.removingSuffix(".0").map { String($0) } ?? text
}

private func number(_ text: String) -> JSONNumber? {
    guard let first = text.utf8.first else { return nil }
    switch first {
    case UInt8(ascii: "."): return decimal(Array(text.utf8))
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"):
        let digits = text.utf8.filter { $0 != UInt8(ascii: "_") }
        return integer(digits) ?? decimal(digits) ?? signedBinary(digits)
    default: return nil
    }
}

/// Spec: Go, `strconv.ParseInt` and `ParseUint` with base 0 and 64 bits.
private func integer(_ text: [UInt8]) -> JSONNumber? {
    var digits = text[...]
    let sign = digits.first
    let isSigned = sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+")
    if isSigned { digits = digits.dropFirst() }
    guard let first = digits.first else { return nil }
    var radix = 10
    if first == UInt8(ascii: "0"), digits.count > 1 {
        let letter = digits[digits.startIndex + 1] | 0x20
        let named = [UInt8(ascii: "x"): 16, UInt8(ascii: "o"): 8, UInt8(ascii: "b"): 2][letter]
        radix = named ?? 8
        digits = digits.dropFirst(named == nil ? 1 : 2)
    }
    // The initialiser below takes a sign too.
    guard let next = digits.first, next != UInt8(ascii: "+"), next != UInt8(ascii: "-"),
        let magnitude = UInt64(String(decoding: digits, as: UTF8.self), radix: radix)
    else { return nil }
    if sign == UInt8(ascii: "-") {
        guard magnitude <= 1 << 63 else { return nil }
        return JSONNumber(magnitude == 1 << 63 ? Int.min : -Int(magnitude))
    }
    if magnitude <= UInt64(Int.max) { return JSONNumber(Int(magnitude)) }
    return isSigned ? nil : JSONNumber(spelling: String(magnitude))
}

/// `0b-1`, which go-yaml reads as -1.
private func signedBinary(_ text: [UInt8]) -> JSONNumber? {
    guard text.starts(with: "0b".utf8), text.count > 3,
        let value = Int(String(decoding: text.dropFirst(2), as: UTF8.self), radix: 2)
    else { return nil }
    return JSONNumber(value)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`; nil for what a double cannot hold.
private func decimal(_ text: [UInt8]) -> JSONNumber? {
    var rest = text[...]
    var spelling = ""
    func takeSign() {
        if rest.first == UInt8(ascii: "-") { spelling += "-" }
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    }
    func takeDigits() -> Int {
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        spelling += digits.isEmpty ? "0" : String(decoding: digits, as: UTF8.self)
        rest = rest.dropFirst(digits.count)
        return digits.count
    }
    takeSign()
    let whole = takeDigits()
    var fraction = 0
    if rest.first == UInt8(ascii: ".") {
        rest.removeFirst()
        spelling += "."
        fraction = takeDigits()
    }
    guard whole + fraction > 0 else { return nil }
    if let letter = rest.first, letter | 0x20 == UInt8(ascii: "e") {
        rest.removeFirst()
        spelling += "e"
        takeSign()
        guard takeDigits() > 0 else { return nil }
    }
    guard rest.isEmpty, let value = Double(spelling), value.isFinite else { return nil }
    // Kubernetes keeps a number without a fraction as a whole one.
    return Int(exactly: value).map { JSONNumber($0) } ?? JSONNumber(value)
}
