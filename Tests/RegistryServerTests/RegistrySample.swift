// SPDX-License-Identifier: Apache-2.0
// What the OCI conformance suite pushes, made anew.
// Spec: opencontainers/distribution-spec, conformance/README.md, "data".

import OCI
import Primitives
import Testing

/// One manifest on its way to a registry.
struct SampleManifest: Sendable {
    let bytes: [UInt8]
    let type: String
    let digest: Digest
    var tags: [String] = []
    var subject: Digest?
    /// What the referrers list must call it.
    var artifactType: String?
    var annotations: ByteStringMap<String> = [:]
}

/// Blobs, and manifests in the order in which they are pushed.
struct RegistrySample: Sendable, CustomTestStringConvertible {
    let name: String
    var algorithm = HashAlgorithm.sha256
    var blobs: [Digest: [UInt8]] = [:]
    var manifests: [SampleManifest] = []
    private var dice: TrialDice

    var testDescription: String { name }

    init(_ name: String, seed: UInt64, _ fill: (inout RegistrySample) -> Void) {
        self.name = name
        dice = TrialDice(seed: seed)
        fill(&self)
    }

    /// What a manifest says beyond its content.
    struct Trimmings {
        var artifactType: String?
        var subject: JSONValue?
        var annotations: ByteStringMap<String> = [:]
        var tags: [String] = []
        var extra: [(String, JSONValue)] = []
    }

    mutating func blob(_ content: [UInt8]? = nil, type: String, carried: Bool = false) -> JSONValue
    {
        let bytes = content ?? dice.bytes(512)
        let digest = Digest(of: bytes, by: algorithm)
        blobs[digest] = bytes
        var descriptor = sampleDescriptor(type, digest, bytes.count)
        if carried, case .object(var object) = descriptor {
            object["data"] = .string(base64Text(bytes))
            descriptor = .object(object)
        }
        return descriptor
    }

    @discardableResult
    mutating func image(
        config: JSONValue? = nil, layers: [JSONValue]? = nil, _ trimmings: Trimmings = Trimmings()
    ) -> JSONValue {
        let config = config ?? blob(type: ociConfigType)
        let layers = layers ?? [blob(type: ociLayerType), blob(type: ociLayerType)]
        let type = MediaType.ociManifest.description
        return add(
            ["schemaVersion": 2, "mediaType": .string(type)],
            [("config", config), ("layers", .array(layers))], trimmings,
            artifactType: trimmings.artifactType ?? config["mediaType"]?.string)
    }

    @discardableResult
    mutating func artifact(_ type: String, _ trimmings: Trimmings = Trimmings()) -> JSONValue {
        var trimmings = trimmings
        trimmings.artifactType = type
        let config = blob(Array("{}".utf8), type: MediaType.ociEmpty.description)
        return image(config: config, layers: [blob(type: type)], trimmings)
    }

    @discardableResult
    mutating func index(_ children: [JSONValue], _ trimmings: Trimmings = Trimmings()) -> JSONValue
    {
        add(
            ["schemaVersion": 2, "mediaType": .string(MediaType.ociIndex.description)],
            [("manifests", .array(children))], trimmings, artifactType: trimmings.artifactType)
    }

    private mutating func add(
        _ start: JSONObject, _ content: [(String, JSONValue)], _ trimmings: Trimmings,
        artifactType: String?
    ) -> JSONValue {
        var document = start
        if let type = trimmings.artifactType { document["artifactType"] = .string(type) }
        for (name, value) in content + trimmings.extra { document[name] = value }
        if let subject = trimmings.subject { document["subject"] = subject }
        if !trimmings.annotations.isEmpty {
            document["annotations"] = JSONValue(sorted: trimmings.annotations)
        }
        let bytes = JSONValue.object(document).compactBytes
        let type = document["mediaType"]?.string ?? ""
        let digest = Digest(of: bytes, by: algorithm)
        manifests.append(
            SampleManifest(
                bytes: bytes, type: type, digest: digest, tags: trimmings.tags,
                subject: trimmings.subject?["digest"]?.string.flatMap {
                    try? Digest(parsing: $0)
                },
                artifactType: artifactType, annotations: trimmings.annotations))
        return sampleDescriptor(type, digest, bytes.count)
    }
}

func sampleDescriptor(_ type: String, _ digest: Digest, _ size: Int) -> JSONValue {
    [
        "mediaType": .string(type), "digest": .string(digest.description),
        "size": .number(JSONNumber(size)),
    ]
}

let ociConfigType = MediaType.ociConfig.description
let ociLayerType = MediaType.ociLayerGzip.description
let sampleType = "application/vnd.example.oci.conformance.v1+json"
private let nonDistributableType = "application/vnd.oci.image.layer.nondistributable.v1.tar"

extension RegistrySample {
    typealias Extras = Trimmings

    /// The data sets that a registry must take by default.
    static let conformance: [RegistrySample] = [
        RegistrySample("image", seed: 1) { $0.image(Extras(tags: ["image"])) },
        RegistrySample("large manifest", seed: 2) { sample in
            var annotations: ByteStringMap<String> = [:]
            for number in 0..<390 {
                annotations["large-\(number)"] = String(repeating: "A", count: 10_000)
            }
            sample.image(Extras(annotations: annotations, tags: ["large-manifest"]))
        },
        RegistrySample("index", seed: 3) { sample in
            let children = [sample.image(), sample.image()]
            sample.index(children, Extras(tags: ["index"]))
        },
        RegistrySample("nested index", seed: 4) { sample in
            let first = sample.index([sample.image()])
            let second = sample.index([sample.image()])
            sample.index([first, second], Extras(tags: ["index-of-index"]))
        },
        RegistrySample("empty index", seed: 5) { $0.index([], Extras(tags: ["empty"])) },
        RegistrySample("artifact", seed: 6) { $0.artifact(sampleType, Extras(tags: ["artifact"])) },
        RegistrySample("artifact without layers", seed: 7) { sample in
            let empty = sample.blob(Array("{}".utf8), type: MediaType.ociEmpty.description)
            sample.image(
                config: empty, layers: [empty],
                Extras(artifactType: sampleType, tags: ["artifact-without-layers"]))
        },
        RegistrySample("artifact index", seed: 8) { sample in
            let child = sample.artifact(sampleType)
            sample.index([child], Extras(artifactType: sampleType, tags: ["artifact-index"]))
        },
        RegistrySample("artifacts with subject", seed: 9) { sample in
            let subject = sample.image(Extras(tags: ["subject"]))
            sample.image(Extras(subject: subject))
            sample.artifact(
                sampleType,
                Extras(subject: subject, annotations: ["org.example.n": "1"], tags: ["a1"]))
            sample.artifact(
                "application/vnd.example.v2",
                Extras(subject: subject, annotations: ["org.example.n": "2"], tags: ["a2"]))
        },
        RegistrySample("index with subject", seed: 10) { sample in
            let subject = sample.index([sample.image()])
            sample.index(
                [sample.image()],
                Extras(artifactType: sampleType, subject: subject, annotations: ["a": "b"]))
            sample.index([], Extras(subject: subject))
        },
        RegistrySample("missing subject", seed: 11) { sample in
            let nowhere = Digest(of: Array("missing content".utf8), by: .sha256)
            sample.artifact(
                sampleType,
                Extras(
                    subject: sampleDescriptor(MediaType.ociManifest.description, nowhere, 123),
                    tags: ["tagged-artifact"]))
        },
        RegistrySample("data field", seed: 12) { sample in
            let config = sample.blob(type: ociConfigType, carried: true)
            let layer = sample.blob(type: ociLayerType, carried: true)
            sample.image(config: config, layers: [layer], Extras(tags: ["data-field"]))
        },
        RegistrySample("non-distributable layers", seed: 13) { sample in
            let elsewhere = Digest(of: Array("elsewhere".utf8), by: .sha256)
            let foreign = sampleDescriptor(nonDistributableType, elsewhere, 123_456)
            let here = sample.blob(type: ociLayerType)
            sample.image(layers: [foreign, here], Extras(tags: ["non-distributable-image"]))
        },
        RegistrySample("custom fields", seed: 14) { sample in
            sample.image(Extras(tags: ["custom"], extra: [("org.example.field", ["a": [1]])]))
        },
        RegistrySample("no layers", seed: 15) { $0.image(layers: [], Extras(tags: ["no-layers"])) },
        RegistrySample("sparse index", seed: 16) { sample in
            let nowhere = Digest(of: Array("no such child".utf8), by: .sha256)
            let absent = sampleDescriptor(MediaType.ociManifest.description, nowhere, 1_024)
            sample.index([sample.image(), absent], Extras(tags: ["sparse-index"]))
        },
        RegistrySample("sha512", seed: 17) { sample in
            sample.algorithm = .sha512
            let subject = sample.index([sample.image(), sample.image()])
            sample.artifact(sampleType, Extras(subject: subject))
        },
    ]
}
