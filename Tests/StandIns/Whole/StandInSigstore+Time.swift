// SPDX-License-Identifier: Apache-2.0
// Timestamps of the stand-ins, right or with the faults that a recipe names.

package import Primitives
internal import Signing

extension StandInSigstore {
    /// A response to a query at a time, right or with faults. A fault that is not about
    /// timestamps changes nothing.
    package func timestamp(
        for query: StandInTimestampQuery, at time: Timestamp, faults: Set<StandInFault> = []
    ) throws(Failure) -> [UInt8] {
        if faults.contains(.timestampRejected) { return StandInTimestampAuthority.rejection }
        let authority = try authority(faults)
        let response = try authority.response(to: query, at: time) { (draft) throws(Failure) in
            for fault in StandInFault.allCases where faults.contains(fault) {
                try bend(&draft, fault, authority)
            }
        }
        return response + (faults.contains(.timestampTrailing) ? [0] : [])
    }

    private func authority(_ faults: Set<StandInFault>) throws(Failure) -> StandInTimestampAuthority
    {
        if faults.contains(.timestampForeignAuthority) {
            return try StandInSigstore.timestampAuthority(plan, try StandInKeys())
        }
        guard
            faults.contains(.timestampPurposeNotCritical)
                || faults.contains(.timestampTwoPurposes)
        else { return timestampAuthority }
        // The same authority and key with another leaf.
        return try StandInSigstore.timestampAuthority(plan, plan.keys) { draft in
            draft[ExtensionDraft.purposeIdentifier] =
                faults.contains(.timestampPurposeNotCritical)
                ? .purposes([ExtensionDraft.timeStamping])
                : .purposes(
                    [ExtensionDraft.timeStamping, ExtensionDraft.codeSigning], critical: true)
        }
    }

    private func bend(
        _ draft: inout StandInTimestampDraft, _ fault: StandInFault,
        _ authority: StandInTimestampAuthority
    ) throws(Failure) {
        switch fault {
        case .timestampWrongImprint: draft.query.imprint[0] ^= 1
        case .timestampOldHash:
            draft.query.hash = .sha1
            draft.query.imprint = Array(draft.query.imprint.prefix(20))
        case .timestampLate: draft.time = Timestamp(seconds: draft.time.seconds + 7200)
        case .timestampOutsideAuthority:
            draft.time = Timestamp(
                seconds: (plan.timestampValidity ?? plan.validity).start.seconds - 60)
        case .timestampInjectedCertificates:
            let foreign = try StandInSigstore.timestampAuthority(plan, try StandInKeys())
            draft.signers[0].key = foreign.key
            draft.signers[0].serialNumber = foreign.leaf.serialNumber
            draft.signers[0].namedCertificate = foreign.leafDER
            draft.certificates =
                [authority.leafDER] + foreign.chain.dropLast() + authority.chain.dropLast()
        case .timestampSignedByAuthority:
            let issuer = authority.authority
            draft.signers[0].key = issuer.intermediateKey
            draft.signers[0].issuer = issuer.name
            draft.signers[0].namedCertificate = issuer.intermediateDER
        case .timestampTwoSigners: draft.signers.append(draft.signers[0])
        case .timestampOtherCertificateNamed:
            draft.signers[0].namedCertificate = authority.authority.intermediateDER
        case .timestampNoCertificateNamed: draft.signers[0].namedCertificate = nil
        case .timestampBroken: draft.signers[0].isBroken = true
        case .timestampOtherDigest: draft.signers[0].messageDigest = sha256([])
        case .timestampOtherContent: draft.contentType = "1.2.840.113549.1.7.1"
        case .timestampNoNonce: draft.query.nonce = nil
        case .timestampOtherNonce: draft.query.nonce = [9, 9, 9]
        case .timestampCertificates, .timestampPurposeNotCritical, .timestampTwoPurposes:
            draft.certificates = authority.chain.dropLast()
        default: break
        }
    }

    /// The timestamps of a recipe.
    func timestamps(over signature: [UInt8], _ recipe: StandInRecipe, at time: Timestamp)
        throws(Failure) -> [[UInt8]]
    {
        guard recipe.isTimestamped, !recipe.faults.contains(.timestampMissing) else { return [] }
        let query = StandInTimestampQuery(imprint: sha256(signature), nonce: [1, 2, 3, 4, 5, 6])
        let token = try timestamp(for: query, at: time, faults: recipe.faults)
        return recipe.faults.contains(.timestampTwice) ? [token, token] : [token]
    }
}
