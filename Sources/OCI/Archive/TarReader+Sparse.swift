// SPDX-License-Identifier: Apache-2.0
// Sparse files in a tar stream. Spec: GNU tar manual, "Storing Sparse Files".

internal import Primitives

extension TarReader {
    mutating func continueSparse(_ entry: TarEntry, _ map: SparseMap, _ fields: TarFields)
        throws(Failure) -> Event?
    {
        var map = map
        try map.append(entriesOf: fields, from: 0, count: 21)
        guard map.spans.count <= Limits.extendedHeaderBytes / 24 else {
            throw overLimit("a sparse file has too many parts", at: fields.offset)
        }
        guard fields.block[504] == 0 else {
            state = .sparseBlocks(entry, map)
            return nil
        }
        return try begin(entry, map, at: fields.offset)
    }

    mutating func continueSparse(
        _ entry: TarEntry, _ text: SparseMapText, _ block: [UInt8], at start: Int
    ) throws(Failure) -> Event? {
        var text = text
        let progress = text.add(block)
        guard text.count <= min(entry.storedSize, Limits.extendedHeaderBytes) else {
            throw broken("the map of a sparse file is not terminated", at: start)
        }
        switch progress {
        case .incomplete:
            state = .sparseText(entry, text)
            return nil
        case .complete(let map): return try begin(entry, map, after: text.count, at: start)
        case .broken: throw broken("the map of a sparse file cannot be read", at: start)
        }
    }

    /// - Parameter mapBytes: the stored bytes that the map takes.
    mutating func begin(
        _ entry: TarEntry, _ map: SparseMap, after mapBytes: Int = 0, at start: Int
    ) throws(Failure) -> Event {
        let left = entry.storedSize - mapBytes
        guard map.end <= entry.size, map.storedBytes == left else {
            throw broken("the map of a sparse file does not match its size", at: start)
        }
        sparse = SparseCursor(map, size: entry.size)
        state = .content(left: left, padding: filling(left), isWanted: false)
        var entry = entry
        entry.storedSize = left
        return .entry(entry)
    }
}
