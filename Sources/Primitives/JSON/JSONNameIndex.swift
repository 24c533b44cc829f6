// SPDX-License-Identifier: Apache-2.0
// A hash table over the names of one object. It holds indices, not names, in eight bytes each.

/// Where each name is in a list of members. The list is the caller's, and passed to each function.
struct JSONNameIndex: Sendable {
    /// The upper half of a name's hash, and its index plus one; 0 where there is none. The number of
    /// slots is a power of two, and at least half of them are 0.
    private var slots: [UInt64] = []

    init() {}

    /// The index of names that differ.
    init(of members: [JSONObject.Member]) {
        for index in members.indices { _ = insert(members[index].name, at: index, in: members) }
    }

    var isEmpty: Bool { slots.isEmpty }

    func index(of name: String, in members: [JSONObject.Member]) -> Int? {
        guard !isEmpty else { return nil }
        let entry = slots[slot(of: name, hash(of: name), members)]
        return entry == 0 ? nil : index(in: entry)
    }

    /// Adds the name of the next member; false if it is there already. The names of all members before
    /// it are there.
    mutating func insert(
        _ name: String, at index: Int, in members: [JSONObject.Member]
    ) -> Bool {
        if 2 * (index + 1) > slots.count { grow() }
        let hash = hash(of: name)
        let slot = slot(of: name, hash, members)
        guard slots[slot] == 0 else { return false }
        slots[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(index + 1)
        return true
    }

    /// The slot that holds the name, or the free one that it belongs into.
    private func slot(of name: String, _ hash: UInt64, _ members: [JSONObject.Member]) -> Int {
        var slot = firstSlot(hash)
        while slots[slot] != 0 {
            if slots[slot] >> 32 == hash >> 32, isSame(members[index(in: slots[slot])].name, name) {
                break
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    private mutating func grow() {
        let entries = slots
        slots = Array(repeating: 0, count: max(32, 2 * entries.count))
        for entry in entries where entry != 0 {
            var slot = firstSlot(entry)
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = entry
        }
    }

    private func index(in entry: UInt64) -> Int { Int(entry & 0xFFFF_FFFF) - 1 }

    private func firstSlot(_ hash: UInt64) -> Int { Int(hash >> 32) & (slots.count - 1) }

    /// Differs from process to process, so that nobody can write names that collide.
    private func hash(of name: String) -> UInt64 {
        UInt64(truncatingIfNeeded: ByteString(name).hashValue)
    }
}
