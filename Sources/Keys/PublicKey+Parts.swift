// SPDX-License-Identifier: Apache-2.0
// Public keys from the parts that tokens, services and certificates contain.
// Spec: RFC 8017 §A.1.1 (RSAPublicKey), PKCS #11 v2.40 §2.1, §2.3 (CKA_MODULUS, CKA_EC_POINT),
// RFC 5280 §4.1 (Certificate).

internal import CryptoExtras
internal import FoundationEssentials
package import Primitives
internal import SwiftASN1

extension PublicKey {
    /// Parses a bare RSAPublicKey.
    package init(pkcs1 der: [UInt8]) throws(Failure) {
        guard let numbers = try? RSAPublicNumbers(derEncoded: der) else {
            throw unreadable("it is not an RSAPublicKey in DER")
        }
        try self.init(rsaModulus: Array(numbers.modulus), exponent: Array(numbers.exponent))
    }

    /// Creates an RSA key.
    ///
    /// - Parameters:
    ///   - modulus: big-endian; leading zeros are ignored.
    ///   - exponent: big-endian; leading zeros are ignored.
    package init(rsaModulus modulus: [UInt8], exponent: [UInt8]) throws(Failure) {
        let (n, e) = (Array(modulus.drop { $0 == 0 }), Array(exponent.drop { $0 == 0 }))
        if let weakness = RSAKeyStrength.weakness(modulus: n, exponent: e) {
            throw unreadable(weakness)
        }
        guard let key = try? _RSA.Signing.PublicKey(n: n, e: e) else {
            throw unreadable("its modulus and exponent are not an RSA key")
        }
        try self.init(derBytes: Array(key.derRepresentation))
    }

    /// Creates an Ed25519 key from its 32 bytes.
    package init(ed25519 raw: [UInt8]) throws(Failure) {
        guard raw.count == 32 else {
            throw unreadable("an Ed25519 key has 32 bytes, found \(raw.count)")
        }
        try self.init(derBytes: KeyPrefix.ed25519 + raw)
    }

    /// Creates an ECDSA key.
    ///
    /// - Parameters:
    ///   - point: the uncompressed point: 4, X, Y.
    ///   - parameters: the curve's object identifier in DER, as in CKA_EC_PARAMS.
    package init(ecPoint point: [UInt8], curveParameters parameters: [UInt8]) throws(Failure) {
        let curves = [KeyPrefix.p256, KeyPrefix.p384, KeyPrefix.p521]
        guard let prefix = curves.first(where: { contains($0, parameters) }), !parameters.isEmpty
        else {
            throw Failure(
                .unsupported, "cannot read the public key",
                because: "its curve is not P-256, P-384 or P-521")
        }
        try self.init(derBytes: prefix + point)
    }

    /// The key of an X.509 certificate. No other part of the certificate is validated.
    package init(ofCertificate der: [UInt8]) throws(Failure) {
        guard der.count <= Limits.certificateBytes,
            let certificate = try? CertificateOutline(derEncoded: der)
        else { throw unreadable("it is not an X.509 certificate in DER") }
        try self.init(derBytes: certificate.publicKey)
    }
}

/// Whether the algorithm in the prefix ends with the curve's identifier.
private func contains(_ prefix: [UInt8], _ parameters: [UInt8]) -> Bool {
    // After the algorithm: a BIT STRING's tag, its length of one or two bytes, no unused bits.
    let header = prefix.starts(with: [0x30, 0x81]) ? 4 : 3
    return prefix.dropLast(header).suffix(parameters.count).elementsEqual(parameters)
}

private struct RSAPublicNumbers: DERParseable {
    let modulus: ArraySlice<UInt8>
    let exponent: ArraySlice<UInt8>

    init(derEncoded node: ASN1Node) throws {
        (modulus, exponent) = try DER.sequence(node, identifier: .sequence) { nodes in
            (
                try ArraySlice<UInt8>(derEncoded: &nodes),
                try ArraySlice<UInt8>(derEncoded: &nodes)
            )
        }
    }
}

/// SEQUENCE { tbsCertificate SEQUENCE { [0] version, serial, algorithm, issuer, validity, subject,
/// subjectPublicKeyInfo, … }, … }
private struct CertificateOutline: DERParseable {
    let publicKey: [UInt8]

    init(derEncoded node: ASN1Node) throws {
        publicKey = try DER.sequence(node, identifier: .sequence) { nodes in
            guard let body = nodes.next(), nodes.next() != nil, nodes.next() != nil else {
                throw ASN1Error.invalidASN1Object(reason: "a certificate has three parts")
            }
            return try DER.sequence(body, identifier: .sequence) { fields in
                var all: [ASN1Node] = []
                while let field = fields.next() { all.append(field) }
                // Certificates of version 1 omit the version.
                let first = all.first?.identifier.tagClass == .contextSpecific ? 1 : 0
                guard all.count > first + 5 else {
                    throw ASN1Error.invalidASN1Object(reason: "the public key is missing")
                }
                return Array(all[first + 5].encodedBytes)
            }
        }
    }
}
