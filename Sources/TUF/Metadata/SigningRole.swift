// SPDX-License-Identifier: Apache-2.0
// Who must sign a role, and whether they did. Spec: TUF 1.0.34 §4.2 (keys), §4.3 (roles).

internal import Keys
internal import Primitives

/// A key as metadata carries it.
///
/// Spec: TUF 1.0.34 §4.2: ed25519, rsa and ecdsa keys. A key of any other type or scheme, or one
/// that cannot be read, is kept without a way to check with it: it never counts, and it does not
/// spoil the metadata around it.
///
/// Deviation: §4.2 leaves open how a KEYID is made, and metadata in the field carries fields that
/// its KEYIDs do not cover; so a KEYID is a name here, and keys are told apart by their material.
struct MetadataKey: Hashable, Sendable {
    private let key: PublicKey?
    private let scheme: SignatureScheme?

    init(reading reader: JSONReader) throws(Failure) {
        let type = try reader.required("keytype").string()
        let scheme = try reader.required("scheme").string()
        let value = try reader.required("keyval")
        // Other types may keep their key in other fields.
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

    /// What makes it this key and no other; nil when nothing can be checked with it.
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

/// The keys of one metadata file, by their identifiers.
typealias MetadataKeys = ExactTextMap<MetadataKey>

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

/// Whose signatures a role needs, and how many of them.
struct SigningRole: Hashable, Sendable {
    let keyIDs: Set<ExactText>
    let threshold: Int
    private let keys: MetadataKeys

    /// - Parameter keys: all keys of the metadata that delegates. An identifier without a key there
    ///   is no fault; it just never counts.
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
                "\(reader.place) demands \(threshold) signatures; at least 1 is needed")
        }
        keyIDs = Set(names.map(ExactText.init))
        guard keyIDs.count == names.count else {
            throw MetadataProblem(
                .keyIDRepeated, subject, "\(reader.place) lists one key identifier twice")
        }
        self.threshold = threshold
        var own: MetadataKeys = [:]
        for id in names { own[id] = keys[id] }
        self.keys = own
    }

    /// What names the role's keys by their material, for telling whether one was withdrawn.
    var identities: Set<Digest> { Set(keys.compactMap(\.value.identity)) }

    /// Whether enough distinct keys of this role signed.
    ///
    /// Spec: TUF 1.0.34 §5.3.4: "signed by a threshold of keys". One key counts once, under however
    /// many identifiers it stands (GHSA-3633-5h82-39pq).
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
                "\(counted.count) of its keys signed it, \(threshold) must")
        }
    }
}

/// What was signed, and the signatures that came with it; nothing is checked yet.
struct SignedBytes: Hashable, Sendable {
    struct Signature: Hashable, Sendable {
        let keyID: String
        /// Empty when it was not hex: some writers leave places for signatures still to come.
        let bytes: [UInt8]
    }

    /// Canonical JSON of `signed`.
    let message: [UInt8]
    let signatures: [Signature]
}
