// SPDX-License-Identifier: Apache-2.0
// From an index to the one image that is meant. Spec: OCI image-spec 1.1, image-index.md.

package import Primitives

/// The image that `manifest` is, or the one that it lists for `platform`.
///
/// Attestations that BuildKit lists beside images (platform `unknown/unknown`) are no images.
///
/// - Throws: `usage` when several images could be meant, `notFound` when none can.
package func platformManifest(
    _ manifest: Manifest, platform: Platform?, from source: any ArtifactSource
) async throws -> Manifest {
    var current = manifest
    for _ in 0..<Limits.graphDepth {
        guard case .index(let index) = current.kind else { return current }
        let child = try platformChild(
            of: index, platform: platform, named: "the index \(current.digest)")
        current = try await source.manifest(.digest(child.digest))
    }
    throw Failure(
        .overLimit, "cannot read \(manifest.digest)", at: .named(source.sourceName),
        because: "it lists indexes in indexes, more than \(Limits.graphDepth) deep")
}

/// The one child of an index that is meant.
package func platformChild(of index: ImageIndex, platform: Platform?, named name: String)
    throws(Failure) -> Descriptor
{
    let images = index.manifests.filter(isImage)
    let fitting = images.filter { image in
        guard let platform, let own = image.platform else { return true }
        return own.satisfies(platform)
    }
    let offered = images.compactMap { $0.platform?.description }.sorted()
    let list = offered.isEmpty ? "no platform" : offered.joined(separator: ", ")
    guard let first = fitting.first else {
        throw Failure(
            .notFound, "cannot choose an image from \(name)",
            because: platform.map { "it has none for \($0); it has \(list)" }
                ?? "it lists no image")
    }
    guard Set(fitting.map(\.digest)).count == 1 else {
        throw Failure(
            .usage, "cannot choose an image from \(name)",
            because: "several fit; it has \(list)",
            next: "name one platform, such as --platform \(offered.first ?? "linux/amd64")")
    }
    return first
}

/// Spec: BuildKit, "Image Attestation Storage": attestation manifests have the platform
/// `unknown/unknown` and the annotation `vnd.docker.reference.type`.
private func isImage(_ descriptor: Descriptor) -> Bool {
    if let platform = descriptor.platform, platform.operatingSystem == "unknown",
        platform.architecture == "unknown"
    {
        return false
    }
    return descriptor.annotations["vnd.docker.reference.type"] == nil
        && (descriptor.mediaType.isIndex || descriptor.mediaType.isImageManifest)
        && [nil, .ociConfig, .dockerConfig].contains(descriptor.artifactType)
}
