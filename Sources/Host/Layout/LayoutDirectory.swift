// SPDX-License-Identifier: Apache-2.0
// An OCI image layout in a folder: reading, and writing so that it is whole at every moment.
// Spec: OCI image-spec 1.1, image-layout.md.

internal import Files
package import OCI
package import Primitives

/// A layout folder. Several writers may share it: `index.json` is changed under a lock, and every
/// file appears whole or not at all.
package struct LayoutDirectory: ArtifactDestination, LayoutReading {
    private let root: DirectoryHandle
    package let layout: LayoutReader
    /// The name of the next image in `index.json`; nil for its tag.
    private var imageName: String?

    package var transport: LocalTransport { .oci }

    /// Opens a layout that is there.
    package static func open(at path: String) throws(Failure) -> LayoutDirectory {
        try LayoutDirectory(opening: try DirectoryHandle(at: path))
    }

    /// Opens a layout, or makes one in a new or empty folder.
    package static func create(at path: String) throws(Failure) -> LayoutDirectory {
        let root = try DirectoryHandle(creating: path)
        if root.sizeOfFile("oci-layout") == nil {
            guard try root.isEmpty() else {
                throw Failure(
                    .usage, "cannot make an image layout", at: .named(path),
                    because: "the folder has other files in it and no oci-layout",
                    next: "name a new folder")
            }
            let empty = ImageIndex(manifests: []).json.compactBytes
            try root.write(empty, as: "index.json")
            let version: JSONValue = ["imageLayoutVersion": .string(layoutVersion)]
            try root.write(version.compactBytes, as: "oci-layout")
        }
        let layout = try LayoutDirectory(opening: root)
        layout.sweep()
        return layout
    }

    /// Takes away what writers left behind that were stopped long ago.
    private func sweep() {
        let blobs = try? root.directory("blobs")
        let directories = HashAlgorithm.registered.compactMap { try? blobs?.directory($0.rawValue) }
        for directory in [root] + directories { directory.removeStaleParts() }
    }

    init(opening root: DirectoryHandle) throws(Failure) {
        self.root = root
        layout = LayoutReader(files: DirectoryLayoutFiles(root: root))
        guard root.sizeOfFile("oci-layout") != nil else {
            throw Failure(
                .notFound, "cannot open the image layout", at: .named(root.path),
                because: "the folder has no file oci-layout")
        }
        try layout.checkVersion()
    }

    // MARK: Writing

    package func has(_ blob: Descriptor) throws(Failure) -> Bool { try layout.has(blob) }

    package func push(
        _ blob: Descriptor, content: ByteStream, mountSource: Repository?
    ) async throws {
        let part = try PartialFile(in: try blobDirectory(blob.digest))
        for try await chunk in content.verified(
            against: blob, from: "the content for \(sourceName)")
        {
            try part.append(chunk)
        }
        try part.finish(as: blob.digest.hex)
    }

    package func push(_ manifest: Manifest, tag: Tag?) throws(Failure) {
        try blobDirectory(manifest.digest).write(manifest.bytes, as: manifest.digest.hex)
        try changeEntries { entries in
            CosignEntries(list(manifest, name(for: tag), in: entries)).marked(image: nil)
        }
    }

    /// Makes an image of this layout the one that cosign finds in it. cosign knows one image in a
    /// layout: the one that `cosign save` stored last.
    package func mark(image: Digest) throws(Failure) {
        try changeEntries { CosignEntries($0).marked(image: image) }
    }

    package func completeCopy(of image: Digest) async throws { try mark(image: image) }

    /// The image that cosign finds in this layout; nil when its annotations are not there.
    package func markedImage() throws(Failure) -> Digest? {
        try layout.entries().first { CosignKind(of: $0).map { !$0.isEvidence } ?? false }?.digest
    }

    /// The same layout, which writes `name` as the name of the image that is stored next.
    package func naming(_ name: String) -> LayoutDirectory {
        var layout = self
        layout.imageName = name
        return layout
    }

    private func name(for tag: Tag?) -> String? {
        guard let tag, !isEvidenceTag(tag), let imageName else { return tag?.description }
        return imageName
    }

    private func changeEntries(_ change: ([JSONValue]) -> [JSONValue]) throws(Failure) {
        try root.locked { () throws(Failure) in
            var index = try layout.index().object()
            index["manifests"] = .array(change(index["manifests"]?.array ?? []))
            let document = JSONValue.object(index)
            _ = try ImageIndex(reading: JSONReader(document, document: "the new index.json"))
            try root.write(document.compactBytes, as: "index.json")
        }
    }

    /// The entries with the manifest among them: under its name, which moves away from what had it
    /// before, or without one, so that it can be found at all. What an index lists needs no entry
    /// of its own.
    private func list(_ manifest: Manifest, _ name: String?, in entries: [JSONValue])
        -> [JSONValue]
    {
        let children = Set(manifest.children.map(\.digest.description))
        func isNamed(_ entry: JSONValue) -> Bool { Self.name(of: entry) != nil }
        var kept = entries.filter { entry in
            let digest = entry["digest"]?.string
            if let name, let own = Self.name(of: entry), isSame(own, name) { return false }
            if digest == manifest.digest.description { return name == nil || isNamed(entry) }
            return isNamed(entry) || !children.contains(digest ?? "") || Self.hasSubject(entry)
                || Self.hasKind(entry)
        }
        if name == nil,
            kept.contains(where: { $0["digest"]?.string == manifest.digest.description })
        {
            return kept
        }
        var entry = Descriptor(
            mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.bytes.count)
        if manifest.subject != nil {
            entry.artifactType = manifest.artifactType
            entry.annotations = manifest.annotations
        }
        entry.annotations[referenceNameAnnotation] = name
        kept.append(entry.json)
        return kept
    }

    private static func name(of entry: JSONValue) -> String? {
        entry["annotations"]?[referenceNameAnnotation]?.string
    }

    private static func hasKind(_ entry: JSONValue) -> Bool {
        entry["annotations"]?[kindAnnotation] != nil
    }

    /// Our own entries of referrers carry their artifact type.
    private static func hasSubject(_ entry: JSONValue) -> Bool { entry["artifactType"] != nil }

    private func blobDirectory(_ digest: Digest) throws(Failure) -> DirectoryHandle {
        try root.directory("blobs", creating: true)
            .directory(digest.algorithm.rawValue, creating: true)
    }
}
