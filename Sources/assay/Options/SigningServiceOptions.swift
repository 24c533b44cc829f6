// SPDX-License-Identifier: Apache-2.0
// Whose services take part in a signature, and what may leave the machine for them.

import ArgumentParser
import Files
import Foundation
import Host
import Primitives
import Signing
import Workflows

/// The services of a signature. With a key none is asked unless one is named; without a key those
/// of the instance that `assay trust` keeps are, or of the public one, unless others are named.
struct SigningServiceOptions: ParsableArguments {
    @Option(
        help: """
            An identity token, or a file with one. Without it: SIGSTORE_ID_TOKEN, GitHub Actions, \
            a token that a cluster mounts, Buildkite. No browser is opened.
            """)
    var identityToken: String?

    @Option(help: "A signing_config.json: the services to sign with, and how many of each.")
    var signingConfig: String?

    @Option(help: "A file with both a trusted root and a signing configuration, of one instance.")
    var trustConfig: String?

    @Option(
        help: """
            A trusted_root.json: whom to believe when services answer; without it what `assay trust` \
            keeps, else the public Sigstore instance. Every bundle is verified against it before it \
            is handed out.
            """)
    var trustedRoot: String?

    @Option(help: "The certificate authority. Single addresses name all services that are used.")
    var fulcioUrl: String?

    @Option(help: "The transparency log.")
    var rekorUrl: String?

    @Option(help: "The version of the log's interface: 1 or 2.")
    var rekorVersion: Int?

    @Option(help: "The timestamp authority (RFC 3161), with its whole path.")
    var timestampServerUrl: String?

    @Flag(
        inversion: .prefixedNo,
        help: """
            Log a signature by a key too; or log none, and leave the time to a timestamp authority.
            """)
    var tlogUpload: Bool?

    @Flag(help: "Refuse to publish anything through the public Sigstore instance.")
    var noPublicLog = false

    @Flag(
        name: [.customShort("y"), .long],
        help: "Do not ask whether what is listed may leave the machine; needed without a terminal.")
    var yes = false

    func validate() throws {
        let ways = [trustConfig != nil, signingConfig != nil, namesSingle].filter(\.self).count
        guard ways <= 1 else {
            throw ValidationError(
                "--trust-config, --signing-config and single addresses cannot stand together")
        }
        guard trustConfig == nil || trustedRoot == nil else {
            throw ValidationError("--trust-config brings its own trusted root")
        }
        guard rekorVersion == nil || rekorUrl != nil else {
            throw ValidationError("--rekor-version belongs to --rekor-url, which is missing")
        }
    }

    /// What the files say, read once.
    func material(withKey: Bool) async throws -> SigningMaterial {
        guard !withKey || asksForServices else {
            return SigningMaterial(services: .none, root: .nobody)
        }
        let now = SystemClock().now()
        if let trustConfig {
            let read = try ClientTrustConfiguration(
                parsing: try readFile(
                    at: trustConfig, atMost: 2 * Limits.trustedRootBytes,
                    named: "the client trust configuration"))
            return SigningMaterial(
                services: try narrowed(
                    read.signingConfiguration.selection(at: now), withKey: withKey),
                root: try TrustedRoot(parsing: read.trustedRoot.compactBytes))
        }
        let trust = try await TrustedMaterial.find(named: trustedRoot, offline: false)
        let configuration = try namedConfiguration() ?? configuration(of: trust)
        return SigningMaterial(
            services: try narrowed(configuration.selection(at: now), withKey: withKey),
            root: trust.root)
    }

    private var namesSingle: Bool {
        [fulcioUrl, rekorUrl, timestampServerUrl].contains { $0 != nil }
    }

    /// Whether a signature by a key is sent to services too.
    var asksForServices: Bool {
        tlogUpload == true || trustConfig != nil || signingConfig != nil || namesSingle
    }

    private func namedConfiguration() throws -> SigningConfiguration? {
        if let signingConfig {
            return try SigningConfiguration(
                parsing: try readFile(
                    at: signingConfig, atMost: Limits.trustedRootBytes,
                    named: "the signing configuration"))
        }
        guard namesSingle else { return nil }
        return try SigningConfiguration(
            certificateAuthority: fulcioUrl, log: rekorUrl.map { ($0, rekorVersion ?? 1) },
            timestampAuthority: timestampServerUrl)
    }

    /// The services of the instance that is trusted, and of no other.
    private func configuration(of trust: TrustedMaterial) throws(Failure) -> SigningConfiguration {
        guard let document = trust.signingConfiguration else {
            throw Failure(
                .usage, "cannot choose services to sign with",
                because: "\(trust.source) names none",
                next: "name them: --signing-config FILE, or --fulcio-url, --rekor-url and "
                    + "--timestamp-server-url")
        }
        return try SigningConfiguration(parsing: document)
    }

    /// A key needs no certificate, and who says so gets no log.
    private func narrowed(
        _ selection: ServiceSelection, withKey: Bool
    ) throws(Failure) -> ServiceSelection {
        guard tlogUpload != true || !selection.logs.isEmpty else {
            throw Failure(
                .usage, "cannot log the signature", because: "no transparency log is named",
                next: "add --rekor-url, or leave out --tlog-upload")
        }
        return ServiceSelection(
            certificateAuthority: withKey ? nil : selection.certificateAuthority,
            logs: tlogUpload == false ? [] : selection.logs,
            timestampAuthorities: selection.timestampAuthorities)
    }

    /// Shows what will leave the machine, and lets it only when somebody agreed.
    func approval() -> UploadConsent {
        let (agreed, isPublicForbidden) = (yes, noPublicLog)
        return { notice in
            if isPublicForbidden { try notice.refusePublicHosts() }
            StandardError.say("to sign, this leaves the machine:")
            for line in notice.lines { StandardError.say("  \(line)") }
            guard !agreed else { return }
            guard StandardError.canAsk else {
                throw Failure(
                    .usage, "cannot ask whether that may leave the machine",
                    because: "stdin is not a terminal", next: "add --yes if it may")
            }
            StandardError.say("go on? [y/N]")
            guard let answer = readLine(), ["y", "yes"].contains(answer.utf8.lowercased()) else {
                throw Failure(.denied, "did not sign", because: "nobody agreed to the upload")
            }
        }
    }
}

extension TrustedRoot {
    /// Enough where nobody is asked.
    fileprivate static let nobody = TrustedRoot(
        logs: [], certificateAuthorities: [], certificateTransparencyLogs: [],
        timestampAuthorities: [])
}
