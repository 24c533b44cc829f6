// SPDX-License-Identifier: Apache-2.0
// Weak RSA keys.
// Spec: FIPS 186-5 §5.1; CA/Browser Forum Baseline Requirements §6.1.6; CVE-2017-15361 (ROCA).

internal import Primitives

/// The checks of cosign's `goodkey`, except the search for close primes.
enum RSAKeyStrength {
    /// Why the key is weak; nil for a strong key.
    ///
    /// - Parameters:
    ///   - modulus: big-endian, without leading zeros.
    ///   - exponent: big-endian, without leading zeros.
    static func weakness(modulus: [UInt8], exponent: [UInt8]) -> String? {
        let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
        guard bits >= Limits.rsaKeyBits.lowerBound else {
            return "it is an RSA key of \(bits) bits, fewer than \(Limits.rsaKeyBits.lowerBound)"
        }
        guard bits <= Limits.rsaKeyBits.upperBound else {
            return "it is an RSA key of \(bits) bits, more than \(Limits.rsaKeyBits.upperBound)"
        }
        guard bits.isMultiple(of: 8) else {
            return "its RSA modulus has \(bits) bits, which is not a multiple of 8"
        }
        // All exponents in use are below 2^32; BoringSSL's maximum is 33 bits.
        let value = exponent.count <= 4 ? exponent.reduce(0) { $0 << 8 | UInt64($1) } : 0
        guard value >= 65537, !value.isMultiple(of: 2) else {
            return "its RSA exponent is not an odd number from 65537 on"
        }
        for group in primeGroups {
            let rest = remainder(modulus, dividedBy: group.product)
            if let prime = group.primes.first(where: { rest.isMultiple(of: $0) }) {
                return "its RSA modulus is divisible by \(prime)"
            }
        }
        if isFromBrokenLibrary(modulus) {
            return "its RSA modulus was made by a library whose keys can be broken (CVE-2017-15361)"
        }
        return nil
    }

    /// Whether the modulus is a ROCA modulus: a power of 65537 modulo each of these primes. One
    /// other modulus in 2^28 is one by chance.
    private static func isFromBrokenLibrary(_ modulus: [UInt8]) -> Bool {
        fingerprintPrimes.allSatisfy { prime in
            let rest = remainder(modulus, dividedBy: prime)
            var power: UInt64 = 1
            for _ in 0..<prime {
                if power == rest { return true }
                power = power * 65537 % prime
            }
            return false
        }
    }

    /// The remainder of the modulus.
    ///
    /// - Parameter divisor: below 2^56, so that the remainder and one more byte fit in 64 bits.
    private static func remainder(_ digits: [UInt8], dividedBy divisor: UInt64) -> UInt64 {
        digits.reduce(0) { ($0 << 8 | UInt64($1)) % divisor }
    }

    private struct PrimeGroup: Sendable {
        var primes: [UInt64]
        var product: UInt64
    }

    /// The primes below 752, as in cosign, in products below 2^56: one division of the modulus
    /// tests six or more primes.
    private static let primeGroups: [PrimeGroup] = {
        var groups: [PrimeGroup] = []
        for number in UInt64(2)..<752 where (2..<number).allSatisfy({ number % $0 != 0 }) {
            if let last = groups.last, last.product < (1 << 56) / number {
                groups[groups.count - 1].primes.append(number)
                groups[groups.count - 1].product *= number
            } else {
                groups.append(PrimeGroup(primes: [number], product: number))
            }
        }
        return groups
    }()

    private static let fingerprintPrimes: [UInt64] = [
        11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157,
    ]
}
