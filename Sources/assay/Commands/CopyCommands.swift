// SPDX-License-Identifier: Apache-2.0
// assay push, assay pull, assay copy.

import ArgumentParser
import Foundation
import Host
import OCI
import Primitives
import Registry
import Workflows

struct PushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Puts a folder, an image layout or an archive into a registry.",
        discussion: """
            A folder becomes an image of one layer that is byte-identical for identical content: names \
            sorted, owners 0, times from SOURCE_DATE_EPOCH or 1970. A layout or archive is copied with \
            everything that belongs to the image. Of several images in it, one is named: oci:DIR:NAME.
            """)

    @Argument(
        help: """
            A folder, an OCI layout (folder or tar), or a docker archive; or oci:PATH[:NAME], \
            oci-archive:PATH[:NAME], docker-archive:PATH[:NAME].
            """)
    var path: String

    @Argument(help: "The destination: NAME:TAG.")
    var image: ImageLocation

    @Option(help: "The platform of an image made from a folder. Default: linux/amd64.")
    var platform: String?

    @OptionGroup var access: RegistryAccessOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await CopyRun.push(to: image, access: access, output: output.output, from: open)
    }

    private func open(
        _ connections: Connections
    ) async throws -> LocatedImage<any ArtifactSource> {
        if let named = try LocalSource.location(path) {
            try refusePlatform()
            return try await connections.source(named)
        }
        if let local = try await LocalSource.artifacts(at: path) {
            try refusePlatform()
            return LocatedImage(place: local, reference: try await local.onlyReference(tag: nil))
        }
        let directory = try DirectoryImage(
            directory: path, platform: try Platform(parsing: platform ?? "linux/amd64"),
            created: SourceDate.epoch ?? Timestamp(seconds: 0),
            createdBy: "assay push")
        return LocatedImage(place: directory, reference: .digest(directory.root.digest))
    }

    private func refusePlatform() throws(Failure) {
        guard let platform else { return }
        throw Failure(
            .usage, "cannot push for \(quoted(platform))",
            because: "\(quoted(path)) holds images, which have a platform and are pushed whole; "
                + "--platform is for an image made from a folder")
    }
}

struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Fetches an image with its evidence into an OCI image layout.",
        discussion: """
            The layout carries cosign's annotations, so that cosign load and cosign verify \
            --local-image read it; cosign knows one image in a layout, and that is the one pulled last.
            """)

    @Argument(help: "The image.")
    var image: ImageLocation

    @Argument(help: "The layout folder; created if it does not exist.")
    var path: String

    @Flag(help: "Leave signatures, attestations and other evidence behind.")
    var withoutEvidence = false

    @OptionGroup var access: RegistryAccessOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await CopyRun.pull(
            image, into: path, evidence: withoutEvidence ? .leaveOut : .include, access: access,
            output: output.output)
    }
}

struct CopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy",
        abstract: "Copies an image with its whole evidence, and compares afterwards.",
        discussion: """
            The same digest arrives, or the copy fails. Index, platform images, referrers of all of \
            them, referrers of referrers, and cosign's .sig/.att/.sbom tags come along; what is missing \
            afterwards is named, the tag is then not written, and the exit code is 1. Where a place \
            could not be read that may hold evidence, the rest is copied, the place is named, the tag \
            is not written either, and the exit code is 2.
            """)

    @Argument(
        help: """
            What to copy: an image name, oci:PATH[:NAME], oci-archive:PATH[:NAME] or \
            docker-archive:PATH[:NAME].
            """)
    var source: ImageLocation

    @Argument(help: "Where to; without a tag the source's tag is kept.")
    var destination: ImageLocation

    @Flag(help: "Leave signatures, attestations and other evidence behind.")
    var withoutEvidence = false

    @OptionGroup var access: RegistryAccessOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let copied = try await Connections.using(access, for: destination, limiting: .transfer) {
            connections in
            return try await CopyRun.copy(
                try await connections.source(source), to: destination,
                at: try connections.copyDestination(destination),
                evidence: withoutEvidence ? .leaveOut : .include, keeping: source.meantTag)
        }
        try copied.show(as: output.output, image: destination)
    }
}

/// What a path on disk is.
enum LocalSource {
    /// The image at a path; nil when it is a plain folder.
    static func artifacts(at path: String) async throws -> (any LocalArtifacts)? {
        guard let isDirectory = isDirectory(path) else {
            throw Failure(
                .notFound, "cannot open \(quoted(path))", because: "there is no such file or folder"
            )
        }
        let isLayout = FileManager.default.fileExists(atPath: path + "/oci-layout")
        return isDirectory && !isLayout ? nil : try await openArtifacts(at: path)
    }

    /// The place on disk that `text` names with a transport, or as `PATH:NAME` if no such path
    /// exists; nil for a plain path.
    static func location(_ text: String) throws(Failure) -> ImageLocation? {
        guard isDirectory(text) == nil else { return nil }
        let hasTransport = LocalTransport.allCases.contains {
            text.utf8.starts(with: "\($0.rawValue):".utf8)
        }
        if hasTransport { return try ImageLocation(parsing: text) }
        let location = try ImageLocation(parsing: "oci:\(text)")
        guard case .layout(let path) = location.place, isDirectory(path) != nil else { return nil }
        return location
    }

    /// nil when there is nothing.
    static func isDirectory(_ path: String) -> Bool? {
        var isDirectory: ObjCBool = false
        let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
        return exists ? isDirectory.boolValue : nil
    }
}

/// The time documents carry when the build says so. Spec: reproducible-builds.org, SOURCE_DATE_EPOCH.
enum SourceDate {
    static var epoch: Timestamp? {
        get throws {
            guard let text = ProcessInfo.processInfo.environment["SOURCE_DATE_EPOCH"], !text.isEmpty
            else {
                return nil
            }
            guard let seconds = Int(text), (0...lastSecondOfRFC3339).contains(seconds) else {
                throw Failure(
                    .usage, "cannot use SOURCE_DATE_EPOCH",
                    because:
                        "\(quoted(text)) is no number of seconds between 1970 and the year 9999")
            }
            return Timestamp(seconds: seconds)
        }
    }
}

/// Copies with progress, and how their reports are shown.
enum CopyRun {
    /// - Parameter sourceTag: the tag that is kept if the target names neither tag nor digest.
    static func copy(
        _ image: LocatedImage<any ArtifactSource>, to target: ImageLocation,
        at destination: any ArtifactDestination, evidence: EvidenceChoice,
        keeping sourceTag: Tag? = nil
    ) async throws -> CopyReport {
        let progress = CopyProgress()
        defer { progress.finish() }
        return try await ImageCopy(from: image.place, to: destination, evidence: evidence) {
            progress.note($0)
        }.run(image.reference, to: target.copyTarget(keeping: sourceTag))
    }

    /// Puts an image with its evidence into a place and prints the report.
    ///
    /// - Parameter open: opens the source once the destination is known to take something.
    static func push(
        to image: ImageLocation, access: RegistryAccessOptions, output: OutputFormat,
        from open: (Connections) async throws -> LocatedImage<any ArtifactSource>
    ) async throws {
        EvidenceRepository.warnIgnored(besideCopies)
        let pushed = try await Connections.using(access, for: image, limiting: .transfer) {
            connections in
            let destination = try connections.copyDestination(image)
            return try await copy(
                try await open(connections), to: image, at: destination, evidence: .include)
        }
        try pushed.show(as: output, image: image)
    }

    /// Fetches an image into a layout folder and prints the report.
    static func pull(
        _ image: ImageLocation, into path: String, evidence: EvidenceChoice,
        access: RegistryAccessOptions, output: OutputFormat
    ) async throws {
        for transport in LocalTransport.allCases where LocalSource.isDirectory(path) == nil {
            guard let directory = path.utf8.removingPrefix("\(transport.rawValue):") else {
                continue
            }
            throw Failure(
                .usage, "cannot write to \(quoted(path))",
                because: "the place is the folder of a layout, without a transport before it",
                next: "write \(plain(String(directory))), or assay copy IMAGE oci:PATH:NAME")
        }
        let target = ImageLocation(layout: path, tag: image.meantTag, digest: nil)
        let pulled = try await Connections.using(access, for: image, limiting: .transfer) {
            connections in
            return try await copy(
                try await connections.source(image), to: target,
                at: try connections.copyDestination(target), evidence: evidence)
        }
        try pulled.show(as: output, image: target)
    }
}

extension CopyReport {
    /// Prints the digest for scripts, the rest for people; a gap ends the command with "no".
    func show(as form: OutputFormat, image: ImageLocation) throws {
        StandardOutput.did(
            (isComplete ? "stored " : "stored, incomplete and without its tag, ")
                + image.pinned(to: root.digest))
        switch form {
        case .json: StandardOutput.print(json(image))
        case .text:
            StandardOutput.print(image.pinned(to: root.digest))
            StandardError.say(
                "blobs: \(blobsCopied) copied (\(bytes) bytes), \(blobsMounted) mounted, \(blobsSkipped) there before; "
                    + "manifests: \(manifestsCopied) copied, \(manifestsSkipped) there before; "
                    + "evidence: \(evidence.count)")
            for item in missing { StandardError.say("missing: \(item)") }
            for item in unread { StandardError.say("unread: \(item)") }
            if !missing.isEmpty {
                StandardError.say("no: the copy is incomplete; its tag was not written")
            } else if !unread.isEmpty {
                StandardError.say(
                    "unknown: evidence may be missing, because not all places could be read; the "
                        + "tag was not written\n"
                        + "  next: copy again, or copy without evidence: --without-evidence"
                )
            }
        }
        try (missing.isEmpty ? unread.isEmpty ? ExitStatus.yes : .unknown : .no).end()
    }

    private func json(_ image: ImageLocation) -> JSONValue {
        [
            "image": .string(image.pinned(to: root.digest)),
            "digest": .string(root.digest.description),
            "tag": tag.map { .string($0.description) } ?? .null, "complete": .bool(isComplete),
            "blobs": [
                "copied": .number(JSONNumber(blobsCopied)),
                "mounted": .number(JSONNumber(blobsMounted)),
                "thereBefore": .number(JSONNumber(blobsSkipped)),
                "bytes": .number(JSONNumber(bytes)),
            ],
            "manifests": [
                "copied": .number(JSONNumber(manifestsCopied)),
                "thereBefore": .number(JSONNumber(manifestsSkipped)),
            ],
            "evidence": .array(
                evidence.map {
                    [
                        "kind": .string($0.kind.description),
                        "digest": .string($0.digest.description),
                        "subject": .string($0.subject.description),
                    ]
                }),
            "missing": .array(missing.map { .string($0.description) }),
            "unread": .array(unread.map { .string($0.description) }),
        ]
    }
}

/// 9999-12-31T23:59:59Z; RFC 3339 cannot write a later time.
private let lastSecondOfRFC3339 = 253_402_300_799
