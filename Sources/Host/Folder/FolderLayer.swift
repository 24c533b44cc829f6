// SPDX-License-Identifier: Apache-2.0
// A folder as one image layer, the same bytes every time.
// Spec: OCI image-spec 1.1, layer.md; reproducible-builds.org, SOURCE_DATE_EPOCH.

internal import Files
internal import Glibc
internal import OCI
internal import Primitives

/// A layer in a temporary file that nobody else can see.
struct FolderLayer: Sendable {
    let file: OpenFile
    let descriptor: Descriptor
    /// The digest of the unpacked archive.
    let contentDigest: Digest

    /// Walks the folder: sorted paths, owner 0:0, one time, permissions and symbolic links kept,
    /// hard links as files of their own.
    ///
    /// Refused: devices, pipes and sockets, names that layers keep for deletions (`.wh.`), and
    /// files that change while they are read.
    init(folder path: String, modified: Timestamp) throws(Failure) {
        var sink = try LayerSink()
        try Self.add(try FolderHandle(at: path), at: "", modified.seconds, to: &sink, depth: 0)
        try sink.write(TarWriter.end)
        (file, descriptor, contentDigest) = try sink.finish()
    }

    private static func add(
        _ folder: FolderHandle, at prefix: String, _ modified: Int, to sink: inout LayerSink,
        depth: Int
    ) throws(Failure) {
        guard depth < Limits.folderDepth else {
            throw Failure(
                .overLimit, "cannot make a layer", at: .named(folder.path),
                because: "folders are nested deeper than \(Limits.folderDepth)")
        }
        for name in try folder.names() {
            let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
            guard !name.utf8.hasPrefix(".wh.") else {
                throw Failure(
                    .unsupported, "cannot make a layer", at: .named("\(folder.path)/\(name)"),
                    because: "a name that starts with .wh. means a deletion inside a layer")
            }
            let status = try folder.status(of: name)
            let permissions = status.permissions
            switch status.kind {
            case .folder:
                let entry = TarFile(path: path, kind: .folder, permissions: permissions)
                try sink.write(TarWriter.header(entry, modified: modified))
                try add(try folder.folder(name), at: path, modified, to: &sink, depth: depth + 1)
            case .link:
                let target = try folder.linkTarget(of: name)
                let entry = TarFile(
                    path: path, kind: .symbolicLink(to: target), permissions: 0o777)
                try sink.write(TarWriter.header(entry, modified: modified))
            case .file:
                try add(try folder.file(name), at: path, permissions, modified, to: &sink)
            case .pipe, .socket, .device:
                throw Failure(
                    .unsupported, "cannot make a layer", at: .named("\(folder.path)/\(name)"),
                    because: "it is a device, a pipe or a socket; a layer gets files, folders and "
                        + "symbolic links")
            }
        }
    }

    private static func add(
        _ file: OpenFile, at path: String, _ permissions: UInt32, _ modified: Int,
        to sink: inout LayerSink
    ) throws(Failure) {
        let entry = TarFile(path: path, kind: .file(size: file.size), permissions: permissions)
        try sink.write(TarWriter.header(entry, modified: modified))
        var offset = 0
        while offset < file.size {
            let chunk = try file.read(
                at: offset, count: min(streamChunkBytes, file.size - offset))
            guard !chunk.isEmpty else {
                throw Failure(
                    .unavailable, "cannot make a layer", at: .named(file.name),
                    because: "the file became shorter while it was read")
            }
            try sink.write(chunk)
            offset += chunk.count
        }
        try sink.write(TarWriter.padding(after: file.size))
    }
}

/// Receives an archive, and compresses, hashes and stores it as it arrives.
private struct LayerSink {
    private var gzip = GzipWriter()
    private let file: OpenFile
    private var contentHasher = ContentHasher(.sha256)
    private var packedHasher = ContentHasher(.sha256)
    private var size = 0

    init() throws(Failure) {
        let folder = unsafe getenv("TMPDIR").flatMap { unsafe String(cString: $0) } ?? "/tmp"
        file = try OpenFile(withoutNameIn: folder)
    }

    mutating func write(_ bytes: [UInt8]) throws(Failure) {
        contentHasher.update(bytes)
        try store(try gzip.write(bytes))
    }

    mutating func finish() throws(Failure) -> (OpenFile, Descriptor, Digest) {
        try store(try gzip.finish())
        let layer = Descriptor(
            mediaType: .ociLayerGzip, digest: packedHasher.finish(), size: size)
        return (try file.measured(), layer, contentHasher.finish())
    }

    private mutating func store(_ packed: [UInt8]) throws(Failure) {
        packedHasher.update(packed)
        try file.write(packed, at: size)
        size += packed.count
    }
}
