// SPDX-License-Identifier: Apache-2.0
// What a timestamp authority is asked. Spec: RFC 3161 §2.4.1, TimeStampReq.

internal import Keys
package import Primitives
internal import SwiftASN1

/// A question for a timestamp authority: only the hash of the message leaves the house.
///
/// It goes out as `application/timestamp-query`, its answer is `application/timestamp-reply`
/// (RFC 3161 §3.4).
package struct TimestampRequest: Hashable, Sendable {
    package let hash: HashAlgorithm
    /// The hash of the message.
    package let imprint: [UInt8]
    /// Nil for a request whose answer may be an old one.
    package let nonce: TimestampNonce?
    /// Whether the authority is to put its certificates into the token.
    package let wantsCertificates: Bool
    /// The policy the token must be made under, as `1.3.6.1.4.1…`; nil for any.
    package let policy: String?
    /// The request in DER.
    package let derBytes: [UInt8]

    /// Asks for the time of `message`: for a Sigstore bundle, the bytes of the signature.
    package init(
        over message: [UInt8], hash: HashAlgorithm, nonce: TimestampNonce?,
        wantsCertificates: Bool, policy: String? = nil
    ) throws(Failure) {
        self.hash = hash
        imprint = hash.hash(of: message)
        self.nonce = nonce
        self.wantsCertificates = wantsCertificates
        self.policy = policy
        let wanted = try policy.map { text throws(Failure) in try policyIdentifier(text) }
        derBytes = try encoded(
            hash: hash, imprint: imprint, policy: wanted, nonce: nonce,
            wantsCertificates: wantsCertificates)
    }

    /// Reads the authority's answer and checks that it answers this question.
    ///
    /// Spec: RFC 3161 §2.2: the requester SHALL verify status, imprint, nonce and policy of the
    /// answer. Whether the authority is one of ours is for `verified(over:by:nonce:)`.
    package func token(inAnswer answer: [UInt8]) throws(VerificationError) -> TimestampToken {
        let token = try TimestampToken(response: answer)
        guard token.info.hash == hash, token.info.imprint == imprint else {
            throw VerificationError(
                .timestampImprintMismatch, "the answer is about another message or hash")
        }
        try token.checkNonce(nonce)
        if let policy, policy != token.info.policy {
            throw VerificationError(
                .timestampUntrusted,
                "the answer is under the policy \(token.info.policy), \(policy) was asked for")
        }
        // Spec: RFC 3161 §2.4.1: without certReq the certificates field "MUST NOT be present".
        // An empty field is what some authorities send; it says the same.
        guard token.embeddedCertificates.isEmpty != wantsCertificates else {
            throw malformedToken(
                wantsCertificates
                    ? "the answer holds no certificates, they were asked for"
                    : "the response has certificates that were not requested")
        }
        return token
    }
}

private func policyIdentifier(_ text: String) throws(Failure) -> ASN1ObjectIdentifier {
    let numbers = text.utf8.split(separator: ".", omittingEmptySubsequences: false).map { UInt($0) }
    let known = numbers.compactMap { $0 }
    // More would overflow where the first two numbers share one subidentifier.
    let fits =
        known.count == numbers.count && (2...64).contains(known.count)
        && known.allSatisfy { $0 <= UInt(UInt32.max) } && known[0] <= 2
        && (known[0] == 2 || known[1] < 40)
    guard fits, text.utf8.count <= Limits.objectIdentifierBytes,
        known.map(String.init).joined(separator: ".") == text,
        let identifier = try? ASN1ObjectIdentifier(elements: known)
    else {
        throw Failure(
            .usage, "cannot ask for the timestamp policy \(quoted(text))",
            because: "it is not an object identifier such as 1.3.6.1.4.1.57264.2")
    }
    return identifier
}

private func encoded(
    hash: HashAlgorithm, imprint: [UInt8], policy: ASN1ObjectIdentifier?, nonce: TimestampNonce?,
    wantsCertificates: Bool
) throws(Failure) -> [UInt8] {
    var writer = DER.Serializer()
    do {
        try writer.appendConstructedNode(identifier: .sequence) { writer in
            try writer.serialize(1)
            try writer.appendConstructedNode(identifier: .sequence) { writer in
                // Spec: RFC 5754 §2: "parameters MUST be omitted" is preferred; NULL is what older
                // authorities read, and every one accepts it.
                try writer.appendConstructedNode(identifier: .sequence) { writer in
                    try writer.serialize(hash.identifier)
                    writer.appendPrimitiveNode(identifier: .null) { _ in }
                }
                try writer.serialize(ASN1OctetString(contentBytes: imprint[...]))
            }
            if let policy { try writer.serialize(policy) }
            if let nonce {
                writer.appendPrimitiveNode(identifier: .integer) { $0 += nonce.integerBytes }
            }
            if wantsCertificates { try writer.serialize(true) }
        }
    } catch {
        throw Failure(.bug, "cannot write a timestamp request", because: decodingWords(error))
    }
    return writer.serializedBytes
}
