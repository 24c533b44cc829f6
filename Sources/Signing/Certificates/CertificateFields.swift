// SPDX-License-Identifier: Apache-2.0
// The encoded parts of certificates. Spec: RFC 5280 §4.1, RFC 6962 §3.2.

internal import Primitives
internal import SwiftASN1

/// The encoded parts that are compared, hashed, or reassembled.
///
/// Names and the key keep their original bytes, because a re-encoded form could differ from what
/// other readers see.
struct CertificateFields: Sendable {
    let serialNumber: ArraySlice<UInt8>
    let issuer: ArraySlice<UInt8>
    let subject: ArraySlice<UInt8>
    /// SubjectPublicKeyInfo.
    let publicKey: ArraySlice<UInt8>
    /// The content of the TBSCertificate before its extensions.
    private let beforeExtensions: ArraySlice<UInt8>
    /// The encoded extensions, in their order.
    private let extensions: [(identifier: ArraySlice<UInt8>, encoded: ArraySlice<UInt8>)]

    /// Spec: RFC 5280 §4.1:
    /// `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }`.
    init(_ certificate: ASN1Node) throws(Failure) {
        var parts = ArraySlice(try certificate.children(tagged: .sequence, "certificate"))
        guard let tbsCertificate = parts.popFirst(), let signatureAlgorithm = parts.popFirst(),
            let signatureValue = parts.popFirst(), parts.isEmpty
        else { throw Certificate.unreadable("it does not have three parts") }
        try CertificateFields.checkWholeBytes(signatureValue)

        var rest = ArraySlice(try tbsCertificate.children(tagged: .sequence, "tbsCertificate"))
        guard let version = rest.popFirst(), version.encodedBytes.elementsEqual(versionThree) else {
            throw Failure(
                .unsupported, "cannot use the certificate", because: "it is not of version 3")
        }
        guard let serialNumber = rest.popFirst(), let signature = rest.popFirst(),
            let issuer = rest.popFirst(), rest.popFirst() != nil, let subject = rest.popFirst(),
            let publicKey = rest.popFirst(), case .primitive(let serial) = serialNumber.content,
            serialNumber.identifier == .integer
        else { throw Certificate.unreadable("its tbsCertificate lacks a field") }
        // Spec: RFC 5280 §4.1.1.2, "MUST contain the same algorithm identifier".
        guard signature.encodedBytes == signatureAlgorithm.encodedBytes else {
            throw Certificate.unreadable("it names two signature algorithms")
        }
        self.serialNumber = serial
        self.issuer = issuer.encodedBytes
        self.subject = subject.encodedBytes
        self.publicKey = publicKey.encodedBytes
        beforeExtensions =
            version.encodedBytes.base(
                upTo: publicKey.encodedBytes.endIndex, in: tbsCertificate.encodedBytes)
        extensions = try CertificateFields.extensions(rest)
    }

    /// Parses a signature, which must be whole bytes: with unused bits, a certificate would have
    /// two encodings.
    private static func checkWholeBytes(_ signature: ASN1Node) throws(Failure) {
        guard signature.identifier == .bitString, case .primitive(let bits) = signature.content,
            bits.first == 0
        else { throw Certificate.unreadable("its signature is not whole bytes") }
    }

    /// Deviation: unique identifiers (`[1]`, `[2]`) are rejected; RFC 5280 §4.1.2.8 forbids
    /// conforming authorities to use them.
    private static func extensions(_ rest: ArraySlice<ASN1Node>) throws(Failure)
        -> [(identifier: ArraySlice<UInt8>, encoded: ArraySlice<UInt8>)]
    {
        guard let wrapper = rest.first else { return [] }
        guard rest.count == 1, wrapper.identifier == extensionsTag else {
            throw Certificate.unreadable("it has fields other than extensions after its key")
        }
        let inner = try wrapper.children(tagged: extensionsTag, "extensions")
        guard inner.count == 1, let list = inner.first else {
            throw Certificate.unreadable("its extensions are not one list")
        }
        let nodes = try list.children(tagged: .sequence, "extensions")
        guard nodes.count <= Limits.extensionsPerCertificate else {
            throw Failure(
                .overLimit, "cannot read the certificate",
                because:
                    "it has \(nodes.count) extensions, the limit is \(Limits.extensionsPerCertificate)"
            )
        }
        return try nodes.map { node throws(Failure) in
            guard let identifier = try node.children(tagged: .sequence, "extension").first else {
                throw Certificate.unreadable("an extension is empty")
            }
            return (identifier.encodedBytes, node.encodedBytes)
        }
    }

    /// The TBSCertificate without the extension with this encoded identifier, and with all other
    /// bytes unchanged.
    ///
    /// Spec: RFC 6962 §3.2: the TBSCertificate of the Precertificate "without the poison
    /// extension", which is the certificate's own without its SCT list.
    func signedBytes(withoutExtension identifier: [UInt8]) -> [UInt8] {
        let kept = extensions.filter { !$0.identifier.elementsEqual(identifier) }
        var content = Array(beforeExtensions)
        if !kept.isEmpty {
            let list = derValue(0x30, kept.flatMap(\.encoded))
            content += derValue(0xA3, list)
        }
        return derValue(0x30, content)
    }
}

extension ASN1Node {
    /// The nodes inside a constructed value with that tag.
    func children(tagged identifier: ASN1Identifier, _ name: String) throws(Failure) -> [ASN1Node] {
        guard self.identifier == identifier, case .constructed(let nodes) = content else {
            throw Certificate.unreadable("its \(name) has another type")
        }
        return Array(nodes)
    }
}

extension ArraySlice<UInt8> {
    /// The bytes from the start of this slice up to `end`, out of a slice that holds both.
    fileprivate func base(upTo end: Int, in whole: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard startIndex >= whole.startIndex, end <= whole.endIndex, startIndex <= end else {
            return []
        }
        return whole[startIndex..<end]
    }
}

/// One DER value: tag, minimal length, content. Spec: X.690 §8.1.3 and §10.1.
private func derValue(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    guard content.count >= 128 else { return [tag, UInt8(content.count)] + content }
    var length: [UInt8] = []
    var rest = content.count
    while rest > 0 {
        length.insert(UInt8(truncatingIfNeeded: rest), at: 0)
        rest >>= 8
    }
    return [tag, 0x80 | UInt8(length.count)] + length + content
}

/// `[0] { INTEGER 2 }`.
private let versionThree: [UInt8] = [0xA0, 0x03, 0x02, 0x01, 0x02]
private let extensionsTag = ASN1Identifier(tagWithNumber: 3, tagClass: .contextSpecific)
