// SPDX-License-Identifier: Apache-2.0
// Canonical JSON, the signed bytes of TUF metadata. Spec: TUF 1.0.34 §4.1, "Canonical JSON" (OLPC).

internal import Primitives

/// The canonical encoding of `value`: no white space, names sorted by code point, only `"` and `\`
/// escaped, and integers only.
///
/// - Throws: `malformed` for numbers that canonical JSON does not have: a fraction, an exponent,
///   minus zero.
func canonicalJSON(_ value: JSONValue) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    try write(value, to: &bytes)
    return bytes
}

private func write(_ value: JSONValue, to bytes: inout [UInt8]) throws(Failure) {
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .string(let text): write(text, to: &bytes)
    case .number(let number): bytes += try wholeDigits(number)
    case .array(let items):
        bytes.append(UInt8(ascii: "["))
        for (index, item) in items.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            try write(item, to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    case .object(let object):
        bytes.append(UInt8(ascii: "{"))
        // The order of UTF-8 bytes is the order of code points.
        let members = object.members.sorted {
            $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
        }
        for (index, member) in members.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(member.name, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            try write(member.value, to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }
}

private func wholeDigits(_ number: JSONNumber) throws(Failure) -> String.UTF8View {
    let digits = number.description.utf8
    guard number.description != "-0",
        digits.dropFirst(digits.first == UInt8(ascii: "-") ? 1 : 0).allSatisfy({
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        })
    else {
        throw Failure(
            .malformed, "cannot write canonical JSON",
            because: "\(quoted(number.description)) is not an integer in decimal digits")
    }
    return digits
}

private func write(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
            bytes.append(UInt8(ascii: "\\"))
        }
        bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
}
