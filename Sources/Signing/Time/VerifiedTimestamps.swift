// SPDX-License-Identifier: Apache-2.0
// All timestamps of one bundle together. Spec: sigstore_bundle.proto, TimestampVerificationData.

internal import Keys
internal import Primitives

/// The timestamps of a bundle that hold, from enough different authorities.
///
/// Only `init(responses:over:by:threshold:)` makes one.
package struct VerifiedTimestamps: Hashable, Sendable {
    /// Every timestamp that holds, in the bundle's order; two of one authority are both here.
    package let timestamps: [VerifiedTimestamp]
    /// How many different authorities they come from.
    package let authorityCount: Int
    /// Why the others were not counted: they are of authorities nobody here knows.
    package let uncounted: [VerificationError]

    /// Verifies all timestamps over one message and counts their authorities.
    ///
    /// A timestamp of an authority that the trusted root does not know is no evidence: it is not
    /// counted, and told. Any other timestamp must hold: one that cannot be read, or that claims a
    /// known authority and is about something else, wrongly signed or out of its time, refuses
    /// all of them, also beside enough good ones. Whoever put it there meant to mislead, or
    /// something is broken; either way nobody should build on the rest.
    package init(
        responses: [[UInt8]], over message: [UInt8], by authorities: [CertificateAuthority],
        threshold: Int
    ) throws(VerificationError) {
        guard responses.count <= Limits.proofsPerBundle else {
            throw VerificationError(
                .overLimit,
                "there are \(responses.count) timestamps, the limit is \(Limits.proofsPerBundle)")
        }
        var verified: [VerifiedTimestamp] = []
        var uncounted: [VerificationError] = []
        for (index, response) in responses.enumerated() {
            let place = "timestamp \(index + 1) of \(responses.count)"
            do {
                let token = try TimestampToken(response: response)
                if try token.claimsOne(of: authorities) {
                    verified.append(
                        try token.verified(over: message, by: authorities, nonce: nil))
                } else {
                    uncounted.append(token.unknownAuthority.at(place))
                }
            } catch {
                throw error.at(place)
            }
        }
        let authorityCount = differentAuthorities(verified.map(\.authority)).count
        guard authorityCount >= threshold else {
            throw tooFew(authorityCount, of: threshold, uncounted)
        }
        timestamps = verified
        self.authorityCount = authorityCount
        self.uncounted = uncounted
    }
}

private func tooFew(_ count: Int, of threshold: Int, _ uncounted: [VerificationError])
    -> VerificationError
{
    if count == 0, let first = uncounted.first { return first }
    let asked = "\(threshold) \(threshold == 1 ? "is" : "are") required"
    let others = uncounted.isEmpty ? "" : "; \(uncounted.count) of unknown authorities do not count"
    return VerificationError(
        .signedTimeMissing,
        "timestamps of \(count) \(count == 1 ? "authority" : "different authorities") hold, "
            + asked + others)
}

/// One of each authority.
///
/// Spec: CVE-2026-49834: two timestamps of one authority are one witness.
private func differentAuthorities(_ authorities: [CertificateAuthority]) -> [CertificateAuthority] {
    authorities.reduce(into: []) { kept, authority in
        if !kept.contains(where: authority.isOneParty) { kept.append(authority) }
    }
}

extension CertificateAuthority {
    /// Whether the two are one witness: the same operator where both name theirs; otherwise
    /// anything they share, address, leaf key or anchor key, speaks for it.
    package func isOneParty(with other: CertificateAuthority) -> Bool {
        if let leaf = chain.first, let otherLeaf = other.chain.first,
            leaf.publicKey == otherLeaf.publicKey
        {
            return true
        }
        if let operatorName, let otherName = other.operatorName { return operatorName == otherName }
        if let uri, uri == other.uri { return true }
        guard let anchor = chain.last, let otherAnchor = other.chain.last else { return true }
        return anchor.publicKey == otherAnchor.publicKey
    }
}
