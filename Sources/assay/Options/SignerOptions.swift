// SPDX-License-Identifier: Apache-2.0
// Who must have signed, and what else is demanded, in cosign's words: the options as they are parsed.

import ArgumentParser
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
    func judge() async throws -> (verifier: SignatureVerifier, trust: TrustedMaterial?) {
        try await validated().judge()
    }

    var claims: [CertificateClaimRequirement] {
        claimOptions.compactMap { claim, value in
            value.map { CertificateClaimRequirement(claim: claim, pattern: .exact($0)) }
        }
    }

    var claimOptions: [(CertificateClaim, String?)] {
        [
            (.githubWorkflowTrigger, certificateGithubWorkflowTrigger),
            (.githubWorkflowSha, certificateGithubWorkflowSha),
            (.githubWorkflowName, certificateGithubWorkflowName),
            (.githubWorkflowRepository, certificateGithubWorkflowRepository),
            (.githubWorkflowRef, certificateGithubWorkflowRef),
        ]
    }
}

/// The names that `--signature-digest-algorithm` takes.
extension HashAlgorithm: ExpressibleByArgument {}
