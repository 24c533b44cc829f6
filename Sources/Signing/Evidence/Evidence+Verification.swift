// SPDX-License-Identifier: Apache-2.0
// From evidence to proof. No network, no files, no clock: the same arguments give the same answer.

internal import OCI
package import Primitives

/// Who must have signed. One case is one way to trust; a mixture cannot be written down.
package enum TrustedSigner: Hashable, Sendable {
    case key(PublicKey)

    fileprivate var key: PublicKey {
        switch self {
        case .key(let key): key
        }
    }
}

/// A statement whose signature was checked and whose subject is the digest asked about.
package struct VerifiedStatement: Sendable {
    package let statement: Statement
    package let signer: TrustedSigner
    package let carrier: EvidenceCarrier
    /// The bytes of the evidence, by digest.
    package let evidenceDigest: Digest

    package var predicateType: PredicateType { statement.predicateType }
    package var predicate: JSONValue { statement.predicate }

    fileprivate init(
        statement: Statement, signer: TrustedSigner, carrier: EvidenceCarrier,
        evidenceDigest: Digest
    ) {
        self.statement = statement
        self.signer = signer
        self.carrier = carrier
        self.evidenceDigest = evidenceDigest
    }
}

/// A signature on a digest: "this is signed", by that signer, and nothing more.
package struct VerifiedSignature: Sendable {
    package let signer: TrustedSigner
    package let carrier: EvidenceCarrier
    package let evidenceDigest: Digest
    /// Key and value pairs the signer bound to the signature.
    package let annotations: JSONObject

    fileprivate init(
        signer: TrustedSigner, carrier: EvidenceCarrier, evidenceDigest: Digest,
        annotations: JSONObject
    ) {
        self.signer = signer
        self.carrier = carrier
        self.evidenceDigest = evidenceDigest
        self.annotations = annotations
    }
}

/// What became of every candidate: a proof, or the reason why it is none.
package struct VerificationReport<Proof: Sendable>: Sendable {
    package let proofs: [Proof]
    /// Verified, and not what `keeping` was told to keep.
    package let unmet: [Proof]
    package let rejections: [RejectedCandidate]

    /// The rejection that tells most about why there is no proof; nil when nothing was found.
    package var mostTelling: RejectedCandidate? { rejections.mostTelling }
}

extension [RejectedCandidate] {
    var mostTelling: RejectedCandidate? { self.max { $0.reason.rank < $1.reason.rank } }
}

/// A candidate that proves nothing, and why.
package struct RejectedCandidate: Sendable {
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        /// It proves something else: an attestation is no signature, nor one type another.
        case otherType
        /// Its bytes have no readable shape.
        case malformed
        /// It names a certificate, and certificates are not verified by a key.
        case certificateSigner
        /// Somebody else's key made it.
        case signerMismatch
        /// It verifies, and is about another digest.
        case subjectMismatch
        /// It says it is by this key, and its bytes are not what that key signed.
        case signatureInvalid

        fileprivate var rank: Int { Reason.allCases.firstIndex(of: self) ?? 0 }
    }

    package let candidate: EvidenceCandidate
    package let reason: Reason
    /// The sentence for people: found against expected.
    package let why: String
}

extension Evidence {
    /// The signatures on `subject` that `signer` made. An attestation never counts as one.
    ///
    /// Spec: cosign BUNDLE_SPEC: an image signature is a statement of type
    /// https://sigstore.dev/cosign/sign/v1; older ones are simple-signing payloads.
    package func signatures(by signer: TrustedSigner) -> VerificationReport<VerifiedSignature> {
        report { candidate throws(Rejected) in
            if case .simpleSigning(let old) = candidate.form {
                return try verified(old, of: candidate, by: signer)
            }
            let proof = try verifiedStatement(candidate, by: signer, type: .signature)
            let subject = proof.statement.subjects.first { $0.names(self.subject) }
            return VerifiedSignature(
                signer: signer, carrier: candidate.carrier, evidenceDigest: candidate.digest,
                annotations: subject?.annotations ?? [:])
        }
    }

    /// The statements of exactly `type` about `subject` that `signer` made. A signature never
    /// counts as one.
    package func attestations(
        of type: PredicateType, by signer: TrustedSigner
    ) -> VerificationReport<VerifiedStatement> {
        report { candidate throws(Rejected) in
            try verifiedStatement(candidate, by: signer, type: type)
        }
    }

    private func report<Proof: Sendable>(
        _ verify: (EvidenceCandidate) throws(Rejected) -> Proof
    ) -> VerificationReport<Proof> {
        var proofs: [Proof] = []
        var rejections: [RejectedCandidate] = []
        for candidate in candidates {
            do {
                proofs.append(try verify(candidate))
            } catch {
                rejections.append(
                    RejectedCandidate(candidate: candidate, reason: error.reason, why: error.why))
            }
        }
        return VerificationReport(proofs: proofs, unmet: [], rejections: rejections)
    }

    /// Spec: DSSE protocol.md, "Verification": the signature first, then the payload that was
    /// signed, and those very bytes are what is parsed.
    private func verifiedStatement(
        _ candidate: EvidenceCandidate, by signer: TrustedSigner, type: PredicateType
    ) throws(Rejected) -> VerifiedStatement {
        let (envelope, hint) = try envelope(in: candidate, wanting: type)
        let key = signer.key
        let message = envelope.signedBytes
        guard envelope.signatures.contains(where: { key.isValid($0.bytes, over: message) }) else {
            // What an unverified envelope says it is only decides which "no" is told; and what names
            // our key without being signed by it was changed, whatever it says it is now.
            if hint != key.hint, let claimed = candidate.claimedType, claimed != type {
                throw otherType(claimed, type)
            }
            throw notBy(key, hint: hint)
        }
        guard envelope.payloadType == inTotoPayloadType else {
            // Signed by the very key, so it is no absence; what it says cannot be told.
            throw Rejected(
                .malformed, "its payload is \(quoted(envelope.payloadType)), no in-toto statement")
        }
        let statement: Statement
        do {
            statement = try Statement(parsing: envelope.payload)
        } catch {
            throw Rejected(
                .malformed, "it is signed, and its statement has no readable shape: \(error.why)")
        }
        guard statement.predicateType == type else {
            throw otherType(statement.predicateType, type)
        }
        guard statement.isAbout(subject) else {
            throw Rejected(.subjectMismatch, "it is about \(names(statement)), not \(subject)")
        }
        return VerifiedStatement(
            statement: statement, signer: signer, carrier: candidate.carrier,
            evidenceDigest: candidate.digest)
    }

    private func envelope(
        in candidate: EvidenceCandidate, wanting type: PredicateType
    ) throws(Rejected) -> (Envelope, hint: String?) {
        switch candidate.form {
        case .envelope(let envelope): return (envelope, nil)
        case .simpleSigning: throw otherType(.signature, type)
        case .unreadable(let failure): throw Rejected(.malformed, "\(failure.what): \(failure.why)")
        case .bundle(let bundle):
            guard case .envelope(let envelope) = bundle.content else {
                throw Rejected(
                    type == .signature ? .malformed : .otherType,
                    "it signs bytes (messageSignature), no statement about an image")
            }
            switch bundle.signer {
            case .publicKey(let hint): return (envelope, hint)
            case .certificate:
                // The claimed type decides first, or a keyless provenance would look like a
                // missing signature.
                if let claimed = candidate.claimedType, claimed != type {
                    throw otherType(claimed, type)
                }
                throw Rejected(.certificateSigner, "a certificate signed it, and a key is expected")
            }
        }
    }

    private func verified(
        _ old: SimpleSigning, of candidate: EvidenceCandidate, by signer: TrustedSigner
    ) throws(Rejected) -> VerifiedSignature {
        let key = signer.key
        guard key.isValid(old.signature, over: old.payload) else {
            if old.hasCertificate {
                throw Rejected(.certificateSigner, "a certificate signed it, and a key is expected")
            }
            throw notBy(key, hint: nil)
        }
        let claim: (digest: Digest, annotations: JSONObject)
        do {
            claim = try old.claim()
        } catch {
            throw Rejected(
                .malformed, "it is signed, and its payload has no readable shape: \(error.why)")
        }
        guard claim.digest == subject else {
            throw Rejected(.subjectMismatch, "it is about \(claim.digest), not \(subject)")
        }
        return VerifiedSignature(
            signer: signer, carrier: candidate.carrier, evidenceDigest: candidate.digest,
            annotations: claim.annotations)
    }
}

private struct Rejected: Error {
    let reason: RejectedCandidate.Reason
    let why: String

    init(_ reason: RejectedCandidate.Reason, _ why: String) {
        self.reason = reason
        self.why = why
    }
}

private func otherType(_ found: PredicateType, _ wanted: PredicateType) -> Rejected {
    switch (found, wanted) {
    case (_, .signature):
        Rejected(.otherType, "it is an attestation (\(plain(found.description))), no signature")
    case (.signature, _): Rejected(.otherType, "it is a signature, no attestation")
    default: Rejected(.otherType, "its type is \(plain(found.description)), not \(wanted)")
    }
}

/// A hint is not authenticated, but it tells two stories apart: another key signed, or this key is
/// named and the bytes were changed.
private func notBy(_ key: PublicKey, hint: String?) -> Rejected {
    guard let hint, !hint.isEmpty else {
        return Rejected(
            .signerMismatch, "it was not made by the key \(key.fingerprint), or was changed since")
    }
    guard hint == key.hint else {
        return Rejected(
            .signerMismatch, "it names another key (\(shownHint(hint))), not \(key.fingerprint)")
    }
    return Rejected(
        .signatureInvalid,
        "it names the key \(key.fingerprint), and its bytes are not what that key signed")
}

private func names(_ statement: Statement) -> String {
    let found = statement.subjects.flatMap { $0.digests.map { "\($0.key):\($0.value)" } }.sorted()
    return plain(found.prefix(3).joined(separator: ", ")) + (found.count > 3 ? ", …" : "")
}

/// A hint as the fingerprint it stands for, when it has cosign's form; else as it was written.
private func shownHint(_ hint: String) -> String {
    guard let hash = bytes(fromBase64: hint), hash.count == 32 else { return quoted(hint) }
    return "sha256:\(hexText(hash))"
}
