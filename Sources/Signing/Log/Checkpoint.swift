// SPDX-License-Identifier: Apache-2.0
// Checkpoints of logs. Spec: C2SP tlog-checkpoint.

package import Keys
internal import Primitives

/// The size and root hash of a log. Parsing checks no signature.
package struct Checkpoint: Hashable, Sendable {
    package let origin: String
    package let size: Int
    package let rootHash: [UInt8]
    package let extensionLines: [String]
    package let note: SignedNote

    /// Spec: tlog-checkpoint: origin, size in decimal without leading zeros, base64 of the root
    /// hash, then extension lines, none of them empty.
    package init(parsing note: String) throws(VerificationError) {
        try self.init(reading: try SignedNote(parsing: note))
    }

    package init(reading note: SignedNote) throws(VerificationError) {
        self.note = note
        let lines = note.text.utf8.dropLast().split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
        ).map { String(decoding: $0, as: UTF8.self) }
        guard lines.count >= 3 else {
            throw malformedCheckpoint("it has \(lines.count) lines, three are needed")
        }
        guard !lines.contains(where: \.isEmpty) else {
            throw malformedCheckpoint("a line is empty")
        }
        origin = lines[0]
        guard let size = wholeNumber(lines[1]) else {
            throw malformedCheckpoint("its size \(quoted(lines[1])) is not a decimal number")
        }
        self.size = size
        guard let rootHash = Primitives.bytes(fromBase64: lines[2]),
            rootHash.count == MerkleHash.byteCount
        else {
            throw malformedCheckpoint("its root \(quoted(lines[2])) is not base64 of 32 bytes")
        }
        self.rootHash = rootHash
        extensionLines = Array(lines.dropFirst(3))
    }

    /// The text of a checkpoint, for signing.
    package static func text(origin: String, size: Int, rootHash: [UInt8]) -> String {
        "\(origin)\n\(size)\n\(base64Text(rootHash))\n"
    }
}

extension SignedNote {
    /// Whether at least one signature line has one of the names and key hints, and verifies.
    ///
    /// Spec: signed-note: lines of unknown keys are ignored. ECDSA signs SHA-256 of the text,
    /// Ed25519 the text, RSA PKCS #1 v1.5 SHA-256 of it.
    package func isSigned(names: [String], hints: Set<[UInt8]>, key: PublicKey) -> Bool {
        let message = Array(text.utf8)
        return signatures.contains { signature in
            names.contains { isSame($0, signature.name) }
                && hints.contains(signature.hint) && key.isValid(signature.bytes, over: message)
        }
    }
}

private func malformedCheckpoint(_ why: String) -> VerificationError {
    VerificationError(.checkpointMalformed, "the checkpoint cannot be read: \(why)")
}

/// Parses a number of protobuf JSON or a checkpoint: digits only, without leading zeros, at most
/// 2^63-1.
func wholeNumber(_ text: String) -> Int? {
    guard let number = Int(text), number >= 0, String(number).utf8.elementsEqual(text.utf8) else {
        return nil
    }
    return number
}
