// SPDX-License-Identifier: Apache-2.0
// Text as one step of an address. Spec: RFC 3986 §2.1, §2.3.

/// Everything but the unreserved characters as `%XX`, so that a name is one step of an address, one
/// value of a query and one file name, whatever is in it (CVE-2026-24137, CVE-2021-41131).
///
/// Dots are unreserved: whoever makes a file's name of it looks after `.` and `..`.
package func percentEncoded(_ text: some StringProtocol) -> String {
    var encoded = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            encoded.unicodeScalars.append(Unicode.Scalar(byte))
        default: encoded += "%" + hexText([byte]).utf8.uppercased()
        }
    }
    return encoded
}

/// The bytes that a text with `%41` stands for, decoded once; nil for a percent sign without two hex
/// digits.
package func percentDecoded(_ text: some StringProtocol) -> [UInt8]? {
    var decoded: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            decoded.append(byte)
            continue
        }
        let digits = rest.prefix(2)
        guard digits.count == 2, digits.allSatisfy(isHexByte),
            let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
        else { return nil }
        decoded.append(value)
        rest = rest.dropFirst(2)
    }
    return decoded
}
