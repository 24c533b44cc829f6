// SPDX-License-Identifier: Apache-2.0
// The user's own certificate and timestamp authorities, in place of the trusted root's.

import ArgumentParser
import Files
import Host
import Primitives
import Signing

struct OwnAuthorityOptions: ParsableArguments {
    @Option(
        help: """
            Certificate authorities of your own in place of the trusted root's: a PEM file, \
            intermediates first, root last. Where they have no certificate log, say --insecure-ignore-sct; \
            with --insecure-ignore-tlog too, a certificate that is valid now is enough.
            """)
    var certificateChain: String?

    @Option(help: "Root certificates of your own in place of the trusted root's: a PEM file.")
    var caRoots: String?

    @Option(help: "Intermediate certificates below --ca-roots: a PEM file.")
    var caIntermediates: String?

    @Option(
        help: """
            A timestamp authority of your own in place of the trusted root's: a PEM file, root last; \
            a timestamp by it is required.
            """)
    var timestampCertificateChain: String?

    @Flag(help: "Accept bundles with intermediate certificates, as private authorities need.")
    var allowCertificateChain = false

    func validate() throws {
        guard certificateChain == nil || (caRoots == nil && caIntermediates == nil) else {
            throw ValidationError(
                "give --certificate-chain, or --ca-roots with --ca-intermediates")
        }
        guard caIntermediates == nil || caRoots != nil else {
            throw ValidationError("--ca-intermediates needs --ca-roots")
        }
    }

    /// Whether authorities that issue signing certificates are named.
    var nameIssuers: Bool { certificateChain != nil || caRoots != nil }

    var areForCertificates: Bool { nameIssuers || allowCertificateChain }

    var isEmpty: Bool { !areForCertificates && timestampCertificateChain == nil }

    /// The trusted root with these authorities in place of its own.
    func replacing(in root: TrustedRoot) throws -> TrustedRoot {
        guard nameIssuers || timestampCertificateChain != nil else { return root }
        return TrustedRoot(
            logs: root.logs,
            certificateAuthorities: nameIssuers ? try issuers() : root.certificateAuthorities,
            certificateTransparencyLogs: root.certificateTransparencyLogs,
            timestampAuthorities: try timestampCertificateChain.map {
                [try authority(try certificates($0, "the timestamp authority's certificates"))]
            } ?? root.timestampAuthorities)
    }

    private func issuers() throws -> [CertificateAuthority] {
        if let certificateChain {
            return [try authority(try certificates(certificateChain, "the certificate chain"))]
        }
        let roots = try caRoots.map { try certificates($0, "the root certificates") } ?? []
        let intermediates =
            try caIntermediates.map { try certificates($0, "the intermediate certificates") } ?? []
        return try roots.map { try authority([$0]) }
            + intermediates.map { try authority(try path(from: $0, by: intermediates, to: roots)) }
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

    private func certificates(_ path: String, _ what: String) throws -> [Certificate] {
        let content = try readFile(
            at: path, atMost: Limits.certificateFileBytes, named: what)
        return try Certificate.list(pem: String(decoding: content, as: UTF8.self))
    }

    private func authority(_ chain: [Certificate]) throws(Failure) -> CertificateAuthority {
        try CertificateAuthority(
            chain: chain, validFor: ValidityPeriod(start: Timestamp(seconds: 0), end: nil),
            uri: nil, operatorName: nil)
    }
}
