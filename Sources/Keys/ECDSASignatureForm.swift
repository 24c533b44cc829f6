// SPDX-License-Identifier: Apache-2.0
// The two encodings of an ECDSA signature. Spec: RFC 3279 §2.2.3 (Ecdsa-Sig-Value), X.690 §8.3,
// §10.1.

/// The values r and s of an ECDSA signature.
///
/// The parser accepts exactly one encoding of each pair: DER with minimal lengths and minimal
/// positive integers, and no bytes after them. Otherwise one signature could have two digests. The
/// verification checks that r and s are below the curve's order.
package struct ECDSASignatureForm: Hashable, Sendable {
    /// r, then s, each with leading zeros to the length of a coordinate of the curve.
    package let raw: [UInt8]

    /// Parses DER; nil unless it is the canonical encoding.
    package init?(der: [UInt8], coordinateBytes: Int) {
        // Longer than any signature of this curve: 3 bytes of outer header, 4 for each integer.
        guard der.count <= 2 * (coordinateBytes + 4) + 3 else { return nil }
        var input = der[...]
        guard let content = element(0x30, from: &input), input.isEmpty else { return nil }
        var rest = content
        guard let r = element(0x02, from: &rest), let s = element(0x02, from: &rest), rest.isEmpty,
            let first = coordinate(r, coordinateBytes), let second = coordinate(s, coordinateBytes)
        else { return nil }
        raw = first + second
    }

    /// Parses the raw form of tokens; nil for another length or a zero.
    package init?(raw: [UInt8], coordinateBytes: Int) {
        guard raw.count == 2 * coordinateBytes else { return nil }
        let isZero = [raw.prefix(coordinateBytes), raw.suffix(coordinateBytes)].contains { half in
            half.allSatisfy { $0 == 0 }
        }
        guard !isZero else { return nil }
        self.raw = raw
    }

    /// The DER encoding.
    package var der: [UInt8] {
        let half = raw.count / 2
        return tagged(0x30, integer(raw.prefix(half)) + integer(raw.suffix(half)))
    }
}

/// Removes one DER element from the front of `input` and returns its content. The length is at most
/// 255, in its canonical form.
private func element(_ tag: UInt8, from input: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard input.popFirst() == tag, let first = input.popFirst() else { return nil }
    var length = Int(first)
    if first >= 0x80 {
        guard first == 0x81, let second = input.popFirst(), second >= 0x80 else { return nil }
        length = Int(second)
    }
    guard length <= input.count else { return nil }
    defer { input = input.dropFirst(length) }
    return input.prefix(length)
}

/// The content of a positive INTEGER, padded to a coordinate.
private func coordinate(_ content: ArraySlice<UInt8>, _ count: Int) -> [UInt8]? {
    guard let first = content.first, first < 0x80 else { return nil }
    var digits = content
    if first == 0 {
        // A leading zero is valid only before a byte with the sign bit; alone it is the number
        // zero.
        guard let second = content.dropFirst().first, second >= 0x80 else { return nil }
        digits = content.dropFirst()
    }
    guard digits.count <= count else { return nil }
    return [UInt8](repeating: 0, count: count - digits.count) + digits
}

private func integer(_ digits: ArraySlice<UInt8>) -> [UInt8] {
    let shortest = digits.drop { $0 == 0 }
    let needsZero = (shortest.first ?? 0x80) >= 0x80
    return tagged(0x02, (needsZero ? [0] : []) + shortest)
}

private func tagged(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    // The content of a signature has at most 138 bytes (P-521).
    let length = UInt8(truncatingIfNeeded: content.count)
    return (length < 0x80 ? [tag, length] : [tag, 0x81, length]) + content
}
