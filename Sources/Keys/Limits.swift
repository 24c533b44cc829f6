// SPDX-License-Identifier: Apache-2.0
// The limits of Keys, with where their numbers come from.

package import Primitives

extension Limits {
    /// Bytes of one key file.
    package static let keyFileBytes = 64 * 1024

    /// Keys of one file, or versions of one key in a service. Vault keeps ten by default in its tools.
    package static let keysPerFile = 100
    /// Bits of an RSA modulus. Spec: NIST SP 800-131A; BoringSSL stops at 8,192.
    package static let rsaKeyBits = 2_048...8_192
    /// Rounds of PBKDF2 on a password. OWASP asks for 600,000 (1,300,000 of SHA-1); ours take 3 s.
    package static let passwordRounds = 5_000_000
    /// Bytes scrypt may touch for a password, N, r and p multiplied. OpenSSL's default takes 16 MiB.
    package static let scryptBytes = 256 * mebibyte
}
