// SPDX-License-Identifier: Apache-2.0
// An image layout with a small image and bundles about it: signed by a certificate, or badly.
// Spec: OCI image-spec 1.1, image-layout.md; cosign BUNDLE_SPEC.md.

import Foundation
import Primitives
import StandIns

/// `layout` with the tag 1, and the trusted root, trust configuration and a stranger's root beside;
/// `witness` names the one of cosigned checkpoints, `sct` is there where a certificate brings no
/// log's promise.
struct SignedImage {
    let directory: URL
    /// One bundle for each: none means a good one.
    let faults: [StandInFault?]

    func write() throws {
        let layout = directory.appendingPathComponent("layout")
        let blobs = layout.appendingPathComponent("blobs/sha256")
        try FileManager.default.createDirectory(at: blobs, withIntermediateDirectories: true)
        let image = try save(
            manifest(config: try blob("{}", in: blobs), layer: nil, about: nil), in: blobs)
        let sigstore = try StandInSigstore(at: now())
        var entries = [image.merging(["annotations": ["org.opencontainers.image.ref.name": "1"]])]
        for fault in faults {
            let recipe = StandInRecipe(.statement(statement(about: image))).with {
                $0.faults = fault.map { [$0] } ?? []
            }
            let made = try sigstore.make(recipe)
            let bundle = made.bytes
            if fault == .transparencyMissing { try writePromise(of: sigstore, about: made) }
            var layer = descriptor(bundle, type: bundleType)
            // Spec: image-spec 1.1, descriptor.md, "data".
            layer["data"] = .string(base64Text(bundle))
            _ = try blob(bundle, in: blobs)
            let signature = manifest(
                config: try blob("{}", in: blobs), layer: layer, about: image)
            entries.append(
                try save(signature, in: blobs).merging(["artifactType": .string(bundleType)]))
        }
        try write(
            ["schemaVersion": 2, "manifests": .array(entries.map(JSONValue.object))],
            to: layout.appendingPathComponent("index.json"))
        try write(
            ["imageLayoutVersion": "1.0.0"], to: layout.appendingPathComponent("oci-layout"))
        try write(sigstore.trustedRoot(), to: directory.appendingPathComponent("trusted_root.json"))
        try write(
            sigstore.clientTrustConfig(), to: directory.appendingPathComponent("trust_config.json"))
        try Data((sigstore.plan.witness.verifierKey + "\n").utf8)
            .write(to: directory.appendingPathComponent("witness"), options: .atomic)
        try write(
            try StandInSigstore(at: now()).trustedRoot(),
            to: directory.appendingPathComponent("stranger_root.json"))
    }

    /// The promise that the certificate does not hold, as a file beside it.
    private func writePromise(of sigstore: StandInSigstore, about made: StandInBundle) throws {
        guard case .certificate(let leaf) = made.signer else { return }
        let promise = try sigstore.certificateLog.promise(
            forCertificate: leaf, at: UInt64(sigstore.plan.time.seconds) * 1000)
        try Data(promise).write(to: directory.appendingPathComponent("sct"), options: .atomic)
    }

    private func statement(about image: JSONObject) -> [UInt8] {
        let hex = (image["digest"]?.string ?? "").dropFirst("sha256:".count)
        let statement: JSONValue = [
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [["name": "image", "digest": ["sha256": .string(String(hex))]]],
            "predicateType": "https://sigstore.dev/cosign/sign/v1", "predicate": [:],
        ]
        return statement.compactBytes
    }

    private func manifest(
        config: JSONObject, layer: JSONObject?, about subject: JSONObject?
    ) -> JSONValue {
        var object: JSONObject = [
            "schemaVersion": 2, "mediaType": .string(manifestType),
        ]
        if subject != nil { object["artifactType"] = .string(bundleType) }
        object["config"] = .object(config.merging(["mediaType": .string(emptyType)]))
        object["layers"] = .array([.object(layer ?? config)])
        if let subject { object["subject"] = .object(subject) }
        if subject != nil {
            object["annotations"] = [
                "dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1"
            ]
        }
        return .object(object)
    }

    private func blob(_ text: String, in blobs: URL) throws -> JSONObject {
        try blob(Array(text.utf8), in: blobs)
    }

    private func blob(_ bytes: [UInt8], in blobs: URL) throws -> JSONObject {
        try Data(bytes).write(
            to: blobs.appendingPathComponent(hexText(sha256(bytes))), options: .atomic)
        return descriptor(bytes, type: emptyType)
    }

    private func save(_ manifest: JSONValue, in blobs: URL) throws -> JSONObject {
        _ = try blob(manifest.compactBytes, in: blobs)
        return descriptor(manifest.compactBytes, type: manifestType)
    }

    private func descriptor(_ bytes: [UInt8], type: String) -> JSONObject {
        [
            "mediaType": .string(type), "digest": .string("sha256:\(hexText(sha256(bytes)))"),
            "size": .number(JSONNumber(bytes.count)),
        ]
    }

    private func write(_ document: JSONValue, to file: URL) throws {
        try Data((document.prettyText + "\n").utf8).write(to: file, options: .atomic)
    }
}

extension JSONObject {
    fileprivate func merging(_ more: JSONObject) -> JSONObject {
        var all = self
        for member in more.members { all[member.name] = member.value }
        return all
    }
}

private let manifestType = "application/vnd.oci.image.manifest.v1+json"
private let emptyType = "application/vnd.oci.empty.v1+json"
private let bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"
