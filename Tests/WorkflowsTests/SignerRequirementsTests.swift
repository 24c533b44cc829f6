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

    private func demand(
        _ signer: SignerRequirements.Signer,
        _ transparency: VerificationDemand.Transparency = .ignored, isTimed: Bool = false,
        unprovenTime: Timestamp? = nil
    ) -> VerificationDemand {
        SignerRequirements(
            signer: signer, transparency: transparency, isTimed: isTimed, acceptsChains: false,
            unprovenTime: unprovenTime
        ).demand
    }

    @Test("a key needs no certificate log, a certificate one, unless it is ignored")
    func certificateLogs() throws {
        let key = TrustedKey(key: try TestKeys.ed25519().publicKey)
        #expect(demand(.keys([key])).certificateLogs == 0)
        #expect(demand(.certificate(identity, .required(detached: []))).certificateLogs == 1)
        #expect(demand(.certificate(identity, .ignored)).certificateLogs == 0)
    }

    @Test("the moment of asking counts only where nothing required proves another one")
    func time() {
        let signer = SignerRequirements.Signer.certificate(identity, .ignored)
        #expect(demand(signer, unprovenTime: now).time == .signedOrNow(now))
        #expect(demand(signer, .oneLog, unprovenTime: now).time == .signed)
        #expect(demand(signer, isTimed: true, unprovenTime: now).time == .signed)
        #expect(demand(signer).time == .signed)
        #expect(demand(signer, isTimed: true).timestamps == 1)
    }
}
