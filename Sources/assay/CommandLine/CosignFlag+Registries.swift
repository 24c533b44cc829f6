// SPDX-License-Identifier: Apache-2.0
// cosign's flags for registries, and those of its other commands.

extension CosignFlag {
    static let registries: [CosignFlag] = [
        .boolean(
            "--allow-insecure-registry", of: .registryUsers,
            on: .needless(
                "a registry's certificate is always checked; --registry-cacert names the "
                    + "authority of a private one"),
            off: .needless("a registry's certificate is always checked")),
        .boolean(
            "--allow-http-registry", of: .registryUsers,
            on: .needless(
                "plain HTTP is used for loopback; --plain-http-registry HOST names another host"),
            off: .needless("plain HTTP is for loopback and --plain-http-registry only")),
        .boolean(
            "--k8s-keychain", of: .registryUsers,
            on: .needless(
                "credentials come from the files of Docker and Podman and the helpers they name"),
            off: .needless("false is the default")),
        .text("--registry-server-name", of: .registryUsers) { _ in
            .refused(
                "a registry's certificate must name its host",
                next: "reach it by that name, for instance through /etc/hosts")
        },
        .text("--attachment-tag-prefix", of: .registryUsers) { _ in
            .refused(
                "Assay does not look for evidence under tags with a prefix",
                next: "copy the tag: assay copy NAME:PREFIXsha256-….sig NAME:sha256-….sig")
        },
    ]

    static let others: [CosignFlag] = [
        .text(
            "--timeout",
            of: .blobSigners.union(Set.blobVerifiers).union([
                "generate-key-pair", "import-key-pair", "public-key", "logout", "version",
                "completion", "trust init",
            ])
        ) { value in
            // Spec: Go, time.ParseDuration.
            let isDuration = value.utf8.allSatisfy { "0123456789.hmsuµn".utf8.contains($0) }
            return isDuration && !value.isEmpty
                ? .needless("every request to a service has a limit of its own") : nil
        },
        .boolean(
            "--force", of: ["copy"], on: .needless("an existing tag is always overwritten"),
            off: .needless("an existing tag is overwritten")),
        .boolean(
            "-f", of: ["copy"], on: .needless("an existing tag is always overwritten"),
            off: .needless("an existing tag is overwritten")),
        .boolean(
            "--sig-only", of: ["copy"], on: everything, off: .needless("false is the default")),
        .text("--only", of: ["copy"]) { _ in everything },
        .text("--platform", of: ["copy"]) { _ in
            .refused(
                "an index is copied with all its images, so that its digest stays",
                next: "name the platform's image by its digest; assay tree IMAGE shows it")
        },
        .boolean(
            "--staging", of: ["trust init"],
            on: .refused(
                "the staging instance's first root does not come with Assay",
                next: "--mirror https://tuf-repo-cdn.sigstage.dev --root root.json"),
            off: .needless("false is the default")),
        .text("--root-checksum", of: ["trust init"]) { _ in
            .refused("a root is read from a file", next: "compare it first: sha256sum root.json")
        },
        .boolean("--sk", of: ["public-key"], on: hardware, off: .needless("false is the default")),
        .text("--slot", of: ["public-key"]) { _ in hardware },
    ]

    private static let everything = Answer.refused(
        "an image is copied with all its evidence or, by --without-evidence, with none",
        next: "leave it out")
}
