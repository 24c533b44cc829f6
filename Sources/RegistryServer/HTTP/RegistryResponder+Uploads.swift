// SPDX-License-Identifier: Apache-2.0
// Blobs on their way in. Spec: OCI distribution-spec 1.1, "Pushing blobs".

internal import Files
internal import HTTPTypes
internal import Hummingbird
internal import NIOPosix
internal import OCI
internal import Primitives

extension RegistryResponder {
    // MARK: Beginning

    /// `POST …/blobs/uploads/`: a mount, a whole blob, or an upload to continue.
    func beginUpload(in repository: Repository, _ context: RegistryRequestContext) async throws
        -> Response
    {
        let target = context.target
        if let mounted = try await mount(into: repository, target) { return mounted }
        let whole = try target["digest"].map { text throws(OCIError) in
            try RegistryRoute.digest(text)
        }
        let algorithm = try whole?.algorithm ?? wantedAlgorithm(target)
        guard
            var upload = try await onDisk({
                try $0.beginUpload(in: repository, algorithm: algorithm)
            })
        else {
            throw OCIError(
                .tooManyRequests, .tooManyRequests,
                "\(Limits.uploadSessions) uploads are open; finish or cancel some")
        }
        guard let whole else {
            store.release(upload)
            return progress(.accepted, upload.id, upload.size, in: repository)
        }
        do {
            try await receive(context.request, into: &upload, atMost: nil)
        } catch {
            let begun = upload
            try await onDisk { $0.discard(begun) }
            throw error
        }
        return try await finish(upload, as: whole)
    }

    /// Spec: distribution-spec 1.1, "Mounting a blob from another repository": what cannot be mounted
    /// becomes an upload, with 202. A digest or name that is none cannot be mounted either.
    private func mount(into repository: Repository, _ target: RequestTarget) async throws
        -> Response?
    {
        guard let text = target["mount"], let digest = try? Digest(parsing: text) else {
            return nil
        }
        var source: Repository?
        if let name = target["from"] {
            guard let named = try? localRepository(name) else { return nil }
            source = named
        }
        let wanted = source
        let mounted = try await onDisk {
            try $0.mountBlob(digest, from: wanted, into: repository)
        }
        return mounted ? created(digest, in: repository) : nil
    }

    private func wantedAlgorithm(_ target: RequestTarget) throws -> HashAlgorithm {
        guard let name = target["digest-algorithm"] else { return .sha256 }
        guard let algorithm = HashAlgorithm(registered: name) else {
            throw OCIError(
                .badRequest, .digestInvalid,
                "\(quoted(name)) is not one of sha256, sha512")
        }
        return algorithm
    }

    // MARK: Continuing

    /// `…/blobs/uploads/ID`.
    func upload(
        _ id: UploadIdentifier, in repository: Repository, _ context: RegistryRequestContext
    )
        async throws -> Response
    {
        switch context.request.method {
        case .get, .head:
            guard let size = store.progress(of: id, in: repository) else {
                throw OCIError.noUpload
            }
            return progress(.noContent, id, size, in: repository)
        case .delete:
            let upload = try claim(id, in: repository)
            try await onDisk { $0.discard(upload) }
            return Response(status: .noContent)
        case .patch: return try await append(to: claim(id, in: repository), context)
        default: return try await complete(claim(id, in: repository), context)
        }
    }

    private func append(to claimed: Upload, _ context: RegistryRequestContext) async throws
        -> Response
    {
        var upload = claimed
        defer { store.release(upload) }
        let range = try checkedRange(context.request, upload)
        try await receive(context.request, into: &upload, atMost: range?.count)
        return progress(.accepted, upload.id, upload.size, in: upload.repository)
    }

    private func complete(_ claimed: Upload, _ context: RegistryRequestContext) async throws
        -> Response
    {
        var upload = claimed
        let digest: Digest
        do {
            guard let text = context.target["digest"] else {
                throw OCIError(
                    .badRequest, .digestInvalid, "the query has no digest; it names the blob")
            }
            digest = try RegistryRoute.digest(text)
            upload.expect(digest.algorithm)
            let range = try checkedRange(context.request, upload)
            try await receive(context.request, into: &upload, atMost: range?.count)
        } catch {
            store.release(upload)
            throw error
        }
        return try await finish(upload, as: digest)
    }

    private func finish(_ upload: Upload, as digest: Digest) async throws -> Response {
        let found = try await onDisk { try $0.finish(upload, as: digest) }
        guard found == digest else {
            throw OCIError(
                .badRequest, .digestInvalid, "the content is \(found)",
                details: [["digest": .string(digest.description)]])
        }
        return created(digest, in: upload.repository)
    }

    private func claim(_ id: UploadIdentifier, in repository: Repository) throws -> Upload {
        switch store.claimUpload(id, in: repository) {
        case .claimed(let upload): return upload
        case .unknown: throw OCIError.noUpload
        case .busy:
            throw OCIError(
                .conflict, .blobUploadInvalid, "another request writes to this upload")
        }
    }

    // MARK: Bytes

    /// Spec: distribution-spec 1.1, "Pushing a blob in chunks": chunks come in order, else 416.
    private func checkedRange(_ request: Request, _ upload: Upload) throws -> Range<Int>? {
        guard let text = request.headers[.contentRange] else { return nil }
        guard let range = chunkRange(text), range.lowerBound == upload.size else {
            throw OCIError(
                .rangeNotSatisfiable, .blobUploadInvalid,
                "the next chunk starts at byte \(upload.size)",
                headers: progressHeaders(upload.id, upload.size, in: upload.repository))
        }
        if let length = request.headers[.contentLength].flatMap(natural), length != range.count {
            throw OCIError(
                .badRequest, .sizeInvalid,
                "Content-Length is \(length) and Content-Range has \(range.count) bytes")
        }
        return range
    }

    /// Appends the body in batches. The next piece is asked of the connection only when the batch is
    /// written, so a fast sender fills no memory.
    ///
    /// What arrived before a connection broke stays: the client may ask how much that is.
    private func receive(_ request: Request, into upload: inout Upload, atMost limit: Int?)
        async throws
    {
        let before = upload
        let start = upload
        let file = try await onDisk { try $0.openFile(of: start) }
        var batch = UploadBatch()
        do {
            for try await piece in request.body {
                batch.add(piece)
                let size = upload.size - before.size + batch.count
                guard size <= limit ?? Int.max, before.size + size <= Limits.uploadBytes else {
                    (upload, batch) = (before, UploadBatch())
                    throw OCIError(
                        limit == nil ? .contentTooLarge : .badRequest, .sizeInvalid,
                        "more bytes arrived than the \(limit ?? Limits.uploadBytes) that may")
                }
                if batch.isFull { try await write(&batch, into: &upload, file) }
            }
        } catch {
            try await write(&batch, into: &upload, file)
            throw error
        }
        try await write(&batch, into: &upload, file)
        let expected = limit ?? request.headers[.contentLength].flatMap(natural)
        guard let expected, upload.size - before.size != expected else { return }
        throw OCIError(
            .badRequest, .sizeInvalid,
            "\(upload.size - before.size) of \(expected) bytes arrived")
    }

    private func write(_ batch: inout UploadBatch, into upload: inout Upload, _ file: OpenFile)
        async throws
    {
        guard !batch.pieces.isEmpty else { return }
        let (pieces, current) = (batch.pieces, upload)
        batch = UploadBatch()
        upload = try await onDisk { _ in
            var next = current
            try next.append(pieces, to: file)
            return next
        }
    }

    // MARK: Answers

    private func created(_ digest: Digest, in repository: Repository) -> Response {
        Response(
            status: .created,
            headers: [
                .location: "/v2/\(repository.path)/blobs/\(digest)",
                .contentDigest: digest.description,
            ])
    }

    private func progress(
        _ status: HTTPResponse.Status, _ id: UploadIdentifier, _ size: Int,
        in repository: Repository
    ) -> Response {
        var headers = progressHeaders(id, size, in: repository)
        // Any chunk will do. Spec: "OCI-Chunk-Min-Length" of the answer to POST.
        if status == .accepted { headers[.chunkMinimum] = "1" }
        return Response(status: status, headers: headers)
    }

    /// `Range` names the last byte that is here; it is `0-0` too when there is none, as everywhere.
    private func progressHeaders(_ id: UploadIdentifier, _ size: Int, in repository: Repository)
        -> HTTPFields
    {
        [
            .location: "/v2/\(repository.path)/blobs/uploads/\(id)",
            .range: "0-\(max(0, size - 1))", .uploadIdentifier: id.description,
        ]
    }
}

/// Pieces of a body that wait for the disk.
private struct UploadBatch {
    private(set) var pieces: [ByteBuffer] = []
    private(set) var count = 0

    /// Counted in pieces too: a piece of one byte may hold a buffer of thousands.
    var isFull: Bool {
        count >= Limits.uploadBatchBytes || pieces.count >= Limits.uploadBatchPieces
    }

    mutating func add(_ piece: ByteBuffer) {
        pieces.append(piece)
        count += piece.readableBytes
    }
}
