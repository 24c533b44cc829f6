// SPDX-License-Identifier: Apache-2.0
// The hashes and signatures that timestamps may be made with. Spec: RFC 5754 (SHA-2 in CMS),
// RFC 5758 §3.2 (ECDSA), RFC 4055 §3 and §5 (RSA). SHA-1 and MD5 are not among them.

internal import Keys
internal import Primitives
internal import SwiftASN1

extension HashAlgorithm {
    var identifier: ASN1ObjectIdentifier {
        switch self {
        case .sha256: [2, 16, 840, 1, 101, 3, 4, 2, 1]
        case .sha384: [2, 16, 840, 1, 101, 3, 4, 2, 2]
        case .sha512: [2, 16, 840, 1, 101, 3, 4, 2, 3]
        }
    }

    /// Nil for an algorithm that is none of ours.
    init?(_ identifier: ASN1ObjectIdentifier) {
        guard let found = Self.allCases.first(where: { $0.identifier == identifier }) else {
            return nil
        }
        self = found
    }
}

/// The scheme of a SignerInfo's signature, which must sign with the hash of its content.
///
/// Spec: RFC 8933 §3: with signed attributes, "the same digest algorithm MUST be used" for both.
func timestampSignatureScheme(_ node: ASN1Node, with hash: HashAlgorithm) throws(VerificationError)
    -> SignatureScheme
{
    let elements = try TokenElements.all(of: node, named: "the signature algorithm", atMost: 2)
    guard let first = elements.first else { throw malformedToken("it has no signature algorithm") }
    let identifier = try first.objectIdentifier("signature algorithm")
    if identifier == saltedRSA { return try saltedScheme(elements.dropFirst().first, with: hash) }
    _ = try node.algorithm("signature algorithm")
    // rsaEncryption names no hash: the digest algorithm is meant (RFC 3370 §3.2).
    if identifier == plainRSA { return .rsaPKCS1(hash) }
    guard let scheme = schemes[identifier] else {
        throw VerificationError(
            .unsupported,
            "the timestamp is signed with \(identifier.dotted); ECDSA and RSA with SHA-256, "
                + "SHA-384 or SHA-512 are accepted")
    }
    guard scheme.hash == hash else {
        throw malformedToken(
            "the signature is \(scheme), the content's digest \(hash.rawValue)")
    }
    return scheme
}

/// RSASSA-PSS-params ::= SEQUENCE { hash [0], maskGen [1], saltLength [2], trailer [3] DEFAULT 1 }
///
/// Their defaults are SHA-1, so none but the last can be left out. Deviation: salts of another
/// length than the hash are refused, as everywhere in `SignatureScheme.rsaPSS`.
private func saltedScheme(_ node: ASN1Node?, with hash: HashAlgorithm) throws(VerificationError)
    -> SignatureScheme
{
    guard let node else { throw malformedToken("its RSA PSS signature has no parameters") }
    var fields = try TokenElements(node, of: "the RSA PSS parameters")
    var hashes = try TokenElements(
        fields.next("hash"), tagged: .context(0), of: "the RSA PSS parameters")
    var masks = try TokenElements(
        fields.next("mask"), tagged: .context(1), of: "the RSA PSS parameters")
    var mask = try TokenElements(masks.next("mask"), of: "the RSA PSS mask")
    var salts = try TokenElements(
        fields.next("salt"), tagged: .context(2), of: "the RSA PSS parameters")
    let found = (
        hash: try hashes.next("hash").algorithm("RSA PSS hash"),
        mask: try mask.next("mask").objectIdentifier("RSA PSS mask"),
        maskHash: try mask.next("hash").algorithm("RSA PSS mask's hash"),
        salt: try salts.next("salt").number("RSA PSS salt length", in: 0...Int(UInt16.max))
    )
    for part in [hashes, masks, mask, salts, fields] { try part.finish() }
    guard found == (hash.identifier, maskGeneration, hash.identifier, hash.byteCount) else {
        throw VerificationError(
            .unsupported,
            "the timestamp is signed with RSA PSS other than with the content's hash throughout "
                + "and a salt as long as it")
    }
    return .rsaPSS(hash)
}

private let schemes: [ASN1ObjectIdentifier: SignatureScheme] = [
    [1, 2, 840, 10045, 4, 3, 2]: .ecdsa(.sha256),
    [1, 2, 840, 10045, 4, 3, 3]: .ecdsa(.sha384),
    [1, 2, 840, 10045, 4, 3, 4]: .ecdsa(.sha512),
    [1, 2, 840, 113549, 1, 1, 11]: .rsaPKCS1(.sha256),
    [1, 2, 840, 113549, 1, 1, 12]: .rsaPKCS1(.sha384),
    [1, 2, 840, 113549, 1, 1, 13]: .rsaPKCS1(.sha512),
]
private let plainRSA: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 1]
private let maskGeneration: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 8]
private let saltedRSA: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 10]
