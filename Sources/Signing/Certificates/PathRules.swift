// SPDX-License-Identifier: Apache-2.0
// Rules for chains that do not depend on the time. Spec: RFC 5280 §4.2.1 and §6.1; Fulcio's
// certificate specification; RFC 3161 §2.3.

internal import Primitives
internal import X509

/// The rules for the certificates of a chain.
///
/// Deviation: RFC 5280 ignores the anchor's extensions. Assay applies them as for any authority,
/// and tolerates extensions that old roots lack.
enum PathRules {
    /// Checks all certificates of a chain, leaf first.
    static func check(_ chain: [Certificate], for purpose: CertificatePurpose)
        throws(VerificationError)
    {
        for (index, certificate) in chain.enumerated() {
            let role = role(index, of: chain)
            // Spec: RFC 5280 §6.1.4 (o), §6.1.5 (f): unknown critical extensions.
            if let unknown = certificate.constraints.unknownCritical.first {
                throw forbidden("\(role) has the critical extension \(unknown), which is not known")
            }
            if index == 0 {
                try checkLeaf(certificate.constraints, for: purpose)
            } else {
                let rules = AuthorityRules(
                    authority: certificate, below: chain[..<index],
                    isAnchor: index == chain.count - 1, role: role)
                try rules.check(for: purpose)
            }
        }
    }

    /// The role of a certificate in its chain, for messages.
    static func role(_ index: Int, of chain: [Certificate]) -> String {
        if index == 0 { return "the certificate" }
        return index == chain.count - 1 ? "the root" : "intermediate \(index)"
    }
}

// MARK: The leaf

private func checkLeaf(_ leaf: CertificateConstraints, for purpose: CertificatePurpose)
    throws(VerificationError)
{
    guard !leaf.isAuthority, leaf.keyUsage?.keyCertSign != true else {
        throw forbidden("the certificate is a certificate authority's, not a signer's")
    }
    switch purpose {
    case .codeSigning: try checkCodeSigning(leaf)
    case .timeStamping: try checkTimeStamping(leaf)
    }
}

/// Spec: fulcio docs/certificate-specification.md, "Key Usage" and "Extended Key Usage".
private func checkCodeSigning(_ leaf: CertificateConstraints) throws(VerificationError) {
    guard let usage = leaf.keyUsage else {
        throw forbidden("the certificate does not say what its key may be used for")
    }
    guard leaf.isKeyUsageCritical, usage.digitalSignature else {
        throw forbidden("its key usage is not critical with digitalSignature")
    }
    guard leaf.extendedKeyUsage == [.codeSigning] else {
        throw forbidden("its extended key usage is not codeSigning alone")
    }
}

/// Spec: RFC 3161 §2.3: "only one instance of the extended key usage field … MUST be critical".
/// Key usage is optional; if present, it must allow signatures.
private func checkTimeStamping(_ leaf: CertificateConstraints) throws(VerificationError) {
    guard leaf.keyUsage.map({ $0.digitalSignature || $0.nonRepudiation }) ?? true else {
        throw forbidden("its key may not be used for signatures")
    }
    guard leaf.extendedKeyUsage == [.timeStamping], leaf.isExtendedKeyUsageCritical else {
        throw forbidden("its extended key usage is not critical and timeStamping alone")
    }
}

// MARK: Authorities

private struct AuthorityRules {
    let authority: Certificate
    /// The certificates below it, leaf first.
    let below: ArraySlice<Certificate>
    let isAnchor: Bool
    let role: String

    private var constraints: CertificateConstraints { authority.constraints }

    func check(for purpose: CertificatePurpose) throws(VerificationError) {
        try checkBasicConstraints()
        try checkKeyUsage()
        try checkExtendedKeyUsage(purpose)
        try checkNames()
    }

    /// Spec: RFC 5280 §6.1.4 (k), (l), (m); §4.2.1.9: critical in conforming authorities. Old roots
    /// without it are accepted as anchors.
    private func checkBasicConstraints() throws(VerificationError) {
        guard let basics = constraints.authority, isAnchor || basics.isCritical else {
            throw forbidden("\(role) does not say critically that it is a certificate authority")
        }
        // Spec: "the maximum number of non-self-issued intermediate certificates that may follow".
        let following = below.dropFirst().count { !$0.isSelfIssued }
        if let limit = basics.pathLength, following > limit {
            throw forbidden(
                "\(role) allows \(limit) intermediate certificates below it, there are \(following)"
            )
        }
    }

    /// Spec: RFC 5280 §6.1.4 (n), and §4.2.1.3: "Conforming CAs MUST include this extension".
    private func checkKeyUsage() throws(VerificationError) {
        guard constraints.keyUsage?.keyCertSign ?? isAnchor else {
            throw forbidden("the key of \(role) may not be used to sign certificates")
        }
    }

    /// Spec: RFC 5280 §4.2.1.12; as in other verifiers, it limits the uses of certificates that the
    /// authority issues.
    private func checkExtendedKeyUsage(_ purpose: CertificatePurpose) throws(VerificationError) {
        guard let uses = constraints.extendedKeyUsage else { return }
        let wanted: ExtendedKeyUsage.Usage =
            purpose == .codeSigning ? .codeSigning : .timeStamping
        guard uses.contains(wanted) || uses.contains(.any) else {
            throw forbidden("the extended key usage of \(role) does not cover this use")
        }
    }

    /// Spec: RFC 5280 §6.1.3 (b), (c): self-issued certificates are exempt unless they are the
    /// leaf.
    private func checkNames() throws(VerificationError) {
        guard let restriction = constraints.nameConstraints else { return }
        for (index, certificate) in below.enumerated() where index == 0 || !certificate.isSelfIssued
        {
            if let objection = restriction.objection(to: certificate) {
                throw forbidden("\(role) constrains names: \(objection)")
            }
        }
    }
}

private func forbidden(_ why: String) -> VerificationError {
    VerificationError(.certificatePurpose, why)
}
