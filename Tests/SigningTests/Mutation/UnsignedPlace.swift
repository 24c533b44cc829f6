// SPDX-License-Identifier: Apache-2.0
// What may differ between two bundles that mean the same: places that nobody signed, each with the
// reason why it is without meaning there.

import Primitives
import Signing

/// A place in a bundle that may change without a refusal. Every other change must be refused.
enum UnsignedPlace: String, CaseIterable {
    /// It only ever adds to what is demanded (sigstore_bundle.proto); nothing is granted for it.
    case version
    /// Chooses which of the verifier's own keys is tried first.
    case keyHint
    /// Names a key for people; DSSE does not sign it.
    case envelopeKeyID
    /// A hint; where it is there it must fit the artifact, and nothing relies on it being there.
    case messageDigest
    /// Helpers for building a chain: the leaf stays, and another helper is as good or of no use.
    case intermediates
    /// One of several proofs of time is gone, or stands twice: authorities are counted, not tokens.
    case timestampList
    /// What an authority writes around what it signs: status texts, embedded certificates,
    /// attributes that are unsigned by definition.
    case timestampEnvelope
    /// An entry is gone where another stays, or one of an unknown log was added.
    case entryList
    /// Entry promise or inclusion proof is gone, the other one stays.
    case entryProof
    /// The position the entry claims where no promise signs it: v1's proof has an index of its own.
    case entryIndex
    /// The time that an entry claims without a promise; it is never believed.
    case entryTime
    /// What Rekor v2 leaves out of its proofs, because its checkpoint says it.
    case proofRepetition
    /// Lines under a checkpoint of keys that nobody here knows.
    case checkpointSignatures
}

/// The places in which two bundles differ; nil in the list stands for one that must not.
func differences(_ left: SignatureBundle, _ right: SignatureBundle) -> Set<UnsignedPlace?> {
    var found: Set<UnsignedPlace?> = []
    if left.version != right.version { found.insert(.version) }
    switch (left.signer, right.signer) {
    case (.publicKey(let one), .publicKey(let other)): if one != other { found.insert(.keyHint) }
    case (.certificate(let one), .certificate(let other)):
        if one.first != other.first { found.insert(nil) }
        if one.dropFirst() != other.dropFirst() { found.insert(.intermediates) }
    default: found.insert(nil)
    }
    found.formUnion(contentDifferences(left.content, right.content))
    found.formUnion(timestampDifferences(left.timestamps, right.timestamps))
    found.formUnion(entryDifferences(left.logEntries, right.logEntries))
    return found
}

private func contentDifferences(
    _ left: SignatureBundle.Content, _ right: SignatureBundle.Content
) -> Set<UnsignedPlace?> {
    switch (left, right) {
    case (.envelope(let one), .envelope(let other)):
        var found: Set<UnsignedPlace?> = []
        let same =
            one.payload == other.payload && one.payloadType == other.payloadType
            && one.signatures.map(\.bytes) == other.signatures.map(\.bytes)
        if !same { found.insert(nil) }
        if one.signatures.map(\.keyID) != other.signatures.map(\.keyID) {
            found.insert(.envelopeKeyID)
        }
        return found
    case (.messageSignature(let digest, let one), .messageSignature(let claimed, let other)):
        if one != other { return [nil] }
        return digest == claimed ? [] : [.messageDigest]
    default: return [nil]
    }
}

private func timestampDifferences(_ left: [[UInt8]], _ right: [[UInt8]]) -> Set<UnsignedPlace?> {
    guard Set(left) != Set(right) else { return left == right ? [] : [.timestampList] }
    guard Set(right).isSubset(of: Set(left)) == false else { return [.timestampList] }
    let known = Set(left.compactMap { try? TimestampToken(response: $0).info })
    let all = right.allSatisfy { bytes in
        (try? TimestampToken(response: bytes).info).map(known.contains) ?? false
    }
    return all ? [.timestampEnvelope] : [nil]
}

private func entryDifferences(
    _ left: [TransparencyLogEntry], _ right: [TransparencyLogEntry]
) -> Set<UnsignedPlace?> {
    guard left != right else { return [] }
    guard left.count == right.count else { return [.entryList] }
    guard Set(left) != Set(right) else { return [.entryList] }
    return zip(left, right).reduce(into: []) { found, pair in
        found.formUnion(differences(pair.0, pair.1))
    }
}

private func differences(
    _ left: TransparencyLogEntry, _ right: TransparencyLogEntry
) -> Set<UnsignedPlace?> {
    var found: Set<UnsignedPlace?> = []
    if left.body != right.body || left.kind != right.kind || left.logID != right.logID {
        found.insert(nil)
    }
    if left.claimedTime != right.claimedTime {
        found.insert(right.proofs.signedEntryTimestamp == nil ? .entryTime : nil)
    }
    if left.logIndex != right.logIndex {
        found.insert(right.proofs.signedEntryTimestamp == nil ? .entryIndex : nil)
    }
    switch (left.proofs.signedEntryTimestamp, right.proofs.signedEntryTimestamp) {
    case (let one, let other) where one == other: break
    case (_?, nil): found.insert(.entryProof)
    default: found.insert(nil)
    }
    switch (left.proofs.inclusion, right.proofs.inclusion) {
    case (let one, let other) where one == other: break
    case (_?, nil): found.insert(.entryProof)
    case (let one?, let other?):
        if one.hashes != other.hashes { found.insert(nil) }
        if one.checkpoint != other.checkpoint { found.insert(noteDifference(one, other)) }
        if one.logIndex != other.logIndex || one.rootHash != other.rootHash
            || one.treeSize != other.treeSize
        {
            found.insert(isVersion2(left) ? .proofRepetition : nil)
        }
    default: found.insert(nil)
    }
    return found
}

private func isVersion2(_ entry: TransparencyLogEntry) -> Bool {
    entry.kind == .hashedRecordVersion2
}

/// The signed text of a checkpoint must be the same.
private func noteDifference(
    _ left: TransparencyLogEntry.Inclusion, _ right: TransparencyLogEntry.Inclusion
) -> UnsignedPlace? {
    let texts = [left, right].map { inclusion in
        inclusion.checkpoint.flatMap { try? SignedNote(parsing: $0).text }
    }
    return texts[0] != nil && texts[0] == texts[1] ? .checkpointSignatures : nil
}
