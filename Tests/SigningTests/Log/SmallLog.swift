// SPDX-License-Identifier: Apache-2.0
// A log small enough to see through: a list of entries, a key, and the specification's own recursion.

import Keys
import Primitives
import Signing
import TestSupport
import Testing

/// The Merkle tree exactly as it is defined, slow and obvious; it shares no step with the verifiers.
///
/// Spec: RFC 9162 §2.1.1, §2.1.3.1, §2.1.4.1.
enum NaiveTree {
    static func root(_ leaves: ArraySlice<[UInt8]>) -> [UInt8] {
        guard let only = leaves.first else { return HashAlgorithm.sha256.hash(of: []) }
        guard leaves.count > 1 else { return HashAlgorithm.sha256.hash(of: [0] + only) }
        let middle = leaves.startIndex + split(leaves.count)
        return HashAlgorithm.sha256.hash(
            of: [1] + root(leaves[..<middle]) + root(leaves[middle...]))
    }

    static func path(_ m: Int, _ leaves: ArraySlice<[UInt8]>) -> [[UInt8]] {
        guard leaves.count > 1 else { return [] }
        let k = split(leaves.count)
        let middle = leaves.startIndex + k
        return m < k
            ? path(m, leaves[..<middle]) + [root(leaves[middle...])]
            : path(m - k, leaves[middle...]) + [root(leaves[..<middle])]
    }

    static func proof(_ m: Int, _ leaves: ArraySlice<[UInt8]>) -> [[UInt8]] {
        subproof(m, leaves, isWhole: true)
    }

    private static func subproof(
        _ m: Int, _ leaves: ArraySlice<[UInt8]>, isWhole: Bool
    ) -> [[UInt8]] {
        guard m < leaves.count else { return isWhole ? [] : [root(leaves)] }
        let k = split(leaves.count)
        let middle = leaves.startIndex + k
        return m <= k
            ? subproof(m, leaves[..<middle], isWhole: isWhole) + [root(leaves[middle...])]
            : subproof(m - k, leaves[middle...], isWhole: false) + [root(leaves[..<middle])]
    }

    /// "Let k be the largest power of two smaller than n."
    private static func split(_ n: Int) -> Int {
        var k = 1
        while k * 2 < n { k *= 2 }
        return k
    }
}

/// A log with one key that answers as Rekor v1 or v2 does.
struct SmallLog {
    let key: PrivateKey
    let log: TransparencyLog
    let generation: LogGeneration
    /// Entries before ours.
    let earlier: [[UInt8]] = (0..<5).map { Array("earlier entry \($0)".utf8) }

    static let time = Timestamp(seconds: 1_750_000_000)
    static let period = ValidityPeriod(
        start: Timestamp(seconds: 1_700_000_000), end: Timestamp(seconds: 1_800_000_000))

    init(
        _ generation: LogGeneration, key: PrivateKey, name: String = "log.example",
        period: ValidityPeriod = period, operatorName: String? = nil
    ) throws {
        self.key = key
        self.generation = generation
        let publicKey = key.publicKey
        let keyID =
            generation == .version1
            ? HashAlgorithm.sha256.hash(of: publicKey.derBytes)
            : try #require(noteKeyID(name: name, key: publicKey))
        log = TransparencyLog(
            baseURL: "https://\(name)", publicKey: publicKey, keyID: keyID, validFor: period,
            operatorName: operatorName)
    }

    static func version1(_ name: String = "log.example") throws -> SmallLog {
        try SmallLog(.version1, key: TestKeys.ecdsaP256(), name: name)
    }

    static func version2(_ name: String = "log.example") throws -> SmallLog {
        try SmallLog(.version2, key: TestKeys.ed25519(), name: name)
    }

    var origin: String {
        generation == .version1 ? "\(log.origin) - 2605736670972794746" : log.origin
    }

    /// The log's checkpoint over these leaves.
    func checkpoint(_ leaves: [[UInt8]], origin: String? = nil, name: String? = nil) throws
        -> String
    {
        let text = Checkpoint.text(
            origin: origin ?? self.origin, size: leaves.count, rootHash: NaiveTree.root(leaves[...])
        )
        return text + "\n" + (try line(text, name: name))
    }

    func line(_ text: String, name: String? = nil) throws -> String {
        let signature = try key.sign(Array(text.utf8))
        return "— \(name ?? log.origin) \(base64Text(log.keyID.prefix(4) + signature))\n"
    }

    func promise(_ entry: TransparencyLogEntry) throws -> [UInt8] {
        try key.sign(try entry.promisedBytes())
    }

    /// Takes an entry as the log does: proof and, in v1, promise.
    func entry(_ body: [UInt8], _ kind: TransparencyLogEntry.Kind) throws -> TransparencyLogEntry {
        let leaves = earlier + [body] + [Array("a later entry".utf8)]
        let place = earlier.count
        let inclusion = TransparencyLogEntry.Inclusion(
            logIndex: place, rootHash: NaiveTree.root(leaves[...]), treeSize: leaves.count,
            hashes: NaiveTree.path(place, leaves[...]), checkpoint: try checkpoint(leaves))
        // v1's index counts the shards before this one too.
        let entry = TransparencyLogEntry(
            logIndex: generation == .version1 ? place + 1_000 : place, logID: log.keyID, kind: kind,
            claimedTime: generation == .version1 ? Self.time : nil,
            proofs: TransparencyLogEntry.Proofs(signedEntryTimestamp: nil, inclusion: inclusion),
            body: body)
        return generation == .version1 ? entry.with(promise: try promise(entry)) : entry
    }
}

extension TransparencyLogEntry {
    func with(
        logIndex: Int? = nil, kind: Kind? = nil, claimedTime: Timestamp? = nil, body: [UInt8]? = nil
    ) -> TransparencyLogEntry {
        TransparencyLogEntry(
            logIndex: logIndex ?? self.logIndex, logID: logID, kind: kind ?? self.kind,
            claimedTime: claimedTime ?? self.claimedTime, proofs: proofs, body: body ?? self.body)
    }

    func with(promise: [UInt8]?) -> TransparencyLogEntry {
        TransparencyLogEntry(
            logIndex: logIndex, logID: logID, kind: kind, claimedTime: claimedTime,
            proofs: Proofs(signedEntryTimestamp: promise, inclusion: proofs.inclusion), body: body)
    }

    func with(inclusion: Inclusion?) -> TransparencyLogEntry {
        TransparencyLogEntry(
            logIndex: logIndex, logID: logID, kind: kind, claimedTime: claimedTime,
            proofs: Proofs(
                signedEntryTimestamp: proofs.signedEntryTimestamp, inclusion: inclusion),
            body: body)
    }
}

extension TransparencyLogEntry.Inclusion {
    func with(
        logIndex: Int? = nil, rootHash: [UInt8]? = nil, treeSize: Int? = nil,
        hashes: [[UInt8]]? = nil
    ) -> Self {
        Self(
            logIndex: logIndex ?? self.logIndex, rootHash: rootHash ?? self.rootHash,
            treeSize: treeSize ?? self.treeSize, hashes: hashes ?? self.hashes,
            checkpoint: checkpoint)
    }

    func with(checkpoint: String?) -> Self {
        Self(
            logIndex: logIndex, rootHash: rootHash, treeSize: treeSize, hashes: hashes,
            checkpoint: checkpoint)
    }
}

/// Something signed, and what logs make of it.
struct SignedSample {
    let key: PrivateKey
    let content: SignedContent

    static func message(
        _ text: String = "artifact", key: PrivateKey? = nil, certificate: [UInt8]? = nil
    ) throws -> SignedSample {
        let key = try key ?? TestKeys.ecdsaP256()
        let message = Array(text.utf8)
        return SignedSample(
            key: key,
            content: SignedContent(
                signature: try key.sign(message), verifier: try verifier(key, certificate),
                form: SignedContent.message(message)))
    }

    static func envelope(
        _ text: String = "{}", key: PrivateKey? = nil, certificate: [UInt8]? = nil
    ) throws -> SignedSample {
        let key = try key ?? TestKeys.ecdsaP256()
        let envelope = try Envelope(signing: Array(text.utf8), as: inTotoPayloadType, with: key)
        return SignedSample(
            key: key,
            content: SignedContent(
                signature: try #require(envelope.signatures.first).bytes,
                verifier: try verifier(key, certificate),
                form: .envelope(envelope, storedAs: envelope.json.compactBytes)))
    }

    private static func verifier(
        _ key: PrivateKey, _ certificate: [UInt8]?
    ) throws -> SignedContent.Verifier {
        let publicKey = key.publicKey
        return certificate.map { .certificate($0, key: publicKey) } ?? .key(publicKey)
    }

    /// The base64 of the PEM, as v1's entries hold it.
    func pem() throws -> String {
        switch content.verifier {
        case .key(let key): base64Text(key.pem.utf8)
        case .certificate(let der, _):
            base64Text(
                "-----BEGIN CERTIFICATE-----\n\(base64Text(der))\n-----END CERTIFICATE-----\n".utf8)
        }
    }

    func hashedRecord(hash: HashAlgorithm = .sha256) throws -> [UInt8] {
        try content.version1Proposal(hash: hash).canonicalBytes
    }

    /// dsse 0.0.1, as the log stores it.
    func loggedEnvelope() throws -> [UInt8] {
        guard case .envelope(let envelope, _) = content.form else { return [] }
        let body: JSONValue = [
            "apiVersion": "0.0.1", "kind": "dsse",
            "spec": [
                "envelopeHash": hashValue(envelope.json.compactBytes),
                "payloadHash": hashValue(envelope.payload),
                "signatures": [
                    [
                        "signature": .string(base64Text(content.signature)),
                        "verifier": .string(try pem()),
                    ]
                ],
            ],
        ]
        return try body.canonicalBytes
    }

    /// intoto 0.0.2: the signature twice in base64; the key too, when asked.
    func loggedInToto(keyTwice: Bool = false) throws -> [UInt8] {
        guard case .envelope(let envelope, _) = content.form else { return [] }
        let pem = try pem()
        let body: JSONValue = [
            "apiVersion": "0.0.2", "kind": "intoto",
            "spec": [
                "content": [
                    "envelope": [
                        "payloadType": .string(envelope.payloadType),
                        "signatures": [
                            [
                                "publicKey": .string(keyTwice ? base64Text(pem.utf8) : pem),
                                "sig": .string(base64Text(base64Text(content.signature).utf8)),
                            ]
                        ],
                    ],
                    "hash": hashValue(envelope.json.compactBytes),
                    "payloadHash": hashValue(envelope.payload),
                ]
            ],
        ]
        return try body.canonicalBytes
    }

    /// intoto 0.0.1: hashes and a key, no signature.
    func loggedInTotoVersion1() throws -> [UInt8] {
        guard case .envelope(let envelope, let stored) = content.form else { return [] }
        let body: JSONValue = [
            "apiVersion": "0.0.1", "kind": "intoto",
            "spec": [
                "content": [
                    "hash": hashValue(stored ?? []), "payloadHash": hashValue(envelope.payload),
                ],
                "publicKey": .string(try pem()),
            ],
        ]
        return try body.canonicalBytes
    }

    private func hashValue(_ bytes: [UInt8]) -> JSONValue {
        ["algorithm": "sha256", "value": .string(hexText(HashAlgorithm.sha256.hash(of: bytes)))]
    }
}

let proofRequirements = LogRequirements(proof: .inclusionProof, threshold: 1, witnesses: .none)
let entryTimestampRequirements = LogRequirements(
    proof: .inclusionProofOrSET, threshold: 1, witnesses: .none)

/// Expects a "no" with that code.
func expectProblem(
    _ code: VerificationError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ work: () throws -> Void
) {
    let problem = #expect(throws: VerificationError.self, sourceLocation: sourceLocation) {
        try work()
    }
    #expect(problem?.code == code, "\(problem?.why ?? "")", sourceLocation: sourceLocation)
}
