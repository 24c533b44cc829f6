// SPDX-License-Identifier: Apache-2.0
// A Merkle tree that is all in memory, told as the definition tells it: short and slow.
// Spec: RFC 6962 §2.1.

/// An append-only list of leafs and the proofs about it.
package struct StandInMerkleTree: Sendable {
    private var leafs: [[UInt8]] = []

    package init() {}

    package var size: Int { leafs.count }

    /// Appends a leaf; returns its index.
    package mutating func append(_ body: [UInt8]) -> Int {
        leafs.append(StandInMerkleTree.leafHash(body))
        return leafs.count - 1
    }

    /// Spec: RFC 6962 §2.1: MTH({d}) = SHA-256(0x00 || d).
    package static func leafHash(_ body: [UInt8]) -> [UInt8] { sha256([0] + body) }

    /// The root of the first `size` leafs.
    package func root(of size: Int? = nil) -> [UInt8] {
        StandInMerkleTree.root(leafs.prefix(size ?? leafs.count))
    }

    /// Spec: RFC 6962 §2.1.1, PATH(m, D[n]). Empty for an index outside the tree.
    package func inclusionProof(for index: Int, in size: Int? = nil) -> [[UInt8]] {
        let leafs = leafs.prefix(size ?? leafs.count)
        guard leafs.indices.contains(index) else { return [] }
        return StandInMerkleTree.path(index, leafs)
    }

    /// Spec: RFC 6962 §2.1.2, PROOF(m, D[n]). Empty for sizes that are not 0 < first <= second <=
    /// all.
    package func consistencyProof(from first: Int, to second: Int? = nil) -> [[UInt8]] {
        let leafs = leafs.prefix(second ?? leafs.count)
        guard first > 0, first <= leafs.count else { return [] }
        return StandInMerkleTree.subproof(first, leafs, complete: true)
    }

    private static func root(_ leafs: ArraySlice<[UInt8]>) -> [UInt8] {
        guard let first = leafs.first else { return sha256([]) }
        guard leafs.count > 1 else { return first }
        let split = split(leafs)
        return node(root(leafs.prefix(split)), root(leafs.dropFirst(split)))
    }

    private static func path(_ index: Int, _ leafs: ArraySlice<[UInt8]>) -> [[UInt8]] {
        guard leafs.count > 1 else { return [] }
        let split = split(leafs)
        let (left, right) = (leafs.prefix(split), leafs.dropFirst(split))
        return index - leafs.startIndex < split
            ? path(index, left) + [root(right)] : path(index, right) + [root(left)]
    }

    private static func subproof(
        _ size: Int, _ leafs: ArraySlice<[UInt8]>, complete: Bool
    ) -> [[UInt8]] {
        guard size < leafs.count else { return complete ? [] : [root(leafs)] }
        let split = split(leafs)
        let (left, right) = (leafs.prefix(split), leafs.dropFirst(split))
        return size <= split
            ? subproof(size, left, complete: complete) + [root(right)]
            : subproof(size - split, right, complete: false) + [root(left)]
    }

    private static func node(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        sha256([1] + left + right)
    }

    /// The largest power of two smaller than the count, which is at least 2.
    private static func split(_ leafs: ArraySlice<[UInt8]>) -> Int {
        var split = 1
        while split * 2 < leafs.count { split *= 2 }
        return split
    }
}
