// SPDX-License-Identifier: Apache-2.0
// Checkpoints as logs sign them, and the lines that witnesses add.
// Spec: C2SP signed-note, tlog-checkpoint and tlog-cosignature.

package import Primitives

/// A checkpoint: a text, and lines of signatures under it. Every part can be replaced.
package struct StandInCheckpoint: Sendable {
    package var origin: String
    package var size: String
    package var root: String
    /// Lines after the root, such as Rekor v1's `Timestamp: …`.
    package var extensionLines: [String]
    package var signatureLines: [String] = []

    package init(origin: String, size: Int, root: [UInt8], extensionLines: [String] = []) {
        self.origin = origin
        self.size = String(size)
        self.root = base64Text(root)
        self.extensionLines = extensionLines
    }

    /// What is signed: the lines with the newline of the last one.
    package var text: String {
        ([origin, size, root] + extensionLines).map { $0 + "\n" }.joined()
    }

    package var envelope: String {
        text + "\n" + signatureLines.map { $0 + "\n" }.joined()
    }

    /// Adds a line by that key; the hint is the first four bytes of its checkpoint key id.
    package mutating func sign(
        as name: String, with key: StandInKey, hint: [UInt8]? = nil
    ) throws(Failure) {
        let hint = hint ?? Array(StandInCheckpoint.keyIdentifier(name, key).prefix(4))
        addLine(name, hint + (try key.sign(Array(text.utf8))))
    }

    /// Adds a witness's line. Spec: tlog-cosignature, "cosignature/v1", time in POSIX seconds.
    package mutating func cosign(
        as name: String, with key: StandInKey, at time: Timestamp
    ) throws(Failure) {
        let message = "cosignature/v1\ntime \(time.seconds)\n" + text
        let identifier = sha256(Array((name + "\n").utf8) + [0x04] + key.publicRaw)
        let seconds = bigEndian(UInt64(max(0, time.seconds)), bytes: 8)
        addLine(name, identifier.prefix(4) + seconds + (try key.sign(Array(message.utf8))))
    }

    package mutating func addLine(_ name: String, _ content: [UInt8]) {
        signatureLines.append("\u{2014} \(name) \(base64Text(content))")
    }

    /// The full key id of a checkpoint's signer.
    ///
    /// Spec: sigstore/rekor-tiles CLIENTS.md, "TrustedRoot lookup by checkpoint key ID": Ed25519
    /// SHA-256(name || 0x0A || 0x01 || key), ECDSA SHA-256 of the
    /// SubjectPublicKeyInfo, RSA SHA-256(name || 0x0A || 0xFF || "PKIX-RSA-PKCS#1v1.5" || SPKI).
    package static func keyIdentifier(_ name: String, _ key: StandInKey) -> [UInt8] {
        switch key.kind {
        case .ed25519: keyIdentifier(name, ed25519: key.publicRaw)
        case .rsa2048:
            sha256(
                Array((name + "\n").utf8) + [0xFF] + Array("PKIX-RSA-PKCS#1v1.5".utf8)
                    + key.publicDER)
        case .p256, .p384, .p521: key.identifier
        }
    }

    package static func keyIdentifier(_ name: String, ed25519 key: [UInt8]) -> [UInt8] {
        sha256(Array((name + "\n").utf8) + [0x01] + key)
    }
}

/// A witness: a name and an Ed25519 key.
package struct StandInWitness: Sendable {
    package let name: String
    package let key: StandInKey

    package init(name: String, key: StandInKey) {
        self.name = name
        self.key = key
    }

    /// The line it publishes. Spec: C2SP signed-note, "Verifier keys"; tlog-cosignature: type 4.
    package var verifierKey: String {
        let material = [0x04] + key.publicRaw
        let hint = sha256(Array((name + "\n").utf8) + material).prefix(4)
        return "\(name)+\(hexText(hint))+\(base64Text(material))"
    }
}
