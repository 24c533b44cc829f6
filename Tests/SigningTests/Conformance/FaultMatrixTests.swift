// SPDX-License-Identifier: Apache-2.0
// Every kind of bundle with every fault, from bytes to verdict: each is refused for what it is.

import Primitives
import Signing
import StandIns
import Testing

@Suite("every fault in every kind of bundle")
struct FaultMatrixTests {
    /// Certificates in all versions, logs and with or without a timestamp; keys and the older kind
    /// of entry in fewer.
    static let attempts: [Attempt] = {
        let key = try? StandInKey(.p256)
        var attempts: [Attempt] = []
        for recipe in StandInBundleTests.recipes {
            let content =
                recipe.isEnvelope
                ? Attempt.statement : StandInRecipe.Content.artifact(StandIn.artifact)
            let change: (inout StandInRecipe) -> Void = {
                ($0.version, $0.log, $0.isTimestamped) = (
                    recipe.version, recipe.log, recipe.isTimestamped
                )
            }
            if let attempt = try? Attempt.byPerson(content, change) {
                attempts.append(attempt)
                if recipe.isEnvelope, recipe.log == .rekor1, recipe.version == .v2 {
                    attempts.append(attempt.with { $0.recipe.entryKind = .intoto002 })
                }
            }
            if recipe.version == .v3, let key,
                let attempt = try? Attempt.byKey(key, content, change)
            {
                attempts.append(attempt)
            }
        }
        return attempts
    }()

    @Test("there are attempts of every kind")
    func count() {
        #expect(Self.attempts.count == 36 + 2 + 12)
    }

    @Test("without a fault it is accepted, or lacks what its recipe left out")
    func sound() throws {
        for attempt in Self.attempts {
            for byDigest in [false, true] {
                let outcome = try attempt.outcome(byDigest: byDigest)
                #expect(outcome == attempt.recipe.soundOutcome, "\(attempt.recipe)")
            }
        }
    }

    @Test("with a fault it is refused for that fault", arguments: StandInFault.allCases)
    func refused(_ fault: StandInFault) throws {
        var concerned = 0
        for attempt in Self.attempts where fault.concerns(attempt.recipe) {
            let outcome = try attempt.with { $0.recipe.faults = [fault] }.outcome()
            guard attempt.recipe.soundOutcome == "accepted" else {
                #expect(outcome != "accepted", "\(attempt.recipe)")
                continue
            }
            concerned += 1
            if fault.isHarmless(for: attempt.recipe) {
                #expect(outcome == "accepted", "\(attempt.recipe)")
            } else {
                let expected = expectedRefusals[fault] ?? []
                #expect(
                    expected.contains { outcome.hasPrefix($0) },
                    "\(fault): \(outcome), not \(expected), in \(attempt.recipe)")
            }
        }
        #expect(concerned > 0)
    }
}

extension StandInRecipe {
    /// What becomes of it with nothing wrong: a version 0.1 bundle needs a promise, which Rekor v2
    /// does not make, and a certificate needs a signed time.
    fileprivate var soundOutcome: String {
        if version == .v1, log == .rekor2 { return "entry-promise-missing" }
        if hasCertificate, log != .rekor1, !isTimestamped { return "signed-time-missing" }
        return "accepted"
    }
}

extension StandInFault {
    /// What of a recipe's parts nobody demands does no harm.
    fileprivate func isHarmless(for recipe: StandInRecipe) -> Bool {
        switch self {
        // Stricter than most: a proof that is there is checked, in version 0.1 too.
        case .checkpointMissing: return false

        // Version 0.3 alone says that the leaf comes alone.
        case .bundleChain: return recipe.version != .v3
        // A key without a period needs no signed time, so a late one or none does it no harm.
        case .timestampLate, .logLate, .timestampMissing, .promiseMissing:
            if !recipe.hasCertificate, recipe.version != .v1 { return true }
        // Nothing was logged or stamped that another signature by the same key would differ from.
        case .bundleSignedAgain:
            if recipe.log == .none, !recipe.isTimestamped { return true }
        default: break
        }
        return isHarmless(in: recipe)
    }
}

/// Why each fault is refused: beginnings of outcomes.
private let expectedRefusals: [StandInFault: Set<String>] = [
    .certificateSeveralNames: ["identity-mismatch"],
    .certificateWrongPurpose: ["certificate-purpose"],
    .certificateNoPurpose: ["certificate-purpose"],
    .certificateAuthorityLeaf: ["certificate-purpose"],
    .certificateNoKeyUsage: ["certificate-purpose"],
    .certificateWrongKeyUsage: ["certificate-purpose"],
    .certificateUnknownCritical: ["certificate-purpose"],
    .certificateNoName: ["identity-mismatch"],
    .certificateOtherName: ["identity-mismatch"],
    .certificateOtherIssuer: ["issuer-mismatch"],
    .certificateNoIssuer: ["issuer-mismatch"],
    .certificateTrailingClaim: ["certificate-malformed"],
    .certificateDuplicateExtension: ["certificate-malformed"],
    .certificateForeignAuthority: ["certificate-untrusted"],
    .certificateExpired: ["certificate-outside-validity"],
    .certificateNotYetValid: ["certificate-outside-validity"],
    .certificateBrokenSignature: ["certificate-untrusted"],
    .transparencyMissing: ["certificate-transparency-missing"],
    .transparencyForeignLog: ["certificate-transparency-invalid"],
    .transparencyForeignKey: ["certificate-transparency-invalid"],
    .transparencyOtherCertificate: ["certificate-transparency-invalid"],
    // The poison is a critical extension that no signer's certificate has.
    .transparencyPoisonLeft: ["certificate-purpose"],
    .logUnknown: ["log-untrusted"],
    .logOtherArtifact: ["entry-artifact-mismatch"],
    .logOtherSignature: ["entry-signature-mismatch"],
    .logOtherSigner: ["entry-key-mismatch"],
    .logOtherBody: ["log-entry-malformed"],
    .logWrongKind: ["entry-kind-mismatch"],
    .logTwice: ["duplicate-log-entry"],
    .logNegativeIndex: ["cannot read: malformed: \"-1\" is not an integer"],
    .logLate: ["certificate-outside-validity"],
    // Version 0.1 needs the promise; later ones miss its time where nobody else signed one.
    .promiseMissing: ["entry-promise-missing", "signed-time-missing"],
    .promiseBroken: ["entry-promise-invalid"],
    .promiseForAnother: ["entry-promise-invalid"],
    .promiseOtherTime: ["entry-promise-invalid"],
    .proofMissing: ["inclusion-proof-missing"],
    .proofWrongRoot: ["checkpoint-mismatch"],
    .proofOtherTree: ["inclusion-proof-invalid"],
    .proofWrongIndex: ["inclusion-proof-invalid"],
    .proofHashMissing: ["inclusion-proof-invalid"],
    .proofHashAdded: ["inclusion-proof-invalid"],
    .proofBrokenHash: ["inclusion-proof-invalid"],
    .checkpointMissing: ["checkpoint-missing"],
    .checkpointForeignKey: ["checkpoint-signature-invalid"],
    .checkpointWrongHint: ["checkpoint-signature-invalid"],
    .checkpointBroken: ["checkpoint-signature-invalid"],
    .checkpointOtherTree: ["checkpoint-mismatch"],
    .checkpointOtherOrigin: ["checkpoint-mismatch"],
    .checkpointNoOrigin: ["checkpoint-malformed"],
    .checkpointNoSize: ["checkpoint-malformed"],
    .checkpointNoRoot: ["checkpoint-malformed"],
    .checkpointUnsigned: ["checkpoint-malformed"],
    .checkpointOnlyCosigned: ["checkpoint-signature-invalid"],
    .timestampMissing: ["signed-time-missing"],
    .timestampWrongImprint: ["timestamp-imprint-mismatch"],
    .timestampOldHash: ["timestamp-imprint-mismatch"],
    .timestampLate: ["certificate-outside-validity"],
    .timestampOutsideAuthority: ["timestamp-outside-authority"],
    .timestampForeignAuthority: ["timestamp-untrusted"],
    .timestampInjectedCertificates: ["timestamp-untrusted"],
    .timestampSignedByAuthority: ["timestamp-untrusted"],
    .timestampPurposeNotCritical: ["timestamp-untrusted"],
    .timestampTwoPurposes: ["timestamp-untrusted"],
    .timestampTwoSigners: ["timestamp-malformed"],
    .timestampOtherCertificateNamed: ["timestamp-untrusted"],
    .timestampNoCertificateNamed: ["timestamp-malformed"],
    .timestampBroken: ["timestamp-signature-invalid"],
    .timestampOtherDigest: ["timestamp-signature-invalid"],
    .timestampRejected: ["timestamp-malformed"],
    .timestampOtherContent: ["timestamp-malformed"],
    .timestampTrailing: ["timestamp-malformed"],
    .bundleWrongDigest: ["message-digest-mismatch"],
    .bundleBrokenSignature: ["signature-invalid"],
    .bundleForeignSignature: ["signature-invalid"],
    // Whichever witness is looked at first saw the other signature.
    .bundleSignedAgain: ["timestamp-imprint-mismatch", "entry-signature-mismatch"],
    .bundleOtherPayload: ["signature-invalid"],
    .bundleTwoSignatures: ["cannot read: malformed: it has 2 signatures"],
    .bundleNoSignature: ["cannot read: malformed: it has no signature"],
    // In version 0.3 there is more than the leaf; before that, it is the root that is too much.
    .bundleRootInChain: ["embedded-root", "malformed"],
    .bundleChain: ["malformed"],
    .bundleEmptyChain: ["cannot read: malformed: it holds no certificate"],
    .bundleUnknownVersion: ["cannot read: unsupported: its version"],
    .bundleUnknownField: ["cannot read: malformed: the field \"note\""],
]
