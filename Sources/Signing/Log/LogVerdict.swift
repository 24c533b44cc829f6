// SPDX-License-Identifier: Apache-2.0
// Verifies all log entries of one piece of evidence. A threshold counts distinct log operators.
// Spec: sigstore client-spec §4.6, "Threshold verification".

internal import Primitives

/// The result of verifying all entries of one bundle.
package struct LogVerdict: Hashable, Sendable {
    package let entries: [VerifiedLogEntry]
    /// The entries of logs that are not in the trusted root. They do not count and are reported.
    package let ignored: [VerificationError]

    /// The distinct log operators of the entries.
    package var parties: Set<String> { Set(entries.map(\.log.party)) }

    fileprivate init(entries: [VerifiedLogEntry], ignored: [VerificationError]) {
        self.entries = entries
        self.ignored = ignored
    }
}

extension [TransparencyLogEntry] {
    /// Verifies all entries. If an entry of a known log is invalid or about other content, the
    /// evidence is rejected, because the entry was added to pass as proof.
    package func verified(
        for content: SignedContent, by logs: [TransparencyLog], requirements: LogRequirements
    ) throws(VerificationError) -> LogVerdict {
        guard count <= Limits.proofsPerBundle else {
            throw VerificationError(
                .overLimit, "there are \(count) log entries, the limit is \(Limits.proofsPerBundle)"
            )
        }
        try refuseDuplicates()
        var entries: [VerifiedLogEntry] = []
        var ignored: [VerificationError] = []
        for (index, entry) in enumerated() {
            do throws(VerificationError) {
                let found = try entry.verified(for: content, by: logs, requirements: requirements)
                guard !entries.contains(where: found.isSamePlace) else {
                    throw VerificationError(
                        .duplicateLogEntry, "index \(found.logIndex) of one log occurs twice")
                }
                entries.append(found)
            } catch {
                let problem = error.at("log entry \(index + 1) of \(count)")
                guard error.code == .logUntrusted else { throw problem }
                ignored.append(problem)
            }
        }
        let verdict = LogVerdict(entries: entries, ignored: ignored)
        guard verdict.parties.count >= requirements.threshold else {
            throw verdict.tooFew(requirements.threshold)
        }
        return verdict
    }

    /// Rejects two entries with the same index of the same log.
    private func refuseDuplicates() throws(VerificationError) {
        var places: [EntryPlace: Int] = [:]
        for (index, entry) in enumerated() {
            let key = EntryPlace(logID: entry.logID, logIndex: entry.logIndex)
            if let first = places.updateValue(index, forKey: key) {
                throw VerificationError(
                    .duplicateLogEntry,
                    "log entries \(first + 1) and \(index + 1) have one log and index \(key.logIndex)"
                )
            }
        }
    }
}

extension VerifiedLogEntry {
    fileprivate func isSamePlace(_ other: VerifiedLogEntry) -> Bool {
        log.keyID == other.log.keyID && logIndex == other.logIndex
    }
}

private struct EntryPlace: Hashable {
    let logID: [UInt8]
    let logIndex: Int
}

extension LogVerdict {
    fileprivate func tooFew(_ needed: Int) -> VerificationError {
        if entries.isEmpty, let first = ignored.first { return first }
        return VerificationError(
            .logEntryMissing,
            entries.isEmpty
                ? "there is no log entry, \(needed) are needed"
                : "\(entries.count) log entries are of \(parties.count) parties, "
                    + "\(needed) parties are needed")
    }
}
