// SPDX-License-Identifier: Apache-2.0
// assay sign, assay attest, assay triangulate.

import ArgumentParser
import Host
import OCI
import Primitives
import Signing

extension EvidenceFormat: ExpressibleByArgument {}

/// What sign and attest share.
struct WritingOptions: ParsableArguments {
    @OptionGroup var key: SigningKeyOptions

    @Option(
        help: "bundle (a v0.3 bundle as an OCI referrer) or legacy (cosign's .sig and .att tags).")
    var format: EvidenceFormat = .bundle

    @Option(
        help:
            "true would upload to a public log, which this version does not do; false is what happens anyway."
    )
    var tlogUpload: Bool = false

    @Flag(
        name: [.customShort("y"), .long],
        help: "Taken for cosign's sake: nothing is asked, and nothing goes to a public log.")
    var yes = false

    @OptionGroup var access: RegistryAccessOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard !tlogUpload else {
            throw ValidationError(
                "--tlog-upload=true: this version signs with keys and uploads nothing to a public log"
            )
        }
    }

    /// Signs one claim about an image and says where it is.
    func write(
        on image: ImageLocation, _ claim: @Sendable (Descriptor, Repository) throws -> Claim
    ) async throws {
        let privateKey = try key.privateKey()
        let created = try SourceDate.epoch ?? SystemPause().now()
        let (subject, manifest) = try await Connections.using(access, for: image) { connections in
            let destination = try connections.destination(image)
            let subject = try await destination.resolve(
                try await image.reference(in: destination))
            if image.digest == nil {
                Talk.warn("\(image) is a tag; what it means now, \(subject.digest), is signed")
            }
            let writer = EvidenceWriter(destination: destination, key: privateKey) {
                try await SystemPause().wait(milliseconds: settlingTime)
            }
            let manifest = try await writer.write(
                try claim(subject, try image.repositoryForClaims()), as: format, created: created)
            return (subject, manifest)
        }
        show(image, subject: subject, evidence: manifest, by: try privateKey.publicKey)
    }

    private func show(
        _ image: ImageLocation, subject: Descriptor, evidence: Manifest, by key: PublicKey
    ) {
        switch output.output {
        case .json:
            Answer.print([
                "image": .string(image.pinned(to: subject.digest)),
                "digest": .string(subject.digest.description),
                "evidence": .string(evidence.digest.description),
                "format": .string(format.rawValue), "key": .string(key.fingerprint.description),
            ])
        case .text:
            Answer.print(image.pinned(to: evidence.digest))
            Talk.say("signed \(image.pinned(to: subject.digest)) with the key \(key.fingerprint)")
        }
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
        discussion:
            "Nothing is uploaded to a public log. A tag is resolved once, and its digest is what is signed."
    )

    @Argument(help: "The image, best by digest.")
    var image: ImageLocation

    @Option(
        name: [.customShort("a"), .customLong("annotations")],
        help: "KEY=VALUE to bind to the signature; may be repeated.")
    var annotations: [AnnotationArgument] = []

    @OptionGroup var writing: WritingOptions

    func run() async throws {
        let bound = Dictionary(annotations.map { ($0.name, $0.value) }) { _, last in last }
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
            a URI.
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
        let content =
            predicate == "-"
            ? try readStandardInput(atMost: Limits.evidenceBytes, named: "the predicate")
            : try readFile(at: predicate, atMost: Limits.evidenceBytes, named: "the predicate")
        let document = try PredicateForm(forTypeNamed: type).predicate(
            from: content, at: try SourceDate.epoch ?? SystemPause().now())
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
