// SPDX-License-Identifier: Apache-2.0
// Images in files: the forms we know, and how to tell them apart.

internal import Files
package import OCI
package import Primitives

/// The transports that name a place on this machine. Spec: containers-transports(5).
package enum LocalTransport: String, Sendable, CaseIterable {
    case oci
    case ociArchive = "oci-archive"
    case dockerArchive = "docker-archive"
}

/// Which of the images of a place is meant.
package enum LocalImageChoice: Hashable, Sendable {
    /// The only one there is.
    case only
    /// The one of that name, as it is typed.
    case named(String)
    /// The entry at that position of `index.json` or `manifest.json`, from 0.
    case position(Int)
    case digest(Digest)
}

/// A place on this machine that holds one or more images.
package protocol LocalArtifacts: ArtifactSource {
    var transport: LocalTransport { get }

    /// What the place lists, in its order.
    func entries() async throws -> [Descriptor]

    /// Every entry with a name, whatever it is; an image with several names comes once for each.
    func namedEntries() async throws -> [Descriptor]

    /// The images in it; referrers and evidence tags are left out. A name is in the annotation
    /// `org.opencontainers.image.ref.name`.
    func roots() async throws -> [Descriptor]
}

extension LocalArtifacts {
    /// The reference of the image with that tag, or of the only image there is.
    package func onlyReference(tag: Tag?) async throws -> ManifestReference {
        try await reference(tag.map { .named($0.description) } ?? .only)
    }

    /// The reference of the image that is meant.
    package func reference(_ choice: LocalImageChoice) async throws -> ManifestReference {
        switch choice {
        case .digest(let digest): return .digest(digest)
        case .only: return .digest(try await onlyImage())
        case .position(let position):
            let entries = try await entries()
            guard entries.indices.contains(position) else {
                throw Failure(
                    .notFound, "cannot find the image @\(position)", at: .named(sourceName),
                    because: "it lists \(entries.count), and the first is @0")
            }
            return .digest(entries[position].digest)
        case .named(let name):
            let names = LayoutNames(try await namedEntries(), in: sourceName)
            if let entry = try names.entry(named: name) { return .digest(entry.digest) }
            // A tag may also name evidence, which is not an image.
            if let tag = try? Tag(parsing: name), isEvidenceTag(tag) { return .tag(tag) }
            throw Failure(
                .notFound, "cannot find the image \(quoted(name))", at: .named(sourceName),
                because: "no image in it has that name", next: try await advice())
        }
    }

    private func onlyImage() async throws -> Digest {
        let digests = Set(try await roots().map(\.digest))
        if digests.count == 1, let digest = digests.first { return digest }
        throw Failure(
            .usage, "cannot choose an image", at: .named(sourceName),
            because: digests.isEmpty ? "it holds no image" : "it holds \(digests.count) images",
            next: digests.isEmpty ? nil : try await advice())
    }

    /// How each image is named, as it is typed.
    private func advice() async throws -> String? {
        let (entries, roots) = (try await entries(), try await roots())
        let names = LayoutNames(try await namedEntries(), in: sourceName)
        let shown = roots.prefix(shownNames).map { root in
            let place = entries.firstIndex { $0.digest == root.digest } ?? 0
            let name = root.imageNames.first {
                (try? names.entry(named: $0))?.digest == root.digest
            }
            return plain("\(transport.rawValue):\(sourceName):\(name ?? "@\(place)")")
        }
        guard let first = shown.first else { return nil }
        let more = roots.count > shownNames ? ", and \(roots.count - shownNames) more" : ""
        return roots.count == 1
            ? "name it \(first)" : "name one of them: \(shown.joined(separator: ", "))\(more)"
    }
}

/// How many names one message lists.
private let shownNames = 10

/// Opens an image layout folder, an image layout in a tar file, or a `docker save` archive, told
/// apart by what is in it; `transport` says which one it must be.
package func openArtifacts(
    at path: String, as transport: LocalTransport = .oci
) async throws -> any LocalArtifacts {
    if let directory = try? DirectoryHandle(at: path) {
        guard transport == .oci else {
            throw Failure(
                .usage, "cannot read \(quoted(path)) as \(transport.rawValue)", at: .named(path),
                because: "it is a folder, not an archive", next: "name it oci:\(plain(path))")
        }
        return try LayoutDirectory(opening: directory)
    }
    let file = try OpenFile(at: path)
    try refuseCompressed(file, path)
    let index = try TarFileIndex(file)
    let isLayout = index.size(of: "oci-layout") != nil
    let isDocker = index.size(of: "manifest.json") != nil
    // Docker 25 and later write both; the layout has the digests the image had before.
    if isLayout, transport != .dockerArchive { return try LayoutArchive(index) }
    if isDocker, transport != .ociArchive { return try await DockerArchive(index) }
    throw Failure(
        .unsupported, "cannot read \(quoted(path))", at: .named(path),
        because: isLayout || isDocker
            ? "it is not an archive of that kind"
            : "it is neither an OCI image layout (no oci-layout) nor a docker save archive "
                + "(no manifest.json)",
        next: isLayout
            ? "name it oci-archive:\(plain(path))"
            : isDocker ? "name it docker-archive:\(plain(path))" : nil)
}

/// An archive is read in place, and compressed bytes have no places.
private func refuseCompressed(_ file: OpenFile, _ path: String) throws(Failure) {
    let start = try file.read(at: 0, count: 6)
    let programs: [([UInt8], String)] = [
        ([0x1f, 0x8b], "gunzip"), ([0x28, 0xb5, 0x2f, 0xfd], "unzstd"),
        ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "unxz"), ([0x42, 0x5a, 0x68], "bunzip2"),
    ]
    for (magic, program) in programs where start.starts(with: magic) {
        throw Failure(
            .unsupported, "cannot read \(quoted(path))", at: .named(path),
            because: "it is compressed, and archives are read in place",
            next: "decompress it with \(program) first; the layers inside stay compressed")
    }
}
