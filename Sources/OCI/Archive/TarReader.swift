// SPDX-License-Identifier: Apache-2.0
// Parses tar archives as they arrive. Spec: POSIX.1-2017 pax, "ustar Interchange Format" and "pax
// Extended Header"; GNU tar manual, "Basic Tar Format"; upstream archive/tar (Go 1.24), reader.go,
// "next".

package import Primitives

/// Parses chunks of a tar stream into entries and content. It holds at most one chunk.
///
/// Call `add` with each chunk and `end` after the last one; after each, call `next` until it
/// returns nil. The reader supports V7, ustar, pax, STAR and GNU headers as Go's archive/tar does,
/// because containerd, umoci and skopeo unpack images with it. It rejects what Go's reader rejects,
/// and an extended header without an entry, which other readers interpret differently.
package struct TarReader: Sendable {
    package enum Event: Hashable, Sendable {
        /// The next entry. Call `requestContent` before `next` to receive its content.
        case entry(TarEntry)
        /// A part of the content that was requested.
        case content(ArraySlice<UInt8>)
        /// The end of the content that was requested.
        case endOfContent
    }

    enum State {
        case header
        case content(left: Int, padding: Int, isWanted: Bool)
        case padding(Int)
        case metadata(left: Int, padding: Int, start: Int)
        case sparseBlocks(TarEntry, SparseMap)
        case sparseText(TarEntry, SparseMapText)
        case zeroBlock
        case ended
    }

    let name: String
    var state = State.header
    private var chunk: [UInt8] = []
    /// The index of the first unread byte in `chunk`.
    private var position = 0
    /// The offset of `chunk` in the stream.
    private var base = 0
    private var isAtEnd = false
    /// The beginning of a block that continues in the next chunk.
    private var partial: [UInt8] = []
    /// The header whose content is being read into `metadata`.
    private var metadataHeader: TarHeader?
    private var metadata: [UInt8] = []
    private var extensions = HeaderExtensions()
    /// The position in the content of a sparse entry.
    var sparse: SparseCursor?
    private var count = 0

    /// Creates a reader of an archive with a name for failures.
    package init(named name: String) { self.name = name }

    /// Adds the next chunk. All earlier chunks must have been read.
    package mutating func add(_ bytes: [UInt8]) {
        base += chunk.count
        chunk = bytes
        position = 0
    }

    /// Ends the stream.
    package mutating func end() { isAtEnd = true }

    /// Requests the content of the entry that `next` has just returned. Holes are zeros.
    package mutating func requestContent() {
        if case .content(let left, let padding, _) = state {
            state = .content(left: left, padding: padding, isWanted: true)
        }
    }

    /// The offset of the content of the entry that `next` has just returned, for callers that can
    /// seek.
    package var contentOffset: Int {
        guard case .padding(let left) = state else { return base + position }
        return base + position + left
    }

    /// The next event; nil if more bytes are needed, or, after `end`, at the end of the archive.
    ///
    /// - Throws: `malformed` for an invalid or truncated archive, `overLimit` for too many entries,
    ///   a path that is too long or an extended header that is too large.
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
                if skipped < left { return try paused("the padding after an entry") }
            case .metadata(let left, let padding, let start):
                guard metadataIsRead(left, padding, start) else {
                    return try paused("an extended header")
                }
                if let event = try takeMetadata(at: start) { return event }
            case .header, .zeroBlock, .sparseBlocks, .sparseText:
                let start = base + position - partial.count
                guard let block = takeBlock() else { return try pausedBetweenBlocks() }
                if let event = try read(block, at: start) { return event }
            }
        }
    }

    private mutating func content(_ left: Int, _ padding: Int, _ isWanted: Bool) -> Event? {
        var limit = left
        if isWanted, var cursor = sparse {
            switch cursor.next() {
            case .zeros(let count):
                let zeros = min(count, zeroChunkBytes)
                cursor.advance(by: zeros)
                sparse = cursor
                return .content([UInt8](repeating: 0, count: zeros)[...])
            case .stored(let count): limit = min(left, count)
            case .end: limit = 0
            }
        }
        let taken = min(limit, chunk.count - position)
        if taken == left, !isWanted || left == 0 {
            position += taken
            (state, sparse) = (padding == 0 ? .header : .padding(padding), nil)
            return isWanted ? .endOfContent : nil
        }
        guard taken > 0 else { return nil }
        position += taken
        sparse?.advance(by: taken)
        state = .content(left: left - taken, padding: padding, isWanted: isWanted)
        return isWanted ? .content(chunk[(position - taken)..<position]) : nil
    }

    private mutating func metadataIsRead(_ left: Int, _ padding: Int, _ start: Int) -> Bool {
        let taken = min(left, chunk.count - position)
        metadata += chunk[position..<(position + taken)]
        position += taken
        guard taken == left else {
            state = .metadata(left: left - taken, padding: padding, start: start)
            return false
        }
        state = padding == 0 ? .header : .padding(padding)
        return true
    }

    /// Parses the content of an `x`, `g`, `L` or `K` header.
    private mutating func takeMetadata(at start: Int) throws(Failure) -> Event? {
        guard let header = metadataHeader else { return nil }
        defer { (metadataHeader, metadata) = (nil, []) }
        guard header.typeFlag == UInt8(ascii: "g") else {
            try extensions.add(metadata, of: header.typeFlag, at: start, in: name)
            return nil
        }
        // Go drops the headers before a global header; other readers keep them.
        guard extensions.isEmpty else {
            throw broken(
                "a global header comes between an extended header and its entry", at: start)
        }
        let records = try PaxRecords(parsing: metadata, at: start, of: name)
        return .entry(
            TarEntry(
                kind: .globalHeader, path: records.path ?? header.name, linkTarget: [], size: 0,
                storedSize: 0, mode: 0, modified: 0, isSparse: false, typeFlag: header.typeFlag,
                isZeroDevice: false, hasOverlayAttribute: false))
    }

    /// The next block, which can start in one chunk and end in the next.
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
        switch state {
        case .sparseBlocks(let entry, let map):
            return try continueSparse(
                entry, map, TarFields(block: block, offset: start, archive: name))
        case .sparseText(let entry, let text):
            return try continueSparse(entry, text, block, at: start)
        default: break
        }
        let header = try TarHeader(block: block, at: start, of: name)
        switch (state, header) {
        case (.zeroBlock, nil):
            state = .ended
            return nil
        case (.zeroBlock, _): throw broken("a single zero block is between entries", at: start)
        case (_, nil):
            guard extensions.isEmpty else {
                throw broken("it ends inside the headers of one entry", at: start)
            }
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
            metadataHeader = header
            state = .metadata(
                left: header.size, padding: filling(header.size),
                start: start + TarHeader.blockSize)
            return nil
        default: return try begin(header, at: start)
        }
    }

    private mutating func begin(_ header: TarHeader, at start: Int) throws(Failure) -> Event? {
        let (entry, records) = try extensions.entry(header, at: start, in: name)
        extensions = HeaderExtensions()
        if let sparse = header.sparse {
            guard header.hasSparseExtension else { return try begin(entry, sparse.map, at: start) }
            state = .sparseBlocks(entry, sparse.map)
            return nil
        }
        switch records.sparseFormat {
        case nil:
            state = .content(
                left: entry.storedSize, padding: filling(entry.storedSize), isWanted: false)
            return .entry(entry)
        case .records?:
            guard let map = records.sparseMap else {
                throw broken("the map of a sparse file cannot be read", at: start)
            }
            return try begin(entry, map, at: start)
        case .content?:
            state = .sparseText(entry, SparseMapText())
            return nil
        }
    }

    // MARK: Inside

    func filling(_ size: Int) -> Int {
        (TarHeader.blockSize - size % TarHeader.blockSize) % TarHeader.blockSize
    }

    private func paused(_ what: String) throws(Failure) -> Event? {
        guard isAtEnd else { return nil }
        throw broken("it ends inside \(what)", at: base + position)
    }

    private func pausedBetweenBlocks() throws(Failure) -> Event? {
        switch state {
        case .sparseBlocks, .sparseText: return try paused("an extended header")
        default: break
        }
        guard partial.isEmpty else { return try paused("a header block") }
        guard extensions.isEmpty else { return try paused("the headers of one entry") }
        return nil
    }

    func broken(_ why: String, at offset: Int) -> Failure {
        Failure(
            .malformed, "cannot read \(name)", at: .bytes(of: name, offset: offset), because: why)
    }

    func overLimit(_ why: String, at offset: Int) -> Failure {
        Failure(
            .overLimit, "cannot read \(name)", at: .bytes(of: name, offset: offset), because: why)
    }
}

/// The size of a chunk of zeros.
private let zeroChunkBytes = 64 * 1024
