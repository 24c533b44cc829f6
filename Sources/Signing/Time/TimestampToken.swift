// SPDX-License-Identifier: Apache-2.0
// RFC 3161 timestamps as they are received. Spec: RFC 3161 §2.4.2; RFC 5652 §3 and §5.1.

internal import Keys
package import Primitives
internal import SwiftASN1

/// A timestamp whose shape is right. Nothing it says is believed before `verified(over:by:nonce:)`.
///
/// The reader is strict where there could be two readings: DER throughout, nothing after the end,
/// one signer, signed attributes present and each of them once. What it does not rely on (unsigned
/// attributes, revocation lists, the signing time) is stepped over.
///
/// Deviation: RFC 5652 allows BER around the signed parts. We refuse it: the authorities of
/// Sigstore write DER, and one value keeps one encoding.
package struct TimestampToken: Hashable, Sendable {
    /// What it says.
    package let info: TimestampInfo
    /// Certificates the token brought along, in DER; they may help to build a chain, never more.
    package let embeddedCertificates: [[UInt8]]
    /// SHA-256 of the token without the answer around it: what names it.
    package let digest: Digest

    /// The signed bytes of `info`.
    let content: [UInt8]
    let signer: TimestampSigner

    /// Reads an authority's whole answer, TimeStampResp: what Sigstore bundles hold.
    ///
    /// An answer that grants nothing is a problem too, told in the authority's words.
    package init(response bytes: [UInt8]) throws(VerificationError) {
        let root = try ASN1Node.reading(bytes, "the timestamp")
        var fields = try TokenElements(root, of: "the timestamp response")
        try requireGranted(fields.next("status"))
        try self.init(contentInfo: fields.next("token"))
        try fields.finish()
    }

    /// Reads a bare TimeStampToken, a CMS ContentInfo: what other formats embed.
    package init(bareToken bytes: [UInt8]) throws(VerificationError) {
        try self.init(contentInfo: ASN1Node.reading(bytes, "the timestamp token"))
    }

    /// ContentInfo ::= SEQUENCE { contentType, content [0] EXPLICIT }
    private init(contentInfo node: ASN1Node) throws(VerificationError) {
        var fields = try TokenElements(node, of: "the token")
        let type = try fields.next("content type").objectIdentifier("content type")
        guard type == .signedData else {
            throw malformedToken("the token is a \(type.dotted), not CMS signed data")
        }
        var wrapper = try TokenElements(
            fields.next("content"), tagged: .context(0), of: "the token's content")
        let signedData = try SignedTimestampData(wrapper.next("signed data"))
        try wrapper.finish()
        try fields.finish()
        content = signedData.content
        info = try TimestampInfo(derBytes: signedData.content)
        embeddedCertificates = signedData.certificates
        signer = signedData.signer
        digest = Digest(of: node.encodedBytes, by: .sha256)
    }
}

/// SignedData ::= SEQUENCE { version, digestAlgorithms SET, encapContentInfo,
/// certificates [0] OPTIONAL, crls [1] OPTIONAL, signerInfos SET }
///
/// Spec: RFC 5652 §5.1.
private struct SignedTimestampData {
    let content: [UInt8]
    let certificates: [[UInt8]]
    let signer: TimestampSigner

    init(_ node: ASN1Node) throws(VerificationError) {
        var fields = try TokenElements(node, of: "the signed data")
        // Spec: RFC 5652 §5.1: version 3 for any content type but id-data, with plain certificates.
        _ = try fields.next("version").number("signed data version", in: 3...3)
        let algorithms = try TokenElements.all(
            of: fields.next("digest algorithms"), tagged: .set, named: "the digest algorithms",
            atMost: Limits.timestampListElements)
        let announced = try algorithms.map { element throws(VerificationError) in
            try element.algorithm("digest algorithm")
        }
        content = try encapsulatedContent(fields.next("content"))
        certificates = try fields.optional(.context(0)).map(plainCertificates) ?? []
        _ = fields.optional(.context(1))
        let signers = try TokenElements.all(
            of: fields.next("signers"), tagged: .set, named: "the list of signers",
            atMost: Limits.timestampListElements)
        // Spec: RFC 3161 §2.4.2: "MUST NOT contain any signatures other than the signature of the
        // TSA".
        guard signers.count == 1, let only = signers.first else {
            throw malformedToken("the token has \(signers.count) signers, one is expected")
        }
        signer = try TimestampSigner(only)
        try fields.finish()
        // Spec: RFC 5652 §5.1: a digest algorithm missing here MAY fail the signature.
        guard announced.contains(signer.hash.identifier) else {
            throw malformedToken(
                "the signer's \(signer.hash.rawValue) is not among the digest algorithms")
        }
    }
}

/// EncapsulatedContentInfo ::= SEQUENCE { eContentType, eContent [0] EXPLICIT OCTET STRING }
private func encapsulatedContent(_ node: ASN1Node) throws(VerificationError) -> [UInt8] {
    var fields = try TokenElements(node, of: "the content")
    let type = try fields.next("type").objectIdentifier("content's type")
    guard type == .timestampInfo else {
        throw malformedToken("the content is a \(type.dotted), not a timestamp (id-ct-TSTInfo)")
    }
    var wrapper = try TokenElements(
        fields.next("bytes"), tagged: .context(0), of: "the content's wrapper")
    let bytes = try wrapper.next("bytes").contents(tagged: .octetString, "content")
    try wrapper.finish()
    try fields.finish()
    return bytes
}

/// CertificateSet: only plain X.509 certificates; the other choices of RFC 5652 §10.2.2 have tags.
private func plainCertificates(_ node: ASN1Node) throws(VerificationError) -> [[UInt8]] {
    let found = try TokenElements.all(
        of: node, tagged: .context(0), named: "the list of certificates",
        atMost: Limits.certificatesPerChain)
    guard found.allSatisfy({ $0.identifier == .sequence }) else {
        throw malformedToken("the token embeds something that is not an X.509 certificate")
    }
    return found.map { Array($0.encodedBytes) }
}

/// PKIStatusInfo ::= SEQUENCE { status INTEGER, statusString OPTIONAL, failInfo OPTIONAL }
///
/// Spec: RFC 3161 §2.4.2: a token is there for granted (0) and grantedWithMods (1), and only then.
private func requireGranted(_ node: ASN1Node) throws(VerificationError) {
    var fields = try TokenElements(node, of: "the status")
    let status = try fields.next("status").number("status", in: 0...5)
    var words = [statusNames[status]]
    if let texts = fields.optional(.sequence) {
        let lines = try TokenElements.all(
            of: texts, named: "the status text", atMost: Limits.timestampListElements)
        for line in lines {
            let text = try line.contents(tagged: .utf8String, "status text")
            words.append(quoted(String(decoding: text, as: UTF8.self)))
        }
    }
    if let reasons = fields.optional(.bitString) { words += try failureNames(reasons) }
    try fields.finish()
    guard status <= 1 else {
        throw VerificationError(
            .timestampMalformed, "the authority gave no timestamp: \(words.joined(separator: ", "))"
        )
    }
}

/// PKIFailureInfo ::= BIT STRING, one bit for each reason, counted from the left.
private func failureNames(_ node: ASN1Node) throws(VerificationError) -> [String] {
    let bits = try node.contents(tagged: .bitString, "failure reason").dropFirst()
    return failureReasons.keys.sorted().compactMap { bit in
        let index = bits.startIndex + bit / 8
        guard index < bits.endIndex, bits[index] & (0x80 >> (bit % 8)) != 0 else { return nil }
        return failureReasons[bit]
    }
}

extension ASN1ObjectIdentifier {
    /// Spec: RFC 5652 §5.1, id-signedData.
    static let signedData: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 7, 2]
    /// Spec: RFC 3161 §2.4.2, id-ct-TSTInfo.
    static let timestampInfo: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 9, 16, 1, 4]
}

/// Spec: RFC 3161 §2.4.2, PKIStatus.
private let statusNames = [
    "granted", "granted with modifications", "rejection", "waiting",
    "a revocation is imminent", "a revocation has occurred",
]

/// Spec: RFC 3161 §2.4.2, PKIFailureInfo.
private let failureReasons: [Int: String] = [
    0: "unrecognized or unsupported algorithm (badAlg)",
    2: "transaction not permitted (badRequest)",
    5: "data in the wrong format (badDataFormat)",
    14: "its time source is not available (timeNotAvailable)",
    15: "policy not supported (unacceptedPolicy)",
    16: "extension not supported (unacceptedExtension)",
    17: "additional information not available (addInfoNotAvailable)",
    25: "system failure (systemFailure)",
]
