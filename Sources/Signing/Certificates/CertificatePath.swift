// SPDX-License-Identifier: Apache-2.0
// Validated certificate paths. Spec: RFC 5280 §6.1.

package import Primitives

/// The required purpose of a leaf.
package enum CertificatePurpose: Hashable, Sendable {
    /// Code signing: leaves of Fulcio and of own authorities.
    case codeSigning
    /// Time stamping. Spec: RFC 3161.
    case timeStamping
}

/// A chain that was valid as a whole at one time. Only path validation creates one.
package struct CertificatePath: Hashable, Sendable {
    /// The certificates, leaf first, anchor last. A leaf that is its own anchor is the only one.
    package let certificates: [Certificate]
    /// The authority of the anchor.
    package let authority: CertificateAuthority
    /// The time of validation.
    package let time: Timestamp

    fileprivate init(_ candidate: ChainCandidate, _ time: Timestamp) {
        certificates = candidate.certificates
        authority = candidate.authority
        self.time = time
    }

    /// The issuer of the leaf; nil for a leaf that is its own anchor.
    package var issuer: Certificate? { certificates.dropFirst().first }
}

/// All chains from one leaf to the authorities, built once for any number of times.
///
/// Building takes at most `Limits.chainWork` signature checks; a query for a time takes none.
package struct CertificateChains: Sendable {
    private let leaf: Certificate
    private let candidates: [ChainCandidate]
    /// Why the search ended early; nil if it is complete.
    private let stopped: VerificationError?
    private let weak: Bool

    /// Builds all chains from `leaf` over `intermediates` to one of `authorities`.
    ///
    /// Intermediates are part of the evidence and never anchors. A leaf in an authority's chain is
    /// trusted: so a timestamp authority's leaf, or a self-signed leaf, can be pinned. All rules
    /// for leaves apply to it.
    package init(
        from leaf: Certificate, helpedBy intermediates: [Certificate],
        to authorities: [CertificateAuthority], for purpose: CertificatePurpose
    ) throws(VerificationError) {
        guard intermediates.count <= Limits.proofsPerBundle else {
            throw VerificationError(
                .overLimit,
                "it brings \(intermediates.count) certificates, the limit is \(Limits.proofsPerBundle)"
            )
        }
        var search = ChainSearch(helpers: intermediates, authorities: authorities)
        search.run(from: leaf)
        self.leaf = leaf
        weak = search.metWeakSignature
        stopped = search.isExhausted ? tooMuchWork : nil
        candidates = search.found.map { ChainCandidate($0.certificates, $0.authority, purpose) }
    }

    /// A chain of which all certificates and the authority were valid at `time`.
    ///
    /// If there is none, the most specific reason is thrown: a wrong purpose before a wrong time,
    /// and that before an untrusted chain.
    package func path(at time: Timestamp) throws(VerificationError) -> CertificatePath {
        var worst: VerificationError?
        for candidate in candidates {
            guard let problem = candidate.problem(at: time) else {
                return CertificatePath(candidate, time)
            }
            worst = worst.map { max($0, problem) } ?? problem
        }
        throw stopped ?? worst ?? untrusted
    }

    /// A chain for each of the times. Spec: CVE-2026-24122: the whole chain at each trusted time.
    package func paths(at times: [Timestamp]) throws(VerificationError) -> [CertificatePath] {
        try times.map { time throws(VerificationError) in try path(at: time) }
    }

    /// Builds and validates a chain for one time.
    package static func path(
        from leaf: Certificate, helpedBy intermediates: [Certificate],
        to authorities: [CertificateAuthority], at time: Timestamp, for purpose: CertificatePurpose
    ) throws(VerificationError) -> CertificatePath {
        try CertificateChains(
            from: leaf, helpedBy: intermediates, to: authorities, for: purpose
        ).path(at: time)
    }

    private var untrusted: VerificationError {
        let issuer = quoted(leaf.issuerText)
        return VerificationError(
            .certificateUntrusted,
            weak
                ? "it, or a certificate above it, is signed with a hash that no longer holds"
                : "no trusted authority issued it; it names \(issuer) as its issuer")
    }
}

private let tooMuchWork = VerificationError(
    .overLimit,
    "finding a trusted chain among its certificates takes more than \(Limits.chainWork) signature checks"
)

/// A chain with valid signatures, and its violation of a rule that does not depend on the time.
private struct ChainCandidate: Sendable {
    let certificates: [Certificate]
    let authority: CertificateAuthority
    private let standing: VerificationError?

    init(
        _ certificates: [Certificate], _ authority: CertificateAuthority,
        _ purpose: CertificatePurpose
    ) {
        self.certificates = certificates
        self.authority = authority
        do throws(VerificationError) {
            try PathRules.check(certificates, for: purpose)
            standing = nil
        } catch {
            standing = error
        }
    }

    /// Spec: RFC 5280 §6.1.3 (a)(2), for every certificate and the anchor too.
    func problem(at time: Timestamp) -> VerificationError? {
        if let standing { return standing }
        for (index, certificate) in certificates.enumerated()
        where !certificate.validity.contains(time) {
            return VerificationError(
                .certificateOutsideValidity,
                "\(PathRules.role(index, of: certificates)) is valid from \(certificate.validity), the time is \(time)"
            )
        }
        guard authority.validFor.contains(time) else {
            return VerificationError(
                .certificateOutsideValidity,
                "its authority is trusted from \(authority.validFor), the time is \(time)")
        }
        return nil
    }
}
