// SPDX-License-Identifier: Apache-2.0
// Where the files stand inside a tar file, so that they are read in place and never unpacked.

internal import OCI
internal import Primitives

/// The files of one archive by path. Links inside it are followed inside it only.
struct TarFileIndex: LayoutFiles {
    private enum Entry {
        case file(FilePart)
        case link(to: String)
    }

    let name: String
    private var entries: [ExactText: Entry] = [:]

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

    private mutating func keep(_ entry: TarEntry, as path: String, _ part: FilePart) throws(Failure)
    {
        let target = String(decoding: entry.linkTarget, as: UTF8.self)
        switch entry.kind {
        case .file where !entry.isSparse:
            // Two files of one name: which one counts depends on the reader, so neither does.
            guard entries.updateValue(.file(part), forKey: ExactText(path)) == nil else {
                throw Failure(
                    .rejected, "cannot read \(quoted(name))",
                    at: .bytes(of: name, offset: part.offset),
                    because: "it holds \(quoted(path)) twice")
            }
        case .symbolicLink, .hardLink:
            let folder =
                entry.kind == .hardLink
                ? "" : String(path[..<(path.utf8.lastIndex(of: "/") ?? path.startIndex)])
            if let target = Self.cleaned(target, from: folder) {
                entries[ExactText(path)] = .link(to: target)
            }
        default: break
        }
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
    private static func cleaned(_ path: String, from folder: String) -> String? {
        let isRooted = path.utf8.hasPrefix("/")
        var steps = isRooted ? [] : folder.utf8.split(separator: "/").map(String.init)
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
            switch entries[ExactText(path)] {
            case .file(let part): return part
            case .link(let target): path = target
            case nil: return nil
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
        let folder = Array("blobs/\(algorithm.rawValue)/".utf8)
        var digests: [Digest] = []
        for path in entries.keys where path.text.utf8.starts(with: folder) {
            let name = Array(path.text.utf8.dropFirst(folder.count))
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
