// SPDX-License-Identifier: Apache-2.0
// What `docker save` writes, seen as the OCI images it holds.
// Spec: moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format".

internal import Files
package import OCI
package import Primitives

/// Images of a `docker save` archive. The archive has no manifests, so they are made here: the
/// digests are those of the layers as they stand in the archive, not those of a registry.
package struct DockerArchive: LocalArtifacts {
    private let files: TarFileIndex
    private let manifests: [Digest: Manifest]
    /// One descriptor for each name of each image.
    private let listed: [Descriptor]
    /// One descriptor for each image.
    private let items: [Descriptor]
    private let blobs: [Digest: FilePart]

    /// Hashes every layer once; a layer that is not what the configuration says is refused.
    init(_ files: TarFileIndex) async throws {
        self.files = files
        let json = try JSONReader(
            parsing: try files.read("manifest.json", atMost: Limits.manifestBytes),
            named: "\(files.name)/manifest.json")
        var blobs: [Digest: FilePart] = [:]
        var hashed: [Int: Descriptor] = [:]
        var manifests: [Digest: Manifest] = [:]
        var listed: [Descriptor] = []
        var items: [Descriptor] = []
        for item in try json.items(atMost: Limits.manifestsPerIndex) {
            try item.refuseOtherSpellings(of: ["Config", "RepoTags", "Layers"])
            let configPath = try item.required("Config").string()
            let bytes = try files.read(configPath, atMost: Limits.imageConfigBytes)
            let config = try ImageConfiguration(parsing: bytes, named: configPath)
            let configDescriptor = Descriptor(of: bytes, as: .ociConfig)
            blobs[configDescriptor.digest] = try files.found(configPath)
            var layers: [Descriptor] = []
            for path in try item.required("Layers").items(atMost: Limits.layersPerManifest) {
                let part = try files.found(try path.string())
                let layer: Descriptor
                if let known = hashed[part.offset] {
                    layer = known
                } else {
                    layer = try await Self.layer(part)
                    hashed[part.offset] = layer
                }
                blobs[layer.digest] = part
                layers.append(layer)
            }
            try Self.check(layers, against: config, item)
            let manifest = try ImageManifest(config: configDescriptor, layers: layers).manifest()
            manifests[manifest.digest] = manifest
            let named = try Self.entries(manifest, item)
            listed += named
            items += named.prefix(1)
        }
        self.manifests = manifests
        self.listed = listed
        self.items = items
        self.blobs = blobs
    }

    private static func layer(_ part: FilePart) async throws -> Descriptor {
        let start = try part.file.read(at: part.offset, count: min(4, part.size))
        var hasher = ContentHasher(.sha256)
        for try await chunk in part.stream { hasher.update(chunk) }
        let type: MediaType =
            start.starts(with: [0x1f, 0x8b])
            ? .ociLayerGzip
            : start.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) ? .ociLayerZstd : .ociLayer
        return Descriptor(mediaType: type, digest: hasher.finish(), size: part.size)
    }

    /// The configuration names the unpacked layers; those that are not packed are compared.
    private static func check(
        _ layers: [Descriptor], against config: ImageConfiguration, _ item: JSONReader
    ) throws(Failure) {
        guard layers.count == config.layerDigests.count else {
            throw item.broken(
                "it lists \(layers.count) layers, its configuration \(config.layerDigests.count)")
        }
        for (layer, expected) in zip(layers, config.layerDigests)
        where layer.mediaType == .ociLayer && layer.digest != expected {
            throw Failure(
                .rejected, "cannot accept a layer", at: item.place,
                because: "it is \(layer.digest), the configuration says \(expected)")
        }
    }

    private static func entries(_ manifest: Manifest, _ item: JSONReader) throws(Failure)
        -> [Descriptor]
    {
        var entry = Descriptor(
            mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.bytes.count)
        var entries: [Descriptor] = []
        for name in try item.optional("RepoTags")?.items(atMost: Limits.manifestsPerIndex) ?? [] {
            entry.annotations[referenceNameAnnotation] = try name.string()
            entries.append(entry)
        }
        return entries.isEmpty ? [entry] : entries
    }

    package var sourceName: String { files.name }

    package var transport: LocalTransport { .dockerArchive }

    package func entries() -> [Descriptor] { items }

    package func namedEntries() -> [Descriptor] { listed }

    package func roots() -> [Descriptor] { listed }

    package func manifest(_ reference: ManifestReference) throws(Failure) -> Manifest {
        let digest: Digest?
        switch reference {
        case .digest(let wanted): digest = wanted
        case .tag(let tag):
            digest = try LayoutNames(listed, in: sourceName).entry(named: tag.description)?.digest
        }
        guard let manifest = digest.flatMap({ manifests[$0] }) else {
            throw Failure(
                .notFound, "cannot find \(reference)", at: .named(sourceName),
                because: "no image in the archive has that name")
        }
        return manifest
    }

    /// Nothing: such an archive holds no evidence.
    package func referrers(of subject: Digest) -> ReferrersResult {
        ReferrersResult(descriptors: [], discovery: .layout)
    }

    package func tags() -> [Tag] { Set(listed.compactMap(\.layoutTag)).sorted() }

    package func unverifiedStream(of descriptor: Descriptor) throws(Failure) -> ByteStream {
        guard let part = blobs[descriptor.digest] else {
            throw Failure(
                .notFound, "cannot read \(descriptor.digest)", at: .named(sourceName),
                because: "the archive does not hold it")
        }
        return part.stream
    }
}
