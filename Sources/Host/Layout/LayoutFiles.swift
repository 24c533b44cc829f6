// SPDX-License-Identifier: Apache-2.0
// Where the files of an image layout are: in a folder, or inside a tar file.

internal import Files
internal import OCI
internal import Primitives

/// Files by their path inside a layout: `index.json`, `blobs/sha256/<hex>`.
protocol LayoutFiles: Sendable {
    /// What the user calls the place.
    var name: String { get }
    /// Bytes of the file; nil when there is none.
    func size(of path: String) throws(Failure) -> Int?
    func read(_ path: String, atMost limit: Int) throws(Failure) -> [UInt8]
    /// The first bytes of the file, and its size.
    func head(of path: String, count: Int) throws(Failure) -> (bytes: [UInt8], size: Int)
    /// The blobs whose names are digests of that algorithm, in no order; `isCut` when there are
    /// more than the limit.
    func blobs(
        _ algorithm: HashAlgorithm, atMost limit: Int
    ) throws(Failure) -> (digests: [Digest], isCut: Bool)
    func stream(_ path: String) throws(Failure) -> ByteStream
}

extension DirectoryHandle {
    /// The folder of that name; nil if nothing has that name. A link to a folder is an error: links
    /// are not followed.
    fileprivate func existingDirectory(_ name: String) throws(Failure) -> DirectoryHandle? {
        do {
            return try directory(name)
        } catch  where error.kind == .notFound {
            guard (try? status(of: name)) != nil else { return nil }
            throw Failure(
                .rejected, "cannot list the folder", at: .named("\(path)/\(name)"),
                because: "it is not a folder, or it is a link; links are not followed")
        }
    }

    /// The names that are digests of that algorithm; other names are ignored.
    fileprivate func digests(
        by algorithm: HashAlgorithm, atMost limit: Int
    ) throws(Failure) -> (digests: [Digest], isCut: Bool) {
        var digests: [Digest] = []
        var isCut = false
        try visitNames { name in
            guard let digest = blobDigest(name, by: algorithm) else { return true }
            isCut = digests.count >= limit
            if !isCut { digests.append(digest) }
            return !isCut
        }
        return (digests, isCut)
    }
}

/// The digest that a blob of that file name has; nil when the name is not one.
func blobDigest(_ name: [UInt8], by algorithm: HashAlgorithm) -> Digest? {
    guard name.count == algorithm.hexCount, name.allSatisfy(isLowerHex) else { return nil }
    return try? Digest(parsing: "\(algorithm.rawValue):\(String(decoding: name, as: UTF8.self))")
}

/// A part of a file that stands for a file of its own.
struct FilePart: Sendable {
    let file: OpenFile
    let offset: Int
    let size: Int

    func read(atMost limit: Int, named what: String) throws(Failure) -> [UInt8] {
        guard size <= limit else {
            throw Failure(
                .overLimit, "cannot read \(what)", at: .named(file.name),
                because: "it has \(size) bytes, the limit is \(limit)")
        }
        let bytes = try file.read(at: offset, count: size)
        guard bytes.count == size else {
            throw Failure(
                .malformed, "cannot read \(what)", at: .named(file.name),
                because: "the file ends before it does")
        }
        return bytes
    }

    var stream: ByteStream { file.stream(from: offset, length: size) }
}

/// A layout in a folder.
struct DirectoryLayoutFiles: LayoutFiles {
    let root: DirectoryHandle

    var name: String { root.path }

    func size(of path: String) throws(Failure) -> Int? {
        do {
            return try open(path).size
        } catch  where error.kind == .notFound {
            return nil
        }
    }

    func read(_ path: String, atMost limit: Int) throws(Failure) -> [UInt8] {
        try open(path).whole(atMost: limit, named: path)
    }

    func head(of path: String, count: Int) throws(Failure) -> (bytes: [UInt8], size: Int) {
        let file = try open(path)
        return (try file.read(at: 0, count: count), file.size)
    }

    func blobs(
        _ algorithm: HashAlgorithm, atMost limit: Int
    ) throws(Failure) -> (digests: [Digest], isCut: Bool) {
        guard
            let directory = try root.existingDirectory("blobs")?.existingDirectory(
                algorithm.rawValue)
        else { return ([], false) }
        return try directory.digests(by: algorithm, atMost: limit)
    }

    func stream(_ path: String) throws(Failure) -> ByteStream {
        let file = try open(path)
        return file.stream(length: file.size)
    }

    private func open(_ path: String) throws(Failure) -> OpenFile {
        let steps = path.utf8.split(separator: "/").map(String.init)
        var directory = root
        for step in steps.dropLast() { directory = try directory.directory(step) }
        return try directory.file(steps.last ?? "")
    }
}
