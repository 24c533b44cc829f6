// SPDX-License-Identifier: Apache-2.0
// Which entries of a layout are images, and which are evidence about them.
// Spec: OCI image-spec 1.1, manifest.md, "Guidelines for Artifact Usage"; containerd 2.1,
// core/images/mediatypes.go, "IsLayerType".

internal import OCI
internal import Primitives

/// Tells images from evidence by the content of the manifests.
///
/// Annotations, tags and media types in `index.json` are hints: no digest covers them, and runtimes
/// do not read them. A hint alone never makes an entry evidence: an entry with a root file system is
/// an image. cosign's kinds `image` and `imageIndex` make an entry an image, because `cosign load`
/// takes it.
struct LayoutImages {
    private let layout: LayoutReader
    private var bytesLeft = Limits.layoutSearchBytes

    init(_ layout: LayoutReader) { self.layout = layout }

    /// Whether the entry is an image; false for evidence, for other files, and if its blob is
    /// missing.
    mutating func isImage(_ entry: Descriptor) throws(Failure) -> Bool {
        guard let manifest = try manifest(of: entry) else { return false }
        let kind = CosignKind(of: entry)
        if let kind, !kind.isEvidence { return true }
        let mayBeEvidence =
            kind != nil || entry.hasEvidenceTag || manifest.subject != nil
            || entry.mediaType != manifest.mediaType
        guard mayBeEvidence else { return true }
        return try hasRootFileSystem(manifest)
    }

    private mutating func hasRootFileSystem(_ manifest: Manifest) throws(Failure) -> Bool {
        var seen: Set<Digest> = [manifest.digest]
        var waiting = [manifest]
        while let manifest = waiting.popLast() {
            switch manifest.kind {
            case .image(let image):
                if image.layers.contains(where: \.mediaType.mayBeUnpacked),
                    try mayBeImageConfiguration(image.config)
                {
                    return true
                }
            case .index(let index):
                for child in index.manifests where seen.insert(child.digest).inserted {
                    if let manifest = try self.manifest(of: child) { waiting.append(manifest) }
                }
            }
        }
        return false
    }

    /// The manifest that an entry names; nil if the layout does not hold it, or if the entry has
    /// another media type and the blob is not a manifest.
    private mutating func manifest(of entry: Descriptor) throws(Failure) -> Manifest? {
        let isDeclared = entry.mediaType.isIndex || entry.mediaType.isImageManifest
        guard let size = try layout.files.size(of: layout.blobPath(entry.digest)),
            isDeclared || size <= Limits.manifestBytes
        else { return nil }
        try count(size)
        guard !isDeclared else {
            return try layout.manifest(entry.digest, as: entry.mediaType)
        }
        return try? layout.manifest(entry.digest, as: nil)
    }

    /// False only for a document without `rootfs`, which no runtime can unpack layers for.
    private mutating func mayBeImageConfiguration(_ config: Descriptor) throws(Failure) -> Bool {
        let path = layout.blobPath(config.digest)
        guard let size = try layout.files.size(of: path), size <= Limits.imageConfigBytes else {
            return true
        }
        try count(size)
        let bytes = try layout.files.read(path, atMost: Limits.imageConfigBytes)
        guard Digest(of: bytes, by: config.digest.algorithm) == config.digest,
            let json = try? JSONReader(parsing: bytes, named: "\(config.digest)"),
            (try? json.refuseOtherSpellings(of: ["rootfs"])) != nil,
            let fields = try? json.object()
        else { return true }
        return fields["rootfs"] != nil
    }

    private mutating func count(_ size: Int) throws(Failure) {
        guard size <= bytesLeft else {
            throw Failure(
                .overLimit, "cannot list the images of the layout", at: .named(layout.name),
                because: "its manifests have more than \(Limits.layoutSearchBytes) bytes")
        }
        bytesLeft -= size
    }
}

extension MediaType {
    /// Whether a runtime may unpack a layer of this type: OCI's, Docker's and those to come.
    fileprivate var mayBeUnpacked: Bool {
        description.utf8.contains("layer") || description.utf8.contains("rootfs")
    }
}
