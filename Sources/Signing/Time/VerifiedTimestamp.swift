// SPDX-License-Identifier: Apache-2.0
// From a timestamp that was received to a time that may be believed. Spec: RFC 3161 §2.2 and §2.3;
// RFC 5652 §5.4 and §5.6; RFC 5816 §2.2.

internal import Keys
package import Primitives

/// A time that an authority of the trusted root signed for exactly the message in question.
///
/// Only `TimestampToken.verified(over:by:nonce:)` makes one.
package struct VerifiedTimestamp: Hashable, Sendable {
    /// When the message existed at the latest; fractions of a second are cut.
    package let time: Timestamp
    /// Whose word it is.
    package let authority: CertificateAuthority
    /// The certificate whose key signed.
    package let certificate: Certificate
    /// The hash the message was named by.
    package let hash: HashAlgorithm
    /// The authority's own number for the token: the contents of an INTEGER.
    package let serialNumber: [UInt8]
    /// The authority's policy, as `1.3.6.1.4.1…`.
    package let policy: String
    /// SHA-256 of the token: what names it.
    package let tokenDigest: Digest

    fileprivate init(
        _ token: TimestampToken, hash: HashAlgorithm, signer: TimestampToken.Claim,
        certificate: Certificate
    ) {
        time = token.info.time
        authority = signer.authority
        self.certificate = certificate
        self.hash = hash
        serialNumber = token.info.serialNumber
        policy = token.info.policy
        tokenDigest = token.digest
    }
}

extension TimestampToken {
    /// Checks everything there is to check, in this order: the imprint, whose certificate signed,
    /// the signed attributes, the signature, the certificate's chain and purpose at the token's
    /// own time, the authority's period, the nonce.
    ///
    /// The signer is the certificate the trusted root pins as the authority's leaf. Only where the
    /// root names no leaf, just authorities above it, is the embedded one used, and must chain to
    /// them. `nonce` is the one that was sent; nil when the request is not ours to know, as for a
    /// token out of a bundle.
    package func verified(
        over message: [UInt8], by authorities: [CertificateAuthority], nonce: TimestampNonce?
    ) throws(VerificationError) -> VerifiedTimestamp {
        let hash = try checkImprint(of: message)
        let embedded = try readableCertificates()
        var mostSpecific = unknownAuthority
        for claim in claims(to: authorities, embedded) {
            do {
                let certificate = try checkedSigner(claim, embedded)
                try checkAttributesAndSignature(by: certificate)
                try checkPath(of: certificate, to: claim.authority, helpedBy: embedded)
                try checkNonce(nonce)
                return VerifiedTimestamp(self, hash: hash, signer: claim, certificate: certificate)
            } catch {
                if mostSpecific <= error { mostSpecific = error }
            }
        }
        throw mostSpecific
    }

    /// Whether the token says that it was signed by one of these authorities, truly or not.
    func claimsOne(of authorities: [CertificateAuthority]) throws(VerificationError) -> Bool {
        try !claims(to: authorities, readableCertificates()).isEmpty
    }

    /// An authority that the token's signer is named after.
    fileprivate struct Claim {
        let authority: CertificateAuthority
        /// Nil where the trusted root names no leaf.
        let pinned: Certificate?
    }

    var unknownAuthority: VerificationError {
        VerificationError(
            .timestampUntrusted,
            "the timestamp of \(info.time) is signed by \(signer.name.text), which is not a timestamp "
                + "authority of the trusted root")
    }

    /// Spec: RFC 3161 §2.4.2: the nonce "MUST be present if it was present in the TimeStampReq. In
    /// such a case it MUST equal the value".
    func checkNonce(_ expected: TimestampNonce?) throws(VerificationError) {
        guard let expected, info.nonce != expected else { return }
        throw VerificationError(
            .timestampNonceMismatch,
            info.nonce.map { "the timestamp repeats the nonce \($0), \(expected) was sent" }
                ?? "the timestamp has no nonce, \(expected) was sent")
    }
}

// MARK: Steps

extension TimestampToken {
    private func checkImprint(of message: [UInt8]) throws(VerificationError) -> HashAlgorithm {
        guard let hash = info.hash else {
            throw VerificationError(
                .timestampImprintMismatch,
                "the timestamp names its message by the hash \(info.hashIdentifier); only SHA-256, "
                    + "SHA-384 and SHA-512 tie it to one")
        }
        let expected = hash.hash(of: message)
        guard expected == info.imprint else {
            throw VerificationError(
                .timestampImprintMismatch,
                "the timestamp is about \(hash.rawValue) \(hexText(info.imprint)), the message has "
                    + hexText(expected))
        }
        return hash
    }

    /// Certificates of algorithms we do not check cannot help; broken ones are no DER.
    private func readableCertificates() throws(VerificationError) -> [Certificate] {
        var found: [Certificate] = []
        for bytes in embeddedCertificates {
            do {
                found.append(try Certificate(derBytes: bytes))
            } catch  where error.kind == .unsupported {
                continue
            } catch {
                throw VerificationError(.timestampMalformed, error)
            }
        }
        return found
    }

    private func claims(to authorities: [CertificateAuthority], _ embedded: [Certificate])
        -> [Claim]
    {
        authorities.compactMap { authority in
            if let leaf = authority.timestampLeaf {
                return leaf.isNamed(by: signer.name)
                    ? Claim(authority: authority, pinned: leaf) : nil
            }
            let belongs =
                embedded.contains { $0.isNamed(by: signer.name) }
                && embedded.contains { authority.chain.contains(where: $0.names) }
            return belongs ? Claim(authority: authority, pinned: nil) : nil
        }
    }

    /// Spec: CVE-2026-39984: the embedded certificates are the sender's word. One that stands for
    /// the signer and is not the pinned leaf means that two readers may see two signers.
    private func checkedSigner(_ claim: Claim, _ embedded: [Certificate]) throws(VerificationError)
        -> Certificate
    {
        let offered = embedded.filter { $0.isNamed(by: signer.name) }
        guard let certificate = claim.pinned ?? offered.first else { throw unknownAuthority }
        guard offered.allSatisfy({ $0 == certificate }) else {
            throw VerificationError(
                .timestampUntrusted,
                claim.pinned == nil
                    ? "the timestamp embeds several certificates under its signer's name"
                    : "the timestamp embeds a certificate under its signer's name that is not the "
                        + "trusted root's")
        }
        return certificate
    }

    /// Spec: RFC 5652 §5.4: messageDigest is that of the content's octets, and with signed
    /// attributes the signature is over these; RFC 5816 §2.2.2: the certificate they name.
    private func checkAttributesAndSignature(by certificate: Certificate) throws(VerificationError)
    {
        guard signer.hash.hash(of: content) == signer.contentDigest else {
            throw VerificationError(
                .timestampSignatureInvalid,
                "the timestamp's signed digest is not that of its content")
        }
        guard signer.certificateReferences.allSatisfy({ $0.fits(certificate) }) else {
            throw VerificationError(
                .timestampUntrusted,
                "the timestamp says it was signed with another certificate than the authority's "
                    + "\(certificate.fingerprint)")
        }
        guard
            certificate.publicKey.isValid(
                signer.signature, over: signer.signedBytes, scheme: signer.scheme)
        else {
            throw VerificationError(
                .timestampSignatureInvalid,
                "the timestamp's signature was not made with the key of the authority's "
                    + "certificate \(certificate.fingerprint)")
        }
    }

    /// Chain, purpose and period, all at the time the token itself gives.
    ///
    /// Spec: RFC 3161 §2.3: the certificate's only purpose is time-stamping, and critical.
    private func checkPath(
        of certificate: Certificate, to authority: CertificateAuthority,
        helpedBy embedded: [Certificate]
    ) throws(VerificationError) {
        guard authority.validFor.contains(info.time) else {
            throw VerificationError(
                .timestampOutsideAuthority,
                "the timestamp is of \(info.time), the authority is trusted from "
                    + "\(authority.validFor)")
        }
        do {
            _ = try CertificateChains.path(
                from: certificate, helpedBy: embedded, to: [authority], at: info.time,
                for: .timeStamping)
        } catch {
            throw asTimestampProblem(error)
        }
    }
}

/// The signing certificate has codes of its own; a timestamp's chain is told among the
/// timestamp's, so that no one takes the one for the other.
private func asTimestampProblem(_ problem: VerificationError) -> VerificationError {
    let code: VerificationError.Code =
        switch problem.code {
        case .certificateOutsideValidity: .timestampOutsideAuthority
        case .overLimit, .unsupported: problem.code
        default: .timestampUntrusted
        }
    return VerificationError(code, "the timestamp authority: \(problem.why)", at: problem.place)
}

extension CertificateAuthority {
    /// The leaf that the trusted root pins; nil where its chain holds authorities only.
    var timestampLeaf: Certificate? {
        guard let first = chain.first, !first.isAuthority else { return nil }
        return first
    }
}

extension Certificate {
    func isNamed(by name: TimestampSigner.Name) -> Bool {
        switch name {
        case .issuerAndSerial(let issuer, let serial):
            issuer == issuerName && serial == serialNumber
        case .keyIdentifier(let identifier):
            constraints.subjectKeyIdentifier.map { $0.elementsEqual(identifier) } ?? false
        }
    }
}

extension TimestampSigner.Name {
    fileprivate var text: String {
        switch self {
        case .issuerAndSerial(_, let serial): "a certificate with serial number \(hexText(serial))"
        case .keyIdentifier(let identifier):
            "a key with identifier \(plain(hexText(identifier), atMost: 80))"
        }
    }
}
