// SPDX-License-Identifier: Apache-2.0
// From a header block and the headers before it to an entry. Spec: POSIX.1-2017 pax; GNU tar manual;
// upstream archive/tar (Go 1.24), reader.go, "next", for the order of precedence.

internal import Primitives

/// What the `x`, `L` and `K` headers in front of an entry say.
///
/// A name is, from the strongest source to the weakest: the name of a sparse file of a known format,
/// the `L` header, the `path` record, the header block. A second `x` replaces the first.
struct HeaderExtensions {
    private var records = PaxRecords()
    private var longName: [UInt8] = []
    private var longLink: [UInt8] = []
    /// No header was read.
    private(set) var isEmpty = true

    /// Takes in the content of one header.
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

    /// The entry that the headers and the block describe together.
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

/// Types 1 to 6 and directories of the oldest format have no content, whatever size they claim.
private func entryKind(_ typeFlag: UInt8, path: [UInt8]) -> TarEntry.Kind {
    switch typeFlag {
    // The oldest format has no directories; a slash at the end of a name makes one.
    case 0: path.last == UInt8(ascii: "/") ? .directory : .file
    case UInt8(ascii: "0"), UInt8(ascii: "7"), UInt8(ascii: "S"): .file
    case UInt8(ascii: "1"): .hardLink
    case UInt8(ascii: "2"): .symbolicLink
    case UInt8(ascii: "3"), UInt8(ascii: "4"), UInt8(ascii: "6"): .special
    case UInt8(ascii: "5"): .directory
    default: .unknown
    }
}
