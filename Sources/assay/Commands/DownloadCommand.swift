// SPDX-License-Identifier: Apache-2.0
// assay download signature, download attestation, download sbom: evidence as it is stored.

import ArgumentParser
import OCI
import Primitives
import Registry
import Signing
import Workflows

struct DownloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download",
        abstract: "Prints evidence as it is stored, without verifying it.",
        discussion: """
            Exit codes: 0 printed, 10 nothing of the kind is there, 12 what is there cannot be read, \
            2 could not look. `assay verify` and `assay verify-attestation` with --output cosign print \
            what verified.
            """,
        subcommands: [
            DownloadSignatureCommand.self, DownloadAttestationCommand.self,
            DownloadSBOMCommand.self,
        ])
}

struct DownloadSignatureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signature",
        abstract: "Prints the signatures of an image, one JSON document a line.",
        discussion: """
            A bundle is printed as it is stored, an older signature as cosign prints it: \
            Base64Signature, Payload, Cert, Chain, Bundle, RFC3161Timestamp. Nothing is verified.
            """)

    @Argument(help: "The image.")
    var image: ImageLocation

    @OptionGroup(title: "Registry") var access: RegistryAccessOptions

    func run() async throws {
        try await Connections.using(access, for: image) { connections in
            let evidence = try await StoredEvidence(of: image, platform: nil, connections)
            try await evidence.show(.signature) { try await evidence.signatureLine($0) }
        }
    }
}

/// What download attestation prints for a bundle.
enum DownloadedForm: String, ExpressibleByArgument, CaseIterable {
    case envelope
    case bundle
}

struct DownloadAttestationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attestation",
        abstract: "Prints the attestations of an image, one JSON document a line.",
        discussion: """
            Each line is a DSSE envelope: `jq -r .payload | base64 -d | jq .predicate` gives the \
            predicate. With --output bundle a bundle is printed whole, as cosign 3 prints it. Nothing \
            is verified.
            """)

    @Argument(help: "The image.")
    var image: ImageLocation

    @Option(help: "Only attestations of that type: a URI or a short name.")
    var predicateType: String?

    @Option(help: "The image of an index to look at: OS/ARCHITECTURE[/VARIANT].")
    var platform: String?

    @Option(
        name: [.customShort("o"), .long],
        help: "What is printed of a bundle: its envelope, or the bundle.")
    var output: DownloadedForm = .envelope

    @OptionGroup(title: "Registry") var access: RegistryAccessOptions

    func run() async throws {
        let type = try predicateType.map { try PredicateType(named: $0) }
        try await Connections.using(access, for: image) { connections in
            let evidence = try await StoredEvidence(of: image, platform: platform, connections)
            try await evidence.show(.attestation(type)) {
                try await evidence.attestationLine($0, as: output)
            }
        }
    }
}

struct DownloadSBOMCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sbom",
        abstract: "Prints the SBOM under cosign's .sbom tag of an image.",
        discussion: """
            It is not signed. A signed SBOM is an attestation: assay verify-attestation --type \
            cyclonedx or spdxjson; `assay sbom IMAGE` makes a new one from the image.
            """)

    @Argument(help: "The image.")
    var image: ImageLocation

    @Option(help: "The image of an index to look at: OS/ARCHITECTURE[/VARIANT].")
    var platform: String?

    @OptionGroup(title: "Registry") var access: RegistryAccessOptions

    func run() async throws {
        try await Connections.using(access, for: image) { connections in
            let evidence = try await StoredEvidence(of: image, platform: platform, connections)
            do {
                guard let content = try await evidence.attachedSBOM() else {
                    return try evidence.end(withUnreadable: false, named: sbomNoun)
                }
                StandardError.warn("this SBOM is not signed; `assay attest` adds a signed one")
                StandardOutput.print(raw: content)
            } catch let failure as Failure where failure.isAboutContent {
                StandardError.warn("left out: \(failure.what): \(failure.why)")
                try evidence.end(withUnreadable: true, named: sbomNoun)
            }
        }
    }
}

/// The evidence of one digest, as one place stores it.
private struct StoredEvidence: Sendable {
    private let source: CachingSource
    private let image: ImageLocation
    private let subject: Digest

    init(of image: ImageLocation, platform: String?, _ connections: Connections) async throws {
        let located = try await connections.source(image)
        let source = CachingSource(located.place)
        let root = try await source.resolve(located.reference)
        self.source = source
        self.image = image
        guard let platform else {
            subject = root.digest
            return
        }
        subject = try await source.image(
            for: try Platform(parsing: platform), in: root.digest,
            named: image.pinned(to: root.digest))
    }

    /// Prints a line for each candidate of the kind and ends the command with its exit code.
    func show(
        _ wanted: RequestedEvidence, _ line: (SignedEntity) async throws -> String?
    ) async throws {
        let query = wanted.type.map { EvidenceCollector.Query.only($0) } ?? .everything
        let evidence = try await EvidenceCollector(source: source)
            .collect(query, about: subject) { _ in false }
        var lines: [String] = []
        var unreadable: [Failure] = []
        for candidate in evidence.candidates {
            if let failure = wanted.obstacle(in: candidate) {
                unreadable.append(failure)
            } else if wanted.matches(candidate) {
                do {
                    if let found = try await line(candidate) { lines.append(found) }
                } catch let failure as Failure where failure.kind == .malformed {
                    unreadable.append(failure)
                }
            }
        }
        for line in lines { StandardOutput.print(raw: Array((line + "\n").utf8)) }
        for failure in unreadable {
            StandardError.warn("left out: \(failure.what): \(failure.why)")
        }
        let unread = evidence.searches.filter { wanted.isKept(in: $0.location) }
            .compactMap(\.failure)
        guard unread.isEmpty else {
            for failure in unread { StandardError.say("unread: \(failure.what): \(failure.why)") }
            StandardError.say(
                "unknown: not all places could be read; there may be more than is printed")
            return try ExitStatus.unknown.end()
        }
        if lines.isEmpty { try end(withUnreadable: !unreadable.isEmpty, named: wanted.noun) }
    }

    /// Ends a command that has printed nothing, with the code that `verify` has for the same evidence.
    func end(withUnreadable isUnreadable: Bool, named what: String) throws {
        let name = image.pinned(to: subject)
        guard isUnreadable else {
            StandardError.say("no: \(name) has no \(what)")
            return try ExitStatus.unsigned.end()
        }
        StandardError.say("no: \(name) has no \(what) that can be read")
        try ExitStatus.failed.end()
    }

    func signatureLine(_ candidate: SignedEntity) async throws -> String {
        guard case .simpleSigning(let old) = candidate.form else {
            return try await stored(candidate)
        }
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        let timestamp: JSONValue =
            old.legacyAnnotations.timestamp.map {
                ["SignedRFC3161Timestamp": .string(base64Text($0))]
            } ?? .null
        let entry = try old.legacyAnnotations.logEntry.map {
            try JSONValue(parsing: Array($0.utf8), named: "the log entry")
        }
        let document: JSONValue = [
            "Base64Signature": .string(base64Text(old.signature)),
            "Payload": .string(base64Text(old.payload)),
            "Cert": text(old.legacyAnnotations.certificate),
            "Chain": text(old.legacyAnnotations.chain), "Bundle": entry ?? .null,
            "RFC3161Timestamp": timestamp,
        ]
        return document.shownText(indented: false)
    }

    /// The envelope; nil for evidence without one.
    func attestationLine(
        _ candidate: SignedEntity, as form: DownloadedForm
    ) async throws -> String? {
        switch candidate.form {
        case .envelope(let envelope, _, _): return envelope.json.shownText(indented: false)
        case .bundle(let bundle):
            guard case .envelope(let envelope) = bundle.content else { return nil }
            return form == .bundle
                ? try await stored(candidate) : envelope.json.shownText(indented: false)
        case .simpleSigning, .unreadable: return nil
        }
    }

    /// The document as it is stored, on one line.
    private func stored(_ candidate: SignedEntity) async throws -> String {
        let manifest = try await source.manifest(.digest(candidate.manifest))
        guard case .image(let holder) = manifest.kind,
            holder.layers.indices.contains(candidate.position)
        else {
            throw Failure(.bug, "cannot read \(candidate.digest)", because: "its manifest changed")
        }
        let content = try await source.read(
            holder.layers[candidate.position], atMost: Limits.evidenceBytes)
        return try JSONValue(parsing: content, named: "the bundle").compactText
    }

    /// The first layer under the `.sbom` tag; nil when there is no such tag.
    ///
    /// - Throws: also for content that is gone, or is not what the tag promises.
    func attachedSBOM() async throws -> [UInt8]? {
        let manifest: Manifest
        do {
            manifest = try await source.manifest(.tag(Tag(for: subject, suffix: ".sbom")))
        } catch let failure as Failure where failure.kind == .notFound {
            return nil
        }
        guard case .image(let holder) = manifest.kind, let layer = holder.layers.first else {
            throw Failure(
                .malformed, "cannot read the tag \(Tag(for: subject, suffix: ".sbom"))",
                because: "it holds no file")
        }
        return try await source.read(layer, atMost: Limits.evidenceBytes)
    }
}

private let sbomNoun = "SBOM under a .sbom tag"
