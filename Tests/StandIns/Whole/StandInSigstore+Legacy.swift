// SPDX-License-Identifier: Apache-2.0
// Signatures and attestations in cosign's older layouts.
// Spec: cosign specs/SIGNATURE_SPEC.md; pkg/cosign/bundle/rekor.go.

package import Primitives

/// One layer of a `.sig` or `.att` manifest: its bytes, and what is written beside them.
package struct StandInLayer: Sendable {
    package var content: [UInt8]
    package var annotations: ByteStringMap<String>
    package var isEnvelope: Bool

    /// An annotation of Sigstore's, by its last part; nil takes it away.
    package subscript(name: String) -> String? {
        get { annotations["dev.sigstore.cosign/\(name)"] }
        set { annotations["dev.sigstore.cosign/\(name)"] = newValue }
    }
}

extension StandInSigstore {
    /// The layer by that recipe: bytes become a `.sig` layer, a statement an `.att` layer. Faults of
    /// bundles change nothing; log entries have the log's promise alone.
    package func layer(_ recipe: StandInRecipe) throws(Failure) -> StandInLayer {
        let made = try make(recipe)
        var content = made.signedBytes
        var annotations: ByteStringMap<String> = [
            "dev.cosignproject.cosign/signature": base64Text(made.signature)
        ]
        if let envelope = made.envelope {
            content = envelope.json.compactBytes
            annotations = [
                "dev.cosignproject.cosign/signature": "",
                "predicateType": "https://example.org/hint",
            ]
        }
        var layer = StandInLayer(
            content: content, annotations: annotations, isEnvelope: made.envelope != nil)
        if case .certificate(let leaf) = made.signer {
            layer["certificate"] = pemText("CERTIFICATE", leaf)
            layer["chain"] = certificateAuthority.chain.map { pemText("CERTIFICATE", $0) }.joined()
        }
        layer["bundle"] = made.entries.first?.annotation
        if recipe.isTimestamped {
            let time = recipe.time ?? plan.time
            // Spec: cosign stamps an old attestation as a whole.
            let stamped = layer.isEnvelope ? content : made.signature
            layer["rfc3161timestamp"] = try stampAnnotation(over: stamped, recipe, at: time)
        }
        return layer
    }

    private func stampAnnotation(
        over bytes: [UInt8], _ recipe: StandInRecipe, at time: Timestamp
    ) throws(Failure) -> String {
        let token = try timestamp(
            for: StandInTimestampQuery(imprint: sha256(bytes)),
            at: Timestamp(seconds: time.seconds + 5), faults: recipe.faults)
        return JSONValue.object(["SignedRFC3161Timestamp": .base64(token)]).compactText
    }
}

extension StandInLogEntry {
    /// The annotation `dev.sigstore.cosign/bundle`.
    package var annotation: String {
        let document: JSONValue = [
            "SignedEntryTimestamp": .base64(promise ?? []),
            "Payload": [
                "body": .base64(body), "integratedTime": .number(integratedTime ?? 0),
                "logIndex": .number(index), "logID": .string(hexText(logIdentifier)),
            ],
        ]
        return document.compactText
    }
}
