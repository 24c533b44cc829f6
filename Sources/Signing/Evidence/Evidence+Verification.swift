// SPDX-License-Identifier: Apache-2.0
// Verifies evidence. Pure: no network, no files, no clock.

internal import OCI
package import Primitives

/// A verified statement about a digest.
package struct VerifiedStatement: Sendable {
    package let statement: Statement
    package let signer: VerifiedSigner
    package let location: EvidenceLocation
    /// The digest of the evidence.
    package let evidenceDigest: Digest
    package let format: EvidenceFormat
    /// The signed envelope.
    package let envelope: Envelope
    /// Everything that was checked about it.
    package let checks: [VerificationCheck]

    package var predicateType: PredicateType { statement.predicateType }
    package var predicate: JSONValue { statement.predicate }

    fileprivate init(
        statement: Statement, in envelope: Envelope, signer: VerifiedSigner,
        candidate: SignedEntity, checks: [VerificationCheck]
    ) {
        self.statement = statement
        self.envelope = envelope
        self.signer = signer
        location = candidate.location
        evidenceDigest = candidate.digest
        format = candidate.format
        self.checks = checks
    }
}

/// A verified image signature.
package struct VerifiedSignature: Sendable {
    package let signer: VerifiedSigner
    package let location: EvidenceLocation
    package let evidenceDigest: Digest
    package let format: EvidenceFormat
    /// The signed simple-signing payload; nil for a bundle, which signs a statement.
    package let payload: [UInt8]?
    /// The signed annotations.
    package let annotations: JSONObject
    /// Everything that was checked about it.
    package let checks: [VerificationCheck]

    fileprivate init(
        signer: VerifiedSigner, candidate: SignedEntity, annotations: JSONObject,
        checks: [VerificationCheck]
    ) {
        self.signer = signer
        location = candidate.location
        evidenceDigest = candidate.digest
        format = candidate.format
        if case .simpleSigning(let old) = candidate.form {
            payload = old.payload
        } else {
            payload = nil
        }
        self.annotations = annotations
        self.checks = checks
    }
}

extension Evidence {
    /// Verifies the image signatures on `subject`. An attestation is not an image signature.
    ///
    /// Spec: cosign specs/BUNDLE_SPEC.md: an image signature is a statement of type
    /// https://sigstore.dev/cosign/sign/v1; legacy ones are simple-signing payloads.
    package func signatures(
        by verifier: SignatureVerifier
    ) -> VerificationReport<VerifiedSignature> {
        var work = VerificationWork()
        return signatures(by: verifier, spending: &work)
    }

    /// The same, for a caller that verifies several times for one question.
    package func signatures(
        by verifier: SignatureVerifier, spending work: inout VerificationWork
    ) -> VerificationReport<VerifiedSignature> {
        report(by: verifier, &work) { candidate, checks throws(VerificationError) in
            if case .simpleSigning(let old) = candidate.form {
                return try verified(old, of: candidate, by: verifier, &checks)
            }
            let proof = try verifiedStatement(candidate, by: verifier, type: .signature, &checks)
            let subject = proof.statement.subjects.first { $0.names(self.subject) }
            return VerifiedSignature(
                signer: proof.signer, candidate: candidate,
                annotations: subject?.annotations ?? [:], checks: checks)
        }
    }

    /// Verifies the attestations of exactly `type` about `subject`. An image signature is not an
    /// attestation.
    package func attestations(
        of type: PredicateType, by verifier: SignatureVerifier
    ) -> VerificationReport<VerifiedStatement> {
        var work = VerificationWork()
        return attestations(of: type, by: verifier, spending: &work)
    }

    /// The same, for a caller that verifies several times for one question.
    package func attestations(
        of type: PredicateType, by verifier: SignatureVerifier,
        spending work: inout VerificationWork
    ) -> VerificationReport<VerifiedStatement> {
        report(by: verifier, &work) { candidate, checks throws(VerificationError) in
            try verifiedStatement(candidate, by: verifier, type: type, &checks)
        }
    }

    /// Verifies the candidates. A candidate that costs more than the rest of the budget is skipped,
    /// so that others are verified.
    private func report<Proof: Sendable>(
        by verifier: SignatureVerifier, _ work: inout VerificationWork,
        _ verify:
            (SignedEntity, inout [VerificationCheck]) throws(VerificationError) -> Proof
    ) -> VerificationReport<Proof> {
        var proofs: [Proof] = []
        var rejections: [RejectedCandidate] = []
        var limit: Failure?
        for candidate in candidates {
            guard work.spend(on: candidate, by: verifier.requirements.signer) else {
                limit = limit ?? workLimit(of: subject)
                continue
            }
            var checks: [VerificationCheck] = []
            do {
                proofs.append(try verify(candidate, &checks))
            } catch {
                if error.code == .overLimit { limit = limit ?? notJudged(candidate, error) }
                rejections.append(
                    RejectedCandidate(candidate: candidate, problem: error, checks: checks))
            }
        }
        return VerificationReport(
            proofs: proofs, unmet: [], rejections: rejections, limit: limit)
    }

    /// The failure for evidence over a limit. It was not read to its end, so it could verify.
    func notJudged(_ candidate: SignedEntity, _ problem: VerificationError) -> Failure {
        Failure(
            .overLimit, "cannot judge all evidence of \(subject)",
            because: "\(candidate.digest): \(problem.why)",
            next: "write that evidence again in a smaller form, or delete it")
    }

    /// Verifies a statement. Spec: DSSE protocol.md, "Verification": the signature is verified
    /// first, then exactly the signed bytes are parsed.
    private func verifiedStatement(
        _ candidate: SignedEntity, by verifier: SignatureVerifier, type: PredicateType,
        _ checks: inout [VerificationCheck]
    ) throws(VerificationError) -> VerifiedStatement {
        let (envelope, materials) = try materials(in: candidate, wanting: type)
        guard let signer = verifiedSigner(of: materials, by: verifier, &checks) else {
            throw candidate.unsigned(checks.problem, wanting: type)
        }
        let statement = try statement(in: envelope, of: type)
        checks.append(VerificationCheck(.type, .passed(type.description)))
        checks.append(VerificationCheck(.subject, .passed(subject.description)))
        return VerifiedStatement(
            statement: statement, in: envelope, signer: signer, candidate: candidate,
            checks: checks)
    }

    /// Verifies the signatures of one envelope, of which one must be valid. If none is, the most
    /// specific failure is reported.
    private func verifiedSigner(
        of materials: [VerificationMaterial], by verifier: SignatureVerifier,
        _ checks: inout [VerificationCheck]
    ) -> VerifiedSigner? {
        var mostSpecific: VerificationError?
        guard var message = materials.first?.message.hashed else { return nil }
        // A duplicate signature has the same result, so it is verified once.
        var seen: Set<[UInt8]> = []
        for (index, material) in materials.enumerated()
        where seen.insert(material.signature).inserted {
            let result = verifier.verify(material, over: &message)
            let which = VerificationCheck(
                .format, .passed("signature \(index + 1) of \(materials.count)"))
            let made = materials.count > 1 ? [which] + result.checks : result.checks
            if let signer = result.signer {
                checks = made
                return signer
            }
            guard let problem = result.checks.problem,
                mostSpecific.map({ $0 < problem }) ?? true
            else { continue }
            (mostSpecific, checks) = (problem, made)
        }
        return nil
    }

    /// The statement of a signed envelope. Throws unless it is of the type and about `subject`.
    func statement(
        in envelope: Envelope, of type: PredicateType
    ) throws(VerificationError) -> Statement {
        let statement: Statement
        do throws(VerificationError) {
            statement = try signedStatement(in: envelope)
        } catch {
            // The statement is malformed, and it names another type. Its signer wrote it, so all of it
            // is searched.
            var budget = envelope.payload.count
            if error.code == .statementMalformed,
                let named = envelope.claimedTypeText(spending: &budget),
                !isSame(named, type.description)
            {
                throw VerificationError(.otherType, "\(error.why); its type is \(quoted(named))")
            }
            throw error
        }
        guard statement.predicateType == type else {
            throw otherType(statement.predicateType, type)
        }
        guard statement.isAbout(subject) else {
            throw VerificationError(
                .subjectMismatch, "it is about \(shownSubjects(statement)), not \(subject)")
        }
        return statement
    }

    func materials(
        in candidate: SignedEntity, wanting type: PredicateType
    ) throws(VerificationError) -> (Envelope, [VerificationMaterial]) {
        switch candidate.form {
        case .simpleSigning: throw otherType(.signature, type)
        case .unreadable(let failure):
            throw VerificationError(
                failure.kind == .overLimit ? .overLimit : .malformed,
                "\(failure.what): \(failure.why)")
        case .envelope(let envelope, let legacyAnnotations, let stored):
            var materials: [VerificationMaterial] = []
            for signature in envelope.signatures {
                var material = try VerificationMaterial(
                    signature: signature.bytes, message: .envelope(envelope),
                    legacyAnnotations: legacyAnnotations, storedAs: stored)
                material.keyID = signature.keyID
                materials.append(material)
            }
            return (envelope, materials)
        case .bundle(let bundle):
            guard case .envelope(let envelope) = bundle.content else {
                throw VerificationError(
                    type == .signature ? .malformed : .otherType,
                    "it signs bytes (messageSignature), no statement about an image")
            }
            return (
                envelope,
                envelope.signatures.map {
                    VerificationMaterial(
                        bundle: bundle, signature: $0.bytes, message: .envelope(envelope))
                }
            )
        }
    }

    private func verified(
        _ old: SimpleSigning, of candidate: SignedEntity, by verifier: SignatureVerifier,
        _ checks: inout [VerificationCheck]
    ) throws(VerificationError) -> VerifiedSignature {
        let material = try VerificationMaterial(
            signature: old.signature, message: .bytes(old.payload),
            legacyAnnotations: old.legacyAnnotations)
        let result = verifier.verify(material)
        checks = result.checks
        guard let signer = result.signer else {
            throw result.checks.problem
                ?? VerificationError(.signatureInvalid, "its signature could not be checked")
        }
        let annotations = try annotations(of: old)
        checks.append(VerificationCheck(.subject, .passed(subject.description)))
        return VerifiedSignature(
            signer: signer, candidate: candidate, annotations: annotations, checks: checks)
    }

    /// The annotations of a signed payload. Throws unless its digest is `subject`.
    func annotations(of old: SimpleSigning) throws(VerificationError) -> JSONObject {
        let claim: (digest: Digest, annotations: JSONObject)
        do {
            claim = try old.claim()
        } catch {
            throw signedAndUnreadable("payload", .malformed, error)
        }
        guard claim.digest == subject else {
            throw VerificationError(.subjectMismatch, "it is about \(claim.digest), not \(subject)")
        }
        return claim.annotations
    }
}

extension SignedEntity {
    /// The reason why no signature of it verifies. The unverified type of an envelope only selects
    /// the reported reason. Evidence that names a trusted key without a valid signature was
    /// changed, regardless of its type.
    func unsigned(_ problem: VerificationError?, wanting type: PredicateType) -> VerificationError {
        let problem =
            problem ?? VerificationError(.signatureInvalid, "no signature of it could be checked")
        guard problem.code != .signatureInvalid, let claimedType, claimedType != type else {
            return problem
        }
        return otherType(claimedType, type)
    }
}

/// The problem of signed content that is malformed or over a limit.
private func signedAndUnreadable(
    _ noun: String, _ code: VerificationError.Code, _ failure: Failure
) -> VerificationError {
    failure.kind == .overLimit
        ? VerificationError(
            .overLimit, "it is signed, and its \(noun) is over a limit: \(failure.why)")
        : VerificationError(
            code, "it is signed, and its \(noun) has no readable shape: \(failure.why)")
}

/// The statement of a verified envelope.
func signedStatement(in envelope: Envelope) throws(VerificationError) -> Statement {
    guard envelope.payloadType == inTotoPayloadType else {
        // The signer signed it, so the statement is not missing; its content is unreadable.
        throw VerificationError(
            .malformed, "its payload is \(quoted(envelope.payloadType)), no in-toto statement")
    }
    do {
        return try Statement(parsing: envelope.payload)
    } catch {
        throw signedAndUnreadable("statement", .statementMalformed, error)
    }
}

private func otherType(_ found: PredicateType, _ wanted: PredicateType) -> VerificationError {
    switch (found, wanted) {
    case (_, .signature):
        VerificationError(
            .otherType, "it is an attestation (\(plain(found.description))), no signature")
    case (.signature, _): VerificationError(.otherType, "it is a signature, not an attestation")
    default:
        VerificationError(.otherType, "its type is \(plain(found.description)), not \(wanted)")
    }
}

/// The first three subjects of a statement.
func shownSubjects(_ statement: Statement) -> String {
    let found = statement.subjects.flatMap { $0.digests.map { "\($0.key):\($0.value)" } }.sorted()
    return plain(found.prefix(3).joined(separator: ", ")) + (found.count > 3 ? ", …" : "")
}
