// SPDX-License-Identifier: Apache-2.0
// Authorities of the trusted root. Spec: sigstore_trustroot.proto, CertificateAuthority.

package import Primitives

/// A trusted chain with a validity period, of a certificate authority or a timestamp authority.
///
/// The initializer verifies the signatures of the chain. Validity and purpose are checked for each
/// use.
package struct CertificateAuthority: Hashable, Sendable {
    /// The chain, nearest to the leaf first, the anchor last. The chain of a timestamp authority
    /// begins with its leaf.
    package let chain: [Certificate]
    /// The validity period of the authority.
    package let validFor: ValidityPeriod
    package let uri: String?
    package let operatorName: String?

    /// Spec: sigstore_trustroot.proto: `cert_chain` "MUST be in order, the root last".
    package init(
        chain: [Certificate], validFor: ValidityPeriod, uri: String?, operatorName: String?
    ) throws(Failure) {
        guard !chain.isEmpty else { throw unusable("its chain is empty") }
        guard chain.count <= Limits.certificatesPerChain else {
            throw Failure(
                .overLimit, "cannot use the certificate authority",
                because:
                    "its chain has \(chain.count) certificates, the limit is \(Limits.certificatesPerChain)"
            )
        }
        for (index, (child, issuer)) in zip(chain, chain.dropFirst()).enumerated() {
            guard child.isIssued(by: issuer) else {
                throw unusable("certificate \(index + 2) of its chain did not sign the one before")
            }
        }
        self.chain = chain
        self.validFor = validFor
        self.uri = uri
        self.operatorName = operatorName
    }

    /// The last certificate of the chain, which the trusted root makes trusted. Its own signature
    /// is not verified. Spec: RFC 5280 §6.1.1 (d).
    package var anchor: Certificate? { chain.last }

    /// The identity for counting distinct parties: the operator if it is known, else the anchor.
    package var party: String {
        operatorName.map { "operator \($0)" }
            ?? "authority \(chain.last?.fingerprint.description ?? "")"
    }

    /// The positions in the chain that may issue certificates: none if the chain begins with an end
    /// entity, which is then the only trusted certificate.
    ///
    /// Spec: CVE-2026-39984: a signer other than the listed one is rejected, regardless of its
    /// issuer.
    var issuers: Range<Int> {
        chain.first?.isAuthority == true ? chain.indices : chain.endIndex..<chain.endIndex
    }

    /// Whether these two are adjacent in the chain, so that their link is verified.
    func links(_ child: Certificate, _ issuer: Certificate) -> Bool {
        zip(chain, chain.dropFirst()).contains { $0.0 == child && $0.1 == issuer }
    }
}

private func unusable(_ why: String) -> Failure {
    Failure(.malformed, "cannot use the certificate authority", because: why)
}
