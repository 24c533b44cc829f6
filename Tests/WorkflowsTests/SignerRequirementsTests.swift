// SPDX-License-Identifier: Apache-2.0
// What requirements of a signer demand of the evidence.

import Keys
import Primitives
import Signing
import TestSupport
import Testing
import Workflows

@Suite("requirements of a signer")
struct SignerRequirementsTests {
    private let now = Timestamp(seconds: 1_700_000_000)
    private let identity = CertificateIdentity(
        subjects: [.exact("mira@example.org")], issuers: [.exact("https://issuer.example")],
        claims: [])

    private func requirements(
        _ signer: SignerRequirements.Signer,
        _ transparency: VerificationRequirements.Transparency = .ignored, isTimed: Bool = false,
        unprovenTime: Timestamp? = nil
    ) -> VerificationRequirements {
        SignerRequirements(
            signer: signer, transparency: transparency, isTimed: isTimed, acceptsChains: false,
            unprovenTime: unprovenTime
        ).requirements
    }

    @Test("a key needs no certificate log, a certificate one, unless it is ignored")
    func certificateLogs() throws {
        let key = TrustedKey(key: try TestKeys.ed25519().publicKey)
        #expect(requirements(.keys([key])).sctThreshold == 0)
        #expect(requirements(.certificate(identity, .required(detached: []))).sctThreshold == 1)
        #expect(requirements(.certificate(identity, .ignored)).sctThreshold == 0)
    }

    @Test("the moment of asking counts only where nothing required proves another one")
    func time() {
        let signer = SignerRequirements.Signer.certificate(identity, .ignored)
        #expect(requirements(signer, unprovenTime: now).time == .signedOrNow(now))
        #expect(requirements(signer, .oneLog, unprovenTime: now).time == .signed)
        #expect(requirements(signer, isTimed: true, unprovenTime: now).time == .signed)
        #expect(requirements(signer).time == .signed)
        #expect(requirements(signer, isTimed: true).signedTimestampThreshold == 1)
    }
}
