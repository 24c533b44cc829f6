// SPDX-License-Identifier: Apache-2.0
// Where the files of an image layout are: in a folder, or inside a tar file.

internal import OCI
internal import Primitives

/// Files by their path inside a layout: `index.json`, `blobs/sha256/<hex>`.
protocol LayoutFiles: Sendable {
    /// What the user calls the place.
    var name: String { get }
    /// Bytes of the file; nil when there is none.
    func size(of path: String) throws(Failure) -> Int?
    func read(_ path: String, atMost limit: Int) throws(Failure) -> [UInt8]
    func stream(_ path: String) throws(Failure) -> ByteStream
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
struct FolderLayoutFiles: LayoutFiles {
    let root: FolderHandle

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

    func stream(_ path: String) throws(Failure) -> ByteStream {
        let file = try open(path)
        return file.stream(length: file.size)
    }

    private func open(_ path: String) throws(Failure) -> OpenFile {
        let steps = path.utf8.split(separator: "/").map(String.init)
        var folder = root
        for step in steps.dropLast() { folder = try folder.folder(step) }
        return try folder.file(steps.last ?? "")
    }
}
