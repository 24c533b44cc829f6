// SPDX-License-Identifier: Apache-2.0
// All log entries of one piece of evidence together.
// A threshold counts different logs; an entry that is wrong does not count.
// Spec: sigstore client-spec §4.6, "Threshold verification".

internal import Primitives

/// What all entries of one bundle prove together.
package struct LogVerdict: Hashable, Sendable {
    package let entries: [VerifiedLogEntry]
    /// Entries of logs that the trust root does not have: they count for nothing, and are told.
    package let ignored: [EvidenceProblem]

    /// The distinct parties behind the entries.
    package var parties: Set<String> { Set(entries.map(\.log.party)) }

    fileprivate init(entries: [VerifiedLogEntry], ignored: [EvidenceProblem]) {
        self.entries = entries
        self.ignored = ignored
    }
}

extension [TransparencyLogEntry] {
    /// Verifies every entry. One of a known log that does not hold, or is about something else,
    /// spoils all: whoever put it there wanted it to be taken for proof.
    package func verified(
        for content: SignedContent, by logs: [TransparencyLog], demand: LogDemand
    ) throws(EvidenceProblem) -> LogVerdict {
        guard count <= Limits.proofsPerBundle else {
            throw EvidenceProblem(
                .overLimit, "there are \(count) log entries, the limit is \(Limits.proofsPerBundle)"
            )
        }
        try refuseDuplicates()
        var entries: [VerifiedLogEntry] = []
        var ignored: [EvidenceProblem] = []
        for (place, entry) in enumerated() {
            do throws(EvidenceProblem) {
                let found = try entry.verified(for: content, by: logs, demand: demand)
                guard !entries.contains(where: found.isSamePlace) else {
                    throw EvidenceProblem(
                        .duplicateLogEntry, "index \(found.logIndex) of one log occurs twice")
                }
                entries.append(found)
            } catch {
                let problem = error.at("log entry \(place + 1) of \(count)")
                guard error.code == .logUntrusted else { throw problem }
                ignored.append(problem)
            }
        }
        let verdict = LogVerdict(entries: entries, ignored: ignored)
        guard verdict.parties.count >= demand.parties else { throw verdict.tooFew(demand.parties) }
        return verdict
    }

    /// Two entries with one index of one log are one entry written twice.
    private func refuseDuplicates() throws(EvidenceProblem) {
        var places: [EntryPlace: Int] = [:]
        for (place, entry) in enumerated() {
            let key = EntryPlace(logID: entry.logID, logIndex: entry.logIndex)
            if let first = places.updateValue(place, forKey: key) {
                throw EvidenceProblem(
                    .duplicateLogEntry,
                    "log entries \(first + 1) and \(place + 1) have one log and index \(key.logIndex)"
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
    fileprivate func tooFew(_ needed: Int) -> EvidenceProblem {
        if entries.isEmpty, let first = ignored.first { return first }
        return EvidenceProblem(
            .logEntryMissing,
            entries.isEmpty
                ? "there is no log entry, \(needed) are needed"
                : "\(entries.count) log entries are of \(parties.count) parties, "
                    + "\(needed) parties are needed")
    }
}
