// SPDX-License-Identifier: Apache-2.0
// A folder as one image layer, the same bytes every time.
// Spec: OCI image-spec 1.1, layer.md; reproducible-builds.org, SOURCE_DATE_EPOCH.

internal import Files
internal import Glibc
internal import OCI
internal import Primitives

/// A layer in a temporary file that nobody else can see.
struct DirectoryLayer: Sendable {
    let file: OpenFile
    let descriptor: Descriptor
    /// The digest of the unpacked archive.
    let contentDigest: Digest

    /// Walks the folder: sorted paths, owner 0:0, one time, permissions and symbolic links kept,
    /// hard links as files of their own.
    ///
    /// Refused: devices, pipes and sockets, names that layers keep for deletions (`.wh.`), and
    /// files that change while they are read.
    init(directory path: String, modified: Timestamp) throws(Failure) {
        var sink = try LayerSink()
        try Self.add(try DirectoryHandle(at: path), at: "", modified.seconds, to: &sink, depth: 0)
        try sink.write(TarWriter.end)
        (file, descriptor, contentDigest) = try sink.finish()
    }

    private static func add(
        _ directory: DirectoryHandle, at prefix: String, _ modified: Int, to sink: inout LayerSink,
        depth: Int
    ) throws(Failure) {
        guard depth < Limits.directoryDepth else {
            throw Failure(
                .overLimit, "cannot make a layer", at: .named(directory.path),
                because: "folders are nested deeper than \(Limits.directoryDepth)")
        }
        for name in try directory.names() {
            let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
            guard !name.utf8.hasPrefix(".wh.") else {
                throw Failure(
                    .unsupported, "cannot make a layer", at: .named("\(directory.path)/\(name)"),
                    because: "a name that starts with .wh. means a deletion inside a layer")
            }
            let status = try directory.status(of: name)
            let permissions = status.permissions
            switch status.kind {
            case .directory:
                let entry = TarMember(path: path, kind: .directory, permissions: permissions)
                try sink.write(TarWriter.header(entry, modified: modified))
                try add(
                    try directory.directory(name), at: path, modified, to: &sink, depth: depth + 1)
            case .link:
                let target = try directory.linkTarget(of: name)
                let entry = TarMember(
                    path: path, kind: .symbolicLink(to: target), permissions: 0o777)
                try sink.write(TarWriter.header(entry, modified: modified))
            case .file:
                try add(try directory.file(name), at: path, permissions, modified, to: &sink)
            case .pipe, .socket, .device:
                throw Failure(
                    .unsupported, "cannot make a layer", at: .named("\(directory.path)/\(name)"),
                    because: "it is a device, a pipe or a socket; a layer gets files, folders and "
                        + "symbolic links")
            }
        }
    }

    private static func add(
        _ file: OpenFile, at path: String, _ permissions: UInt32, _ modified: Int,
        to sink: inout LayerSink
    ) throws(Failure) {
        let entry = TarMember(path: path, kind: .file(size: file.size), permissions: permissions)
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
        let directory = unsafe getenv("TMPDIR").flatMap { unsafe String(cString: $0) } ?? "/tmp"
        file = try OpenFile(withoutNameIn: directory)
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
