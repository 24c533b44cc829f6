// SPDX-License-Identifier: Apache-2.0
// Where the files stand inside a tar file, so that they are read in place and never unpacked.

internal import Files
internal import OCI
internal import Primitives

/// The files of one archive by path. Links inside it are followed inside it only.
struct TarFileIndex: LayoutFiles {
    private enum Entry {
        case file(FilePart)
        /// nil where the target is outside.
        case link(to: String?)
        /// A device or a pipe.
        case other
    }

    let name: String
    private var entries: [ByteString: Entry] = [:]
    /// Folders, those that are only named in paths too.
    private var directories: Set<ByteString> = []

    /// Reads the headers; content is passed over by seeking.
    init(_ file: OpenFile) throws(Failure) {
        name = file.name
        var offset = 0
        var count = 0
        while let (entry, start) = try Self.nextEntry(in: file, at: offset) {
            count += 1
            guard count <= Limits.filesPerImageArchive else {
                throw Failure(
                    .overLimit, "cannot read \(quoted(name))", at: .named(name),
                    because: "it has more than \(Limits.filesPerImageArchive) files")
            }
            let path = Self.cleaned(String(decoding: entry.path, as: UTF8.self), from: "")
            let length = entry.storedSize
            guard length <= file.size - start else {
                throw Failure(
                    .malformed, "cannot read \(quoted(name))",
                    at: .bytes(of: name, offset: start),
                    because: "an entry claims \(length) bytes and the file ends before")
            }
            if let path {
                try keep(entry, as: path, FilePart(file: file, offset: start, size: length))
            }
            offset = start + (length + 511) / 512 * 512
        }
    }

    /// Takes an entry in, or refuses the archive where readers that unpack it and readers that look
    /// names up could find different files: a name that occurs twice, files below a link, a hard link
    /// to anything but an earlier file, a sparse file.
    private mutating func keep(_ entry: TarEntry, as path: String, _ part: FilePart) throws(Failure)
    {
        func refused(_ why: String) -> Failure {
            Failure(
                .rejected, "cannot read \(quoted(name))",
                at: .bytes(of: name, offset: part.offset), because: why)
        }
        guard !path.isEmpty, entry.kind != .globalHeader else { return }
        for directory in Self.directories(above: path) {
            if case .link? = entries[ByteString(directory)] {
                throw refused("\(quoted(path)) is below \(quoted(directory)), which is a link")
            }
            directories.insert(ByteString(directory))
        }
        if entry.kind == .directory, entries[ByteString(path)] == nil {
            directories.insert(ByteString(path))
            return
        }
        let isNew = !directories.contains(ByteString(path)) && entries[ByteString(path)] == nil
        guard isNew else { throw refused("it holds \(quoted(path)) twice") }
        entries[ByteString(path)] = try kept(entry, as: path, part, refused)
    }

    private func kept(
        _ entry: TarEntry, as path: String, _ part: FilePart, _ refused: (String) -> Failure
    ) throws(Failure) -> Entry {
        let target = String(decoding: entry.linkTarget, as: UTF8.self)
        switch entry.kind {
        case .file:
            guard !entry.isSparse else { throw refused("\(quoted(path)) is a sparse file") }
            return .file(part)
        case .symbolicLink:
            let directory = path.utf8.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
            // Unpacked, a rooted target is a file of this machine.
            guard !target.utf8.hasPrefix("/") else { return .link(to: nil) }
            return .link(to: Self.cleaned(target, from: directory))
        case .hardLink:
            guard let earlier = Self.cleaned(target, from: ""),
                case .file(let linked)? = entries[ByteString(earlier)]
            else { throw refused("\(quoted(path)) is a hard link to no earlier file") }
            return .file(linked)
        case .directory, .special, .globalHeader, .unknown: return .other
        }
    }

    /// `a`, `a/b` for `a/b/c`.
    private static func directories(above path: String) -> [String] {
        path.utf8.indices.filter { path.utf8[$0] == UInt8(ascii: "/") }.map { String(path[..<$0]) }
    }

    /// The entry whose headers start at `offset`, and where its content starts.
    private static func nextEntry(in file: OpenFile, at offset: Int) throws(Failure) -> (
        TarEntry, Int
    )? {
        guard offset < file.size else { return nil }
        var reader = TarReader(named: file.name)
        var place = offset
        while true {
            if case .entry(let entry)? = try reader.next() {
                return (entry, offset + reader.contentOffset)
            }
            let chunk = try file.read(at: place, count: headerChunkBytes)
            if chunk.isEmpty {
                reader.end()
                guard case .entry(let entry)? = try reader.next() else { return nil }
                return (entry, offset + reader.contentOffset)
            }
            place += chunk.count
            reader.add(chunk)
        }
    }

    /// A path without `.`, `..` and leading slashes; nil when it leads out of the archive.
    private static func cleaned(_ path: String, from directory: String) -> String? {
        let isRooted = path.utf8.hasPrefix("/")
        var steps = isRooted ? [] : directory.utf8.split(separator: "/").map(String.init)
        for step in path.utf8.split(separator: "/") {
            switch step {
            case ".": continue
            case "..":
                guard steps.popLast() != nil else { return nil }
            default: steps.append(String(step))
            }
        }
        return steps.joined(separator: "/")
    }

    private func part(_ path: String) -> FilePart? {
        var path = path
        for _ in 0..<Limits.symbolicLinks {
            switch entries[ByteString(path)] {
            case .file(let part): return part
            case .link(let target?): path = target
            case .link(nil), .other, nil: return nil
            }
        }
        return nil
    }

    func size(of path: String) -> Int? { part(path)?.size }

    func read(_ path: String, atMost limit: Int) throws(Failure) -> [UInt8] {
        try found(path).read(atMost: limit, named: path)
    }

    func head(of path: String, count: Int) throws(Failure) -> (bytes: [UInt8], size: Int) {
        let part = try found(path)
        return (try part.file.read(at: part.offset, count: min(count, part.size)), part.size)
    }

    func blobs(
        _ algorithm: HashAlgorithm, atMost limit: Int
    ) -> (digests: [Digest], isCut: Bool) {
        let directory = Array("blobs/\(algorithm.rawValue)/".utf8)
        var digests: [Digest] = []
        for path in entries.keys where path.text.utf8.starts(with: directory) {
            let name = Array(path.text.utf8.dropFirst(directory.count))
            guard let digest = blobDigest(name, by: algorithm) else { continue }
            guard digests.count < limit else { return (digests, true) }
            digests.append(digest)
        }
        return (digests, false)
    }

    func stream(_ path: String) throws(Failure) -> ByteStream { try found(path).stream }

    func found(_ path: String) throws(Failure) -> FilePart {
        guard let part = part(path) else {
            throw Failure(
                .notFound, "cannot read \(quoted(path))", at: .named(name),
                because: "the archive has no such file")
        }
        return part
    }
}

/// Bytes read for one header and what may stand before it; a long path needs a second read.
private let headerChunkBytes = 4096
