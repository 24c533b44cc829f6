// SPDX-License-Identifier: Apache-2.0
// Maps of sparse files. Spec: GNU tar manual, "Storing Sparse
// Files"; upstream archive/tar (Go 1.24), reader.go, for what is rejected.

internal import Primitives

/// The parts of a sparse file that are in the archive, in order. All other bytes are zero.
struct SparseMap: Hashable, Sendable {
    struct Span: Hashable, Sendable {
        let offset: Int
        let length: Int

        var end: Int { offset + length }
    }

    private(set) var spans: [Span] = []
    /// The total size of the spans in bytes, which is the size in the archive.
    private(set) var storedBytes = 0

    /// The end of the last span, the minimum size of the file.
    var end: Int { spans.last?.end ?? 0 }

    /// Adds the next span. Returns false if it is negative, too large, or before the end of the
    /// last.
    mutating func append(offset: Int, length: Int) -> Bool {
        guard offset >= end, length >= 0, !offset.addingReportingOverflow(length).overflow else {
            return false
        }
        spans.append(Span(offset: offset, length: length))
        storedBytes += length
        return true
    }
}

extension SparseMap {
    /// The size of one entry in a header block: two numbers of twelve bytes.
    private static let entryBytes = 24

    /// Adds the entries of a header block (four from byte 386) or of a block that continues it (21
    /// from byte 0). An entry that starts with a zero byte ends the list.
    mutating func append(
        entriesOf fields: TarFields, from start: Int, count: Int
    ) throws(Failure) {
        for index in 0..<count {
            let entry = start + index * Self.entryBytes
            guard fields.block[entry] != 0 else { return }
            let offset = try fields.number(entry..<(entry + 12), "sparse offset")
            let length = try fields.number((entry + 12)..<(entry + 24), "sparse length")
            guard append(offset: offset, length: length) else {
                throw fields.broken("the parts of a sparse file are not in order")
            }
        }
    }

    /// Parses the map of formats 0.0 and 0.1: `offset,length,offset,length…`. Nil if it is invalid.
    init?(commaSeparated text: [UInt8], count: [UInt8]?) {
        let numbers =
            text.isEmpty
            ? [] : text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard let count = count.flatMap({ decimal($0[...]) }), count <= numbers.count,
            numbers.count == 2 * count, append(numbers)
        else { return nil }
    }

    /// Adds pairs of decimal numbers. Returns false if one is invalid or out of order.
    fileprivate mutating func append(_ numbers: [ArraySlice<UInt8>]) -> Bool {
        for index in stride(from: 0, to: numbers.count - 1, by: 2) {
            guard let offset = decimal(numbers[index]), let length = decimal(numbers[index + 1]),
                append(offset: offset, length: length)
            else { return false }
        }
        return true
    }
}

/// The parser of maps in format 1.0: lines of decimal numbers in whole blocks before the content.
struct SparseMapText {
    /// The map, after all of it has been read.
    enum Progress {
        case incomplete
        case complete(SparseMap)
        case broken
    }

    private var bytes: [UInt8] = []
    private var lines = 0
    /// The number of lines of the map, from its first line.
    private var wanted: Int?

    /// The number of bytes read so far.
    var count: Int { bytes.count }

    /// Parses the next block.
    mutating func add(_ block: [UInt8]) -> Progress {
        bytes += block
        lines += block.count { $0 == newline }
        if wanted == nil, lines > 0 {
            guard let spans = decimal(bytes.prefix { $0 != newline }),
                spans <= Limits.extendedHeaderBytes
            else { return .broken }
            wanted = 1 + 2 * spans
        }
        guard let wanted, lines >= wanted else { return .incomplete }
        let numbers = bytes.split(
            separator: newline, maxSplits: wanted, omittingEmptySubsequences: false)
        var map = SparseMap()
        return map.append(Array(numbers[1..<wanted])) ? .complete(map) : .broken
    }
}

/// Iterates over the content of a sparse file in order: zeros for holes, and stored bytes.
struct SparseCursor {
    /// The next part of the file.
    enum Part {
        case zeros(Int)
        case stored(Int)
        case end
    }

    private var spans: ArraySlice<SparseMap.Span>
    private let size: Int
    private var position = 0

    init(_ map: SparseMap, size: Int) {
        spans = map.spans[...]
        self.size = size
    }

    /// The next part and its length.
    mutating func next() -> Part {
        while let span = spans.first, span.end <= position { spans.removeFirst() }
        guard let span = spans.first else {
            return position < size ? .zeros(size - position) : .end
        }
        return position < span.offset
            ? .zeros(span.offset - position) : .stored(span.end - position)
    }

    mutating func advance(by count: Int) { position += count }
}

private let newline = UInt8(ascii: "\n")
