// SPDX-License-Identifier: Apache-2.0
// Every way in which the stand-ins can be told to do it wrongly.

/// One thing that is not as it should be; a recipe may hold several.
package enum StandInFault: String, Sendable, CaseIterable {
    // The certificate.
    case certificateWrongPurpose = "certificate-wrong-purpose"
    case certificateNoPurpose = "certificate-no-purpose"
    case certificateAuthorityLeaf = "certificate-authority-leaf"
    case certificateNoKeyUsage = "certificate-no-key-usage"
    case certificateWrongKeyUsage = "certificate-wrong-key-usage"
    case certificateUnknownCritical = "certificate-unknown-critical"
    case certificateSeveralNames = "certificate-several-names"
    case certificateNoName = "certificate-no-name"
    case certificateOtherName = "certificate-other-name"
    case certificateOtherIssuer = "certificate-other-issuer"
    case certificateNoIssuer = "certificate-no-issuer"
    case certificateTrailingClaim = "certificate-trailing-claim"
    case certificateDuplicateExtension = "certificate-duplicate-extension"
    case certificateForeignAuthority = "certificate-foreign-authority"
    case certificateExpired = "certificate-expired"
    case certificateNotYetValid = "certificate-not-yet-valid"
    case certificateBrokenSignature = "certificate-broken-signature"

    // The certificate log's promise.
    case transparencyMissing = "transparency-missing"
    case transparencyForeignLog = "transparency-foreign-log"
    case transparencyForeignKey = "transparency-foreign-key"
    case transparencyOtherCertificate = "transparency-other-certificate"
    case transparencyPoisonLeft = "transparency-poison-left"
    case transparencyTwice = "transparency-twice"
    /// Harmless: promises may carry extensions, as static logs' do.
    case transparencyExtensions = "transparency-extensions"

    // The log entry.
    case logUnknown = "log-unknown"
    case logOtherArtifact = "log-other-artifact"
    case logOtherSignature = "log-other-signature"
    case logOtherSigner = "log-other-signer"
    case logOtherBody = "log-other-body"
    case logWrongKind = "log-wrong-kind"
    case logTwice = "log-twice"
    case logNegativeIndex = "log-negative-index"
    case logLate = "log-late"
    case promiseMissing = "promise-missing"
    case promiseBroken = "promise-broken"
    case promiseForAnother = "promise-for-another"
    case promiseOtherTime = "promise-other-time"
    case proofMissing = "proof-missing"
    case proofWrongRoot = "proof-wrong-root"
    case proofOtherTree = "proof-other-tree"
    case proofWrongIndex = "proof-wrong-index"
    case proofHashMissing = "proof-hash-missing"
    case proofHashAdded = "proof-hash-added"
    case proofBrokenHash = "proof-broken-hash"

    // The checkpoint.
    case checkpointMissing = "checkpoint-missing"
    case checkpointForeignKey = "checkpoint-foreign-key"
    case checkpointWrongHint = "checkpoint-wrong-hint"
    case checkpointBroken = "checkpoint-broken"
    case checkpointOtherTree = "checkpoint-other-tree"
    case checkpointOtherOrigin = "checkpoint-other-origin"
    case checkpointNoOrigin = "checkpoint-no-origin"
    case checkpointNoSize = "checkpoint-no-size"
    case checkpointNoRoot = "checkpoint-no-root"
    case checkpointUnsigned = "checkpoint-unsigned"
    case checkpointOnlyCosigned = "checkpoint-only-cosigned"
    /// Harmless: witnesses' lines after the log's.
    case checkpointCosigned = "checkpoint-cosigned"
    /// Harmless: a witness's line before the log's.
    case checkpointCosignedFirst = "checkpoint-cosigned-first"
    /// Harmless: a second line by the log's name with a key that nobody knows.
    case checkpointTwoByLog = "checkpoint-two-by-log"

    // The timestamp.
    case timestampMissing = "timestamp-missing"
    case timestampWrongImprint = "timestamp-wrong-imprint"
    case timestampOldHash = "timestamp-old-hash"
    case timestampLate = "timestamp-late"
    case timestampOutsideAuthority = "timestamp-outside-authority"
    case timestampForeignAuthority = "timestamp-foreign-authority"
    /// A stranger's token that embeds the trusted leaf before the stranger's (CVE-2026-39984).
    case timestampInjectedCertificates = "timestamp-injected-certificates"
    case timestampSignedByAuthority = "timestamp-signed-by-authority"
    /// The token embeds a leaf of the same authority and key whose purpose is not critical; to bend
    /// the leaf that the trust root lists, see `StandInSigstore.Plan.bendingTimestampLeaf`.
    case timestampPurposeNotCritical = "timestamp-purpose-not-critical"
    /// The same with a leaf that may also sign code.
    case timestampTwoPurposes = "timestamp-two-purposes"
    case timestampTwoSigners = "timestamp-two-signers"
    case timestampOtherCertificateNamed = "timestamp-other-certificate-named"
    case timestampNoCertificateNamed = "timestamp-no-certificate-named"
    case timestampBroken = "timestamp-broken"
    case timestampOtherDigest = "timestamp-other-digest"
    case timestampRejected = "timestamp-rejected"
    case timestampOtherContent = "timestamp-other-content"
    case timestampTrailing = "timestamp-trailing"
    /// The same token twice: a way to be counted twice.
    case timestampTwice = "timestamp-twice"
    /// Only seen by whoever sent a nonce: the token has none.
    case timestampNoNonce = "timestamp-no-nonce"
    /// Only seen by whoever sent a nonce: the token has another.
    case timestampOtherNonce = "timestamp-other-nonce"
    /// Harmless: the token holds the leaf and the intermediate.
    case timestampCertificates = "timestamp-certificates"

    // The bundle around it.
    case bundleWrongDigest = "bundle-wrong-digest"
    /// The signature is none, and it is what was logged and stamped.
    case bundleBrokenSignature = "bundle-broken-signature"
    /// The signature is by a key that the bundle does not name; it is what was logged and stamped.
    case bundleForeignSignature = "bundle-foreign-signature"
    /// A good signature by the same key, which is not the one that was logged and stamped.
    case bundleSignedAgain = "bundle-signed-again"
    case bundleOtherPayload = "bundle-other-payload"
    case bundleTwoSignatures = "bundle-two-signatures"
    case bundleNoSignature = "bundle-no-signature"
    case bundleRootInChain = "bundle-root-in-chain"
    case bundleChain = "bundle-chain"
    case bundleEmptyChain = "bundle-empty-chain"
    case bundleUnknownVersion = "bundle-unknown-version"
    case bundleUnknownField = "bundle-unknown-field"

    /// Whether evidence with it must still be accepted, when nothing else is wrong and no more is
    /// demanded than one log entry and one signed time.
    package func isHarmless(in recipe: StandInRecipe) -> Bool {
        switch self {
        // Spec: protobuf-specs, TimestampVerificationData: a list, and nothing in it refuses the
        // rest. One timestamp written twice is one signed time.
        case .timestampTwice: true
        case .promiseMissing: recipe.isTimestamped && recipe.version != .v1
        case .timestampMissing: recipe.log == .rekor1
        case .proofMissing, .checkpointMissing: recipe.version == .v1 && recipe.log == .rekor1
        default: isHarmless
        }
    }

    /// Whether evidence with it must be accepted whatever is demanded.
    package var isHarmless: Bool {
        switch self {
        case .transparencyExtensions, .transparencyTwice, .checkpointCosigned,
            .checkpointCosignedFirst, .checkpointTwoByLog, .timestampNoNonce,
            .timestampOtherNonce, .timestampCertificates:
            true
        default: false
        }
    }

    /// Whether a bundle of that recipe has the part that this fault is about.
    package func concerns(_ recipe: StandInRecipe) -> Bool {
        switch rawValue.prefix(while: { $0 != "-" }) {
        case "certificate", "transparency": return recipe.hasCertificate
        case "promise": return recipe.log == .rekor1
        case "log", "proof", "checkpoint":
            if self == .logLate { return recipe.log == .rekor1 }
            // Rekor v1's origin is a host and a number that no trust root lists.
            if self == .checkpointOtherOrigin { return recipe.log == .rekor2 }
            return recipe.log != .none
        case "timestamp": return recipe.isTimestamped
        default: break
        }
        switch self {
        case .bundleWrongDigest: return !recipe.isEnvelope
        case .bundleOtherPayload, .bundleTwoSignatures, .bundleNoSignature:
            return recipe.isEnvelope
        case .bundleRootInChain, .bundleChain, .bundleEmptyChain: return recipe.hasCertificate
        default: return true
        }
    }
}
