// SPDX-License-Identifier: Apache-2.0
// Writing and deleting manifests, and keeping the referrers tag of registries that have no API.
// Spec: distribution-spec 1.1, "Pushing Manifests", "Pushing Manifests with Subject", "Deleting".

internal import HTTPTypes
package import OCI
package import Primitives

extension RegistryRepository {
    package func push(_ manifest: Manifest, tag: Tag?) async throws {
        // A tag alone would name a sha512 manifest by its sha256: it goes in by digest first.
        let byTag = manifest.digest.algorithm == .sha256 ? tag.map(ManifestReference.tag) : nil
        let answer = try await put(manifest, under: byTag ?? .digest(manifest.digest))
        if byTag == nil, let tag { _ = try await put(manifest, under: .tag(tag)) }
        // Spec: a registry that knows subjects "MUST" answer with OCI-Subject; without it "the
        // client MUST" keep the index under the referrers tag.
        if let subject = manifest.subject, answer.fields[.ociSubject] == nil {
            try await list(manifest, under: Tag(for: subject.digest))
        }
    }

    private func put(_ manifest: Manifest, under reference: ManifestReference) async throws
        -> RegistryResponse
    {
        var call = call(
            .put, "manifests/\(reference)", .push, what: "cannot push \(shown(reference))")
        call.fields[.contentType] = manifest.mediaType.description
        call.body = .bytes(manifest.bytes)
        let answer = try await session.send(call)
        guard (200...204).contains(answer.status) else { throw await answer.failure() }
        if let claimed = try answer.claimedDigest(),
            claimed.algorithm == manifest.digest.algorithm, claimed != manifest.digest
        {
            throw Failure(
                .rejected, call.what, at: answer.place,
                because: "the registry says it stored \(claimed), we sent \(manifest.digest)")
        }
        return answer
    }

    /// Adds a manifest to the index under a referrers tag, and looks again until it stays there.
    ///
    /// The protocol has no compare-and-swap. A writer that read the index before we wrote it and
    /// writes it after us removes our entry; so we wait until such a writer is done, read again,
    /// and add ours to what it wrote. Nothing is lost as long as no writer needs longer than the
    /// wait between its reading and its writing.
    private func list(_ manifest: Manifest, under tag: Tag) async throws {
        for _ in 1...Limits.referrersTagAttempts {
            let held = try await referrersDocument(tag)
            guard !held.entries.contains(where: { $0.names(manifest.digest) }) else { return }
            try await write(
                held, entries: held.entries + [manifest.descriptor.json], under: tag)
            try await session.clock.wait(milliseconds: Limits.referrersTagSettleMilliseconds)
        }
        throw Failure(
            .unavailable, "cannot list \(manifest.digest) under \(name):\(tag)",
            because: "other writers took it out \(Limits.referrersTagAttempts) times",
            next: "push again when the others are done; the manifest itself is there")
    }

    private func unlist(_ digest: Digest, under tag: Tag) async throws {
        for _ in 1...Limits.referrersTagAttempts {
            let held = try await referrersDocument(tag)
            let rest = held.entries.filter { !$0.names(digest) }
            guard rest.count < held.entries.count else { return }
            try await write(held, entries: rest, under: tag)
            try await session.clock.wait(milliseconds: Limits.referrersTagSettleMilliseconds)
        }
    }

    private func referrersDocument(_ tag: Tag) async throws -> ReferrersDocument {
        guard let held = try await referrersIndex(tag) else { return ReferrersDocument() }
        guard case .index = held.kind else {
            throw Failure(
                .rejected, "cannot list a referrer under \(name):\(tag)",
                because: "the tag holds an image, not a list of referrers; it is left as it is",
                next: "give that image another tag and delete this one")
        }
        return try ReferrersDocument(reading: held)
    }

    private func write(_ held: ReferrersDocument, entries: [JSONValue], under tag: Tag) async throws
    {
        var object = held.object
        object["manifests"] = .array(entries)
        let index = try Manifest(
            parsing: JSONValue.object(object).compactBytes, as: held.mediaType,
            named: "the new list of referrers")
        _ = try await put(index, under: .tag(tag))
    }

    /// Deletes a manifest with all its tags. One that refers to another is taken out of the
    /// referrers tag as well, where the registry has no API.
    package func delete(_ digest: Digest) async throws {
        let subject: Descriptor?
        do {
            subject = try await manifest(.digest(digest)).subject
        } catch let failure as Failure where [.malformed, .unsupported].contains(failure.kind) {
            // What we cannot read can still be deleted.
            subject = nil
        }
        try await delete("manifests/\(digest)", what: "cannot delete \(shown(.digest(digest)))")
        guard let subject else { return }
        let listed = try await referrers(of: subject.digest)
        _ = try listed.complete()
        if listed.discovery == .referrersTag {
            try await unlist(digest, under: Tag(for: subject.digest))
        }
    }

    /// Deletes a tag; the manifest stays. Many registries cannot do that and say so.
    package func delete(_ tag: Tag) async throws {
        try await delete("manifests/\(tag)", what: "cannot delete the tag \(name):\(tag)")
    }

    package func delete(blob digest: Digest) async throws {
        try await delete("blobs/\(digest)", what: "cannot delete the blob \(name)@\(digest)")
    }

    private func delete(_ rest: String, what: String) async throws {
        let answer = try await session.send(call(.delete, rest, .delete, what: what))
        guard (200...204).contains(answer.status) else { throw await answer.failure() }
    }
}

/// The index under a referrers tag as it was written, so that what we do not know stays in it.
private struct ReferrersDocument {
    var object: JSONObject = [
        "schemaVersion": 2, "mediaType": .string(MediaType.ociIndex.description), "manifests": [],
    ]
    var mediaType = MediaType.ociIndex

    init() {}

    init(reading manifest: Manifest) throws(Failure) {
        object = try JSONReader(parsing: manifest.bytes, named: "the list of referrers").object()
        mediaType = manifest.mediaType
    }

    var entries: [JSONValue] { object["manifests"]?.array ?? [] }
}

extension JSONValue {
    fileprivate func names(_ digest: Digest) -> Bool {
        self["digest"]?.string == digest.description
    }
}
