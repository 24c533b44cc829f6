// SPDX-License-Identifier: Apache-2.0
// Writing DER, piece by piece, so that every piece can also be written wrongly.
// Spec: ITU-T X.690 §8 to §11; RFC 5280 §4.1.2.5 (times).

package import Primitives

/// DER as bytes: each function gives one complete element.
package enum DEREncoding {
    package static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        [tag] + length(content.count) + content
    }

    package static func sequence(_ parts: [UInt8]...) -> [UInt8] {
        element(0x30, parts.flatMap(\.self))
    }

    /// Spec: X.690 §11.6: the elements of a SET OF stand in ascending order of their encodings.
    package static func set(_ parts: [[UInt8]], tag: UInt8 = 0x31) -> [UInt8] {
        element(tag, parts.sorted { $0.lexicographicallyPrecedes($1) }.flatMap(\.self))
    }

    package static func integer(_ value: UInt64) -> [UInt8] {
        integer(magnitude: bigEndian(value, bytes: 8))
    }

    /// A number that is not negative, from its big-endian bytes.
    package static func integer(magnitude: [UInt8]) -> [UInt8] {
        var digits = Array(magnitude.drop { $0 == 0 })
        if digits.first.map({ $0 >= 0x80 }) ?? true { digits.insert(0, at: 0) }
        return element(0x02, digits)
    }

    package static func boolean(_ value: Bool) -> [UInt8] { element(0x01, [value ? 0xFF : 0]) }
    package static let null: [UInt8] = [0x05, 0x00]
    package static func octets(_ content: [UInt8]) -> [UInt8] { element(0x04, content) }

    package static func bits(_ content: [UInt8], unused: UInt8 = 0) -> [UInt8] {
        element(0x03, [unused] + content)
    }

    package static func utf8(_ text: String) -> [UInt8] { element(0x0C, Array(text.utf8)) }

    /// `[number] EXPLICIT` around one element, or `[number] IMPLICIT` of a constructed one's parts.
    package static func tagged(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        element(0xA0 | number, content)
    }

    /// `[number] IMPLICIT` of a primitive element's content.
    package static func primitive(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        element(0x80 | number, content)
    }

    /// Spec: X.690 §8.19; arcs that are no numbers are left out, which only our own mistake can
    /// cause.
    package static func object(_ identifier: String) -> [UInt8] {
        let arcs = identifier.split(separator: ".").compactMap { UInt64($0) }
        guard arcs.count >= 2 else { return element(0x06, []) }
        return element(0x06, ([arcs[0] * 40 + arcs[1]] + arcs.dropFirst(2)).flatMap(base128))
    }

    /// Spec: RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 on.
    package static func time(_ time: Timestamp) -> [UInt8] {
        let digits = time.description.utf8.filter { (0x30...0x39).contains($0) }
        return time.seconds < secondsTo2050 && time.seconds >= secondsTo1950
            ? element(0x17, digits.dropFirst(2) + [UInt8(ascii: "Z")])
            : element(0x18, digits + [UInt8(ascii: "Z")])
    }

    package static func generalizedTime(_ time: Timestamp) -> [UInt8] {
        let digits = time.description.utf8.filter { (0x30...0x39).contains($0) }
        return element(0x18, digits + [UInt8(ascii: "Z")])
    }

    private static func length(_ count: Int) -> [UInt8] {
        if count < 0x80 { return [UInt8(count)] }
        let digits = Array(bigEndian(UInt64(count), bytes: 8).drop { $0 == 0 })
        return [0x80 | UInt8(digits.count)] + digits
    }

    private static func base128(_ arc: UInt64) -> [UInt8] {
        var digits = [UInt8(arc & 0x7F)]
        var rest = arc >> 7
        while rest > 0 {
            digits.insert(UInt8(rest & 0x7F) | 0x80, at: 0)
            rest >>= 7
        }
        return digits
    }

    private static let secondsTo2050 = 2_524_608_000
    private static let secondsTo1950 = -631_152_000
}

/// The low `bytes` bytes of a number, the highest first.
package func bigEndian(_ value: UInt64, bytes count: Int) -> [UInt8] {
    (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
}
