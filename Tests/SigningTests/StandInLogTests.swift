// SPDX-License-Identifier: Apache-2.0
// The stand-in logs: trees, checkpoints, promises, entries. Spec: RFC 6962; RFC 9162 §2.1.3.2.

import Keys
import Primitives
import StandIns
import Testing

@Suite("stand-in logs")
struct StandInLogTests {
    /// Roots of the first 0 to 8 leafs of the reference implementations of certificate
    /// transparency, whose leafs are these.
    static let leafs: [[UInt8]] = [
        [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43],
        Array(0x50...0x57), Array(0x60...0x6F),
    ]
    static let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]

    private func tree(_ size: Int) -> StandInMerkleTree {
        var tree = StandInMerkleTree()
        for number in 0..<size { _ = tree.append([UInt8(number)]) }
        return tree
    }

    @Test("the roots are the published ones")
    func roots() {
        var tree = StandInMerkleTree()
        #expect(hexText(tree.root()) == Self.roots[0])
        for (index, leaf) in Self.leafs.enumerated() {
            #expect(tree.append(leaf) == index)
            #expect(hexText(tree.root()) == Self.roots[index + 1])
        }
        #expect(hexText(tree.root(of: 3)) == Self.roots[3])
    }

    @Test("every inclusion proof leads to the root, by the verifier's own algorithm")
    func inclusion() {
        let tree = tree(20)
        for size in 1...20 {
            for index in 0..<size {
                let proof = tree.inclusionProof(for: index, in: size)
                let leaf = StandInMerkleTree.leafHash([UInt8(index)])
                #expect(
                    includedRoot(leaf, index, size, proof) == tree.root(of: size),
                    "leaf \(index) of \(size)")
            }
        }
        #expect(tree.inclusionProof(for: 20).isEmpty)
    }

    /// Spec: RFC 9162 §2.1.3.2; nil where the proof's length does not fit.
    private func includedRoot(_ leaf: [UInt8], _ index: Int, _ size: Int, _ proof: [[UInt8]])
        -> [UInt8]?
    {
        var (fn, sn, r) = (index, size - 1, leaf)
        for p in proof {
            if sn == 0 { return nil }
            if fn & 1 == 1 || fn == sn {
                r = sha256([1] + p + r)
                while fn & 1 == 0, fn != 0 { (fn, sn) = (fn >> 1, sn >> 1) }
            } else {
                r = sha256([1] + r + p)
            }
            (fn, sn) = (fn >> 1, sn >> 1)
        }
        return sn == 0 ? r : nil
    }

    @Test("every consistency proof joins the two roots, by the verifier's own algorithm")
    func consistency() {
        let tree = tree(20)
        for second in 1...20 {
            for first in 1...second {
                let proof = tree.consistencyProof(from: first, to: second)
                if first == second {
                    #expect(proof.isEmpty)
                } else {
                    let roots = consistentRoots(first, second, proof, tree.root(of: first))
                    #expect(roots?.0 == tree.root(of: first), "\(first) to \(second)")
                    #expect(roots?.1 == tree.root(of: second), "\(first) to \(second)")
                }
            }
        }
        #expect(tree.consistencyProof(from: 0).isEmpty)
        #expect(tree.consistencyProof(from: 21).isEmpty)
    }

    /// Spec: RFC 9162 §2.1.4.2.
    private func consistentRoots(
        _ first: Int, _ second: Int, _ proof: [[UInt8]], _ firstRoot: [UInt8]
    ) -> ([UInt8], [UInt8])? {
        var path = proof
        if first & (first - 1) == 0 { path.insert(firstRoot, at: 0) }
        var (fn, sn) = (first - 1, second - 1)
        while fn & 1 == 1 { (fn, sn) = (fn >> 1, sn >> 1) }
        guard let start = path.first else { return nil }
        var (fr, sr) = (start, start)
        for c in path.dropFirst() {
            if sn == 0 { return nil }
            if fn & 1 == 1 || fn == sn {
                (fr, sr) = (sha256([1] + c + fr), sha256([1] + c + sr))
                while fn & 1 == 0, fn != 0 { (fn, sn) = (fn >> 1, sn >> 1) }
            } else {
                sr = sha256([1] + sr + c)
            }
            (fn, sn) = (fn >> 1, sn >> 1)
        }
        return sn == 0 ? (fr, sr) : nil
    }

    @Test("a log's checkpoint key id is that of a public log")
    func keyIdentifier() throws {
        // The staging log of 2025, as its trust root lists it.
        let key = try #require(
            bytes(fromBase64: "Pn+AREHoBaZ7wgS1zBqpxmLSGnyhxXj4lFxSdWVB8o8="))
        let identifier = StandInCheckpoint.keyIdentifier(
            "log2025-alpha1.rekor.sigstage.dev", ed25519: key)
        #expect(base64Text(identifier) == "8w1amZ2S5mJIQkQmPxdMuOrL/oJkvFg9MnQXmeOCXck=")
    }

    @Test("a checkpoint is signed over its lines, and witnesses sign the time too")
    func checkpoint() throws {
        let (log, witness) = (try StandInKey(.ed25519), try StandInKey(.ed25519))
        var checkpoint = StandInCheckpoint(origin: "log.example", size: 7, root: sha256([]))
        try checkpoint.sign(as: "log.example", with: log)
        try checkpoint.cosign(as: "w.example", with: witness, at: Timestamp(seconds: 1_000))
        let lines = checkpoint.envelope.split(
            separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.prefix(2) == ["log.example", "7"] && lines[3].isEmpty && lines[6].isEmpty)
        let text = Array(checkpoint.text.utf8)
        let first = try #require(bytes(fromBase64: lines[4].split(separator: " ")[2]))
        #expect(try log.publicKey.isValid(Array(first.dropFirst(4)), over: text))
        let second = try #require(bytes(fromBase64: lines[5].split(separator: " ")[2]))
        #expect(Array(second[4..<12]) == bigEndian(1_000, bytes: 8))
        #expect(
            try witness.publicKey.isValid(
                Array(second.dropFirst(12)), over: Array("cosignature/v1\ntime 1000\n".utf8) + text)
        )
    }

    @Test("the canonical form of an entry is the log's, to the byte")
    func canonicalBody() throws {
        let key = try StandInKey(.p256)
        let logged = LoggedSignature([1, 2], by: .publicKey([3]), over: .artifact([4]), key: key)
        let hash = hexText(sha256([4]))
        let pem = base64Text(
            Array("-----BEGIN PUBLIC KEY-----\nAw==\n-----END PUBLIC KEY-----\n".utf8))
        #expect(
            String(decoding: LogEntryKind.hashedrekord001.body(logged), as: UTF8.self)
                == #"{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":"sha256","value":"\#(hash)"}},"signature":{"content":"AQI=","publicKey":{"content":"\#(pem)"}}}}"#
        )
        #expect(
            String(decoding: LogEntryKind.hashedrekord002.body(logged), as: UTF8.self)
                == #"{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"SHA2_256","digest":"\#(base64Text(sha256([4])))"},"signature":{"content":"AQI=","verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{"rawBytes":"Aw=="}}}}}}"#
        )
    }

    @Test("a promise is over the canonical body, time, log and global index")
    func promise() throws {
        let instance = try StandIn.instance.get()
        let made = try instance.make(StandInRecipe(.artifact(StandIn.artifact)))
        let entry = try #require(made.entries.first)
        let signed =
            #"{"body":"\#(base64Text(entry.body))","integratedTime":\#(StandIn.time.seconds + 6),"logID":"\#(hexText(instance.rekor1.identifier))","logIndex":105}"#
        let promise = try #require(entry.promise)
        #expect(try instance.rekor1.key.publicKey.isValid(promise, over: Array(signed.utf8)))
        #expect(entry.index == 105 && entry.proof?.index == 5 && entry.proof?.size == 6)
    }

    @Test("what a bundle logs stays out of the instance")
    func values() throws {
        let instance = try StandIn.instance.get()
        _ = try instance.bundle(StandInRecipe(.artifact(StandIn.artifact)))
        #expect(instance.rekor1.tree.size == 5 && instance.rekor2.tree.size == 5)
    }
}
