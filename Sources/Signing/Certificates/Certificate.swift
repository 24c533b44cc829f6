// SPDX-License-Identifier: Apache-2.0
// X.509 certificates. Spec: RFC 5280 §4.1 and §4.2.

internal import FoundationEssentials
package import Keys
package import Primitives
internal import SwiftASN1
internal import X509

/// A parsed certificate. It is not trusted; `CertificatePath` validates it. Two certificates are
/// equal if their bytes are.
///
/// Spec: RFC 5280 §4.1, version 3 only.
package struct Certificate: Sendable {
    /// The original bytes, over which signatures are verified.
    package let derBytes: [UInt8]
    package let publicKey: PublicKey
    /// From notBefore through notAfter.
    package let validity: ValidityPeriod
    /// SHA-256 of the DER.
    package let fingerprint: Primitives.Digest
    /// The names of the subject.
    package let subjectAlternativeNames: [SubjectAlternativeName]
    /// Fulcio's claims about the signer; empty for other authorities.
    package let claims: CertificateClaims

    let fields: CertificateFields
    let constraints: CertificateConstraints
    private let parsed: X509.Certificate

    /// Parses one certificate, without bytes after it.
    ///
    /// - Throws: `unsupported` for a key or signature algorithm that Assay does not support.
    package init(derBytes: [UInt8]) throws(Failure) {
        guard derBytes.count <= Limits.certificateBytes else {
            throw Failure(
                .overLimit, "cannot read the certificate",
                because: "it has \(derBytes.count) bytes, the limit is \(Limits.certificateBytes)")
        }
        let root = try Certificate.root(of: derBytes)
        fields = try CertificateFields(root)
        publicKey = try Certificate.key(Array(fields.publicKey))
        parsed = try Certificate.parsed(root)
        constraints = try CertificateConstraints(parsed.extensions)
        subjectAlternativeNames = try constraints.names.map { name throws(Failure) in
            try SubjectAlternativeName(name)
        }
        claims = try CertificateClaims(parsed.extensions)
        validity = ValidityPeriod(
            start: Timestamp(parsed.notValidBefore), end: Timestamp(parsed.notValidAfter))
        fingerprint = Primitives.Digest(of: derBytes, by: .sha256)
        self.derBytes = derBytes
    }

    /// Whether it is a certificate authority (basicConstraints, cA).
    package var isAuthority: Bool { constraints.isAuthority }

    /// Whether subject and issuer are equal, regardless of the signature.
    package var isSelfIssued: Bool { fields.subject == fields.issuer }

    /// The encoded subject, for comparison.
    package var subjectName: [UInt8] { Array(fields.subject) }

    /// The encoded issuer.
    package var issuerName: [UInt8] { Array(fields.issuer) }

    /// The serial number, the content of the INTEGER in its minimal encoding.
    package var serialNumber: [UInt8] { Array(fields.serialNumber) }

    /// The subject in its parts.
    var subject: DistinguishedName { parsed.subject }

    /// The subject in messages, which is outside text. Fulcio's leaves have an empty one.
    package var subjectText: String { parsed.subject.description }

    /// The issuer in messages, which is outside text.
    package var issuerText: String { parsed.issuer.description }

    /// Whether `issuer` issued this certificate: the names match, and its key signed it.
    ///
    /// SHA-1 signatures are never valid. Key identifiers are hints and ignored.
    ///
    /// Spec: RFC 5280 §6.1.3 (a)(1) and (a)(4).
    package func isIssued(by issuer: Certificate) -> Bool {
        names(issuer) && isSigned(by: issuer)
    }

    /// Whether `issuer` has this certificate's issuer name. Encoded names are compared, so two
    /// encodings of one name differ.
    func names(_ issuer: Certificate) -> Bool { fields.issuer == issuer.fields.subject }

    /// Whether the key identifiers, if both are present, match this issuer.
    func hints(at issuer: Certificate) -> Bool {
        guard let wanted = constraints.authorityKeyIdentifier,
            let offered = issuer.constraints.subjectKeyIdentifier
        else { return true }
        return wanted == offered
    }

    /// Whether the hash of the signature is still secure.
    var hasStrongSignature: Bool { strongSignatures.contains(parsed.signatureAlgorithm) }

    /// Whether the key of `issuer` signed this certificate, which costs one signature check.
    func isSigned(by issuer: Certificate) -> Bool {
        hasStrongSignature
            && issuer.parsed.publicKey.isValidSignature(parsed.signature, for: parsed)
    }
}

extension Certificate: Hashable {
    package static func == (left: Certificate, right: Certificate) -> Bool {
        left.derBytes == right.derBytes
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(derBytes) }
}

// MARK: PEM

extension Certificate {
    /// Parses exactly one `CERTIFICATE` block.
    package init(pem text: String) throws(Failure) {
        let certificates = try Certificate.list(pem: text)
        guard certificates.count == 1, let only = certificates.first else {
            throw Certificate.unreadable(
                "there are \(certificates.count) certificates, one is expected")
        }
        self = only
    }

    /// Parses all `CERTIFICATE` blocks, at least one; text between the blocks is allowed.
    ///
    /// Spec: RFC 7468 §2 and §5.
    package static func list(pem text: String) throws(Failure) -> [Certificate] {
        let limit = Limits.certificatesPerChain
        let blocks = try blocks(of: text)
        guard blocks.count <= limit else {
            throw Failure(
                .overLimit, "cannot read the certificates",
                because: "there are \(blocks.count), the limit is \(limit)")
        }
        var certificates: [Certificate] = []
        for block in blocks {
            guard block.label == "CERTIFICATE" else {
                throw unreadable(
                    "the PEM block is a \(quoted(block.label)), not a CERTIFICATE")
            }
            certificates.append(try Certificate(derBytes: block.bytes))
        }
        guard !certificates.isEmpty else { throw unreadable("there is no PEM block") }
        return certificates
    }

    /// The certificate as a `CERTIFICATE` block with a trailing newline.
    package var pem: String {
        PEMDocument(type: "CERTIFICATE", derBytes: derBytes).pemString + "\n"
    }

    private static func blocks(of text: String) throws(Failure) -> [PEMBlock] {
        let limit = Limits.certificatesPerChain * Limits.certificateBytes * 2
        guard text.utf8.count <= limit else {
            throw Failure(
                .overLimit, "cannot read the certificates",
                because: "they have \(text.utf8.count) bytes, the limit is \(limit)")
        }
        do {
            return try PEMBlock.list(in: text.utf8)
        } catch {
            throw unreadable(error.why)
        }
    }
}

// MARK: Parsing

extension Certificate {
    static func unreadable(_ why: String, at extensionName: String? = nil) -> Failure {
        Failure(
            .malformed, "cannot read the certificate",
            at: extensionName.map { .named("extension \($0)") }, because: why)
    }

    /// Rejects long runs of combining marks: names and claims are compared, in quadratic time.
    static func refuseMarks(in text: String, at extensionName: String) throws(Failure) {
        guard longestMarkRun(in: text) <= Limits.combiningMarks else {
            throw Failure(
                .overLimit, "cannot read the certificate",
                at: .named("extension \(extensionName)"),
                because: "a text has more than \(Limits.combiningMarks) combining marks in a row")
        }
    }

    private static func root(of derBytes: [UInt8]) throws(Failure) -> ASN1Node {
        do {
            return try DER.parse(derBytes)
        } catch {
            throw unreadable("it is not one DER value")
        }
    }

    private static func key(_ derBytes: [UInt8]) throws(Failure) -> PublicKey {
        let key: PublicKey
        do {
            key = try PublicKey(derBytes: derBytes)
        } catch {
            throw Failure(
                .unsupported, "cannot use the certificate", because: "its public key: \(error.why)")
        }
        // A log identifies an issuer by the hash of these bytes, so their encoding must be
        // canonical.
        guard key.derBytes == derBytes else {
            throw unreadable("its public key is not in its canonical encoding")
        }
        return key
    }

    private static func parsed(_ root: ASN1Node) throws(Failure) -> X509.Certificate {
        do {
            return try X509.Certificate(derEncoded: root)
        } catch let error as CertificateError
            where [.unsupportedSignatureAlgorithm, .unsupportedPublicKeyAlgorithm]
            .contains(error.code)
        {
            throw Failure(
                .unsupported, "cannot use the certificate",
                because: "its algorithm is not ECDSA, RSA PKCS #1 v1.5 or Ed25519 with SHA-2")
        } catch {
            throw unreadable("it is not an X.509 certificate: \(decodingWords(error))")
        }
    }
}

extension Timestamp {
    /// Converts a time of X.509, which has whole seconds in the years 0 to 9999, so it cannot
    /// overflow.
    fileprivate init(_ date: Date) { self.init(seconds: Int(date.timeIntervalSince1970)) }
}

/// The supported signature algorithms of certificates. SHA-1 is parsed and never valid; MD5 is not
/// parsed.
/// Deviation: RSASSA-PSS (RFC 4055) certificates are unsupported, because the X.509 library does
/// not parse them.
private let strongSignatures: Set<X509.Certificate.SignatureAlgorithm> = [
    .ecdsaWithSHA256, .ecdsaWithSHA384, .ecdsaWithSHA512, .sha256WithRSAEncryption,
    .sha384WithRSAEncryption, .sha512WithRSAEncryption, .ed25519,
]
