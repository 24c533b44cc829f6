// SPDX-License-Identifier: Apache-2.0
// The RSA public operation, for checks that the library does not have: a PSS salt of any length,
// and whether a key made a signature over another message.
// Spec: RFC 8017 §5.2.2 (RSAVP1), §8.1.2, §9.1.2 (EMSA-PSS-VERIFY), §9.2, §B.2.1 (MGF1).

internal import Crypto
internal import Primitives

/// The encoded message of a signature: `signature ^ exponent mod modulus`.
///
/// All numbers are public, so the arithmetic does not have to take constant time.
struct RSAEncodedMessage {
    /// The encoded message, big-endian, as long as the modulus.
    let bytes: [UInt8]

    /// Computes the encoded message; nil unless the signature is as long as the modulus and below
    /// it.
    ///
    /// - Parameters:
    ///   - modulus: big-endian and odd, its first byte 0x80 or more.
    ///   - exponent: big-endian, at most 4 bytes.
    init?(signature: [UInt8], modulus: [UInt8], exponent: [UInt8]) {
        guard signature.count == modulus.count, exponent.count <= 4,
            let group = MontgomeryGroup(modulus: modulus),
            let base = group.number(signature)
        else { return nil }
        let power = group.power(base, exponent.reduce(0) { $0 << 8 | UInt64($1) })
        bytes = Array(group.bytes(power).suffix(modulus.count))
    }

    /// Whether it is the PSS encoding of a message with that digest, with a salt of any length and
    /// MGF1 with the same hash.
    func isPSS(of digest: Primitives.Digest) -> Bool {
        guard let parts = PSSParts(bytes, by: digest.algorithm), let salt = parts.salt else {
            return false
        }
        let zeros = [UInt8](repeating: 0, count: 8)
        return digest.algorithm.hash(of: zeros + digest.bytes + salt) == parts.hash
    }

    /// Whether it is the encoding of any message with a known hash.
    ///
    /// With another key's modulus the number is random, so many fixed bytes do not occur by chance.
    /// PSS with fewer than eight fixed bytes, because of a long salt, does not count.
    var isWellFormed: Bool {
        HashAlgorithm.allCases.contains { hash in
            isPKCS1(by: hash) || PSSParts(bytes, by: hash).map { $0.zeros >= 8 } ?? false
        }
    }

    /// Spec: RFC 8017 §9.2: 0, 1, FF …, 0, DigestInfo.
    private func isPKCS1(by hash: HashAlgorithm) -> Bool {
        let prefix = bytes.dropLast(hash.byteCount)
        guard prefix.starts(with: [0, 1]), prefix.suffix(19).elementsEqual(hash.digestInfoPrefix)
        else { return false }
        let padding = prefix.dropFirst(2).dropLast(19)
        return padding.count > 8 && padding.last == 0
            && padding.dropLast().allSatisfy { $0 == 0xFF }
    }
}

/// The parts of an encoding that has the trailer and the leading bit of PSS.
private struct PSSParts {
    let hash: [UInt8]
    /// Zero bytes before the salt's marker.
    let zeros: Int
    /// The salt; nil if no marker follows the zeros.
    let salt: [UInt8]?

    init?(_ encoded: [UInt8], by function: HashAlgorithm) {
        guard encoded.last == 0xBC, encoded.count >= function.byteCount + 2,
            let first = encoded.first, first < 0x80
        else { return nil }
        let masked = encoded.dropLast(function.byteCount + 1)
        hash = Array(encoded.dropFirst(masked.count).dropLast())
        var data = zip(masked, mask(hash, count: masked.count, by: function)).map { $0 ^ $1 }
        // The number has one bit fewer than the modulus.
        data[0] &= 0x7F
        zeros = data.prefix { $0 == 0 }.count
        let rest = data.dropFirst(zeros)
        salt = rest.first == 1 ? Array(rest.dropFirst()) : nil
        guard salt != nil else { return nil }
    }
}

/// Spec: RFC 8017 §B.2.1, MGF1.
private func mask(_ seed: [UInt8], count: Int, by hash: HashAlgorithm) -> [UInt8] {
    var mask: [UInt8] = []
    var counter: UInt32 = 0
    while mask.count < count {
        let number = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: counter >> $0) }
        mask += hash.hash(of: seed + number)
        counter += 1
    }
    return Array(mask.prefix(count))
}

extension HashAlgorithm {
    /// Spec: RFC 8017 §9.2, note 1: the DER of DigestInfo up to the digest.
    fileprivate var digestInfoPrefix: [UInt8] {
        let last: UInt8 =
            switch self {
            case .sha256: 1
            case .sha384: 2
            case .sha512: 3
            }
        let count = UInt8(truncatingIfNeeded: byteCount)
        return [
            0x30, 17 + count, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
            0x02, last, 0x05, 0x00, 0x04, count,
        ]
    }
}

/// Montgomery arithmetic modulo an odd number, in 64-bit words, the least significant first.
///
/// Spec: Menezes et al., Handbook of Applied Cryptography, §14.3.2.
private struct MontgomeryGroup {
    typealias Number = [UInt64]

    private let modulus: Number
    /// -modulus^-1 modulo 2^64.
    private let inverse: UInt64
    /// R^2 modulo the modulus; R is 2^64 to the power of the number of words.
    private var square: Number

    init?(modulus bytes: [UInt8]) {
        modulus = words(bytes)
        guard let lowest = modulus.first, lowest & 1 == 1, modulus.last != 0 else { return nil }
        // Newton's method doubles the number of correct bits: 3, 6, …, 96.
        var found = lowest
        for _ in 0..<5 { found = found &* (2 &- lowest &* found) }
        inverse = 0 &- found
        square = modulus
        // The Montgomery form of 1 is R; that of 2^64 is R doubled 64 times. Its power to the
        // number of words is R^2.
        var number = radix
        for _ in 0..<64 { number = doubled(number) }
        square = power(number, UInt64(modulus.count))
    }

    /// R modulo the modulus.
    private var radix: Number {
        var one = [UInt64](repeating: 0, count: modulus.count)
        one[0] = 1
        // A modulus with its highest bit set is more than half of R.
        if let top = modulus.last, top >> 63 == 1 {
            return reduced([UInt64](repeating: 0, count: modulus.count), carry: 1)
        }
        for _ in 0..<(64 * modulus.count) { one = doubled(one) }
        return one
    }

    /// The number in Montgomery form; nil if it is not below the modulus.
    func number(_ bytes: [UInt8]) -> Number? {
        let plain = words(bytes)
        guard plain.count == modulus.count, isBelowModulus(plain) else { return nil }
        return product(plain, square)
    }

    /// The big-endian bytes of a number in Montgomery form.
    func bytes(_ number: Number) -> [UInt8] {
        var one = [UInt64](repeating: 0, count: modulus.count)
        one[0] = 1
        return product(number, one).reversed().flatMap { word in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
        }
    }

    /// - Parameter exponent: at least 1.
    func power(_ base: Number, _ exponent: UInt64) -> Number {
        var result = base
        let bits = UInt64.bitWidth - exponent.leadingZeroBitCount
        for bit in stride(from: bits - 2, through: 0, by: -1) {
            result = product(result, result)
            if exponent >> UInt64(bit) & 1 == 1 { result = product(result, base) }
        }
        return result
    }

    private func product(_ left: Number, _ right: Number) -> Number {
        let count = modulus.count
        var sum = [UInt64](repeating: 0, count: count + 2)
        for word in left {
            add(right, times: word, to: &sum)
            add(modulus, times: sum[0] &* inverse, to: &sum)
            // The lowest word is zero now.
            sum.removeFirst()
            sum.append(0)
        }
        return reduced(Array(sum.prefix(count)), carry: sum[count])
    }

    /// Adds `number * factor`; the sum has two words more than the number.
    private func add(_ number: Number, times factor: UInt64, to sum: inout [UInt64]) {
        var carry: UInt64 = 0
        for index in number.indices {
            var (high, low) = number[index].multipliedFullWidth(by: factor)
            for term in [sum[index], carry] {
                let (value, overflow) = low.addingReportingOverflow(term)
                low = value
                // The product's high word is at most 2^64 - 2, and the whole fits in two words.
                if overflow { high &+= 1 }
            }
            (sum[index], carry) = (low, high)
        }
        let (value, overflow) = sum[number.count].addingReportingOverflow(carry)
        sum[number.count] = value
        if overflow { sum[number.count + 1] &+= 1 }
    }

    private func doubled(_ number: Number) -> Number {
        var carry: UInt64 = 0
        let result = number.map { word in
            defer { carry = word >> 63 }
            return word << 1 | carry
        }
        return reduced(result, carry: carry)
    }

    /// Subtracts the modulus if the number is not below it. With its carry, the number is below
    /// twice the modulus.
    private func reduced(_ number: Number, carry: UInt64) -> Number {
        guard carry > 0 || !isBelowModulus(number) else { return number }
        var borrow: UInt64 = 0
        return zip(number, modulus).map { left, right in
            let (first, one) = left.subtractingReportingOverflow(right)
            let (second, two) = first.subtractingReportingOverflow(borrow)
            borrow = one || two ? 1 : 0
            return second
        }
    }

    private func isBelowModulus(_ number: Number) -> Bool {
        for (left, right) in zip(number.reversed(), modulus.reversed()) where left != right {
            return left < right
        }
        return false
    }
}

/// Big-endian bytes as words, the least significant first.
private func words(_ bytes: [UInt8]) -> [UInt64] {
    var words: [UInt64] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        words.append(rest.suffix(8).reduce(0) { $0 << 8 | UInt64($1) })
        rest = rest.dropLast(8)
    }
    return words
}
