// SPDX-License-Identifier: Apache-2.0
// Names of members while a document is read: the same name again is the same storage, and one name
// twice in an object is found without a hash table for each object.

/// What tells most names apart without a look at all their bytes. Equal names have equal keys; names
/// of 16 bytes or fewer have equal keys only if they are equal.
struct JSONNameKey: Equatable {
    /// The first eight bytes, and the last eight of a name that has more, the first byte lowest.
    private let head: UInt64
    private let tail: UInt64
    private let count: Int

    @inline(__always)
    init(_ text: Span<UInt8>, _ range: Range<Int>) {
        count = range.count
        if count >= 8 {
            head = eightBytes(text, at: range.lowerBound)
            tail = eightBytes(text, at: range.upperBound - 8)
        } else if text.count - range.lowerBound >= 8 {
            head = eightBytes(text, at: range.lowerBound) & ((1 << (8 * UInt64(count))) - 1)
            tail = 0
        } else {
            var bytes: UInt64 = 0
            for index in range.reversed() { bytes = bytes << 8 | UInt64(text[index]) }
            (head, tail) = (bytes, 0)
        }
    }

    /// Whether equal keys mean equal names.
    var isWholeName: Bool { count <= 16 }

    /// Quick and easy to collide with: only for what a collision does not make slow.
    @inline(__always)
    var hash: UInt64 {
        let bits = head ^ tail &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: count)
        let mixed = bits &* 0xBF58_476D_1CE4_E5B9
        return mixed ^ mixed >> 32
    }
}

/// Names that were read before, for those that come again: a list of Pods has each name thousands of
/// times.
///
/// Each name has one slot, which the next name with the same slot takes. A short document has none.
struct JSONNameCache {
    private struct Entry {
        let key: JSONNameKey
        /// Where the name begins in the document.
        let start: Int
        let name: String
    }

    private var entries: [Entry?] = []
    /// Names that were not in the cache.
    private var missed = 0

    /// The text of a name that is ASCII and has no escapes.
    @inline(__always)
    mutating func name(_ key: JSONNameKey, _ text: Span<UInt8>, _ range: Range<Int>) -> String {
        let slot = Int(truncatingIfNeeded: key.hash) & (entries.count - 1)
        if !entries.isEmpty, let entry = entries[slot], entry.key == key,
            key.isWholeName || isMiddleSame(text, entry.start, range)
        {
            return entry.name
        }
        let name = asciiText(text, range)
        add(Entry(key: key, start: range.lowerBound, name: name))
        return name
    }

    private mutating func add(_ entry: Entry) {
        missed += 1
        switch missed {
        case 16: entries = Array(repeating: nil, count: 64)
        case 1_024: entries = Array(repeating: nil, count: 512)
        default: break
        }
        guard !entries.isEmpty else { return }
        entries[Int(truncatingIfNeeded: entry.key.hash) & (entries.count - 1)] = entry
    }

    /// Compares what keys leave out: all but the first and the last eight bytes.
    private func isMiddleSame(_ text: Span<UInt8>, _ start: Int, _ range: Range<Int>) -> Bool {
        var index = 8
        while index < range.count - 8 {
            guard
                eightBytes(text, at: start + index)
                    == eightBytes(text, at: range.lowerBound + index)
            else { return false }
            index += 8
        }
        return true
    }
}

/// The names of one object that is being read.
struct JSONKnownNames {
    /// Hashes of the keys of the first names, as many as `longestSearchedObject`.
    private var hashes = InlineArray<8, UInt64>(repeating: 0)
    /// Empty while there are no more than `longestSearchedObject` names.
    private(set) var index = JSONNameIndex()

    /// Adds the name of the next member; false if the object has it already.
    @inline(__always)
    mutating func insert(
        _ name: String, _ key: JSONNameKey, after members: [JSONObject.Member]
    ) -> Bool {
        guard members.count < longestSearchedObject else { return indexed(name, members) }
        let hash = key.hash
        for index in members.indices
        where hashes[index] == hash && isSame(members[index].name, name) {
            return false
        }
        hashes[members.count] = hash
        return true
    }

    private mutating func indexed(_ name: String, _ members: [JSONObject.Member]) -> Bool {
        if index.isEmpty { index = JSONNameIndex(of: members) }
        return index.insert(name, at: members.count, in: members)
    }
}

/// The eight bytes that begin there, the first of them lowest.
@inline(__always)
func eightBytes(_ text: Span<UInt8>, at index: Int) -> UInt64 {
    // The span checks the bounds, and any eight bytes are an integer.
    unsafe UInt64(
        littleEndian: text.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
}
