// SPDX-License-Identifier: Apache-2.0
// Manifests and indexes with their original bytes.
// Spec: OCI image-spec 1.1, manifest.md and image-index.md; Docker image manifest v2 schema 2.

package import Primitives

/// Bytes, and the digest that was computed from them.
package struct HashedContent: Hashable, Sendable {
    package let bytes: [UInt8]
    package let digest: Digest

    package init(_ bytes: [UInt8], by algorithm: HashAlgorithm) {
        self.bytes = bytes
        digest = Digest(of: bytes, by: algorithm)
    }
}

/// A manifest or index: the original bytes, the digest, and the parsed content.
///
/// The digest is that of the original bytes, so they are kept and never serialized again.
package struct Manifest: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case image(ImageManifest)
        case index(ImageIndex)
    }

    package let kind: Kind
    package let mediaType: MediaType
    package let bytes: [UInt8]
    package let digest: Digest

    /// Parses an OCI or Docker schema 2 manifest or index.
    ///
    /// It rejects schema 1, a document with the fields of both an image and an index (two readers
    /// could read it differently), and a `mediaType` other than `declared`. With a generic
    /// `declared`, such as application/json, the document's `mediaType` decides.
    ///
    /// - Parameter declared: the Content-Type of the response; nil if there was none.
    package init(
        parsing bytes: [UInt8], as declared: MediaType?, by algorithm: HashAlgorithm = .sha256,
        named name: String = "the manifest"
    ) throws(Failure) {
        try self.init(parsing: HashedContent(bytes, by: algorithm), as: declared, named: name)
    }

    /// The same for bytes that were hashed already, to compare them with a digest that was asked for.
    package init(
        parsing content: HashedContent, as declared: MediaType?, named name: String
    ) throws(Failure) {
        let bytes = content.bytes
        guard bytes.count <= Limits.manifestBytes else {
            throw Failure(
                .overLimit, "cannot read \(name)",
                because: "it has \(bytes.count) bytes, the limit is \(Limits.manifestBytes)")
        }
        let json = try JSONReader(parsing: bytes, named: name)
        let type = try manifestType(json, declared: declared)
        self.bytes = bytes
        self.mediaType = type
        digest = content.digest
        kind =
            type.isIndex
            ? .index(try ImageIndex(reading: json)) : .image(try ImageManifest(reading: json))
    }

    /// The descriptor of the manifest, with artifact type and annotations as in a list of
    /// referrers.
    package var descriptor: Descriptor {
        var descriptor = Descriptor(mediaType: mediaType, digest: digest, size: bytes.count)
        descriptor.artifactType = artifactType
        descriptor.annotations = annotations
        return descriptor
    }

    package var annotations: ByteStringMap<String> {
        switch kind {
        case .image(let image): image.annotations
        case .index(let index): index.annotations
        }
    }

    /// The artifact type of a manifest that is not an image.
    ///
    /// Spec: distribution-spec 1.1, "Listing Referrers": "If the artifactType is empty or missing
    /// in the image manifest, the value of artifactType MUST be set to the config descriptor
    /// mediaType."
    package var artifactType: MediaType? {
        switch kind {
        case .image(let image): image.artifactType ?? image.config.mediaType
        case .index(let index): index.artifactType
        }
    }

    /// The `subject`, if it is a referrer.
    package var subject: Descriptor? {
        switch kind {
        case .image(let image): image.subject
        case .index(let index): index.subject
        }
    }

    /// The manifests that an index lists; empty for an image.
    package var children: [Descriptor] {
        if case .index(let index) = kind { index.manifests } else { [] }
    }

    /// The blobs of an image, in order, each once, without non-distributable layers.
    package var blobs: [Descriptor] {
        guard case .image(let image) = kind else { return [] }
        var seen: Set<Digest> = []
        return ([image.config] + image.layers).filter {
            !$0.mediaType.isNonDistributable && seen.insert($0.digest).inserted
        }
    }
}

/// The manifest of an image or artifact: a configuration and layers.
package struct ImageManifest: Hashable, Sendable {
    package var config: Descriptor
    package var layers: [Descriptor]
    package var artifactType: MediaType?
    package var subject: Descriptor?
    package var annotations: ByteStringMap<String>

    package init(
        config: Descriptor, layers: [Descriptor], artifactType: MediaType? = nil,
        subject: Descriptor? = nil, annotations: ByteStringMap<String> = [:]
    ) {
        self.config = config
        self.layers = layers
        self.artifactType = artifactType
        self.subject = subject
        self.annotations = annotations
    }

    init(reading json: JSONReader) throws(Failure) {
        config = try Descriptor(reading: try json.required("config"))
        layers = []
        for layer in try json.required("layers").items(atMost: Limits.layersPerManifest) {
            layers.append(try Descriptor(reading: layer))
        }
        artifactType = try json.optionalMediaType("artifactType")
        subject = try subjectDescriptor(json)
        annotations = try json.optional("annotations")?.stringMap() ?? [:]
    }

    /// The OCI document, with the fields in the specification's order.
    package var json: JSONValue {
        var object: JSONObject = [
            "schemaVersion": 2, "mediaType": .string(MediaType.ociManifest.description),
        ]
        if let artifactType { object["artifactType"] = .string(artifactType.description) }
        object["config"] = config.json
        object["layers"] = .array(layers.map(\.json))
        if let subject { object["subject"] = subject.json }
        if !annotations.isEmpty { object["annotations"] = JSONValue(sorted: annotations) }
        return .object(object)
    }

    /// The serialized manifest with its digest.
    package func manifest() throws(Failure) -> Manifest {
        try Manifest(parsing: json.compactBytes, as: .ociManifest)
    }
}

/// An index: an image for several platforms, or the referrers of a digest.
package struct ImageIndex: Hashable, Sendable {
    package var manifests: [Descriptor]
    package var artifactType: MediaType?
    package var subject: Descriptor?
    package var annotations: ByteStringMap<String>

    package init(manifests: [Descriptor], annotations: ByteStringMap<String> = [:]) {
        self.manifests = manifests
        self.annotations = annotations
    }

    package init(reading json: JSONReader) throws(Failure) {
        try json.refuseOtherSpellings(of: manifestFields)
        manifests = []
        for child in try json.required("manifests").items(atMost: Limits.manifestsPerIndex) {
            manifests.append(try Descriptor(reading: child))
        }
        artifactType = try json.optionalMediaType("artifactType")
        subject = try subjectDescriptor(json)
        annotations = try json.optional("annotations")?.stringMap() ?? [:]
    }

    package var json: JSONValue {
        var object: JSONObject = [
            "schemaVersion": 2, "mediaType": .string(MediaType.ociIndex.description),
        ]
        if let artifactType { object["artifactType"] = .string(artifactType.description) }
        object["manifests"] = .array(manifests.map(\.json))
        if let subject { object["subject"] = subject.json }
        if !annotations.isEmpty { object["annotations"] = JSONValue(sorted: annotations) }
        return .object(object)
    }

    package func manifest() throws(Failure) -> Manifest {
        try Manifest(parsing: json.compactBytes, as: .ociIndex)
    }
}

/// Rejects a document with the fields of both manifests and indexes.
private let manifestFields = [
    "schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject",
    "annotations",
]

private func subjectDescriptor(_ json: JSONReader) throws(Failure) -> Descriptor? {
    guard let subject = try json.optional("subject") else { return nil }
    return try Descriptor(reading: subject)
}

private func manifestType(_ json: JSONReader, declared: MediaType?) throws(Failure) -> MediaType {
    try json.refuseOtherSpellings(of: manifestFields)
    let object = try json.object()
    for field in ["layers", "config"] where object[field] != nil && object["manifests"] != nil {
        throw json.broken(
            "it has both \(field) and manifests; readers could interpret it differently")
    }
    guard try json.required("schemaVersion").integer() == 2 else {
        throw Failure(
            .unsupported, "cannot read \(json.document)", at: json.place,
            because: "Assay supports only manifests with schemaVersion 2",
            next: "push the image again with a current tool; schema 1 ended in 2017")
    }
    let written = try json.optional("mediaType").map { (reader) throws(Failure) in
        try MediaType(parsing: try reader.string())
    }
    // Spec: image-spec 1.1, manifest.md: mediaType "MUST NOT" differ from the Content-Type.
    let specific = declared.flatMap { $0.isGeneric ? nil : $0 }
    if let written, let specific, specific != written {
        throw json.broken("its mediaType is \(written), and its Content-Type is \(specific)")
    }
    let type = written ?? specific ?? guessedType(object)
    guard type.isIndex || type.isImageManifest else {
        throw Failure(
            .unsupported, "cannot read \(json.document)", at: json.place,
            because: "its type \(type) is not a manifest or index type that Assay supports")
    }
    return type
}

/// Spec: image-spec 1.1, manifest.md: `mediaType` SHOULD be used; old OCI images have none.
private func guessedType(_ object: JSONObject) -> MediaType {
    object["manifests"] != nil ? .ociIndex : .ociManifest
}
