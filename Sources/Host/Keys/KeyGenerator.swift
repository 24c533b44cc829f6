// SPDX-License-Identifier: Apache-2.0
// Where keys and randomness come from: the system, and only here.

internal import Crypto
internal import FoundationEssentials
package import Keys
package import Primitives
internal import Signing

/// Makes private keys and random bytes from the system's generator.
package enum KeyGenerator {
    package static func privateKey(_ algorithm: PublicKey.Algorithm) throws(Failure) -> PrivateKey {
        let encoded: [UInt8] =
            switch algorithm {
            case .ecdsaP256: Array(P256.Signing.PrivateKey().derRepresentation)
            case .ecdsaP384: Array(P384.Signing.PrivateKey().derRepresentation)
            case .ecdsaP521: Array(P521.Signing.PrivateKey().derRepresentation)
            case .ed25519:
                PrivateKey.pkcs8(ed25519: Array(Curve25519.Signing.PrivateKey().rawRepresentation))
            case .rsa:
                throw Failure(
                    .unsupported, "cannot make an RSA key",
                    because:
                        "Assay makes ECDSA and Ed25519 keys, and signs with RSA keys made elsewhere",
                    next: "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out FILE")
            }
        return try PrivateKey(pkcs8: encoded)
    }

    package static func randomBytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
