// SPDX-License-Identifier: Apache-2.0
// Flags of cosign that Assay has no flag for, and what they mean here.
// Spec: cosign v2.6.3 and v3.1.2, doc/cosign_*.md. Each is listed in docs/from-cosign.md.

/// One flag of cosign 2 or 3.
///
/// A flag is accepted without effect only if Assay does what it asks for anyway. A flag that
/// changes what is signed, verified or written is translated into Assay's own, or refused with what
/// to write.
struct CosignFlag: Sendable {
    enum Answer: Sendable {
        /// Accepted without effect; the text says why it is not needed.
        case needless(String)
        /// Accepted, and replaced by these words of Assay's.
        case means([String])
        /// Accepted: the images are paths of layouts, and are rewritten to `oci:PATH`.
        case imagesAreLayouts
        case refused(String, next: String)
    }

    /// What the flag means to some commands.
    struct Meaning: Sendable {
        let commands: Set<String>
        let isBoolean: Bool
        /// What a value means; nil for a value that cosign refuses.
        let answer: @Sendable (String) -> Answer?
    }

    let name: String
    let meanings: [Meaning]

    func meaning(for command: String) -> Meaning? {
        meanings.first { $0.commands.contains(command) }
    }

    /// A flag that takes no value, or `=true` and `=false`.
    static func boolean(
        _ name: String, of commands: Set<String>, on: Answer, off: Answer
    ) -> CosignFlag {
        CosignFlag(
            name: name,
            meanings: [
                Meaning(commands: commands, isBoolean: true) { value in
                    assay.boolean(value).map { $0 ? on : off }
                }
            ])
    }

    /// A flag with a value.
    static func text(
        _ name: String, of commands: Set<String>, _ answer: @escaping @Sendable (String) -> Answer?
    ) -> CosignFlag {
        CosignFlag(
            name: name,
            meanings: [Meaning(commands: commands, isBoolean: false, answer: answer)])
    }

    /// Every flag by its name, with two dashes.
    static let all: [String: CosignFlag] = Dictionary(
        (verifying + signing + registries + others).map { ($0.name, $0) }
    ) { first, second in
        CosignFlag(name: first.name, meanings: first.meanings + second.meanings)
    }
}

extension Set<String> {
    /// Commands of cosign that verify, sign, or reach a registry.
    static let imageVerifiers: Set = ["verify", "verify-attestation"]
    static let blobVerifiers: Set = ["verify-blob", "verify-blob-attestation"]
    static let verifiers = imageVerifiers.union(blobVerifiers)
    static let imageSigners: Set = ["sign", "attest"]
    static let blobSigners: Set = ["sign-blob", "attest-blob"]
    static let signers = imageSigners.union(blobSigners)
    static let registryUsers = imageVerifiers.union(imageSigners).union([
        "tree", "copy", "triangulate", "save", "load", "clean", "push", "pull", "sbom",
        "download signature", "download attestation", "download sbom", "attach signature",
        "attach attestation", "attach sbom",
    ])
}
