// SPDX-License-Identifier: Apache-2.0
// Which certificate a timestamp says it was signed with. Spec: RFC 5035 §4 and §5; RFC 5816.

internal import Crypto
internal import Keys
internal import Primitives
internal import SwiftASN1

/// The hash of the signer's certificate, from a signing-certificate attribute.
///
/// Without it, a token could be shown with another certificate for the same key.
struct TimestampCertificateReference: Hashable, Sendable {
    /// Nil for SHA-1, the only hash of the attribute's first version.
    ///
    /// SHA-1 is enough here: the certificate is known from the trust root, and a collision would
    /// have to be with that very one.
    private let hash: HashAlgorithm?
    private let value: [UInt8]
    /// The issuer's GeneralNames in DER and the serial number's contents, if they are there.
    private let issuerAndSerial: IssuerAndSerial?

    fileprivate struct IssuerAndSerial: Hashable {
        let issuer: [UInt8]
        let serial: [UInt8]
    }

    /// SigningCertificate(V2) ::= SEQUENCE { certs SEQUENCE OF ESSCertID(v2), policies OPTIONAL }
    init(_ node: ASN1Node, version: Int) throws(VerificationError) {
        var fields = try TokenElements(node, of: "the signing certificate attribute")
        let identifiers = try TokenElements.all(
            of: fields.next("certificates"), named: "the signing certificate attribute",
            atMost: Limits.certificatesPerChain)
        _ = fields.optional(.sequence)
        try fields.finish()
        // Spec: RFC 5035 §3: "The first certificate identified in the sequence … MUST be the
        // certificate used to verify the signature".
        guard let first = identifiers.first else {
            throw malformedToken("its signing certificate attribute names no certificate")
        }
        var parts = try TokenElements(first, of: "the signing certificate's identifier")
        var hash: HashAlgorithm?
        if version == 2 {
            // hashAlgorithm AlgorithmIdentifier DEFAULT sha256; written out by some, which
            // changes nothing.
            hash = try parts.optional(.sequence).map(certificateHash) ?? .sha256
        }
        self.hash = hash
        value = try parts.next("hash").contents(tagged: .octetString, "certificate hash")
        issuerAndSerial = try parts.optional(.sequence).map(IssuerAndSerial.init)
        try parts.finish()
    }

    /// Whether it names that certificate, in all it says.
    func fits(_ certificate: Certificate) -> Bool {
        let found =
            hash?.hash(of: certificate.derBytes)
            ?? Array(Insecure.SHA1.hash(data: certificate.derBytes))
        guard found == value else { return false }
        guard let issuerAndSerial else { return true }
        return issuerAndSerial.serial == certificate.serialNumber
            && issuerAndSerial.issuer == certificate.issuerName
    }
}

private func certificateHash(_ node: ASN1Node) throws(VerificationError) -> HashAlgorithm {
    let identifier = try node.algorithm("certificate hash's algorithm")
    guard let hash = HashAlgorithm(identifier) else {
        throw VerificationError(
            .unsupported,
            "the timestamp names its certificate by the hash \(identifier.dotted); "
                + "SHA-256, SHA-384 and SHA-512 are accepted")
    }
    return hash
}

extension TimestampCertificateReference.IssuerAndSerial {
    /// IssuerSerial ::= SEQUENCE { issuer GeneralNames, serialNumber INTEGER }
    fileprivate init(_ node: ASN1Node) throws(VerificationError) {
        var fields = try TokenElements(node, of: "the signing certificate's issuer and serial")
        var names = try TokenElements(fields.next("issuer"), of: "the signing certificate's issuer")
        // GeneralName, directoryName [4]: explicit, since Name is a choice.
        var directory = try TokenElements(
            names.next("name"), tagged: .context(4), of: "the signing certificate's issuer")
        issuer = Array(try directory.next("name").encodedBytes)
        try directory.finish()
        try names.finish()
        serial = try fields.next("serial number").integerBytes("certificate's serial number")
        try fields.finish()
    }
}
