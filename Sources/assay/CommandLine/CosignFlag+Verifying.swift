// SPDX-License-Identifier: Apache-2.0
// cosign's flags of verify, verify-attestation, verify-blob and verify-blob-attestation.

extension CosignFlag {
    static let verifying: [CosignFlag] = formats + logs + givenEvidence + claims

    private static let formats: [CosignFlag] = [
        .boolean(
            "--new-bundle-format", of: .imageVerifiers,
            on: .needless("bundles and cosign's older formats are both read"),
            off: .means(["--format", "legacy"])),
        .boolean(
            "--new-bundle-format", of: .blobVerifiers,
            on: .needless("the file's content says which format it has"),
            off: .means(["--format", "legacy"])),
        .boolean(
            "--experimental-oci11", of: .imageVerifiers.union(["tree"]),
            on: .needless("referrers are always read"),
            off: .needless("referrers and cosign's older tags are both read")),
        .boolean(
            "--experimental-oci11", of: .blobVerifiers, on: .needless("a file has no referrers"),
            off: .needless("a file has no referrers")),
        .boolean(
            "--local-image", of: .imageVerifiers,
            on: .imagesAreLayouts,
            off: .needless("the image name says where the image is")),
        .text("--attachment", of: .imageVerifiers) { value in
            value.isEmpty
                ? .needless("the image itself is verified")
                : .refused(
                    "it would verify an artifact other than the named image",
                    next: "verify what `assay triangulate --type sbom IMAGE` prints, or attest the "
                        + "SBOM: assay attest --type cyclonedx")
        },
    ]

    private static let logs: [CosignFlag] = [
        .boolean(
            "--private-infrastructure", of: .verifiers, on: .means(["--insecure-ignore-tlog"]),
            off: .needless("false is the default")),
        .text("--rekor-url", of: .verifiers) { _ in
            .needless(
                "no log is asked while verifying; the evidence brings the log's proof, and "
                    + "--trusted-root says which logs are trusted")
        },
        .text("--max-workers", of: .verifiers) { value in
            Int(value).map { _ in .needless("Assay decides how many requests run at once") }
        },
    ]

    private static let givenEvidence: [CosignFlag] = [
        .text("--signature", of: ["verify"]) { _ in
            .refused(
                "the signatures of an image are looked for beside it",
                next: "assay verify-blob --signature SIGNATURE PAYLOAD, for a payload in a file")
        },
        .text("--payload", of: ["verify"]) { _ in
            .refused(
                "the payload comes with the signature",
                next: "assay verify-blob --signature SIGNATURE PAYLOAD")
        },
        .text("--certificate", of: .imageVerifiers.union(["verify-blob-attestation"])) { _ in
            .refused(
                "the certificate comes with the evidence",
                next: "name the signer: --certificate-identity and --certificate-oidc-issuer")
        },
        .text("--certificate-email", of: .verifiers) { _ in
            .refused(
                "cosign 2 removed it",
                next: "--certificate-identity, with --certificate-oidc-issuer")
        },
        .text("--signature", of: ["verify-blob-attestation"]) { _ in
            .refused("an attestation is read from a bundle", next: "--bundle FILE")
        },
        .text("--rfc3161-timestamp", of: .blobVerifiers) { _ in
            .refused("a timestamp is read from a bundle", next: "--bundle FILE")
        },
        .text("--digest", of: ["verify-blob-attestation"]) { _ in
            .refused("a digest is written in place of the file", next: "write sha256:HEX as FILE")
        },
        .text("--digestAlg", of: ["verify-blob-attestation"]) { _ in
            .refused("a digest is written in place of the file", next: "write sha256:HEX as FILE")
        },
    ]

    private static let claims: [CosignFlag] = [
        .boolean(
            "--check-claims", of: .verifiers,
            on: .needless("what is signed must always be about the digest that is verified"),
            off: .refused(
                "a signature on any other image would count for this one",
                next: "verify the image that the signature is about")),
        .text("--policy", of: ["verify-attestation"]) { _ in
            .refused(
                "Assay reads Kyverno policies, not CUE or Rego",
                next: "write the requirement as `attestations[].conditions` of a verifyImages rule "
                    + "and run: assay verify --policy FILE IMAGE (docs/policy.md)")
        },
        .boolean("--sk", of: .verifiers, on: hardware, off: .needless("false is the default")),
        .text("--slot", of: .verifiers) { _ in hardware },
    ]

    /// For verifying and for signing.
    static let hardware = Answer.refused(
        "hardware keys are reached through PKCS #11",
        next: "--key 'pkcs11:…', or the public key as a file")
}
