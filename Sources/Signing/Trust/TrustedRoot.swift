// SPDX-License-Identifier: Apache-2.0
// Trusted roots: logs, certificate authorities and timestamp authorities.
// Spec: sigstore/protobuf-specs, protos/sigstore_trustroot.proto, TrustedRoot.

internal import Keys
package import Primitives

/// The content of a `trusted_root.json`. The caller decides to trust it; nothing in it is fetched
/// or updated.
package struct TrustedRoot: Hashable, Sendable {
    /// Rekor logs.
    package let logs: [TransparencyLog]
    package let certificateAuthorities: [CertificateAuthority]
    package let certificateTransparencyLogs: [TransparencyLog]
    package let timestampAuthorities: [CertificateAuthority]

    package init(
        logs: [TransparencyLog], certificateAuthorities: [CertificateAuthority],
        certificateTransparencyLogs: [TransparencyLog], timestampAuthorities: [CertificateAuthority]
    ) {
        self.logs = logs
        self.certificateAuthorities = certificateAuthorities
        self.certificateTransparencyLogs = certificateTransparencyLogs
        self.timestampAuthorities = timestampAuthorities
    }

    package init(parsing bytes: [UInt8]) throws(Failure) {
        guard bytes.count <= Limits.trustedRootBytes else {
            throw Failure(
                .overLimit, "cannot read the trusted root",
                because: "it has \(bytes.count) bytes, the limit is \(Limits.trustedRootBytes)")
        }
        try self.init(reading: JSONReader(parsing: bytes, named: "the trusted root"))
    }

    package init(reading json: JSONReader) throws(Failure) {
        try json.refuseFields(otherThan: [
            "mediaType", "tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities",
        ])
        let type = try json.required("mediaType")
        guard mediaTypes.contains(try type.string()) else {
            throw type.broken(
                "\(quoted(try type.string())) is not \(TrustedRoot.mediaType) in version 0.1 or 0.2"
            )
        }
        logs = try list(json, "tlogs", transparencyLog)
        certificateAuthorities = try list(json, "certificateAuthorities", certificateAuthority)
        certificateTransparencyLogs = try list(json, "ctlogs", transparencyLog)
        timestampAuthorities = try list(json, "timestampAuthorities", certificateAuthority)
    }

    /// The media type that Assay writes. Other clients accept version 0.1 only, although the proto
    /// has 0.2.
    package static let mediaType = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"

    /// The trusted root of the public-good instance in this version of Assay.
    package static func publicGood() throws(Failure) -> TrustedRoot {
        try TrustedRoot(parsing: Array(PublicGoodInstance.trustedRoot.utf8))
    }
}

private let mediaTypes: Set = [
    TrustedRoot.mediaType,
    "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
]

private func list<Item>(
    _ json: JSONReader, _ name: String, _ read: (JSONReader) throws(Failure) -> Item
) throws(Failure) -> [Item] {
    guard let field = try json.optional(name) else { return [] }
    var items: [Item] = []
    for item in try field.items(atMost: Limits.trustAnchorsPerKind) { items.append(try read(item)) }
    return items
}

private func transparencyLog(_ json: JSONReader) throws(Failure) -> TransparencyLog {
    try json.refuseFields(otherThan: [
        "baseUrl", "hashAlgorithm", "publicKey", "logId", "checkpointKeyId", "operator",
    ])
    let algorithm = try json.required("hashAlgorithm")
    guard try algorithm.string() == "SHA2_256" else {
        throw algorithm.broken("logs hash with SHA2_256")
    }
    let key = try json.required("publicKey")
    try key.refuseFields(otherThan: ["rawBytes", "keyDetails", "validFor"])
    let bytes = try key.required("rawBytes").base64()
    let publicKey: PublicKey
    do {
        let details = try KeyDetails(parsing: try key.required("keyDetails").string())
        publicKey = try details.key(derBytes: bytes)
    } catch {
        throw error.during("cannot read the trusted root", at: key.place)
    }
    // As in other Sigstore clients, a log without the start of its validity is an error: without
    // it, an entry of any age would be accepted.
    guard let period = try key.optional("validFor"), let validFor = try validity(period) else {
        throw key.broken("validFor has no start, which a log's key must have")
    }
    return TransparencyLog(
        baseURL: try json.required("baseUrl").string(), publicKey: publicKey,
        keyID: try keyID(json.required("logId")),
        checkpointKeyID: try json.optional("checkpointKeyId").map(keyID), validFor: validFor,
        operatorName: try operatorName(json))
}

private func certificateAuthority(_ json: JSONReader) throws(Failure) -> CertificateAuthority {
    try json.refuseFields(otherThan: ["subject", "uri", "certChain", "validFor", "operator"])
    let chain = try json.required("certChain")
    try chain.refuseFields(otherThan: ["certificates"])
    let list = try chain.required("certificates")
    var certificates: [Certificate] = []
    for item in try list.items(atMost: Limits.certificatesPerChain) {
        try item.refuseFields(otherThan: ["rawBytes"])
        do {
            certificates.append(try Certificate(derBytes: item.required("rawBytes").base64()))
        } catch {
            throw error.during("cannot read the trusted root", at: item.place)
        }
    }
    let period = try json.required("validFor")
    guard let validFor = try validity(period) else { throw period.broken("it has no start") }
    do {
        return try CertificateAuthority(
            chain: certificates, validFor: validFor, uri: try json.optional("uri")?.string(),
            operatorName: try operatorName(json))
    } catch {
        throw error.during("cannot read the trusted root", at: chain.place)
    }
}

/// Parses a period; nil without a start. Spec: sigstore_common.proto, TimeRange.
private func validity(_ json: JSONReader) throws(Failure) -> ValidityPeriod? {
    try json.refuseFields(otherThan: ["start", "end"])
    guard let start = try json.optional("start") else { return nil }
    let end = try json.optional("end")
    return ValidityPeriod(start: try time(start), end: try end.map(time))
}

private func time(_ json: JSONReader) throws(Failure) -> Timestamp {
    do {
        return try Timestamp(parsing: json.string())
    } catch {
        throw json.broken(error.why)
    }
}

private func keyID(_ json: JSONReader) throws(Failure) -> [UInt8] {
    try json.refuseFields(otherThan: ["keyId"])
    return try json.required("keyId").base64(count: 32)
}

private func operatorName(_ json: JSONReader) throws(Failure) -> String? {
    guard let name = try json.optional("operator")?.string(), !name.isEmpty else { return nil }
    return name
}
