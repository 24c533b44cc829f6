// SPDX-License-Identifier: Apache-2.0
// cosign's flags of sign, attest, sign-blob and attest-blob.

extension CosignFlag {
    static let signing: [CosignFlag] = storing + services + identities + certificates

    private static let storing: [CosignFlag] = [
        .boolean(
            "--new-bundle-format", of: .imageSigners, on: .needless("Assay writes bundles"),
            off: .means(["--format", "legacy"])),
        .boolean(
            "--new-bundle-format", of: .blobSigners, on: .needless("Assay writes bundles"),
            off: .refused(
                "Assay writes bundles for files",
                next: "--output-signature FILE writes the signature alone beside it")),
        .text("--registry-referrers-mode", of: .imageSigners) { value in
            switch value {
            case "oci-1-1": .needless("Assay writes referrers")
            case "legacy": .means(["--format", "legacy"])
            default: nil
            }
        },
        .text("--registry-referrers-mode", of: ["tree", "attach sbom"]) { value in
            ["oci-1-1", "legacy"].contains(value)
                ? .needless("referrers and cosign's older tags are both read") : nil
        },
        .boolean(
            "--b64", of: ["sign-blob"], on: .needless("--output-signature writes base64"),
            off: .refused(
                "--output-signature writes base64", next: "base64 -d FILE gives the bytes")),
        .text("--output-payload", of: ["sign"]) { _ in inTheBundle },
        .text("--output-attestation", of: ["attest-blob"]) { _ in inTheBundle },
        .text("--rfc3161-timestamp", of: ["sign-blob"]) { _ in inTheBundle },
        .text("--rfc3161-timestamp-bundle", of: ["attest-blob"]) { _ in inTheBundle },
        .boolean(
            "--record-creation-timestamp", of: .imageSigners,
            on: .needless("the time is recorded; SOURCE_DATE_EPOCH sets it"),
            off: .needless("SOURCE_DATE_EPOCH sets the time that is recorded")),
        .text("--payload", of: ["sign"]) { _ in
            .refused("Assay makes the payload from the digest", next: "assay sign-blob FILE")
        },
        .text("--attachment", of: ["sign"]) { _ in
            .refused(
                "it would sign an artifact other than the named image",
                next: "sign what `assay triangulate --type sbom IMAGE` prints, or attest the SBOM")
        },
        .text("--sign-container-identity", of: ["sign"]) { _ in
            .refused(
                "a bundle names an image by digest alone", next: "bind the name: -a name=VALUE")
        },
    ]

    private static let inTheBundle = Answer.refused(
        "that file would not be written", next: "--bundle FILE holds it")

    private static let services: [CosignFlag] = [
        .boolean(
            "--use-signing-config", of: .signers,
            on: .needless(
                "without a key the services of `assay trust` sign; with a key none is asked "
                    + "unless --tlog-upload says so"),
            off: .needless("services are used if they are named or no key is given")),
        .text("--rekor-entry-type", of: ["attest", "attest-blob"]) { value in
            ["dsse", "intoto"].contains(value)
                ? .needless("the log's version decides the kind of its entry") : nil
        },
        .text("--timestamp-client-cacert", of: .signers) { _ in mutualTLS },
        .text("--timestamp-client-cert", of: .signers) { _ in mutualTLS },
        .text("--timestamp-client-key", of: .signers) { _ in mutualTLS },
        .text("--timestamp-server-name", of: .signers) { _ in mutualTLS },
        .text("--signing-algorithm", of: ["sign-blob"]) { value in
            value == "ecdsa-sha2-256-nistp256"
                ? .needless("it is the algorithm of keys that Assay makes for one signature")
                : .refused(
                    "keys that Assay makes for one signature are ECDSA P-256",
                    next: "sign with a key of that algorithm: --key")
        },
        .text("--hash", of: ["attest-blob"]) { _ in
            .refused("a digest is written in place of the file", next: "write sha256:HEX as FILE")
        },
    ]

    private static let mutualTLS = Answer.refused(
        "timestamp authorities are reached with the system's certificates",
        next: "add the authority's certificate to the system's store")

    private static let identities: [CosignFlag] = [
        .text("--fulcio-auth-flow", of: .signers) { value in
            switch value {
            case "token": .needless("a token is the only flow")
            case "normal", "device", "client_credentials":
                .refused(
                    "Assay opens no browser and asks no device",
                    next: "--identity-token FILE, or SIGSTORE_ID_TOKEN")
            default: nil
            }
        },
        .text("--oidc-provider", of: .signers) { _ in
            .needless(
                "tokens are looked for in --identity-token, SIGSTORE_ID_TOKEN, GitHub Actions, a "
                    + "cluster's token file and Buildkite; the identity is displayed first")
        },
        .boolean(
            "--oidc-disable-ambient-providers", of: .signers,
            on: .refused(
                "Assay looks for a token in its environment when none is named",
                next: "name the token: --identity-token FILE"),
            off: .needless("Assay looks for a token in its environment")),
        .text("--oidc-issuer", of: .signers) { _ in noBrowser },
        .text("--oidc-client-id", of: .signers) { _ in noBrowser },
        .text("--oidc-client-secret-file", of: .signers) { _ in noBrowser },
        .text("--oidc-redirect-url", of: .signers) { _ in noBrowser },
        .boolean(
            "--insecure-skip-verify", of: .signers,
            on: .needless("the certificate is verified before it is used, as cosign 3 does"),
            off: .needless("the certificate is verified before it is used")),
    ]

    private static let noBrowser = Answer.needless(
        "it is for a login with a browser; Assay takes a token")

    private static let certificates: [CosignFlag] = [
        .boolean(
            "--issue-certificate", of: .signers,
            on: .refused(
                "a certificate is for a key that Assay makes for one signature",
                next: "leave out --key"),
            off: .needless("false is the default")),
        .text("--certificate", of: .signers) { _ in ownCertificate },
        .text("--certificate-chain", of: .signers) { _ in ownCertificate },
        .boolean("--sk", of: .signers, on: hardware, off: .needless("false is the default")),
        .text("--slot", of: .signers) { _ in hardware },
    ]

    private static let ownCertificate = Answer.refused(
        "a signature by a key names the key and no certificate",
        next: "give verifiers the public key, or sign without a key")
}
