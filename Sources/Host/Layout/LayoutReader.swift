// SPDX-License-Identifier: Apache-2.0
// Reading OCI image layouts. Spec: OCI image-spec 1.1, image-layout.md.

package import OCI
package import Primitives

/// Reads a layout, wherever its files are.
package struct LayoutReader: Sendable {
    let files: any LayoutFiles

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

    /// The entry that a tag means. Two entries with one tag and two digests mean nothing.
    func entry(_ tag: Tag) throws(Failure) -> Descriptor {
        let found = try entries().filter { $0.layoutTag == tag }
        guard let first = found.first else {
            throw Failure(
                .notFound, "cannot find the tag \(tag)", at: .named(name),
                because: "no image in the layout has it")
        }
        guard found.allSatisfy({ $0.digest == first.digest }) else {
            throw Failure(
                .rejected, "cannot find the tag \(tag)", at: .named(name),
                because: "\(Set(found.map(\.digest)).count) images in the layout have it")
        }
        return first
    }

    func manifest(_ reference: ManifestReference) throws(Failure) -> Manifest {
        switch reference {
        case .tag(let tag):
            let entry = try entry(tag)
            return try manifest(entry.digest, as: entry.mediaType)
        case .digest(let digest):
            let entry = try entries().first { $0.digest == digest }
            return try manifest(digest, as: entry?.mediaType)
        }
    }

    func manifest(_ digest: Digest, as type: MediaType?) throws(Failure) -> Manifest {
        let bytes = try readBlob(digest)
        return try Manifest(parsing: bytes, as: type, by: digest.algorithm, named: "\(digest)")
    }

    private func readBlob(_ digest: Digest) throws(Failure) -> [UInt8] {
        guard try files.size(of: blobPath(digest)) != nil else { throw missing(digest) }
        let bytes = try files.read(blobPath(digest), atMost: Limits.manifestBytes)
        let found = Digest(of: bytes, by: digest.algorithm)
        guard found == digest else {
            throw Failure(
                .rejected, "cannot accept \(digest)", at: .named(name),
                because: "what the layout holds under that name is \(found)")
        }
        return bytes
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

    /// All manifests that can be reached from `index.json`, each once. What is listed and not
    /// there, or is no manifest, is passed over: a layout may hold a part of an index.
    func reachable() throws(Failure) -> [Manifest] {
        var found: [Manifest] = []
        var seen: Set<Digest> = []
        var waiting = try entries()
        while let next = waiting.popLast() {
            guard seen.insert(next.digest).inserted else { continue }
            guard seen.count <= Limits.graphNodes else {
                throw Failure(
                    .overLimit, "cannot search the image layout", at: .named(name),
                    because: "it lists more than \(Limits.graphNodes) manifests")
            }
            guard next.mediaType.isIndex || next.mediaType.isImageManifest,
                try files.size(of: blobPath(next.digest)) != nil
            else { continue }
            let manifest = try manifest(next.digest, as: next.mediaType)
            found.append(manifest)
            waiting += manifest.children
        }
        return found
    }

    func referrers(of subject: Digest) throws(Failure) -> ReferrersAnswer {
        let found = try reachable().filter { $0.subject?.digest == subject }
        return ReferrersAnswer(
            descriptors: found.map(\.descriptor).sorted { $0.digest < $1.digest }, door: .layout)
    }

    func tags() throws(Failure) -> [Tag] { Set(try entries().compactMap(\.layoutTag)).sorted() }

    /// The entries that are images: no referrers, no evidence tags, no fallback lists.
    func roots() throws(Failure) -> [Descriptor] {
        var roots: [Descriptor] = []
        for entry in try entries() {
            if let tag = entry.layoutTag, isEvidenceTag(tag) { continue }
            guard entry.mediaType.isIndex || entry.mediaType.isImageManifest,
                try files.size(of: blobPath(entry.digest)) != nil
            else { continue }
            if try manifest(entry.digest, as: entry.mediaType).subject == nil {
                roots.append(entry)
            }
        }
        return roots
    }
}

/// `sha256-<hex>`, with or without an ending.
private func isEvidenceTag(_ tag: Tag) -> Bool {
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

    package func referrers(of subject: Digest) throws(Failure) -> ReferrersAnswer {
        try layout.referrers(of: subject)
    }

    package func tags() throws(Failure) -> [Tag] { try layout.tags() }

    package func roots() throws(Failure) -> [Descriptor] { try layout.roots() }

    package func unverifiedStream(of descriptor: Descriptor) throws(Failure) -> ByteStream {
        try layout.stream(descriptor)
    }
}
