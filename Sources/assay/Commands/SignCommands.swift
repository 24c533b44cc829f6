// SPDX-License-Identifier: Apache-2.0
// assay sign, assay attest, assay triangulate.

import ArgumentParser
import Host
import Keys
import OCI
import Primitives
import Signing

extension EvidenceFormat: ExpressibleByArgument {}

/// What sign and attest share.
struct WritingOptions: ParsableArguments {
    @OptionGroup var signing: SigningOptions

    @Option(
        help: """
            bundle (a v0.3 bundle as an OCI referrer) or legacy (cosign's .sig and .att tags, by a \
            key alone).
            """)
    var format: EvidenceFormat = .bundle

    @OptionGroup var access: RegistryAccessOptions
    @OptionGroup var output: OutputOptions

    /// Signs one claim about an image and says where it is.
    func write(
        on image: ImageLocation, _ claim: @Sendable (Descriptor, Repository) throws -> Claim
    ) async throws {
        let created = try SourceDate.epoch ?? SystemPause().now()
        let answer = try await signing.using { signer in
            try await Connections.using(access, for: image) { connections in
                let destination = try connections.destination(image)
                let subject = try await destination.resolve(
                    try await image.reference(in: destination))
                if image.digest == nil {
                    Talk.warn("\(image) is a tag; what it means now, \(subject.digest), is signed")
                }
                let claim = try claim(subject, try image.repositoryForClaims())
                return try await write(claim, by: signer, to: destination, created: created)
            }
        }
        show(image, answer)
    }

    private func write(
        _ claim: Claim, by signer: BundleSigner, to destination: any ArtifactDestination,
        created: Timestamp
    ) async throws -> WrittenClaim {
        switch format {
        case .bundle:
            let artifact = try SignedArtifact(claim.subject.digest)
            let signature = try await signer.attest(
                claim.statement, of: claim.predicateType, about: artifact)
            let manifest = try await BundleShelf(destination: destination).store(
                signature.bundleBytes, saying: claim, created: created)
            return WrittenClaim(
                subject: claim.subject.digest, evidence: manifest.digest,
                signer: signature.signer, signedBy: signature.signedBy)
        case .legacy:
            guard let key = signer.loneKey else {
                throw Failure(
                    .usage, "cannot sign in the legacy format",
                    because: "Assay writes that format for a key alone, without certificate, log "
                        + "and timestamp", next: "leave out --format legacy")
            }
            let writer = EvidenceWriter(destination: destination, key: key) {
                try await SystemPause().wait(milliseconds: settlingTime)
            }
            let manifest = try await writer.write(claim, as: .legacy, created: created)
            return WrittenClaim(
                subject: claim.subject.digest, evidence: manifest.digest,
                signer: .key(TrustedKey(key: key.publicKey)),
                signedBy: "with the key \(key.publicKey.fingerprint)")
        }
    }

    private func show(_ image: ImageLocation, _ written: WrittenClaim) {
        switch output.output {
        case .json:
            var object: JSONObject = [
                "image": .string(image.pinned(to: written.subject)),
                "digest": .string(written.subject.description),
                "evidence": .string(written.evidence.description),
                "format": .string(format.rawValue),
            ]
            if case .key(let trusted) = written.signer {
                object["key"] = .string(trusted.key.fingerprint.description)
            }
            object["signer"] = written.signer.json
            Answer.print(.object(object))
        case .text:
            Answer.print(image.pinned(to: written.evidence))
            Talk.say("signed \(image.pinned(to: written.subject)) \(written.signedBy)")
        }
    }
}

/// What was signed, where the evidence is, and by whom.
private struct WrittenClaim: Sendable {
    let subject: Digest
    let evidence: Digest
    let signer: VerifiedSigner
    let signedBy: String
}

extension SignedArtifact {
    /// Something that is known by one digest only.
    init(_ digest: Digest) throws(Failure) {
        guard let known = MessageDigest(digest) else {
            throw Failure(.bug, "cannot use \(digest)", because: "it is not whole")
        }
        self.init(digests: [known.algorithm: known.bytes])
    }
}

extension ImageLocation {
    /// The repository a claim names; a layout on disk has none of its own.
    fileprivate func repositoryForClaims() throws(Failure) -> Repository {
        switch place {
        case .registry(let repository): repository
        case .layout: try Repository(parsing: "localhost/layout")
        }
    }
}

struct SignCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Puts a signature beside an image, for its digest.",
        discussion: """
            With --key nothing leaves the machine but the signature itself, unless services are named. \
            Without --key a certificate is issued for an identity token, and the signature is logged; \
            what leaves the machine is shown first. A tag is resolved once, and its digest is what is \
            signed.
            """)

    @Argument(help: "The image, best by digest.")
    var image: ImageLocation

    @Option(
        name: [.customShort("a"), .customLong("annotations")],
        help: "KEY=VALUE to bind to the signature; may be repeated.")
    var annotations: [AnnotationArgument] = []

    @OptionGroup var writing: WritingOptions

    func run() async throws {
        let bound = annotations.reduce(into: ExactTextMap<String>()) { $0[$1.name] = $1.value }
        try await writing.write(on: image) { subject, repository in
            .signature(on: subject, in: repository, annotations: bound)
        }
    }
}

struct AttestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attest",
        abstract: "Puts a signed statement beside an image: an SBOM, a provenance, a scan.",
        discussion: """
            The predicate is signed as it stands in the file. Short names: slsaprovenance1, \
            slsaprovenance, spdxjson, spdx, cyclonedx, vuln, openvex, link, custom; any other type is \
            a URI. Keys and identities are as in assay sign.
            """)

    @Argument(help: "The image, best by digest.")
    var image: ImageLocation

    @Option(name: [.customShort("p"), .long], help: "The predicate: a file, or - for stdin.")
    var predicate: String

    @Option(help: "The predicate type: a URI or a short name.")
    var type: String = "custom"

    @OptionGroup var writing: WritingOptions

    func run() async throws {
        let predicateType = try PredicateType(named: type)
        let document = try readPredicate(predicate, ofTypeNamed: type)
        try await writing.write(on: image) { subject, repository in
            try .attestation(document, of: predicateType, on: subject, in: repository)
        }
    }
}

struct TriangulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "triangulate",
        abstract: "Prints where cosign's older evidence of an image lives.")

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case signature, attestation, sbom, digest
    }

    @Argument(help: "The image.")
    var image: ImageLocation

    @Option(help: "What is looked for.")
    var type: Kind = .signature

    @OptionGroup var access: RegistryAccessOptions

    func run() async throws {
        let digest = try await digest()
        switch type {
        case .digest: Answer.print(image.pinned(to: digest))
        case .signature: Answer.print("\(image.repositoryText):\(Tag(for: digest, suffix: ".sig"))")
        case .attestation:
            Answer.print("\(image.repositoryText):\(Tag(for: digest, suffix: ".att"))")
        case .sbom: Answer.print("\(image.repositoryText):\(Tag(for: digest, suffix: ".sbom"))")
        }
    }

    /// A digest is its own answer; only a tag needs the place.
    private func digest() async throws -> Digest {
        if let digest = image.digest { return digest }
        return try await Connections.using(access, for: image) { connections in
            let source = try await connections.source(image)
            return try await source.resolve(try await image.reference(in: source)).digest
        }
    }
}

/// Milliseconds: longer than a signer on a usual line needs between reading and writing a tag.
private let settlingTime = 400

/// The predicate that is signed for the content of a file, or of stdin where it is `-`.
func readPredicate(_ path: String, ofTypeNamed type: String) throws -> JSONValue {
    let content =
        path == "-"
        ? try readStandardInput(atMost: Limits.evidenceBytes, named: "the predicate")
        : try readFile(at: path, atMost: Limits.evidenceBytes, named: "the predicate")
    return try PredicateForm(forTypeNamed: type).predicate(
        from: content, at: try SourceDate.epoch ?? SystemPause().now())
}
