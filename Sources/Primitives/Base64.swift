// SPDX-License-Identifier: Apache-2.0
// Base64 with one encoding for each value. Spec: RFC 4648 §4 and §5.

internal import FoundationEssentials

/// The standard alphabet, padded.
package func base64Text(_ bytes: some Sequence<UInt8>) -> String {
    Data(bytes).base64EncodedString()
}

/// The bytes of padded base64 in the standard alphabet; nil for line breaks, missing padding or
/// stray trailing bits.
///
/// Spec: RFC 4648 §3.5, "Implementations MAY choose to reject" non-canonical encodings. We do: two
/// spellings of one signature would be two pieces of evidence.
package func bytes(fromBase64 text: some StringProtocol) -> [UInt8]? {
    guard let data = Data(base64Encoded: String(text)) else { return nil }
    guard data.base64EncodedString() == text else { return nil }
    return Array(data)
}

/// A base64 text without its line breaks. Go's decoder, and so every reader of evidence that is
/// written in Go, skips them wherever they are.
///
/// Spec: Go encoding/base64, `Encoding.Decode`: "New line characters (\r and \n) are ignored."
package func withoutLineBreaks(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) else { return text }
    return String(decoding: text.utf8.filter { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
}

/// As `bytes(fromBase64:)`, and the URL-safe alphabet too, padded or not.
///
/// Spec: DSSE protocol 1.0.2, "verifiers MUST accept standard and URL-safe base64".
package func bytes(fromAnyBase64 text: some StringProtocol) -> [UInt8]? {
    if let bytes = bytes(fromBase64: text) { return bytes }
    // Bytes, not characters: a text that is no base64 may be as long as evidence can be.
    var standard: [UInt8] = []
    standard.reserveCapacity(text.utf8.count + 2)
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "-"): standard.append(UInt8(ascii: "+"))
        case UInt8(ascii: "_"): standard.append(UInt8(ascii: "/"))
        case UInt8(ascii: "+"), UInt8(ascii: "/"): return nil
        default: standard.append(byte)
        }
    }
    while !standard.count.isMultiple(of: 4) { standard.append(UInt8(ascii: "=")) }
    return bytes(fromBase64: String(decoding: standard, as: UTF8.self))
}
