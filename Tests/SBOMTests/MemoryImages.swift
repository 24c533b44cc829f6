// SPDX-License-Identifier: Apache-2.0
// Images in memory: every blob is there, and a test may spoil one.

import OCI
import Primitives
import SBOM
import TestSupport

/// Holds blobs and manifests; hands blobs over in small chunks.
struct MemoryImages: ArtifactSource {
    var blobs: [Digest: [UInt8]] = [:]
    var manifests: [Digest: Manifest] = [:]

    var sourceName: String { "memory" }

    mutating func add(_ bytes: [UInt8], as type: MediaType) -> Descriptor {
        let descriptor = Descriptor(of: bytes, as: type)
        blobs[descriptor.digest] = bytes
        return descriptor
    }

    /// An image whose layers are those archives, packed by `pack`.
    mutating func addImage(
        _ archives: [[UInt8]], platform: String = "linux/amd64", unpackingTo wrong: [Digest]? = nil,
        pack: ([UInt8]) -> [UInt8] = { $0 }
    ) throws -> Manifest {
        let configuration = ImageConfiguration.document(
            platform: try Platform(parsing: platform),
            layerDigests: wrong ?? archives.map { Digest(of: $0, by: .sha256) },
            created: Timestamp(seconds: 1_700_000_000), createdBy: "test")
        let config = add(configuration.compactBytes, as: .ociConfig)
        let layers = archives.map { add(pack($0), as: .ociLayerGzip) }
        return keep(try ImageManifest(config: config, layers: layers).manifest())
    }

    @discardableResult
    mutating func keep(_ manifest: Manifest) -> Manifest {
        manifests[manifest.digest] = manifest
        return manifest
    }

    func unverifiedStream(of descriptor: Descriptor) async throws -> ByteStream {
        guard let bytes = blobs[descriptor.digest] else {
            throw Failure(.notFound, "cannot read \(descriptor.digest)", because: "it is not here")
        }
        let chunks = Chunks(bytes)
        return ByteStream { await chunks.next() }
    }

    func manifest(_ reference: ManifestReference) async throws -> Manifest {
        guard case .digest(let digest) = reference, let manifest = manifests[digest] else {
            throw Failure(.notFound, "cannot read \(reference)", because: "it is not here")
        }
        return manifest
    }

    func resolve(_ reference: ManifestReference) async throws -> Descriptor {
        try await manifest(reference).descriptor
    }

    func referrers(of subject: Digest) async throws -> ReferrersResult {
        ReferrersResult(descriptors: [], discovery: .layout)
    }

    func tags() async throws -> [Tag] { [] }
}

private actor Chunks {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    func next() -> [UInt8]? {
        guard !rest.isEmpty else { return nil }
        defer { rest = rest.dropFirst(3001) }
        return Array(rest.prefix(3001))
    }
}

func archive(_ write: (inout TarWriter) -> Void) -> [UInt8] {
    var tar = TarWriter()
    write(&tar)
    return tar.finished()
}

/// A file tree of one layer, as a walk of a folder would give it.
func directoryTree(
    _ files: [String: String], links: [String: String] = [:],
    keeping matcher: PathMatcher = .packageDatabases
) throws -> FileTree {
    var builder = LayerContentsBuilder(matcher: matcher, named: "a folder")
    for (path, text) in files.sorted(by: { $0.key < $1.key }) {
        let path = try TreePath(cleaning: path.utf8, of: "a folder")
        let isWanted = builder.wants(path, size: text.utf8.count)
        try builder.addFile(
            path, bytes: isWanted ? Array(text.utf8) : nil, size: text.utf8.count, mode: 0o644)
    }
    for (path, target) in links.sorted(by: { $0.key < $1.key }) {
        let path = try TreePath(cleaning: path.utf8, of: "a folder")
        try builder.addSymbolicLink(path, to: Array(target.utf8))
    }
    return try FileTree(directory: builder.finish())
}

func directorySBOM(_ files: [String: String], links: [String: String] = [:]) throws
    -> BillOfMaterials
{
    let linked = packageFilesBehindLinks(in: try directoryTree(files, links: links))
    let tree = try directoryTree(files, links: links, keeping: .packageDatabases.adding(linked))
    return try sbom(of: tree, directory: "test")
}

let debianRelease = """
    PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
    ID=debian
    VERSION_ID="12"
    VERSION_CODENAME=bookworm
    """

func debianStanza(
    _ name: String, _ version: String = "1.0", architecture: String = "amd64",
    status: String? = "install ok installed", more: String = ""
) -> String {
    let state = status.map { "Status: \($0)\n" } ?? ""
    return "Package: \(name)\n\(state)Architecture: \(architecture)\nVersion: \(version)\n\(more)\n"
}
