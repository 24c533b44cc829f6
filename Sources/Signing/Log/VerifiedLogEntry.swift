// SPDX-License-Identifier: Apache-2.0
// Verifies log entries: they are in a known log, and about this signature.
// Spec: sigstore client-spec §4.2.2 and §4.4; rekor openapi.yaml, LogEntry;
// sigstore/architecture-docs rekor-v2-spec.md.

internal import Keys
package import Primitives

/// A verified entry. Only `verified` creates one.
package struct VerifiedLogEntry: Hashable, Sendable {
    /// The log of the trusted root with the entry.
    package let log: TransparencyLog
    /// A verified index: the global index if the log signed it, else the leaf's index in its shard.
    package let logIndex: Int
    /// The integrated time, only with a verified signed entry timestamp, never for Rekor v2.
    package let integratedTime: Timestamp?
    /// The checkpoint of the inclusion proof; nil if there is only a signed entry timestamp.
    package let checkpoint: Checkpoint?
    /// The known witnesses that cosigned the checkpoint.
    package let witnesses: [WitnessCosignature]

    package var isInclusionProven: Bool { checkpoint != nil }

    fileprivate init(
        log: TransparencyLog, logIndex: Int, integratedTime: Timestamp?, checkpoint: Checkpoint?,
        witnesses: [WitnessCosignature]
    ) {
        self.log = log
        self.logIndex = logIndex
        self.integratedTime = integratedTime
        self.checkpoint = checkpoint
        self.witnesses = witnesses
    }
}

extension VerifiedLogEntry {
    /// Checks that the log's key was valid at the signed times. Entries without a time, such as
    /// those of Rekor v2, do not show when the log signed.
    ///
    /// - Parameter times: the verified times of timestamps and other entries. Without any, a key
    ///   with an end of validity is rejected, because the holder of a retired key could still sign.
    package func requireLogValid(at times: [Timestamp]) throws(VerificationError) {
        guard integratedTime == nil else { return }
        if times.isEmpty, let end = log.validFor.end {
            throw VerificationError(
                .signedTimeMissing,
                "the log's key is good until \(end), and nobody signed when the entry was made: no "
                    + "timestamp, and no log's promise")
        }
        if let outside = times.first(where: { !log.validFor.contains($0) }) {
            throw VerificationError(
                .logOutsideValidity,
                "the signature was made at \(outside), the log's key is good from \(log.validFor)")
        }
    }
}

extension TransparencyLogEntry {
    /// Verifies that the entry is a log's proof for `content`. Throws the first failed check.
    ///
    /// The order is: the log is known; the signed entry timestamp, the inclusion proof and the
    /// checkpoint are valid; the requirements are met; the entry is about the content.
    package func verified(
        for content: SignedContent, by logs: [TransparencyLog], requirements: LogRequirements
    ) throws(VerificationError) -> VerifiedLogEntry {
        let candidates = logs.filter(isEntry(of:))
        guard !candidates.isEmpty else {
            throw VerificationError(
                .logUntrusted,
                "the entry is of the log \(hexText(logID)), known logs are "
                    + (logs.isEmpty ? "none" : logs.map(\.shown).joined(separator: ", ")))
        }
        let body = try LogEntryBody(parsing: body, as: kind)
        var problems: [VerificationError] = []
        // A key can occur several times in the trusted root, with different validity periods.
        for log in candidates {
            do throws(VerificationError) {
                let entry = try proven(by: log, requirements)
                try requireAbout(content, body)
                return entry
            } catch { problems.append(error) }
        }
        throw problems.max() ?? VerificationError(.logUntrusted, "no known log has the entry")
    }

    /// The logs of the trusted root that the entry names.
    func isEntry(of log: TransparencyLog) -> Bool { log.isNamed(logID) }

    private func proven(
        by log: TransparencyLog, _ requirements: LogRequirements
    ) throws(VerificationError) -> VerifiedLogEntry {
        let time = try promisedTime(by: log)
        let checkpoint = try provenCheckpoint(by: log)
        if checkpoint == nil {
            guard requirements.proof == .inclusionProofOrSET, generation == .version1 else {
                throw VerificationError(.inclusionProofMissing, "the entry has no inclusion proof")
            }
            guard time != nil else {
                throw VerificationError(
                    .signedEntryTimestampMissing,
                    "the entry has neither inclusion proof nor promise")
            }
        }
        return VerifiedLogEntry(
            log: log, logIndex: provenIndex(time), integratedTime: time, checkpoint: checkpoint,
            witnesses: try cosignatures(of: checkpoint, requirements.witnesses))
    }

    /// Spec: RFC 9162 §2.1.3.2 under the checkpoint's root and size.
    private func provenCheckpoint(by log: TransparencyLog) throws(VerificationError) -> Checkpoint?
    {
        guard let inclusion = proofs.inclusion else { return nil }
        guard let text = inclusion.checkpoint else {
            throw VerificationError(.checkpointMissing, "the inclusion proof has no checkpoint")
        }
        let checkpoint = try log.verifiedCheckpoint(text, of: generation)
        try inclusion.requireAgreement(with: checkpoint, generation)
        if generation == .version2, inclusion.logIndex != 0, inclusion.logIndex != logIndex {
            throw VerificationError(
                .inclusionProofInvalid,
                "the entry has index \(logIndex), its inclusion proof is for \(inclusion.logIndex)")
        }
        // In v1, proofs are about one shard, and the entries' indexes about all shards.
        let proof = InclusionProof(
            leafIndex: generation == .version2 ? logIndex : inclusion.logIndex,
            treeSize: checkpoint.size, inclusionPath: inclusion.hashes)
        try proof.verify(leaf: MerkleHash.leaf(body), root: checkpoint.rootHash)
        return checkpoint
    }

    private func cosignatures(
        of checkpoint: Checkpoint?, _ requirements: WitnessRequirements
    ) throws(VerificationError) -> [WitnessCosignature] {
        guard let checkpoint else {
            guard requirements.atLeast <= 0 else {
                throw VerificationError(
                    .witnessMissing,
                    "\(requirements.atLeast) witnesses are needed, there is no checkpoint")
            }
            return []
        }
        return try checkpoint.note.cosignatures(requirements)
    }

    private func provenIndex(_ promisedTime: Timestamp?) -> Int {
        guard generation == .version1, promisedTime == nil else { return logIndex }
        return proofs.inclusion?.logIndex ?? logIndex
    }

    /// Compares each part of the entry; in Rekor v2 also the whole leaf with one built from the
    /// content.
    private func requireAbout(
        _ content: SignedContent, _ body: LogEntryBody
    ) throws(VerificationError) {
        try body.requireAbout(content)
        guard case .hashedRecordVersion2(let record) = body else { return }
        let rebuilt: [UInt8]
        do throws(Failure) {
            rebuilt = try content.version2Body(details: record.details(for: content.verifier.key))
        } catch {
            throw VerificationError(.logEntryMalformed, error)
        }
        guard rebuilt == self.body else {
            throw VerificationError(
                .logEntryMalformed,
                "the entry says the same as the leaf made from the evidence, in other bytes")
        }
    }
}

extension TransparencyLogEntry.Inclusion {
    /// v1 has root and size twice, and both must be equal. In v2 the checkpoint's values are used;
    /// the others are optional.
    fileprivate func requireAgreement(
        with checkpoint: Checkpoint, _ generation: LogGeneration
    ) throws(VerificationError) {
        let mayBeAbsent = generation == .version2
        guard rootHash == checkpoint.rootHash || (mayBeAbsent && rootHash.isEmpty) else {
            throw VerificationError(
                .checkpointMismatch,
                "the inclusion proof leads to root \(hexText(rootHash)), the checkpoint has "
                    + hexText(checkpoint.rootHash))
        }
        guard treeSize == checkpoint.size || (mayBeAbsent && treeSize == 0) else {
            throw VerificationError(
                .checkpointMismatch,
                "the inclusion proof is for \(treeSize) leaves, the checkpoint has \(checkpoint.size)"
            )
        }
    }
}

extension TransparencyLog {
    fileprivate var shown: String { "\(hexText(keyID)) (\(plain(origin)))" }
}
