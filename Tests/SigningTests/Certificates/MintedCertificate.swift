// SPDX-License-Identifier: Apache-2.0
// Certificates for tests, with every mistake an authority could make.

import Crypto
import CryptoExtras
import Foundation
import Primitives
import Signing
import SwiftASN1
import Testing
import X509

/// A certificate and the key it is about.
struct MintedCertificate {
    let certificate: Signing.Certificate
    let parsed: X509.Certificate
    let key: X509.Certificate.PrivateKey
    let name: String

    /// The middle of the time in which recipes are valid.
    static let time = Timestamp(seconds: 1_700_000_500)
    static let beforeTime = 1_700_000_000
    static let afterTime = 1_700_001_000
}

/// What a certificate shall say.
struct CertificateRecipe {
    var name: String?
    var key = X509.Certificate.PrivateKey(P256.Signing.PrivateKey())
    var start = MintedCertificate.beforeTime
    var end = MintedCertificate.afterTime
    var version = X509.Certificate.Version.v3
    var algorithm: X509.Certificate.SignatureAlgorithm?
    var extensions: [X509.Certificate.Extension]
    var serial = 17

    /// A change, for recipes in one expression.
    func but(_ change: (inout CertificateRecipe) -> Void) -> CertificateRecipe {
        var changed = self
        change(&changed)
        return changed
    }

    static func root(_ name: String = "root") throws -> CertificateRecipe {
        CertificateRecipe(
            name: name, extensions: [.authority(), .usage(KeyUsage(keyCertSign: true))])
    }

    static func intermediate(_ name: String = "intermediate", pathLength: Int? = nil) throws
        -> CertificateRecipe
    {
        CertificateRecipe(
            name: name,
            extensions: [.authority(pathLength: pathLength), .usage(KeyUsage(keyCertSign: true))])
    }

    /// As Fulcio makes them, without its log's promise.
    static func leaf() throws -> CertificateRecipe {
        CertificateRecipe(
            extensions: [
                .usage(KeyUsage(digitalSignature: true)), .purposes([.codeSigning]),
                .names([.rfc822Name("dev@example.com")]),
            ])
    }

    static func timestamper() throws -> CertificateRecipe {
        CertificateRecipe(
            name: "clock",
            extensions: [
                .usage(KeyUsage(digitalSignature: true)),
                .purposes([.timeStamping], critical: true),
            ])
    }

    /// Signed by `issuer`; by its own key without one.
    func minted(by issuer: MintedCertificate? = nil) throws -> MintedCertificate {
        let parsed = try parsed(by: issuer)
        return MintedCertificate(
            certificate: try Certificate(derBytes: try parsed.derBytes), parsed: parsed, key: key,
            name: name ?? "")
    }

    /// The bytes alone, for certificates that cannot be read.
    func bytes(by issuer: MintedCertificate? = nil) throws -> [UInt8] {
        try parsed(by: issuer).derBytes
    }

    private func parsed(by issuer: MintedCertificate?) throws -> X509.Certificate {
        let subject = try commonName(name)
        let issuerName = issuer?.parsed.subject ?? subject
        let (start, end) = (
            Date(timeIntervalSince1970: Double(start)), Date(timeIntervalSince1970: Double(end))
        )
        let extensions = try X509.Certificate.Extensions(extensions)
        guard let algorithm else {
            return try X509.Certificate(
                version: version, serialNumber: .init(serial), publicKey: key.publicKey,
                notValidBefore: start, notValidAfter: end, issuer: issuerName, subject: subject,
                extensions: extensions, issuerPrivateKey: issuer?.key ?? key)
        }
        return try X509.Certificate(
            version: version, serialNumber: .init(serial), publicKey: key.publicKey,
            notValidBefore: start, notValidAfter: end, issuer: issuerName, subject: subject,
            signatureAlgorithm: algorithm, extensions: extensions,
            issuerPrivateKey: issuer?.key ?? key)
    }
}

extension X509.Certificate {
    var derBytes: [UInt8] {
        get throws {
            var serializer = DER.Serializer()
            try serializer.serialize(self)
            return serializer.serializedBytes
        }
    }
}

extension X509.Certificate.Extension {
    static func authority(pathLength: Int? = nil, critical: Bool = true)
        -> X509.Certificate.Extension
    {
        made {
            try .init(
                BasicConstraints.isCertificateAuthority(maxPathLength: pathLength),
                critical: critical)
        }
    }

    static func usage(_ usage: KeyUsage, critical: Bool = true) -> X509.Certificate.Extension {
        made { try .init(usage, critical: critical) }
    }

    static func purposes(_ purposes: [ExtendedKeyUsage.Usage], critical: Bool = false)
        -> X509.Certificate.Extension
    {
        made { try .init(try ExtendedKeyUsage(purposes), critical: critical) }
    }

    static func names(_ names: [GeneralName]) -> X509.Certificate.Extension {
        made { try .init(SubjectAlternativeNames(names), critical: true) }
    }

    /// A Fulcio claim: raw text up to 6, UTF8String from 7 on.
    static func claim(_ number: UInt, _ text: String) -> X509.Certificate.Extension {
        let raw = Array(text.utf8)
        return .raw(
            [1, 3, 6, 1, 4, 1, 57264, 1, number],
            number <= 6 ? raw : [0x0C, UInt8(raw.count)] + raw)
    }

    static func raw(
        _ identifier: ASN1ObjectIdentifier, _ value: [UInt8], critical: Bool = false
    ) -> X509.Certificate.Extension {
        X509.Certificate.Extension(oid: identifier, critical: critical, value: value[...])
    }

    /// Extensions of constants; one that cannot be made is an empty one that no test would accept.
    private static func made(_ make: () throws -> X509.Certificate.Extension)
        -> X509.Certificate.Extension
    {
        do {
            return try make()
        } catch {
            Issue.record("the extension cannot be made: \(error)")
            return .raw([1, 2, 3], [], critical: true)
        }
    }
}

func commonName(_ name: String?) throws -> DistinguishedName {
    guard let name else { return DistinguishedName() }
    return try DistinguishedName { CommonName(name) }
}

extension ValidityPeriod {
    static let anyTime = ValidityPeriod(start: Timestamp(seconds: 0), end: nil)
}

/// An authority around minted certificates, valid always unless said otherwise.
func mintedAuthority(_ chain: [MintedCertificate], validFor: ValidityPeriod = .anyTime) throws
    -> CertificateAuthority
{
    try CertificateAuthority(
        chain: chain.map(\.certificate), validFor: validFor, uri: nil, operatorName: nil)
}

/// Expects the evidence to be refused with that code, and a text with that part.
func expectRefusal(
    _ code: VerificationError.Code, _ part: String = "",
    sourceLocation: SourceLocation = #_sourceLocation, _ work: () throws -> some Any
) {
    do {
        _ = try work()
        Issue.record("it was accepted", sourceLocation: sourceLocation)
    } catch let problem as VerificationError {
        #expect(problem.code == code, "\(problem.why)", sourceLocation: sourceLocation)
        #expect(
            part.isEmpty || problem.why.contains(part), "\(problem.why)",
            sourceLocation: sourceLocation)
    } catch {
        Issue.record("another error: \(error)", sourceLocation: sourceLocation)
    }
}

/// Expects a certificate that cannot be read, with that kind of failure and part of its text.
func expectUnreadableCertificate(
    _ kind: Failure.Kind, _ part: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ bytes: [UInt8]
) {
    do {
        _ = try Certificate(derBytes: bytes)
        Issue.record("it was read", sourceLocation: sourceLocation)
    } catch {
        #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
        #expect(error.description.contains(part), "\(error)", sourceLocation: sourceLocation)
    }
}
