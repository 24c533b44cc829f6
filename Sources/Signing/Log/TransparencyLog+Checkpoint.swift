// SPDX-License-Identifier: Apache-2.0
// The names and key IDs of logs in checkpoints.
// Spec: C2SP signed-note "Signature types"; sigstore/rekor-tiles CLIENTS.md, "TrustedRoot lookup by
// checkpoint key ID rather than log ID"; Rekor v1's checkpoints.

package import Keys
internal import Primitives

/// The version of a Rekor log: v1 with signed entry timestamps and shards, v2 with tiles.
package enum LogGeneration: Hashable, Sendable {
    case version1, version2
}

extension TransparencyLog {
    /// The names that the log can have in checkpoints.
    ///
    /// rekor-tiles CLIENTS.md requires the URL without its scheme. Rekor v1 signs as its host, and
    /// sigstore-go (v1.2.1, pkg/verify/tlog.go) and cosign 3 read Rekor v2 by the host alone, so a
    /// log they can read leaves the port and the path out. Go writes an IPv6 host without brackets.
    var checkpointNames: [String] {
        let authority = String(origin.utf8.prefix(before: "/"))
        let isBracketed = authority.utf8.hasPrefix("[")
        var names = [origin]
        for name in [authority, isBracketed ? "[\(hostName)]" : hostName, hostName]
        where !names.contains(where: { isSame($0, name) }) {
            names.append(name)
        }
        return names
    }

    /// The host of the URL, which is the log's name in sigstore-go.
    var hostName: String { Authority(String(origin.utf8.prefix(before: "/"))).host }

    /// Whether a log ID is of this log: the ID in the trusted root, or the key ID with one of the
    /// log's names.
    func isNamed(_ identifier: [UInt8]) -> Bool {
        keyID == identifier || checkpointKeyID == identifier
            || checkpointNames.contains { noteKeyID(name: $0, key: publicKey) == identifier }
    }

    /// The first four bytes of all key IDs: those in the trusted root, and the computed ones.
    func checkpointHints(name: String) -> Set<[UInt8]> {
        var identifiers = [keyID, HashAlgorithm.sha256.hash(of: publicKey.derBytes)]
        if let checkpointKeyID { identifiers.append(checkpointKeyID) }
        if let computed = noteKeyID(name: name, key: publicKey) { identifiers.append(computed) }
        return Set(identifiers.filter { $0.count >= 4 }.map { Array($0.prefix(4)) })
    }

    /// The verified checkpoint in `text`. Throws unless this log signed it.
    func verifiedCheckpoint(
        _ text: String, of generation: LogGeneration
    ) throws(VerificationError) -> Checkpoint {
        let checkpoint = try Checkpoint(parsing: text)
        guard isOrigin(checkpoint.origin, of: generation) else {
            throw VerificationError(
                .checkpointMismatch,
                "the checkpoint is of the log \(quoted(checkpoint.origin)), not of \(quoted(origin))"
            )
        }
        let isSigned = checkpointNames.contains { name in
            checkpoint.note.isSigned(
                names: [name], hints: checkpointHints(name: name), key: publicKey)
        }
        guard isSigned else {
            let found = checkpoint.note.signatures.map { "\(plain($0.name)) \(hexText($0.hint))" }
            throw VerificationError(
                .checkpointSignatureInvalid,
                "no line of the checkpoint verifies as \(origin) "
                    + "\(hexText(keyID.prefix(4))); its lines are \(found.joined(separator: ", "))")
        }
        return checkpoint
    }

    /// v2: the name alone. v1: the name and the tree, `rekor.sigstore.dev - 1193050959916656506`.
    private func isOrigin(_ text: String, of generation: LogGeneration) -> Bool {
        guard generation == .version1 else {
            return checkpointNames.contains { isSame($0, text) }
        }
        return checkpointNames.contains { name in
            let prefix = name + " - "
            guard text.utf8.starts(with: prefix.utf8) else { return false }
            let tree = text.utf8.dropFirst(prefix.utf8.count)
            return !tree.isEmpty && tree.allSatisfy { (0x30...0x39).contains($0) }
        }
    }
}

/// The ID of a key with a name, whose first four bytes are in signature lines.
///
/// Spec: signed-note: SHA-256(name || 0x0A || type || key) with type 0x01 for Ed25519; ECDSA:
/// SHA-256(SPKI). rekor-tiles CLIENTS.md: RSA has type 0xFF and a text that names the padding.
package func noteKeyID(name: String, key: PublicKey) -> [UInt8]? {
    switch key.algorithm {
    case .ed25519: ed25519KeyID(name: name, type: 0x01, key: key)
    case .rsa:
        HashAlgorithm.sha256.hash(
            of:
                Array(name.utf8) + [0x0A, 0xFF] + Array("PKIX-RSA-PKCS#1v1.5".utf8) + key.derBytes)
    default: HashAlgorithm.sha256.hash(of: key.derBytes)
    }
}

/// Spec: RFC 8410 §4: the key is the last 32 bytes of its SubjectPublicKeyInfo.
func ed25519KeyID(name: String, type: UInt8, key: PublicKey) -> [UInt8] {
    HashAlgorithm.sha256.hash(of: Array(name.utf8) + [0x0A, type] + key.derBytes.suffix(32))
}
