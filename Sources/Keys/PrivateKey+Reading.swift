// SPDX-License-Identifier: Apache-2.0
// Parses the file formats of private keys.
// Spec: RFC 5958 §2 (OneAsymmetricKey), RFC 5915 §3, RFC 8017 §A.1.2, RFC 8410 §7, RFC 7468 §10.

internal import Crypto
internal import CryptoExtras
internal import FoundationEssentials
package import Primitives
internal import SwiftASN1

extension PrivateKey {
    /// Parses PKCS #8 in DER: ECDSA on P-256, P-384 or P-521, Ed25519, or RSA.
    package init(pkcs8 der: [UInt8]) throws(Failure) {
        guard let document = try? PrivateKeyDocument(derEncoded: der) else {
            throw unusable("it is not PKCS #8 in DER")
        }
        switch document.algorithm.identifier {
        case .rsaEncryption: try self.init(pkcs1: document.key)
        case .edwards25519: try self.init(.ed25519(try ed25519Key(document)))
        case .ellipticCurve:
            guard let curve = document.algorithm.curve, document.algorithm.isOurs else {
                throw foreign(document.algorithm)
            }
            try self.init(try ellipticKey(document.key, on: curve))
        default: throw foreign(document.algorithm)
        }
    }

    /// Parses an RSAPrivateKey in DER, the content of an `RSA PRIVATE KEY` block.
    package init(pkcs1 der: [UInt8]) throws(Failure) {
        // The library ignores bytes after the key.
        guard (try? DER.parse(der)) != nil,
            let key = try? _RSA.Signing.PrivateKey(unsafeDERRepresentation: der)
        else { throw unusable("it is not an RSA private key with two primes") }
        try refuseWeak(key.publicKey)
        try self.init(.rsa(key))
    }

    /// Parses an ECPrivateKey in DER, the content of an `EC PRIVATE KEY` block.
    package init(sec1 der: [UInt8]) throws(Failure) {
        try self.init(try ellipticKey(der, on: nil))
    }

    /// Parses one unencrypted `PRIVATE KEY`, `EC PRIVATE KEY` or `RSA PRIVATE KEY` block.
    ///
    /// `PrivateKeyFile` decrypts encrypted keys.
    package init(plainPEM text: String) throws(Failure) {
        if hasOldEncryption(text) { throw oldEncryption }
        // `openssl ecparam -genkey` writes the curve into a separate block, and into the key.
        let blocks = try pemBlocks(text, whatFor: "the private key").filter {
            $0.label != "EC PARAMETERS"
        }
        guard blocks.count == 1, let block = blocks.first else {
            throw Failure(
                .malformed, "cannot read the private key",
                because: "there are \(blocks.count) PEM blocks, one is expected")
        }
        switch block.label {
        case "PRIVATE KEY": try self.init(pkcs8: block.bytes)
        case "EC PRIVATE KEY": try self.init(sec1: block.bytes)
        case "RSA PRIVATE KEY": try self.init(pkcs1: block.bytes)
        default:
            throw Failure(
                .unsupported, "cannot read the private key",
                because: "the PEM block is a \(quoted(block.label)), not a PRIVATE KEY",
                next: conversion(ofPrivateKey: block.label))
        }
    }
}

/// The command that converts another private key format to a supported one.
private func conversion(ofPrivateKey label: String) -> String? {
    switch label {
    case "OPENSSH PRIVATE KEY":
        "convert it: ssh-keygen -p -N '' -m PKCS8 -f COPY, on a copy of the file"
    case "PUBLIC KEY": "give the private half"
    default: nil
    }
}

/// OneAsymmetricKey, without its attributes.
private struct PrivateKeyDocument: DERParseable {
    let algorithm: KeyAlgorithm
    let key: [UInt8]
    /// The public key, which version 2 can contain.
    let publicKey: [UInt8]?

    init(derEncoded node: ASN1Node) throws {
        (algorithm, key, publicKey) = try DER.sequence(node, identifier: .sequence) { nodes in
            let version = try Int(derEncoded: &nodes)
            let algorithm = try KeyAlgorithm(derEncoded: &nodes)
            let key = try ASN1OctetString(derEncoded: &nodes)
            DER.optionalImplicitlyTagged(&nodes, tagNumber: 0, tagClass: .contextSpecific) { _ in }
            let publicKey: ASN1BitString? = try DER.optionalImplicitlyTagged(
                &nodes, tag: ASN1Identifier(tagWithNumber: 1, tagClass: .contextSpecific))
            guard version == 0 && publicKey == nil || version == 1 else {
                throw ASN1Error.invalidASN1Object(reason: "the version is not 1 or 2")
            }
            return (algorithm, Array(key.bytes), publicKey.map { Array($0.bytes) })
        }
    }
}

private func ed25519Key(_ document: PrivateKeyDocument) throws(Failure)
    -> Curve25519.Signing.PrivateKey
{
    // Spec: RFC 8410 §7: the key is an OCTET STRING inside the OCTET STRING.
    guard document.algorithm.parameters == nil, document.key.count == 34,
        document.key.starts(with: [0x04, 0x20]),
        let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: document.key.dropFirst(2))
    else { throw unusable("it is not a whole Ed25519 key") }
    if let publicKey = document.publicKey, publicKey != Array(key.publicKey.rawRepresentation) {
        throw unusable("its private and public halves do not belong together")
    }
    return key
}

/// ECPrivateKey. The library's parser is not used, because it accepts a key of any curve as a key
/// on the requested curve.
private struct EllipticKeyDocument: DERParseable {
    let scalar: [UInt8]
    let curve: ASN1ObjectIdentifier?
    let point: [UInt8]?

    init(derEncoded node: ASN1Node) throws {
        (scalar, curve, point) = try DER.sequence(node, identifier: .sequence) { nodes in
            guard try Int(derEncoded: &nodes) == 1 else {
                throw ASN1Error.invalidASN1Object(reason: "the version is not 1")
            }
            let scalar = try ASN1OctetString(derEncoded: &nodes)
            let curve = try DER.optionalExplicitlyTagged(
                &nodes, tagNumber: 0, tagClass: .contextSpecific
            ) { try ASN1ObjectIdentifier(derEncoded: $0) }
            let point = try DER.optionalExplicitlyTagged(
                &nodes, tagNumber: 1, tagClass: .contextSpecific
            ) { try ASN1BitString(derEncoded: $0) }
            return (Array(scalar.bytes), curve, point.map { Array($0.bytes) })
        }
    }
}

/// - Parameter outer: the curve that PKCS #8 names; the key itself does not have to name it.
private func ellipticKey(_ der: [UInt8], on outer: ASN1ObjectIdentifier?) throws(Failure)
    -> PrivateKey.Material
{
    guard let document = try? EllipticKeyDocument(derEncoded: der) else {
        throw unusable("it is not an ECPrivateKey in DER that names its curve")
    }
    guard let curve = outer ?? document.curve, document.curve ?? curve == curve else {
        throw unusable("it names no curve, or two")
    }
    guard let (material, point) = material(document.scalar, on: curve) else {
        throw Failure(
            .unsupported, "cannot use the private key",
            because: "it is not a whole key on P-256, P-384 or P-521")
    }
    if let stated = document.point, stated != point {
        throw unusable("its private and public halves do not belong together")
    }
    return material
}

private func material(_ scalar: [UInt8], on curve: ASN1ObjectIdentifier)
    -> (PrivateKey.Material, point: [UInt8])?
{
    switch curve {
    case .secp256r1:
        (try? P256.Signing.PrivateKey(rawRepresentation: scalar)).map {
            (.p256($0), Array($0.publicKey.x963Representation))
        }
    case .secp384r1:
        (try? P384.Signing.PrivateKey(rawRepresentation: scalar)).map {
            (.p384($0), Array($0.publicKey.x963Representation))
        }
    case .secp521r1:
        (try? P521.Signing.PrivateKey(rawRepresentation: scalar)).map {
            (.p521($0), Array($0.publicKey.x963Representation))
        }
    default: nil
    }
}

private func unusable(_ why: String) -> Failure {
    Failure(.malformed, "cannot read the private key", because: why)
}

private func foreign(_ algorithm: KeyAlgorithm) -> Failure {
    Failure(
        .unsupported, "cannot use the private key",
        because: "it is a key for \(algorithm.name), not for ECDSA on P-256, P-384 or P-521, "
            + "Ed25519 or RSA")
}

/// Whether the text has the header of keys that OpenSSL 0.9 encrypted.
private func hasOldEncryption(_ text: String) -> Bool {
    text.utf8.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).contains { line in
        line.drop { $0 == 0x20 || $0 == 0x09 }.starts(with: "Proc-Type:".utf8)
    }
}

/// Spec: RFC 1421 §4.6.1.1, as OpenSSL 0.9 used it: one MD5 operation derives the key.
let oldEncryption = Failure(
    .unsupported, "cannot decrypt the private key",
    because: "it is encrypted in OpenSSL's old format (Proc-Type: 4,ENCRYPTED), which is weak",
    next: "convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW")
