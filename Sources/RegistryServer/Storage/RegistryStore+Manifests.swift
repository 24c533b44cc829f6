// SPDX-License-Identifier: Apache-2.0
// Manifests, tags and referrers of the embedded registry.
// Spec: OCI distribution-spec 1.1, "Pushing Manifests", "Listing Referrers".

internal import Files
internal import NIOCore
internal import OCI
internal import Primitives

/// A manifest that is there.
struct StoredManifest: Sendable {
    let digest: Digest
    let mediaType: String
    /// Bytes.
    let size: Int
}

/// What came of a push.
enum ManifestOutcome: Hashable, Sendable {
    case stored
    /// The blobs that the repository does not have; nothing was changed.
    case missing([Digest])
    /// A descriptor that is wrong about the bytes of content that is there; nothing was changed.
    case wrongSize(Descriptor, Int)
}

extension RegistryStore {
    /// The manifest, when that repository has it.
    func manifest(_ reference: ManifestReference, in repository: Repository)
        throws(Failure) -> StoredManifest?
    {
        guard let digest = try digest(of: reference, in: repository),
            let type = try Disk.read(directory.manifest(digest, in: repository), atMost: 1_024),
            let size = try Disk.size(of: directory.content(digest))
        else { return nil }
        return StoredManifest(
            digest: digest, mediaType: String(decoding: type, as: UTF8.self), size: size)
    }

    /// The manifest with its bytes, when that repository has it.
    func content(_ reference: ManifestReference, in repository: Repository)
        throws(Failure) -> (manifest: StoredManifest, content: ByteBuffer)?
    {
        let changes = recentManifests.changes
        guard let manifest = try manifest(reference, in: repository),
            let bytes = try Disk.read(
                directory.content(manifest.digest), atMost: Limits.manifestBytes)
        else { return nil }
        let content = ByteBuffer(bytes: bytes)
        recentManifests.keep(
            manifest, content,
            at: RecentManifests.Key(repository: repository, reference: reference),
            changes: changes)
        return (manifest, content)
    }

    /// Takes a manifest in, under its digest and the tags.
    ///
    /// The steps stand in an order that makes a crash between any two harmless: content that nothing
    /// names, then a referrer that is not listed until its manifest is there, then the manifest,
    /// then the tags.
    func put(
        _ manifest: Manifest, tags: [Tag], in repository: Repository, requiringBlobs: Bool
    ) throws(Failure) -> ManifestOutcome {
        let content = try directory.writeAside(manifest.bytes)
        let type = try directory.writeAside(Array(manifest.mediaType.description.utf8))
        return try change { () throws(Failure) in
            if requiringBlobs {
                var missing: [Digest] = []
                for blob in manifest.blobs where try !hasBlob(blob.digest, in: repository) {
                    missing.append(blob.digest)
                }
                guard missing.isEmpty else { return .missing(missing) }
            }
            if let (descriptor, size) = try wrongDescriptor(in: manifest, of: repository) {
                return .wrongSize(descriptor, size)
            }
            try Disk.finish(content, at: directory.content(manifest.digest))
            try listReferrer(manifest, in: repository)
            try Disk.finish(type, at: directory.manifest(manifest.digest, in: repository))
            for tag in tags { try point(tag, to: manifest.digest, in: repository) }
            return .stored
        }
    }

    /// The first descriptor that states a wrong size for content that the repository has, and the
    /// right size. Clients that trust it would stop early or fetch too much.
    private func wrongDescriptor(in manifest: Manifest, of repository: Repository)
        throws(Failure) -> (Descriptor, Int)?
    {
        var descriptors = manifest.children + (manifest.subject.map { [$0] } ?? [])
        if case .image(let image) = manifest.kind { descriptors += [image.config] + image.layers }
        for descriptor in descriptors {
            let digest = descriptor.digest
            var isHere = try Disk.exists(directory.blob(digest, in: repository))
            if !isHere { isHere = try Disk.exists(directory.manifest(digest, in: repository)) }
            guard isHere, let size = try Disk.size(of: directory.content(digest)) else { continue }
            if size != descriptor.size { return (descriptor, size) }
        }
        return nil
    }

    /// Takes the tag away; the manifest stays.
    func deleteTag(_ tag: Tag, in repository: Repository) throws(Failure) -> Bool {
        try change { () throws(Failure) in
            try Disk.removeDurably(directory.tag(tag, in: repository))
        }
    }

    /// Takes the manifest from that repository, with the tags that point to it.
    func deleteManifest(_ digest: Digest, in repository: Repository) throws(Failure) -> Bool {
        try change { () throws(Failure) in
            let path = directory.manifest(digest, in: repository)
            let bytes = try Disk.read(directory.content(digest), atMost: Limits.manifestBytes)
            guard try Disk.removeDurably(path) else { return false }
            for tag in try tags(of: repository) ?? [] {
                if try self.digest(of: .tag(tag), in: repository) == digest {
                    try removeFile(at: directory.tag(tag, in: repository))
                }
            }
            let subject = bytes.flatMap { try? Manifest(parsing: $0, as: nil) }?.subject
            if let subject {
                try removeFile(at: directory.referrer(digest, of: subject.digest, in: repository))
            }
            try dropContentIfUnused(digest)
            return true
        }
    }

    /// All tags in the order of their bytes, or nil when the repository is not known.
    func tags(of repository: Repository) throws(Failure) -> [Tag]? {
        guard try isKnown(repository) else { return nil }
        return try Disk.names(in: directory.tags(of: repository))
            .compactMap { try? Tag(parsing: $0) }.sorted()
    }

    /// Whether anything was ever pushed there.
    func isKnown(_ repository: Repository) throws(Failure) -> Bool {
        let path = directory.repository(repository)
        for kind in ["_manifests", "_blobs", "_tags"] {
            if try Disk.exists("\(path)/\(kind)") { return true }
        }
        return false
    }

    /// Digests of the manifests about `subject`, sorted, after `last`.
    func referrers(of subject: Digest, in repository: Repository, after last: Digest?)
        throws(Failure) -> [Digest]
    {
        var found: [Digest] = []
        for name in try Disk.names(in: directory.referrers(of: subject, in: repository)) {
            let parts = name.utf8.split(separator: "-", maxSplits: 1)
            guard parts.count == 2, let digest = try? Digest(parsing: "\(parts[0]):\(parts[1])")
            else { continue }
            if last.map({ $0 < digest }) ?? true { found.append(digest) }
        }
        return found.sorted()
    }

    /// The descriptor of one referrer as JSON, or nil when its manifest is not there.
    func referrer(_ digest: Digest, of subject: Digest, in repository: Repository)
        throws(Failure) -> (descriptor: JSONValue, bytes: Int)?
    {
        let path = directory.referrer(digest, of: subject, in: repository)
        guard try Disk.exists(directory.manifest(digest, in: repository)),
            let bytes = try Disk.read(path, atMost: 2 * Limits.manifestBytes)
        else { return nil }
        return (try JSONValue(parsing: bytes, named: "a stored referrer"), bytes.count)
    }

    private func digest(of reference: ManifestReference, in repository: Repository)
        throws(Failure) -> Digest?
    {
        switch reference {
        case .digest(let digest): return digest
        case .tag(let tag):
            guard let text = try Disk.read(directory.tag(tag, in: repository), atMost: 1_024) else {
                return nil
            }
            return try Digest(parsing: String(decoding: text, as: UTF8.self))
        }
    }

    private func listReferrer(_ manifest: Manifest, in repository: Repository) throws(Failure) {
        guard let subject = manifest.subject else { return }
        try directory.write(
            manifest.descriptor.json.compactBytes,
            to: directory.referrer(manifest.digest, of: subject.digest, in: repository))
    }

    private func point(_ tag: Tag, to digest: Digest, in repository: Repository) throws(Failure) {
        try directory.write(Array(digest.description.utf8), to: directory.tag(tag, in: repository))
    }
}
