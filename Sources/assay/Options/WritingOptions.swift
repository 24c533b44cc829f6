// SPDX-License-Identifier: Apache-2.0
// What sign and attest share: how evidence is signed, and where it goes.

import ArgumentParser
import Files
import Host
import Keys
import OCI
import Primitives
import Registry
import Signing
import Workflows

extension EvidenceFormat: ExpressibleByArgument {}

struct WritingOptions: ParsableArguments {
    @OptionGroup(title: "Signer") var signing: SigningOptions

    @Option(
        help: """
            bundle (a v0.3 bundle as an OCI referrer) or legacy (cosign's .sig and .att tags, by a \
            key alone).
            """)
    var format: EvidenceFormat = .bundle

    @Flag(
        inversion: .prefixedNo,
        help: "Store the evidence beside the image, or print the bundle only.")
    var upload = true

    @Option(help: "A file that gets the bundle as well.")
    var bundle: String?

    @OptionGroup var detached: DetachedSignatureOptions
    @OptionGroup(title: "Registry") var access: RegistryAccessOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard format == .bundle || (upload && !namesFiles) else {
            throw ValidationError("--bundle needs the bundle format, not --format legacy")
        }
        guard format == .bundle || signing.isKeyAlone else {
            throw ValidationError(
                "--format legacy needs --key without services: Assay writes that format without "
                    + "certificate, log and timestamp")
        }
        try detached.check(beside: signing)
    }

    /// Whether something is written to a file, which a second signature would overwrite.
    var namesFiles: Bool { bundle != nil || !detached.isEmpty }

    /// Signs one claim about each image and reports where it is.
    ///
    /// - Parameters:
    ///   - isRecursive: makes a claim about each image that an index lists, too.
    ///   - isReplacing: deletes older attestations of the same type afterwards.
    func write(
        on images: [ImageLocation], recursively isRecursive: Bool, replacing isReplacing: Bool,
        _ claim: @Sendable (Descriptor, Repository) throws -> UnsignedStatement
    ) async throws {
        try access.check(for: images)
        // The first image must not be signed if the second cannot be.
        for image in images { try image.checkTakesContent() }
        let created = try SourceDate.epoch ?? SystemClock().now()
        try await signing.using { signer in
            for image in images {
                try await Connections.using(
                    access, for: image, limiting: isRecursive ? .transfer : .command
                ) { connections in
                    let located = try await connections.destination(image)
                    let destination = located.place
                    let writer = ImageSigner(
                        signer: signer, destination: destination, created: created,
                        settle: settleTag)
                    let older = isReplacing ? try deletable(image, connections) : nil
                    let root = try await destination.resolve(located.reference)
                    if image.digest == nil {
                        StandardError.warn(
                            "\(image) is a tag; the digest it names now is signed: \(root.digest)")
                    }
                    let subjects =
                        isRecursive ? try await writer.subjects(under: root) : [root]
                    for subject in subjects {
                        let claim = try claim(subject, try image.repositoryForClaims())
                        let signed = try await sign(claim, of: image, by: writer, isReplacing)
                        if let older {
                            try await delete(claim, kept: signed.kept, from: older)
                        }
                        try show(image, signed)
                    }
                }
            }
        }
    }

    private func sign(
        _ claim: UnsignedStatement, of image: ImageLocation, by writer: ImageSigner,
        _ isReplacing: Bool
    ) async throws -> SignedClaim {
        let signed =
            switch format {
            case .bundle:
                try await writer.signAsBundle(claim, storing: upload) { signature in
                    if let path = bundle {
                        try writeFile(
                            signature.bundleBytes + Array("\n".utf8), at: path,
                            permissions: 0o644)
                        StandardOutput.did("wrote the bundle \(path)")
                    }
                    try detached.write(signature)
                }
            case .legacy: try await writer.signAsLegacy(claim, replacing: isReplacing)
            }
        if let evidence = signed.evidence {
            let noun = claim.predicateType == .signature ? "signature" : "attestation"
            StandardOutput.did("stored the \(noun) \(try image.evidencePlace())@\(evidence)")
        }
        return signed
    }

    private func delete(
        _ claim: UnsignedStatement, kept: Digest?, from repository: RegistryRepository
    ) async throws {
        try await OlderAttestations(
            replacedBy: claim, kept: kept, in: repository, settle: settleTag
        ).delete { event in
            switch event {
            case .deleted(let sentence): StandardError.say(sentence)
            case .remains(let sentence): StandardError.warn(sentence)
            }
        }
    }

    /// The repository in which older evidence is deleted; found before anything is signed.
    private func deletable(
        _ image: ImageLocation, _ connections: Connections
    ) throws -> RegistryRepository? {
        guard let repository = try connections.evidenceRepository(image) else {
            if format == .legacy {
                StandardError.warn(
                    "older attestations in bundles remain: nothing is deleted from a layout on disk"
                )
                return nil
            }
            throw Failure(
                .unsupported, "cannot delete older attestations", at: .named("\(image)"),
                because: "nothing is deleted from a layout on disk", next: "leave out --replace")
        }
        return repository
    }

    private func show(_ image: ImageLocation, _ written: SignedClaim) throws {
        if !upload {
            StandardOutput.did("signed \(image.pinned(to: written.subject)), and stored nothing")
        }
        switch output.output {
        case .json:
            var object: JSONObject = [
                "image": .string(image.pinned(to: written.subject)),
                "digest": .string(written.subject.description),
                "format": .string(format.rawValue),
            ]
            if let evidence = written.evidence {
                object["evidence"] = .string(evidence.description)
            }
            if !upload, let bundle = written.bundle {
                object["bundle"] = try? JSONValue(parsing: bundle, named: "the bundle")
            }
            if case .key(let trusted) = written.signer {
                object["key"] = .string(trusted.key.fingerprint.description)
            }
            object["signer"] = written.signer.json
            StandardOutput.print(.object(object))
        case .text:
            if let evidence = written.evidence {
                StandardOutput.print("\(try image.evidencePlace())@\(evidence)")
            } else if bundle == nil, let bundle = written.bundle {
                StandardOutput.print(raw: bundle + Array("\n".utf8))
            }
            StandardError.say(
                "signed \(image.pinned(to: written.subject)) \(written.signedBy)"
                    + (upload ? "" : "; nothing was stored beside it"))
        }
    }
}

extension ImageLocation {
    /// The repository that a claim names. For a layout on disk it is a placeholder.
    func repositoryForClaims() throws(Failure) -> Repository {
        switch place {
        case .registry(let repository): repository
        case .layout: try Repository(parsing: "localhost/layout")
        }
    }
}

/// Waits longer than a signer usually needs between reading and writing a tag.
@Sendable func settleTag() async throws { try await SystemClock().wait(milliseconds: 400) }
