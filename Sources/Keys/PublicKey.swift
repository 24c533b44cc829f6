// SPDX-License-Identifier: Apache-2.0
// Public keys that verify signatures. Spec: RFC 5280 §4.1.2.7 (SubjectPublicKeyInfo),
// RFC 5480 (EC), RFC 8017 §A.1 (RSA), RFC 8410 (Ed25519), RFC 7468 §13 (PEM).

internal import Crypto
internal import CryptoExtras
internal import FoundationEssentials
package import Primitives
internal import SwiftASN1

/// A public key that verifies signatures.
///
/// It is validated when it is parsed: points lie on their curves, RSA keys are strong enough, and
/// the encoding is canonical, so equal keys have equal fingerprints.
package struct PublicKey: Sendable {
    /// The kinds of keys that Assay verifies signatures with.
    package enum Algorithm: String, Sendable, CaseIterable {
        case ecdsaP256 = "ECDSA P-256"
        case ecdsaP384 = "ECDSA P-384"
        case ecdsaP521 = "ECDSA P-521"
        case ed25519 = "Ed25519"
        case rsa = "RSA"
    }

    /// The key in the types of the libraries. Measured, parsing it for each signature would add 3 %
    /// to a P-256 verification, 30 % to an Ed25519 one, and more than 100 % to an RSA one.
    enum Material: Sendable {
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
        case rsa(_RSA.Signing.PublicKey)
    }

    package let algorithm: Algorithm
    /// The SubjectPublicKeyInfo in its canonical DER encoding.
    package let derBytes: [UInt8]
    let material: Material

    /// Parses exactly one `PUBLIC KEY` block.
    package init(pem text: String) throws(Failure) {
        let keys = try PublicKey.list(pem: text)
        guard keys.count == 1, let key = keys.first else {
            throw unreadable("there are \(keys.count) keys, one is expected")
        }
        self = key
    }

    /// Parses all `PUBLIC KEY` and `RSA PUBLIC KEY` blocks of a file, which must hold at least one.
    package static func list(pem text: String) throws(Failure) -> [PublicKey] {
        let blocks = try pemBlocks(text, whatFor: "the public key")
        guard blocks.count <= Limits.keysPerFile else {
            throw Failure(
                .overLimit, "cannot read the public keys",
                because: "there are \(blocks.count), the limit is \(Limits.keysPerFile)")
        }
        var keys: [PublicKey] = []
        for block in blocks {
            switch block.label {
            case "PUBLIC KEY": keys.append(try PublicKey(derBytes: block.bytes))
            case "RSA PUBLIC KEY": keys.append(try PublicKey(pkcs1: block.bytes))
            default: throw notPublic(block.label)
            }
        }
        guard !keys.isEmpty else {
            throw unreadable("there is no PEM block", next: conversion(ofPublicKey: text))
        }
        return keys
    }

    /// Parses a SubjectPublicKeyInfo.
    ///
    /// Only the canonical DER encoding is accepted: a named curve, an uncompressed point, and no
    /// bytes after it.
    package init(derBytes: [UInt8]) throws(Failure) {
        let found = try Material(reading: derBytes)
        algorithm = found.algorithm
        material = found
        self.derBytes = derBytes
    }

    /// The SHA-256 of the SubjectPublicKeyInfo, which identifies the key in bundles and messages.
    package var fingerprint: Primitives.Digest { Primitives.Digest(of: derBytes, by: .sha256) }

    /// The value that cosign writes into a bundle's `publicKey.hint`.
    package var hint: String { base64Text(SHA256.hash(data: derBytes)) }

    /// The key as a `PUBLIC KEY` PEM block with a trailing newline.
    package var pem: String {
        PEMDocument(type: "PUBLIC KEY", derBytes: derBytes).pemString + "\n"
    }

    /// The length of an RSA modulus; nil for other keys.
    package var rsaBits: Int? {
        if case .rsa(let key) = material { key.keySizeInBits } else { nil }
    }

    /// "ECDSA P-256", "RSA 3072".
    package var summary: String {
        rsaBits.map { "\(algorithm.rawValue) \($0)" } ?? algorithm.rawValue
    }
}

/// Two keys are equal if their canonical encodings are.
extension PublicKey: Hashable {
    package static func == (left: PublicKey, right: PublicKey) -> Bool {
        left.derBytes == right.derBytes
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(derBytes) }
}

extension PublicKey.Material {
    var algorithm: PublicKey.Algorithm {
        switch self {
        case .p256: .ecdsaP256
        case .p384: .ecdsaP384
        case .p521: .ecdsaP521
        case .ed25519: .ed25519
        case .rsa: .rsa
        }
    }

    /// Each kind except RSA has a fixed prefix, followed by the key itself.
    fileprivate init(reading der: [UInt8]) throws(Failure) {
        guard der.count <= Limits.keyFileBytes else {
            throw unreadable("it has \(der.count) bytes, the limit is \(Limits.keyFileBytes)")
        }
        if let raw = rest(of: der, after: KeyPrefix.ed25519, count: 32) {
            guard Ed25519Prehash.isPoint(raw),
                let key = try? Curve25519.Signing.PublicKey(rawRepresentation: raw)
            else { throw unreadable("its 32 bytes are not a point of Ed25519's group") }
            self = .ed25519(key)
        } else if let point = rest(of: der, after: KeyPrefix.p256, count: 65) {
            guard let key = try? P256.Signing.PublicKey(x963Representation: point) else {
                throw notOnCurve("P-256")
            }
            self = .p256(key)
        } else if let point = rest(of: der, after: KeyPrefix.p384, count: 97) {
            guard let key = try? P384.Signing.PublicKey(x963Representation: point) else {
                throw notOnCurve("P-384")
            }
            self = .p384(key)
        } else if let point = rest(of: der, after: KeyPrefix.p521, count: 133) {
            guard let key = try? P521.Signing.PublicKey(x963Representation: point) else {
                throw notOnCurve("P-521")
            }
            self = .p521(key)
        } else {
            self = .rsa(try rsaKey(der))
        }
    }
}

/// The PEM blocks of a key file; empty if there are none.
func pemBlocks(_ text: String, whatFor: String) throws(Failure) -> [PEMBlock] {
    guard text.utf8.count <= Limits.keyFileBytes else {
        throw Failure(
            .overLimit, "cannot read \(whatFor)",
            because: "it has \(text.utf8.count) bytes, the limit is \(Limits.keyFileBytes)")
    }
    do {
        return try PEMBlock.list(in: text.utf8)
    } catch {
        throw Failure(.malformed, "cannot read \(whatFor)", because: error.why)
    }
}

func unreadable(_ why: String, next: String? = nil) -> Failure {
    Failure(.malformed, "cannot read the public key", because: why, next: next)
}

private func notOnCurve(_ curve: String) -> Failure {
    unreadable("its bytes are not an uncompressed point on \(curve)")
}

/// The command that converts another format of a public key to PEM; nil for an unknown format.
private func conversion(ofPublicKey text: String) -> String? {
    let start = Array(text.utf8.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }.prefix(64))
    let isOpenSSH = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", "---- BEGIN SSH2"].contains {
        start.starts(with: $0.utf8)
    }
    return isOpenSSH ? "it is a key of OpenSSH; convert it: ssh-keygen -e -m PKCS8 -f FILE" : nil
}

private func notPublic(_ label: String) -> Failure {
    let next: String? =
        switch label {
        case "OPENSSH PRIVATE KEY":
            "give the public half: ssh-keygen -e -m PKCS8 -f FILE prints it"
        case let label where isPrivate(label):
            "give the public half; assay public-key --key FILE prints it"
        case "CERTIFICATE":
            "take the key out of it: openssl x509 -in FILE -pubkey -noout"
        default: nil
        }
    return unreadable("the PEM block is a \(quoted(label)), not a PUBLIC KEY", next: next)
}

private func isPrivate(_ label: String) -> Bool {
    Array(label.utf8).suffix(11).elementsEqual("PRIVATE KEY".utf8)
}

/// The bytes after a fixed prefix; nil unless there are exactly `count` of them.
private func rest(of der: [UInt8], after prefix: [UInt8], count: Int) -> [UInt8]? {
    guard der.count == prefix.count + count, der.starts(with: prefix) else { return nil }
    return Array(der.dropFirst(prefix.count))
}

private func rsaKey(_ der: [UInt8]) throws(Failure) -> _RSA.Signing.PublicKey {
    guard let found = try? _RSA.Signing.PublicKey(unsafeDERRepresentation: der) else {
        throw foreign(der)
    }
    // BoringSSL ignores bytes after the key, accepts a bare RSAPublicKey, and drops the restriction
    // of a key to PSS.
    guard Array(found.derRepresentation) == der else { throw foreign(der) }
    try refuseWeak(found)
    return found
}

func refuseWeak(_ key: _RSA.Signing.PublicKey) throws(Failure) {
    guard let numbers = try? key.getKeyPrimitives() else {
        throw unreadable("its RSA numbers cannot be read")
    }
    let weakness = RSAKeyStrength.weakness(
        modulus: Array(numbers.modulus), exponent: Array(numbers.publicExponent))
    if let weakness { throw unreadable(weakness) }
}

/// The failure for a SubjectPublicKeyInfo that Assay does not support.
private func foreign(_ der: [UInt8]) -> Failure {
    let ours = PublicKey.Algorithm.allCases.map(\.rawValue).joined(separator: ", ")
    guard let algorithm = try? KeyAlgorithm(ofPublicKey: der) else {
        return unreadable("it is not a SubjectPublicKeyInfo in DER")
    }
    if algorithm.isOurs {
        return unreadable(
            "it names \(algorithm.name), and is not the one DER encoding of such a key")
    }
    return Failure(
        .unsupported, "cannot read the public key",
        because: "its algorithm, \(algorithm.name), is not one of \(ours)")
}

/// The fixed prefixes of a SubjectPublicKeyInfo.
enum KeyPrefix {
    /// Spec: RFC 8410 §4: SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING }.
    static let ed25519: [UInt8] = [
        0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00,
    ]
    /// Spec: RFC 5480 §2.1.1: SEQUENCE { SEQUENCE { id-ecPublicKey, secp256r1 }, BIT STRING }.
    static let p256: [UInt8] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08,
        0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ]
    /// Spec: RFC 5480 §2.1.1, with secp384r1.
    static let p384: [UInt8] = [
        0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x05,
        0x2B, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00,
    ]
    /// Spec: RFC 5480 §2.1.1, with secp521r1.
    static let p521: [UInt8] = [
        0x30, 0x81, 0x9B, 0x30, 0x10, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06,
        0x05, 0x2B, 0x81, 0x04, 0x00, 0x23, 0x03, 0x81, 0x86, 0x00,
    ]
}
