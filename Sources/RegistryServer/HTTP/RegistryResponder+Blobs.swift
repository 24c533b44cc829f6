// SPDX-License-Identifier: Apache-2.0
// Blobs on their way out. Spec: OCI distribution-spec 1.1, "Pulling blobs", "Deleting Blobs".

internal import Files
internal import HTTPTypes
internal import Hummingbird
internal import NIOPosix
internal import OCI
internal import Primitives

extension RegistryResponder {
    func blob(_ digest: Digest, in repository: Repository, _ context: RegistryRequestContext)
        async throws
        -> Response
    {
        if context.request.method == .delete {
            guard try await onDisk({ try $0.deleteBlob(digest, in: repository) }) else {
                throw noBlob(digest)
            }
            return Response(status: .accepted)
        }
        guard let blob = try await onDisk({ try $0.blob(digest, in: repository) }) else {
            throw noBlob(digest)
        }
        var headers: HTTPFields = [
            .contentType: "application/octet-stream", .acceptRanges: "bytes",
            .contentDigest: digest.description, .eTag: "\"\(digest)\"",
        ]
        let asked = context.request.method == .get ? context.request.headers[.range] : nil
        switch WantedRange(parsing: asked, size: blob.size) {
        case .everything:
            return Response(status: .ok, headers: headers, body: body(of: blob, 0..<blob.size))
        case .part(let range):
            headers[.contentRange] =
                "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(blob.size)"
            return Response(
                status: .partialContent, headers: headers, body: body(of: blob, range))
        case .unsatisfiable:
            throw OCIError(
                .rangeNotSatisfiable, .rangeInvalid, "the blob has \(blob.size) bytes",
                headers: [.contentRange: "bytes */\(blob.size)"])
        }
    }

    /// Reads the next chunk only when the client has taken the one before, so a slow client holds
    /// one chunk and no more.
    private func body(of blob: StoredBlob, _ range: Range<Int>) -> ResponseBody {
        ResponseBody(contentLength: range.count) { writer in
            var offset = range.lowerBound
            while offset < range.upperBound {
                let position = offset
                let count = min(Limits.downloadChunkBytes, range.upperBound - position)
                let chunk = try await diskThreads.runIfActive {
                    try blob.file.buffer(at: position, atMost: count)
                }
                // A file that became shorter: ending the connection is the only honest answer now.
                guard chunk.readableBytes == count else {
                    throw Failure(
                        .unavailable, "cannot send \(blob.digest)",
                        because: "its file ends after \(position + chunk.readableBytes) bytes")
                }
                try await writer.write(chunk)
                offset += count
            }
            try await writer.finish(nil)
        }
    }

    private func noBlob(_ digest: Digest) -> OCIError {
        OCIError(
            .notFound, .blobUnknown, "this repository does not have the blob",
            details: [["digest": .string(digest.description)]])
    }
}
