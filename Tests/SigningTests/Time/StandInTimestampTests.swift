// SPDX-License-Identifier: Apache-2.0
// The stand-in authority and its faults, seen by the verifier: two hands wrote the two sides.

import Keys
import Primitives
import Signing
import StandIns
import Testing

@Suite("timestamps of the stand-ins")
struct StandInTimestampTests {
    static let sigstore = Result { try StandInSigstore(at: StampTimes.noon) }

    static let faults: [(StandInFault, VerificationError.Code)] = [
        (.timestampWrongImprint, .timestampImprintMismatch),
        (.timestampOldHash, .timestampImprintMismatch),
        (.timestampOutsideAuthority, .timestampOutsideAuthority),
        (.timestampForeignAuthority, .timestampUntrusted),
        (.timestampInjectedCertificates, .timestampUntrusted),
        (.timestampSignedByAuthority, .timestampUntrusted),
        (.timestampPurposeNotCritical, .timestampUntrusted),
        (.timestampTwoPurposes, .timestampUntrusted),
        (.timestampTwoSigners, .timestampMalformed),
        (.timestampOtherCertificateNamed, .timestampUntrusted),
        (.timestampNoCertificateNamed, .timestampMalformed),
        (.timestampBroken, .timestampSignatureInvalid),
        (.timestampOtherDigest, .timestampSignatureInvalid),
        (.timestampRejected, .timestampMalformed),
        (.timestampOtherContent, .timestampMalformed),
        (.timestampTrailing, .timestampMalformed),
        (.timestampNoNonce, .timestampNonceMismatch),
        (.timestampOtherNonce, .timestampNonceMismatch),
    ]

    private func verified(_ faults: Set<StandInFault>) throws -> VerifiedTimestamp {
        let sigstore = try Self.sigstore.get()
        let nonce = try TimestampNonce(randomBytes: Array(1...8))
        let request = try TimestampRequest(
            over: stampedMessage, hash: .sha256, nonce: nonce, wantsCertificates: false)
        let response = try sigstore.timestamp(
            for: StandInTimestampQuery(derBytes: request.derBytes), at: StampTimes.noon,
            faults: faults)
        let authority = try CertificateAuthority(
            chain: sigstore.timestampAuthority.chain.map { try Certificate(derBytes: $0) },
            validFor: sigstore.timestampAuthority.authority.validity, uri: nil, operatorName: nil)
        return try TimestampToken(response: response)
            .verified(over: stampedMessage, by: [authority], nonce: nonce)
    }

    @Test("a stand-in's timestamp holds, with or without its chain")
    func holds() throws {
        #expect(try verified([]).time == StampTimes.noon)
        #expect(try verified([.timestampCertificates]).time == StampTimes.noon)
    }

    @Test("every fault of a stand-in's timestamp is found, for what it is", arguments: faults)
    func finds(_ fault: StandInFault, _ code: VerificationError.Code) {
        expectTimestampProblem(code, "") { _ = try verified([fault]) }
    }
}
