// SPDX-License-Identifier: Apache-2.0
// cosign's older signatures: a simple-signing payload in a layer, the signature in an annotation.
// Spec: cosign specs/SIGNATURE_SPEC.md; reference sigstore.md §1.1.

package import OCI
package import Primitives

/// A payload that names an image by digest, and a signature over its bytes.
package struct SimpleSigning: Hashable, Sendable {
    package let payload: [UInt8]
    package let signature: [UInt8]
    package let attachments: LegacyAttachments

    package init(
        payload: [UInt8], signature: [UInt8], attachments: LegacyAttachments = .none
    ) {
        self.payload = payload
        self.signature = signature
        self.attachments = attachments
    }

    /// Reads a layer of a `.sig` manifest.
    package init(payload: [UInt8], annotations: ExactTextMap<String>) throws(Failure) {
        guard let text = annotations[signatureAnnotation], let signature = bytes(fromBase64: text),
            !signature.isEmpty
        else {
            throw Failure(
                .malformed, "cannot read the signature",
                because: "the annotation \(signatureAnnotation) is missing or is not base64")
        }
        self.init(
            payload: payload, signature: signature,
            attachments: try LegacyAttachments(annotations: annotations))
    }

    /// What the payload says, read only after its bytes were verified.
    package func claim() throws(Failure) -> (digest: Digest, annotations: JSONObject) {
        let json = try JSONReader(parsing: payload, named: "the signature payload")
        let critical = try json.required("critical")
        let type = try critical.required("type")
        guard try type.string() == payloadKind else {
            throw type.broken("it is not \(payloadKind)")
        }
        let digest = try critical.required("image").required("docker-manifest-digest")
        return (
            try Digest(parsing: try digest.string()), try json.optional("optional")?.object() ?? [:]
        )
    }

    /// The payload cosign writes: compact, in this order, `optional` null when there is nothing.
    package static func payload(
        for digest: Digest, in repository: Repository, annotations: ExactTextMap<String>
    ) -> [UInt8] {
        let document: JSONValue = [
            "critical": [
                "identity": ["docker-reference": .string(repository.description)],
                "image": ["docker-manifest-digest": .string(digest.description)],
                "type": .string(payloadKind),
            ],
            "optional": annotations.isEmpty ? .null : JSONValue(sorted: annotations),
        ]
        return document.compactBytes
    }
}

private let payloadKind = "cosign container image signature"
package let signatureAnnotation = "dev.cosignproject.cosign/signature"
