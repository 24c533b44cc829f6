// SPDX-License-Identifier: Apache-2.0
// Who must have signed, and what else is demanded, in cosign's words.

import ArgumentParser
import Files
import Foundation
import Host
import Keys
import Primitives
import Signing
import Workflows

/// The options of every command that verifies. A key, or a subject and an issuer, always together.
struct SignerOptions: ParsableArguments {
    @Option(
        help: """
            A public key that may have signed: a file, env://NAME, or a key service such as \
            awskms:///alias/release, hashivault://release, pkcs11:… May be repeated. With \
            --trusted-root its signatures must stand in a log; a root that only the environment or \
            `assay trust` names demands nothing of a key.
            """)
    var key: [KeyLocation] = []

    @Option(
        help: """
            The hash the key's signatures must be made with. Without it each hash that the key can \
            have is tried.
            """)
    var signatureDigestAlgorithm: HashAlgorithm?

    @Option(help: "The subject the certificate must name, exactly: an e-mail address or a URI.")
    var certificateIdentity: String?

    @Option(
        help: "A regular expression (RE2) that must fit the certificate's whole subject.")
    var certificateIdentityRegexp: String?

    @Option(help: "The issuer that must have vouched for the subject, exactly.")
    var certificateOidcIssuer: String?

    @Option(help: "A regular expression (RE2) that must fit the whole issuer.")
    var certificateOidcIssuerRegexp: String?

    @Option(help: "The GitHub event that must have started the workflow.")
    var certificateGithubWorkflowTrigger: String?

    @Option(help: "The commit the workflow must have run on.")
    var certificateGithubWorkflowSha: String?

    @Option(help: "The name the workflow must have.")
    var certificateGithubWorkflowName: String?

    @Option(help: "The repository the workflow must have run in: OWNER/NAME.")
    var certificateGithubWorkflowRepository: String?

    @Option(help: "The ref the workflow must have run on: refs/heads/main.")
    var certificateGithubWorkflowRef: String?

    @OptionGroup var trust: TrustOptions

    @Flag(help: "INSECURE: take a signature that stands in no transparency log.")
    var insecureIgnoreTlog = false

    @Flag(help: "INSECURE: take a certificate that stands in no certificate transparency log.")
    var insecureIgnoreSct = false

    @Option(
        help: """
            A witness that must have cosigned the log's checkpoint: NAME+HINT+KEY, as witnesses \
            publish it. May be repeated; all of them must have, unless --witness-threshold says how many.
            """)
    var witness: [String] = []

    @Option(help: "How many of the witnesses must have cosigned.")
    var witnessThreshold: Int?

    @Option(
        help: """
            A certificate log's promise (SCT) that stands beside the certificate, in TLS or JSON \
            form. May be repeated.
            """)
    var sct: [String] = []

    @Flag(help: "Demand a timestamp (RFC 3161) by an authority of the trusted root.")
    var useSignedTimestamps = false

    @OptionGroup var authorities: OwnAuthorityOptions

    /// - Throws: `Failure` of kind `usage` when the options do not name one way to trust.
    private func check() throws(Failure) {
        func wrong(_ why: String) -> Failure {
            Failure(.usage, "cannot verify", because: why)
        }
        let names = [certificateIdentity, certificateIdentityRegexp].compactMap(\.self)
        let issuers = [certificateOidcIssuer, certificateOidcIssuerRegexp].compactMap(\.self)
        if !key.isEmpty, !names.isEmpty || !issuers.isEmpty || !claims.isEmpty {
            throw wrong("--key and --certificate-… cannot stand together")
        }
        if key.isEmpty, names.isEmpty, issuers.isEmpty {
            throw wrong(
                "nobody is named who must have signed; give --key, or --certificate-identity with "
                    + "--certificate-oidc-issuer")
        }
        if key.isEmpty, names.isEmpty || issuers.isEmpty {
            throw wrong(
                "a subject and its issuer belong together: any issuer can vouch for any subject; "
                    + "--certificate-oidc-issuer-regexp '.*' takes them all")
        }
        if (names + issuers + claimTexts).contains(where: \.isEmpty) {
            throw wrong("an empty text fits nobody")
        }
        if !key.isEmpty, authorities.areForCertificates {
            throw wrong("--certificate-chain and --ca-… are for certificates, and --key is a key")
        }
        if key.isEmpty, let hash = signatureDigestAlgorithm, hash != .sha256 {
            throw wrong(
                "--signature-digest-algorithm is for --key; a certificate says itself how its key "
                    + "signs")
        }
        if witness.isEmpty, witnessThreshold != nil {
            throw wrong("--witness-threshold counts witnesses, and none is named with --witness")
        }
        if !witness.isEmpty, insecureIgnoreTlog || (!key.isEmpty && trust.trustedRoot == nil) {
            throw wrong(
                "a witness cosigns what a log says, and no log is asked for; with --key name the "
                    + "log's --trusted-root")
        }
        if !sct.isEmpty, !key.isEmpty || insecureIgnoreSct {
            throw wrong("--sct is for certificates whose promise is looked at")
        }
    }

    /// What the log must show, where one is asked for.
    private func logDemand() throws(Failure) -> LogDemand {
        guard !witness.isEmpty else {
            return LogDemand(proof: .inclusionProofOrPromise, parties: 1, witnesses: .none)
        }
        var witnesses: [Witness] = []
        for text in witness { witnesses.append(try Witness(verifierKey: text)) }
        let different = Set(witnesses.map(\.key)).count
        let threshold = witnessThreshold ?? different
        guard (1...different).contains(threshold) else {
            throw Failure(
                .usage, "cannot verify",
                because:
                    "--witness-threshold is \(threshold), and \(different) different witnesses "
                    + "are named")
        }
        // Only a checkpoint can be cosigned, and only a proof leads to one.
        return LogDemand(
            proof: .inclusionProof, parties: 1,
            witnesses: WitnessDemand(witnesses: witnesses, atLeast: threshold))
    }

    /// Whether nobody is named: for commands that can do without.
    var isEmpty: Bool {
        key.isEmpty && certificateIdentity == nil && certificateIdentityRegexp == nil
            && certificateOidcIssuer == nil && certificateOidcIssuerRegexp == nil
            && claims.isEmpty
    }

    /// Whether nothing is said about the signer or the proofs: where a policy says it all.
    var namesNobody: Bool {
        isEmpty && !insecureIgnoreTlog && !insecureIgnoreSct && !useSignedTimestamps
            && authorities.isEmpty && sct.isEmpty
            && witness.isEmpty && witnessThreshold == nil && signatureDigestAlgorithm == nil
    }

    /// The verifier these options describe.
    func verifier() async throws -> SignatureVerifier { try await judge().verifier }

    /// The verifier, and whom it believes; nil where a key is enough and nothing else was asked.
    func judge() async throws -> (verifier: SignatureVerifier, trust: TrustMaterial?) {
        try check()
        let signer: TrustedSigner =
            key.isEmpty ? .certificates([try identity()]) : .keys(try await trustedKeys())
        // A key's signature needs a log entry only where the command says whose log is believed: what
        // is believed in general (ASSAY_TRUSTED_ROOT, assay trust) is nothing that this command demands.
        let logged = key.isEmpty || trust.trustedRoot != nil
        let isTimed = useSignedTimestamps || authorities.timestampCertificateChain != nil
        let material = try await trust.material(needed: logged || isTimed)
        let root = try material.map { try authorities.replacing(in: $0.root) }
        for warning in warnings { Talk.warn(warning) }
        let demand = VerificationDemand(
            signer: signer,
            transparency: insecureIgnoreTlog || !logged ? .ignored : .logged(try logDemand()),
            timestamps: isTimed ? 1 : 0,
            certificateLogs: insecureIgnoreSct || !key.isEmpty ? 0 : 1,
            time: insecureIgnoreTlog && !isTimed && authorities.nameIssuers
                ? .signedOrNow(SystemPause().now()) : .signed,
            acceptsChains: authorities.allowCertificateChain || authorities.nameIssuers)
        let promises = try sct.map { path in
            let content = try readFile(
                at: path, atMost: Limits.certificateFileBytes, named: "the certificate timestamp")
            // What somebody names as proof is read, whether or not it is needed in the end.
            do throws(Failure) {
                _ = try SignedCertificateTimestamp(detached: content)
            } catch {
                throw error.during("cannot use \(quoted(path))")
            }
            return content
        }
        return (
            try SignatureVerifier(demand: demand, root: root, detachedTimestamps: promises),
            material
        )
    }

    /// Where several are given, each has a name, so that it can be told which one matched.
    private func trustedKeys() async throws -> [TrustedKey] {
        var keys: [TrustedKey] = []
        for location in key {
            for found in try await location.trustedKeys(offline: trust.offline) {
                let name = found.name ?? (key.count > 1 ? location.text : nil)
                keys.append(
                    TrustedKey(
                        key: found.key, validFor: found.validFor, name: name,
                        hash: signatureDigestAlgorithm))
            }
        }
        return keys
    }

    private func identity() throws -> CertificateIdentity {
        CertificateIdentity(
            subjects: try patterns(certificateIdentity, certificateIdentityRegexp),
            issuers: try patterns(certificateOidcIssuer, certificateOidcIssuerRegexp),
            claims: claims)
    }

    private func patterns(_ exact: String?, _ expression: String?) throws -> [IdentityPattern] {
        do {
            return try [exact.map { .exact($0) }, expression.map { try .wholeExpression($0) }]
                .compactMap(\.self)
        } catch let failure as Failure where failure.kind == .malformed {
            throw Failure(.usage, failure.what, because: failure.why, next: failure.next)
        }
    }

    private var claimTexts: [String] { claimOptions.compactMap(\.1) }

    private var claims: [CertificateClaimDemand] {
        claimOptions.compactMap { claim, value in
            value.map { CertificateClaimDemand(claim: claim, pattern: .exact($0)) }
        }
    }

    private var claimOptions: [(CertificateClaim, String?)] {
        [
            (.githubWorkflowTrigger, certificateGithubWorkflowTrigger),
            (.githubWorkflowSha, certificateGithubWorkflowSha),
            (.githubWorkflowName, certificateGithubWorkflowName),
            (.githubWorkflowRepository, certificateGithubWorkflowRepository),
            (.githubWorkflowRef, certificateGithubWorkflowRef),
        ]
    }

    private var warnings: [String] {
        var warnings: [String] = []
        if insecureIgnoreTlog {
            warnings.append(
                "--insecure-ignore-tlog: nobody checks that this signature was made in public")
        }
        if insecureIgnoreSct {
            warnings.append(
                "--insecure-ignore-sct: nobody checks that the certificate was issued in public")
        }
        return warnings
    }
}

/// The names that `--signature-digest-algorithm` takes.
extension HashAlgorithm: ExpressibleByArgument {}
