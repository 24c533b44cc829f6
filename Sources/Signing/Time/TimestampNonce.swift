// SPDX-License-Identifier: Apache-2.0
// The number that ties an answer to its question. Spec: RFC 3161 §2.4.1, "nonce".

package import Primitives

/// A large number that a timestamp repeats from its request.
///
/// Two nonces are equal when they are the same number. Where the random bytes come from is the
/// caller's business.
package struct TimestampNonce: Hashable, Sendable, CustomStringConvertible {
    /// The contents of the INTEGER: big-endian two's complement, in as few bytes as it needs.
    let integerBytes: [UInt8]

    /// The positive number with these bytes, most significant first; between 8 and
    /// `Limits.timestampIntegerBytes` of them.
    ///
    /// Spec: RFC 3161 §2.4.1: "a large random number with a high probability that it is generated
    /// by the client only once (e.g., a 64 bit integer)".
    package init(randomBytes: [UInt8]) throws(Failure) {
        guard (8..<Limits.timestampIntegerBytes).contains(randomBytes.count) else {
            throw Failure(
                .usage, "cannot make a nonce",
                because: "there are \(randomBytes.count) random bytes; 8 to "
                    + "\(Limits.timestampIntegerBytes - 1) are expected")
        }
        let magnitude = randomBytes.drop { $0 == 0 }
        let needsSign = (magnitude.first ?? 0x80) >= 0x80
        integerBytes = (needsSign ? [0] : []) + magnitude
    }

    /// As found in a token, checked to be minimal there.
    init(integerBytes: [UInt8]) { self.integerBytes = integerBytes }

    package var description: String { hexText(integerBytes) }
}
