// SPDX-License-Identifier: Apache-2.0
// The user's own certificate and timestamp authorities, in place of the trusted root's.

import ArgumentParser
import Files
import Host
import Primitives
import Signing
import Workflows

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

    /// The certificates that are named.
    func read() throws -> OwnAuthorities {
        OwnAuthorities(
            issuers: try issuers(),
            timestampAuthority: try timestampCertificateChain.map {
                try certificates($0, "the timestamp authority's certificates")
            })
    }

    private func issuers() throws -> OwnAuthorities.Issuers {
        if let certificateChain {
            return .chain(try certificates(certificateChain, "the certificate chain"))
        }
        guard let caRoots else { return .ofTrustedRoot }
        return .roots(
            try certificates(caRoots, "the root certificates"),
            intermediates: try caIntermediates.map {
                try certificates($0, "the intermediate certificates")
            } ?? [])
    }

    private func certificates(_ path: String, _ what: String) throws -> [Certificate] {
        let content = try readFile(
            at: path, atMost: Limits.certificateFileBytes, named: what)
        return try Certificate.list(pem: String(decoding: content, as: UTF8.self))
    }
}
