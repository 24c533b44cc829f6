// SPDX-License-Identifier: Apache-2.0
// assay sbom: the inventory of an image or folder.

import ArgumentParser
import Foundation
import Host
import OCI
import Primitives
import SBOM

extension SBOMFormat: ExpressibleByArgument {}

struct SBOMCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sbom",
        abstract: "Lists the packages of an image, folder or archive, byte-for-byte repeatable.",
        discussion: """
            Reads os-release, dpkg (with its journal; also distroless) and apk databases across the \
            layers, and the licences they declare, without writing anything to disk. The document's time is SOURCE_DATE_EPOCH, else the image's own, \
            else 1970. Exit code 2 when neither an operating system nor a package was found.
            """)

    @Argument(
        help: """
            An image name, a folder, an OCI layout, or a docker archive; or oci:PATH[:NAME], \
            oci-archive:PATH[:NAME], docker-archive:PATH[:NAME].
            """)
    var subject: String

    @Option(help: "cyclonedx-json (1.6) or spdx-json (2.3).")
    var format: SBOMFormat = .cycloneDX

    @Option(
        help: """
            The platform, when the image is for several: os[(version)]/architecture[/variant], such \
            as linux/arm/v7 or 'windows(10.0.20348)/amd64'.
            """)
    var platform: String?

    @Flag(help: "Write a document although nothing was found.")
    var allowEmpty = false

    @OptionGroup var access: RegistryAccessOptions

    func run() async throws {
        let sbom = try await ProgressIndicator.whileWorking("reading \(plain(subject))") {
            try await self.sbom()
        }
        guard allowEmpty || !sbom.isEmpty else {
            throw Failure(
                .notFound, "cannot list the packages of \(quoted(subject))",
                because: "neither an operating system nor a package was found",
                next: "add --allow-empty if that is what it should hold")
        }
        for unknown in sbom.unknowns {
            StandardError.warn(
                "\(unknown.path.isEmpty ? "" : "\(plain(unknown.path)): ")\(unknown.reason)")
        }
        let stamp = DocumentStamp(
            created: try SourceDate.epoch ?? sbom.defaultTimestamp, toolName: "assay",
            toolVersion: assayVersion)
        StandardOutput.print(raw: sbom.bytes(as: format, stamp: stamp))
    }

    private func sbom() async throws -> BillOfMaterials {
        let platform = try platform.map { try Platform(parsing: $0) }
        guard LocalSource.isDirectory(subject) != nil else {
            guard !subject.utf8.hasPrefix("."), !subject.utf8.hasPrefix("/") else {
                throw Failure(
                    .notFound, "cannot open \(quoted(subject))",
                    because: "there is no such file or folder")
            }
            let image = try ImageLocation(parsing: subject)
            if image.transport == nil, !subject.utf8.contains("/") {
                StandardError.say(
                    "there is no file or folder \(quoted(subject)); asking for \(image)")
            }
            return try await Connections.using(access, for: image, limiting: .transfer) {
                connections in
                let located = try await connections.imageSource(image)
                return try await read(
                    located.place, located.reference, platform, image.registryRepository)
            }
        }
        if let local = try await LocalSource.artifacts(at: subject) {
            return try await read(local, try await local.onlyReference(tag: nil), platform, nil)
        }
        var tree = try FileTree(
            directory: directoryContents(at: subject, keeping: .packageDatabases))
        let linked = packageFilesBehindLinks(in: tree)
        if !linked.isEmpty {
            tree = try FileTree(
                directory: directoryContents(at: subject, keeping: .packageDatabases.adding(linked))
            )
        }
        // The folder's own name, not the way to it: the same folder gives the same document anywhere.
        let name = URL(fileURLWithPath: subject).standardizedFileURL.lastPathComponent
        return try SBOM.sbom(of: tree, directory: name)
    }

    private func read(
        _ source: any ArtifactSource, _ reference: ManifestReference, _ platform: Platform?,
        _ repository: Repository?
    ) async throws -> BillOfMaterials {
        try await SBOM.sbom(
            of: try await source.manifest(reference), platform: platform, from: source,
            repository: repository, layersAtOnce: 2)
    }
}

extension ImageLocation {
    /// The repository an image is known under; nil for a layout on disk.
    var registryRepository: Repository? {
        if case .registry(let repository) = place { repository } else { nil }
    }
}
