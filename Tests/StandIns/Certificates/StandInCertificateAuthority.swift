// SPDX-License-Identifier: Apache-2.0
// A certificate authority like Fulcio's: root, intermediate, leafs that live ten minutes.
// Spec: fulcio docs/certificate-specification.md.

package import Primitives
package import Signing

/// A root, an intermediate below it, and the leafs it issues.
package struct StandInCertificateAuthority: Sendable {
    package let rootKey: StandInKey
    package let intermediateKey: StandInKey
    package let name: DistinguishedNameDraft
    package let intermediateName: DistinguishedNameDraft
    package let rootDER: [UInt8]
    package let intermediateDER: [UInt8]
    package let validity: ValidityPeriod

    /// How a root and intermediate are made; `intermediateValidity` may be shorter than the root's.
    package struct Plan: Sendable {
        package var organization = "stand-in.example"
        package var commonName = "stand-in"
        package var rootKey: StandInKey
        package var intermediateKey: StandInKey
        package var validity: ValidityPeriod
        package var intermediateValidity: ValidityPeriod
        /// Bends the intermediate before the root signs it.
        package var bendingIntermediate: @Sendable (inout CertificateDraft) -> Void = { _ in }

        package init(rootKey: StandInKey, intermediateKey: StandInKey, validity: ValidityPeriod) {
            self.rootKey = rootKey
            self.intermediateKey = intermediateKey
            self.validity = validity
            intermediateValidity = validity
        }
    }

    package init(_ plan: Plan, purpose: String = ExtensionDraft.codeSigning) throws(Failure) {
        rootKey = plan.rootKey
        intermediateKey = plan.intermediateKey
        validity = plan.validity
        name = DistinguishedNameDraft(
            organization: plan.organization, commonName: plan.commonName)
        intermediateName = DistinguishedNameDraft(
            organization: plan.organization, commonName: plan.commonName + "-intermediate")
        var root = CertificateDraft(
            subject: name, issuer: name, validity: plan.validity, publicKey: rootKey.publicDER)
        root.extensions = [
            .keyUsage([5, 6]), .basicConstraints(authority: true),
            .subjectKey(rootKey.publicDER), .authorityKey(rootKey.publicDER),
        ]
        rootDER = try root.signed(by: rootKey)
        var intermediate = CertificateDraft(
            subject: intermediateName, issuer: name, validity: plan.intermediateValidity,
            publicKey: intermediateKey.publicDER)
        intermediate.extensions = [
            .keyUsage([5, 6]), .purposes([purpose]),
            .basicConstraints(authority: true, pathLength: 0),
            .subjectKey(intermediateKey.publicDER), .authorityKey(rootKey.publicDER),
        ]
        plan.bendingIntermediate(&intermediate)
        intermediateDER = try intermediate.signed(by: rootKey)
    }

    /// Intermediate first, root last.
    package var chain: [[UInt8]] { [intermediateDER, rootDER] }

    /// A draft of a leaf below the intermediate, with the two key identifiers and nothing else.
    package func draft(
        subject: DistinguishedNameDraft = DistinguishedNameDraft(), publicKey: [UInt8],
        validity: ValidityPeriod
    ) -> CertificateDraft {
        var draft = CertificateDraft(
            subject: subject, issuer: intermediateName, validity: validity, publicKey: publicKey)
        draft.extensions = [.subjectKey(publicKey), .authorityKey(intermediateKey.publicDER)]
        return draft
    }

    /// A leaf as Fulcio drafts it, before the log's promise.
    ///
    /// Spec: certificate-specification.md: KU digitalSignature (critical), EKU code signing, empty
    /// subject, one name (critical), issuer as .1 and .8, the claims in their order.
    package func leafDraft(
        for identity: StandInIdentity, publicKey: [UInt8], at time: Timestamp
    ) -> CertificateDraft {
        let end = Timestamp(seconds: time.seconds + leafSeconds)
        var draft = draft(
            publicKey: publicKey, validity: ValidityPeriod(start: time, end: end))
        draft.extensions =
            [.keyUsage([0]), .purposes([ExtensionDraft.codeSigning])] + draft.extensions
            + [.names([identity.name]), .claim(1, identity.issuer)]
        for (number, text) in identity.claims.sorted(by: { $0.key < $1.key }) where number < 8 {
            draft.extensions.append(.claim(number, text))
        }
        draft.extensions.append(.claim(8, identity.issuer))
        for (number, text) in identity.claims.sorted(by: { $0.key < $1.key }) where number > 8 {
            draft.extensions.append(.claim(number, text))
        }
        return draft
    }

    /// Signs a draft, with the promises of the logs for it embedded.
    ///
    /// Spec: RFC 6962 §3.2: the log signs the TBSCertificate without the list of promises.
    package func issue(
        _ draft: CertificateDraft, promisedBy logs: [StandInCertificateTransparencyLog],
        promiseExtensions: [UInt8] = []
    ) throws(Failure) -> [UInt8] {
        let tbs = draft.tbs(for: intermediateKey)
        var promises: [[UInt8]] = []
        for log in logs {
            promises.append(
                try log.promise(
                    forPrecertificate: tbs, issuerKey: intermediateKey.publicDER,
                    at: UInt64(max(0, draft.validity.start.seconds)) * 1000 + 123,
                    extensions: promiseExtensions))
        }
        var draft = draft
        if !promises.isEmpty {
            draft.extensions.append(StandInCertificateTransparencyLog.list(promises))
        }
        return try draft.signed(by: intermediateKey)
    }
}

/// Spec: fulcio: certificates are valid for ten minutes.
private let leafSeconds = 600
