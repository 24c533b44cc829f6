// SPDX-License-Identifier: Apache-2.0
// An authority as the trust root names it. Spec: sigstore_trustroot.proto, CertificateAuthority.

package import Primitives

/// A chain that is trusted for a period of time: it signs signers, or signs time.
///
/// The links of the chain are checked here, once; whoever has an authority need not check them
/// again. Validity and purpose are not: those are asked for a moment and a use.
package struct CertificateAuthority: Hashable, Sendable {
    /// As in the trust root: nearest to the leaf first, the anchor last. The chain of a timestamp
    /// authority begins with its leaf.
    package let chain: [Certificate]
    /// When the authority may be believed, both ends inside.
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
        for (place, (child, issuer)) in zip(chain, chain.dropFirst()).enumerated() {
            guard child.isIssued(by: issuer) else {
                throw unusable("certificate \(place + 2) of its chain did not sign the one before")
            }
        }
        self.chain = chain
        self.validFor = validFor
        self.uri = uri
        self.operatorName = operatorName
    }

    /// The last of the chain: trusted because the trust root says so. Its own signature means
    /// nothing and is not looked at. Spec: RFC 5280 §6.1.1 (d).
    package var anchor: Certificate? { chain.last }

    /// What two timestamps or certificates must differ in to come from two parties: the operator
    /// where it is named, else the anchor.
    package var party: String {
        operatorName.map { "operator \($0)" }
            ?? "authority \(chain.last?.fingerprint.description ?? "")"
    }

    /// The places in the chain that may sign certificates: none, when the chain begins with an end
    /// entity. Such a chain vouches for that certificate and for no other.
    ///
    /// Spec: CVE-2026-39984: a signer other than the listed one is refused, whoever issued it.
    var issuers: Range<Int> {
        chain.first?.isAuthority == true ? chain.indices : chain.endIndex..<chain.endIndex
    }

    /// Whether these two stand beside each other in the chain, so that their link was checked.
    func links(_ child: Certificate, _ issuer: Certificate) -> Bool {
        zip(chain, chain.dropFirst()).contains { $0.0 == child && $0.1 == issuer }
    }
}

private func unusable(_ why: String) -> Failure {
    Failure(.malformed, "cannot use the certificate authority", because: why)
}
