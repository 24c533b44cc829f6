// SPDX-License-Identifier: Apache-2.0
// Complete bundles, right or wrong. Spec: sigstore_bundle.proto; client-spec.md §5.

package import Primitives

/// A bundle and everything it was made from, for tests that look inside.
package struct StandInBundle: Sendable {
    package let bytes: [UInt8]
    package let json: JSONValue
    package let signature: [UInt8]
    /// What was signed: the artifact, or the envelope's encoding before authentication.
    package let signedBytes: [UInt8]
    package let signer: LoggedSignature.Signer
    package let key: StandInKey
    package let entries: [StandInLogEntry]
    package let timestamps: [[UInt8]]
    package let envelope: StandInEnvelope?
}

extension StandInSigstore {
    /// The bytes of a bundle by that recipe.
    package func bundle(_ recipe: StandInRecipe) throws(Failure) -> [UInt8] {
        try make(recipe).bytes
    }

    /// A bundle by that recipe, with its parts. The logs of this instance are not changed.
    package func make(_ recipe: StandInRecipe) throws(Failure) -> StandInBundle {
        let time = recipe.time ?? plan.time
        let (key, signer) = try signer(recipe, at: time)
        let (envelope, signed) = content(recipe)
        let signature = try signature(recipe, over: signed, by: key)
        var sealed = envelope
        sealed?.signatures = [signature]
        let logged = LoggedSignature(
            signature, by: signer,
            over: sealed.map { .envelope($0) } ?? .artifact(signed), key: key)
        // The signature is stamped and logged a few seconds after the certificate was issued.
        let stamped = Timestamp(seconds: time.seconds + 5)
        let timestamps = try timestamps(over: signature, recipe, at: stamped)
        let entries = try entries(for: logged, recipe, at: Timestamp(seconds: time.seconds + 6))
        let parts = BundleParts(
            recipe: recipe, signer: signer, key: key, signature: signature, artifact: signed,
            envelope: sealed, entries: entries, timestamps: timestamps)
        let json = try parts.json(chain: certificateAuthority.chain)
        return StandInBundle(
            bytes: json.compactBytes, json: json, signature: signature, signedBytes: signed,
            signer: signer, key: key, entries: entries, timestamps: timestamps, envelope: sealed)
    }

    private func signer(_ recipe: StandInRecipe, at time: Timestamp) throws(Failure)
        -> (StandInKey, LoggedSignature.Signer)
    {
        switch recipe.signer {
        case .key(let key): return (key, .publicKey(key.publicDER))
        case .identity(let identity):
            let key = try StandInKey(.p256)
            let leaf = try certificate(
                for: identity, publicKey: key.publicDER, at: time, faults: recipe.faults)
            return (key, .certificate(leaf))
        }
    }

    private func signature(
        _ recipe: StandInRecipe, over signed: [UInt8], by key: StandInKey
    ) throws(Failure) -> [UInt8] {
        if recipe.faults.contains(.bundleForeignSignature) {
            return try StandInKey(key.kind).sign(signed)
        }
        return try key.sign(
            recipe.faults.contains(.bundleBrokenSignature) ? signed + [0] : signed)
    }

    private func content(_ recipe: StandInRecipe) -> (StandInEnvelope?, [UInt8]) {
        switch recipe.content {
        case .artifact(let bytes): return (nil, bytes)
        case .statement(let bytes):
            let envelope = StandInEnvelope(
                payloadType: "application/vnd.in-toto+json", payload: bytes)
            return (envelope, envelope.signedBytes)
        }
    }
}

/// What goes into the bundle's JSON.
private struct BundleParts {
    let recipe: StandInRecipe
    let signer: LoggedSignature.Signer
    let key: StandInKey
    let signature: [UInt8]
    let artifact: [UInt8]
    let envelope: StandInEnvelope?
    let entries: [StandInLogEntry]
    let timestamps: [[UInt8]]

    func json(chain: [[UInt8]]) throws(Failure) -> JSONValue {
        let written = try writtenSignature()
        var bundle: JSONObject = [
            "mediaType": .string(mediaType),
            "verificationMaterial": .object(material(chain: chain)),
        ]
        if let envelope {
            bundle["dsseEnvelope"] = envelopeJSON(envelope, written)
        } else {
            var digest = key.hash(artifact)
            if has(.bundleWrongDigest) { digest[0] ^= 1 }
            bundle["messageSignature"] = [
                "messageDigest": [
                    "algorithm": .string(key.hash.name), "digest": .base64(digest),
                ],
                "signature": .base64(written),
            ]
        }
        if has(.bundleUnknownField) { bundle["note"] = "no bundle has such a field" }
        return .object(bundle)
    }

    private func has(_ fault: StandInFault) -> Bool { recipe.faults.contains(fault) }

    private var mediaType: String {
        has(.bundleUnknownVersion)
            ? "application/vnd.dev.sigstore.bundle.v99.9+json" : recipe.version.mediaType
    }

    private func writtenSignature() throws(Failure) -> [UInt8] {
        has(.bundleSignedAgain) ? try key.sign(artifact) : signature
    }

    private func envelopeJSON(_ envelope: StandInEnvelope, _ written: [UInt8]) -> JSONValue {
        var envelope = envelope
        envelope.signatures = [written]
        if has(.bundleTwoSignatures) { envelope.signatures = [written, written] }
        if has(.bundleNoSignature) { envelope.signatures = [] }
        if has(.bundleOtherPayload) { envelope.payload.append(0x20) }
        return envelope.json
    }

    /// Spec: sigstore_bundle.proto: 0.3 has one certificate, older versions a chain without its
    /// root.
    private func material(chain: [[UInt8]]) -> JSONObject {
        var material: JSONObject = [:]
        switch signer {
        case .publicKey(let bytes):
            material["publicKey"] = ["hint": .base64(sha256(bytes))]
        case .certificate(let leaf):
            if recipe.version == .v3, !has(.bundleChain), !has(.bundleRootInChain),
                !has(.bundleEmptyChain)
            {
                material["certificate"] = ["rawBytes": .base64(leaf)]
            } else {
                material["x509CertificateChain"] = [
                    "certificates": .array(
                        certificates(leaf, chain).map { ["rawBytes": .base64($0)] })
                ]
            }
        }
        material["tlogEntries"] = .array(entries.map(\.json))
        if !timestamps.isEmpty {
            material["timestampVerificationData"] = [
                "rfc3161Timestamps": .array(
                    timestamps.map { ["signedTimestamp": .base64($0)] })
            ]
        }
        return material
    }

    private func certificates(_ leaf: [UInt8], _ chain: [[UInt8]]) -> [[UInt8]] {
        if has(.bundleEmptyChain) { return [] }
        if has(.bundleRootInChain) { return [leaf] + chain }
        return [leaf] + chain.dropLast()
    }
}
