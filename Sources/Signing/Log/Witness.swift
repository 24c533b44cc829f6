// SPDX-License-Identifier: Apache-2.0
// Witnesses, which cosign consistent checkpoints. Spec: C2SP tlog-cosignature, tlog-witness.

package import Keys
package import Primitives

/// A trusted witness of checkpoints.
package struct Witness: Hashable, Sendable {
    package let name: String
    /// The key, which is Ed25519.
    package let key: PublicKey

    package init(name: String, key: PublicKey) throws(Failure) {
        guard key.algorithm == .ed25519, !name.isEmpty, !name.utf8.contains("+"),
            !name.utf8.contains(" ")
        else {
            throw Failure(
                .unsupported, "cannot use the witness \(quoted(name))",
                because: "a witness has an Ed25519 key, and a name without spaces and plus signs")
        }
        self.name = name
        self.key = key
    }

    /// Parses a witness's published key: `name+hint+base64(0x04 || key)`.
    ///
    /// Spec: C2SP signed-note, "Verifier keys"; tlog-cosignature.
    package init(verifierKey text: String) throws(Failure) {
        let parts = text.utf8.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let content = bytes(fromBase64: parts[2]), content.count == 33,
            content.first == cosignatureType
        else {
            throw Failure(
                .malformed, "cannot read the witness \(quoted(text))",
                because: "it is not name+hint+key with an Ed25519 key for cosignatures (type 4)")
        }
        let key = try PublicKey(derBytes: ed25519SubjectPublicKeyInfo + content.dropFirst())
        try self.init(name: String(parts[0]), key: key)
        guard hexText(hint) == parts[1] else {
            throw Failure(
                .malformed, "cannot read the witness \(quoted(text))",
                because: "its hint is \(quoted(parts[1])), its key has \(hexText(hint))")
        }
    }

    /// The key ID. Spec: tlog-cosignature: SHA-256(name || 0x0A || 0x04 || key), its first four
    /// bytes.
    package var hint: [UInt8] {
        Array(ed25519KeyID(name: name, type: cosignatureType, key: key).prefix(4))
    }
}

/// The required number of cosignatures by known witnesses.
package struct WitnessRequirements: Hashable, Sendable {
    package let witnesses: [Witness]
    package let atLeast: Int

    package init(witnesses: [Witness], atLeast: Int) {
        self.witnesses = witnesses
        self.atLeast = atLeast
    }

    /// No cosignature is required, and none is reported.
    package static let none = WitnessRequirements(witnesses: [], atLeast: 0)
}

/// A verified cosignature of a checkpoint, with the witness's time.
package struct WitnessCosignature: Hashable, Sendable {
    package let witness: Witness
    package let time: Timestamp
}

extension SignedNote {
    /// The verified cosignatures, one for each key: a witness with two names counts once.
    ///
    /// Spec: tlog-cosignature: 8 bytes of time, big endian, then Ed25519 over
    /// `cosignature/v1\ntime N\n` and the note's text.
    package func cosignatures(by witnesses: [Witness]) -> [WitnessCosignature] {
        var found: [WitnessCosignature] = []
        for signature in signatures {
            for witness in witnesses where !found.contains(where: { $0.witness.key == witness.key })
            {
                guard let time = time(of: signature, by: witness) else { continue }
                found.append(WitnessCosignature(witness: witness, time: time))
            }
        }
        return found
    }

    /// The verified cosignatures. Throws if there are fewer than required.
    func cosignatures(_ requirements: WitnessRequirements) throws(VerificationError)
        -> [WitnessCosignature]
    {
        let found = cosignatures(by: requirements.witnesses)
        guard found.count >= requirements.atLeast else {
            throw VerificationError(
                .witnessMissing,
                "\(found.count) known witnesses signed the checkpoint, \(requirements.atLeast) are needed"
            )
        }
        return found
    }

    private func time(of signature: Signature, by witness: Witness) -> Timestamp? {
        guard isSame(signature.name, witness.name),
            signature.hint == witness.hint, signature.bytes.count == 8 + 64
        else { return nil }
        let number = signature.bytes.prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        guard let seconds = Int(exactly: number),
            witness.key.isValid(
                Array(signature.bytes.dropFirst(8)),
                over: cosignedMessage(text: text, seconds: seconds))
        else { return nil }
        return Timestamp(seconds: seconds)
    }
}

/// The signed bytes of a cosignature.
package func cosignedMessage(text: String, seconds: Int) -> [UInt8] {
    Array("cosignature/v1\ntime \(seconds)\n\(text)".utf8)
}

/// Spec: C2SP signed-note, "Signature types": Ed25519 with a timestamp, for witnesses.
private let cosignatureType: UInt8 = 0x04
/// Spec: RFC 8410 §4: the prefix of the 32 bytes of the key.
private let ed25519SubjectPublicKeyInfo: [UInt8] = [
    0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00,
]
