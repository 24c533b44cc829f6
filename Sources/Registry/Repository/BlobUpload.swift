// SPDX-License-Identifier: Apache-2.0
// Writing blobs: mounted, in one request, or in chunks.
// Spec: distribution-spec 1.1, "Pushing blobs" and "Mounting a blob from another repository".

internal import HTTPTypes
package import OCI
internal import Primitives

extension RegistryRepository {
    /// A registry that claims another size for the blob does not have it.
    package func has(_ blob: Descriptor) async throws -> Bool {
        let call = call(
            .head, "blobs/\(blob.digest)", .pull,
            what: "cannot look for the blob \(name)@\(blob.digest)")
        let answer = try await session.send(call)
        switch answer.status {
        case 200: return answer.claimedLength.map { $0 == blob.size } ?? true
        case 404: return false
        default: throw await answer.failure()
        }
    }

    /// The content is checked on its way; what does not match its name is never completed.
    ///
    /// A small blob and each chunk are sent again when a request fails. A large blob in one request
    /// is not: its failure is `unavailable`, and whoever can read the content again pushes again.
    package func push(
        _ blob: Descriptor, content: ByteStream, mountSource: Repository?
    ) async throws {
        guard let start = try await startUpload(blob, mountSource) else { return }
        let checked = content.verified(against: blob, from: "the content for \(name)")
        if case .chunks(let wanted) = await uploadStyle() {
            try await uploadChunks(blob, checked, from: start, wanted: wanted)
        } else if blob.size <= Limits.replayableBlobBytes {
            let bytes = try await checked.collect(atMost: blob.size, named: "\(blob.digest)")
            try await uploadWhole(blob, .bytes(bytes), to: start)
        } else {
            try await uploadWhole(blob, .stream(checked, length: blob.size), to: start)
        }
    }

    private func uploadStyle() async -> RegistryOptions.UploadStyle {
        guard case .whole = session.options.upload, await session.cache.wantsChunks(name.registry)
        else { return session.options.upload }
        return .chunks(of: Limits.uploadChunkBytes)
    }

    func uploadWhat(_ blob: Descriptor) -> String { "cannot push the blob \(name)@\(blob.digest)" }

    /// Opens an upload; nil when the registry took the blob from the neighbour.
    private func startUpload(_ blob: Descriptor, _ mountSource: Repository?) async throws
        -> UploadStart?
    {
        if let mountSource, let answer = try await mount(blob, from: mountSource) {
            if answer.status == 201 { return nil }
            if answer.status == 202 { return try uploadStart(answer) }
        }
        let answer = try await session.send(
            call(.post, "blobs/uploads/", .push, what: uploadWhat(blob)))
        guard answer.status == 202 else { throw await answer.failure() }
        return try uploadStart(answer)
    }

    /// Asks the registry to take the blob from the neighbour; nil when that is out of the question. A
    /// mount that is refused is no reason not to transfer.
    private func mount(_ blob: Descriptor, from mountSource: Repository) async throws
        -> RegistryResponse?
    {
        guard mountSource.registry == name.registry, mountSource != name else { return nil }
        let place = address("blobs/uploads/").adding("mount", "\(blob.digest)")
            .adding("from", mountSource.path)
        var call = call(.post, at: place, .push, what: uploadWhat(blob))
        call.scopes.append("repository:\(mountSource.path):pull")
        do {
            return try await session.send(call)
        } catch let failure as Failure where failure.kind == .denied {
            return nil
        }
    }

    private func uploadStart(_ answer: RegistryResponse) throws(Failure) -> UploadStart {
        UploadStart(
            address: try uploadLocation(in: answer),
            smallestChunk: answer.fields[.ociChunkMinLength].flatMap { Int($0) } ?? 0)
    }

    /// Where the upload goes on. It has to be the registry itself: our credentials go along.
    func uploadLocation(in answer: RegistryResponse) throws(Failure) -> HTTPURL {
        guard let text = answer.fields[.location] else {
            throw Failure(
                .malformed, answer.call.what, at: answer.place,
                because: "the answer \(answer.status) has no Location")
        }
        let location: HTTPURL
        do {
            location = try answer.address.resolving(text)
        } catch {
            throw Failure(
                error.kind, answer.call.what, at: answer.place,
                because: answer.sent.hidden(in: "\(error.what): \(error.why)"))
        }
        guard location.origin == session.base.origin else {
            throw Failure(
                .rejected, answer.call.what, at: session.place(location),
                because: "the registry sends the upload to another host than itself",
                next: "if this is your registry behind a proxy, set its external address there")
        }
        return location
    }

    private func uploadWhole(_ blob: Descriptor, _ body: RequestBody, to start: UploadStart)
        async throws
    {
        var call = call(
            .put, at: start.address.adding("digest", "\(blob.digest)"), .push,
            what: uploadWhat(blob))
        call.fields[.contentType] = MediaType.octets.description
        call.body = body
        call.transferredBytes = blob.size
        let answer = try await session.send(call)
        if answer.status == 413 {
            await session.cache.learnToChunk(for: name.registry)
            guard case .bytes(let bytes) = body else {
                throw Failure(
                    .unavailable, call.what, at: answer.place,
                    because: "the registry takes no \(blob.size) bytes in one request",
                    next: "push again: the next attempt sends chunks")
            }
            return try await push(blob, content: ByteStream(bytes), mountSource: nil)
        }
        try await finish(blob, answer)
    }

    func finish(_ blob: Descriptor, _ answer: RegistryResponse) async throws {
        guard [201, 204].contains(answer.status) else { throw await answer.failure() }
        if let claimed = try answer.claimedDigest(), claimed.algorithm == blob.digest.algorithm,
            claimed != blob.digest
        {
            throw Failure(
                .rejected, uploadWhat(blob), at: answer.place,
                because: "the registry says it stored \(claimed)")
        }
    }
}

/// An open upload.
struct UploadStart: Sendable {
    let address: HTTPURL
    /// Bytes; every chunk but the last has at least as many.
    let smallestChunk: Int
}
