// SPDX-License-Identifier: Apache-2.0
// Signed entry timestamps (SET). Spec: rekor openapi.yaml, signedEntryTimestamp.

internal import Keys
package import Primitives

extension TransparencyLogEntry {
    /// The content of a signed entry timestamp: canonical JSON with the global index.
    package func promisedBytes() throws(Failure) -> [UInt8] {
        let payload: JSONValue = [
            "body": .string(base64Text(body)),
            "integratedTime": .number(JSONNumber(claimedTime?.seconds ?? 0)),
            "logID": .string(hexText(logID)), "logIndex": .number(JSONNumber(logIndex)),
        ]
        return try payload.canonicalBytes
    }

    /// Verifies the signed entry timestamp and returns the integrated time; nil if there is none,
    /// and in Rekor v2.
    ///
    /// A signed entry timestamp must be valid even if none is required.
    func promisedTime(by log: TransparencyLog) throws(VerificationError) -> Timestamp? {
        guard let promise = proofs.signedEntryTimestamp else { return nil }
        guard generation == .version1 else {
            throw VerificationError(
                .signedEntryTimestampInvalid,
                "the entry is of Rekor v2, which makes no promises, and has one")
        }
        // Two indexes above 2^53 can be equal in canonical JSON, so one signature would verify for
        // both.
        guard let time = claimedTime, time.seconds <= exactIntegers, logIndex <= exactIntegers
        else {
            throw VerificationError(
                .signedEntryTimestampInvalid,
                "the promise is over time \(claimedTime?.seconds ?? 0) and index \(logIndex), "
                    + "numbers from 1 and up to 2^53-1 can be promised")
        }
        guard log.validFor.contains(time) else {
            throw VerificationError(
                .logOutsideValidity,
                "the log took the entry at \(time), its key is good from \(log.validFor)")
        }
        let message: [UInt8]
        do throws(Failure) { message = try promisedBytes() } catch {
            throw VerificationError(.logEntryMalformed, error)
        }
        guard log.publicKey.isValid(promise, over: message) else {
            throw VerificationError(
                .signedEntryTimestampInvalid,
                "the signed entry timestamp was not made by \(log.origin) over this entry")
        }
        return time
    }
}

/// Spec: RFC 8785 §3.2.2.3, RFC 7493 §2.2: integers are exact up to 2^53-1.
private let exactIntegers = (1 << 53) - 1
