// SPDX-License-Identifier: Apache-2.0
// Private keys that make signatures. Spec: RFC 5208/5958 (PKCS #8), RFC 5915 (EC), RFC 8410.

internal import Crypto
internal import FoundationEssentials
package import Primitives
internal import SwiftASN1

/// A key that signs. It never prints itself; its fingerprint is its public half's.
package struct PrivateKey: Sendable {
    private enum Material: Sendable {
        case p256(P256.Signing.PrivateKey)
        case p384(P384.Signing.PrivateKey)
        case p521(P521.Signing.PrivateKey)
        case ed25519(Curve25519.Signing.PrivateKey)
    }

    private let material: Material

    /// Reads PKCS #8 in DER (ECDSA on P-256, P-384, P-521, or Ed25519).
    package init(pkcs8 der: [UInt8]) throws(Failure) {
        guard let found = PrivateKey.recognised(der) else {
            throw Failure(
                .unsupported, "cannot use the private key",
                because: "it is not an ECDSA key on P-256, P-384 or P-521, nor an Ed25519 key")
        }
        material = found
    }

    /// Reads an unencrypted `PRIVATE KEY` or `EC PRIVATE KEY` block.
    ///
    /// Encrypted keys are opened with `EncryptedPrivateKey`.
    package init(plainPEM text: String) throws(Failure) {
        let blocks = try pemBlocks(text, whatFor: "the private key")
        guard blocks.count == 1, let block = blocks.first else {
            throw Failure(
                .malformed, "cannot read the private key",
                because: "there are \(blocks.count) PEM blocks, one is expected")
        }
        guard ["PRIVATE KEY", "EC PRIVATE KEY"].contains(block.discriminator) else {
            throw Failure(
                .unsupported, "cannot read the private key",
                because: "the PEM block is a \(quoted(block.discriminator)), not a PRIVATE KEY")
        }
        try self.init(pkcs8: block.derBytes)
    }

    package var publicKey: PublicKey {
        get throws(Failure) {
            let der: [UInt8] =
                switch material {
                case .p256(let key): Array(key.publicKey.derRepresentation)
                case .p384(let key): Array(key.publicKey.derRepresentation)
                case .p521(let key): Array(key.publicKey.derRepresentation)
                case .ed25519(let key): ed25519PublicKeyPrefix + key.publicKey.rawRepresentation
                }
            return try PublicKey(derBytes: der)
        }
    }

    /// The key as PKCS #8 in DER. Whoever asks for it answers for where it goes.
    package var pkcs8: [UInt8] {
        switch material {
        case .p256(let key): Array(key.derRepresentation)
        case .p384(let key): Array(key.derRepresentation)
        case .p521(let key): Array(key.derRepresentation)
        case .ed25519(let key): PrivateKey.pkcs8(ed25519: Array(key.rawRepresentation))
        }
    }

    /// PKCS #8 around the 32 bytes of an Ed25519 key.
    package static func pkcs8(ed25519 raw: [UInt8]) -> [UInt8] { ed25519PrivateKeyPrefix + raw }

    /// A signature over `message`: ASN.1 DER for ECDSA (with the hash that fits the curve), 64 raw
    /// bytes for Ed25519.
    ///
    /// Deviation: ECDSA draws its nonce inside BoringSSL, the one place below the effects line
    /// that rolls dice; two signatures of one message differ, and both verify.
    package func sign(_ message: [UInt8]) throws(Failure) -> [UInt8] {
        do {
            switch material {
            case .p256(let key): return Array(try key.signature(for: message).derRepresentation)
            case .p384(let key): return Array(try key.signature(for: message).derRepresentation)
            case .p521(let key): return Array(try key.signature(for: message).derRepresentation)
            case .ed25519(let key): return Array(try key.signature(for: message))
            }
        } catch {
            throw Failure(.bug, "cannot sign", because: "the key refused: \(plain("\(error)"))")
        }
    }

    private static func recognised(_ der: [UInt8]) -> Material? {
        if let key = try? P256.Signing.PrivateKey(derRepresentation: der) { return .p256(key) }
        if let key = try? P384.Signing.PrivateKey(derRepresentation: der) { return .p384(key) }
        if let key = try? P521.Signing.PrivateKey(derRepresentation: der) { return .p521(key) }
        let length = ed25519PrivateKeyPrefix.count + 32
        guard der.count == length, der.starts(with: ed25519PrivateKeyPrefix),
            let key = try? Curve25519.Signing.PrivateKey(
                rawRepresentation: der.dropFirst(ed25519PrivateKeyPrefix.count))
        else { return nil }
        return .ed25519(key)
    }
}

/// Spec: RFC 8410 §7: version 0, OID 1.3.101.112, OCTET STRING in OCTET STRING up to the 32 bytes.
private let ed25519PrivateKeyPrefix: [UInt8] = [
    0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]
