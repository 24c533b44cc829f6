// SPDX-License-Identifier: Apache-2.0
// From a leaf to an authority, at a time, for a use. Spec: RFC 5280 §6.1.

package import Primitives

/// What a leaf must be allowed to do.
package enum CertificatePurpose: Hashable, Sendable {
    /// Signing artifacts: Fulcio's leaves and those of one's own authorities.
    case codeSigning
    /// Signing times: RFC 3161.
    case timeStamping
}

/// A chain that was valid, whole, at one moment: only path validation makes one.
package struct CertificatePath: Hashable, Sendable {
    /// The leaf first, the anchor last. A leaf that is its own anchor stands alone.
    package let certificates: [Certificate]
    /// Whose trust it is.
    package let authority: CertificateAuthority
    /// The moment it was valid at.
    package let time: Timestamp

    fileprivate init(_ candidate: ChainCandidate, _ time: Timestamp) {
        certificates = candidate.certificates
        authority = candidate.authority
        self.time = time
    }

    /// Who signed the leaf; nil for a leaf that is its own anchor.
    package var issuer: Certificate? { certificates.dropFirst().first }
}

/// Every way from one leaf to the authorities, found once and asked for as many moments as needed.
///
/// Finding costs signature checks, at most `Limits.chainWork` of them; asking costs none.
package struct CertificateChains: Sendable {
    private let leaf: Certificate
    private let candidates: [ChainCandidate]
    /// Nil when every way was walked.
    private let stopped: EvidenceProblem?
    private let weak: Bool

    /// Looks for every chain from `leaf` over `intermediates` to one of `authorities`.
    ///
    /// Intermediates come with the evidence: they may help building and are never anchors. A leaf
    /// that an authority's chain itself lists is trusted as listed: this is how a timestamp
    /// authority's leaf is pinned, and how a self-signed leaf can be; all rules for leaves hold.
    package init(
        from leaf: Certificate, helpedBy intermediates: [Certificate],
        to authorities: [CertificateAuthority], for purpose: CertificatePurpose
    ) throws(EvidenceProblem) {
        guard intermediates.count <= Limits.proofsPerBundle else {
            throw EvidenceProblem(
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

    /// A chain whose every certificate, and whose authority, was valid at `time`.
    ///
    /// Of several reasons against, the most telling is thrown: a wrong purpose before a wrong time,
    /// that before no trust at all.
    package func path(at time: Timestamp) throws(EvidenceProblem) -> CertificatePath {
        var worst: EvidenceProblem?
        for candidate in candidates {
            guard let problem = candidate.problem(at: time) else {
                return CertificatePath(candidate, time)
            }
            worst = worst.map { max($0, problem) } ?? problem
        }
        throw stopped ?? worst ?? untrusted
    }

    /// A chain for each of the times. Spec: CVE-2026-24122: the whole chain at each trusted time.
    package func paths(at times: [Timestamp]) throws(EvidenceProblem) -> [CertificatePath] {
        try times.map { time throws(EvidenceProblem) in try path(at: time) }
    }

    /// The same in one step, for one moment.
    package static func path(
        from leaf: Certificate, helpedBy intermediates: [Certificate],
        to authorities: [CertificateAuthority], at time: Timestamp, for purpose: CertificatePurpose
    ) throws(EvidenceProblem) -> CertificatePath {
        try CertificateChains(
            from: leaf, helpedBy: intermediates, to: authorities, for: purpose
        ).path(at: time)
    }

    private var untrusted: EvidenceProblem {
        let issuer = quoted(leaf.issuerText)
        return EvidenceProblem(
            .certificateUntrusted,
            weak
                ? "it, or a certificate above it, is signed with a hash that no longer holds"
                : "no trusted authority issued it; it names \(issuer) as its issuer")
    }
}

private let tooMuchWork = EvidenceProblem(
    .overLimit,
    "finding a trusted chain among its certificates takes more than \(Limits.chainWork) signature checks"
)

/// A chain whose signatures hold, with what is wrong about it whatever the time.
private struct ChainCandidate: Sendable {
    let certificates: [Certificate]
    let authority: CertificateAuthority
    private let standing: EvidenceProblem?

    init(
        _ certificates: [Certificate], _ authority: CertificateAuthority,
        _ purpose: CertificatePurpose
    ) {
        self.certificates = certificates
        self.authority = authority
        do throws(EvidenceProblem) {
            try PathRules.check(certificates, for: purpose)
            standing = nil
        } catch {
            standing = error
        }
    }

    /// Spec: RFC 5280 §6.1.3 (a)(2), for every certificate and the anchor too.
    func problem(at time: Timestamp) -> EvidenceProblem? {
        if let standing { return standing }
        for (place, certificate) in certificates.enumerated()
        where !certificate.validity.contains(time) {
            return EvidenceProblem(
                .certificateOutsideValidity,
                "\(PathRules.role(place, of: certificates)) is valid from \(certificate.validity), the time is \(time)"
            )
        }
        guard authority.validFor.contains(time) else {
            return EvidenceProblem(
                .certificateOutsideValidity,
                "its authority is trusted from \(authority.validFor), the time is \(time)")
        }
        return nil
    }
}
