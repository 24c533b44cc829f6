// SPDX-License-Identifier: Apache-2.0
// Manifests. Spec: OCI distribution-spec 1.1, "Pulling manifests", "Pushing Manifests".

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NIOPosix
internal import OCI
internal import Primitives

extension RegistryResponder {
    func manifest(
        _ reference: ManifestReference, in repository: Repository, _ context: RegistryRequestContext
    )
        async throws -> Response
    {
        switch context.request.method {
        case .get, .head:
            return try await pull(
                reference, in: repository, withContent: context.request.method == .get)
        case .put: return try await push(reference, in: repository, context)
        default: return try await delete(reference, in: repository)
        }
    }

    private func pull(
        _ reference: ManifestReference, in repository: Repository, withContent: Bool
    ) async throws -> Response {
        let key = RecentManifests.Key(repository: repository, reference: reference)
        var found = store.recentManifests.manifest(at: key)
        if found == nil {
            found = try await onDisk { store throws -> (StoredManifest, ByteBuffer)? in
                if withContent { return try store.content(reference, in: repository) }
                return try store.manifest(reference, in: repository).map { ($0, ByteBuffer()) }
            }
        }
        guard let (manifest, content) = found else {
            throw try await missing(reference, in: repository)
        }
        let headers: HTTPFields = [
            .contentType: manifest.mediaType, .contentLength: String(manifest.size),
            .contentDigest: manifest.digest.description, .eTag: "\"\(manifest.digest)\"",
        ]
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody(byteBuffer: content))
    }

    private func push(
        _ reference: ManifestReference, in repository: Repository, _ context: RegistryRequestContext
    ) async throws -> Response {
        let tags = try wantedTags(reference, context.target)
        let memory = manifestMemory.share()
        let bytes = try await content(of: context.request, in: memory)
        let type = context.request.headers[.contentType]
        let manifest = try await manifestThreads.runIfActive {
            try parsed(bytes, reference, as: type)
        }
        let whole = !configuration.acceptsSparseImages
        let outcome = try await onDisk {
            try $0.put(manifest, tags: tags, in: repository, requiringBlobs: whole)
        }
        // Held until here, even if the optimizer would release it: the parsed manifest has the
        // bytes too.
        withExtendedLifetime(memory) {}
        if let problem = outcome.problem { throw problem }
        var headers: HTTPFields = [
            .location: "/v2/\(repository.path)/manifests/\(manifest.digest)",
            .contentDigest: manifest.digest.description,
        ]
        if let subject = manifest.subject, configuration.referrersAPI {
            headers[.subjectDigest] = subject.digest.description
        }
        if case .digest = reference, !tags.isEmpty {
            headers[.appliedTag] = tags.map(\.description).joined(separator: ", ")
        }
        return Response(status: .created, headers: headers)
    }

    private func parsed(_ bytes: [UInt8], _ reference: ManifestReference, as type: String?)
        throws -> Manifest
    {
        let manifest = try asOCIError(.manifestInvalid) { () throws(Failure) in
            let type = try type.map { text throws(Failure) in try MediaType(parsing: text) }
            guard case .digest(let digest) = reference else {
                return try Manifest(parsing: bytes, as: type)
            }
            return try Manifest(parsing: bytes, as: type, by: digest.algorithm)
        }
        if case .digest(let digest) = reference, digest != manifest.digest {
            throw OCIError(
                .badRequest, .digestInvalid, "the content is \(manifest.digest)",
                details: [["digest": .string(digest.description)]])
        }
        return manifest
    }

    /// Spec: distribution-spec 1.2-dev: a push by digest may name tags in the query.
    private func wantedTags(_ reference: ManifestReference, _ target: RequestTarget) throws -> [Tag]
    {
        if case .tag(let tag) = reference { return [tag] }
        let names = target.all("tag")
        guard names.count <= Limits.tagsPerPush else {
            throw OCIError(
                .badRequest, .tagInvalid, "one push sets at most \(Limits.tagsPerPush) tags")
        }
        return try names.map { name in
            try asOCIError(.tagInvalid) { () throws(Failure) in try Tag(parsing: name) }
        }
    }

    private func content(of request: Request, in memory: MemoryBudget.Share) async throws -> [UInt8]
    {
        let tooLarge = OCIError(
            .contentTooLarge, .manifestInvalid,
            "a manifest has at most \(Limits.manifestBytes) bytes")
        let length = request.headers[.contentLength].flatMap(natural)
        if let length, length > Limits.manifestBytes { throw tooLarge }
        // As much as arrives, not as much as is announced.
        var content: [UInt8] = []
        for try await piece in request.body {
            guard content.count + piece.readableBytes <= Limits.manifestBytes else {
                throw tooLarge
            }
            guard memory.take(piece.readableBytes) else {
                throw OCIError(
                    .tooManyRequests, .tooManyRequests,
                    "too many manifests arrive at once; try again later",
                    headers: [.retryAfter: "1"])
            }
            content += piece.readableBytesView
        }
        if let length, length != content.count {
            throw OCIError(
                .badRequest, .sizeInvalid, "\(content.count) of \(length) bytes arrived")
        }
        return content
    }

    private func delete(_ reference: ManifestReference, in repository: Repository) async throws
        -> Response
    {
        let gone = try await onDisk { store throws -> Bool in
            switch reference {
            case .tag(let tag): try store.deleteTag(tag, in: repository)
            case .digest(let digest): try store.deleteManifest(digest, in: repository)
            }
        }
        guard gone else { throw try await missing(reference, in: repository) }
        return Response(status: .accepted)
    }

    private func missing(_ reference: ManifestReference, in repository: Repository) async throws
        -> OCIError
    {
        guard try await onDisk({ try $0.isKnown(repository) }) else { return noName(repository) }
        return OCIError(
            .notFound, .manifestUnknown, "this repository does not have the manifest",
            details: [["reference": .string(reference.description)]])
    }

    func noName(_ repository: Repository) -> OCIError {
        OCIError(
            .notFound, .nameUnknown, "nothing was ever pushed to this repository",
            details: [["name": .string(repository.path)]])
    }
}

extension ManifestOutcome {
    /// Why nothing was stored; nil when it was.
    fileprivate var problem: OCIError? {
        switch self {
        case .stored: nil
        case .missing(let digests):
            OCIError(
                .badRequest, .manifestBlobUnknown, "this repository does not have the blob",
                details: digests.map { ["digest": .string($0.description)] })
        case .wrongSize(let descriptor, let size):
            OCIError(
                .badRequest, .manifestInvalid,
                "a descriptor says \(descriptor.size) bytes, the content has \(size)",
                details: [["digest": .string(descriptor.digest.description)]])
        }
    }
}
