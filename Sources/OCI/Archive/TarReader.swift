// SPDX-License-Identifier: Apache-2.0
// Reading tar as it arrives. Spec: POSIX.1-2017 pax, "ustar Interchange Format" and "pax Extended
// Header"; GNU tar manual, "Basic Tar Format".

package import Primitives

/// Turns chunks of a tar stream into entries and their content, keeping no more than one chunk.
///
/// Feed with `add`, say `end` after the last chunk, and ask `next` until it answers nil each time.
/// Reads ustar, old tar, pax and GNU headers as Go's archive/tar does, because that is what
/// unpacks images: global pax headers change nothing, links have no content, and what follows the
/// two zero blocks is not part of the archive.
package struct TarReader: Sendable {
    package enum Event: Hashable, Sendable {
        /// The next entry. Whoever wants its content calls `requestContent` before `next`.
        case entry(TarEntry)
        /// A part of the content that was requested.
        case content(ArraySlice<UInt8>)
        /// All of the content that was requested has been handed over.
        case endOfContent
    }

    private enum State {
        case header
        case content(left: Int, padding: Int, isWanted: Bool)
        case padding(Int)
        case metadata(UInt8, left: Int, padding: Int, start: Int)
        case sparseMap(TarEntry, stored: Int)
        case zeroBlock
        case ended
    }

    private let name: String
    private var state = State.header
    private var chunk: [UInt8] = []
    /// Where in `chunk` the unread bytes start.
    private var position = 0
    /// Where in the stream `chunk` starts.
    private var base = 0
    private var isAtEnd = false
    /// The start of a block that the last chunk did not finish.
    private var partial: [UInt8] = []
    private var metadata: [UInt8] = []
    private var extended = PaxRecords()
    private var longName: [UInt8]?
    private var longLink: [UInt8]?
    private var count = 0
    private var isDeliverable = false

    /// A reader of an archive that is called `name` in failures.
    package init(named name: String) { self.name = name }

    /// The next bytes of the stream; all earlier ones must have been read.
    package mutating func add(_ bytes: [UInt8]) {
        base += chunk.count
        chunk = bytes
        position = 0
    }

    /// No more bytes will come.
    package mutating func end() { isAtEnd = true }

    /// Asks for the content of the entry that `next` has just handed over. A sparse entry has none
    /// to give.
    package mutating func requestContent() {
        if isDeliverable, case .content(let left, let padding, _) = state {
            state = .content(left: left, padding: padding, isWanted: true)
        }
    }

    /// Where in the stream the content of the entry that `next` has just handed over starts, for
    /// readers that can seek.
    package var contentOffset: Int { base + position }

    /// What comes next; nil when more bytes are needed, or, after `end`, when all is read.
    ///
    /// - Throws: `malformed` for what is no tar or is cut off, `overLimit` for too many entries,
    ///   too long a path or too large an extended header.
    package mutating func next() throws(Failure) -> Event? {
        while true {
            switch state {
            case .ended:
                position = chunk.count
                return nil
            case .content(let left, let padding, let isWanted):
                if let event = content(left, padding, isWanted) { return event }
                if case .content = state { return try paused("an entry's content") }
            case .padding(let left):
                let skipped = min(left, chunk.count - position)
                position += skipped
                state = skipped == left ? .header : .padding(left - skipped)
                if skipped < left { return try paused("the filling after an entry") }
            case .metadata(let flag, let left, let padding, let start):
                guard try metadataIsRead(flag, left, padding, start) else {
                    return try paused("an extended header")
                }
            case .header, .zeroBlock, .sparseMap:
                let start = base + position - partial.count
                guard let block = takeBlock() else { return try pausedBetweenBlocks() }
                if let event = try read(block, at: start) { return event }
            }
        }
    }

    private mutating func content(_ left: Int, _ padding: Int, _ isWanted: Bool) -> Event? {
        let taken = min(left, chunk.count - position)
        if taken == left, !isWanted || left == 0 {
            position += taken
            state = padding == 0 ? .header : .padding(padding)
            return isWanted ? .endOfContent : nil
        }
        guard taken > 0 else { return nil }
        position += taken
        state = .content(left: left - taken, padding: padding, isWanted: isWanted)
        return isWanted ? .content(chunk[(position - taken)..<position]) : nil
    }

    private mutating func metadataIsRead(_ flag: UInt8, _ left: Int, _ padding: Int, _ start: Int)
        throws(Failure) -> Bool
    {
        let taken = min(left, chunk.count - position)
        metadata += chunk[position..<(position + taken)]
        position += taken
        guard taken == left else {
            state = .metadata(flag, left: left - taken, padding: padding, start: start)
            return false
        }
        let upToZero = metadata.prefix { $0 != 0 }
        switch flag {
        case UInt8(ascii: "x"):
            extended = try PaxRecords(parsing: metadata, at: start, of: name)
        case UInt8(ascii: "L"): longName = Array(upToZero)
        case UInt8(ascii: "K"): longLink = Array(upToZero)
        default: break
        }
        metadata = []
        state = padding == 0 ? .header : .padding(padding)
        return true
    }

    /// The next whole block, put together from two chunks if need be.
    private mutating func takeBlock() -> [UInt8]? {
        let wanted = TarHeader.blockSize - partial.count
        let taken = min(wanted, chunk.count - position)
        defer { position += taken }
        guard taken == wanted else {
            partial += chunk[position..<(position + taken)]
            return nil
        }
        guard !partial.isEmpty else { return Array(chunk[position..<(position + taken)]) }
        defer { partial = [] }
        return partial + chunk[position..<(position + taken)]
    }

    private mutating func read(_ block: [UInt8], at start: Int) throws(Failure) -> Event? {
        if case .sparseMap(let entry, let stored) = state {
            return block[504] != 0 ? nil : begin(entry, stored: stored)
        }
        let header = try TarHeader(block: block, at: start, of: name)
        switch (state, header) {
        case (.zeroBlock, nil):
            state = .ended
            return nil
        case (.zeroBlock, _): throw broken("a single zero block stands between entries", at: start)
        case (_, nil):
            state = .zeroBlock
            return nil
        case (_, let header?): return try take(header, at: start)
        }
    }

    private mutating func take(_ header: TarHeader, at start: Int) throws(Failure) -> Event? {
        count += 1
        guard count <= Limits.archiveEntries else {
            throw overLimit("it has more than \(Limits.archiveEntries) entries", at: start)
        }
        switch header.typeFlag {
        case UInt8(ascii: "x"), UInt8(ascii: "g"), UInt8(ascii: "L"), UInt8(ascii: "K"):
            guard header.size <= Limits.extendedHeaderBytes else {
                throw overLimit(
                    "an extended header has \(header.size) bytes, the limit is "
                        + "\(Limits.extendedHeaderBytes)", at: start)
            }
            state = .metadata(
                header.typeFlag, left: header.size, padding: filling(header.size),
                start: start + TarHeader.blockSize)
            return nil
        default:
            let stored = storesNothing(header.typeFlag) ? 0 : extended.size ?? header.size
            let entry = try entry(header, stored: stored, at: start)
            (extended, longName, longLink) = (PaxRecords(), nil, nil)
            guard !header.hasSparseExtension else {
                state = .sparseMap(entry, stored: stored)
                return nil
            }
            return begin(entry, stored: stored)
        }
    }

    private func entry(_ header: TarHeader, stored: Int, at start: Int) throws(Failure) -> TarEntry
    {
        let path =
            longName ?? (extended.isSparse ? extended.sparseName : nil) ?? extended.path
            ?? header.name
        let target = longLink ?? extended.linkPath ?? header.linkName
        let longest = max(path.count, target.count)
        guard longest <= Limits.pathBytes else {
            throw overLimit(
                "a path has \(longest) bytes, the limit is \(Limits.pathBytes)", at: start)
        }
        let kind = entryKind(header.typeFlag, path: path)
        let isLink = kind == .symbolicLink || kind == .hardLink
        return TarEntry(
            kind: kind, path: path, linkTarget: isLink ? target : [],
            size: kind == .file ? header.sparseSize ?? extended.sparseSize ?? stored : 0,
            mode: header.mode, modified: extended.modified ?? header.modified,
            isSparse: header.sparseSize != nil || extended.isSparse)
    }

    private mutating func begin(_ entry: TarEntry, stored: Int) -> Event {
        // What is stored of a sparse file is not what the file holds.
        isDeliverable = !entry.isSparse
        state = .content(left: stored, padding: filling(stored), isWanted: false)
        return .entry(entry)
    }

    private func filling(_ size: Int) -> Int {
        (TarHeader.blockSize - size % TarHeader.blockSize) % TarHeader.blockSize
    }

    private func paused(_ what: String) throws(Failure) -> Event? {
        guard isAtEnd else { return nil }
        throw broken("it ends inside \(what)", at: base + position)
    }

    private func pausedBetweenBlocks() throws(Failure) -> Event? {
        if case .sparseMap = state { return try paused("an extended header") }
        guard partial.isEmpty else { return try paused("a header block") }
        guard extended.isEmpty, longName == nil, longLink == nil else {
            return try paused("the headers of one entry")
        }
        return nil
    }

    private func broken(_ why: String, at offset: Int) -> Failure {
        Failure(
            .malformed, "cannot read \(name)", at: .bytes(of: name, offset: offset), because: why)
    }

    private func overLimit(_ why: String, at offset: Int) -> Failure {
        Failure(
            .overLimit, "cannot read \(name)", at: .bytes(of: name, offset: offset), because: why)
    }
}

/// Links, devices, directories and pipes have no content whatever size they claim, as in Go; vendor
/// types have what they claim.
private func storesNothing(_ typeFlag: UInt8) -> Bool {
    (UInt8(ascii: "1")...UInt8(ascii: "6")).contains(typeFlag)
}

private func entryKind(_ typeFlag: UInt8, path: [UInt8]) -> TarEntry.Kind {
    switch typeFlag {
    // Old tar has no directories; a slash at the end makes one.
    case 0: path.last == UInt8(ascii: "/") ? .directory : .file
    case UInt8(ascii: "0"), UInt8(ascii: "7"), UInt8(ascii: "S"): .file
    case UInt8(ascii: "1"): .hardLink
    case UInt8(ascii: "2"): .symbolicLink
    case UInt8(ascii: "5"): .directory
    default: .other
    }
}
