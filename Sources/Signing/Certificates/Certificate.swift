// SPDX-License-Identifier: Apache-2.0
// One X.509 certificate, read once and for all. Spec: RFC 5280 §4.1 and §4.2.

internal import FoundationEssentials
package import Keys
package import Primitives
internal import SwiftASN1
internal import X509

/// A certificate whose every part that Assay decides by has been read.
///
/// Having one says nothing about trust; that is what `CertificatePath` says. Two certificates are
/// the same when their bytes are.
///
/// Spec: RFC 5280 §4.1, version 3 only.
package struct Certificate: Sendable {
    /// The bytes as received; every signature is checked over parts of these.
    package let derBytes: [UInt8]
    package let publicKey: PublicKey
    /// From notBefore through notAfter.
    package let validity: ValidityPeriod
    /// SHA-256 of the DER.
    package let fingerprint: Primitives.Digest
    /// Who it is for, as a person reads it.
    package let subjectAlternativeNames: [SubjectAlternativeName]
    /// What Fulcio says about the one who signed; empty for other authorities.
    package let claims: CertificateClaims

    let fields: CertificateFields
    let constraints: CertificateConstraints
    private let parsed: X509.Certificate

    /// Reads one certificate: all of the bytes, and nothing after them.
    ///
    /// A key or signature algorithm that Assay does not check is a failure of kind `unsupported`.
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

    /// Whether it says of itself that it may sign certificates (basicConstraints, cA).
    package var isAuthority: Bool { constraints.isAuthority }

    /// Whether subject and issuer are the same name, which is no statement about who signed.
    package var isSelfIssued: Bool { fields.subject == fields.issuer }

    /// The subject as X.509 encodes it: what names are compared by.
    package var subjectName: [UInt8] { Array(fields.subject) }

    /// The issuer as X.509 encodes it.
    package var issuerName: [UInt8] { Array(fields.issuer) }

    /// The content of the INTEGER, in its one minimal encoding.
    package var serialNumber: [UInt8] { Array(fields.serialNumber) }

    /// The subject in its parts.
    var subject: DistinguishedName { parsed.subject }

    /// The subject as a person reads it; outside text. Fulcio's leaves have an empty one.
    package var subjectText: String { parsed.subject.description }

    /// The issuer as a person reads it; outside text.
    package var issuerText: String { parsed.issuer.description }

    /// Whether `issuer` made this: the names chain, and its key signed these very bytes.
    ///
    /// SHA-1 signatures are never valid. Key identifiers are not looked at: they are hints.
    ///
    /// Spec: RFC 5280 §6.1.3 (a)(1) and (a)(4).
    package func isIssued(by issuer: Certificate) -> Bool {
        names(issuer) && isSigned(by: issuer)
    }

    /// Whether `issuer` has the name that stands here as issuer. Encoded names are compared: two
    /// spellings of one name are two names.
    func names(_ issuer: Certificate) -> Bool { fields.issuer == issuer.fields.subject }

    /// Whether the key identifiers, where both are there, speak for this issuer.
    func hints(at issuer: Certificate) -> Bool {
        guard let wanted = constraints.authorityKeyIdentifier,
            let offered = issuer.constraints.subjectKeyIdentifier
        else { return true }
        return wanted == offered
    }

    /// Whether the signature is made with a hash that still holds.
    var hasStrongSignature: Bool { strongSignatures.contains(parsed.signatureAlgorithm) }

    /// Whether the key of `issuer` signed this. It is the costly part: one signature check.
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
    /// Reads exactly one `CERTIFICATE` block.
    package init(pem text: String) throws(Failure) {
        let certificates = try Certificate.list(pem: text)
        guard certificates.count == 1, let only = certificates.first else {
            throw Certificate.unreadable(
                "there are \(certificates.count) certificates, one is expected")
        }
        self = only
    }

    /// Reads every `CERTIFICATE` block, at least one; text between the blocks is allowed.
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

    /// One `CERTIFICATE` block with a newline at its end.
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

// MARK: Steps of reading

extension Certificate {
    static func unreadable(_ why: String, at extensionName: String? = nil) -> Failure {
        Failure(
            .malformed, "cannot read the certificate",
            at: extensionName.map { .named("extension \($0)") }, because: why)
    }

    /// Names and claims are compared, and comparing a run of marks takes the square of its length.
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
        // A log names an issuer by the hash of these bytes, so there must be one way to write them.
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
    /// X.509 has whole seconds of the years 0 to 9999, so the conversion cannot leave the range.
    fileprivate init(_ date: Date) { self.init(seconds: Int(date.timeIntervalSince1970)) }
}

/// What RFC 5280 chains may be signed with here. SHA-1 is parsed and never holds; MD5 is not even
/// parsed. Deviation: RSASSA-PSS (RFC 4055) certificates are refused as unsupported, because the
/// X.509 library does not read them.
private let strongSignatures: Set<X509.Certificate.SignatureAlgorithm> = [
    .ecdsaWithSHA256, .ecdsaWithSHA384, .ecdsaWithSHA512, .sha256WithRSAEncryption,
    .sha384WithRSAEncryption, .sha512WithRSAEncryption, .ed25519,
]
