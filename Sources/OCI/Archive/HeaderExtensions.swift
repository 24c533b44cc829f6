// SPDX-License-Identifier: Apache-2.0
// Combines a header block and the headers before it into an entry. Spec: POSIX.1-2017 pax; GNU tar
// manual; upstream archive/tar (Go 1.24), reader.go, "next", for the order of precedence.

internal import Primitives

/// The content of the `x`, `L` and `K` headers before an entry.
///
/// The sources of a name, in order of precedence, are the name of a sparse file of a known format,
/// the `L` header, the `path` record, and the header block. A second `x` header replaces the first.
struct HeaderExtensions {
    private var records = PaxRecords()
    private var longName: [UInt8] = []
    private var longLink: [UInt8] = []
    /// Whether no header was read.
    private(set) var isEmpty = true

    /// Adds the content of one header.
    mutating func add(_ content: [UInt8], of typeFlag: UInt8, at offset: Int, in archive: String)
        throws(Failure)
    {
        isEmpty = false
        switch typeFlag {
        case UInt8(ascii: "x"):
            records = try PaxRecords(parsing: content, at: offset, of: archive)
        case UInt8(ascii: "L"): longName = Array(content.prefix { $0 != 0 })
        default: longLink = Array(content.prefix { $0 != 0 })
        }
    }

    /// The entry of the headers and the block.
    func entry(_ header: TarHeader, at offset: Int, in archive: String) throws(Failure)
        -> (TarEntry, PaxRecords)
    {
        func failure(_ kind: Failure.Kind, _ why: String) -> Failure {
            Failure(
                kind, "cannot read \(archive)", at: .bytes(of: archive, offset: offset),
                because: why)
        }
        let plainPath = longName.isEmpty ? records.path ?? header.name : longName
        let target = longLink.isEmpty ? records.linkPath ?? header.linkName : longLink
        let kind = entryKind(header.typeFlag, path: plainPath)
        let isHeaderOnly = kind != .file && kind != .unknown
        let stored = isHeaderOnly ? 0 : records.size ?? header.size
        guard records.hasReadableNumbers, stored >= 0 else {
            throw failure(.malformed, "an extended header's number cannot be read")
        }
        let isSparse = header.sparse == nil && records.sparseFormat != nil
        guard !isSparse || !isHeaderOnly else {
            throw failure(.malformed, "a sparse entry is not a file")
        }
        let path = isSparse ? records.sparseName ?? plainPath : plainPath
        let longest = max(path.count, target.count)
        guard longest <= Limits.pathBytes else {
            throw failure(
                .overLimit, "a path has \(longest) bytes, the limit is \(Limits.pathBytes)")
        }
        var size = header.sparse?.size ?? stored
        if isSparse, let text = records.sparseSize {
            guard let real = decimal(text[...]) else {
                throw failure(.malformed, "the size of a sparse file cannot be read")
            }
            size = real
        }
        let isLink = kind == .symbolicLink || kind == .hardLink
        let entry = TarEntry(
            kind: kind, path: path, linkTarget: isLink ? target : [],
            size: kind == .file ? size : 0, storedSize: stored, mode: header.mode,
            modified: records.modified ?? header.modified,
            isSparse: isSparse || header.sparse != nil, typeFlag: header.typeFlag,
            isZeroDevice: header.typeFlag == UInt8(ascii: "3") && header.isZeroDevice,
            hasOverlayAttribute: records.hasOverlayAttribute)
        return (entry, records)
    }
}

/// Whether the type has content: types 1 to 6 and V7 directories have none, regardless of their
/// size.
private func entryKind(_ typeFlag: UInt8, path: [UInt8]) -> TarEntry.Kind {
    switch typeFlag {
    // V7 has no directory type; a name with a trailing slash is a directory.
    case 0: path.last == UInt8(ascii: "/") ? .directory : .file
    case UInt8(ascii: "0"), UInt8(ascii: "7"), UInt8(ascii: "S"): .file
    case UInt8(ascii: "1"): .hardLink
    case UInt8(ascii: "2"): .symbolicLink
    case UInt8(ascii: "3"), UInt8(ascii: "4"), UInt8(ascii: "6"): .special
    case UInt8(ascii: "5"): .directory
    default: .unknown
    }
}
