// SPDX-License-Identifier: Apache-2.0
// Public keys that signatures are checked with. Spec: RFC 5280 §4.1.2.7 (SubjectPublicKeyInfo),
// RFC 7468 §13 (PEM), RFC 8410 (Ed25519).

internal import Crypto
internal import CryptoExtras
internal import FoundationEssentials
package import Primitives
internal import SwiftASN1

/// A key that can say whether a signature is its own.
package struct PublicKey: Hashable, Sendable {
    /// The kinds of keys Assay checks signatures with.
    package enum Algorithm: String, Sendable, CaseIterable {
        case ecdsaP256 = "ECDSA P-256"
        case ecdsaP384 = "ECDSA P-384"
        case ecdsaP521 = "ECDSA P-521"
        case ed25519 = "Ed25519"
        case rsa = "RSA"
    }

    package let algorithm: Algorithm
    /// The SubjectPublicKeyInfo in DER, in its one canonical encoding.
    package let derBytes: [UInt8]

    /// Reads exactly one `PUBLIC KEY` block.
    package init(pem text: String) throws(Failure) {
        let keys = try PublicKey.list(pem: text)
        guard keys.count == 1, let key = keys.first else {
            throw unreadable("there are \(keys.count) keys, one is expected")
        }
        self = key
    }

    /// Reads every `PUBLIC KEY` block of a file, at least one.
    package static func list(pem text: String) throws(Failure) -> [PublicKey] {
        var keys: [PublicKey] = []
        for block in try pemBlocks(text, whatFor: "the public key") {
            guard block.discriminator == "PUBLIC KEY" else {
                throw unreadable(
                    "the PEM block is a \(quoted(block.discriminator)), not a PUBLIC KEY",
                    next: block.discriminator.hasSuffix("PRIVATE KEY")
                        ? "give the public half; assay public-key --key FILE prints it" : nil)
            }
            keys.append(try PublicKey(derBytes: block.derBytes))
        }
        guard !keys.isEmpty else { throw unreadable("there is no PEM block") }
        return keys
    }

    /// Reads a SubjectPublicKeyInfo.
    package init(derBytes: [UInt8]) throws(Failure) {
        guard let found = recognised(derBytes) else {
            throw unreadable(
                "its algorithm is none of "
                    + Algorithm.allCases.map(\.rawValue).joined(separator: ", "))
        }
        (algorithm, self.derBytes) = found
        if algorithm == .rsa { try refuseWeakRSA(derBytes) }
    }

    /// SHA-256 of the SubjectPublicKeyInfo: what names this key in bundles and in our texts.
    package var fingerprint: Primitives.Digest { Primitives.Digest(of: derBytes, by: .sha256) }

    /// What cosign writes into a bundle's `publicKey.hint`.
    package var hint: String { base64Text(SHA256.hash(data: derBytes)) }

    /// The key as a `PUBLIC KEY` PEM block with a newline at its end.
    package var pem: String {
        PEMDocument(type: "PUBLIC KEY", derBytes: derBytes).pemString + "\n"
    }

    /// Whether `signature` was made over `message` by this key.
    ///
    /// The hash follows the key (P-256 SHA-256, P-384 SHA-384, P-521 SHA-512, RSA SHA-256); P-384
    /// and P-521 are tried with SHA-256 too, which older clients wrote. A signature in the wrong
    /// shape is simply not one.
    package func isValid(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        switch algorithm {
        case .ecdsaP256:
            guard let key = try? P256.Signing.PublicKey(derRepresentation: derBytes),
                let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature)
            else { return false }
            return key.isValidSignature(signature, for: SHA256.hash(data: message))
        case .ecdsaP384:
            guard let key = try? P384.Signing.PublicKey(derRepresentation: derBytes),
                let signature = try? P384.Signing.ECDSASignature(derRepresentation: signature)
            else { return false }
            return key.isValidSignature(signature, for: SHA384.hash(data: message))
                || key.isValidSignature(signature, for: SHA256.hash(data: message))
        case .ecdsaP521:
            guard let key = try? P521.Signing.PublicKey(derRepresentation: derBytes),
                let signature = try? P521.Signing.ECDSASignature(derRepresentation: signature)
            else { return false }
            return key.isValidSignature(signature, for: SHA512.hash(data: message))
                || key.isValidSignature(signature, for: SHA256.hash(data: message))
        case .ed25519:
            let raw = derBytes.dropFirst(ed25519PublicKeyPrefix.count)
            guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: raw) else {
                return false
            }
            return key.isValidSignature(signature, for: message)
        case .rsa:
            guard let key = try? _RSA.Signing.PublicKey(derRepresentation: derBytes) else {
                return false
            }
            let signature = _RSA.Signing.RSASignature(rawRepresentation: signature)
            let hash = SHA256.hash(data: message)
            return key.isValidSignature(signature, for: hash, padding: .insecurePKCS1v1_5)
                || key.isValidSignature(signature, for: hash, padding: .PSS)
        }
    }
}

/// The PEM blocks of a text; text between blocks is allowed (RFC 7468 §2), none at all is not.
func pemBlocks(_ text: String, whatFor: String) throws(Failure) -> [PEMDocument] {
    guard text.utf8.count <= Limits.keyFileBytes else {
        throw Failure(
            .overLimit, "cannot read \(whatFor)",
            because: "it has \(text.utf8.count) bytes, the limit is \(Limits.keyFileBytes)")
    }
    do {
        return try PEMDocument.parseMultiple(pemString: text)
    } catch {
        throw Failure(.malformed, "cannot read \(whatFor)", because: "it is not PEM text")
    }
}

private func unreadable(_ why: String, next: String? = nil) -> Failure {
    Failure(.malformed, "cannot read the public key", because: why, next: next)
}

private func recognised(_ der: [UInt8]) -> (PublicKey.Algorithm, [UInt8])? {
    if let key = try? P256.Signing.PublicKey(derRepresentation: der) {
        return (.ecdsaP256, Array(key.derRepresentation))
    }
    if let key = try? P384.Signing.PublicKey(derRepresentation: der) {
        return (.ecdsaP384, Array(key.derRepresentation))
    }
    if let key = try? P521.Signing.PublicKey(derRepresentation: der) {
        return (.ecdsaP521, Array(key.derRepresentation))
    }
    if der.count == ed25519PublicKeyPrefix.count + 32, der.starts(with: ed25519PublicKeyPrefix) {
        return (.ed25519, der)
    }
    if let key = try? _RSA.Signing.PublicKey(unsafeDERRepresentation: der) {
        return (.rsa, Array(key.derRepresentation))
    }
    return nil
}

/// Spec: cosign refuses RSA keys under 2,048 bits; so do NIST SP 800-131A and we.
private func refuseWeakRSA(_ der: [UInt8]) throws(Failure) {
    guard (try? _RSA.Signing.PublicKey(derRepresentation: der)) != nil else {
        throw unreadable("it is an RSA key of fewer than 2048 bits")
    }
}

/// Spec: RFC 8410 §4: SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING } up to the 32 key bytes.
let ed25519PublicKeyPrefix: [UInt8] = [
    0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00,
]
