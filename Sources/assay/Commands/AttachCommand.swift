// SPDX-License-Identifier: Apache-2.0
// assay attach signature, attach attestation, attach sbom: evidence that was made elsewhere.

import ArgumentParser
import Files
import Host
import Keys
import OCI
import Primitives
import Registry
import Signing

struct AttachCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Puts evidence that was made elsewhere beside an image, without verifying it.",
        subcommands: [
            AttachSignatureCommand.self, AttachAttestationCommand.self, AttachSBOMCommand.self,
        ])
}

struct AttachSignatureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signature",
        abstract: "Adds a signature to cosign's .sig tag of an image.",
        discussion: """
            The payload is the simple-signing JSON that was signed. Nothing is verified; `assay verify` \
            does that.
            """)

    @Argument(help: "The image, best by digest.")
    var image: ImageLocation

    @Option(help: "The signature, base64 or raw: a file, or - for stdin.")
    var signature: String

    @Option(help: "The payload that was signed; default: the one cosign writes for the image.")
    var payload: String?

    @Option(help: "The signer's certificate, PEM.")
    var certificate: String?

    @Option(help: "The certificates of its issuers, PEM.")
    var certificateChain: String?

    @Option(help: "The log entry with its SET, JSON.")
    var rekorResponse: String?

    @Option(help: "The timestamp response (RFC 3161), DER.")
    var tsr: String?

    @OptionGroup(title: "Registry") var access: RegistryAccessOptions

    func run() async throws {
        let content = try readSignature(signature)
        guard !content.isEmpty else {
            throw Failure(.usage, "cannot attach the signature", because: "it is empty")
        }
        let legacyAnnotations = LegacyAnnotations(
            certificate: try certificate.map { try text(at: $0, "the certificate") },
            chain: try certificateChain.map { try text(at: $0, "the certificate chain") },
            logEntry: try rekorResponse.map { path in
                let bytes = try readFile(
                    at: path, atMost: Limits.evidenceBytes, named: "the log entry")
                return try JSONValue(parsing: bytes, named: "the log entry").compactText
            },
            timestamp: try tsr.map {
                try readFile(at: $0, atMost: Limits.evidenceBytes, named: "the timestamp")
            })
        try await EvidenceAttachment(image: image, access: access).add { legacyStore, subject in
            let signed =
                try payload.map {
                    try readFile(at: $0, atMost: Limits.evidenceBytes, named: "the payload")
                }
                ?? SimpleSigning.payload(
                    for: subject, in: try image.repositoryForClaims(), annotations: [:])
            let old = SimpleSigning(
                payload: signed, signature: content, legacyAnnotations: legacyAnnotations)
            guard try old.claim().digest == subject else {
                throw Failure(
                    .usage, "cannot attach the signature",
                    because: "its payload is about \(try old.claim().digest), not \(subject)",
                    next: "name the image that was signed")
            }
            return try await legacyStore.add(old, about: subject)
        }
    }

    private func text(at path: String, _ what: String) throws -> String {
        String(
            decoding: try readFile(
                at: path, atMost: Limits.certificateFileBytes, named: what), as: UTF8.self)
    }
}

struct AttachAttestationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attestation",
        abstract: "Puts signed statements beside an image: DSSE envelopes or bundles.",
        discussion: """
            A bundle becomes a referrer, an envelope a layer of cosign's .att tag. Nothing is verified; \
            `assay verify-attestation` does that.
            """)

    @Argument(help: "The image, best by digest.")
    var image: ImageLocation

    @Option(help: "A file with an envelope or a bundle; may be repeated.")
    var attestation: [String]

    @OptionGroup(title: "Registry") var access: RegistryAccessOptions

    func run() async throws {
        let files = try attestation.map { try AttachedStatement(at: $0) }
        let created = try SourceDate.epoch ?? SystemClock().now()
        for file in files {
            try await EvidenceAttachment(image: image, access: access).add(file, created: created)
        }
    }
}

/// A signed statement in a file.
struct AttachedStatement: Sendable {
    let path: String
    let content: [UInt8]
    let envelope: Envelope
    let isBundle: Bool
    let statement: Statement

    init(at path: String) throws {
        let content = try readFile(
            at: path, atMost: Limits.evidenceBytes, named: "the attestation")
        let json = try JSONReader(parsing: content, named: path)
        isBundle = try json.optional("mediaType") != nil
        if isBundle {
            guard case .envelope(let envelope) = try SignatureBundle(parsing: content).content
            else {
                throw Failure(
                    .usage, "cannot attach \(quoted(path))",
                    because: "the bundle signs bytes, not a statement about an image")
            }
            self.envelope = envelope
        } else {
            envelope = try Envelope(reading: json)
        }
        self.path = path
        self.content = content
        statement = try Statement(parsing: envelope.payload)
    }
}

struct AttachSBOMCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sbom",
        abstract: "Puts an SBOM under cosign's .sbom tag of an image. It is not signed.",
        discussion: "`assay attest --type cyclonedx` or `spdxjson` adds a signed one.")

    enum Kind: String, ExpressibleByArgument, CaseIterable { case spdx, cyclonedx, syft }
    enum Form: String, ExpressibleByArgument, CaseIterable { case text, json, xml }

    @Argument(help: "The image, best by digest.")
    var image: ImageLocation

    @Option(help: "The SBOM: a file.")
    var sbom: String

    @Option(help: "The kind of SBOM.")
    var type: Kind = .spdx

    @Option(help: "Its format; default: as its first character says.")
    var inputFormat: Form?

    @OptionGroup(title: "Registry") var access: RegistryAccessOptions

    func run() async throws {
        let content = try readFile(at: sbom, atMost: Limits.evidenceBytes, named: "the SBOM")
        let type = try mediaType(inputFormat ?? form(of: content))
        StandardError.warn("this SBOM is not signed; `assay attest` adds a signed one")
        try await EvidenceAttachment(image: image, access: access).add { legacyStore, subject in
            try await legacyStore.put(sbom: content, as: type, about: subject)
        }
    }

    private func form(of content: [UInt8]) -> Form {
        switch content.first(where: { !" \n\r\t".utf8.contains($0) }) {
        case UInt8(ascii: "{"): .json
        case UInt8(ascii: "<"): .xml
        default: .text
        }
    }

    /// Spec: cosign specs/SBOM_SPEC.md.
    private func mediaType(_ form: Form) throws -> MediaType {
        let text: String? =
            switch (type, form) {
            case (.spdx, .text): "text/spdx"
            case (.spdx, .json): "text/spdx+json"
            case (.spdx, .xml): "text/spdx+xml"
            case (.cyclonedx, .json): "application/vnd.cyclonedx+json"
            case (.cyclonedx, .xml): "application/vnd.cyclonedx+xml"
            case (.syft, .json): "application/vnd.syft+json"
            case (.cyclonedx, .text), (.syft, .text), (.syft, .xml): nil
            }
        guard let text else {
            throw Failure(
                .usage, "cannot attach the SBOM",
                because: "\(type.rawValue) has no form \(form.rawValue)",
                next: "name its kind with --type")
        }
        return try MediaType(parsing: text)
    }
}

/// Puts one thing beside one image and reports where it is.
private struct EvidenceAttachment: Sendable {
    let image: ImageLocation
    let access: RegistryAccessOptions

    func add(
        _ store: @Sendable (LegacyStore, Digest) async throws -> Manifest
    ) async throws {
        try await using { destination, subject in
            let legacyStore = LegacyStore(destination: destination, settle: settleTag)
            return try await store(legacyStore, subject.digest)
        }
    }

    func add(_ attached: AttachedStatement, created: Timestamp) async throws {
        try await using { destination, subject in
            let claim = try UnsignedStatement.statement(
                attached.envelope.payload, on: subject, in: try image.repositoryForClaims())
            guard attached.isBundle else {
                let legacyStore = LegacyStore(destination: destination, settle: settleTag)
                return try await legacyStore.add(
                    attached.envelope, of: attached.statement.predicateType,
                    about: subject.digest, replacing: false)
            }
            return try await BundleStore(destination: destination).store(
                attached.content, saying: claim, created: created)
        }
    }

    private func using(
        _ store: @Sendable (any ArtifactDestination, Descriptor) async throws -> Manifest
    ) async throws {
        try await Connections.using(access, for: image) { connections in
            let located = try await connections.destination(image)
            let subject = try await located.place.resolve(located.reference)
            let manifest = try await store(located.place, subject)
            let name = "\(try image.evidencePlace())@\(manifest.digest)"
            StandardOutput.did("stored \(name)")
            StandardOutput.print(name)
            StandardError.say(
                "attached to \(image.pinned(to: subject.digest)); nothing was verified")
        }
    }
}
