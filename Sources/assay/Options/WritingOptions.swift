// SPDX-License-Identifier: Apache-2.0
// What sign and attest share: how evidence is signed, and where it goes.

import ArgumentParser
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
        _ claim: @Sendable (Descriptor, Repository) throws -> Claim
    ) async throws {
        try access.check(for: images)
        // The first image must not be signed if the second cannot be.
        for image in images { try image.checkTakesContent() }
        let created = try SourceDate.epoch ?? SystemPause().now()
        try await signing.using { signer in
            for image in images {
                try await Connections.using(
                    access, for: image, limiting: isRecursive ? .transfer : .command
                ) { connections in
                    let destination = try connections.destination(image)
                    let writer = ClaimWriter(
                        options: self, signer: signer, destination: destination,
                        place: try image.evidencePlace(),
                        evidence: isReplacing ? try deletable(image, connections) : nil,
                        created: created)
                    let root = try await destination.resolve(
                        try await image.reference(in: destination))
                    if image.digest == nil {
                        Talk.warn(
                            "\(image) is a tag; the digest it names now is signed: \(root.digest)")
                    }
                    let subjects =
                        isRecursive ? try await writer.subjects(under: root) : [root]
                    for subject in subjects {
                        let claim = try claim(subject, try image.repositoryForClaims())
                        try show(image, try await writer.write(claim, replacing: isReplacing))
                    }
                }
            }
        }
    }

    /// The repository in which older evidence is deleted; found before anything is signed.
    private func deletable(
        _ image: ImageLocation, _ connections: Connections
    ) throws -> RegistryRepository? {
        guard let repository = try connections.evidenceRepository(image) else {
            if format == .legacy {
                Talk.warn(
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

    private func show(_ image: ImageLocation, _ written: WrittenClaim) throws {
        if !upload { Answer.did("signed \(image.pinned(to: written.subject)), and stored nothing") }
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
            Answer.print(.object(object))
        case .text:
            if let evidence = written.evidence {
                Answer.print("\(try image.evidencePlace())@\(evidence)")
            } else if bundle == nil, let bundle = written.bundle {
                Answer.print(raw: bundle + Array("\n".utf8))
            }
            Talk.say(
                "signed \(image.pinned(to: written.subject)) \(written.signedBy)"
                    + (upload ? "" : "; nothing was stored beside it"))
        }
    }
}

/// What was signed, where the evidence is, and by whom.
struct WrittenClaim: Sendable {
    let subject: Digest
    /// The manifest that holds the evidence; nil when nothing was stored.
    let evidence: Digest?
    /// nil for the legacy format.
    let bundle: [UInt8]?
    let signer: VerifiedSigner
    let signedBy: String
}

/// Signs claims about images in one place and stores them there.
private struct ClaimWriter: Sendable {
    let options: WritingOptions
    let signer: BundleSigner
    let destination: any ArtifactDestination
    /// The destination, as it is typed.
    let place: String
    /// Where older attestations are deleted; nil when none are.
    let evidence: RegistryRepository?
    let created: Timestamp

    /// The image and, of an index, every image and index below it; each once.
    func subjects(under root: Descriptor) async throws -> [Descriptor] {
        var found = [root]
        var place = 0
        while place < found.count {
            let current = found[place]
            place += 1
            guard current.mediaType.isIndex else { continue }
            let index = try await destination.manifest(.digest(current.digest))
            for child in index.children
            where child.mediaType.isIndex || child.mediaType.isImageManifest {
                guard !found.contains(where: { $0.digest == child.digest }) else { continue }
                guard found.count < Limits.recursivelySigned else {
                    throw Failure(
                        .overLimit, "cannot sign all images of \(root.digest)",
                        because: "there are more than \(Limits.recursivelySigned)")
                }
                found.append(child)
            }
        }
        return found
    }

    func write(_ claim: Claim, replacing isReplacing: Bool) async throws -> WrittenClaim {
        let (written, kept) =
            switch options.format {
            case .bundle: try await writeBundle(claim)
            case .legacy: try await writeLegacy(claim, replacing: isReplacing)
            }
        if isReplacing, let evidence {
            try await OlderAttestations(claim: claim, kept: kept, repository: evidence).delete()
        }
        return written
    }

    /// What was written, and the manifest that holds it.
    private func writeBundle(_ claim: Claim) async throws -> (WrittenClaim, kept: Digest?) {
        let artifact = SignedArtifact(claim.subject.digest)
        let signature = try await signer.attest(
            claim.statement, of: claim.predicateType, about: artifact)
        if let path = options.bundle {
            try writeFile(
                signature.bundleBytes + Array("\n".utf8), at: path, permissions: 0o644)
            Answer.did("wrote the bundle \(path)")
        }
        try options.detached.write(signature)
        var manifest: Manifest?
        if options.upload {
            manifest = try await BundleShelf(destination: destination).store(
                signature.bundleBytes, saying: claim, created: created)
        }
        if let manifest { noteStored(claim, in: manifest) }
        let written = WrittenClaim(
            subject: claim.subject.digest, evidence: manifest?.digest,
            bundle: signature.bundleBytes, signer: signature.signer,
            signedBy: signature.signedBy)
        return (written, manifest?.digest)
    }

    /// What was written, and the layer that holds it.
    private func writeLegacy(
        _ claim: Claim, replacing: Bool
    ) async throws -> (WrittenClaim, kept: Digest?) {
        guard let key = signer.loneKey else {
            throw Failure(
                .usage, "cannot sign in the legacy format",
                because: "Assay writes that format for a key alone, without certificate, log "
                    + "and timestamp", next: "leave out --format legacy")
        }
        let writer = EvidenceWriter(destination: destination, key: key) {
            try await SystemPause().wait(milliseconds: tagSettlingTime)
        }
        let manifest = try await writer.write(
            claim, as: .legacy, created: created, replacing: replacing)
        noteStored(claim, in: manifest)
        var layer: Digest?
        if case .image(let image) = manifest.kind { layer = image.layers.last?.digest }
        let written = WrittenClaim(
            subject: claim.subject.digest, evidence: manifest.digest, bundle: nil,
            signer: .key(TrustedKey(key: key.publicKey)),
            signedBy: "with the key \(key.publicKey.fingerprint)")
        return (written, layer)
    }

    private func noteStored(_ claim: Claim, in manifest: Manifest) {
        let noun = claim.predicateType == .signature ? "signature" : "attestation"
        Answer.did("stored the \(noun) \(place)@\(manifest.digest)")
    }
}

extension SignedArtifact {
    /// Content of which only one digest is known.
    init(_ digest: Digest) {
        self.init(digests: [digest.algorithm: digest.bytes])
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

/// Milliseconds: longer than a signer usually needs between reading and writing a tag.
let tagSettlingTime = 400
