// SPDX-License-Identifier: Apache-2.0
// Reading OCI image layouts. Spec: OCI image-spec 1.1, image-layout.md.

package import OCI
package import Primitives
internal import Registry

/// Reads a layout, wherever its files are.
package struct LayoutReader: Sendable {
    let files: any LayoutFiles
    private let search: ReferrerSearch

    init(files: any LayoutFiles) {
        self.files = files
        search = ReferrerSearch(files: files)
    }

    var name: String { files.name }

    /// Spec: image-layout.md, "oci-layout file": version 1.0.0.
    func checkVersion() throws(Failure) {
        let bytes = try files.read("oci-layout", atMost: Limits.tokenAnswerBytes)
        let version = try JSONReader(parsing: bytes, named: "\(name)/oci-layout")
            .required("imageLayoutVersion").string()
        guard version == layoutVersion else {
            throw Failure(
                .unsupported, "cannot read the image layout", at: .named(name),
                because: "it has version \(quoted(version)); Assay knows \(layoutVersion)")
        }
    }

    func index() throws(Failure) -> JSONReader {
        try JSONReader(
            parsing: try files.read("index.json", atMost: Limits.manifestBytes),
            named: "\(name)/index.json")
    }

    func entries() throws(Failure) -> [Descriptor] { try ImageIndex(reading: index()).manifests }

    func blobPath(_ digest: Digest) -> String { "blobs/\(digest.algorithm.rawValue)/\(digest.hex)" }

    /// The entry that a tag means: an image of that name, or the evidence that `cosign save` stores
    /// under a kind instead of a tag.
    func entry(_ tag: Tag) throws(Failure) -> Descriptor {
        let entries = try entries()
        if let named = try LayoutNames(entries, in: name).entry(named: tag.description) {
            return named
        }
        if let saved = try CosignKind.entry(tag, in: entries, of: name) { return saved }
        throw Failure(
            .notFound, "cannot find the tag \(tag)", at: .named(name),
            because: "no image in the layout has it")
    }

    func manifest(_ reference: ManifestReference) throws(Failure) -> Manifest {
        switch reference {
        case .tag(let tag):
            return try manifest(listed: try entry(tag))
        case .digest(let digest):
            guard let entry = try entries().first(where: { $0.digest == digest }) else {
                return try manifest(digest, as: nil)
            }
            return try manifest(listed: entry)
        }
    }

    /// The manifest of an entry of `index.json`, which must state the manifest's size.
    private func manifest(listed entry: Descriptor) throws(Failure) -> Manifest {
        let manifest = try manifest(entry.digest, as: entry.mediaType)
        guard manifest.bytes.count == entry.size else {
            throw Failure(
                .rejected, "cannot accept \(entry.digest)", at: .named("\(name)/index.json"),
                because: "the index says that it has \(entry.size) bytes; it has "
                    + "\(manifest.bytes.count)")
        }
        return manifest
    }

    func manifest(_ digest: Digest, as type: MediaType?) throws(Failure) -> Manifest {
        try Manifest(parsing: try readBlob(digest), as: type, named: "\(digest)")
    }

    private func readBlob(_ digest: Digest) throws(Failure) -> HashedContent {
        guard try files.size(of: blobPath(digest)) != nil else { throw missing(digest) }
        let bytes = try files.read(blobPath(digest), atMost: Limits.manifestBytes)
        let content = HashedContent(bytes, by: digest.algorithm)
        guard content.digest == digest else {
            throw Failure(
                .rejected, "cannot accept \(digest)", at: .named(name),
                because: "what the layout holds under that name is \(content.digest)")
        }
        return content
    }

    private func missing(_ digest: Digest) -> Failure {
        Failure(
            .notFound, "cannot read \(digest)", at: .named(name),
            because: "the layout does not hold it"
        )
    }

    func stream(_ descriptor: Descriptor) throws(Failure) -> ByteStream {
        if let data = descriptor.data { return ByteStream(data) }
        guard try files.size(of: blobPath(descriptor.digest)) != nil else {
            throw missing(descriptor.digest)
        }
        return try files.stream(blobPath(descriptor.digest))
    }

    func has(_ blob: Descriptor) throws(Failure) -> Bool {
        try files.size(of: blobPath(blob.digest)) == blob.size
    }

    func referrers(of subject: Digest) -> ReferrersResult {
        do throws(Failure) {
            return try search.referrers(of: subject, listed: try entries().map(\.digest))
        } catch {
            return ReferrersResult(
                descriptors: [], discovery: .layout,
                failures: [.init(discovery: .layout, failure: error)])
        }
    }

    func tags() throws(Failure) -> [Tag] { Set(try entries().compactMap(\.layoutTag)).sorted() }

    /// The entries that are images: no referrers, no evidence of cosign, no fallback lists.
    func roots() throws(Failure) -> [Descriptor] {
        var images = LayoutImages(self)
        var roots: [Descriptor] = []
        for entry in try entries() where try images.isImage(entry) { roots.append(entry) }
        return roots
    }
}

/// `sha256-<hex>`, with or without an ending.
func isEvidenceTag(_ tag: Tag) -> Bool {
    let parts = tag.description.utf8.split(separator: "-", maxSplits: 1)
    guard parts.count == 2, parts[0] == "sha256" || parts[0] == "sha512" else { return false }
    let hex = parts[1].utf8.prefix(before: ".")
    return hex.utf8.count == 64 && hex.utf8.allSatisfy(isLowerHex)
}

let layoutVersion = "1.0.0"

/// A place that is read as an image layout, whatever holds its files.
package protocol LayoutReading: LocalArtifacts {
    var layout: LayoutReader { get }
}

extension LayoutReading {
    package var sourceName: String { layout.name }

    package func manifest(_ reference: ManifestReference) throws(Failure) -> Manifest {
        try layout.manifest(reference)
    }

    package func referrers(of subject: Digest) -> ReferrersResult {
        layout.referrers(of: subject)
    }

    package func tags() throws(Failure) -> [Tag] { try layout.tags() }

    package func entries() throws(Failure) -> [Descriptor] { try layout.entries() }

    package func namedEntries() throws(Failure) -> [Descriptor] { try layout.entries() }

    package func roots() throws(Failure) -> [Descriptor] { try layout.roots() }

    package func unverifiedStream(of descriptor: Descriptor) throws(Failure) -> ByteStream {
        try layout.stream(descriptor)
    }
}
