// SPDX-License-Identifier: Apache-2.0
// Certificate and timestamp authorities that a caller trusts in place of the trusted root's.

package import Primitives
package import Signing

/// Authorities in place of those of a trusted root.
package struct OwnAuthorities: Sendable {
    /// The authorities that issue signing certificates.
    package enum Issuers: Sendable {
        case ofTrustedRoot
        /// One chain: intermediates first, root last.
        case chain([Certificate])
        /// Each root is an authority, and each intermediate with its path to a root.
        case roots([Certificate], intermediates: [Certificate])
    }

    private let issuers: Issuers
    /// One chain, root last; nil for the authorities of the trusted root.
    private let timestampAuthority: [Certificate]?

    package init(issuers: Issuers, timestampAuthority: [Certificate]?) {
        self.issuers = issuers
        self.timestampAuthority = timestampAuthority
    }

    /// The trusted root with these authorities in place of its own.
    ///
    /// - Throws: `usage` for an intermediate that leads to no root; as `CertificateAuthority`.
    package func replacing(in root: TrustedRoot) throws(Failure) -> TrustedRoot {
        var timestampAuthorities = root.timestampAuthorities
        if let timestampAuthority { timestampAuthorities = [try authority(timestampAuthority)] }
        return TrustedRoot(
            logs: root.logs,
            certificateAuthorities: try authorities ?? root.certificateAuthorities,
            certificateTransparencyLogs: root.certificateTransparencyLogs,
            timestampAuthorities: timestampAuthorities)
    }

    private var authorities: [CertificateAuthority]? {
        get throws(Failure) {
            switch issuers {
            case .ofTrustedRoot: return nil
            case .chain(let chain): return [try authority(chain)]
            case .roots(let roots, let intermediates):
                var found: [CertificateAuthority] = []
                for root in roots { found.append(try authority([root])) }
                for first in intermediates {
                    found.append(
                        try authority(try path(from: first, by: intermediates, to: roots)))
                }
                return found
            }
        }
    }

    /// The certificates from an intermediate to the root above it.
    private func path(
        from first: Certificate, by intermediates: [Certificate], to roots: [Certificate]
    ) throws(Failure) -> [Certificate] {
        var path = [first]
        while let last = path.last, path.count < Limits.certificatesPerChain {
            if let root = roots.first(where: last.isIssued) { return path + [root] }
            guard
                let next = intermediates.first(where: {
                    last.isIssued(by: $0) && !path.contains($0)
                })
            else { break }
            path.append(next)
        }
        throw Failure(
            .usage, "cannot use --ca-intermediates",
            because: "the certificate \(first.fingerprint) leads to no certificate of --ca-roots")
    }

    private func authority(_ chain: [Certificate]) throws(Failure) -> CertificateAuthority {
        try CertificateAuthority(
            chain: chain, validFor: ValidityPeriod(start: Timestamp(seconds: 0), end: nil),
            uri: nil, operatorName: nil)
    }
}
