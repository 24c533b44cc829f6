// SPDX-License-Identifier: Apache-2.0
// Inclusion and consistency proofs, against the specification's own recursion.

import Primitives
import Signing
import TestSupport
import Testing

@Suite("Merkle proofs")
struct MerkleProofTests {
    static let leaves = (0..<40).map { [UInt8]("leaf \($0)".utf8) }

    private func root(_ size: Int) -> [UInt8] { NaiveTree.root(Self.leaves[..<size]) }

    private func inclusion(_ m: Int, _ n: Int) -> InclusionProof {
        InclusionProof(
            leafIndex: m, treeSize: n, inclusionPath: NaiveTree.path(m, Self.leaves[..<n]))
    }

    private func holds(_ proof: InclusionProof, _ leaf: Int, root: [UInt8]) -> Bool {
        (try? proof.verify(leaf: MerkleHash.leaf(Self.leaves[leaf]), root: root)) != nil
    }

    @Test("the hash of a leaf and of a node are those of RFC 6962's known tree")
    func knownHashes() {
        // The leaf of the empty string, and the tree of the two entries "" and 0x00.
        #expect(
            hexText(MerkleHash.leaf([]))
                == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
        #expect(
            hexText(MerkleHash.node(MerkleHash.leaf([]), MerkleHash.leaf([0])))
                == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")
    }

    @Test("the recursion gives the root of certificate transparency's reference tree of 8 leaves")
    func referenceTree() throws {
        let entries = [
            "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ]
        let leaves = try entries.map { try #require(bytes(fromHex: $0)) }
        #expect(
            hexText(NaiveTree.root(leaves[...]))
                == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
    }

    @Test("every leaf of every tree up to 40 leaves is proven by its own path", arguments: 1...40)
    func everyLeaf(size: Int) {
        for leaf in 0..<size {
            #expect(holds(inclusion(leaf, size), leaf, root: root(size)), "\(leaf) of \(size)")
        }
    }

    @Test("no path proves another leaf, another index or another root", arguments: 2...40)
    func otherLeaf(size: Int) {
        for leaf in 0..<size {
            let path = NaiveTree.path(leaf, Self.leaves[..<size])
            let other = (leaf + 1) % size
            #expect(!holds(inclusion(leaf, size), other, root: root(size)))
            let moved = InclusionProof(leafIndex: other, treeSize: size, inclusionPath: path)
            #expect(!holds(moved, leaf, root: root(size)))
            #expect(!holds(inclusion(leaf, size), leaf, root: root(size - 1)))
        }
    }

    @Test("a proof from another tree is refused")
    func otherTree() {
        expectProblem(.inclusionProofInvalid) {
            try inclusion(3, 7).verify(leaf: MerkleHash.leaf(Self.leaves[3]), root: root(8))
        }
    }

    @Test("a path with one hash more or less is refused before it is hashed")
    func pathLength() {
        let good = inclusion(3, 7)
        for path in [good.inclusionPath.dropLast(), good.inclusionPath + [root(1)], []] {
            expectProblem(.inclusionProofInvalid) {
                try InclusionProof(leafIndex: 3, treeSize: 7, inclusionPath: Array(path))
                    .verify(leaf: MerkleHash.leaf(Self.leaves[3]), root: root(7))
            }
        }
    }

    @Test("a hash of 31 bytes is refused")
    func shortHash() {
        let path = inclusion(3, 7).inclusionPath.map { Array($0.dropLast()) }
        expectProblem(.inclusionProofInvalid) {
            try InclusionProof(leafIndex: 3, treeSize: 7, inclusionPath: path)
                .verify(leaf: MerkleHash.leaf(Self.leaves[3]), root: root(7))
        }
    }

    @Test("leaves and roots have 32 bytes, also where no hash is computed", arguments: [0, 31, 33])
    func hashLengths(count: Int) {
        let short = [UInt8](repeating: 7, count: count)
        expectProblem(.inclusionProofInvalid) {
            try InclusionProof(leafIndex: 0, treeSize: 1, inclusionPath: [])
                .verify(leaf: short, root: short)
        }
        expectProblem(.consistencyProofInvalid) {
            try ConsistencyProof(first: 5, second: 5, consistencyPath: [])
                .verify(firstRoot: short, secondRoot: short)
        }
        // A tree whose size is a power of two gives its root to the path.
        expectProblem(.consistencyProofInvalid) {
            try ConsistencyProof(first: 1, second: 2, consistencyPath: [root(1)])
                .verify(firstRoot: short, secondRoot: MerkleHash.node(short, root(1)))
        }
    }

    static let absurd = [
        (0, 0), (1, 1), (-1, 1), (Int.max, Int.max), (Int.max - 1, Int.max), (0, Int.max),
        (Int.min, Int.max), (5, -5), (1 << 62, Int.max),
    ]

    @Test("indexes and sizes at the edges are refused without a trap", arguments: absurd)
    func edges(_ index: Int, _ size: Int) {
        for count in [0, 1, 62, 63, 64, 65] {
            expectProblem(.inclusionProofInvalid) {
                try InclusionProof(
                    leafIndex: index, treeSize: size,
                    inclusionPath: Array(repeating: root(1), count: count)
                ).verify(leaf: root(2), root: root(3))
            }
            expectProblem(.consistencyProofInvalid) {
                try ConsistencyProof(
                    first: index, second: size,
                    consistencyPath: Array(repeating: root(1), count: count)
                ).verify(firstRoot: root(2), secondRoot: root(3))
            }
        }
    }

    @Test("the first leaf of a tree of 2^63-1 leaves needs 63 hashes, and they are enough")
    func largestTree() throws {
        let path = Array(repeating: root(1), count: 63)
        var hash = MerkleHash.leaf([])
        for sibling in path { hash = MerkleHash.node(hash, sibling) }
        try InclusionProof(leafIndex: 0, treeSize: Int.max, inclusionPath: path)
            .verify(leaf: MerkleHash.leaf([]), root: hash)
    }

    @Test("every tree up to 40 leaves is the beginning of every larger one", arguments: 1...40)
    func everyGrowth(second: Int) throws {
        for first in 1...second {
            try ConsistencyProof(
                first: first, second: second,
                consistencyPath: NaiveTree.proof(first, Self.leaves[..<second])
            ).verify(firstRoot: root(first), secondRoot: root(second))
        }
    }

    @Test("a history that was rewritten has no consistency proof", arguments: 2...20)
    func rewritten(second: Int) {
        var other = Self.leaves
        other[0] = [0]
        for first in 1..<second {
            let path = NaiveTree.proof(first, other[..<second])
            expectProblem(.consistencyProofInvalid) {
                try ConsistencyProof(first: first, second: second, consistencyPath: path)
                    .verify(firstRoot: root(first), secondRoot: NaiveTree.root(other[..<second]))
            }
        }
    }

    @Test("a consistency proof with a hash too few, too many or changed is refused")
    func brokenConsistency() {
        for first in 1..<13 {
            let path = NaiveTree.proof(first, Self.leaves[..<13])
            for changed in [Array(path.dropLast()), path + [root(1)], path.map { _ in root(9) }] {
                expectProblem(.consistencyProofInvalid) {
                    try ConsistencyProof(first: first, second: 13, consistencyPath: changed)
                        .verify(firstRoot: root(first), secondRoot: root(13))
                }
            }
        }
    }

    @Test("two trees of one size are consistent only when they are one")
    func equalTrees() throws {
        let same = ConsistencyProof(first: 5, second: 5, consistencyPath: [])
        try same.verify(firstRoot: root(5), secondRoot: root(5))
        expectProblem(.consistencyProofInvalid) {
            try same.verify(firstRoot: root(5), secondRoot: root(6))
        }
        expectProblem(.consistencyProofInvalid) {
            try ConsistencyProof(first: 5, second: 5, consistencyPath: [root(1)])
                .verify(firstRoot: root(5), secondRoot: root(5))
        }
    }

    @Test("an empty tree and a shrunken one prove nothing")
    func emptyAndShrunken() {
        for (first, second) in [(0, 5), (6, 5)] {
            expectProblem(.consistencyProofInvalid) {
                try ConsistencyProof(first: first, second: second, consistencyPath: [root(1)])
                    .verify(firstRoot: root(max(first, 1)), secondRoot: root(second))
            }
        }
    }

    @Test("random paths never trap and never prove")
    func randomPaths() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<2_000 {
            let first = Int.random(in: 0...Int.max, using: &random)
            let second = Int.random(in: 0...Int.max, using: &random)
            let path = (0..<Int.random(in: 0...70, using: &random)).map { _ in
                (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
            #expect(throws: VerificationError.self) {
                try InclusionProof(leafIndex: first, treeSize: second, inclusionPath: path)
                    .verify(leaf: root(1), root: root(2))
            }
            #expect(throws: VerificationError.self) {
                try ConsistencyProof(first: first, second: second, consistencyPath: path)
                    .verify(firstRoot: root(1), secondRoot: root(2))
            }
        }
    }
}
