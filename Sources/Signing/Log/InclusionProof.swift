// SPDX-License-Identifier: Apache-2.0
// Inclusion proofs. Spec: RFC 9162 §2.1.3.

internal import Primitives

/// The hashes of the path from a leaf to the root of a tree.
package struct InclusionProof: Hashable, Sendable {
    package let leafIndex: Int
    package let treeSize: Int
    package let inclusionPath: [[UInt8]]

    package init(leafIndex: Int, treeSize: Int, inclusionPath: [[UInt8]]) {
        self.leafIndex = leafIndex
        self.treeSize = treeSize
        self.inclusionPath = inclusionPath
    }

    /// Verifies that the leaf with this hash is leaf `leafIndex` of the tree with this root.
    ///
    /// Spec: RFC 9162 §2.1.3.2, step by step.
    package func verify(leaf hash: [UInt8], root rootHash: [UInt8]) throws(VerificationError) {
        // 1. "Compare leaf_index from the inclusion_proof structure against tree_size."
        guard leafIndex >= 0, leafIndex < treeSize else {
            throw unproven("it names leaf \(leafIndex) of a tree of \(treeSize) leaves")
        }
        // 2. "Set fn to leaf_index and sn to tree_size - 1."
        var fn = UInt64(leafIndex)
        var sn = UInt64(treeSize - 1)
        let needed = hashCount(fn, sn)
        guard inclusionPath.count == needed else {
            throw unproven("it has \(inclusionPath.count) hashes, its leaf needs \(needed)")
        }
        guard (inclusionPath + [hash, rootHash]).allSatisfy({ $0.count == MerkleHash.byteCount })
        else {
            throw unproven(
                "one of its hashes, the leaf or the root is not of \(MerkleHash.byteCount) bytes")
        }
        // 3. "Set r to hash."
        var r = hash
        // 4. "For each value p in the inclusion_path array:"
        for p in inclusionPath {
            guard sn != 0 else { throw unproven("its path goes on above the root") }
            if fn & 1 == 1 || fn == sn {
                r = MerkleHash.node(p, r)
                while fn & 1 == 0, fn != 0 { (fn, sn) = (fn >> 1, sn >> 1) }
            } else {
                r = MerkleHash.node(r, p)
            }
            (fn, sn) = (fn >> 1, sn >> 1)
        }
        // 5. "Compare sn to 0. Compare r against the root_hash."
        guard sn == 0 else { throw unproven("its path ends under the root") }
        guard r == rootHash else {
            throw unproven("its hashes lead to root \(hexText(r)), not \(hexText(rootHash))")
        }
    }

    /// The length of the path of leaf `fn` if `sn` is the last leaf: one hash for each level up to
    /// their common ancestor, then one for each left sibling.
    private func hashCount(_ fn: UInt64, _ sn: UInt64) -> Int {
        let inner = UInt64.bitWidth - (fn ^ sn).leadingZeroBitCount
        return inner + (inner == UInt64.bitWidth ? 0 : (fn >> UInt64(inner)).nonzeroBitCount)
    }
}

private func unproven(_ why: String) -> VerificationError {
    VerificationError(.inclusionProofInvalid, "the inclusion proof does not hold: \(why)")
}
