// SPDX-License-Identifier: Apache-2.0
// Signatures in shapes that other verifiers took: each must be refused, and none may trap.

import Crypto
import Foundation
import Keys
import Primitives
import TestSupport
import Testing

/// A curve with what hostile signatures are made of.
struct CurveCase: Sendable, CustomTestStringConvertible {
    let name: String
    let coordinateBytes: Int
    /// The group's order, big-endian.
    let order: [UInt8]
    let make: @Sendable () throws -> PrivateKey

    var testDescription: String { name }

    static let all: [CurveCase] = [
        CurveCase(
            name: "P-256", coordinateBytes: 32,
            order: hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
            make: { try TestKeys.ecdsaP256() }),
        CurveCase(
            name: "P-384", coordinateBytes: 48,
            order: hex(
                "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
            ), make: { try TestKeys.ecdsaP384() }),
        CurveCase(
            name: "P-521", coordinateBytes: 66,
            order: hex(
                "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa"
                    + "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"),
            make: { try TestKeys.ecdsaP521() }),
    ]
}

private func hex(_ text: String) -> [UInt8] { bytes(fromHex: text) ?? [] }

/// TLV with a length in its shortest form.
private func tagged(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    content.count < 0x80
        ? [tag, UInt8(content.count)] + content : [tag, 0x81, UInt8(content.count)] + content
}

private func integer(_ content: [UInt8]) -> [UInt8] { tagged(0x02, content) }

private func sequence(_ content: [UInt8]) -> [UInt8] { tagged(0x30, content) }

/// A positive INTEGER in its shortest form.
private func positive(_ digits: some Collection<UInt8>) -> [UInt8] {
    let shortest = Array(digits.drop { $0 == 0 })
    return integer((shortest.first ?? 0x80) >= 0x80 ? [0] + shortest : shortest)
}

@Suite("hostile ECDSA signatures")
struct HostileECDSATests {
    private let message = Array("the message".utf8)

    /// r and s of a good signature, and one key.
    private func good(_ curve: CurveCase) throws -> (key: PublicKey, r: [UInt8], s: [UInt8]) {
        let key = try curve.make()
        let form = try #require(
            ECDSASignatureForm(der: try key.sign(message), coordinateBytes: curve.coordinateBytes))
        return (
            key.publicKey, Array(form.raw.prefix(curve.coordinateBytes)),
            Array(form.raw.suffix(curve.coordinateBytes))
        )
    }

    private func isValid(_ signature: [UInt8], _ key: PublicKey) -> Bool {
        key.isValid(signature, over: message)
    }

    @Test("the pieces put together anew are the good signature", arguments: CurveCase.all)
    func pieces(_ curve: CurveCase) throws {
        let (key, r, s) = try good(curve)
        #expect(isValid(sequence(positive(r) + positive(s)), key))
    }

    @Test(
        "r or s of 0, n, n + 1 or a whole coordinate of ones is refused", arguments: CurveCase.all)
    func ranges(_ curve: CurveCase) throws {
        let (key, r, s) = try good(curve)
        var above = curve.order
        above[above.count - 1] += 1
        let ones = [UInt8](repeating: 0xff, count: curve.coordinateBytes)
        let zero: [UInt8] = []
        for bad in [zero, curve.order, above, ones] {
            let encoded = bad.isEmpty ? integer([0]) : positive(bad)
            #expect(!isValid(sequence(encoded + positive(s)), key))
            #expect(!isValid(sequence(positive(r) + encoded), key))
            #expect(!isValid(sequence(encoded + encoded), key))
        }
    }

    @Test("r + n is refused, though it is the same modulo n", arguments: CurveCase.all)
    func wrapped(_ curve: CurveCase) throws {
        let (key, r, s) = try good(curve)
        var sum: [UInt8] = []
        var carry = 0
        for (left, right) in zip(r.reversed(), curve.order.reversed()) {
            let value = Int(left) + Int(right) + carry
            sum.insert(UInt8(truncatingIfNeeded: value), at: 0)
            carry = value >> 8
        }
        if carry > 0 { sum.insert(UInt8(carry), at: 0) }
        #expect(!isValid(sequence(positive(sum) + positive(s)), key))
    }

    @Test("other encodings of the same numbers are refused", arguments: CurveCase.all)
    func encodings(_ curve: CurveCase) throws {
        let (key, r, s) = try good(curve)
        let (first, second) = (positive(r), positive(s))
        let content = first + second
        let whole = sequence(content)
        let count = UInt8(content.count)
        let rows: [(String, [UInt8])] = [
            ("a byte after it", whole + [0]), ("a second signature after it", whole + whole),
            ("cut", Array(whole.dropLast())), ("nothing", []), ("only a tag", [0x30]),
            ("no content", [0x30, 0]), ("one integer", sequence(first)),
            ("three integers", sequence(content + integer([1]))),
            ("a zero before r", sequence(integer([0, 0] + r) + second)),
            ("a zero before s", sequence(first + integer([0, 0] + s))),
            ("an empty r", sequence(integer([]) + second)),
            ("long length of two bytes", [0x30, 0x82, 0, count] + content),
            ("long length of four bytes", [0x30, 0x84, 0, 0, 0, count] + content),
            ("indefinite length", [0x30, 0x80] + content + [0, 0]),
            ("a length of the reserved form", [0x30, 0xff] + content),
            ("a huge length", [0x30, 0x84, 0xff, 0xff, 0xff, 0xff] + content),
            ("a SET", [0x31] + whole.dropFirst()), ("an OCTET STRING", [0x04] + whole.dropFirst()),
            ("a constructed INTEGER", sequence([0x22] + first.dropFirst() + second)),
            ("a NULL at the end", sequence(content + [5, 0])),
            ("raw", r + s), ("zeros", [UInt8](repeating: 0, count: 72)),
            ("a megabyte", [UInt8](repeating: 0x30, count: 1 << 20)),
        ]
        for (name, signature) in rows { #expect(!isValid(signature, key), "\(name)") }
        // The one-byte long form is right from 128 on, and wrong below.
        if count < 0x80 { #expect(!isValid([0x30, 0x81, count] + content, key)) }
    }

    @Test("a number without its zero is negative, and refused", arguments: CurveCase.all)
    func negative(_ curve: CurveCase) throws {
        var seen = 0
        for _ in 0..<40 {
            let (key, r, s) = try good(curve)
            let shortest = Array(r.drop { $0 == 0 })
            guard let first = shortest.first, first >= 0x80 else { continue }
            seen += 1
            #expect(!isValid(sequence(integer(shortest) + positive(s)), key))
        }
        // P-521's first byte is 0 or 1, so its r is rarely negative-looking.
        #expect(seen > 0 || curve.coordinateBytes == 66)
    }

    @Test("the negative of r is refused", arguments: CurveCase.all)
    func negated(_ curve: CurveCase) throws {
        let (key, r, s) = try good(curve)
        let inverted = r.map { ~$0 }
        #expect(!isValid(sequence(integer([0xff] + inverted) + positive(s)), key))
    }

    @Test("both forms are each other's way back", arguments: CurveCase.all)
    func forms(_ curve: CurveCase) throws {
        var generator = SeededGenerator(seed: 1)
        for round in 0..<200 {
            let zeros = [UInt8](repeating: 0, count: round % curve.coordinateBytes)
            func number() -> [UInt8] {
                (zeros
                    + (zeros.count..<curve.coordinateBytes).map { _ in
                        UInt8.random(in: 1...255, using: &generator)
                    })
            }
            let raw = number() + number()
            let form = try #require(
                ECDSASignatureForm(raw: raw, coordinateBytes: curve.coordinateBytes))
            let read = ECDSASignatureForm(der: form.der, coordinateBytes: curve.coordinateBytes)
            #expect(read?.raw == raw)
        }
        let zeros = [UInt8](repeating: 0, count: 2 * curve.coordinateBytes)
        #expect(ECDSASignatureForm(raw: zeros, coordinateBytes: curve.coordinateBytes) == nil)
        #expect(ECDSASignatureForm(raw: [1], coordinateBytes: curve.coordinateBytes) == nil)
    }

    @Test("20,000 seeded changes of good signatures are refused without a trap")
    func mutations() throws {
        var generator = SeededGenerator(seed: 521)
        for curve in CurveCase.all {
            let key = try curve.make()
            let signature = try key.sign(message)
            for _ in 0..<6_700 {
                var changed = signature
                switch Int.random(in: 0..<4, using: &generator) {
                case 0:
                    changed = Array(
                        changed.prefix(Int.random(in: 0..<changed.count, using: &generator)))
                case 1:
                    changed.insert(
                        .random(in: 0...255, using: &generator),
                        at: .random(in: 0...changed.count, using: &generator))
                case 2: changed.remove(at: .random(in: 0..<changed.count, using: &generator))
                default:
                    changed[.random(in: 0..<8, using: &generator)] = .random(
                        in: 0...255, using: &generator)
                }
                // Only what decodes costs a verification; the rest is refused by its shape.
                #expect(changed == signature || !key.publicKey.isValid(changed, over: message))
            }
        }
    }
}

@Suite("hostile RSA signatures")
struct HostileRSATests {
    @Test("a signature of another length is refused, whatever it encodes")
    func lengths() throws {
        let key = try SchemeCase.rsa.get()
        let message = Array("the message".utf8)
        for scheme in [SignatureScheme.rsaPKCS1(.sha256), .rsaPSS(.sha256)] {
            let signature = try key.signing(with: scheme).sign(message)
            let rows = [
                [0] + signature, signature + [0], Array(signature.dropLast()),
                Array(signature.dropFirst()), [], [1], [UInt8](repeating: 0, count: 256),
                [UInt8](repeating: 0xff, count: 256), [UInt8](repeating: 0, count: 255) + [1],
                signature + signature,
            ]
            for changed in rows {
                #expect(!key.publicKey.isValid(changed, over: message, scheme: scheme))
            }
        }
    }
}
