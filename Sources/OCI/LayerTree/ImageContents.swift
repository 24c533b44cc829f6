// SPDX-License-Identifier: Apache-2.0
// Reads all layers of an image, each once, and verifies both digests of each.
// Spec: OCI image-spec 1.1, layer.md; config.md, "rootfs".

package import Primitives

/// The contents of an image's layers.
///
/// A value exists only if each blob matches its digest in the manifest, and its uncompressed
/// content matches the diffID in the image configuration.
package struct ImageContents: Sendable {
    package struct Layer: Sendable {
        /// The digest of the blob in the manifest.
        package let digest: Digest
        /// The digest of the uncompressed archive in the configuration ("diffID").
        package let diffID: Digest
        /// The command that created the layer, if the history has it.
        package let createdBy: String?
        package let contents: LayerContents
    }

    package let manifest: Manifest
    package let configuration: ImageConfiguration
    /// The layers, lowest first.
    package let layers: [Layer]

    /// Reads the image `manifest`, or the image that the index `manifest` lists for `platform`.
    ///
    /// - Parameters:
    ///   - platform: required if an index lists several images; a single image must match it.
    ///   - layersAtOnce: the number of layers read in parallel. It does not change the result.
    ///   - unpackedLimit: the limit in bytes for the uncompressed layers together. A layer that the
    ///     manifest lists several times is read and counted once.
    /// - Throws: `rejected` for content that does not match its digest, `usage` if a platform must
    ///   be chosen, `unsupported` for an artifact that is not an image.
    package static func read(
        _ manifest: Manifest, platform: Platform?, from source: any ArtifactSource,
        keeping matcher: PathMatcher, layersAtOnce: Int, unpackedLimit: Int = Limits.imageBytes
    ) async throws -> ImageContents {
        let chosen = try await platformManifest(manifest, platform: platform, from: source)
        guard case .image(let image) = chosen.kind else {
            throw Failure(.bug, "cannot read \(manifest.digest)", because: "no image was chosen")
        }
        let configuration = try await configuration(of: image, in: chosen, from: source)
        if let platform, !configuration.platform.satisfies(platform) {
            throw Failure(
                .notFound, "cannot read \(chosen.digest) for \(platform)",
                at: .named(source.sourceName),
                because: "it is an image for \(configuration.platform)")
        }
        let contents = try await read(
            image.layers, unpackingTo: configuration.layerDigests, from: source,
            keeping: matcher, layersAtOnce: layersAtOnce, unpackedLimit: unpackedLimit)
        let commands = configuration.history
        let hasAllCommands = commands.count == image.layers.count
        return ImageContents(
            manifest: chosen, configuration: configuration,
            layers: contents.indices.map {
                Layer(
                    digest: image.layers[$0].digest,
                    diffID: configuration.layerDigests[$0],
                    createdBy: hasAllCommands ? commands[$0] : nil, contents: contents[$0])
            })
    }

    /// The same image with the content of more files.
    ///
    /// - Parameter paths: the entries to keep, by layer. Only these layers are read again.
    /// - Throws: the errors of `read`.
    package func keeping(
        _ paths: [Int: Set<TreePath>], from source: any ArtifactSource,
        beside matcher: PathMatcher, layersAtOnce: Int, unpackedLimit: Int = Limits.imageBytes
    ) async throws -> ImageContents {
        guard case .image(let image) = manifest.kind else { return self }
        let places = paths.keys.filter(layers.indices.contains).sorted()
        let contents = try await ImageContents.read(
            places.map { image.layers[$0] },
            unpackingTo: places.map { configuration.layerDigests[$0] }, from: source,
            keeping: matcher.adding(paths.values.reduce(into: []) { $0.formUnion($1) }),
            layersAtOnce: layersAtOnce, unpackedLimit: unpackedLimit)
        var layers = layers
        for (place, contents) in zip(places, contents) {
            let old = layers[place]
            layers[place] = Layer(
                digest: old.digest, diffID: old.diffID, createdBy: old.createdBy,
                contents: contents)
        }
        try ImageContents.checkSum(
            layers.reduce(0) { $0 + $1.contents.keptBytes }, Limits.keptFilesBytes,
            "package databases")
        return ImageContents(manifest: manifest, configuration: configuration, layers: layers)
    }

    private static func configuration(
        of image: ImageManifest, in manifest: Manifest, from source: any ArtifactSource
    ) async throws -> ImageConfiguration {
        let types = [MediaType.ociConfig, .dockerConfig]
        guard types.contains(image.artifactType ?? .ociConfig),
            types.contains(image.config.mediaType)
        else {
            throw Failure(
                .unsupported, "cannot read \(manifest.digest) as an image",
                at: .named(source.sourceName),
                because: "it is an artifact of type "
                    + "\(image.artifactType ?? image.config.mediaType), which has no root file system"
            )
        }
        let configuration = try ImageConfiguration(
            parsing: try await source.read(image.config, atMost: Limits.imageConfigBytes),
            named: "the configuration of \(manifest.digest)")
        guard configuration.layerDigests.count == image.layers.count else {
            throw Failure(
                .malformed, "cannot read \(manifest.digest)", at: .named(source.sourceName),
                because: "its manifest has \(image.layers.count) layers and its configuration "
                    + "\(configuration.layerDigests.count)")
        }
        return configuration
    }

    // MARK: Layers

    private static func read(
        _ layers: [Descriptor], unpackingTo digests: [Digest], from source: any ArtifactSource,
        keeping matcher: PathMatcher, layersAtOnce: Int, unpackedLimit: Int
    ) async throws -> [LayerContents] {
        var works: [LayerWork: [Int]] = [:]
        for index in layers.indices {
            works[LayerWork(layer: layers[index], digest: digests[index]), default: []]
                .append(index)
        }
        var contents: [LayerContents?] = Array(repeating: nil, count: layers.count)
        var (keptBytes, pathBytes, left) = (0, 0, unpackedLimit)
        // The largest layers come first, so that none of them runs alone at the end.
        var waiting = works.keys.sorted { ($0.size, $1.digest) < ($1.size, $0.digest) }
        try await withThrowingTaskGroup(of: (LayerWork, LayerContents, Int).self) { group in
            func start(_ work: LayerWork) {
                let limit = left
                group.addTask {
                    let (contents, bytes) = try await read(
                        work, from: source, keeping: matcher, atMost: limit)
                    return (work, contents, bytes)
                }
            }
            for _ in 0..<max(1, layersAtOnce) { waiting.popLast().map(start) }
            while let (work, layer, unpacked) = try await group.next() {
                keptBytes += layer.keptBytes
                pathBytes += layer.pathBytes
                left -= unpacked
                try checkSum(keptBytes, Limits.keptFilesBytes, "package databases")
                try checkSum(pathBytes, Limits.treePathBytes, "paths")
                try checkSum(unpackedLimit - left, unpackedLimit, "unpacked archives")
                for place in works[work] ?? [] { contents[place] = layer }
                waiting.popLast().map(start)
            }
        }
        return contents.compactMap { $0 }
    }

    private static func checkSum(_ bytes: Int, _ limit: Int, _ what: String) throws(Failure) {
        guard bytes <= limit else {
            throw Failure(
                .overLimit, "cannot read the layers",
                because: "their \(what) have more than \(limit) bytes together")
        }
    }

    /// Reads one layer to its end and compares both digests.
    ///
    /// If the content is malformed, the rest of the blob is hashed nevertheless: a digest mismatch
    /// is the more basic error.
    private static func read(
        _ work: LayerWork, from source: any ArtifactSource, keeping matcher: PathMatcher,
        atMost limit: Int
    ) async throws -> (LayerContents, unpackedBytes: Int) {
        let (layer, digest) = (work.layer, work.digest)
        let name = "layer \(layer.digest)"
        var reader = LayerReader(
            matcher: matcher, hashing: digest.algorithm, named: name, atMost: limit)
        var broken: Failure?
        for try await chunk in try await source.stream(of: layer) where broken == nil {
            do { try reader.add(chunk) } catch { broken = error }
        }
        if let broken { throw broken }
        let (contents, unpacked) = try reader.finish()
        guard unpacked == digest else {
            throw Failure(
                .rejected, "cannot accept \(name)", at: .named(source.sourceName),
                because: "its diffID is \(unpacked); the image configuration has \(digest)")
        }
        return (contents, reader.unpackedBytes)
    }
}

/// One layer to read, which can occur several times in the image.
private struct LayerWork: Hashable {
    let layer: Descriptor
    /// The digest of its uncompressed content.
    let digest: Digest

    var size: Int { layer.size }

    /// Two layers are equal if both digests are; other fields of the descriptor are ignored.
    static func == (one: LayerWork, other: LayerWork) -> Bool {
        one.layer.digest == other.layer.digest && one.size == other.size
            && one.digest == other.digest
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(layer.digest)
        hasher.combine(digest)
    }
}
