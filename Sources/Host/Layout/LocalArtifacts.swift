// SPDX-License-Identifier: Apache-2.0
// Images in files: the forms we know, and how to tell them apart.

internal import Glibc
package import OCI
internal import Primitives

/// A place on this machine that holds one or more images.
package protocol LocalArtifacts: ArtifactSource {
    /// The images in it; referrers and evidence tags are left out. A tag stands in the annotation
    /// `org.opencontainers.image.ref.name`.
    func roots() async throws -> [Descriptor]
}

extension LocalArtifacts {
    /// The reference of the image with that tag, or of the only image there is.
    package func onlyReference(tag: Tag?) async throws -> ManifestReference {
        if let tag { return .tag(tag) }
        let roots = try await roots()
        let digests = Set(roots.map(\.digest))
        if digests.count == 1, let digest = digests.first { return .digest(digest) }
        let tags = roots.compactMap(\.layoutTag).sorted().map(\.description)
        throw Failure(
            .usage, "cannot choose an image", at: .named(sourceName),
            because: roots.isEmpty ? "it holds no image" : "it holds \(digests.count) images",
            next: tags.isEmpty ? nil : "name one of its tags: \(tags.joined(separator: ", "))")
    }
}

/// Opens an image layout folder, an image layout in a tar file, or a `docker save` archive, told
/// apart by what is in it.
package func openArtifacts(at path: String) async throws -> any LocalArtifacts {
    if let folder = try? FolderHandle(at: path) { return try LayoutDirectory(opening: folder) }
    let file = try OpenFile(at: path)
    let start = try file.read(at: 0, count: 6)
    if start.starts(with: [0x1f, 0x8b]) || start.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) {
        throw Failure(
            .unsupported, "cannot read \(quoted(path))", at: .named(path),
            because: "it is compressed, so nothing in it can be read in place",
            next: "unpack it with gunzip or unzstd first; the layers inside stay compressed")
    }
    let index = try TarFileIndex(file)
    // Docker 25 and later write both; the layout has the digests the image had before.
    if index.size(of: "oci-layout") != nil { return try LayoutArchive(index) }
    if index.size(of: "manifest.json") != nil { return try await DockerArchive(index) }
    throw Failure(
        .unsupported, "cannot read \(quoted(path))", at: .named(path),
        because: "it is neither an OCI image layout (no oci-layout) nor a docker save archive "
            + "(no manifest.json)")
}

extension Descriptor {
    /// The tag an image layout gives it; the annotation holds a tag or, from some tools, a whole
    /// name.
    ///
    /// Spec: image-spec 1.1, annotations.md, "org.opencontainers.image.ref.name".
    var layoutTag: Tag? {
        guard let name = annotations[referenceNameAnnotation] else { return nil }
        if let tag = try? Tag(parsing: name) { return tag }
        return try? ImageName(parsing: name).tag
    }
}

let referenceNameAnnotation = "org.opencontainers.image.ref.name"
