// SPDX-License-Identifier: Apache-2.0
// How Rekor v2 names a key's algorithm together with its hash.
// Spec: sigstore_common.proto, PublicKeyDetails; sigstore's algorithm registry.

package import Keys
package import Primitives
internal import SwiftASN1

/// One way a key may have signed, as an entry of Rekor v2 writes it down.
package struct EntryKeyDetails: Hashable, Sendable {
    package let name: String
    package let hash: HashAlgorithm

    /// The ways of a key, the one to write first. Older clients signed SHA-256 with the larger
    /// curves; RSA may have either padding; pure Ed25519 signs no hash, so the log cannot have it.
    package static func candidates(for key: PublicKey) -> [EntryKeyDetails] {
        switch key.algorithm {
        case .ecdsaP256: return [.init("PKIX_ECDSA_P256_SHA_256", .sha256)]
        case .ecdsaP384:
            return [
                .init("PKIX_ECDSA_P384_SHA_384", .sha384),
                .init("PKIX_ECDSA_P384_SHA_256", .sha256),
            ]
        case .ecdsaP521:
            return [
                .init("PKIX_ECDSA_P521_SHA_512", .sha512),
                .init("PKIX_ECDSA_P521_SHA_256", .sha256),
            ]
        case .ed25519: return [.init("PKIX_ED25519_PH", .sha512)]
        case .rsa:
            guard let bits = modulusBits(key.derBytes), [2048, 3072, 4096].contains(bits) else {
                return []
            }
            return [
                .init("PKIX_RSA_PKCS1V15_\(bits)_SHA256", .sha256),
                .init("PKIX_RSA_PSS_\(bits)_SHA256", .sha256),
            ]
        }
    }

    private init(_ name: String, _ hash: HashAlgorithm) {
        self.name = name
        self.hash = hash
    }
}

/// Spec: RFC 3279 §2.3.1: SubjectPublicKeyInfo { algorithm, BIT STRING { SEQUENCE { modulus, e } } }.
private func modulusBits(_ subjectPublicKeyInfo: [UInt8]) -> Int? {
    let modulus = try? DER.sequence(try DER.parse(subjectPublicKeyInfo), identifier: .sequence) {
        fields in
        _ = fields.next()
        let bits = try ASN1BitString(derEncoded: &fields)
        return try DER.sequence(try DER.parse(bits.bytes), identifier: .sequence) { numbers in
            let modulus = try ArraySlice<UInt8>(derEncoded: &numbers)
            _ = numbers.next()
            return modulus.drop { $0 == 0 }
        }
    }
    guard let modulus, let first = modulus.first else { return nil }
    return modulus.count * 8 - first.leadingZeroBitCount
}
