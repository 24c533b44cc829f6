// SPDX-License-Identifier: Apache-2.0
// Builds bundles. Spec: sigstore_bundle.proto v0.3; sigstore client-spec §5.

internal import Keys
internal import OCI
package import Primitives

/// Builds a bundle of version 0.3 with one leaf or a key's hint, without other certificates.
package struct BundleBuilder: Hashable, Sendable {
    package let parts: SignedParts
    package var logEntries: [TransparencyLogEntry] = []
    /// The RFC 3161 responses in DER.
    package var timestamps: [[UInt8]] = []

    package init(_ parts: SignedParts) { self.parts = parts }

    /// The bundle as one line of JSON.
    ///
    /// - Throws: `overLimit` for more proofs than the limit of readers; `bug` if Assay's own parser
    ///   rejects the bundle.
    package func bundleBytes() throws(Failure) -> [UInt8] {
        for (count, name) in [(logEntries.count, "log entries"), (timestamps.count, "timestamps")]
        where count > Limits.proofsPerBundle {
            throw Failure(
                .overLimit, "cannot assemble the bundle",
                because: "it has \(count) \(name), readers stop at \(Limits.proofsPerBundle)")
        }
        let content = document.compactBytes
        let read: SignatureBundle
        do {
            read = try SignatureBundle(parsing: content)
        } catch {
            throw Failure(
                .bug, "cannot assemble the bundle", because: "\(error.what): \(error.why)")
        }
        guard read.content == parts.content, read.timestamps == timestamps else {
            throw Failure(
                .bug, "cannot assemble the bundle", because: "it does not read back as it was made")
        }
        return content
    }

    /// Spec: protobuf JSON: members in the order of the message, without empty lists.
    private var document: JSONValue {
        var material: JSONObject = [:]
        switch parts.signer {
        case .key(let key): material["publicKey"] = ["hint": .string(key.hint)]
        case .certificate(let bytes, _):
            material["certificate"] = ["rawBytes": .string(base64Text(bytes))]
        }
        if !logEntries.isEmpty { material["tlogEntries"] = .array(logEntries.map(\.json)) }
        if !timestamps.isEmpty {
            material["timestampVerificationData"] = [
                "rfc3161Timestamps": .array(
                    timestamps.map { ["signedTimestamp": .string(base64Text($0))] })
            ]
        }
        var bundle: JSONObject = [
            "mediaType": .string(MediaType.sigstoreBundle.description),
            "verificationMaterial": .object(material),
        ]
        switch parts.content {
        case .envelope(let envelope): bundle["dsseEnvelope"] = envelope.json
        case .messageSignature(let digest, let signature):
            var message: JSONObject = [:]
            if let digest {
                message["messageDigest"] = [
                    "algorithm": .string(digest.algorithm.protobufName),
                    "digest": .string(base64Text(digest.bytes)),
                ]
            }
            message["signature"] = .string(base64Text(signature))
            bundle["messageSignature"] = .object(message)
        }
        return .object(bundle)
    }
}
