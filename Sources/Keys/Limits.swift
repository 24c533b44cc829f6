// SPDX-License-Identifier: Apache-2.0
// The limits of Keys and their sources.

package import Primitives

extension Limits {
    /// Bytes of one key file.
    package static let keyFileBytes = 64 * 1024

    /// Keys in one file, or versions of one key in a KMS. Vault's tools keep ten by default.
    package static let keysPerFile = 100
    /// Bits of an RSA modulus. Spec: NIST SP 800-131A; BoringSSL's maximum is 8,192.
    package static let rsaKeyBits = 2_048...8_192
    /// Iterations of PBKDF2. OWASP recommends 600,000 (1,300,000 with SHA-1); the limit takes 3 s.
    package static let passwordIterations = 5_000_000
    /// Bytes of memory for scrypt, 128·N·r·p. OpenSSL's default needs 16 MiB.
    package static let scryptBytes = 256 * mebibyte
}
