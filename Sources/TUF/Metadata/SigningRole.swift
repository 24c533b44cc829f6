// SPDX-License-Identifier: Apache-2.0
// The keys and thresholds of roles, and the verification of signatures. Spec: TUF 1.0.34 §4.2
// (keys), §4.3 (roles).

internal import Keys
internal import Primitives

/// A key of metadata.
///
/// Spec: TUF 1.0.34 §4.2: ed25519, rsa and ecdsa keys. A key of another type or scheme, or a
/// malformed key, is kept without a public key: its signatures never count, and the metadata stays
/// valid.
///
/// Deviation: §4.2 does not define how a KEYID is computed, and metadata in use has fields that the
/// KEYIDs do not cover. So a KEYID is only a name, and keys are distinguished by their public keys.
struct MetadataKey: Hashable, Sendable {
    private let key: PublicKey?
    private let scheme: SignatureScheme?

    init(reading reader: JSONReader) throws(Failure) {
        let type = try reader.required("keytype").string()
        let scheme = try reader.required("scheme").string()
        let value = try reader.required("keyval")
        // Other types can have the key in other fields.
        let text = try value.optional("public")?.string() ?? ""
        switch (type, scheme) {
        case ("ed25519", "ed25519"):
            key = bytes(fromHex: text).flatMap { try? PublicKey(ed25519: $0) }
            self.scheme = .ed25519
        case ("ecdsa", "ecdsa-sha2-nistp256"), ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"):
            key = MetadataKey.readable(text, .ecdsaP256)
            self.scheme = .ecdsa(.sha256)
        case ("rsa", "rsassa-pss-sha256"):
            key = MetadataKey.readable(text, .rsa)
            self.scheme = .rsaPSS(.sha256)
        case ("rsa", "rsa-pkcs1v15-sha256"):
            key = MetadataKey.readable(text, .rsa)
            self.scheme = .rsaPKCS1(.sha256)
        default:
            key = nil
            self.scheme = nil
        }
    }

    /// The identity of the key by its public key; nil if it cannot verify signatures.
    var identity: Digest? { key?.fingerprint }

    func isValid(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        guard let key, let scheme else { return false }
        return key.isValid(signature, over: message, scheme: scheme)
    }

    private static func readable(_ pem: String, _ algorithm: PublicKey.Algorithm) -> PublicKey? {
        guard let key = try? PublicKey(pem: pem), key.algorithm == algorithm else { return nil }
        return key
    }
}

/// The keys of one metadata file, by KEYID.
typealias MetadataKeys = ByteStringMap<MetadataKey>

func metadataKeys(reading reader: JSONReader) throws(Failure) -> MetadataKeys {
    let object = try reader.object()
    guard object.count <= Limits.keysPerMetadata else {
        throw Failure(
            .overLimit, "cannot read \(reader.document)", at: reader.place,
            because: "it has \(object.count) keys, the limit is \(Limits.keysPerMetadata)")
    }
    var keys: MetadataKeys = [:]
    for name in object.names { keys[name] = try MetadataKey(reading: reader.required(name)) }
    return keys
}

/// The keys and the threshold of a role.
struct SigningRole: Hashable, Sendable {
    let keyIDs: Set<ByteString>
    let threshold: Int
    private let keys: MetadataKeys

    /// - Parameter keys: all keys of the delegating metadata. A KEYID without a key is valid and
    ///   never counts.
    init(
        reading reader: JSONReader, keys: MetadataKeys, subject: String
    ) throws(MetadataProblem) {
        let (names, threshold) = try reading(subject) { () throws(Failure) in
            let items = try reader.required("keyids").items(atMost: Limits.keysPerMetadata)
            var names: [String] = []
            for item in items { names.append(try item.string()) }
            return (names, try reader.required("threshold").integer())
        }
        guard threshold >= 1 else {
            throw MetadataProblem(
                .thresholdInvalid, subject,
                "\(reader.place) has the threshold \(threshold); at least 1 is required")
        }
        keyIDs = Set(names.map(ByteString.init))
        guard keyIDs.count == names.count else {
            throw MetadataProblem(
                .keyIDRepeated, subject, "\(reader.place) lists one key identifier twice")
        }
        self.threshold = threshold
        var own: MetadataKeys = [:]
        for id in names { own[id] = keys[id] }
        self.keys = own
    }

    /// The identities of the role's keys, to find out whether one was revoked.
    var identities: Set<Digest> { Set(keys.compactMap(\.value.identity)) }

    /// Verifies that a threshold of distinct keys of this role signed.
    ///
    /// Spec: TUF 1.0.34 §5.3.4: "signed by a threshold of keys". A key with several KEYIDs counts
    /// once (GHSA-3633-5h82-39pq).
    func check(_ signed: SignedBytes, as subject: String) throws(MetadataProblem) {
        var counted: Set<Digest> = []
        for signature in signed.signatures where counted.count < threshold {
            guard let key = keys[signature.keyID], let identity = key.identity,
                !counted.contains(identity), key.isValid(signature.bytes, over: signed.message)
            else { continue }
            counted.insert(identity)
        }
        guard counted.count >= threshold else {
            throw MetadataProblem(
                .thresholdNotMet, subject,
                "\(counted.count) of its keys signed it, \(threshold) are required")
        }
    }
}

/// The signed bytes and their signatures, which are not verified yet.
struct SignedBytes: Hashable, Sendable {
    struct Signature: Hashable, Sendable {
        let keyID: String
        /// The signature; empty if it is not hex, as in placeholders for later signatures.
        let bytes: [UInt8]
    }

    /// The canonical JSON of `signed`.
    let message: [UInt8]
    let signatures: [Signature]
}
