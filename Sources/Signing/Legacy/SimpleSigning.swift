// SPDX-License-Identifier: Apache-2.0
// cosign's legacy signatures: a simple-signing payload as a layer, with the signature in an
// annotation.
// Spec: cosign specs/SIGNATURE_SPEC.md, "Simple Signing" and "OCI Image Manifest V1".

package import OCI
package import Primitives

/// A payload with an image's digest, and a signature over its bytes.
package struct SimpleSigning: Hashable, Sendable {
    package let payload: [UInt8]
    package let signature: [UInt8]
    package let legacyAnnotations: LegacyAnnotations

    package init(
        payload: [UInt8], signature: [UInt8], legacyAnnotations: LegacyAnnotations = .none
    ) {
        self.payload = payload
        self.signature = signature
        self.legacyAnnotations = legacyAnnotations
    }

    /// Parses a layer of a `.sig` manifest.
    package init(payload: [UInt8], annotations: ByteStringMap<String>) throws(Failure) {
        guard let text = annotations[signatureAnnotation],
            let signature = bytes(fromBase64: withoutLineBreaks(text)),
            !signature.isEmpty
        else {
            throw Failure(
                .malformed, "cannot read the signature",
                because: "the annotation \(signatureAnnotation) is missing or is not base64")
        }
        self.init(
            payload: payload, signature: signature,
            legacyAnnotations: try LegacyAnnotations(annotations: annotations))
    }

    /// Parses the payload. Call it only after the signature is verified.
    package func claim() throws(Failure) -> (digest: Digest, annotations: JSONObject) {
        let json = try JSONReader(
            parsing: payload, named: "the signature payload", values: Limits.evidenceValues)
        let root = try PayloadMembers(of: json, among: ["critical", "optional"])
        let critical = try PayloadMembers(
            of: root.required("critical"), among: ["identity", "image", "type"])
        let type = try critical.required("type")
        guard isSame(try type.string(), payloadKind) else {
            throw type.broken("it is not \(payloadKind)")
        }
        if let identity = try critical.optional("identity") {
            _ = try PayloadMembers(of: identity, among: ["docker-reference"])
                .optional("docker-reference")?.string()
        }
        let digest = try PayloadMembers(
            of: critical.required("image"), among: ["docker-manifest-digest"]
        ).required("docker-manifest-digest")
        return (
            try Digest(parsing: try digest.string()), try root.optional("optional")?.object() ?? [:]
        )
    }

    /// The payload in cosign's form: compact, in this order, and `optional` null if there are no
    /// annotations.
    package static func payload(
        for digest: Digest, in repository: Repository, annotations: ByteStringMap<String>
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

/// The members of one object of a payload, with case-insensitive names.
///
/// The first versions of cosign and of Tekton Chains wrote `Critical`, `Image`,
/// `Docker-manifest-digest`, and cosign's names are case-insensitive. Unknown members are rejected,
/// and so is one name in two spellings, because readers could interpret them differently.
///
/// Spec: containers-signature(5), "Consumers MUST reject the signature if the critical object, or
/// any of its subobjects, contain any member … which is unrecognized", and the same of the top
/// level.
private struct PayloadMembers {
    private let json: JSONReader
    /// The names of the format, with the spelling of this payload.
    private let spellings: [String: String]

    init(of json: JSONReader, among known: [String]) throws(Failure) {
        var spellings: [String: String] = [:]
        for member in try json.object() {
            let folded = member.name.utf8.lowercased()
            guard let name = known.first(where: { isSame($0, folded) }) else {
                throw json.broken(
                    "it has the member \(quoted(member.name)), which is not one of "
                        + known.joined(separator: ", "))
            }
            guard spellings.updateValue(member.name, forKey: name) == nil else {
                throw json.broken("it has the member \(quoted(name)) in two spellings")
            }
        }
        self.json = json
        self.spellings = spellings
    }

    func optional(_ name: String) throws(Failure) -> JSONReader? {
        try json.optional(spellings[name] ?? name)
    }

    func required(_ name: String) throws(Failure) -> JSONReader {
        try json.required(spellings[name] ?? name)
    }
}

private let payloadKind = "cosign container image signature"
package let signatureAnnotation = "dev.cosignproject.cosign/signature"
