// SPDX-License-Identifier: Apache-2.0
// Consistency proofs. Spec: RFC 9162 §2.1.4.

internal import Primitives

/// The hashes that prove one tree to be a prefix of another.
package struct ConsistencyProof: Hashable, Sendable {
    package let first: Int
    package let second: Int
    package let consistencyPath: [[UInt8]]

    package init(first: Int, second: Int, consistencyPath: [[UInt8]]) {
        self.first = first
        self.second = second
        self.consistencyPath = consistencyPath
    }

    /// Verifies that the tree of `first` leaves is a prefix of the tree of `second` leaves.
    ///
    /// Two trees of equal size must have the same root and need no hashes; an empty tree is
    /// rejected.
    ///
    /// Spec: RFC 9162 §2.1.4.2, step by step, for 0 < first < second.
    package func verify(
        firstRoot first_hash: [UInt8], secondRoot second_hash: [UInt8]
    ) throws(VerificationError) {
        guard first > 0, first <= second else {
            throw inconsistent("it goes from \(first) leaves to \(second)")
        }
        guard consistencyPath.count <= Limits.hashesPerProof + 1,
            (consistencyPath + [first_hash, second_hash]).allSatisfy({
                $0.count == MerkleHash.byteCount
            })
        else { throw inconsistent("its hashes or roots are too many, or not of 32 bytes") }
        if first == second {
            guard consistencyPath.isEmpty, first_hash == second_hash else {
                throw inconsistent("both trees have \(first) leaves, and they are not one tree")
            }
            return
        }
        // 1. "If consistency_path is an empty array, stop and fail the proof verification."
        guard !consistencyPath.isEmpty else { throw inconsistent("it has no hashes") }
        // 2. "If first is an exact power of 2, then prepend first_hash to the array."
        let path = first.nonzeroBitCount == 1 ? [first_hash] + consistencyPath : consistencyPath
        let roots = try roots(along: path)
        // 7. "Verify that the fr calculated is equal to the first_hash supplied, that the sr
        // calculated is equal to the second_hash supplied, and that sn is 0."
        guard roots.fr == first_hash else {
            throw inconsistent("its hashes lead to an older root \(hexText(roots.fr))")
        }
        guard roots.sr == second_hash else {
            throw inconsistent("its hashes lead to a newer root \(hexText(roots.sr))")
        }
    }

    private func roots(along path: [[UInt8]]) throws(VerificationError) -> (
        fr: [UInt8], sr: [UInt8]
    ) {
        // 3. "Set fn to first - 1 and sn to second - 1."
        var (fn, sn) = (UInt64(first - 1), UInt64(second - 1))
        // 4. "If LSB(fn) is set, then right-shift both fn and sn equally until LSB(fn) is not set."
        while fn & 1 == 1 { (fn, sn) = (fn >> 1, sn >> 1) }
        // 5. "Set both fr and sr to the first value in the consistency_path array."
        guard let start = path.first else { throw inconsistent("it has no hashes") }
        var (fr, sr) = (start, start)
        // 6. "For each subsequent value c in the consistency_path array:"
        for c in path.dropFirst() {
            guard sn != 0 else { throw inconsistent("its path goes on above the root") }
            if fn & 1 == 1 || fn == sn {
                fr = MerkleHash.node(c, fr)
                sr = MerkleHash.node(c, sr)
                while fn & 1 == 0, fn != 0 { (fn, sn) = (fn >> 1, sn >> 1) }
            } else {
                sr = MerkleHash.node(sr, c)
            }
            (fn, sn) = (fn >> 1, sn >> 1)
        }
        guard sn == 0 else { throw inconsistent("its path ends under the root") }
        return (fr, sr)
    }
}

private func inconsistent(_ why: String) -> VerificationError {
    VerificationError(.consistencyProofInvalid, "the consistency proof does not hold: \(why)")
}
