// SPDX-License-Identifier: Apache-2.0
// Verifies the responses of logs and timestamp authorities.
// Spec: sigstore client-spec §2.1.5, §2.1.7, §2.1.8; RFC 3161 §2.4.2.

package import Primitives

extension TrustedRoot {
    /// Verifies the entry of a log's response: it is in this trusted log, and about the signature.
    ///
    /// - Throws: `malformed` for an invalid entry, `rejected` for one that does not verify.
    package func entry(
        inAnswer answer: [UInt8], of log: SigningService, for parts: SignedParts
    ) throws(Failure) -> TransparencyLogEntry {
        let entry = try LogUpload.entry(inAnswer: answer, version: log.majorVersion)
        let requirements = LogRequirements(proof: .inclusionProof, threshold: 1, witnesses: .none)
        do {
            _ = try [entry].verified(for: parts.signedContent, by: logs, requirements: requirements)
        } catch {
            throw refused(log, .log, error)
        }
        return entry
    }

    /// Verifies a timestamp of a trusted authority for the signature.
    package func timestamp(
        inAnswer answer: [UInt8], to request: TimestampRequest, of authority: SigningService,
        for parts: SignedParts
    ) throws(Failure) -> VerifiedTimestamp {
        do {
            return try request.token(inAnswer: answer).verified(
                over: parts.signature, by: timestampAuthorities, nonce: request.nonce)
        } catch {
            throw refused(authority, .timestampAuthority, error)
        }
    }
}

private func refused(
    _ service: SigningService, _ kind: SigningService.Kind, _ problem: VerificationError
) -> Failure {
    Failure(
        .rejected, "will not use the answer of the \(kind.words) \(plain(service.host))",
        because: "\(problem.code.rawValue): \(problem.why)",
        next: "check that the trusted root and the \(kind.words) belong together")
}
