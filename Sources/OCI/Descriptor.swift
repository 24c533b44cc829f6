// SPDX-License-Identifier: Apache-2.0
// Descriptors. Spec: OCI image-spec 1.1, descriptor.md.

package import Primitives

/// The media type, size and digest of content.
///
/// Spec: OCI image-spec 1.1, descriptor.md. Fields that Assay does not use (`urls`) are kept, so
/// that they stay in a document that is written again.
package struct Descriptor: Hashable, Sendable {
    package var mediaType: MediaType
    package var digest: Digest
    /// The size in bytes.
    package var size: Int
    package var annotations: ByteStringMap<String>
    package var artifactType: MediaType?
    package var platform: Platform?
    package var urls: [String]
    /// The embedded content ("data"), which matches digest and size: only parsing and `carry` set
    /// it.
    package private(set) var data: [UInt8]?

    package init(
        mediaType: MediaType, digest: Digest, size: Int, annotations: ByteStringMap<String> = [:],
        artifactType: MediaType? = nil, platform: Platform? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.annotations = annotations
        self.artifactType = artifactType
        self.platform = platform
        self.urls = []
        self.data = nil
    }

    /// Creates the descriptor of content.
    package init(
        of content: [UInt8], as mediaType: MediaType, by algorithm: HashAlgorithm = .sha256
    ) {
        self.init(
            mediaType: mediaType, digest: Digest(of: content, by: algorithm), size: content.count)
    }

    package init(reading json: JSONReader) throws(Failure) {
        try json.refuseOtherSpellings(of: descriptorFields)
        self.init(
            mediaType: try placed(json.required("mediaType")) { (text) throws(Failure) in
                try MediaType(parsing: text)
            },
            digest: try placed(json.required("digest")) { (text) throws(Failure) in
                try Digest(parsing: text)
            },
            size: try json.required("size").integer())
        guard size >= 0 else { throw try json.required("size").broken("a size cannot be negative") }
        guard size <= Limits.descriptorBytes else {
            throw Failure(
                .overLimit, "cannot read \(json.document)", at: try json.required("size").place,
                because: "a descriptor claims \(size) bytes, the limit is \(Limits.descriptorBytes)"
            )
        }
        annotations = try json.optional("annotations")?.stringMap() ?? [:]
        artifactType = try json.optionalMediaType("artifactType")
        if let platform = try json.optional("platform") {
            self.platform = try Platform(reading: platform)
        }
        for url in try json.optional("urls")?.items(
            atMost: Limits.addressesPerDescriptor) ?? []
        {
            urls.append(try url.string())
        }
        if let text = try json.optional("data") { data = try embedded(text) }
    }

    /// Embeds the content, so that a reader of the descriptor needs no further request.
    package mutating func carry(_ content: [UInt8]) throws(Failure) {
        guard isContent(content) else {
            throw Failure(
                .bug, "cannot embed content", because: "its digest is not \(digest)")
        }
        data = content
    }

    /// Spec: descriptor.md, "data": "Implementations MUST … verify that it matches digest and
    /// size".
    private func embedded(_ json: JSONReader) throws(Failure) -> [UInt8] {
        let content = try json.base64()
        guard isContent(content) else {
            throw json.broken("it does not match digest and size")
        }
        return content
    }

    private func isContent(_ bytes: [UInt8]) -> Bool {
        bytes.count == size && Digest(of: bytes, by: digest.algorithm) == digest
    }

    package var json: JSONValue {
        var object: JSONObject = [
            "mediaType": .string(mediaType.description), "digest": .string(digest.description),
            "size": .number(JSONNumber(size)),
        ]
        if !urls.isEmpty { object["urls"] = .array(urls.map { .string($0) }) }
        if !annotations.isEmpty { object["annotations"] = JSONValue(sorted: annotations) }
        if let data { object["data"] = .string(base64Text(data)) }
        if let platform { object["platform"] = platform.json }
        if let artifactType { object["artifactType"] = .string(artifactType.description) }
        return .object(object)
    }
}

private let descriptorFields = [
    "mediaType", "digest", "size", "urls", "annotations", "data", "platform", "artifactType",
]

/// Parses a string of a document. The failure has its position in the document.
private func placed<Value>(
    _ json: JSONReader, _ read: (String) throws(Failure) -> Value
) throws(Failure) -> Value {
    let text = try json.string()
    do {
        return try read(text)
    } catch {
        throw Failure(
            error.kind, "cannot read \(json.document)", at: json.place,
            because: "\(error.what): \(error.why)", next: error.next)
    }
}

extension JSONValue {
    /// Creates an object from a map with sorted names, so that equal maps give equal bytes.
    package init(sorted map: ByteStringMap<String>) {
        var object = JSONObject()
        for (name, value) in map { object[name] = .string(value) }
        self = .object(object)
    }
}
