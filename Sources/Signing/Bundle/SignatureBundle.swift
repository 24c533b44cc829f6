// SPDX-License-Identifier: Apache-2.0
// Sigstore bundles. Spec: sigstore/protobuf-specs, protos/sigstore_bundle.proto.

package import Keys
internal import OCI
package import Primitives

/// An unverified Sigstore bundle: a signature with its verification material.
package struct SignatureBundle: Hashable, Sendable {
    /// The claimed signer. It is a hint: trust comes from the caller.
    package enum Signer: Hashable, Sendable {
        /// A key that the verifier has; the hint is unsigned text.
        case publicKey(hint: String)
        /// The leaf certificate in DER, and any certificates after it.
        case certificate([[UInt8]])
    }

    package enum Content: Hashable, Sendable {
        case envelope(Envelope)
        /// A signature over a message that is not in the bundle.
        case messageSignature(digest: MessageDigest?, signature: [UInt8])
    }

    /// The claimed digest of the signed message, a hint.
    package struct MessageDigest: Hashable, Sendable {
        package let algorithm: HashAlgorithm
        package let bytes: [UInt8]

        package init(algorithm: HashAlgorithm, bytes: [UInt8]) {
            self.algorithm = algorithm
            self.bytes = bytes
        }
    }

    /// The version of the bundle. It is unsigned: it can add requirements and never removes any.
    package enum Version: String, Hashable, Sendable, CaseIterable, Comparable,
        CustomStringConvertible
    {
        case v01 = "0.1"
        case v02 = "0.2"
        case v03 = "0.3"

        package var description: String { rawValue }

        package static func < (left: Version, right: Version) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    package let version: Version
    package let signer: Signer
    package let content: Content
    package let logEntries: [TransparencyLogEntry]
    /// The RFC 3161 responses in DER.
    package let timestamps: [[UInt8]]

    /// Parses a bundle. Spec: ProtoJSON: unknown fields, duplicate fields and line breaks in base64
    /// are rejected, as in Go's parser.
    package init(parsing bytes: [UInt8]) throws(Failure) {
        let json = try JSONReader(
            parsing: bytes, named: "the bundle", values: Limits.evidenceValues)
        try json.refuseFields(
            otherThan: ["mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope"])
        let type = try json.required("mediaType")
        guard let known = knownVersions[try type.string()] else {
            throw Failure(
                .unsupported, "cannot read the bundle", at: type.place,
                because: "its version \(quoted(try type.string())) is not 0.1, 0.2 or 0.3")
        }
        version = known
        let material = try json.required("verificationMaterial")
        try material.refuseFields(otherThan: [
            "publicKey", "certificate", "x509CertificateChain", "tlogEntries",
            "timestampVerificationData",
        ])
        signer = try readSigner(material)
        logEntries =
            try material.optional("tlogEntries").map(TransparencyLogEntry.list(reading:)) ?? []
        timestamps = try readTimestamps(material)
        content = try readContent(json)
    }

    /// Creates the bundle of a key: version 0.3, with a hint and a DSSE envelope, without log
    /// entries.
    package static func document(_ envelope: Envelope, signedBy key: PublicKey) -> JSONValue {
        [
            "mediaType": .string(MediaType.sigstoreBundle.description),
            "verificationMaterial": ["publicKey": ["hint": .string(key.hint)]],
            "dsseEnvelope": envelope.json,
        ]
    }
}

private func readSigner(_ material: JSONReader) throws(Failure) -> SignatureBundle.Signer {
    let key = try material.optional("publicKey")
    let leaf = try material.optional("certificate")
    let chain = try material.optional("x509CertificateChain")
    switch (key, leaf, chain) {
    case (let key?, nil, nil):
        try key.refuseFields(otherThan: ["hint"])
        return .publicKey(hint: try key.optional("hint")?.string() ?? "")
    case (nil, let leaf?, nil): return .certificate([try rawBytes(leaf)])
    case (nil, nil, let chain?):
        try chain.refuseFields(otherThan: ["certificates"])
        var certificates: [[UInt8]] = []
        for item in try chain.required("certificates").items(atMost: Limits.proofsPerBundle) {
            certificates.append(try rawBytes(item))
        }
        guard !certificates.isEmpty else { throw chain.broken("it holds no certificate") }
        return .certificate(certificates)
    default:
        throw material.broken(
            "exactly one of publicKey, certificate, x509CertificateChain is needed")
    }
}

private func readTimestamps(_ material: JSONReader) throws(Failure) -> [[UInt8]] {
    guard let data = try material.optional("timestampVerificationData") else { return [] }
    try data.refuseFields(otherThan: ["rfc3161Timestamps"])
    guard let list = try data.optional("rfc3161Timestamps") else { return [] }
    var timestamps: [[UInt8]] = []
    for item in try list.items(atMost: Limits.proofsPerBundle) {
        try item.refuseFields(otherThan: ["signedTimestamp"])
        timestamps.append(try item.required("signedTimestamp").base64())
    }
    return timestamps
}

private func readContent(_ json: JSONReader) throws(Failure) -> SignatureBundle.Content {
    switch (try json.optional("dsseEnvelope"), try json.optional("messageSignature")) {
    case (let envelope?, nil):
        let content = try Envelope(reading: envelope, unknownFields: .refused)
        // Spec: sigstore_bundle.proto: "Exactly one signature" for DSSE in a bundle.
        guard content.signatures.count == 1 else {
            throw envelope.broken("it has \(content.signatures.count) signatures, a bundle has one")
        }
        return .envelope(content)
    case (nil, let message?):
        try message.refuseFields(otherThan: ["messageDigest", "signature"])
        return .messageSignature(
            digest: try message.optional("messageDigest").map { (digest) throws(Failure) in
                try readDigest(digest)
            },
            signature: try message.required("signature").base64())
    default: throw json.broken("exactly one of dsseEnvelope and messageSignature is needed")
    }
}

private func readDigest(_ json: JSONReader) throws(Failure) -> SignatureBundle.MessageDigest {
    try json.refuseFields(otherThan: ["algorithm", "digest"])
    let name = try json.required("algorithm")
    let text = try name.string()
    guard let algorithm = HashAlgorithm.allCases.first(where: { $0.protobufName == text }) else {
        throw name.broken("\(quoted(text)) is not SHA2_256, SHA2_384 or SHA2_512")
    }
    return SignatureBundle.MessageDigest(
        algorithm: algorithm, bytes: try json.required("digest").base64())
}

private func rawBytes(_ json: JSONReader) throws(Failure) -> [UInt8] {
    try json.refuseFields(otherThan: ["rawBytes"])
    return try json.required("rawBytes").base64()
}

/// All spellings of the supported versions.
private let knownVersions: [String: SignatureBundle.Version] = {
    var versions = [MediaType.sigstoreBundle.description: SignatureBundle.Version.v03]
    for version in SignatureBundle.Version.allCases {
        versions["application/vnd.dev.sigstore.bundle+json;version=\(version)"] = version
    }
    return versions
}()
