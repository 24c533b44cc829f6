// SPDX-License-Identifier: Apache-2.0
// Certificates of the stand-ins, right or with the faults that a recipe names.

package import Primitives
internal import Signing

extension StandInSigstore {
    /// A leaf for an identity and a key, issued at a time.
    package func certificate(
        for identity: StandInIdentity, publicKey: [UInt8], at time: Timestamp,
        faults: Set<StandInFault> = []
    ) throws(Failure) -> [UInt8] {
        let authority =
            faults.contains(.certificateForeignAuthority)
            ? try StandInSigstore.authority(plan, try StandInKeys()) : certificateAuthority
        var start = time
        if faults.contains(.certificateExpired) { start = Timestamp(seconds: time.seconds - 3600) }
        if faults.contains(.certificateNotYetValid) {
            start = Timestamp(seconds: time.seconds + 3600)
        }
        var draft = authority.leafDraft(for: identity, publicKey: publicKey, at: start)
        for fault in StandInFault.allCases where faults.contains(fault) {
            draft.bend(fault, identity)
        }
        var certificate = try issue(draft, by: authority, faults: faults)
        if faults.contains(.certificateBrokenSignature), let last = certificate.indices.last {
            certificate[last] ^= 1
        }
        return certificate
    }

    private func issue(
        _ draft: CertificateDraft, by authority: StandInCertificateAuthority,
        faults: Set<StandInFault>
    ) throws(Failure) -> [UInt8] {
        if faults.contains(.transparencyMissing) {
            return try authority.issue(draft, promisedBy: [])
        }
        if faults.contains(.transparencyForeignLog) {
            let log = StandInCertificateTransparencyLog(
                key: try StandInKey(.p256), baseURL: "https://ct.elsewhere.example")
            return try authority.issue(draft, promisedBy: [log])
        }
        let promise =
            faults.contains(.transparencyExtensions) ? leafIndexExtension : []
        if faults.contains(.transparencyTwice) {
            return try authority.issue(
                draft, promisedBy: [certificateLog, certificateLog], promiseExtensions: promise)
        }
        guard
            faults.contains(.transparencyForeignKey)
                || faults.contains(.transparencyOtherCertificate)
        else {
            return try authority.issue(
                draft, promisedBy: [certificateLog], promiseExtensions: promise)
        }
        return try authority.issue(
            draft, withPromise: try wrongPromise(for: draft, by: authority, faults: faults))
    }

    /// A promise in the known log's name: by another key, or for another certificate.
    private func wrongPromise(
        for draft: CertificateDraft, by authority: StandInCertificateAuthority,
        faults: Set<StandInFault>
    ) throws(Failure) -> [UInt8] {
        var promised = draft
        var log = certificateLog
        if faults.contains(.transparencyForeignKey) {
            log = StandInCertificateTransparencyLog(
                key: try StandInKey(.p256), baseURL: certificateLog.baseURL)
        } else {
            promised.serialNumber[1] ^= 1
        }
        let promise = try log.promise(
            forPrecertificate: promised.tbs(for: authority.intermediateKey),
            issuerKey: authority.intermediateKey.publicDER,
            at: UInt64(max(0, draft.validity.start.seconds)) * 1000)
        // Version, then the log's id.
        return promise.prefix(1) + certificateLog.identifier + promise.dropFirst(33)
    }
}

extension StandInCertificateAuthority {
    /// Signs a draft with a promise that was made elsewhere.
    package func issue(_ draft: CertificateDraft, withPromise promise: [UInt8]) throws(Failure)
        -> [UInt8]
    {
        var draft = draft
        draft.extensions.append(StandInCertificateTransparencyLog.list([promise]))
        return try draft.signed(by: intermediateKey)
    }
}

extension CertificateDraft {
    /// Applies the faults that are about one field of the certificate.
    fileprivate mutating func bend(_ fault: StandInFault, _ identity: StandInIdentity) {
        let claim = "1.3.6.1.4.1.57264.1."
        switch fault {
        case .certificateWrongPurpose:
            self[ExtensionDraft.purposeIdentifier] = .purposes([ExtensionDraft.serverAuthentication]
            )
        case .certificateNoPurpose: self[ExtensionDraft.purposeIdentifier] = nil
        case .certificateAuthorityLeaf:
            self[ExtensionDraft.basicConstraintsIdentifier] = .basicConstraints(authority: true)
            self[ExtensionDraft.keyUsageIdentifier] = .keyUsage([0, 5])
        case .certificateNoKeyUsage: self[ExtensionDraft.keyUsageIdentifier] = nil
        case .certificateWrongKeyUsage: self[ExtensionDraft.keyUsageIdentifier] = .keyUsage([2])
        case .certificateUnknownCritical:
            extensions.append(
                ExtensionDraft("1.3.6.1.4.1.57264.99.1", critical: true, DEREncoding.null))
        case .certificateSeveralNames:
            self[ExtensionDraft.namesIdentifier] = .names([
                .email("stranger@example.net"), identity.name,
            ])
        case .certificateNoName: self[ExtensionDraft.namesIdentifier] = nil
        case .certificateOtherName:
            self[ExtensionDraft.namesIdentifier] = .names([.email("stranger@example.net")])
        case .certificateOtherIssuer:
            self[claim + "1"] = .claim(1, "https://accounts.example.net")
            self[claim + "8"] = .claim(8, "https://accounts.example.net")
        case .certificateNoIssuer:
            self[claim + "1"] = nil
            self[claim + "8"] = nil
        case .certificateTrailingClaim: self[claim + "8"]?.value.append(0)
        case .certificateDuplicateExtension:
            extensions.append(.claim(8, "https://accounts.example.net"))
        case .transparencyPoisonLeft:
            extensions.append(
                ExtensionDraft(ExtensionDraft.poisonIdentifier, critical: true, DEREncoding.null))
        default: break
        }
    }
}

/// Spec: C2SP static-ct-api, leaf_index (type 0): a 40-bit number.
private let leafIndexExtension: [UInt8] = [0, 0, 5, 0, 0, 0, 0, 42]
