// SPDX-License-Identifier: Apache-2.0
// Who signed a timestamp, and what exactly. Spec: RFC 5652 §5.3, SignerInfo; RFC 5035, RFC 5816.

internal import Keys
internal import Primitives
internal import SwiftASN1

/// The one signature of a timestamp, with the attributes it covers.
struct TimestampSigner: Hashable, Sendable {
    /// How the signer's certificate is named. Spec: RFC 5652 §5.3, SignerIdentifier.
    enum Name: Hashable, Sendable {
        /// The issuer's Name in DER and the contents of the serial number.
        case issuerAndSerial([UInt8], [UInt8])
        case keyIdentifier([UInt8])
    }

    let name: Name
    /// Of the content and of the signature, which must be the same one.
    let hash: HashAlgorithm
    let scheme: SignatureScheme
    let signature: [UInt8]
    /// What the signature is over: the attributes as a SET OF in DER.
    let signedBytes: [UInt8]
    /// The hash of the content, as the attributes have it.
    let contentDigest: [UInt8]
    /// The signer's certificate, as the attributes have it; one or two, all of which must fit.
    let certificateReferences: [TimestampCertificateReference]

    /// SignerInfo ::= SEQUENCE { version, sid, digestAlgorithm, signedAttrs [0] OPTIONAL,
    /// signatureAlgorithm, signature OCTET STRING, unsignedAttrs [1] OPTIONAL }
    init(_ node: ASN1Node) throws(VerificationError) {
        var fields = try TokenElements(node, of: "the signer")
        let version = try fields.next("version").number("signer version", in: 1...3)
        name = try signerName(fields.next("certificate's name"), version: version)
        hash = try knownHash(fields.next("digest algorithm").algorithm("digest algorithm"))
        guard let attributes = fields.optional(.context(0)) else {
            throw malformedToken("the signer has no signed attributes")
        }
        let read = try SignedTimestampAttributes(attributes)
        scheme = try timestampSignatureScheme(fields.next("signature algorithm"), with: hash)
        signature = try fields.next("signature").contents(tagged: .octetString, "signature")
        // Unsigned attributes: anybody could have put them there, so nobody reads them.
        _ = fields.optional(.context(1))
        try fields.finish()
        signedBytes = read.signedBytes
        contentDigest = read.contentDigest
        certificateReferences = read.certificateReferences
    }
}

/// Spec: RFC 5652 §5.3: version 1 goes with issuerAndSerialNumber, version 3 with a key identifier.
private func signerName(_ node: ASN1Node, version: Int) throws(VerificationError)
    -> TimestampSigner.Name
{
    if node.identifier == .context(0) {
        guard version == 3 else {
            throw malformedToken("the signer's version is \(version), its name needs 3")
        }
        return .keyIdentifier(try node.contents(tagged: .context(0), "signer's key identifier"))
    }
    guard version == 1 else {
        throw malformedToken("the signer's version is \(version), its name needs 1")
    }
    var fields = try TokenElements(node, of: "the signer's name")
    let issuer = try fields.next("issuer")
    let serial = try fields.next("serial number").integerBytes("signer's serial number")
    try fields.finish()
    return .issuerAndSerial(Array(issuer.encodedBytes), serial)
}

private func knownHash(_ identifier: ASN1ObjectIdentifier) throws(VerificationError)
    -> HashAlgorithm
{
    guard let hash = HashAlgorithm(identifier) else {
        throw VerificationError(
            .unsupported,
            "the timestamp is signed with the hash \(identifier.dotted); "
                + "SHA-256, SHA-384 and SHA-512 are accepted")
    }
    return hash
}

/// SignedAttributes ::= SET SIZE (1..MAX) OF SEQUENCE { attrType, attrValues SET OF ANY }
private struct SignedTimestampAttributes {
    let signedBytes: [UInt8]
    let contentDigest: [UInt8]
    let certificateReferences: [TimestampCertificateReference]

    init(_ node: ASN1Node) throws(VerificationError) {
        let elements = try TokenElements.all(
            of: node, tagged: .context(0), named: "the list of signed attributes",
            atMost: Limits.timestampListElements)
        let encodings = elements.map { Array($0.encodedBytes) }
        // Spec: RFC 5652 §5.3: "SignedAttributes MUST be DER encoded, even if the rest of the
        // structure is BER encoded"; DER sorts a SET OF by its elements' encodings.
        guard zip(encodings, encodings.dropFirst()).allSatisfy({ $0.lexicographicallyPrecedes($1) })
        else { throw malformedToken("its signed attributes are not DER: not in their order") }
        // Spec: RFC 5652 §5.4: "the IMPLICIT [0] tag is not used for the DER encoding, rather an
        // EXPLICIT SET OF tag is used".
        signedBytes = [setTag] + node.encodedBytes.dropFirst()

        var values: [ASN1ObjectIdentifier: ASN1Node] = [:]
        for element in elements {
            let (type, value) = try singleValue(element)
            guard values.updateValue(value, forKey: type) == nil else {
                throw malformedToken("its signed attribute \(type.dotted) is there twice")
            }
        }
        guard let contentType = values[.contentTypeAttribute],
            try contentType.objectIdentifier("content type attribute") == .timestampInfo
        else { throw malformedToken("its signed content type is not id-ct-TSTInfo") }
        guard let digest = values[.messageDigestAttribute] else {
            throw malformedToken("its signed attributes hold no digest of the content")
        }
        contentDigest = try digest.contents(tagged: .octetString, "content digest")
        var references: [TimestampCertificateReference] = []
        if let first = values[.signingCertificateAttribute] {
            references.append(try TimestampCertificateReference(first, version: 1))
        }
        if let second = values[.signingCertificateV2Attribute] {
            references.append(try TimestampCertificateReference(second, version: 2))
        }
        // Spec: RFC 3161 §2.4.2 with RFC 5816 §2.2.1: "The certificate identifier … of the TSA
        // certificate MUST be included as a signerInfo attribute".
        guard !references.isEmpty else {
            throw malformedToken("its signed attributes do not say which certificate signed")
        }
        certificateReferences = references
    }
}

/// Each attribute that matters has one value; of another, how many there are says nothing.
private func singleValue(_ node: ASN1Node) throws(VerificationError)
    -> (ASN1ObjectIdentifier, ASN1Node)
{
    var fields = try TokenElements(node, of: "a signed attribute")
    let type = try fields.next("type").objectIdentifier("signed attribute's type")
    let values = try TokenElements.all(
        of: fields.next("values"), tagged: .set, named: "the values of a signed attribute",
        atMost: Limits.timestampListElements)
    try fields.finish()
    guard values.count == 1, let value = values.first else {
        throw malformedToken(
            "its signed attribute \(type.dotted) has \(values.count) values, one is expected")
    }
    return (type, value)
}

extension ASN1ObjectIdentifier {
    /// Spec: RFC 5652 §11.1 and §11.2.
    fileprivate static let contentTypeAttribute: Self = [1, 2, 840, 113549, 1, 9, 3]
    fileprivate static let messageDigestAttribute: Self = [1, 2, 840, 113549, 1, 9, 4]
    /// Spec: RFC 5035 §5 and §3.
    fileprivate static let signingCertificateAttribute: Self = [1, 2, 840, 113549, 1, 9, 16, 2, 12]
    fileprivate static let signingCertificateV2Attribute: Self =
        [1, 2, 840, 113549, 1, 9, 16, 2, 47]
}

/// The tag of a SET in DER.
private let setTag: UInt8 = 0x31
