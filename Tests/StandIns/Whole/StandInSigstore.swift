// SPDX-License-Identifier: Apache-2.0
// A whole Sigstore in memory: authority, logs, time-stamping authority, identity provider.

package import Primitives
package import Signing

/// All services of one instance, at one time. A value: what a copy logs, only the copy has.
package struct StandInSigstore: Sendable {
    /// What can be chosen about an instance.
    package struct Plan: Sendable {
        package var time: Timestamp
        package var keys: StandInKeys
        package var addresses = StandInAddresses()
        /// When authorities, certificate logs and their keys are valid; both ends inside. The
        /// transparency logs are good from its start on, without an end, as real ones are.
        package var validity: ValidityPeriod
        /// When the intermediate of the certificate authority is valid; nil for the same.
        package var intermediateValidity: ValidityPeriod?
        /// `validFor` of the time-stamping authority in the trust root; nil for the same.
        package var timestampValidity: ValidityPeriod?
        /// `validFor` of the certificate authority in the trust root; nil for the same.
        package var authorityValidity: ValidityPeriod?
        /// Whether Rekor v2's checkpoints are cosigned.
        package var isWitnessed = false
        /// The witness whose key others are given.
        package var witness: StandInWitness {
            StandInWitness(name: "witness.stand-in.example/w1", key: keys.witness)
        }
        package var bendingIntermediate: @Sendable (inout CertificateDraft) -> Void = { _ in }
        /// Bends the time-stamping authority's leaf, which the trust root lists.
        package var bendingTimestampLeaf: @Sendable (inout CertificateDraft) -> Void = { _ in }

        package init(at time: Timestamp, keys: StandInKeys) {
            self.time = time
            self.keys = keys
            validity = ValidityPeriod(
                start: Timestamp(seconds: time.seconds - yearSeconds),
                end: Timestamp(seconds: time.seconds + 9 * yearSeconds))
        }
    }

    package let plan: Plan
    package let certificateAuthority: StandInCertificateAuthority
    package let certificateLog: StandInCertificateTransparencyLog
    package var rekor1: StandInRekor1
    package var rekor2: StandInRekor2
    package let timestampAuthority: StandInTimestampAuthority
    package let identityProvider: StandInIdentityProvider

    /// An instance with fresh keys.
    package init(at time: Timestamp) throws(Failure) {
        try self.init(Plan(at: time, keys: try StandInKeys()))
    }

    package init(_ plan: Plan) throws(Failure) {
        self.plan = plan
        certificateAuthority = try StandInSigstore.authority(plan, plan.keys)
        certificateLog = StandInCertificateTransparencyLog(
            key: plan.keys.certificateLog, baseURL: plan.addresses.certificateLog)
        rekor1 = StandInRekor1(key: plan.keys.rekor1, baseURL: plan.addresses.rekor1)
        rekor2 = StandInRekor2(key: plan.keys.rekor2, baseURL: plan.addresses.rekor2)
        if plan.isWitnessed {
            rekor2.witnesses = [plan.witness]
        }
        timestampAuthority = try StandInSigstore.timestampAuthority(
            plan, plan.keys, bending: plan.bendingTimestampLeaf)
        identityProvider = StandInIdentityProvider(
            key: plan.keys.identityProvider, issuer: plan.addresses.issuer)
        // A log that holds one entry proves nothing about paths.
        for number in 0..<5 {
            let body = canonicalJSON([
                "apiVersion": "0.0.1", "kind": "stand-in", "spec": ["number": .number(number)],
            ])
            _ = try rekor1.append(body: body, at: plan.time)
            _ = try rekor2.append(body: body, at: plan.time)
        }
    }

    static func authority(_ plan: Plan, _ keys: StandInKeys) throws(Failure)
        -> StandInCertificateAuthority
    {
        var authority = StandInCertificateAuthority.Plan(
            rootKey: keys.root, intermediateKey: keys.intermediate, validity: plan.validity)
        authority.intermediateValidity = plan.intermediateValidity ?? plan.validity
        authority.bendingIntermediate = plan.bendingIntermediate
        return try StandInCertificateAuthority(authority)
    }

    static func timestampAuthority(
        _ plan: Plan, _ keys: StandInKeys,
        bending bend: (inout CertificateDraft) -> Void = { _ in }
    ) throws(Failure) -> StandInTimestampAuthority {
        var authority = StandInCertificateAuthority.Plan(
            rootKey: keys.timestampRoot, intermediateKey: keys.timestampIntermediate,
            validity: plan.validity)
        authority.commonName = "stand-in-tsa"
        return try StandInTimestampAuthority(
            key: keys.timestamp,
            authority: try StandInCertificateAuthority(
                authority, purpose: ExtensionDraft.timeStamping),
            url: plan.addresses.timestampAuthority, bending: bend)
    }
}

/// Every key of an instance; any can be replaced by a fixed one.
package struct StandInKeys: Sendable {
    package var root: StandInKey
    package var intermediate: StandInKey
    package var certificateLog: StandInKey
    package var rekor1: StandInKey
    package var rekor2: StandInKey
    package var witness: StandInKey
    package var timestampRoot: StandInKey
    package var timestampIntermediate: StandInKey
    package var timestamp: StandInKey
    package var identityProvider: StandInKey

    /// Fresh keys of the kinds that the public instance uses.
    package init() throws(Failure) {
        root = try StandInKey(.p384)
        intermediate = try StandInKey(.p384)
        certificateLog = try StandInKey(.p256)
        rekor1 = try StandInKey(.p256)
        rekor2 = try StandInKey(.ed25519)
        witness = try StandInKey(.ed25519)
        timestampRoot = try StandInKey(.p384)
        timestampIntermediate = try StandInKey(.p384)
        timestamp = try StandInKey(.p256)
        identityProvider = try StandInKey(.p256)
    }
}

/// Where the services say they are.
package struct StandInAddresses: Hashable, Sendable {
    package var fulcio = "https://fulcio.stand-in.example"
    package var certificateLog = "https://ct.stand-in.example/log"
    package var rekor1 = "https://rekor.stand-in.example"
    package var rekor2 = "https://log.stand-in.example"
    /// Complete, unlike the others, which are bases.
    package var timestampAuthority = "https://time.stand-in.example/api/v1/timestamp"
    package var issuer = "https://accounts.stand-in.example"

    package init() {}

    /// All services behind one address.
    package init(base: String) {
        fulcio = base
        certificateLog = base + "/ct"
        rekor1 = base
        rekor2 = base
        timestampAuthority = base + "/api/v1/timestamp"
        issuer = base
    }
}

private let yearSeconds = 365 * 86_400
